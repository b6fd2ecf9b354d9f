/* rank.c: scry rank: latents by shift. */
#include "shell/cli_context.h"

#include <stdio.h>

static int print_ranking(const options *o, const scry_index *index, const scry_ranking *r, uint32_t top) {
    static const result_column of_base[] = {{"rank", "rank", "%.0f", 0},
                                            {"latent", "latent", "%.0f", 0},
                                            {"shift", "activation", "%.6g", 0},
                                            {"share", "share%", "%.2f", 100},
                                            {"cumulative", "cum. share%", "%.1f", 100},
                                            {"mean_base", "mean", "%.4g", 0},
                                            {"rate_base", "rate%", "%.2f", 100},
                                            NAME_COLUMNS,
                                            {0}};
    const char *reference = scry_reference_name(r->against);
    char mean[24], rate[24], head[200];
    snprintf(mean, sizeof mean, "mean %s", reference);
    snprintf(rate, sizeof rate, "rate %s%%", reference);
    const result_column columns[] = {{"rank", "rank", "%.0f", 0},
                                     {"latent", "latent", "%.0f", 0},
                                     {"shift", "shift", "%.6g", 0},
                                     {"share", "share%", "%.2f", 100},
                                     {"cumulative", "cum. share%", "%.1f", 100},
                                     {"mean_base", mean, "%.4g", 0},
                                     {"mean_shifted", "shifted", "%.4g", 0},
                                     {"rate_base", rate, "%.2f", 100},
                                     {"rate_shifted", "shifted%", "%.2f", 100},
                                     NAME_COLUMNS,
                                     {0}};
    bool alone = r->source == SCRY_BASE;
    if (alone)
        snprintf(head, sizeof head, "latents by %s (%s) of base; total over %u latents %.6g\n\n",
                 scry_metric_title(r->metric, r->source), scry_metric_name(r->metric), r->latents, r->total);
    else
        snprintf(head, sizeof head, "shift by %s, metric %s; total over %u latents %.6g\n\n",
                 scry_source_text(r->source, r->against, (char[SCRY_SOURCE_TEXT]){""}), scry_metric_name(r->metric),
                 r->latents, r->total);
    result_column with[sizeof columns / sizeof *columns + 2];
    differences_columns(index, alone && !o->csv ? of_base : columns, with);
    return output_print(o, rank_result(index, r, top), "latents", with, head);
}

int shell_rank(const options *o) {
    scry_error err = {0};
    selection_context s = {.index = cli_open(o, &err)};
    uint32_t top;
    bool ok = s.index && cli_rank(o, &s, &err) && options_number("--top", o->top, 1, 100, &top, &err);
    int status = ok ? print_ranking(o, s.index, s.ranking, top) : output_error(&err);
    cli_free(&s);
    return status;
}
