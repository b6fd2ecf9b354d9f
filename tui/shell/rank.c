/* rank.c: scry rank: latents by shift. */
#include "shell/cli_context.h"

#include <stdio.h>

static int print_ranking(const options *o, const scry_index *index, const scry_ranking *r, uint32_t top) {
    static const result_column columns[] = {{"rank", "rank", "%.0f", 0},
                                            {"latent", "latent", "%.0f", 0},
                                            {"shift", "shift", "%.6g", 0},
                                            {"share", "share%", "%.2f", 100},
                                            {"cumulative", "cum. share%", "%.1f", 100},
                                            {"mean_base", "mean base", "%.4g", 0},
                                            {"mean_shifted", "shifted", "%.4g", 0},
                                            {"rate_base", "rate base%", "%.2f", 100},
                                            {"rate_shifted", "shifted%", "%.2f", 100},
                                            {"label", "label", NULL, 0},
                                            {0}};
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
