/* train/step_encode.c: residuals to the entries that take part in the loss. */
#include "train/step.h"
#include "base/mem.h"
#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

SELECT_NTH_LARGEST(nth_largest, real)

/* The largest of each of `groups` groups: numbers that are equal modulo groups. */
CPU_DISPATCH static void group_maxima(const real *row, uint32_t n, uint32_t groups, real *most) {
    for (uint32_t g = 0; g < groups; g++) most[g] = row[g];
    uint32_t from = groups;
    for (; from + groups <= n; from += groups)
        for (uint32_t g = 0; g < groups; g++) most[g] = row[from + g] > most[g] ? row[from + g] : most[g];
    for (uint32_t g = 0; from + g < n; g++) most[g] = row[from + g] > most[g] ? row[from + g] : most[g];
}

/* Sixteen at a time: where none is above, none is looked at alone. */
#define SELECT_ABOVE(bound_of)                                                                                         \
    uint32_t count = 0, j = 0;                                                                                         \
    for (; j + 16 <= n; j += 16) {                                                                                     \
        int any = 0;                                                                                                   \
        for (uint32_t l = 0; l < 16; l++) any |= row[j + l] > bound_of(j + l);                                         \
        if (!any) continue;                                                                                            \
        for (uint32_t l = 0; l < 16; l++) {                                                                            \
            out[count] = j + l;                                                                                        \
            count += row[j + l] > bound_of(j + l);                                                                     \
        }                                                                                                              \
    }                                                                                                                  \
    for (; j < n; j++) {                                                                                               \
        out[count] = j;                                                                                                \
        count += row[j] > bound_of(j);                                                                                 \
    }                                                                                                                  \
    return count;

/* The numbers, ascending, of what is above bound in row[n], or above its own bound; into out, which has room for
 * n + 16. Return how many. */
CPU_DISPATCH static uint32_t top_k_above(const real *row, uint32_t n, real bound, uint32_t *out){
#define ONE_BOUND(i) bound
    SELECT_ABOVE(ONE_BOUND)}

CPU_DISPATCH static uint32_t top_k_above_each(const real *row, uint32_t n, const real *bounds, uint32_t *out){
#define OWN_BOUND(i) bounds[i]
    SELECT_ABOVE(OWN_BOUND)}

CPU_DISPATCH static uint32_t count_above(const real *v, uint32_t n, real bound) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++) count += v[i] > bound;
    return count;
}

CPU_DISPATCH static real largest(const real *v, uint32_t n) {
    real most = v[0];
    for (uint32_t i = 1; i < n; i++) most = v[i] > most ? v[i] : most;
    return most;
}

enum { HALVINGS = 20 };

/* A bound, 0 or larger, above which are k to `enough` of v[n], found by halving: no branch that cannot be foreseen.
 * When it is not found so, one above which are k or more, or 0. */
static real bound_for(const real *v, uint32_t n, uint32_t k, uint32_t enough) {
    real low = 0, high = largest(v, n);
    for (int i = 0; i < HALVINGS && high > low; i++) {
        real middle = low + (high - low) / 2;
        uint32_t count = count_above(v, n, middle);
        if (count >= k) low = middle;
        else high = middle;
        if (count >= k && count <= enough) break;
    }
    return low;
}

/* Of the k largest group maxima each is one of the row, so the k largest of all are above a bound above which these
 * are. */
static real lower_bound(const real *row, uint32_t n, uint32_t k, real *spare) {
    uint32_t groups = (4 * k + 63) / 64 * 64;
    if (groups > n / 2) return 0;
    group_maxima(row, n, groups, spare);
    return bound_for(spare, groups, k, k + k / 8);
}

/* The k largest of row[n] that are above 0, ties to the lower number: their numbers, ascending, in out, which has room
 * for n + 16. spare has room for n numbers. Returns how many. */
