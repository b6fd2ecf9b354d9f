/* score/what_if.c: rho after toggling one latent, for every latent within a frame. */
#include "score/scorer.h"
#include "base/mem.h"
#include "base/cpu_dispatch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Vectors hold LANES domains of one latent, and then the sums over the domains of LANES latents. */
enum { LANES = 8 };
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t mask __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef int64_t wide_mask __attribute__((vector_size(LANES * sizeof(int64_t))));
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));

/* x and y of LANES domains, from domain `first` on. Those out of scope, or in the chunk before too, are masked out and
 * not multiplied by 0: an unknown contribution is NaN. */
typedef struct chunk {
    mask use;
    lanes x, y;
    size_t first;
} chunk;

/* x and y are centred, so that the differences below lose no digits. */
typedef struct what_if {
    size_t D, used, chunks;
    chunk *chunk;
    double sxx, syy, sxy;
} what_if;

/* The last chunk ends at the last domain, so that nothing past a latent's column is read. */
static void lay_out(what_if *w, const bool *use, const double *x, const double *y) {
    w->chunks = (w->D + LANES - 1) / LANES;
    w->chunk = mem_check(aligned_alloc(_Alignof(chunk), w->chunks * sizeof *w->chunk));
    for (size_t k = 0; k < w->chunks; k++) {
        chunk *c = &w->chunk[k];
        memset(c, 0, sizeof *c);
        c->first = w->D < LANES ? 0 : k * LANES + LANES > w->D ? w->D - LANES : k * LANES;
        for (size_t i = 0; i < LANES; i++) {
            size_t d = c->first + i;
            if (d < k * LANES || d >= w->D || !use[d]) continue;
            c->use[i] = -1;
            c->x[i] = x[d];
            c->y[i] = y[d];
        }
    }
}

static void what_if_begin(what_if *w, const scry_index *index, const scry_scorer *s, const scry_scope *scope) {
    *w = (what_if){.D = s->domains};
    double mean_x = 0, mean_y = 0, *x = mem_new(w->D, sizeof *x), *y = mem_new(w->D, sizeof *y);
    bool *use = mem_new(w->D, sizeof *use);
    for (size_t d = 0; d < w->D; d++) {
        use[d] = scope->use[d] && s->present[d];
        if (!use[d]) continue;
        w->used++;
        mean_x += x[d] = scorer_sum(s, d);
        mean_y += y[d] = scry_scope_change(scope, index, d);
    }
    for (size_t d = 0; d < w->D; d++) {
        if (!use[d]) continue;
        x[d] -= mean_x / (double)w->used;
        y[d] -= mean_y / (double)w->used;
        w->sxx += x[d] * x[d];
        w->syy += y[d] * y[d];
        w->sxy += x[d] * y[d];
    }
    lay_out(w, use, x, y);
    free(use);
    free(x);
    free(y);
}

/* Forced inlining: only inside the cloned function are these compiled for wide registers. */
#define INLINE __attribute__((always_inline)) static inline

/* The lanes of a and b, numbered 0 to 15, that eight indices name. gcc has had the one since 12. */
#if __has_builtin(__builtin_shufflevector)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (wide_mask){__VA_ARGS__})
#endif

