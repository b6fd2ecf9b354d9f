/* rank/ranking.c: latents ranked by how far post-training, or a demonstration, moves them. */
#include "base/mem.h"
#include "base/sort.h"
#include "index/read/index.h"
#include "scry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

scry_ranking *scry_rank(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                        scry_error *err) {
    if (!scry_require_source(index, train, source, err)) return NULL;
    const double *shift = scry_shift(index, train, source, metric);
    if (!shift && source == SCRY_BASE) {
        scry_misuse(err, "metric \"%s\" compares two conditions; of base alone there is %s", scry_metric_name(metric),
                    scry_base_metric_choices((char[SCRY_CHOICES]){""}, ""));
        return NULL;
    }
    if (!shift) {
        scry_misuse(err, "no metric \"%s\" in this index, which is older; index the study again",
                    scry_metric_name(metric));
        return NULL;
    }
    scry_ranking *r = scry_rank_values(shift, scry_index_info(index)->d_sae);
    r->train = train;
    r->source = source;
    r->metric = metric;
    r->against = index->info.against;
    container_drop_pages(&index->file, shift, (uint64_t)r->latents * sizeof *shift);
    return r;
}

scry_ranking *scry_rank_for_overlap(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                                    scry_error *err) {
    bool tuned = source == SCRY_SFT || source == SCRY_RL;
    return scry_rank(tuned ? index->views[SCRY_AGAINST_BASE] : index, train, source, metric, err);
}

scry_ranking *scry_rank_values(const double *shift, uint32_t F) {
    scry_ranking *r = mem_new(1, sizeof *r);
    *r = (scry_ranking){.latents = F, .shift = shift};
    r->order = mem_new(F, sizeof *r->order);
    r->rank = mem_new(F, sizeof *r->rank);
    argsort_by_size(shift, F, r->order);
    for (uint32_t i = 0; i < F; i++) {
        r->rank[r->order[i]] = i;
        r->total += fabs(shift[i]);
    }
    return r;
}

/* Sums no further than was asked for: mostly the top of a long ranking is shown. */
double scry_cumulative(const scry_ranking *ranking, uint32_t rank) {
    scry_ranking *r = (scry_ranking *)(uintptr_t)ranking; /* made by scry_rank, never a constant */
    if (!r->cumulative) r->cumulative = mem_new(r->latents, sizeof *r->cumulative);
    double sum = r->summed ? r->cumulative[r->summed - 1] : 0;
    for (; r->summed <= rank; r->summed++) {
        sum += fabs(r->shift[r->order[r->summed]]);
        r->cumulative[r->summed] = sum;
    }
    if (!(r->total > 0)) return 0;
    /* total was summed in another order: its rounding must not show */
    return rank + 1 == r->latents || r->cumulative[rank] > r->total ? 1 : r->cumulative[rank] / r->total;
}

void scry_ranking_free(scry_ranking *r) {
    if (!r) return;
    free(r->order);
    free(r->rank);
    free(r->cumulative);
    free(r);
}
