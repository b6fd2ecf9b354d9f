/* baselines.c: scry baselines: baselines for the score (STS paper, tables 5 and 13, fig. 2a). */
#include "shell/cli_context.h"

#include <stdlib.h>

int shell_baselines(const options *o) {
    scry_error err = {0};
    uint32_t top = 0, threads = 0;
    scry_scope scope = {0};
    selection_context s = {.index = cli_open(o, &err)};
    bool ok = s.index && cli_needs_latents(s.index, &err) && scry_require_domains(s.index, &err) &&
              cli_rank(o, &s, &err) && cli_top(o, s.index, 1, 100, &top, &err) &&
              options_number("--threads", o->threads, 1, 0, &threads, &err) &&
              cli_scope(o, s.index, s.train, &scope, &err);
    cJSON *facts = ok ? baselines_result(s.index, s.ranking, top, &scope, threads, NULL) : NULL;
    char *head = facts ? baselines_head(facts, "") : NULL;
    int status = facts ? output_print(o, facts, "baselines", baselines_columns, head) : output_error(&err);
    free(head);
    scry_scope_free(&scope);
    cli_free(&s);
    return status;
}
