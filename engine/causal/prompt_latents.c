/* causal/prompt_latents.c: the latents of a prompt's tokens, and the stream without some of them. */
#include "base/mem.h"
#include "causal/prompt_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static double norm_of(const float *x, uint32_t d) {
    double square = 0;
    for (uint32_t i = 0; i < d; i++) square += (double)x[i] * (double)x[i];
    return sqrt(square);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* As study/outlier_rows.h says, with the text in place of a capture. */
static void find_outliers(const scry_info *info, const float *x, uint32_t d, scry_prompt_result *r) {
    r->outlier = mem_new(r->tokens, sizeof *r->outlier);
    if (info->outliers_kept || isnan(info->max_norm_ratio)) return;
    double *norm = mem_new(r->tokens, sizeof *norm), *sorted = mem_new(r->tokens, sizeof *sorted);
    size_t n = 0;
    for (size_t t = r->front; t < r->tokens; t++) {
        norm[t] = norm_of(x + t * d, d);
        if (norm[t] > 0) sorted[n++] = norm[t];
    }
    qsort(sorted, n, sizeof *sorted, ascending);
    double median = n ? (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 : 0;
    for (size_t t = r->front; t < r->tokens; t++) r->outlier[t] = n && norm[t] > info->max_norm_ratio * median;
    free(sorted);
    free(norm);
}

/* Tokens are encoded a tile at a time, latents by blocks. */
enum { TILE_TOKENS = 64, TILE_FLOATS = 16 << 20, BLOCK_LATENTS = 512 };

typedef struct tile {
    const sae *s;
    const float *X; /* [tokens][d] prepared */
    uint32_t tokens;
    float *H; /* [F][tokens] */
} tile;

static void encode_block(void *context, size_t block, unsigned worker) {
    (void)worker;
    const tile *a = context;
    uint32_t first = (uint32_t)block * BLOCK_LATENTS, left = a->s->d_sae - first;
    sae_encode(a->s, a->X, a->tokens, first, left < BLOCK_LATENTS ? left : BLOCK_LATENTS,
               a->H + (size_t)first * a->tokens);
}

static void keep_token(void *context, size_t token, unsigned worker) {
    (void)worker;
    const tile *a = context;
    sae_keep_topk(a->s, a->H, a->tokens, (uint32_t)token);
}

/* Appends the tile's activations; false past the room for `most`. */
static bool collect(const tile *a, size_t first, uint64_t most, scry_prompt_result *r, uint64_t *room) {
    for (uint32_t t = 0; t < a->tokens; t++) {
        uint64_t at = r->start[first + t];
        for (uint32_t j = 0; j < a->s->d_sae; j++) {
            float h = a->H[(size_t)j * a->tokens + t];
            if (h == 0) continue;
            if (at == *room) {
                if (at >= most) return false;
                *room = 2 * at + 1024 < most ? 2 * at + 1024 : most;
                r->latent = mem_resize(r->latent, (size_t)*room, sizeof *r->latent);
                r->activation = mem_resize(r->activation, (size_t)*room, sizeof *r->activation);
            }
            r->latent[at] = j;
            r->activation[at++] = h;
        }
        r->start[first + t + 1] = at;
    }
    return true;
}

bool prompt_activations(const scry_prompt *p, const float *x, scry_prompt_result *r, scry_error *err) {
    const sae *s = &p->sae;
    const uint32_t d = s->d_in;
    uint32_t most = TILE_FLOATS / s->d_sae < 1 ? 1 : TILE_FLOATS / s->d_sae;
    if (most > TILE_TOKENS) most = TILE_TOKENS;
    if (most > r->tokens) most = (uint32_t)r->tokens;
    find_outliers(scry_index_info(p->index), x, d, r);
    float *X = mem_new((size_t)most * d, sizeof *X), *H = mem_resize(NULL, (size_t)most * s->d_sae, sizeof *H);
    const uint64_t entries = p->memory / (sizeof *r->latent + sizeof *r->activation);
    uint64_t room = 0;
    bool fits = true, stopped = false;
    r->start = mem_new(r->tokens + 1, sizeof *r->start);
    for (size_t t = 0; t < r->tokens && fits && !stopped; t += most) {
        tile a = {s, X, (uint32_t)(r->tokens - t < most ? r->tokens - t : most), H};
        memcpy(X, x + t * d, (size_t)a.tokens * d * sizeof *X);
        for (uint32_t i = 0; i < a.tokens; i++) sae_prepare(s, X + (size_t)i * d);
        parallel_for(p->pool, (s->d_sae + BLOCK_LATENTS - 1) / BLOCK_LATENTS, encode_block, &a);
        if (s->activation == SAE_TOPK) parallel_for(p->pool, a.tokens, keep_token, &a);
        fits = collect(&a, t, entries, r, &room);
        stopped = scry_cancelled(p->cancel);
    }
    free(X);
    free(H);
    if (stopped) return scry_fail(err, "cancelled");
    return fits || scry_misuse(err,
                               "prompt: the text's activations need more than %" PRIu64
                               " MiB; raise --memory or take a shorter text",
                               p->memory >> 20);
}

void prompt_ablate(const scry_prompt *p, const scry_set *set, const scry_prompt_result *r, float *x) {
    const uint32_t d = p->sae.d_in;
    float *row = mem_new(d, sizeof *row);
    double *sum = mem_new(d, sizeof *sum), times, add;
    for (size_t t = 0; t < r->tokens; t++) {
        if (!scry_prompt_counts(r, t)) continue;
        memset(sum, 0, d * sizeof *sum);
        for (uint64_t i = r->start[t]; i < r->start[t + 1]; i++) {
            if (!scry_set_has(set, r->latent[i]) || !scry_decoder_row(p->index, r->latent[i], row)) continue;
            for (uint32_t k = 0; k < d; k++) sum[k] += (double)r->activation[i] * (double)row[k];
        }
        float *at = x + t * d;
        sae_input_lost(p->sae.input, at, d, &times, &add);
        for (uint32_t k = 0; k < d; k++) at[k] = (float)((double)at[k] - sum[k] / (double)p->sae.input_scale * times);
    }
    free(sum);
    free(row);
}
