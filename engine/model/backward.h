/* backward.h: from the logits back to the stream, block by block, for some sets of gradients at once. */
#ifndef SCRY_MODEL_BACKWARD_H
#define SCRY_MODEL_BACKWARD_H

#include "model/run.h"

/* Rows of sets that go through a product together: enough that widening weights costs little. */
enum { BACKWARD_ROWS = 768 };

typedef struct backward {
    pass *p;
    const bool *wanted;     /* [rows of the batch]; NULL: all */
    const uint32_t *labels; /* of set m and row r: labels[m * labels_step + r] */
    size_t labels_step;
    uint32_t sets;
    uint32_t first; /* block that has a checkpoint */
    float **pre;    /* [layers - first]: the stream before each block [rows][d] */
    float **mid;    /* the same before its MLP; NULL where attention and MLP read the same stream */

    float *grad;  /* [sets][rows][run->lead] at the stream */
    float *heads; /* [sets][rows][heads_lead] at the heads' outputs, then at q, k and v */
    size_t heads_lead;
    float *hidden; /* [BACKWARD_ROWS][hidden_lead] at gate and up, some rows of sets at a time */
    float *h;      /* [BACKWARD_ROWS][run->lead] at what a norm gives, or at what it is given */
    float *slopes; /* [rows][hidden_lead] what gradients at the MLP's hidden numbers are multiplied by */
    size_t hidden_lead;
    float *raw, *q;    /* [rows][heads_lead] q and k before their norms; q while attention runs; or NULL */
    float *added;      /* [rows][run->lead] what attention or MLP add before their norm, or NULL */
    float **attention; /* [threads], scratch */
    uint32_t longest;  /* sequence */
} backward;

/* Bytes that a batch of `rows` rows needs in addition to those of the forward pass. */
uint64_t backward_bytes(const scry_run *run, uint64_t rows, uint64_t longest, uint64_t sets, uint32_t blocks);
/* Allocates for the pass. Release with backward_free. */
void backward_reserve(backward *b, uint32_t first, uint32_t longest);
void backward_free(backward *b);

/* grad = the gradients at the stream behind the last block, which run->x holds. */
bool backward_logits(const backward *b, scry_error *err);
/* Takes grad from behind block `layer` back to before it, or with STAGE_MID to before its MLP, by its checkpoints. */
bool backward_block(const backward *b, uint32_t layer, pass_stage stage, scry_error *err);

#endif
