/* quality_result.c: how well an SAE reconstructs residuals. */
#include "results/results.h"

#include <math.h>

void add_quality(cJSON *facts, const scry_sae_quality *q) {
    result_numbers(facts, {"l0", q->l0}, {"explained_variance", q->explained_variance}, {"fvu", q->fvu},
                   {"mse", q->mse}, {"cosine", q->cosine}, {"dead", q->dead}, {"dense", q->dense});
}

static void add_side(cJSON *facts, const char *key, const scry_sae_quality *q) {
    cJSON *side = cJSON_AddObjectToObject(facts, key);
    result_number(side, "tokens", (double)q->tokens);
    add_quality(side, q);
}

void add_outliers(cJSON *facts, const scry_sae_evaluation *e) {
    const scry_outliers *o = &e->outliers;
    result_numbers(facts, {"max_norm_ratio", o->max_norm_ratio}, {"outliers", (double)o->outliers},
                   {"outlier_share", (double)o->outliers / (double)o->rows},
                   {"outlier_variance_share", o->variance_share});
    cJSON_AddBoolToObject(facts, "outliers_kept", o->kept);
    add_side(facts, "without_outliers", &e->without_outliers);
    add_side(facts, "with_outliers", &e->with_outliers);
}

const char *quality_explained(const scry_sae_quality *q, char out[QUALITY_EXPLAINED]) {
    if (isfinite(q->fvu)) snprintf(out, QUALITY_EXPLAINED, "%.4f", q->explained_variance);
    else snprintf(out, QUALITY_EXPLAINED, "undefined: all tokens are the same");
    return out;
}
