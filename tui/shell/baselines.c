/* baselines.c: scry baselines: baselines for the score (STS paper, tables 5 and 13, fig. 2a). */
#include "shell/cli_context.h"

#include <stdlib.h>

int shell_baselines(const options *o) {
    scry_error err = {0};
    size_t train = 0;
    uint32_t top = 0, threads = 0;
    scry_condition source;
    scry_metric metric;
    scry_scope scope = {0};
    scry_ranking *ranking = NULL;
    scry_index *index = cli_open(o, &err);
    bool ok = index && cli_train(o, index, &train, &err) && cli_ranking(o, index, train, &source, &metric, &err) &&
              cli_top(o, index, 1, 100, &top, &err) && options_number("--threads", o->threads, 1, 0, &threads, &err) &&
              cli_scope(o, index, train, &scope, &err) && (ranking = scry_rank(index, train, source, SCRY_SQ, &err));
    cJSON *facts = ok ? baselines_result(index, ranking, top, &scope, threads, NULL) : NULL;
    char *head = facts ? baselines_head(facts, "") : NULL;
    int status = facts ? output_print(o, facts, "baselines", baselines_columns, head) : output_error(&err);
    free(head);
    scry_ranking_free(ranking);
    scry_scope_free(&scope);
    scry_close(index);
    return status;
}
