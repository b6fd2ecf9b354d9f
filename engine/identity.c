/* identity.c: which index this is, whatever its name and place. */
#include "identity.h"
#include "index/index.h"
#include "study.h"

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t scry_identity(const scry_index *index) {
    if (index->given) {
        const char *json = index->given->study->json;
        return XXH3_64bits(json, strlen(json));
    }
    XXH3_state_t *state = XXH3_createState();
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
