/* analysis/sweep.c: rho against N and against bands of ranks, and the overlap of two rankings by N. */
#include "analysis.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

uint32_t *scry_sweep_grid(uint32_t top, size_t *count) {
    size_t room = 0;
    uint32_t *grid = NULL;
    *count = 0;
    uint64_t step = 1, until = 10;
    for (uint64_t n = 1; n < top; n += step) {
        if (*count == room) grid = mem_resize(grid, room = room ? room * 2 : 64, sizeof *grid);
        grid[(*count)++] = (uint32_t)n;
        if (n == until) {
            step = until / 2;
            until *= 10;
        }
    }
    grid = mem_resize(grid, *count + 1, sizeof *grid);
    if (top) grid[(*count)++] = top;
    return grid;
}

typedef struct sweep {
    const scry_index *index;
    const scry_ranking *ranking;
    const scry_scope *scope;
    scry_scorer *scorer;
    double *x, *y; /* [D] */
} sweep;

static void sweep_begin(sweep *s, const scry_index *index, const scry_ranking *ranking, scry_score score,
                        const scry_scope *scope) {
    *s = (sweep){index, ranking, scope, scry_scorer_new(index, score), NULL, NULL};
    s->x = mem_new(2 * scope->domains, sizeof *s->x);
    s->y = s->x + scope->domains;
}

static void sweep_end(sweep *s) {
    scry_scorer_free(s->scorer);
    free(s->x);
}

static void put_ranks(sweep *s, uint32_t from, uint32_t to, bool in) {
    for (uint32_t rank = from; rank < to; rank++) scry_scorer_put(s->scorer, s->ranking->order[rank], in);
}

/* The point of the scorer's current set, which is ranks from..to, counted from 0. */
static scry_sweep_point point(const sweep *s, uint32_t from, uint32_t to) {
    size_t n = 0;
    for (size_t d = 0; d < s->scope->domains; d++) {
        double sts = scry_scorer_value(s->scorer, d);
        if (!s->scope->use[d] || isnan(sts)) continue;
        s->x[n] = sts;
        s->y[n++] = scry_scope_change(s->scope, s->index, d);
    }
    double before = from ? scry_cumulative(s->ranking, from - 1) : 0;
    return (scry_sweep_point){.from = from + 1,
                              .to = to,
                              .share = scry_cumulative(s->ranking, to - 1) - before,
                              .fit = scry_fit_line(s->x, s->y, n),
                              .spearman = scry_spearman(s->x, s->y, n),
                              .p_value = scry_permutation_p(s->x, s->y, n, SCRY_PERMUTATIONS, SCRY_SEED)};
}

scry_sweep_point *scry_sweep_n(const scry_index *index, const scry_ranking *ranking, scry_score score,
                               const scry_scope *scope, uint32_t top, const scry_cancel *cancel, size_t *count) {
    sweep s;
    sweep_begin(&s, index, ranking, score, scope);
    uint32_t *grid = scry_sweep_grid(scry_clip_top(index, top), count), at = 0;
    scry_sweep_point *points = mem_new(*count, sizeof *points);
    bool cancelled = false;
    for (size_t i = 0; i < *count && !(cancelled = scry_cancelled(cancel)); i++) {
        put_ranks(&s, at, grid[i], true);
        at = grid[i];
        points[i] = point(&s, 0, at);
    }
    free(grid);
    sweep_end(&s);
    if (!cancelled) return points;
    free(points);
    return NULL;
}

scry_sweep_point *scry_sweep_bands(const scry_index *index, const scry_ranking *ranking, scry_score score,
                                   const scry_scope *scope, uint32_t top, uint32_t width, const scry_cancel *cancel,
                                   size_t *count) {
    sweep s;
    sweep_begin(&s, index, ranking, score, scope);
    top = scry_clip_top(index, top);
    *count = ((size_t)top + width - 1) / width;
    scry_sweep_point *points = mem_new(*count, sizeof *points);
    bool cancelled = false;
    for (size_t i = 0; i < *count && !(cancelled = scry_cancelled(cancel)); i++) {
        uint32_t from = (uint32_t)i * width, to = top - from < width ? top : from + width;
        put_ranks(&s, from, to, true);
        points[i] = point(&s, from, to);
        put_ranks(&s, from, to, false);
    }
    sweep_end(&s);
    if (!cancelled) return points;
    free(points);
    return NULL;
}

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
