/* score_result.c: the STS of each domain, and rho with its statistics. */
#include "results/results.h"

#include <math.h>

cJSON *score_result(const selection_context *s, const scry_result *r) {
    const scry_info *info = scry_index_info(s->index);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "score", scry_score_name(s->score));
    result_number(facts, "n", info->d_sae ? s->set->count : (double)NAN);
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    for (size_t d = 0; d < r->domains; d++) {
        cJSON *item = result_row(list);
        result_text(item, "name", info->domain[d].name);
        result_number(item, "sts", r->sts[d]);
        result_number(item, "change", info->domain[d].change[s->train]);
        result_number(item, "fitted", r->fitted[d]);
        result_number(item, "residual", r->residual[d]);
    }
    result_number(facts, "points", (double)r->fit.n);
    result_number(facts, "pearson", r->fit.pearson);
    result_number(facts, "r2", r->fit.r2);
    result_number(facts, "spearman", r->spearman);
    result_number(facts, "slope", r->fit.slope);
    result_number(facts, "intercept", r->fit.intercept);
    result_number(facts, "p_value", r->p_value);
    result_number(facts, "loo_min", r->loo_min);
    result_number(facts, "loo_max", r->loo_max);
    result_number(facts, "ci_low", r->ci_low);
    result_number(facts, "ci_high", r->ci_high);
    result_number(facts, "random_mean", r->random_mean);
    result_number(facts, "random_sd", r->random_sd);
    result_number(facts, "random_rank", r->random_rank);
    result_number(facts, "seed", SCRY_SEED);
    return facts;
}
