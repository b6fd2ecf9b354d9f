/* model_weights.c: the tensors of a model by their parts, and rows of them as floats. */
#include "base/mem.h"
#include "model/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---- */

/* Numbers that lie side by side in the file belong to rows next to each other: read them so. */
static void rows_across(const weight_matrix *w, uint32_t first, uint32_t rows, uint32_t from, uint32_t to, float *out) {
    enum { SIDE = 64 };
    float across[SIDE];
    uint32_t n = to - from;
    for (uint32_t r = 0; r < rows;) {
        uint64_t stored = weight_stored_row(w, first + r);
        uint32_t side = 1;
        while (side < SIDE && r + side < rows && weight_stored_row(w, first + r + side) == stored + side) side++;
        for (uint32_t k = 0; k < n; k++) {
            uint64_t at = stored * (uint64_t)w->t->stride[1] + (uint64_t)(from + k) * (uint64_t)w->t->stride[0];
            tensor_raw_floats(w->t, at, w->t->stride[1], side, across);
            for (uint32_t i = 0; i < side; i++) out[(size_t)(r + i) * n + k] = across[i];
        }
        r += side;
    }
}

void weight_rows(const weight_matrix *w, uint32_t first, uint32_t rows, uint32_t from, uint32_t to, float *out) {
    if (w->in_out) rows_across(w, first, rows, from, to, out);
    for (uint32_t r = 0; r < rows && !w->in_out; r++) {
        uint64_t at = weight_stored_row(w, first + r) * (uint64_t)w->t->stride[0] + (uint64_t)from;
        tensor_raw_floats(w->t, at, w->t->stride[1], to - from, out + (size_t)r * (to - from));
    }
    if (w->delta) w->delta->add(w->delta, w, first, rows, from, to, out);
}

bool weight_rows_bf16(const weight_matrix *w, uint32_t first, uint32_t rows, uint32_t from, const uint16_t **row) {
    const bool swapped = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? !w->t->big_endian : w->t->big_endian;
    if (w->in_out || w->delta || w->t->dtype != TENSOR_BF16 || w->t->stride[1] != 1 || swapped ||
        (uintptr_t)w->t->data % sizeof(uint16_t))
        return false;
    const uint16_t *data = (const uint16_t *)(const void *)w->t->data;
    for (uint32_t r = 0; r < rows; r++)
        row[r] = data + weight_stored_row(w, first + r) * (uint64_t)w->t->stride[0] + from;
    return true;
}

/* ---- finding ---- */

const tensor *model_tensor(const scry_model *m, model_part part, uint32_t layer, const char *ending, char name[200]) {
    const char *pattern = m->family->part[part], *number = pattern ? strstr(pattern, "%u") : NULL;
    const char *stem = part == PART_HEAD ? "" : m->stem;
    name[0] = 0;
    if (!pattern) return NULL;
    if (number) snprintf(name, 200, "%s%.*s%u%s%s", stem, (int)(number - pattern), pattern, layer, number + 2, ending);
    else snprintf(name, 200, "%s%s%s", stem, pattern, ending);
    return tensor_find(&m->file, name);
}

static bool is_weight_dtype(tensor_dtype dtype) {
    return dtype == TENSOR_F32 || dtype == TENSOR_F16 || dtype == TENSOR_BF16 || dtype == TENSOR_F64;
}

/* A tensor of the shape [rows, columns], or [rows] with columns 0. */
static const tensor *find_shaped(scry_model *m, model_part part, uint32_t layer, const char *ending, uint64_t rows,
                                 uint64_t columns, scry_error *err) {
    char name[200], shape[96], expected[48];
    const tensor *t = model_tensor(m, part, layer, ending, name);
    if (columns) snprintf(expected, sizeof expected, "[%" PRIu64 ", %" PRIu64 "]", rows, columns);
    else snprintf(expected, sizeof expected, "[%" PRIu64 "]", rows);
    if (!t) {
        tensor_fail(&m->file, "model", err, "found no tensor %s, expected one of shape %s, as config.json of %s says",
                    name, expected, m->plan.family);
        return NULL;
    }
    if (t->dims != (columns ? 2 : 1) || t->shape[0] != rows || (columns && t->shape[1] != columns)) {
        tensor_fail(&m->file, "model", err, "tensor %s: found shape %s, expected %s, as config.json says", name,
                    tensor_shape_text(t, shape, sizeof shape), expected);
        return NULL;
    }
    if (!is_weight_dtype(t->dtype)) {
        tensor_fail(&m->file, "model", err,
                    "tensor %s: found dtype %s, expected F32, F16 or BF16; save the checkpoint dequantised", name,
                    t->dtype_name);
        return NULL;
    }
    m->used[t - m->file.tensors] = true;
    return t;
}

