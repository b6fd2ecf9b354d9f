/* rankings.h: the rankings of one training set that were asked for, kept as long as there is room: a million latents
 * take a frame to rank, and people go back and forth between sources. For the engine's own files. */
#ifndef SCRY_RANKINGS_H
#define SCRY_RANKINGS_H

#include "scry.h"

enum { RANKINGS_MOST = SCRY_CONDITIONS * SCRY_METRICS };

typedef struct rankings {
    const scry_index *index; /* borrowed */
    size_t train;
    scry_ranking *kept[RANKINGS_MOST]; /* owned; by source and metric, NULL where there is none */
    uint64_t used[RANKINGS_MOST];      /* when it was last asked for */
    uint64_t clock;
} rankings;

/* NULL and err when there is no such source. May let go of others, but not of `a` and `b` (may be NULL). */
const scry_ranking *rankings_get(rankings *k, scry_condition source, scry_metric metric, const scry_ranking *a,
                                 const scry_ranking *b, scry_error *err);
bool rankings_has(const rankings *k, scry_condition source, scry_metric metric);
void rankings_free(rankings *k);

#endif
