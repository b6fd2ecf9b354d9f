/* sae.c: finds the family of a path, and finishes the SAE that it loads; copies some latents. */
#include "sae/families/families.h"
#include "base/mem.h"
#include "base/name_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct family {
    const char *format, *title, *files;
    bool (*detect)(const char *path);
    bool (*load)(sae *s, const char *path, const sae_harmless *harmless, scry_notes *notes, scry_error *err);
    sae_harmless harmless;
} families[] = {
#define SAE_FAMILY(name, format, title, files, tensors, keys)                                                          \
    {format, title, files, name##_detect, name##_load, {title, tensors, keys}},
#include "sae/families/families.def"
#undef SAE_FAMILY
};
enum { FAMILIES = sizeof families / sizeof *families };
typedef struct family family;

static const family *family_by_name(const char *format, scry_error *err) {
    char expected[300];
    for (int i = 0; i < FAMILIES; i++)
        if (strcmp(families[i].format, format) == 0) return &families[i];
    scry_misuse(err, "sae: format: found \"%.40s\", expected %s", format,
                alternatives(expected, sizeof expected, &families[0].format, sizeof *families, FAMILIES));
    return NULL;
}

static bool is_known(const char *path) {
    for (int i = 0; i < FAMILIES; i++)
        if (families[i].detect(path)) return true;
    return false;
}

static const family *detect(const char *path, scry_error *err) {
    struct stat st;
    if (stat(path, &st) != 0) {
        scry_fail(err, "sae: %s: no such file or directory; expected an SAE's directory or file", path);
        return NULL;
    }
    for (int i = 0; i < FAMILIES; i++)
        if (families[i].detect(path)) return &families[i];
    if (!S_ISDIR(st.st_mode)) {
        char titles[300], formats[300];
        alternatives(titles, sizeof titles, &families[0].title, sizeof *families, FAMILIES);
        alternatives_quoted(formats, sizeof formats, &families[0].format, sizeof *families, FAMILIES, "\"");
        refuse_layout(path, titles, formats, err);
        return NULL;
    }
    char files[600], one[160];
    for (size_t i = 0; i < FAMILIES; i++) {
        snprintf(one, sizeof one, "%s (%s)", families[i].files, families[i].title);
        alternatives_add(files, sizeof files, i, FAMILIES, one);
    }
    refuse_folder(path, files, is_known, err);
    return NULL;
}

static bool has_unit_rows(const sae *s) {
    if (!s->W_dec) return false;
    float *norms = weights_decoder_norms(s);
    bool unit = true;
    for (uint32_t j = 0; j < s->d_sae && unit; j++) unit = fabsf(norms[j] - 1) <= 1e-3F;
    free(norms);
    return unit;
}

static bool check_k(const sae *s, const char *path, scry_error *err) {
    if (s->activation != SAE_TOPK || (s->k >= 1 && s->k <= s->d_sae)) return true;
    return scry_fail(err, "sae: %s: k: found %u, expected 1 to %u, the number of latents", path, s->k, s->d_sae);
}

static void describe(sae *s) {
    static const char *const names[] = {"ReLU", "tanh ReLU", "JumpReLU", "gated", "TopK"};
    char kind[sizeof s->description], k[24] = "";
    snprintf(kind, sizeof kind, "%s", s->description);
    if (s->activation == SAE_TOPK) snprintf(k, sizeof k, ", k %u", s->k);
    snprintf(s->description, sizeof s->description, "%.90s (%s%s), %u -> %u", kind, names[s->activation], k, s->d_in,
             s->d_sae);
}

bool sae_load(sae *s, const char *path, const char *format, scry_notes *notes, scry_error *err) {
    *s = (sae){.input_scale = 1};
    const family *found = format ? family_by_name(format, err) : detect(path, err);
    if (!found) return false;
    snprintf(s->format, sizeof s->format, "%s", found->format);
    if (!found->load(s, path, &found->harmless, notes, err) || !check_k(s, path, err)) {
        sae_free(s);
        return false;
    }
    s->folded = has_unit_rows(s);
    describe(s);
    return true;
}

void sae_free(sae *s) {
    float *const owned[] = {s->W_enc,     s->b_enc, s->W_dec, s->b_dec,    s->threshold,
                            s->exp_r_mag, s->b_mag, s->scale, s->out_scale};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *s = (sae){0};
}

/* v[latents[i]], or NULL where there is no v. */
static float *pick(const float *v, const uint32_t *latents, uint32_t count) {
    if (!v) return NULL;
    float *out = mem_new(count, sizeof *out);
    for (uint32_t i = 0; i < count; i++) out[i] = v[latents[i]];
    return out;
}

void sae_subset(sae *to, const sae *from, const uint32_t *latents, uint32_t count) {
    *to = *from;
    to->d_sae = count;
    const size_t d = from->d_in;
    to->W_enc = mem_resize(NULL, d * count, sizeof *to->W_enc);
    for (uint32_t i = 0; i < count; i++) memcpy(to->W_enc + i * d, from->W_enc + latents[i] * d, d * sizeof *to->W_enc);
    to->b_enc = pick(from->b_enc, latents, count);
    to->threshold = pick(from->threshold, latents, count);
    to->exp_r_mag = pick(from->exp_r_mag, latents, count);
    to->b_mag = pick(from->b_mag, latents, count);
    to->scale = pick(from->scale, latents, count);
    to->out_scale = pick(from->out_scale, latents, count);
    to->W_dec = NULL;
    to->b_dec = NULL;
}
