/* rank/overlap.c: the overlap of two rankings, and the concentration of each. */
#include "analysis.h"
#include "base/mem.h"

#include <stdlib.h>

scry_overlap_point *scry_overlap(const scry_ranking *a, const scry_ranking *b, uint32_t top, size_t *count) {
    uint32_t F = a->latents, both = 0, at = 0;
    uint32_t *grid = scry_sweep_grid(top < F ? top : F, count);
    scry_overlap_point *points = mem_new(*count, sizeof *points);
    for (size_t i = 0; i < *count; i++) {
        /* One more rank of each: counts a's new latent where b has it already or now, b's where a has it already. */
        for (; at < grid[i]; at++) {
            both += b->rank[a->order[at]] <= at;
            both += a->rank[b->order[at]] < at;
        }
        points[i] = (scry_overlap_point){.n = at,
                                         .overlap = both,
                                         .expected = (double)at * at / F,
                                         .share_a = scry_cumulative(a, at - 1),
                                         .share_b = scry_cumulative(b, at - 1)};
    }
    free(grid);
    return points;
}