static uint32_t top_k_select(const real *row, uint32_t n, uint32_t k, uint32_t *out, real *spare) {
    if (k == 0) return 0;
    uint32_t count = top_k_above(row, n, lower_bound(row, n, k, spare), out);
    if (count <= k) return count;
    for (uint32_t i = 0; i < count; i++) spare[i] = row[out[i]];
    real bound = bound_for(spare, count, k, k);
    uint32_t above = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t j = out[i];
        out[above] = j;
        above += row[j] > bound;
    }
    if (above == k) return k;
    /* equal ones at the cut: the lower numbers are kept */
    for (uint32_t i = 0; i < above; i++) spare[i] = row[out[i]];
    real cut = nth_largest(spare, above, k);
    uint32_t kept = 0, ties = k;
    for (uint32_t i = 0; i < above; i++) ties -= row[out[i]] > cut;
    for (uint32_t i = 0; i < above; i++) {
        bool tie = !(row[out[i]] > cut) && !(row[out[i]] < cut);
        if (row[out[i]] < cut || (tie && ties == 0)) continue;
        ties -= tie;
        out[kept++] = out[i];
    }
    return kept;
}

typedef struct tile_view {
    train_step *s;
    step_tile *tile;
    const step_room *room;
    uint32_t n;
    size_t used, aux_used;
} tile_view;

static void append(step_entries *to, size_t *used, const uint32_t *latent, const real *row, uint32_t count) {
    if (to->room - *used < count) {
        to->room = (*used + count) * 2 + 4096;
        to->item = mem_resize(to->item, to->room, sizeof *to->item);
    }
    for (uint32_t i = 0; i < count; i++) to->item[(*used)++] = (step_entry){latent[i], row[latent[i]]};
}

/* Of the dead latents the auxk largest that are above 0. */
static void append_aux(tile_view *v, const real *row) {
    const train_step *s = v->s;
    real *dead = v->room->scratch + s->model->F;
    for (uint32_t i = 0; i < s->dead_count; i++) dead[i] = row[s->dead[i]];
    uint32_t count = top_k_select(dead, s->dead_count, s->rules.auxk, v->room->selected, v->room->scratch);
    for (uint32_t i = 0; i < count; i++) v->room->selected[i] = s->dead[v->room->selected[i]];
    append(&v->tile->aux, &v->aux_used, v->room->selected, row, count);
}

static void append_main(tile_view *v, const real *row) {
    const train_step *s = v->s;
    const step_rules *rules = &s->rules;
    const uint32_t F = s->model->F;
    uint32_t count;
    if (rules->arch == SCRY_TOPK) count = top_k_select(row, F, rules->k, v->room->selected, v->room->scratch);
    else if (rules->arch == SCRY_JUMPRELU) count = top_k_above_each(row, F, s->floor, v->room->selected);
    else if (rules->arch == SCRY_BATCHTOPK)
        count = top_k_above(row, F, rules->threshold > 0 ? rules->threshold : s->cut_estimate, v->room->selected);
    else count = top_k_above(row, F, 0, v->room->selected);
    append(&v->tile->main, &v->used, v->room->selected, row, count);
}

static void encode_tile(void *context, size_t piece, unsigned worker) {
    train_step *s = context;
    const uint32_t d = s->model->d, F = s->model->F, from = (uint32_t)piece * s->tile;
    tile_view v = {.s = s, .tile = &s->part[piece], .room = &s->room[worker], .n = step_tokens(s, piece)};
    for (uint32_t t = 0; t < v.n; t++) memcpy(v.room->pre + (size_t)t * F, s->model->b_enc, F * sizeof *v.room->pre);
    REAL_GEMM(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)v.n, (blasint)F, (blasint)d, 1, s->X + (size_t)from * d,
              (blasint)d, s->model->W_enc, (blasint)d, 1, v.room->pre, (blasint)F);
    for (uint32_t t = 0; t < v.n; t++) {
        const real *row = v.room->pre + (size_t)t * F;
        v.tile->main.start[t] = (uint32_t)v.used;
        v.tile->aux.start[t] = (uint32_t)v.aux_used;
        append_main(&v, row);
        if (step_has_aux(s)) append_aux(&v, row);
    }
    v.tile->main.start[v.n] = (uint32_t)v.used;
    v.tile->aux.start[v.n] = (uint32_t)v.aux_used;
}

static void encode_all(train_step *s) {
    parallel_for(s->pool, s->tiles, encode_tile, s);
}

static size_t count_entries(const train_step *s) {
    size_t count = 0;
    for (uint32_t i = 0; i < s->tiles; i++) count += s->part[i].main.start[step_tokens(s, i)];
    return count;
}