static bool find_matrix(scry_model *m, model_part part, uint32_t layer, uint32_t out, uint32_t in, bool in_out,
                        weight_matrix *w, scry_error *err) {
    const tensor *t = find_shaped(m, part, layer, ".weight", in_out ? in : out, in_out ? out : in, err);
    *w = (weight_matrix){.t = t, .out = out, .in = in, .in_out = in_out, .group = out, .step = 0};
    return t != NULL;
}

/* Appends `length` numbers of a tensor from `first` on, in groups `step` apart, to out. */
static void copy_vector(const tensor *t, const weight_matrix *rows, float *out) {
    for (uint32_t r = 0; r < rows->out; r++)
        tensor_raw_floats(t, weight_stored_row(rows, r) * (uint64_t)t->stride[0], 1, 1, out + r);
}

/* Reads the bias of a whole matrix. NULL and err on failure. */
static float *find_bias(scry_model *m, model_part part, uint32_t layer, uint32_t length, scry_error *err) {
    const tensor *t = find_shaped(m, part, layer, ".bias", length, 0, err);
    if (!t) return NULL;
    float *out = mem_resize(NULL, length, sizeof *out);
    tensor_raw_floats(t, 0, t->stride[0], length, out);
    return out;
}

static bool find_norm(scry_model *m, model_part part, uint32_t layer, uint32_t length, float **out, scry_error *err) {
    const tensor *t = find_shaped(m, part, layer, ".weight", length, 0, err);
    if (!t) return false;
    *out = mem_resize(NULL, length, sizeof **out);
    tensor_raw_floats(t, 0, t->stride[0], length, *out);
    for (uint32_t i = 0; i < length && m->plan.norm == NORM_RMS_PLUS_ONE; i++) (*out)[i] += 1;
    return true;
}

static bool find_stream_norm(scry_model *m, model_part part, uint32_t layer, norm_weights *n, scry_error *err) {
    if (!find_norm(m, part, layer, m->plan.d_model, &n->weight, err)) return false;
    if (m->plan.norm == NORM_LAYER) n->bias = find_bias(m, part, layer, m->plan.d_model, err);
    return m->plan.norm != NORM_LAYER || n->bias;
}

/* ---- a block ---- */

/* The parts of a fused matrix [q + k + v, in] that are q, k and v. */
static void split_qkv(const model_plan *p, qkv_order order, const weight_matrix *whole, weight_matrix part[3]) {
    uint32_t size = p->heads * p->head_dim;
    for (uint32_t i = 0; i < 3; i++) {
        part[i] = *whole;
        part[i].out = size;
        part[i].first = order == QKV_BY_HEAD ? i * p->head_dim : i * size;
        part[i].group = order == QKV_BY_HEAD ? p->head_dim : size;
        part[i].step = order == QKV_BY_HEAD ? 3 * p->head_dim : 0;
    }
}

static bool find_fused(scry_model *m, uint32_t layer, block_weights *b, scry_error *err) {
    const model_plan *p = &m->plan;
    uint32_t size = p->heads * p->head_dim;
    weight_matrix whole, part[3];
    if (!find_matrix(m, PART_QKV, layer, 3 * size, p->d_model, m->family->in_out, &whole, err)) return false;
    split_qkv(p, m->family->qkv, &whole, part);
    b->q = part[0];
    b->k = part[1];
    b->v = part[2];
    if (!p->qkv_bias) return true;
    const tensor *t = find_shaped(m, PART_QKV, layer, ".bias", 3 * size, 0, err);
    if (!t) return false;
    b->qkv_bias = mem_new((size_t)3 * size, sizeof(float));
    for (uint32_t i = 0; i < 3; i++) copy_vector(t, &part[i], b->qkv_bias + (size_t)i * size);
    return true;
}

