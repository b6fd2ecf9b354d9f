/* encode.c: residuals to latents. */
#include "sae/sae.h"
#include "base/mem.h"
#include "base/random.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

/* These loops pass over every latent of every token: let the compiler use what the processor has. */
#define WIDE __attribute__((target_clones("avx512f", "avx2", "default")))

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

void sae_prepare(const sae *s, float *x) {
    if (s->input == SAE_INPUT_CONSTANT_NORM) to_constant_norm(x, s->d_in);
    if (s->input == SAE_INPUT_LAYER_NORM) to_layer_norm(x, s->d_in);
    for (uint32_t i = 0; i < s->d_in; i++) x[i] *= s->input_scale;
    if (s->subtract_b_dec)
        for (uint32_t i = 0; i < s->d_in; i++) x[i] -= s->b_dec[i];
}

/* ---- activations: one latent, n tokens, in place. h holds x' W_enc. */

WIDE static void add_and_scale(float *h, uint32_t n, float bias, float scale) {
    for (uint32_t i = 0; i < n; i++) h[i] = (h[i] + bias) * scale;
}

WIDE static void relu(float *h, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) h[i] = h[i] > 0 ? h[i] : 0;
}

WIDE static void jump_relu(float *h, uint32_t n, float threshold) {
    float above = threshold > 0 ? threshold : 0;
    for (uint32_t i = 0; i < n; i++) h[i] = h[i] > above ? h[i] : 0;
}

WIDE static void gate(float *h, uint32_t n, float b_gate, float exp_r_mag, float b_mag) {
    for (uint32_t i = 0; i < n; i++) {
        float magnitude = h[i] * exp_r_mag + b_mag;
        magnitude = magnitude > 0 ? magnitude : 0;
        h[i] = h[i] + b_gate > 0 ? magnitude : 0;
    }
}

WIDE static void divide(float *h, uint32_t n, float by) {
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
        return; /* as they are, for sae_topk to choose from */
    }
    if (s->out_scale) divide(h, n, s->out_scale[j]);
}

/* ---- the last digits ---- */

/* Columns are gathered this many at a time: neighbours share the lines that are read. */
enum { TOGETHER = 16, DOT_LANES = 8 };

/* Eight sums side by side, added up in one order whatever the processor: the same bits everywhere. */
WIDE static double dot(const double *w, const float *x, uint32_t d) {
    double lane[DOT_LANES] = {0}, sum = 0;
    uint32_t k = 0;
    for (; k + DOT_LANES <= d; k += DOT_LANES, w += DOT_LANES, x += DOT_LANES)
        for (int l = 0; l < DOT_LANES; l++) lane[l] += w[l] * (double)x[l];
    for (; k < d; k++) sum += *w++ * (double)*x++;
    for (int l = 0; l < DOT_LANES; l++) sum += lane[l];
    return sum;
}

static bool fires(const float *h, uint32_t n) {
    for (uint32_t t = 0; t < n; t++)
        if (h[t] > 0) return true;
    return false;
}

/* A sum of d products in single precision can be off by more than its last digits where large ones
 * cancel. The few activations that are not zero are computed again in double precision; which they
 * are is left to the multiplication above. */
static void refine(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H) {
    const uint32_t d = s->d_in;
    double *column = mem_new((size_t)d * TOGETHER, sizeof *column);
    for (uint32_t from = 0; from < latents; from += TOGETHER) {
        uint32_t count = latents - from < TOGETHER ? latents - from : TOGETHER;
        bool any[TOGETHER], some = false;
        for (uint32_t c = 0; c < count; c++) some |= any[c] = fires(H + (size_t)(from + c) * n, n);
        if (!some) continue;
        for (uint32_t k = 0; k < d; k++) {
            const float *row = s->W_enc + (size_t)k * s->d_sae + first + from;
            for (uint32_t c = 0; c < count; c++) column[(size_t)c * d + k] = (double)row[c];
        }
        for (uint32_t c = 0; c < count; c++) {
            if (!any[c]) continue;
            uint32_t j = first + from + c;
            double scale = s->scale ? (double)s->scale[j] : 1, out = s->out_scale ? (double)s->out_scale[j] : 1;
            float *h = H + (size_t)(from + c) * n;
            for (uint32_t t = 0; t < n; t++) {
                if (!(h[t] > 0)) continue;
                double pre = (dot(column + (size_t)c * d, X + (size_t)t * d, d) + (double)s->b_enc[j]) * scale;
                h[t] = pre > 0 ? (float)(pre / out) : 0;
            }
        }
    }
    free(column);
}

void sae_encode(const sae *s, const float *X, uint32_t n, uint32_t first, uint32_t latents, float *H) {
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasTrans, (blasint)latents, (blasint)n, (blasint)s->d_in, 1.0F,
                s->W_enc + first, (blasint)s->d_sae, X, (blasint)s->d_in, 0.0F, H, (blasint)n);
    for (uint32_t j = 0; j < latents; j++) activate(s, first + j, H + (size_t)j * n, n);
    if (s->activation == SAE_RELU || s->activation == SAE_JUMPRELU) refine(s, X, n, first, latents, H);
}

/* ---- the k largest */

/* The rank-th largest of v[count], rank 1 being the largest; v is left in another order. */
static float nth_largest(float *v, uint32_t count, uint32_t rank) {
    uint64_t state = count;
    for (uint32_t low = 0, high = count;;) {
        float pivot = v[low + random_below(&state, high - low)];
        uint32_t above = low, at = low, below = high; /* v[low..above) > pivot, [below..high) < pivot */
        while (at < below) {
            float x = v[at];
            uint32_t to = x > pivot ? above++ : x < pivot ? --below : at;
            v[at] = v[to];
            v[to] = x;
            at += !(x < pivot);
        }
        if (rank - 1 < above) high = above;
        else if (rank - 1 >= below) low = below;
        else return pivot;
    }
}

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