typedef struct cutter {
    train_step *s;
    uint32_t *larger, *equal; /* [tiles]; equal: then how many of them are kept */
} cutter;

static void count_tile(void *context, size_t piece, unsigned worker) {
    (void)worker;
    cutter *c = context;
    const step_entries *e = &c->s->part[piece].main;
    uint32_t count = e->start[step_tokens(c->s, piece)];
    c->larger[piece] = c->equal[piece] = 0;
    for (uint32_t i = 0; i < count; i++) {
        c->larger[piece] += e->item[i].pre > c->s->cut;
        c->equal[piece] += !(e->item[i].pre > c->s->cut) && !(e->item[i].pre < c->s->cut);
    }
}

static void cut_tile(void *context, size_t piece, unsigned worker) {
    (void)worker;
    cutter *c = context;
    step_entries *e = &c->s->part[piece].main;
    uint32_t n = step_tokens(c->s, piece), kept = 0, ties = c->equal[piece];
    for (uint32_t t = 0; t < n; t++) {
        uint32_t from = e->start[t], end = e->start[t + 1];
        e->start[t] = kept;
        for (uint32_t i = from; i < end; i++) {
            bool tie = !(e->item[i].pre > c->s->cut) && !(e->item[i].pre < c->s->cut);
            if (e->item[i].pre < c->s->cut || (tie && ties == 0)) continue;
            ties -= tie;
            e->item[kept++] = e->item[i];
        }
    }
    e->start[n] = kept;
}

/* The value of the rank-th largest entry. */
static real find_cut(const train_step *s, uint32_t tiles, size_t count, uint32_t rank) {
    real *value = mem_resize(NULL, count, sizeof *value);
    size_t at = 0;
    for (uint32_t i = 0; i < tiles; i++) {
        const step_entries *e = &s->part[i].main;
        for (uint32_t k = 0; k < e->start[step_tokens(s, i)]; k++) value[at++] = e->item[k].pre;
    }
    real cut = nth_largest(value, (uint32_t)count, rank);
    free(value);
    return cut;
}

/* From the first tile, so that not every positive entry of the first batch has to be kept. */
static void estimate_cut(train_step *s) {
    encode_tile(s, 0, 0);
    uint32_t count = s->part[0].main.start[step_tokens(s, 0)];
    uint32_t rank = s->rules.k * step_tokens(s, 0);
    if (count > rank) s->cut_estimate = find_cut(s, 1, count, rank) * (real)0.7;
}

/* Entries are gathered above a guess. When that was too high they are gathered again above a lower one:
 * which entries are kept in the end does not depend on it. */
static void encode_batch(train_step *s) {
    size_t wanted = (size_t)s->rules.k * s->B;
    if (!(s->cut_estimate > 0)) estimate_cut(s);
    encode_all(s);
    size_t count = count_entries(s);
    while (count < wanted && s->cut_estimate > 0) {
        s->cut_estimate = s->cut_estimate > (real)1e-3 ? s->cut_estimate / 2 : 0;
        encode_all(s);
        count = count_entries(s);
    }
    s->cut = 0;
    if (count == 0) return;
    uint32_t rank = (uint32_t)(count < wanted ? count : wanted);
    s->cut = find_cut(s, s->tiles, count, rank);
    s->cut_estimate = s->cut * (real)0.8;
    cutter c = {s, mem_new(s->tiles, sizeof *c.larger), mem_new(s->tiles, sizeof *c.equal)};
    parallel_for(s->pool, s->tiles, count_tile, &c);
    uint32_t larger = 0;
    for (uint32_t i = 0; i < s->tiles; i++) larger += c.larger[i];
    uint32_t ties = rank - larger;
    for (uint32_t i = 0; i < s->tiles; i++) {
        c.equal[i] = c.equal[i] < ties ? c.equal[i] : ties;
        ties -= c.equal[i];
    }
    parallel_for(s->pool, s->tiles, cut_tile, &c);
    free(c.larger);
    free(c.equal);
}

void step_encode(train_step *s) {
    if (s->rules.arch == SCRY_BATCHTOPK && !(s->rules.threshold > 0)) encode_batch(s);
    else encode_all(s);
}
