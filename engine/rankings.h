/* rankings.h: the rankings of an index that were asked for, kept as long as there is room: a million latents
 * take a frame to rank, and people go back and forth between sources. For the engine's own files. */
#ifndef SCRY_RANKINGS_H
#define SCRY_RANKINGS_H

#include "scry.h"

typedef struct rankings {
    const scry_index *index;   /* borrowed */
    struct kept_ranking *kept; /* owned; by training set, source and metric */
    uint64_t clock;
} rankings;

/* NULL and err when there is no such source. May let go of others, but not of `a` and `b` (may be NULL). */
const scry_ranking *rankings_get(rankings *k, size_t train, scry_condition source, scry_metric metric,
                                 const scry_ranking *a, const scry_ranking *b, scry_error *err);
bool rankings_has(const rankings *k, size_t train, scry_condition source, scry_metric metric);
void rankings_free(rankings *k);

#endif
