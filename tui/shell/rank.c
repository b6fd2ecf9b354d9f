/* rank.c: scry rank: latents by shift. */
#include "shell/commands.h"
#include "results/results.h"
#include "shell/output.h"
#include "shell/cli_context.h"

#include <math.h>
#include <stdio.h>

static cJSON *latent_facts(const scry_index *index, const scry_ranking *r, uint32_t rank) {
    uint32_t j = r->order[rank];
    cJSON *item = cJSON_CreateObject();
    output_number(item, "rank", rank + 1);
    output_number(item, "latent", j);
    output_number(item, "shift", r->shift[j]);
    output_number(item, "share", r->total > 0 ? fabs(r->shift[j]) / r->total : 0);
    output_number(item, "cumulative", scry_cumulative(r, rank));
    output_number(item, "mean_base", scry_mean_base(index, r->train, r->source, j));
    output_number(item, "mean_shifted", scry_mean_shifted(index, r->train, r->source, j));
    output_number(item, "rate_base", scry_rate_base(index, r->train, r->source, j));
    output_number(item, "rate_shifted", scry_rate_shifted(index, r->train, r->source, j));
    output_text(item, "label", scry_label(index, j));
    return item;
}

cJSON *rank_result(const scry_index *index, const scry_ranking *r, uint32_t top) {
    cJSON *facts = cJSON_CreateObject();
    output_text(facts, "by", scry_condition_name(r->source));
    output_text(facts, "metric", scry_metric_name(r->metric));
    output_number(facts, "total", r->total);
    cJSON *list = cJSON_AddArrayToObject(facts, "latents");
    for (uint32_t rank = 0; rank < top && rank < r->latents; rank++)
        cJSON_AddItemToArray(list, latent_facts(index, r, rank));
    return facts;
}

static int print_ranking(const options *o, const scry_index *index, const scry_ranking *r, uint32_t top) {
    static const output_column columns[] = {{"rank", "rank", "%.0f", 0},
                                            {"latent", "latent", "%.0f", 0},
                                            {"shift", "shift", "%.6g", 0},
                                            {"share", "share%", "%.2f", 100},
                                            {"cumulative", "cum%", "%.1f", 100},
                                            {"mean_base", "mean base", "%.4g", 0},
                                            {"mean_shifted", "shifted", "%.4g", 0},
                                            {"rate_base", "rate base%", "%.2f", 100},
                                            {"rate_shifted", "shifted%", "%.2f", 100},
                                            {"label", "label", NULL, 0},
                                            {NULL, NULL, NULL, 0}};
    char head[160];
    snprintf(head, sizeof head, "shift by %s, metric %s; total over %u latents %.6g\n\n",
             scry_condition_name(r->source), scry_metric_name(r->metric), r->latents, r->total);
    return output_print(o, rank_result(index, r, top), "latents", columns, head);
}

int shell_rank(const options *o) {
    scry_error err = {0};
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    size_t train;
    scry_condition source;
    scry_metric metric;
    uint32_t top;
    scry_ranking *r = NULL;
    if (cli_train(o, index, &train, &err) && cli_ranking(o, index, train, &source, &metric, &err) &&
        options_number("--top", o->top, 1, 100, &top, &err))
        r = scry_rank(index, train, source, metric, &err);
    int status = r ? print_ranking(o, index, r, top) : output_error(&err);
    scry_ranking_free(r);
    scry_close(index);
    return status;
}