static bool find_apart(scry_model *m, uint32_t layer, block_weights *b, scry_error *err) {
    const model_plan *p = &m->plan;
    const struct {
        model_part part;
        weight_matrix *w;
        uint32_t out;
    } three[] = {{PART_Q, &b->q, p->heads * p->head_dim},
                 {PART_K, &b->k, p->kv_heads * p->head_dim},
                 {PART_V, &b->v, p->kv_heads * p->head_dim}};
    size_t at = 0;
    if (p->qkv_bias) b->qkv_bias = mem_new(three[0].out + (size_t)2 * three[1].out, sizeof(float));
    for (int i = 0; i < 3; i++) {
        if (!find_matrix(m, three[i].part, layer, three[i].out, p->d_model, m->family->in_out, three[i].w, err))
            return false;
        if (!p->qkv_bias) continue;
        const tensor *t = find_shaped(m, three[i].part, layer, ".bias", three[i].out, 0, err);
        if (!t) return false;
        copy_vector(t, three[i].w, b->qkv_bias + at);
        at += three[i].out;
    }
    return true;
}

static bool find_attention(scry_model *m, uint32_t layer, block_weights *b, scry_error *err) {
    const model_plan *p = &m->plan;
    bool ok = m->family->qkv == QKV_APART ? find_apart(m, layer, b, err) : find_fused(m, layer, b, err);
    if (!ok || !find_matrix(m, PART_O, layer, p->d_model, p->heads * p->head_dim, m->family->in_out, &b->o, err))
        return false;
    if (p->out_bias && !(b->o_bias = find_bias(m, PART_O, layer, p->d_model, err))) return false;
    return !p->qk_norm || (find_norm(m, PART_Q_NORM, layer, p->head_dim, &b->q_norm, err) &&
                           find_norm(m, PART_K_NORM, layer, p->head_dim, &b->k_norm, err));
}

static bool find_mlp(scry_model *m, uint32_t layer, block_weights *b, scry_error *err) {
    const model_plan *p = &m->plan;
    bool in_out = m->family->in_out;
    if ((p->gated && !find_matrix(m, PART_GATE, layer, p->d_mlp, p->d_model, in_out, &b->gate, err)) ||
        !find_matrix(m, PART_UP, layer, p->d_mlp, p->d_model, in_out, &b->up, err) ||
        !find_matrix(m, PART_DOWN, layer, p->d_model, p->d_mlp, in_out, &b->down, err))
        return false;
    if (!p->mlp_bias) return true;
    float *up = find_bias(m, PART_UP, layer, p->d_mlp, err);
    if (!up) return false;
    b->gate_up_bias = up;
    if (p->gated) {
        float *gate = find_bias(m, PART_GATE, layer, p->d_mlp, err);
        if (!gate) return false;
        b->gate_up_bias = mem_resize(gate, (size_t)2 * p->d_mlp, sizeof *gate);
        memcpy(b->gate_up_bias + p->d_mlp, up, p->d_mlp * sizeof *up);
        free(up);
    }
    b->down_bias = find_bias(m, PART_DOWN, layer, p->d_model, err);
    return b->down_bias != NULL;
}

static bool find_block(scry_model *m, uint32_t layer, scry_error *err) {
    block_weights *b = &m->block[layer];
    return find_stream_norm(m, PART_ATTENTION_NORM, layer, &b->attention_norm, err) &&
           find_attention(m, layer, b, err) && find_stream_norm(m, PART_MLP_NORM, layer, &b->mlp_norm, err) &&
           find_mlp(m, layer, b, err) &&
           (!m->plan.post_norm || (find_stream_norm(m, PART_ATTENTION_POST_NORM, layer, &b->attention_post_norm, err) &&
                                   find_stream_norm(m, PART_MLP_POST_NORM, layer, &b->mlp_post_norm, err)));
}

/* ---- the model ---- */

