/* score/scores.c: what the table of scores says. */
#include "base/name_list.h"
#include "scry.h"

#include <string.h>

enum { AGGREGATE_SUM, AGGREGATE_MEAN };

const scry_score_info scry_scores[] = {
#define SCORE(id, name, aggregate, condition, term, sum, residual, compared, key, help, definition)                    \
    {#name, key, help, definition, SCRY_##condition, AGGREGATE_##aggregate, compared},
    SCRY_SCORE_TABLE(SCORE)
#undef SCORE
};

const char *scry_score_name(scry_score s) {
    return scry_scores[s].name;
}

int scry_score_of(const char *name) {
    for (int s = 0; s < SCRY_SCORES; s++)
        if (strcmp(scry_scores[s].name, name) == 0) return s;
    return -1;
}

const char *scry_score_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, &scry_scores[0].name, sizeof *scry_scores, SCRY_SCORES, quote);
}

bool scry_domain_has_score(const scry_index *index, scry_score score, size_t domain) {
    return scry_scores[score].condition == SCRY_BASE || scry_index_info(index)->domain[domain].has_icl;
}

bool scry_require_score(const scry_index *index, scry_score score, scry_error *err) {
    if (scry_has_score(index, score)) return true;
    const scry_info *info = scry_index_info(index);
    bool any = !info->d_sae;
    for (size_t d = 0; d < info->domains; d++) any = any || scry_domain_has_score(index, score, d);
    const char *why = !info->d_sae ? "no domain gives it"
                      : any        ? "it was made by an older version; make it again with scry index"
                                   : "no domain has an icl capture";
    return scry_misuse(err, "no score \"%s\" in this index: %s", scry_score_name(score), why);
}
