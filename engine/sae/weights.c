/* weights.c: an SAE's tensors as float, in the orientation of encoder.c. */
#include "sae/format.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { LARGEST = 1 << 30 }; /* of d_in and d_sae */

/* Writes "W_enc [16, 32], b_enc [32]" for all that the file holds. */
static void list_tensors(const weights *w, char *text, size_t size) {
    snprintf(text, size, "nothing");
    size_t used = 0;
    for (size_t i = 0; i < w->file.count && used + 90 < size; i++) {
        char shape[40];
        const tensor *t = &w->file.tensors[i];
        used += (size_t)snprintf(text + used, size - used, "%s%.40s %s", i ? ", " : "", t->name,
                                 tensor_shape_text(t, shape, sizeof shape));
    }
}

static const tensor *need(const weights *w, const char *name, scry_error *err) {
    const tensor *t = weights_find(w, name);
    char held[400];
    list_tensors(w, held, sizeof held);
    if (!t)
        scry_fail(err, "sae: %s: tensor %s%s: found none, expected one; the file holds %s", w->file.map.path, w->prefix,
                  name, held);
    else if (w->read) w->read[t - w->file.tensors] = true;
    return t;
}

static bool shape_fails(const weights *w, const tensor *t, const char *expected, scry_error *err) {
    char shape[160];
    return scry_fail(err, "sae: %s: tensor %s: found shape %s, expected %s", w->file.map.path, t->name,
                     tensor_shape_text(t, shape, sizeof shape), expected);
}

static bool check_float(const weights *w, const tensor *t, scry_error *err) {
    return tensor_is_float(t->dtype) ||
           scry_fail(err, "sae: %s: tensor %s: found dtype %s, expected F16, BF16, F32 or F64", w->file.map.path,
                     t->name, t->dtype_name);
}

static bool check_finite(const weights *w, const tensor *t, uint64_t bad, scry_error *err) {
    return bad == 0 ||
           scry_fail(err, "sae: %s: tensor %s: found %" PRIu64 " values that are NaN or infinite, expected none",
                     w->file.map.path, t->name, bad);
}

static float *vector(const weights *w, const char *name, uint32_t length, bool finite, scry_error *err) {
    const tensor *t = need(w, name, err);
    if (!t || !check_float(w, t, err)) return NULL;
    if (t->dims != 1 || t->shape[0] != length) {
        char expected[40];
        snprintf(expected, sizeof expected, "[%u]", length);
        shape_fails(w, t, expected, err);
        return NULL;
    }
    float *out = mem_new(length, sizeof *out);
    if (!finite) tensor_raw_floats(t, 0, t->stride[0], length, out);
    if (!finite || check_finite(w, t, tensor_floats(t, 0, t->stride[0], length, out), err)) return out;
    free(out);
    return NULL;
}

float *weights_vector(const weights *w, const char *name, uint32_t length, scry_error *err) {
    return vector(w, name, length, true, err);
}

float *weights_raw_vector(const weights *w, const char *name, uint32_t length, scry_error *err) {
    return vector(w, name, length, false, err);
}

bool weights_scalar(const weights *w, const char *name, double *out, scry_error *err) {
    const tensor *t = need(w, name, err);
    if (!t) return false;
    for (int i = 0; i < t->dims; i++)
        if (t->shape[i] != 1) return shape_fails(w, t, "one number", err);
    if (tensor_is_float(t->dtype)) {
        float value = 0;
        uint64_t bad = tensor_floats(t, 0, 1, 1, &value);
        *out = (double)value;
        return check_finite(w, t, bad, err);
    }
    int64_t whole = 0;
    if (!tensor_integer(t, 0, &whole))
        return scry_fail(err, "sae: %s: tensor %s: found dtype %s, expected a number", w->file.map.path, t->name,
                         t->dtype_name);
    *out = (double)whole;
    return true;
}

/* m[r][c] = data[r * down + c * right], to be copied into out[rows][cols]. */
typedef struct view {
    const tensor *t;
    uint64_t rows, cols;
    int64_t down, right;
} view;

/* Where columns are contiguous: reads blocks of columns and transposes them. */
static uint64_t copy_turned(const view *v, float *out) {
    enum { BLOCK = 64 };
    float *block = mem_new(v->rows, BLOCK * sizeof *block);
    uint64_t bad = 0;
    for (uint64_t c = 0; c < v->cols; c += BLOCK) {
        uint64_t n = v->cols - c < BLOCK ? v->cols - c : BLOCK;
        for (uint64_t i = 0; i < n; i++)
            bad += tensor_floats(v->t, (c + i) * (uint64_t)v->right, v->down, v->rows, block + i * v->rows);
        for (uint64_t r = 0; r < v->rows; r++)
            for (uint64_t i = 0; i < n; i++) out[r * v->cols + c + i] = block[i * v->rows + r];
    }
    free(block);
    return bad;
}

static uint64_t copy_view(const view *v, float *out) {
    if (v->down == 1 && v->right != 1) return copy_turned(v, out);
    uint64_t bad = 0;
    for (uint64_t r = 0; r < v->rows; r++)
        bad += tensor_floats(v->t, r * (uint64_t)v->down, v->right, v->cols, out + r * v->cols);
    return bad;
}

