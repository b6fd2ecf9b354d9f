/* train/pre_act.c: the pre-activation loss of dead jumprelu latents: moves their pre-activations, their thresholds and,
 * where decoder rows may grow, |W_dec_j|.
 *
 * A dead latent is below its threshold t_j on nearly every token, so the tokens above are summed apart and the rest
 * follows from the batch's sum of x - b_dec, without a pre-activation kept:
 *     sum_t max(0, t_j - pre_tj) = B (t_j - b_enc_j) - W_enc_j . sum_t (x_t - b_dec) + sum of (pre - t_j) above */
#include "train/step.h"

enum { DEAD_BLOCK = 256 };

void pre_act_mark(train_step *s) {
    for (uint32_t j = 0; j < s->model->F; j++) s->is_dead[j] = 0;
    for (uint32_t i = 0; i < s->dead_count; i++) s->is_dead[s->dead[i]] = 1;
}

static void sum_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    train_step *s = context;
    const uint32_t d = s->model->d, from = (uint32_t)piece * DEAD_BLOCK;
    for (uint32_t i = from; i < s->dead_count && i < from + DEAD_BLOCK; i++) {
        const uint32_t j = s->dead[i];
        const real *row = s->model->W_enc + (size_t)j * d;
        double sum = 0;
        for (uint32_t k = 0; k < d; k++) sum += (double)row[k] * s->x_sum[k];
        s->under[j] = s->B * ((double)s->threshold[j] - (double)s->model->b_enc[j]) - sum;
    }
}

double pre_act_loss(train_step *s) {
    double sum = 0;
    parallel_for(s->pool, (s->dead_count + DEAD_BLOCK - 1) / DEAD_BLOCK, sum_block, s);
    for (uint32_t i = 0; i < s->dead_count; i++) sum += (double)s->norm[s->dead[i]] * s->under[s->dead[i]];
    for (uint32_t p = 0; p < s->tiles; p++) sum += s->part[p].over;
    return sum / s->B;
}

void pre_act_slopes(const train_step *s, uint32_t j, real *d_enc, real *d_bias, real *d_threshold, real *d_norm) {
    const uint32_t d = s->model->d;
    const real weight = s->rules.pre_act_weight / (real)s->B, slope = weight * s->norm[j];
    double under = s->under[j];
    uint32_t count = s->B;
    for (uint32_t k = 0; k < d; k++) d_enc[k] -= (real)((double)slope * s->x_sum[k]);
    for (size_t i = s->by_latent.first[j]; i < s->by_latent.first[j + 1]; i++) {
        real apart = s->by_latent.pre[i] - s->threshold[j];
        if (!(apart > 0)) continue;
        row_add(d_enc, s->X + (size_t)s->by_latent.token[i] * d, slope, d);
        under += (double)apart;
        count--;
    }
    *d_bias -= slope * (real)count;
    *d_threshold += slope * (real)count;
    *d_norm += weight * (real)under;
}
