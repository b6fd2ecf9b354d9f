/* evaluate.c: scry evaluate: the measured change of each domain. */
#include "base/mem.h"
#include "shell/cli_context.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The manifest that a word names, or its folder; NULL: none. False with err. */
static bool find_study(const char *word, char **study, scry_error *err) {
    *study = NULL;
    return !word || (*study = cli_study_path(word, err));
}

static bool check_words(const options *o, const char *const *model_options, scry_error *err) {
    if (o->results && !o->words)
        return scry_misuse(err, "--results: expected the results of the tuned model as well; scry evaluate --results "
                                "BASE.json TUNED.json [STUDY]");
    for (; o->results && *model_options; model_options++)
        if (options_repeated(o, *model_options, (const char *[OPTIONS_WORDS]){NULL}))
            return scry_misuse(err, "--results and %s: expected result files or models", *model_options);
    static const char *const results_options[] = {"--samples-base", "--samples-tuned", "--metric", "--task", NULL};
    for (const char *const *name = results_options; !o->results && *name; name++)
        if (options_repeated(o, *name, (const char *[OPTIONS_WORDS]){NULL}))
            return scry_misuse(err, "%s: belongs to --results, which is missing", *name);
    if (!o->results && o->words > 1) return scry_misuse(err, "evaluate: unexpected argument \"%.60s\"", o->word[1]);
    if (o->into && o->out) return scry_misuse(err, "--into and -o: expected one of them");
    return true;
}

static scry_evaluation *of_results(const options *o, const char *study, scry_notes *notes, scry_error *err) {
    const char *tasks[OPTIONS_WORDS];
    scry_harness_query query = {.results = {o->results, o->word[0]},
                                .samples = {o->samples_base, o->samples_tuned},
                                .metric = o->benchmark_metric,
                                .study = study,
                                .tasks = tasks,
                                .task_count = options_repeated(o, "--task", tasks),
                                .train = o->train};
    return scry_evaluate_harness(&query, notes, err);
}

static int print(const options *o, const scry_evaluation *e) {
    cJSON *facts = evaluation_result(e);
    evaluation_columns columns;
    if (o->csv || o->json) evaluation_columns_all(&columns);
    else evaluation_columns_table(facts, e, &columns);
    char *head = evaluation_head(e);
    int status = output_print(o, facts, "domains", columns.columns, head);
    free(head);
    return status;
}

int shell_evaluate(const options *o) {
    static const char *const model_options[] = {NULL};
    scry_error err = {0};
    scry_notes notes = {0};
    char *study = NULL, *into = NULL;
    scry_evaluation *e = NULL;
    bool ok = check_words(o, model_options, &err) && find_study(o->word[o->results ? 1 : 0], &study, &err) &&
              find_study(o->into, &into, &err);
    if (ok && o->out && !study) ok = scry_misuse(&err, "-o: expected a study to write with the changes");
    if (ok) e = of_results(o, study ? study : into, &notes, &err);
    if (e && (o->into || o->out))
        ok = scry_evaluation_write(e, o->into ? into : study, o->into ? into : o->out, &notes, &err);
    output_warnings(&notes);
    int status = e && ok ? print(o, e) : output_error(&err);
    scry_evaluation_free(e);
    free(study);
    free(into);
    return status;
}
