/* random_sets.c: rho of random selections: the null that a chosen one has to beat (STS paper, fig. 1b). */
#include "analysis.h"
#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct drawing {
    const float *contribution; /* [F][D] */
    size_t D;
    uint32_t *pick; /* [alive] */
    uint32_t alive, size;
    const double *change;
    double *sum, *x, *y; /* [D] */
} drawing;

/* `size` of the `alive` latents by a partial shuffle of pick; their sums to x beside y. Returns the points. */
static size_t draw_set(drawing *w, uint64_t *seed) {
    memset(w->sum, 0, w->D * sizeof *w->sum);
    for (uint32_t i = 0; i < w->size; i++) {
        uint32_t other = i + random_below(seed, w->alive - i), latent = w->pick[other];
        w->pick[other] = w->pick[i];
        w->pick[i] = latent;
        for (size_t d = 0; d < w->D; d++) w->sum[d] += (double)w->contribution[(size_t)latent * w->D + d];
    }
    size_t n = 0;
    for (size_t d = 0; d < w->D; d++)
        if (!isnan(w->change[d])) {
            w->x[n] = w->sum[d];
            w->y[n++] = w->change[d];
        }
    return n;
}

uint32_t scry_random_rhos(const scry_index *index, scry_score score, const double *change, uint32_t size, uint32_t sets,
                          uint64_t seed, const scry_stop *stop, double *pearson, double *spearman) {
    const scry_info *info = scry_about(index);
    drawing w = {.contribution = scry_contributions(index, score), .D = info->domains, .size = size, .change = change};
    /* Only the most shifted latents can be drawn from candidates: that is no random set. */
    if (!w.contribution || !size || info->candidates) return 0;
    w.pick = mem_new(info->d_sae, sizeof *w.pick);
    w.alive = scry_alive(index, w.pick);
    w.sum = mem_new(3 * w.D, sizeof *w.sum);
    w.x = w.sum + w.D;
    w.y = w.x + w.D;
    uint32_t drawn = 0;
    for (uint32_t k = 0; k < sets && size <= w.alive && !scry_stopped(stop); k++) {
        size_t n = draw_set(&w, &seed);
        double rho = scry_fit_line(w.x, w.y, n).pearson;
        if (isnan(rho)) continue;
        if (spearman) spearman[drawn] = scry_spearman(w.x, w.y, n);
        pearson[drawn++] = rho;
    }
    free(w.sum);
    free(w.pick);
    return drawn;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void scry_sort(double *values, size_t n) {
    qsort(values, n, sizeof *values, ascending);
}

double scry_quantile(const double *sorted, size_t n, double q) {
    if (!n) return NAN;
    double place = q * (double)(n - 1);
    size_t below = (size_t)place;
    if (below + 1 >= n) return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

void scry_mean_sd(const double *values, size_t n, double *mean, double *sd) {
    size_t used = 0;
    double sum = 0, square = 0;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) sum += values[i], used++;
    *mean = used ? sum / (double)used : NAN;
    for (size_t i = 0; i < n; i++)
        if (!isnan(values[i])) square += (values[i] - *mean) * (values[i] - *mean);
    *sd = used > 1 ? sqrt(square / (double)(used - 1)) : NAN;
}