static bool find_ends(scry_model *m, scry_error *err) {
    const model_plan *p = &m->plan;
    char name[200];
    const tensor *embedding = NULL;
    for (const char *const *stem = m->family->stems; *stem && !embedding; stem++) {
        m->stem = *stem;
        embedding = model_tensor(m, PART_EMBEDDING, 0, ".weight", name);
    }
    if (!embedding) m->stem = m->family->stems[0];
    if (!find_matrix(m, PART_EMBEDDING, 0, p->vocabulary, p->d_model, false, &m->embedding, err)) return false;
    if (p->learned_positions && !find_matrix(m, PART_POSITIONS, 0, p->context, p->d_model, false, &m->positions, err))
        return false;
    if (!find_stream_norm(m, PART_FINAL_NORM, 0, &m->final_norm, err)) return false;
    m->head = m->embedding;
    const tensor *head = model_tensor(m, PART_HEAD, 0, ".weight", name);
    if (head) m->used[head - m->file.tensors] = true;
    m->info.tied = p->tied || !head; /* without a matrix of its own the checkpoint says that it is tied */
    return m->info.tied || find_matrix(m, PART_HEAD, 0, p->vocabulary, p->d_model, false, &m->head, err);
}

/* Tensors of transformers' buffers, and of parts of multimodal models, that the text part does not use. */
static bool is_harmless(const char *name) {
    static const char *const ends[] = {".rotary_emb.inv_freq", ".attn.bias", ".attn.masked_bias", ".attention.bias",
                                       ".attention.masked_bias"};
    static const char *const beginnings[] = {"vision_tower.", "multi_modal_projector.", "model.vision_tower.",
                                             "model.multi_modal_projector."};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t end = strlen(ends[i]);
        if (length > end && strcmp(name + length - end, ends[i]) == 0) return true;
    }
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0) return true;
    return false;
}

static void fill_info(scry_model *m, scry_notes *notes) {
    static const char *const names[] = {
        [TENSOR_F16] = "F16", [TENSOR_BF16] = "BF16", [TENSOR_F32] = "F32", [TENSOR_F64] = "F64"};
    const model_plan *p = &m->plan;
    scry_model_info *info = &m->info;
    uint64_t of[TENSOR_OTHER + 1] = {0};
    size_t rest = 0;
    const char *first = NULL;
    for (size_t i = 0; i < m->file.count; i++) {
        const tensor *t = &m->file.tensors[i];
        uint64_t count = tensor_elements(t);
        if (m->used[i]) {
            info->parameters += count;
            info->bytes += count * tensor_size(t->dtype);
            of[t->dtype] += count;
        } else if (!is_harmless(t->name)) {
            if (!first) first = t->name;
            rest++;
        }
    }
    if (rest && notes)
        scry_notes_add(notes, "model: %s: %zu tensor%s that %s does not know and that %s ignored, such as %s",
                       m->file.map.path, rest, rest == 1 ? "" : "s", p->family, rest == 1 ? "is" : "are", first);
    info->dtype = names[TENSOR_F32];
    uint64_t most = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && of[i] > most) {
            most = of[i];
            info->dtype = names[i];
        }
    info->family = p->family;
    info->layers = p->layers;
    info->d_model = p->d_model;
    info->heads = p->heads;
    info->kv_heads = p->kv_heads;
    info->head_dim = p->head_dim;
    info->d_mlp = p->d_mlp;
    info->vocabulary = p->vocabulary;
    info->context = p->context;
}

bool model_weights_find(scry_model *m, scry_notes *notes, scry_error *err) {
    m->used = mem_new(m->file.count + 1, sizeof *m->used);
    m->block = mem_new(m->plan.layers, sizeof *m->block);
    if (!find_ends(m, err)) return false;
    for (uint32_t l = 0; l < m->plan.layers; l++)
        if (!find_block(m, l, err)) return false;
    fill_info(m, notes);
    return true;
}

static void free_norm(norm_weights *n) {
    free(n->weight);
    free(n->bias);
}

void model_weights_free(scry_model *m) {
    for (uint32_t l = 0; m->block && l < m->plan.layers; l++) {
        block_weights *b = &m->block[l];
        free_norm(&b->attention_norm);
        free_norm(&b->attention_post_norm);
        free_norm(&b->mlp_norm);
        free_norm(&b->mlp_post_norm);
        free(b->q_norm);
        free(b->k_norm);
        free(b->qkv_bias);
        free(b->o_bias);
        free(b->gate_up_bias);
        free(b->down_bias);
    }
    free_norm(&m->final_norm);
    free(m->block);
    free(m->used);
}
