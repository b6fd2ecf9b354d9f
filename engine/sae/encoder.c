/* encoder.c: residuals to latents. */
#include "base/blas.h"
#include "base/cpu_dispatch.h"
#include "base/mem.h"
#include "base/nonzero_mask.h"
#include "base/sort.h"
#include "sae/sae.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void to_constant_norm(float *x, uint32_t d) {
    double square = 0;
    for (uint32_t i = 0; i < d; i++) square += (double)x[i] * (double)x[i];
    float scale = square > 0 ? (float)(sqrt((double)d) / sqrt(square)) : 0;
    for (uint32_t i = 0; i < d; i++) x[i] *= scale;
}

static void to_layer_norm(float *x, uint32_t d) {
    double sum = 0, square = 0;
    for (uint32_t i = 0; i < d; i++) sum += (double)x[i];
    double mean = sum / d;
    for (uint32_t i = 0; i < d; i++) square += ((double)x[i] - mean) * ((double)x[i] - mean);
    double deviation = sqrt(square / (d > 1 ? d - 1 : 1)) + 1e-5;
    for (uint32_t i = 0; i < d; i++) x[i] = (float)(((double)x[i] - mean) / deviation);
}

void sae_input_lost(sae_input input, const float *x, uint32_t d, double *times, double *add) {
    double sum = 0, square = 0;
    *times = 1;
    *add = 0;
    if (input == SAE_INPUT_AS_IS) return;
    for (uint32_t i = 0; i < d && input == SAE_INPUT_LAYER_NORM; i++) sum += (double)x[i];
    *add = sum / d;
    for (uint32_t i = 0; i < d; i++) square += ((double)x[i] - *add) * ((double)x[i] - *add);
    *times = input == SAE_INPUT_LAYER_NORM ? sqrt(square / (d > 1 ? d - 1 : 1)) + 1e-5 : sqrt(square / d);
}

static const char *const input_names[] = {
    [SAE_INPUT_AS_IS] = "", [SAE_INPUT_CONSTANT_NORM] = "constant norm", [SAE_INPUT_LAYER_NORM] = "layer norm"};

const char *sae_input_name(sae_input input) {
    return input_names[input];
}

sae_input sae_input_of(const char *name) {
    for (size_t i = 0; i < sizeof input_names / sizeof *input_names; i++)
        if (strcmp(input_names[i], name) == 0) return (sae_input)i;
    return SAE_INPUT_AS_IS;
}

void sae_prepare(const sae *s, float *x) {
    if (s->input == SAE_INPUT_CONSTANT_NORM) to_constant_norm(x, s->d_in);
    if (s->input == SAE_INPUT_LAYER_NORM) to_layer_norm(x, s->d_in);
    for (uint32_t i = 0; i < s->d_in; i++) x[i] *= s->input_scale;
    if (s->subtract_b_dec)
        for (uint32_t i = 0; i < s->d_in; i++) x[i] -= s->b_dec[i];
}

/* Activations of one latent and n tokens, in place; h holds x' W_enc_j. */

CPU_DISPATCH static void add_and_scale(float *h, uint32_t n, float bias, float scale) {
    for (uint32_t i = 0; i < n; i++) h[i] = (h[i] + bias) * scale;
}

CPU_DISPATCH static void relu(float *h, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) h[i] = h[i] > 0 ? h[i] : 0;
}

CPU_DISPATCH static void jump_relu(float *h, uint32_t n, float threshold) {
    float above = threshold > 0 ? threshold : 0;
    for (uint32_t i = 0; i < n; i++) h[i] = h[i] > above ? h[i] : 0;
}

CPU_DISPATCH static void gate(float *h, uint32_t n, float b_gate, float exp_r_mag, float b_mag) {
    for (uint32_t i = 0; i < n; i++) {
        float magnitude = h[i] * exp_r_mag + b_mag;
        magnitude = magnitude > 0 ? magnitude : 0;
        h[i] = h[i] + b_gate > 0 ? magnitude : 0;
    }
}

