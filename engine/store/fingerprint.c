/* store/fingerprint.c: content fingerprints of an index, independent of its path. */
#include "base/mem.h"
#include "index/read/index.h"
#include "store/sidecar.h"
#include "study/study.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Adds the checksum of a section; false when there is none of that name. */
static bool add_section(XXH3_state_t *state, const scry_index *x, const char *name) {
    for (uint32_t i = 0; i < x->file.sections; i++) {
        const container_section *s = &x->file.section[i];
        if (strncmp(s->name, name, CONTAINER_NAME) != 0) continue;
        XXH3_64bits_update(state, &s->size, sizeof s->size);
        XXH3_64bits_update(state, &s->hash, sizeof s->hash);
        return true;
    }
    return false;
}

static bool add_means(XXH3_state_t *state, const scry_index *x) {
    scry_condition source = SCRY_ICL; /* any that is stored, even one that is equal to base and cannot be ranked */
    while (source < SCRY_CONDITIONS && !index_source_of(x, 0, source)) source++;
    bool any = false;
    if (source == SCRY_CONDITIONS) source = SCRY_BASE;
    if (!index_source_of(x, 0, source)) return false;
    for (uint32_t j = 0; j < x->F && j < FINGERPRINT_LATENTS; j++) {
        double mean = scry_mean_base(x, 0, source, j);
        if (mean == 0) continue;
        any = true;
        XXH3_64bits_update(state, &j, sizeof j);
        XXH3_64bits_update(state, &mean, sizeof mean);
    }
    return any;
}

uint64_t scry_fingerprint_latents(const scry_index *x) {
    if (x->given) return 0;
    x = x->views[SCRY_AGAINST_BASE];
    XXH3_state_t *state = mem_check(XXH3_createState());
    XXH3_64bits_reset(state);
    XXH3_64bits_update(state, &x->F, sizeof x->F);
    bool known = add_section(state, x, "dec/W") ? add_section(state, x, "dec/b") : add_means(state, x);
    uint64_t identity = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return known ? identity ? identity : 1 : 0;
}

uint64_t scry_fingerprint(const scry_index *index) {
    if (index->given) {
        const char *json = index->given->study->json;
        return XXH3_64bits(json, strlen(json));
    }
    XXH3_state_t *state = mem_check(XXH3_createState());
    XXH3_64bits_reset(state);
    for (uint32_t i = 0; i < index->file.sections; i++) {
        const container_section *s = &index->file.section[i];
        XXH3_64bits_update(state, s->name, strnlen(s->name, CONTAINER_NAME));
        XXH3_64bits_update(state, &s->size, sizeof s->size);
        XXH3_64bits_update(state, &s->hash, sizeof s->hash);
    }
    uint64_t identity = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    return identity;
}
