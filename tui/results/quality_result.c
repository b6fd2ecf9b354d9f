/* quality_result.c: how well an SAE reconstructs residuals. */
#include "results/results.h"

#include <math.h>

void add_quality(cJSON *facts, const scry_sae_quality *q) {
    result_numbers(facts, {"l0", q->l0}, {"explained_variance", q->explained_variance}, {"fvu", q->fvu},
                   {"mse", q->mse}, {"cosine", q->cosine}, {"dead", q->dead}, {"dense", q->dense});
}

const char *quality_explained(const scry_sae_quality *q, char out[QUALITY_EXPLAINED]) {
    if (isfinite(q->fvu)) snprintf(out, QUALITY_EXPLAINED, "%.4f", q->explained_variance);
    else snprintf(out, QUALITY_EXPLAINED, "undefined: all tokens are the same");
    return out;
}
