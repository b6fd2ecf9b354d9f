/* run.h: a run's buffers, and the pass over the blocks of a model. */
#ifndef SCRY_MODEL_RUN_H
#define SCRY_MODEL_RUN_H

#include "model/attention.h"
#include "model/linear.h"

struct scry_prefix {
    const scry_model *model;
    uint32_t layers; /* that have keys and values: a sequence can go on up to the attention of the last of them */
    bool to_logits;
    uint32_t length;
    key_values *layer; /* [layers], owned */
    uint64_t bytes;
};

struct scry_run {
    const scry_model *model;
    scry_run_options options;
    parallel *pool;
    const product_kernel *kernel;
    linear_scratch *linear;       /* [threads] */
    attention_scratch *attention; /* [threads] */
    size_t batch;                 /* rows that a batch has at most, unless a sequence is longer */
    uint64_t fixed;               /* bytes of what does not depend on the rows */

    uint32_t rows;        /* room in x, h and w */
    size_t lead, w_lead;  /* floats from one row to the next */
    float *x;             /* [rows][lead] the stream */
    float *h;             /* [rows][lead] what a product reads, or what it adds to the stream */
    float *w;             /* [rows][w_lead] q, k and v; or the MLP's hidden numbers */
    float *keys, *values; /* of one layer, for all sequences of the batch */
    size_t keys_room, values_room;
    float *angles[MODEL_ROPES];
    uint32_t positions; /* room in angles */
};

/* Where a pass begins or ends. A stage is done when the pass stands at it. */
typedef enum pass_stage {
    STAGE_PRE, /* before the block */
    STAGE_MID  /* before its MLP */
} pass_stage;

/* Some whole sequences on their way through the blocks. */
typedef struct pass {
    scry_run *run;
    const scry_sequence *sequences;
    uint32_t count, rows;
    span *spans; /* [count] */
    span_block *blocks;
    size_t block_count;
    bool grows;          /* a text that grows: few rows may be multiplied in another order */
    scry_prefix *making; /* the sequence's keys and values go there; NULL: to the run's buffers */
} pass;

/* What a call does with the logits of its rows (forward.c): of those that are wanted, first_row being the number of the
 * pass's first row among all. */
bool pass_logits(const pass *p, size_t first_row, const bool *wanted, scry_logits_sink sink, void *context,
                 scry_error *err);
/* Bytes that `rows` rows need, of sequences that begin at most `sequences` times and see `positions` positions. */
uint64_t run_bytes(const scry_run *run, uint64_t rows, uint64_t sequences, uint64_t positions);

/* Prepares the buffers for the sequences; `making` as in pass, with `before` tokens in it. False and err where memory
 * or context do not suffice, or for ids outside the vocabulary. The caller calls pass_end either way. */
bool pass_begin(pass *p, scry_run *run, const scry_sequence *sequences, uint32_t count, scry_prefix *making,
                uint32_t before, scry_error *err);
void pass_end(pass *p);
/* Writes the embeddings to run->x. */
void pass_embed(const pass *p);
/* Where a pass begins that is given the stream at `from` (NULL: at the embeddings). False and err for a hook that the
 * model lacks or that is not the stream. */
bool pass_start(const scry_model *m, const scry_hook *from, uint32_t *layer, pass_stage *stage, scry_error *err);
/* Copies x [rows][d] to run->x. */
void pass_load(const pass *p, const float *x);
/* Runs blocks from (layer, stage) up to the hook, whose numbers go to out [rows][d]. */
bool pass_to_hook(const pass *p, uint32_t layer, pass_stage stage, scry_hook hook, float *out, scry_error *err);
/* Runs blocks from (layer, stage) up to block `end`. */
bool pass_blocks(const pass *p, uint32_t layer, pass_stage stage, uint32_t end, scry_error *err);
/* Keys and values of the block from run->x, which stays as it is. */
bool pass_keys(const pass *p, uint32_t layer, scry_error *err);

/* The parts of a block, for a pass that goes through it otherwise. */

/* False and err where the run is cancelled. */
bool pass_go_on(const pass *p, scry_error *err);
/* to = norm of from, and add += to where it is not NULL; [rows][run->lead]. to may be from. */
void pass_norm(const pass *p, const norm_weights *n, const float *from, float *to, float *add);
/* The product for all rows of the batch. */
void pass_multiply(const pass *p, linear *l);
/* q, k and v of run->x to run->w, as the product gives them. */
void pass_project(const pass *p, uint32_t layer);
/* The block's attention in run->w. */
attention pass_attention(const pass *p, uint32_t layer);

/* Checks what a call is given; `layers` and logits: how far its prefixes must reach. */
bool run_check(const scry_run *run, const scry_sequence *sequences, size_t count, uint32_t layers, bool to_logits,
               scry_error *err);
/* The number of sequences from `first` on that go together: as many as fit `batch` rows, at least one. */
size_t run_group(size_t batch, const scry_sequence *sequences, size_t count, size_t first);
/* Floats from one row to the next: some more than `floats` where rows would fall into the same sets of the cache. */
size_t run_padded(size_t floats);

#endif
