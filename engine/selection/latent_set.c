/* selection/latent_set.c: a set of latents as a bit vector. */
#include "scry.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

scry_set *scry_set_new(uint32_t latents) {
    scry_set *set = mem_new(1, sizeof *set);
    set->latents = latents;
    set->bits = mem_new(scry_set_words(latents), sizeof *set->bits);
    return set;
}

scry_set *scry_set_copy(const scry_set *from) {
    scry_set *set = scry_set_new(from->latents);
    set->count = from->count;
    memcpy(set->bits, from->bits, scry_set_words(from->latents) * sizeof *set->bits);
    return set;
}

void scry_set_free(scry_set *set) {
    if (!set) return;
    free(set->bits);
    free(set);
}

void scry_set_put(scry_set *set, uint32_t latent, bool in) {
    if (scry_set_has(set, latent) == in) return;
    set->bits[latent / 64] ^= (uint64_t)1 << (latent % 64);
    if (in) set->count++;
    else set->count--;
}

bool scry_set_equal(const scry_set *a, const scry_set *b) {
    return a->latents == b->latents && memcmp(a->bits, b->bits, scry_set_words(a->latents) * sizeof *a->bits) == 0;
}

uint32_t *scry_set_by_rank(const scry_set *set, const scry_ranking *ranking) {
    uint32_t *latents = mem_new(set->count, sizeof *latents), n = 0;
    for (uint32_t rank = 0; rank < ranking->latents; rank++)
        if (scry_set_has(set, ranking->order[rank])) latents[n++] = ranking->order[rank];
    return latents;
}

/* Reads a latent's number at *at and advances *at past it. */
static bool read_latent(const scry_set *set, const char *list, const char **at, uint32_t *latent, scry_error *err) {
    if (!isdigit((unsigned char)**at))
        return scry_misuse(err, "\"%.60s\": found \"%.10s\", expected latents such as 3,17,90-120", list, *at);
    char *end;
    unsigned long long number = strtoull(*at, &end, 10);
    if (number >= set->latents)
        return scry_misuse(err, "latent %.*s does not exist; this index has 0 to %u", (int)(end - *at), *at,
                           set->latents - 1);
    *at = end;
    *latent = (uint32_t)number;
    return true;
}

bool scry_set_list(scry_set *set, const char *list, bool in, scry_error *err) {
    for (const char *at = list; *at;) {
        uint32_t first, last;
        while (*at == ' ') at++;
        if (!read_latent(set, list, &at, &first, err)) return false;
        last = first;
        if (*at == '-') {
            at++;
            if (!read_latent(set, list, &at, &last, err)) return false;
            if (last < first) return scry_misuse(err, "\"%.60s\": the range %u-%u runs backwards", list, first, last);
        }
        for (uint32_t j = first; j <= last; j++) scry_set_put(set, j, in);
        while (*at == ' ') at++;
        if (*at == ',') at++;
        else if (*at)
            return scry_misuse(err, "\"%.60s\": found \"%.10s\" after latent %u, expected a comma", list, at, last);
    }
    return true;
}
