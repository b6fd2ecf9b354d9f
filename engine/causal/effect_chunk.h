/* causal/effect_chunk.h: effect columns of a run of samples, from labels to entries; effect_build.c takes chunk after
 * chunk of them. */
#ifndef SCRY_CAUSAL_EFFECT_CHUNK_H
#define SCRY_CAUSAL_EFFECT_CHUNK_H

#include "base/parallel.h"
#include "causal/causal.h"
#include "index/format/effect_columns.h"

/* Samples first..end of one domain, whose tokens are packed rows at..at + tokens. */
typedef struct effect_chunk {
    const scry_causal *causal;
    size_t domain, first, end, at, tokens, sets; /* sets: 1 + draws */
    bool *wanted;                                /* [tokens] the next token counts */
    uint32_t *labels;                            /* [sets][tokens] the next token, and those that were drawn */
    float *gradient;                             /* [sets][tokens][d] */
    uint32_t *sample_of;                         /* [tokens] number among all samples */
} effect_chunk;

/* The largest number of samples from `first` on, of one domain, at least one, that have no more than `most` tokens. */
void effect_chunk_new(effect_chunk *k, const scry_causal *causal, size_t first, size_t most, size_t sets);
void effect_chunk_free(effect_chunk *k);
/* Runs the model on from the hook and draws labels 1.. from its predictions, by a stream of random numbers of each
 * sample and token: they depend on nothing else. False and err when the run fails or is cancelled. */
bool effect_chunk_draw(effect_chunk *k, uint64_t seed, scry_error *err);
/* Fills in the gradients of the labels. */
bool effect_chunk_differentiate(effect_chunk *k, scry_error *err);

/* Entries with their values, as an effect_part points to them. */
typedef struct effect_entries {
    effect_entry *entry;
    float *value; /* [count][sets] */
    size_t count, room;
} effect_entries;
/* Appends the entries of all latents, by row. Those whose values are all 0 are left out. */
void effect_chunk_collect(const effect_chunk *k, parallel *pool, effect_entries *out);
void effect_entries_free(effect_entries *e);

#endif
