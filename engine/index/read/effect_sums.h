/* effect_sums.h: the estimate of removing a set of latents, updated latent by latent (index/format/effect_columns.h).
 *
 * The sums S_m[s] are kept as whole numbers, and with them each domain's sum of S_0 and of the draws' squares, so that
 * a latent that is added and removed again leaves the same bits, in any order. One thread at a time. */
#ifndef SCRY_INDEX_READ_EFFECT_SUMS_H
#define SCRY_INDEX_READ_EFFECT_SUMS_H

#include "index/format/effect_columns.h"

typedef struct effect_sums {
    const effect_columns *c;
    uint64_t *part;           /* [N][draws + 1] S_m[s], two's complement */
    uint32_t *domain;         /* [N] */
    effect_wide *sum;         /* [D][2] of S_0, of the squares */
    double scale, part_scale; /* 2^exponent, and its inverse */
    bool bulk;                /* the domains' sums wait for effect_sums_end_bulk */
} effect_sums;

/* Sums of the empty set. Borrows the columns. */
effect_sums *effect_sums_new(const effect_columns *columns);
void effect_sums_free(effect_sums *s); /* accepts NULL */
void effect_sums_clear(effect_sums *s);
/* Adds the latent of a row of the tables, or removes it (the caller keeps track). */
void effect_sums_put(effect_sums *s, uint32_t row, bool in);
/* In bulk mode squares are taken once, at its end. */
void effect_sums_begin_bulk(effect_sums *s);
void effect_sums_end_bulk(effect_sums *s);
/* The domain's estimate in nats a token; 0 of a domain without samples. */
double effect_sums_value(const effect_sums *s, size_t domain);
/* The same without the squares. */
double effect_sums_linear(const effect_sums *s, size_t domain);
/* Adds to change [D] what effect_sums_put would add to each domain's value. */
void effect_sums_toggle(const effect_sums *s, uint32_t row, bool in, double *change);
/* A sample's estimate in nats, of all its tokens together. */
double effect_sums_sample(const effect_sums *s, uint32_t sample);

#endif