/* The sum over the lanes of each of LANES vectors: *out holds vector i's in lane i. */
INLINE void fold(const lanes a[LANES], lanes *out) {
    lanes pair[4], four[2];
    for (int i = 0; i < 4; i++)
        pair[i] = SHUFFLE(a[2 * i], a[2 * i + 1], 0, 8, 2, 10, 4, 12, 6, 14) +
                  SHUFFLE(a[2 * i], a[2 * i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    for (int i = 0; i < 2; i++)
        four[i] = SHUFFLE(pair[2 * i], pair[2 * i + 1], 0, 1, 8, 9, 4, 5, 12, 13) +
                  SHUFFLE(pair[2 * i], pair[2 * i + 1], 2, 3, 10, 11, 6, 7, 14, 15);
    *out = SHUFFLE(four[0], four[1], 0, 1, 2, 3, 8, 9, 10, 11) + SHUFFLE(four[0], four[1], 4, 5, 6, 7, 12, 13, 14, 15);
}

/* rho with the column added (sign 1) or removed (-1). */
INLINE void what_if_lanes(const what_if *w, const float *const column[LANES], const lanes *sign, floats *rho) {
    lanes sums[LANES], squares[LANES], with_x[LANES], with_y[LANES], sum, square, cx, cy, root;
    for (int l = 0; l < LANES; l++) {
        lanes s = {0}, q = {0}, x = {0}, y = {0};
        for (size_t k = 0; k < w->chunks; k++) {
            const chunk *now = &w->chunk[k];
            floats read;
            memcpy(&read, column[l] + now->first, sizeof read);
            lanes c = __builtin_convertvector((floats)((mask)read & now->use), lanes);
            s += c;
            q += c * c;
            x += c * now->x;
            y += c * now->y;
        }
        sums[l] = s;
        squares[l] = q;
        with_x[l] = x;
        with_y[l] = y;
    }
    fold(sums, &sum);
    fold(squares, &square);
    fold(with_x, &cx);
    fold(with_y, &cy);
    lanes sxx = w->sxx + 2 * *sign * cx + square - sum * sum * (1 / (double)w->used);
    lanes sxy = w->sxy + *sign * cy, product = sxx * w->syy;
    for (int l = 0; l < LANES; l++) root[l] = sqrt(product[l]);
    /* a remaining spread as small as this is rounding */
    const wide_mask spread = sxx > (w->sxx + square) * 1e-14;
    const lanes none = (lanes){0} + (w->syy > 0 ? 0 : NAN), flat = (lanes){0} + NAN;
    *rho = __builtin_convertvector(none + (lanes)(((wide_mask)(sxy / root) & spread) | ((wide_mask)flat & ~spread)),
                                   floats);
}

/* What toggling each of LANES latents adds; the last latent is repeated where there are fewer. scratch [LANES][2 D]. */
static void take_columns(const scry_scorer *s, const scry_set *set, const uint32_t *latents, size_t n,
                         const float *column[LANES], double sign[LANES], uint32_t first, double *scratch) {
    for (size_t l = 0; l < LANES; l++) {
        if (l >= n) {
            column[l] = column[n - 1];
            sign[l] = sign[n - 1];
            continue;
        }
        uint32_t latent = latents ? latents[l] : first + (uint32_t)l;
        column[l] = scorer_toggle(s, set, latent, scratch + l * 2 * s->domains, &sign[l]);
    }
}

CPU_DISPATCH static void what_if_all(const what_if *w, const scry_scorer *s, const scry_set *set,
                                     const uint32_t *latents, size_t n, double *scratch, float *out) {
    float short_column[LANES][LANES] = {{0}}; /* padded, where there are fewer than LANES domains */
    for (size_t k = 0; k < n; k += LANES) {
        const float *column[LANES];
        double signs[LANES];
        lanes sign;
        floats rho;
        size_t some = n - k < LANES ? n - k : LANES;
        take_columns(s, set, latents ? latents + k : NULL, some, column, signs, (uint32_t)k, scratch);
        for (size_t l = 0; l < LANES && w->D < LANES; l++)
            column[l] = memcpy(short_column[l], column[l], w->D * sizeof **column);
        memcpy(&sign, signs, sizeof sign);
        what_if_lanes(w, column, &sign, &rho);
        memcpy(out + k, &rho, some * sizeof *out);
    }
}

void scry_what_if(const scry_index *index, const scry_scorer *s, const scry_set *set, const scry_scope *scope,
                  const uint32_t *latents, size_t n, float *out) {
    what_if w;
    what_if_begin(&w, index, s, scope);
    if (w.used < 3)
        for (size_t k = 0; k < n; k++) out[k] = NAN;
    else {
        double *scratch = mem_new(LANES * 2 * s->domains, sizeof *scratch);
        what_if_all(&w, s, set, latents, n, scratch, out);
        free(scratch);
    }
    free(w.chunk);
}
