/* rank_result.c: latents by shift. */
#include "results/results.h"

#include <math.h>

static void add_latent(cJSON *item, const scry_index *index, const scry_ranking *r, uint32_t rank) {
    uint32_t j = r->order[rank];
    result_numbers(item, {"rank", rank + 1}, {"latent", j}, {"shift", r->shift[j]},
                   {"share", r->total > 0 ? fabs(r->shift[j]) / r->total : 0}, {"cumulative", scry_cumulative(r, rank)},
                   {"mean_base", scry_mean_base(index, r->train, r->source, j)},
                   {"mean_shifted", scry_mean_shifted(index, r->train, r->source, j)},
                   {"rate_base", scry_rate_base(index, r->train, r->source, j)},
                   {"rate_shifted", scry_rate_shifted(index, r->train, r->source, j)});
    result_text(item, "label", scry_label(index, j));
}

cJSON *rank_result(const scry_index *index, const scry_ranking *r, uint32_t top) {
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "by", scry_condition_name(r->source));
    result_text(facts, "metric", scry_metric_name(r->metric));
    result_number(facts, "total", r->total);
    cJSON *list = cJSON_AddArrayToObject(facts, "latents");
    for (uint32_t rank = 0; rank < top && rank < r->latents; rank++) add_latent(result_row(list), index, r, rank);
    return facts;
}
