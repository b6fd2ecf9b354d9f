/* agreement_result.c: how estimates of ablation follow exact runs. */
#include "results/results.h"

void add_effect_agreement(cJSON *facts, const scry_effect_agreement *rows, size_t count) {
    cJSON *list = cJSON_AddArrayToObject(facts, "agreement");
    for (size_t i = 0; i < count; i++) {
        const scry_effect_agreement *r = &rows[i];
        result_numbers(result_row(list), {"n", r->n}, {"toggles", r->toggles}, {"sets", r->sets},
                       {"estimate", r->estimate}, {"estimate_least", r->estimate_least}, {"slope", r->slope},
                       {"first_order", r->first_order}, {"anchored", r->anchored},
                       {"anchored_least", r->anchored_least}, {"change", r->change});
    }
}

const result_column effect_agreement_columns[] = {{"n", "N", "%.0f", 0},
                                                  {"toggles", "toggles", "%.0f", 0},
                                                  {"sets", "sets", "%.0f", 0},
                                                  {"estimate", "estimate", "%.4f", 0},
                                                  {"slope", "slope", "%.2f", 0},
                                                  {"first_order", "1st order", "%.4f", 0},
                                                  {"anchored", "anchored", "%.4f", 0},
                                                  {"anchored_least", "least", "%.4f", 0},
                                                  {"change", "of change", "%.4f", 0},
                                                  {0}};
