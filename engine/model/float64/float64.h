/* float64.h: the forward pass in double precision, the slow twin of pass.c: plain loops, products by BLAS.
 *
 * Weights are widened tile by tile. Norm weights and biases are those of the fast pass, so that Gemma's 1 + w is in
 * single precision, as are the angles of rotary positions (rope.h), though not their sines and cosines. A row's bits
 * depend on its own sequence alone: products are made for each sequence by itself. */
#ifndef SCRY_MODEL_FLOAT64_FLOAT64_H
#define SCRY_MODEL_FLOAT64_FLOAT64_H

#include "model/run.h"

/* What a thread needs. */
typedef struct float64_scratch {
    float *narrow;  /* [FLOAT64_TILE][longest row of a weight] as it is read, */
    double *wide;   /* and in double */
    double *scores; /* [FLOAT64_QUERIES][longest sequence] */
} float64_scratch;

enum {
    FLOAT64_TILE = 64,   /* rows of a weight at a time */
    FLOAT64_QUERIES = 64 /* tokens of a sequence whose attention is computed at a time */
};

/* Some whole sequences, without prefixes, on their way through the blocks. */
typedef struct float64_pass {
    scry_run *run;
    const scry_sequence *sequences;
    uint32_t count, rows;
    uint32_t *first; /* [count + 1] the first row of each sequence */
    size_t d, width; /* numbers of a row of x and h, and of w */
    double *x;       /* [rows][d] the stream */
    double *h;       /* [rows][d] what a product reads, or what it adds to the stream */
    double *w;       /* [rows][width] q, k and v; or gate and up of the MLP */
    double *angles[MODEL_ROPES];
    float64_scratch *scratch; /* [threads] */
} float64_pass;

/* y = x W' + bias, W one to three matrices one below the other. */
typedef struct float64_product {
    const weight_matrix *part[LINEAR_PARTS];
    int parts;
    const float *bias; /* [all rows of W], or NULL */
    const double *x;
    size_t x_lead;
    double *out;
    size_t out_lead;
    bool add;              /* out += y */
    const uint32_t *first; /* [groups + 1] rows first[g]..first[g + 1] are multiplied together */
    uint32_t groups;
} float64_product;
void float64_multiply(const float64_product *product, parallel *pool, float64_scratch *scratch);

/* to [d] = norm of from [d]; to may be from. */
void float64_norm_row(norm_kind kind, double eps, const norm_weights *weights, const double *from, uint32_t d,
                      double *to);
/* to [rows][d] = norm of from, and add += to where it is not NULL. to may be from. */
void float64_norm(const float64_pass *p, const norm_weights *weights, const double *from, double *to, double *add);
/* The MLP's hidden numbers in w: act(first half) times second half where it is gated, else act. */
void float64_activate(const float64_pass *p);
/* x = cap tanh(x / cap), n numbers. */
void float64_cap(double cap, double *x, size_t n);

/* Replaces q in w by the heads' outputs: norms and rotates q and k first. */
void float64_attention(const float64_pass *p, uint32_t layer);

/* Runs blocks from (layer, stage) up to block `end`; or up to the hook, whose numbers lie in *out, x or h. False and
 * err when cancelled. */
bool float64_blocks(const float64_pass *p, uint32_t layer, pass_stage stage, uint32_t end, scry_error *err);
bool float64_to_hook(const float64_pass *p, scry_hook hook, const double **out, scry_error *err);

#endif