/* turned_if_square decides where rows = cols, which no shape can. */
static float *matrix(const weights *w, const char *name, uint32_t rows, uint32_t cols, bool turned_if_square,
                     scry_error *err) {
    const tensor *t = need(w, name, err);
    if (!t || !check_float(w, t, err)) return NULL;
    bool straight = t->dims == 2 && t->shape[0] == rows && t->shape[1] == cols;
    bool turned = t->dims == 2 && t->shape[0] == cols && t->shape[1] == rows;
    if (straight && turned) straight = !turned_if_square;
    bool shared = t->dims == 2 && ((t->stride[0] < 1 && t->shape[0] > 1) || (t->stride[1] < 1 && t->shape[1] > 1));
    /* a view whose rows overlap could claim more than any memory holds */
    shared = shared || (uint64_t)rows * cols > tensor_file_bytes(&w->file) / tensor_size(t->dtype);
    if ((!straight && !turned) || shared) {
        char expected[160];
        snprintf(expected, sizeof expected, "[%u, %u] or [%u, %u], from the lengths of the biases%s", rows, cols, cols,
                 rows, shared ? ", every element stored once" : "");
        shape_fails(w, t, expected, err);
        return NULL;
    }
    view v = {t, rows, cols, t->stride[straight ? 0 : 1], t->stride[straight ? 1 : 0]};
    float *out = mem_new((size_t)rows * cols, sizeof *out);
    if (check_finite(w, t, copy_view(&v, out), err)) return out;
    free(out);
    return NULL;
}

static bool length_of(const weights *w, const char *name, uint32_t *out, scry_error *err) {
    const tensor *t = need(w, name, err);
    if (!t) return false;
    if (t->dims != 1 || t->shape[0] < 1 || t->shape[0] > LARGEST)
        return shape_fails(w, t, "one dimension of 1 or more", err);
    *out = (uint32_t)t->shape[0];
    return true;
}

/* Without b_dec, d is the other dimension of W_enc. */
static bool other_side(const weights *w, const char *name, uint32_t known, uint32_t *out, scry_error *err) {
    const tensor *t = need(w, name, err);
    if (!t) return false;
    char expected[60];
    snprintf(expected, sizeof expected, "two dimensions, one of them %u", known);
    if (t->dims != 2 || (t->shape[0] != known && t->shape[1] != known)) return shape_fails(w, t, expected, err);
    uint64_t d = t->shape[0] == known ? t->shape[1] : t->shape[0];
    if (d < 1 || d > LARGEST) return shape_fails(w, t, expected, err);
    *out = (uint32_t)d;
    return true;
}

static bool find_sizes(sae *s, const weights *w, const weight_names *names, scry_error *err) {
    return length_of(w, names->b_enc, &s->d_sae, err) &&
           (names->b_dec ? length_of(w, names->b_dec, &s->d_in, err)
                         : other_side(w, names->W_enc, s->d_sae, &s->d_in, err));
}

bool weights_load(sae *s, const weights *w, const weight_names *names, scry_error *err) {
    if (!weights_check_hook(w, names, err) || !find_sizes(s, w, names, err)) return false;
    s->W_enc = matrix(w, names->W_enc, s->d_sae, s->d_in, !names->W_enc_by_latent, err);
    if (!s->W_enc) return false;
    s->b_enc = weights_vector(w, names->b_enc, s->d_sae, err);
    if (!s->b_enc) return false;
    if (names->W_dec) s->W_dec = matrix(w, names->W_dec, s->d_sae, s->d_in, names->W_dec_by_input, err);
    if (names->W_dec && !s->W_dec) return false;
    s->b_dec = names->b_dec ? weights_vector(w, names->b_dec, s->d_in, err) : mem_new(s->d_in, sizeof *s->b_dec);
    return s->b_dec != NULL;
}

static bool agrees(const config *c, const char *key, uint32_t held, scry_error *err) {
    uint32_t said;
    if (!key) return true;
    if (!config_count(c, key, &said, err)) return false;
    return said == 0 || said == held ||
           scry_fail(err, "sae: %s: %s: found %u, expected %u as in the weights", c->path, key, said, held);
}

bool weights_agree(const sae *s, const config *c, const char *d_key, const char *F_key, scry_error *err) {
    return agrees(c, d_key, s->d_in, err) && agrees(c, F_key, s->d_sae, err);
}

bool weights_gate(sae *s, const weights *w, const char *b_mag, scry_error *err) {
    s->b_mag = weights_vector(w, b_mag, s->d_sae, err);
    s->exp_r_mag = s->b_mag ? weights_vector(w, "r_mag", s->d_sae, err) : NULL;
    for (uint32_t j = 0; s->exp_r_mag && j < s->d_sae; j++) s->exp_r_mag[j] = expf(s->exp_r_mag[j]);
    return s->exp_r_mag != NULL;
}

float *weights_decoder_norms(const sae *s) {
    float *norms = mem_new(s->d_sae, sizeof *norms);
    for (uint32_t j = 0; j < s->d_sae; j++) {
        const float *row = s->W_dec + (size_t)j * s->d_in;
        double square = 0;
        for (uint32_t i = 0; i < s->d_in; i++) square += (double)row[i] * (double)row[i];
        norms[j] = (float)sqrt(square);
    }
    return norms;
}

void weights_fold_decoder(sae *s) {
    s->scale = weights_decoder_norms(s);
    for (uint32_t j = 0; j < s->d_sae; j++) {
        float norm = s->scale[j] > 0 ? s->scale[j] : 1;
        for (uint32_t i = 0; i < s->d_in; i++) s->W_dec[(size_t)j * s->d_in + i] /= norm;
    }
}

float *weights_constant(const sae *s, float value) {
    float *out = mem_new(s->d_sae, sizeof *out);
    for (uint32_t j = 0; j < s->d_sae; j++) out[j] = value;
    return out;
}
