/* quality_result.c: how well an SAE reconstructs residuals. */
#include "results/results.h"

#include <math.h>

void add_quality(cJSON *facts, const scry_sae_quality *q) {
    result_number(facts, "l0", q->l0);
    result_number(facts, "explained_variance", q->explained_variance);
    result_number(facts, "fvu", q->fvu);
    result_number(facts, "mse", q->mse);
    result_number(facts, "cosine", q->cosine);
    result_number(facts, "dead", q->dead);
    result_number(facts, "dense", q->dense);
}

const char *quality_explained(const scry_sae_quality *q, char out[QUALITY_EXPLAINED]) {
    if (isfinite(q->fvu)) snprintf(out, QUALITY_EXPLAINED, "%.4f", q->explained_variance);
    else snprintf(out, QUALITY_EXPLAINED, "none, as all tokens are the same");
    return out;
}
