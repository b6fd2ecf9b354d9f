/* train/step.h: one step's loss and gradients.
 *
 * A batch of B residuals X[B][d] is encoded tile by tile: one matrix multiplication, of which only the
 * entries that matter are kept while the tile lies in the cache. Everything behind the encoder works on
 * these entries alone: rows of W_dec are gathered to decode, and the gradients of a latent's two rows are
 * gathered from the tokens on which it fires. Tiles and latents are independent pieces of work and sums
 * over them are taken in order, so results do not depend on the number of threads. */
#ifndef SCRY_TRAIN_STEP_H
#define SCRY_TRAIN_STEP_H

#include "train/parameters.h"

enum { LATENT_BLOCK = 64 };

/* What the loss is. Gradients treat decoder rows of unit norm as such: what is parallel to a row is taken
 * from its gradient (and the norm in a penalty is 1). */
typedef struct step_rules {
    scry_arch arch;
    uint32_t k, auxk;
    scry_penalty penalty;
    bool unit_decoder;
    real sparsity;                                           /* w, of this step */
    real bandwidth, tanh_scale, auxk_weight, pre_act_weight; /* the last two: 0 where there is no such loss */
    real threshold; /* batchtopk: above 0, entries above it are active instead of the batch's largest */
    bool measure;   /* also the variance of the batch */
} step_rules;

/* A pre-activation that takes part. All are active but jumprelu's at or below the threshold, which are
 * there when they are within its bandwidth. */
typedef struct step_entry {
    uint32_t latent;
    real pre;
} step_entry;

/* The entries of a tile's tokens, by token, latents ascending. */
typedef struct step_entries {
    step_entry *item;
    uint32_t *start; /* [tile + 1] */
    size_t room;
} step_entries;

/* Entries by latent (the transpose of step_entries): those of latent j are at first[j] .. first[j + 1], tokens
 * ascending. */
typedef struct step_transposed {
    size_t *first; /* [F + 1] */
    size_t *next;  /* [F] while it is filled */
    uint32_t *token;
    real *pre;
    size_t room;
} step_transposed;

typedef struct step_tile {
    step_entries main, aux;
    double square;              /* sum of e^2 */
    double penalty, aux_square; /* sum over tokens of the penalty without w; of AuxK's error squared */
    double active;
    double over;           /* dead latents above their thresholds: sum of |W_dec_j| (pre - t_j), for pre_act.c */
    double x_square;       /* with rules.measure */
    double *e_sum, *x_sum; /* [d] */
} step_tile;

/* What a thread works in. */
typedef struct step_room {
    real *pre;          /* [tile][F] */
    real *scratch;      /* [2 F]: for the selection */
    real *G, *H;        /* [LATENT_BLOCK][B] */
    uint32_t *selected; /* [F] */
} step_room;

typedef struct train_step {
    step_rules rules;
    const sae_parameters *model;
    parallel *pool;
    uint32_t B, tile, tiles;
    real *X;         /* [B][d] residuals as given; after step_forward less b_dec */
    real *E;         /* [B][d] e = x^ - x */
    real *A;         /* [B][d] AuxK's error: what the dead latents make of -e, plus e */
    step_room *room; /* [threads] */
    step_tile *part; /* [tiles] */
    real *norm;      /* [F] |W_dec_j|; 1 with a unit decoder */
    real *threshold; /* [F] exp(log_threshold), or 0 */
    real *floor;     /* [F] jumprelu: the threshold less half the bandwidth */
    uint32_t *dead;  /* [dead_count] latents, ascending: set by the caller before step_forward */
    uint32_t dead_count;
    uint8_t *is_dead; /* [F], and [F] sums over the batch of max(0, t_j - pre) but for tokens above; for pre_act.c */
    double *under;
    real cut_estimate; /* batchtopk: meant to lie below the value at which the batch is cut */
    step_transposed by_latent, aux_by_latent;
    double *row_square; /* [F + 1]: squared gradient of each latent's numbers; last b_dec's */
    real *b_dec_part;   /* [blocks][d] */
    uint32_t *fired;    /* [F] tokens of this batch on which the latent is active */
    /* what a step gives: means over the batch */
    double loss, mse, penalty, aux_loss, l0; /* penalty without w; aux_loss: A^2 by the variance of e */
    double pre_act_loss;                     /* without its weight */
    double variance;                         /* E |x - E x|^2, NaN without rules.measure */
    real cut;                                /* batchtopk: smallest value that is active */
    double aux_scale;                        /* derivative of the loss by A */
    double *e_sum, *x_sum;                   /* [d] over the batch */
} train_step;

void step_new(train_step *s, const sae_parameters *model, parallel *pool, uint32_t batch, const step_rules *rules);
void step_free(train_step *s);
/* Memory that step_new will take, in bytes, without entries. */
uint64_t step_bytes(uint32_t d, uint32_t F, uint32_t batch, unsigned threads);

/* To be called when the model's decoder or thresholds have changed. */
void step_refresh(train_step *s);
/* From X to the loss, and what the gradients need. */
void step_forward(train_step *s);
/* The gradients into grad, which is overwritten, and row_square. */
void step_backward(train_step *s, sae_parameters *grad);

/* Pieces of the two: the entries of every tile; E, A and their sums. */
void step_encode(train_step *s);
void step_decode(train_step *s);
/* Blocks of LATENT_BLOCK latents. */
static inline uint32_t step_blocks(uint32_t F) {
    return (F + LATENT_BLOCK - 1) / LATENT_BLOCK;
}
/* Tokens in a tile: the last may have fewer. */
static inline uint32_t step_tokens(const train_step *s, size_t tile) {
    uint32_t from = (uint32_t)tile * s->tile;
    return s->B - from < s->tile ? s->B - from : s->tile;
}
static inline bool step_has_aux(const train_step *s) {
    return s->dead_count && s->rules.auxk_weight > 0;
}
static inline bool step_has_pre_act(const train_step *s) {
    return s->dead_count && s->model->has_threshold && s->rules.pre_act_weight > 0;
}
static inline bool step_active(const train_step *s, step_entry e) {
    return !s->model->has_threshold || e.pre > s->threshold[e.latent];
}

/* The pre-activation loss of dead jumprelu latents, mean over tokens of
 *     sum over dead j of max(0, t_j - pre_j) |W_dec_j|
 * (Anthropic, "Circuits Updates, January 2025"; as in SAELens, of latents that are dead). */

/* Set is_dead from the list of dead latents, before the tiles are decoded. */
void pre_act_mark(train_step *s);
/* The loss without its weight, once x_sum and each tile's `over` are known. */
double pre_act_loss(train_step *s);
/* Add the weighted loss's derivatives with respect to W_enc_j [d], b_enc_j, t_j and |W_dec_j| of dead latent j. That of
 * b_dec follows from b_enc_j's, as for all latents. */
void pre_act_slopes(const train_step *s, uint32_t j, real *d_enc, real *d_bias, real *d_threshold, real *d_norm);

#endif
