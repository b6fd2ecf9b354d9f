/* pairs_summary.c: how many tokens and samples were paired, as text and as a verdict. */
#include "scry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A tenth of so many. */
static bool tenth_lost(uint64_t paired, uint64_t all) {
    return all > paired && (all - paired) >= (all + 9) / 10;
}

bool scry_pairs_lost(const scry_pair_counts *p) {
    for (int side = 0; side < 2; side++)
        if (tenth_lost(p->paired[side], p->tokens[side]) || tenth_lost(p->paired_samples, p->samples[side]))
            return true;
    return false;
}

/* "15 of 600 tokens", or "15 of 600 tokens (15 of 20)" where the other side's numbers are not the same. */
static void add_counts(char out[SCRY_PAIRS_TEXT], const uint64_t paired[2], const uint64_t all[2], const char *unit,
                       scry_reference against) {
    size_t used = strlen(out);
    snprintf(out + used, SCRY_PAIRS_TEXT - used, "%s%" PRIu64 " of %" PRIu64 " %s", used ? ", " : "", paired[0], all[0],
             unit);
    if (paired[0] == paired[1] && all[0] == all[1]) return;
    used = strlen(out);
    snprintf(out + used, SCRY_PAIRS_TEXT - used, " of %s and %" PRIu64 " of %" PRIu64, scry_reference_name(against),
             paired[1], all[1]);
}

const char *scry_pairs_text(const scry_pair_counts *p, scry_reference against, char out[SCRY_PAIRS_TEXT]) {
    *out = 0;
    add_counts(out, p->paired, p->tokens, p->samples[0] || p->samples[1] ? "tokens" : "rows", against);
    if (p->samples[0] || p->samples[1])
        add_counts(out, (const uint64_t[]){p->paired_samples, p->paired_samples}, p->samples, "samples", against);
    return out;
}
