/* score/scored.c: an index that was told to encode the domains on some latents only. */
#include "scry.h"
#include "index/read/index.h"

#include <inttypes.h>

bool scry_scored_all(const scry_index *x, const scry_set *set, scry_error *err) {
    uint32_t missing = 0, first = 0;
    for (uint32_t j = 0; x->info.candidates && j < x->F; j++) {
        if (!scry_set_has(set, j) || scry_scored(x, j)) continue;
        if (!missing++) first = j;
    }
    if (!missing) return true;
    return scry_misuse(
        err,
        "latent %" PRIu32 "%s cannot be scored: this index was made with --candidates %" PRIu32
        ", and on its domains only the %" PRIu32 " latents were encoded that are among the first %" PRIu32
        " of a ranking; take fewer, or index again without --candidates or with more",
        first, missing > 1 ? " (and others)" : "", x->info.candidates, x->info.scored, x->info.candidates);
}
