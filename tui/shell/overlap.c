/* overlap.c: scry overlap: latents in the top N of two rankings, and their share of each shift. */
#include "shell/cli_context.h"

#include <stdio.h>
#include <stdlib.h>

/* Reads a source from --a or --b; where it is not given, takes the one at `place` of the available sources. */
static bool read_source(const scry_index *index, size_t train, const char *name, const char *text, int place,
                        scry_condition *source, scry_error *err) {
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(index, train, has);
    if (text) return cli_condition(name, text, source, err);
    if (place >= n)
        return n ? scry_misuse(err,
                               "%s: this training set has only %s; overlap needs two sources, or base as one of them",
                               name, scry_condition_name(has[0]))
                 : scry_fail(err,
                             "%s: training set \"%.60s\" has only \"base\", and no source; overlap needs two rankings",
                             scry_index_info(index)->path, scry_index_info(index)->train[train].name);
    *source = has[place];
    return true;
}

static int print_overlap(const options *o, const scry_index *index, const scry_ranking *a, const scry_ranking *b,
                         uint32_t top) {
    size_t count;
    scry_overlap_point *points = scry_overlap(a, b, top, &count);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "train", scry_index_info(index)->train[a->train].name);
    result_text(facts, "a", scry_condition_name(a->source));
    result_text(facts, "b", scry_condition_name(b->source));
    result_text(facts, "against_a", scry_reference_name(a->against));
    result_text(facts, "against_b", scry_reference_name(b->against));
    result_text(facts, "metric", scry_metric_name(a->metric));
    result_number(facts, "latents", a->latents);
    cJSON *list = cJSON_AddArrayToObject(facts, "points");
    for (size_t i = 0; i < count; i++) {
        cJSON *item = result_row(list);
        result_numbers(item, {"n", points[i].n}, {"overlap", points[i].overlap}, {"expected", points[i].expected},
                       {"share_a", points[i].share_a}, {"share_b", points[i].share_b});
    }
    free(points);
    char of_a[60], of_b[60], head[240], source_a[SCRY_SOURCE_TEXT], source_b[SCRY_SOURCE_TEXT];
    scry_source_text(a->source, a->against, source_a);
    scry_source_text(b->source, b->against, source_b);
    snprintf(of_a, sizeof of_a, "%s share%%", source_a);
    snprintf(of_b, sizeof of_b, "%s share%%", source_b);
    snprintf(head, sizeof head, "top N by %s and by %s, metric %s, of %u latents; share is of the total shift\n\n",
             source_a, source_b, scry_metric_name(a->metric), a->latents);
    const result_column columns[] = {{"n", "N", "%.0f", 0},
                                     {"overlap", "in both", "%.0f", 0},
                                     {"expected", "expected by chance", "%.1f", 0},
                                     {"share_a", of_a, "%.1f", 100},
                                     {"share_b", of_b, "%.1f", 100},
                                     {0}};
    return output_print(o, facts, "points", columns, head);
}

int shell_overlap(const options *o) {
    scry_error err = {0};
    size_t train = 0;
    uint32_t top = 0;
    scry_condition source, of_a, of_b;
    scry_metric metric;
    scry_ranking *a = NULL, *b = NULL;
    scry_index *index = cli_open(o, &err);
    bool ok = index && cli_train(o, index, &train, &err) && cli_ranking(o, index, train, &source, &metric, &err) &&
              options_number("--top", o->top, 1, 1000, &top, &err) &&
              read_source(index, train, "--a", o->a, 0, &of_a, &err) &&
              read_source(index, train, "--b", o->b, 1, &of_b, &err) &&
              (a = scry_rank_for_overlap(index, train, of_a, metric, &err)) &&
              (b = scry_rank_for_overlap(index, train, of_b, metric, &err));
    int status = ok ? print_overlap(o, index, a, b, top) : output_error(&err);
    scry_ranking_free(a);
    scry_ranking_free(b);
    scry_close(index);
    return status;
}