CPU_DISPATCH static void divide(float *h, uint32_t n, float by) {
    for (uint32_t i = 0; i < n; i++) h[i] /= by;
}

static void tanh_relu(float *h, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) h[i] = h[i] > 0 ? tanhf(h[i]) : 0;
}

static void activate(const sae *s, uint32_t j, float *h, uint32_t n) {
    if (s->activation != SAE_GATED) add_and_scale(h, n, s->b_enc[j], s->scale ? s->scale[j] : 1);
    switch (s->activation) {
    case SAE_RELU:
        relu(h, n);
        break;
    case SAE_TANH_RELU:
        tanh_relu(h, n);
        break;
    case SAE_JUMPRELU:
        jump_relu(h, n, s->threshold[j]);
        break;
    case SAE_GATED:
        gate(h, n, s->b_enc[j], s->exp_r_mag[j], s->b_mag[j]);
        break;
    case SAE_TOPK:
        return; /* pre-activations, for sae_topk */
    }
    if (s->out_scale) divide(h, n, s->out_scale[j]);
}

/* A dot product in blocks: each of LANES partial sums adds up to 16 products in single precision before it
 * goes to double, so the error stays near that of one product. The order of additions does not depend on
 * the processor: the same bits everywhere. */
enum { LANES = 16, STEP = 4 * LANES, RUN = 4 * STEP };

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
typedef float half_lanes __attribute__((vector_size(LANES * sizeof(float) / 2)));
typedef double wide_lanes __attribute__((vector_size(LANES * sizeof(double) / 2)));

CPU_DISPATCH static double dot(const float *w, const float *x, size_t d) {
    wide_lanes low = {0}, high = {0};
    const float *end = w + d;
    while (end - w >= STEP) {
        const float *stop = w + (end - w < RUN ? (end - w) / STEP * STEP : RUN);
        const lanes *a = (const lanes *)w, *b = (const lanes *)x;
        lanes p = a[0] * b[0], q = a[1] * b[1], r = a[2] * b[2], s = a[3] * b[3];
        for (w += STEP, x += STEP; w < stop; w += STEP, x += STEP) {
            a += 4;
            b += 4;
            p += a[0] * b[0];
            q += a[1] * b[1];
            r += a[2] * b[2];
            s += a[3] * b[3];
        }
        p = (p + q) + (r + s);
        half_lanes part[2];
        memcpy(part, &p, sizeof p);
        low += __builtin_convertvector(part[0], wide_lanes);
        high += __builtin_convertvector(part[1], wide_lanes);
    }
    low += high;
    double sum = 0;
    for (int l = 0; l < LANES / 2; l++) sum += low[l];
    for (; w < end; w++, x++) sum += (double)*w * (double)*x;
    return sum;
}

/* A sum of d products in single precision can lose more than its last digits to cancellation. Which
 * activations are nonzero is left to sgemm; their values are computed again here. */
static float refined(const sae *s, uint32_t j, const float *x) {
    double scale = s->scale ? (double)s->scale[j] : 1, out = s->out_scale ? (double)s->out_scale[j] : 1;
    double pre = (dot(s->W_enc + (size_t)j * s->d_in, x, s->d_in) + (double)s->b_enc[j]) * scale;
    return pre > 0 ? (float)(pre / out) : 0;
}

typedef struct cell {
    uint32_t j, t;
} cell;

uint32_t sae_nonzero_tokens(const float *h, uint32_t n, uint16_t *token) {
    enum { MASKS = 16 };
    uint64_t mask[MASKS];
    uint32_t count = 0, t = 0;
    while (n - t >= NONZERO_GROUP) {
        uint32_t groups = (n - t) / NONZERO_GROUP < MASKS ? (n - t) / NONZERO_GROUP : MASKS;
        nonzero_mask(h + t, groups, mask);
        for (uint32_t k = 0; k < groups; k++, t += NONZERO_GROUP)
            for (uint64_t left = mask[k]; left; left &= left - 1)
                token[count++] = (uint16_t)(t + (uint32_t)__builtin_ctzll(left));
    }
    for (; t < n; t++)
        if (h[t] != 0) token[count++] = (uint16_t)t;
    return count;
}

