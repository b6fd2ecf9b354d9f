/* shift.c: latents ranked by how far post-training, or a demonstration, moves them. */
#include "scry.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct keyed {
    uint64_t key;
    uint32_t latent;
} keyed;

/* Positive doubles order as their bits do; turned around so that ascending keys are descending
 * sizes. */
static uint64_t descending_key(double size) {
    uint64_t bits;
    memcpy(&bits, &size, sizeof bits);
    return ~bits;
}

/* Radix sort, 16 bits a pass: stable, so that ties stay in order of latent; linear in F, so that
 * switching source stays within a frame at a million latents. */
static void sort_keyed(keyed *a, size_t n) {
    keyed *from = a, *to = mem_new(n, sizeof *to), *spare = to;
    size_t *count = mem_new(65536, sizeof *count);
    for (unsigned shift = 0; shift < 64; shift += 16) {
        memset(count, 0, 65536 * sizeof *count);
        for (size_t i = 0; i < n; i++) count[from[i].key >> shift & 0xffff]++;
        if (n && count[from[0].key >> shift & 0xffff] == n) continue; /* all alike here */
        size_t at = 0;
        for (size_t k = 0; k < 65536; k++) {
            size_t here = count[k];
            count[k] = at;
            at += here;
        }
        for (size_t i = 0; i < n; i++) to[count[from[i].key >> shift & 0xffff]++] = from[i];
        keyed *swap = from;
        from = to;
        to = swap;
    }
    if (from != a) memcpy(a, from, n * sizeof *a);
    free(spare);
    free(count);
}

scry_ranking *scry_rank(const scry_index *index, size_t train, scry_condition source, scry_metric metric,
                        scry_error *err) {
    const double *shift = scry_shift(index, train, source, metric);
    if (!shift) {
        scry_condition has[SCRY_CONDITIONS];
        char list[64] = "";
        int n = train < scry_about(index)->trains ? scry_sources(index, train, has) : 0;
        for (int i = 0; i < n; i++) {
            strcat(list, i ? ", " : "");
            strcat(list, scry_condition_name(has[i]));
        }
        scry_misuse(err, "no source \"%s\" in this index; it has: %s", scry_condition_name(source), list);
        return NULL;
    }
    scry_ranking *r = mem_new(1, sizeof *r);
    uint32_t F = scry_about(index)->d_sae;
    *r = (scry_ranking){.train = train, .source = source, .metric = metric, .latents = F, .shift = shift};
    r->order = mem_new(F, sizeof *r->order);
    r->rank = mem_new(F, sizeof *r->rank);
    r->cumulative = mem_new(F, sizeof *r->cumulative);
    keyed *a = mem_new(F, sizeof *a);
    for (uint32_t j = 0; j < F; j++) a[j] = (keyed){descending_key(fabs(shift[j])), j};
    sort_keyed(a, F);
    for (uint32_t i = 0; i < F; i++) {
        r->order[i] = a[i].latent;
        r->rank[a[i].latent] = i;
        r->total += fabs(shift[a[i].latent]);
        r->cumulative[i] = r->total;
    }
    for (uint32_t i = 0; i < F && r->total > 0; i++) r->cumulative[i] /= r->total;
    free(a);
    return r;
}

void scry_ranking_free(scry_ranking *r) {
    if (!r) return;
    free(r->order);
    free(r->rank);
    free(r->cumulative);
    free(r);
}
