/* evaluate/likelihood.h: the likelihood of token sequences under a model, and how often the model's most likely token
 * is the next one. */
#ifndef SCRY_EVALUATE_LIKELIHOOD_H
#define SCRY_EVALUATE_LIKELIHOOD_H

#include "model.h"

/* A sequence whose tokens from..to count, each given all before it. 0 < from < to. */
typedef struct scored_sequence {
    const uint32_t *ids; /* [to] borrowed */
    size_t from, to;
    double log_probability; /* out: sum of ln p over the counted tokens */
    uint64_t hits;          /* out: how many of them are the model's most likely token */
} scored_sequence;

/* Sequences that begin alike, such as a question and its options: what they share is run once. */
typedef struct sequence_group {
    scored_sequence *sequences;
    size_t count;
} sequence_group;

/* Tokens that a group is run on, at most. */
size_t likelihood_tokens(const sequence_group *group);

/* Runs groups[0..count) and fills in what they score. Groups are packed together up to scry_run_batch tokens. report
 * (may be NULL): called with the number of tokens that were run since the last call; false cancels. False and err for
 * what the model refuses, or when cancelled. */
bool likelihood_run(scry_run *run, uint32_t vocabulary, const sequence_group *groups, size_t count,
                    bool (*report)(void *context, size_t tokens), void *context, scry_error *err);
/* The stream at a hook that sequences go on from: writes x [their tokens][d], packed, for sequences without a prefix.
 * False and err when it cannot. */
typedef struct likelihood_stream {
    scry_hook hook;
    size_t d;
    bool (*fill)(void *context, const scry_sequence *sequences, size_t count, float *x, scry_error *err);
    void *context;
} likelihood_stream;
/* likelihood_run from the hook on; sequences share nothing then but what is the same from beginning to end. */
bool likelihood_run_on(scry_run *run, uint32_t vocabulary, const sequence_group *groups, size_t count,
                       const likelihood_stream *from, bool (*report)(void *context, size_t tokens), void *context,
                       scry_error *err);

#endif
