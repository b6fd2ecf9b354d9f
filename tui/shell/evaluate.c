/* evaluate.c: scry evaluate: the measured change of each domain. */
#include "base/mem.h"
#include "shell/cli_context.h"
#include "shell/evaluate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The manifest that a word names, or its folder; NULL: none. False with err. */
static bool find_study(const char *word, char **study, scry_error *err) {
    *study = NULL;
    return !word || (*study = cli_study_path(word, err));
}

static bool given(const options *o, const char *name) {
    const char *values[OPTIONS_WORDS];
    return options_repeated(o, name, values) > 0;
}

static bool check_words(const options *o, scry_error *err) {
    static const char *const of_results[] = {"--samples-base", "--samples-tuned", "--metric", "--task", NULL};
    static const char *const of_models[] = {
        "--model",      "--tuned",   "--adapter", "--amplify", "--domain", "--template", "--bos",
        "--max-length", "--samples", "--change",  "--draws",   "--seed",   NULL};
    if (o->results && !o->words)
        return scry_misuse(err, "--results: expected the results of the tuned model as well; scry evaluate --results "
                                "BASE.json TUNED.json [STUDY]");
    for (const char *const *name = of_models; o->results && *name; name++)
        if (given(o, *name)) return scry_misuse(err, "--results and %s: expected result files or models", *name);
    for (const char *const *name = of_results; !o->results && *name; name++)
        if (given(o, *name)) return scry_misuse(err, "%s: belongs to --results, which is missing", *name);
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

bool evaluate_read(const options *o, scry_evaluation_query *q, const char *files[OPTIONS_WORDS], scry_error *err) {
    char choices[SCRY_CHOICES];
    int measure = o->change ? scry_measure_of(o->change) : SCRY_ACCURACY;
    scry_build_options build = {0};
    uint32_t seed;
    if (measure < 0 || measure >= SCRY_BENCHMARK)
        return cli_misuse(err, "--change", o->change, scry_measure_choices(choices, ""));
    if (!cli_bos(o, &q->bos, err) || !cli_build_options(o, &build, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) ||
        !options_number("--max-length", o->max_length, 2, 0, &q->max_length, err) ||
        !options_number("--samples", o->most_samples, 1, 0, &q->samples, err) ||
        !options_number("--draws", o->draws, 2, 0, &q->draws, err))
        return false;
    q->model = o->model;
    q->tuned = o->tuned;
    q->adapter = o->adapter;
    q->files = files;
    q->file_count = options_repeated(o, "--domain", files);
    q->chat_template = o->chat_template;
    q->change = (scry_measure)measure;
    q->seed = seed;
    q->threads = build.threads;
    q->memory = build.memory;
    return true;
}

scry_evaluation *evaluate_run(scry_evaluation_query *q, scry_notes *notes, scry_error *err) {
    cli_progress progress = {0};
    q->progress = cli_show_progress;
    q->context = &progress;
    cli_catch_interrupt();
    scry_evaluation *e = scry_evaluate_models(q, notes, err);
    cli_release_interrupt();
    cli_end_progress(&progress);
    return e;
}

static scry_evaluation *of_models(const options *o, const char *study, const char *into, const char *out,
                                  scry_notes *notes, scry_error *err) {
    const char *files[OPTIONS_WORDS];
    scry_evaluation_query query = {.study = study, .train = o->train, .into = into, .out = out};
    double amplify;
    return evaluate_read(o, &query, files, err) && cli_amplify(o, &amplify, &query.amplify, err)
               ? evaluate_run(&query, notes, err)
               : NULL;
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
    scry_error err = {0};
    scry_notes notes = {0};
    char *study = NULL, *into = NULL;
    scry_evaluation *e = NULL;
    bool ok = check_words(o, &err) && find_study(o->word[o->results ? 1 : 0], &study, &err) &&
              find_study(o->into, &into, &err);
    if (ok && o->out && !study) ok = scry_misuse(&err, "-o: expected a study to write with the changes");
    const char *written = into ? into : o->out ? study : NULL, *to = into ? into : o->out;
    const char *texts = study ? study : given(o, "--domain") ? NULL : into; /* whose domains are measured */
    if (ok)
        e = o->results ? of_results(o, study ? study : into, &notes, &err)
                       : of_models(o, texts, written, to, &notes, &err);
    if (e && written) ok = scry_evaluation_write(e, written, to, &notes, &err);
    output_warnings(&notes);
    int status = e && ok ? print(o, e) : output_error(&err);
    scry_evaluation_free(e);
    free(study);
    free(into);
    return status;
}