/* The residuals of a tile do not fit the L1 cache: the start of a row is prefetched AHEAD cells before its use. */
enum { AHEAD = 3, PREFETCH_LINES = 12, LINE = 16 };

static inline void prefetch_row(const float *row, uint32_t d) {
    for (uint32_t i = 0; i < PREFETCH_LINES * LINE && i < d; i += LINE) __builtin_prefetch(row + i);
}

static void refine(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H) {
    enum { GROUP = 64 };
    const size_t d = s->d_in;
    cell *cells = mem_resize(NULL, (size_t)GROUP * n, sizeof *cells);
    uint16_t *token = mem_resize(NULL, n, sizeof *token);
    for (uint32_t from = 0; from < latents; from += GROUP) {
        uint32_t count = 0, end = latents - from < GROUP ? latents : from + GROUP;
        for (uint32_t j = from; j < end; j++) {
            uint32_t active = sae_nonzero_tokens(H + (size_t)j * n, n, token);
            for (uint32_t i = 0; i < active; i++) cells[count++] = (cell){j, token[i]};
        }
        for (uint32_t i = 0; i < count; i++) {
            if (i + AHEAD < count) {
                prefetch_row(X + cells[i + AHEAD].t * d, s->d_in);
                prefetch_row(s->W_enc + (first + cells[i + AHEAD].j) * d, s->d_in);
            }
            H[(size_t)cells[i].j * n + cells[i].t] = refined(s, first + cells[i].j, X + cells[i].t * d);
        }
    }
    free(token);
    free(cells);
}

void sae_encode(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H) {
    blas_room();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)latents, (blasint)n, (blasint)s->d_in, 1.0F,
                s->W_enc + (size_t)first * s->d_in, (blasint)s->d_in, X, (blasint)s->d_in, 0.0F, H, (blasint)n);
    for (uint32_t j = 0; j < latents; j++) activate(s, first + j, H + (size_t)j * n, n);
    if (s->activation == SAE_RELU || s->activation == SAE_JUMPRELU) refine(s, X, n, first, latents, H);
}

SELECT_NTH_LARGEST(nth_largest, float)

static float smallest(const float *v, uint32_t count) {
    float least = v[0];
    for (uint32_t i = 1; i < count; i++) least = v[i] < least ? v[i] : least;
    return least;
}

void sae_topk(const sae *s, const float *H, uint32_t n, uint32_t t, float *floor, uint32_t *ties) {
    float *positive = mem_resize(NULL, s->d_sae, sizeof *positive);
    uint32_t count = 0;
    for (uint32_t j = 0; j < s->d_sae; j++) {
        positive[count] = H[(size_t)j * n + t];
        count += positive[count] > 0;
    }
    floor[t] = INFINITY;
    ties[t] = 0;
    if (count) {
        uint32_t kept = count < s->k ? count : s->k, larger = 0;
        floor[t] = kept < count ? nth_largest(positive, count, kept) : smallest(positive, count);
        for (uint32_t i = 0; i < count; i++) larger += positive[i] > floor[t];
        ties[t] = kept - larger;
    }
    free(positive);
}

void sae_keep_topk(const sae *s, float *H, uint32_t n, uint32_t t) {
    float floor;
    uint32_t ties;
    sae_topk(s, H + t, n, 0, &floor, &ties);
    for (uint32_t j = 0; j < s->d_sae; j++) {
        float *h = &H[(size_t)j * n + t];
        bool kept = *h > floor || (!(*h < floor) && ties > 0);
        ties -= kept && !(*h > floor);
        *h = !kept ? 0 : s->out_scale ? *h / s->out_scale[j] : *h;
    }
}
