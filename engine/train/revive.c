/* train/revive.c: latents that no longer fire. */
#include "train/trainer.h"
#include "base/mem.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void revive_new(revive *r, uint32_t F, uint64_t dead_after) {
    *r = (revive){.F = F, .silent = mem_new(F, sizeof *r->silent), .dead_after = dead_after};
}

void revive_free(revive *r) {
    free(r->silent);
    *r = (revive){0};
}

void revive_count(revive *r, const train_step *s) {
    r->dead = 0;
    for (uint32_t j = 0; j < r->F; j++) {
        r->silent[j] = s->fired[j] ? 0 : r->silent[j] + s->B;
        r->dead += r->silent[j] >= r->dead_after;
    }
}

void revive_list(const revive *r, train_step *s) {
    s->dead_count = 0;
    for (uint32_t j = 0; j < r->F; j++)
        if (r->silent[j] >= r->dead_after) s->dead[s->dead_count++] = j;
}

static double mean_live_norm(const revive *r, const sae_parameters *m) {
    double sum = 0;
    uint32_t count = 0;
    for (uint32_t j = 0; j < r->F; j++) {
        if (r->silent[j] >= r->dead_after) continue;
        const real *row = m->W_enc + (size_t)j * m->d;
        sum += sqrt((double)row_dot(row, row, m->d));
        count++;
    }
    return count ? sum / count : 1;
}

/* [B] running sums of the squared losses. */
static double *loss_sums(const train_step *s) {
    double *sum = mem_new(s->B, sizeof *sum), all = 0;
    for (uint32_t t = 0; t < s->B; t++) {
        const real *e = s->E + (size_t)t * s->model->d;
        double loss = (double)row_dot(e, e, s->model->d);
        sum[t] = all += loss * loss;
    }
    return sum;
}

static uint32_t draw(const double *sum, uint32_t n, uint64_t *state) {
    double at = (double)(random_next(state) >> 11) * 0x1p-53 * sum[n - 1];
    uint32_t low = 0, high = n - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (sum[middle] > at) high = middle;
        else low = middle + 1;
    }
    return low;
}

static void forget(train_adam *adam, size_t from, size_t count) {
    memset(adam->m + from, 0, count * sizeof *adam->m);
    memset(adam->v + from, 0, count * sizeof *adam->v);
}

uint32_t revive_resample(revive *r, const train_step *s, sae_parameters *m, train_adam *adam, real decoder_norm,
                         real threshold, uint64_t seed) {
    if (!r->dead) return 0;
    const uint32_t d = m->d;
    double *sum = loss_sums(s), length = 0.2 * mean_live_norm(r, m);
    uint64_t state = seed;
    uint32_t made = 0;
    for (uint32_t j = 0; j < r->F; j++) {
        if (r->silent[j] < r->dead_after) continue;
        const real *x = s->X + (size_t)draw(sum, s->B, &state) * d;
        double norm = sqrt((double)row_dot(x, x, d));
        if (!(norm > 0)) continue;
        size_t at = (size_t)j * d;
        for (uint32_t i = 0; i < d; i++) {
            m->W_dec[at + i] = (real)((double)x[i] / norm * (double)decoder_norm);
            m->W_enc[at + i] = (real)((double)x[i] / norm * length);
        }
        m->b_enc[j] = 0;
        forget(adam, at, d);
        forget(adam, (size_t)(m->W_enc - m->all) + at, d);
        forget(adam, (size_t)(m->b_enc - m->all) + j, 1);
        if (m->has_threshold) {
            m->log_threshold[j] = (real)log((double)threshold);
            forget(adam, (size_t)(m->log_threshold - m->all) + j, 1);
        }
        r->silent[j] = 0;
        made++;
    }
    r->dead -= made;
    free(sum);
    return made;
}
