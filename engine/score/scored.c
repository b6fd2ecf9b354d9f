/* score/scored.c: the domains, and the latents of an index made with candidates, whose contributions are known. */
#include "scry.h"
#include "index/read/effects.h"
#include "index/read/index.h"

#include <inttypes.h>

bool scry_require_scored(const scry_index *x, const scry_set *set, scry_error *err) {
    uint32_t missing = 0, first = 0;
    for (uint32_t j = 0; x->info.candidates && j < x->F; j++) {
        if (!scry_set_has(set, j) || scry_is_scored(x, j)) continue;
        if (!missing++) first = j;
    }
    if (!missing) return true;
    return scry_misuse(
        err,
        "latent %" PRIu32 "%s cannot be scored: this index was made with --candidates %" PRIu32
        ", and on its domains only the %" PRIu32 " latents were encoded that are among the first %" PRIu32
        " of a ranking; take fewer, or index again without --candidates or with more",
        first, missing > 1 ? " (and others)" : "", x->info.candidates, x->info.scored_latents, x->info.candidates);
}

uint32_t scry_clip_top(const scry_index *x, uint32_t n) {
    uint32_t limit = x->info.candidates && x->info.candidates < x->F ? x->info.candidates : x->F;
    return n < limit ? n : limit;
}

bool scry_domain_has_score(const scry_index *index, scry_score score, size_t domain) {
    if (scry_scores[score].is_effect && scry_index_info(index)->d_sae) {
        const effect_columns *c = index_effect_columns(index);
        return c && c->first[domain] < c->first[domain + 1];
    }
    return scry_scores[score].condition == SCRY_BASE || scry_index_info(index)->domain[domain].has_icl;
}

bool scry_require_domains(const scry_index *index, scry_error *err) {
    const scry_info *info = scry_index_info(index);
    bool cached = scry_is_cache_path(info->path); /* a name that nobody gave */
    return info->domains ||
           scry_fail(err,
                     "%s%sthe study has no domains, so there is nothing to score; add \"domains\" to its manifest, "
                     "each with a \"name\", a \"base\" capture and, for rho, its measured \"change\"",
                     cached ? "" : info->path, cached ? "" : ": ");
}

bool scry_require_score(const scry_index *index, scry_score score, scry_error *err) {
    if (scry_has_score(index, score)) return true;
    const scry_info *info = scry_index_info(index);
    if (!scry_require_domains(index, err)) return false;
    if (info->d_sae && scry_scores[score].is_effect && index_effects_problem(index))
        return scry_fail(err, "%s", index_effects_problem(index));
    if (info->d_sae && scry_scores[score].is_effect)
        return scry_misuse(err,
                           "no score \"%s\" yet: it needs the effects of latents in the model itself; compute them "
                           "once with scry effects %s%s",
                           scry_score_name(score), scry_is_cache_path(info->path) ? "STUDY.json" : info->path,
                           info->model_path && *info->model_path ? "" : " --model DIR");
    bool any = !info->d_sae;
    for (size_t d = 0; d < info->domains; d++) any = any || scry_domain_has_score(index, score, d);
    const char *why = !info->d_sae ? "no domain gives it"
                      : any        ? "it was made by an older version; make it again with scry index"
                                   : "no domain has an icl capture that differs from its ";
    return scry_misuse(err, "no score \"%s\" in this index: %s%s", scry_score_name(score), why,
                       !info->d_sae || any ? "" : scry_reference_name(info->against));
}
