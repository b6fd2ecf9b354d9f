/* test_evaluate_results.c: results of lm-evaluation-harness as changes of domains, against tests/specimens/harness. */
#include "check.h"

#include "evaluate.h"
#include "evaluate/task_match.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPECIMENS "tests/specimens/harness"
#define DATE      "2026-01-02T03-04-05.678901"

static cJSON *expected;

static double expect(const char *what, const char *key) {
    const cJSON *item = cJSON_GetObjectItem(cJSON_GetObjectItem(expected, what), key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static cJSON *read_json(const char *path) {
    size_t size;
    uint8_t *bytes = read_bytes(path, &size);
    cJSON *root = json_parse((const char *)bytes, size);
    free(bytes);
    return root;
}

/* A study of these domains, quoted and with commas. */
static const char *study_of(const char *name, const char *domains) {
    const char *path = scratch("%s.json", name);
    write_text(path, "{\"scry_study\": 1, \"domains\": [%s]}", domains);
    return path;
}
#define DOMAIN(name) "{\"name\": \"" name "\", \"sts\": {\"act\": 1}}"

static const scry_domain_evaluation *domain_of(const scry_evaluation *e, const char *name) {
    for (size_t d = 0; e && d < e->count; d++)
        if (strcmp(e->domains[d].name, name) == 0) return &e->domains[d];
    return NULL;
}

static bool has_note(const scry_notes *notes, const char *text) {
    for (size_t i = 0; i < notes->count; i++)
        if (strstr(notes->text[i], text)) return true;
    return false;
}

static void print_notes(const scry_notes *notes) {
    for (size_t i = 0; i < notes->count; i++) printf("# note: %s\n", notes->text[i]);
}

/* ---- values --------------------------------------------------------------------------------- */

static void compare(const scry_domain_evaluation *d, const char *what, const char *error, const char *title) {
    if (!check(d != NULL, "%s: is measured", title)) return;
    const scry_measured *m = &d->measured[SCRY_BENCHMARK];
    check_near(m->base, expect(what, "base"), 1e-12, "%s: base", title);
    check_near(m->tuned, expect(what, "tuned"), 1e-12, "%s: tuned", title);
    check_near(m->change + 100, expect(what, "change") + 100, 1e-14, "%s: change", title);
    check_near(m->change_se, expect(what, error), 1e-12, "%s: its error", title);
    check_is(m->n, (uint64_t)expect(what, "n"), "%s: n", title);
}

static void values(void) {
    static const char *const tasks[] = {"mmlu_pro_math", "mmlu_pro_law", "mmlu_pro_computer_science"};
    static const char *const metrics[] = {NULL, "acc_norm", "acc,none"};
    for (int k = 0; k < 3; k++) {
        scry_harness_query q = {.results = {SPECIMENS "/base", SPECIMENS "/tuned"}, .metric = metrics[k]};
        scry_error err = {0};
        scry_notes notes = {0};
        scry_evaluation *e = scry_evaluate_harness(&q, &notes, &err);
        check(e && e->count == 3 && !notes.count, "every task but the group is a domain: %s", err.text);
        for (int t = 0; t < 3; t++) {
            const char *what = text_of("%s %s", tasks[t], k == 1 ? "acc_norm" : "acc");
            const scry_domain_evaluation *d = domain_of(e, tasks[t]);
            compare(d, what, "paired_se", what);
            check(d && d->paired && strcmp(d->metric, k == 1 ? "acc_norm,none" : "acc,none") == 0,
                  "%s: paired, and the metric is named", what);
        }
        print_notes(&notes);
        scry_notes_free(&notes);
        scry_evaluation_free(e);
    }
}

/* The keys before version 0.4, and no samples: independent errors. */
static void old_format(void) {
    scry_harness_query q = {.results = {SPECIMENS "/old/base.json", SPECIMENS "/old/tuned.json"}};
    scry_error err = {0};
    scry_notes notes = {0};
    scry_evaluation *e = scry_evaluate_harness(&q, &notes, &err);
    const scry_domain_evaluation *d = domain_of(e, "mmlu_pro_math");
    if (check(d != NULL, "old keys are read: %s", err.text)) {
        const scry_measured *m = &d->measured[SCRY_BENCHMARK];
        check_near(m->change, expect("mmlu_pro_math acc", "change"), 1e-12, "old keys: change");
        check_near(m->change_se, expect("mmlu_pro_math acc", "independent_se"), 1e-12, "old keys: independent error");
        check(!d->paired && strcmp(d->metric, "acc") == 0, "old keys: not paired, metric acc");
    }
    check(has_note(&notes, "3 of 3 domains have no samples_*.jsonl of both models"),
          "a note says why errors are large");
    scry_notes_free(&notes);
    scry_evaluation_free(e);
}

/* Samples elsewhere; a study's domains; several tasks of one; the group itself. */
static void domains(void) {
    scry_error err = {0};
    scry_notes notes = {0};
    const char *given[] = {"all=mmlu_pro_math,mmlu_pro_law,mmlu_pro_computer_science", "together=mmlu_pro"};
    scry_harness_query q = {.results = {SPECIMENS "/base", SPECIMENS "/tuned"},
                            .study = study_of("domains", DOMAIN("Computer science") "," DOMAIN("maths") "," DOMAIN(
                                                             "all") "," DOMAIN("together") "," DOMAIN("geology")),
                            .tasks = given,
                            .task_count = 2};
    scry_evaluation *e = scry_evaluate_harness(&q, &notes, &err);
    check(e && e->count == 4, "a study's domains are found by name: %s", err.text);
    compare(domain_of(e, "Computer science"), "mmlu_pro_computer_science acc", "paired_se", "Computer science");
    compare(domain_of(e, "maths"), "mmlu_pro_math acc", "paired_se", "maths");
    check(has_note(&notes, "geology: no task of both files has such a name; --task \"geology=TASK\" names one"),
          "a domain without a task is told");
    for (int k = 0; k < 2; k++) {
        const scry_domain_evaluation *d = domain_of(e, k ? "together" : "all");
        if (!check(d != NULL, "--task gives a domain its tasks")) continue;
        const scry_measured *m = &d->measured[SCRY_BENCHMARK];
        check_near(m->change, expect("all acc", "change"), 1e-12, "%s: weighted by samples", d->name);
        check_near(m->change_se, expect("all acc", "paired_se"), 1e-12, "%s: error", d->name);
        check(d->paired && m->n == 30, "%s: paired over 30 samples", d->name);
    }
    scry_evaluation_free(e);
    q.samples[0] = q.samples[1] = scratch_folder("nowhere");
    e = scry_evaluate_harness(&q, NULL, &err);
    const scry_domain_evaluation *d = domain_of(e, "all");
    check(d && !d->paired, "no samples in that folder: not paired");
    if (d)
        check_near(d->measured[SCRY_BENCHMARK].change_se, expect("all acc", "independent_se"), 1e-12,
                   "all: independent error");
    scry_evaluation_free(e);
    scry_notes_free(&notes);
}

static void clear_changes(void) {
    static const struct {
        double change, se;
        bool is;
    } rows[] = {{2, 1, true}, {-2, 1, true},   {1.99, 1, false}, {0, 0, false},
                {3, 0, true}, {3, NAN, false}, {NAN, 1, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(scry_change_is_clear(&(scry_measured){.change = rows[i].change, .change_se = rows[i].se}) == rows[i].is,
              "a change of %g with error %g is %sclear", rows[i].change, rows[i].se, rows[i].is ? "" : "not ");
}

/* ---- names ---------------------------------------------------------------------------------- */

static void names(void) {
    static const char *const same[][2] = {{"Computer science", "computer_science"},
                                          {" - computer_science", "computer_science"},
                                          {"computer-science ", "computer_science"},
                                          {"-mmlu_stem", "mmlu_stem"},
                                          {"harness|hendrycksTest-college_mathematics|5", "hendryckstest_college_math"},
                                          {"harness|gsm8k", "gsm8k"},
                                          {"Maths", "math"},
                                          {"mathematics", "math"},
                                          {"mathematicsx", "mathematicsx"},
                                          {"Recht & Ökonomie", "recht_Ökonomie"},
                                          {"__", ""},
                                          {"", ""}};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        char *name = task_name_normalize(same[i][0]);
        check(strcmp(name, same[i][1]) == 0, "\"%s\" is compared as \"%s\", found \"%s\"", same[i][0], same[i][1],
              name);
        free(name);
    }
    check(strcmp(task_subject("leaderboard_mmlu_pro_law"), "law") == 0 && strcmp(task_subject("mmlu_"), "mmlu_") == 0 &&
              strcmp(task_subject("gsm8k"), "gsm8k") == 0,
          "a name's subject is behind its benchmark");
    static const char *const fields[][2] = {{"mmlu_abstract_algebra", "math"},
                                            {"mmlu_college_computer_science", "computer_science"},
                                            {"mmlu_flan_n_shot_loglikelihood_college_math", "math"},
                                            {"mmlu_high_school_world_history_generative", "history"},
                                            {"hendryckstest_professional_law", "law"},
                                            {"mmlu_pro_philosophy", ""},
                                            {"mmlu_nonsense", ""},
                                            {"gsm8k", ""}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *field = task_mmlu_field(fields[i][0]);
        check(strcmp(field ? field : "", fields[i][1]) == 0, "%s is of the field \"%s\", found \"%s\"", fields[i][0],
              fields[i][1], field ? field : "");
    }
}

/* A result file of these tasks, each with acc i / 100. */
static const char *results_of(const char *name, const char *const *tasks, size_t count) {
    char text[4000];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "%s\"%s\": {\"alias\": \" - x\", \"acc,none\": %.2f, \"acc_stderr,none\": 0.01, "
                                 "\"samples\": %zu}",
                                 i ? ", " : "", tasks[i], (double)(i + 1) / 100, 10 * (i + 1));
    const char *path = scratch("%s.json", name);
    write_text(path, "{\"results\": {%s}}", text);
    return path;
}

/* MMLU's subjects make up fields, and versions before 0.4.3 say "samples" for the number of them. */
static void mmlu_fields(void) {
    static const char *const tasks[] = {"mmlu_abstract_algebra", "mmlu_high_school_statistics", "mmlu_philosophy",
                                        "mmlu_formal_logic"};
    const char *path = results_of("mmlu", tasks, 4);
    scry_harness_query q = {.results = {path, path},
                            .study = study_of("fields", DOMAIN("math") "," DOMAIN("philosophy"))};
    scry_error err = {0};
    scry_notes notes = {0};
    scry_evaluation *e = scry_evaluate_harness(&q, &notes, &err);
    const scry_domain_evaluation *math = domain_of(e, "math"), *philosophy = domain_of(e, "philosophy");
    check(math && math->task_count == 2 && philosophy && philosophy->task_count == 1,
          "a field is its subjects, but a subject of its own name goes first: %s", err.text);
    if (math) check_near(math->measured[SCRY_BENCHMARK].base, (10 * 1. + 20 * 2.) / 30, 1e-12, "weighted by samples");
    check(has_note(&notes, "philosophy: measured by mmlu_philosophy alone"), "and a note says so");
    scry_evaluation_free(e);
    scry_notes_free(&notes);
}

/* ---- errors --------------------------------------------------------------------------------- */

static void refuses(const scry_harness_query *q, int status, const char *text) {
    scry_error err = {0};
    scry_evaluation *e = scry_evaluate_harness(q, NULL, &err);
    check(!e && err.status == status && strcmp(err.text, text) == 0, "refused: %s", err.text);
    if (!e && strcmp(err.text, text) != 0) printf("# expected: %s\n", text);
    scry_evaluation_free(e);
}

static void errors(void) {
    const char *bad = scratch("bad.json"), *good = SPECIMENS "/base/results_" DATE ".json";
    scry_harness_query q = {.results = {good, bad}};
    write_text(bad, "[1]");
    refuses(
        &q, 1,
        text_of("%s: not a JSON object; expected a result file of lm-evaluation-harness, {\"results\": {...}}", bad));
    write_text(bad, "{\"result\": 1}");
    refuses(
        &q, 1,
        text_of(
            "%s: found no object \"results\", expected a result file of lm-evaluation-harness (lm_eval --output_path)",
            bad));
    write_text(bad, "{\"results\": {}}");
    refuses(&q, 1, text_of("%s: results: found no task, expected one or more", bad));
    write_text(bad, "{\"results\": {\"a\": 1}}");
    refuses(&q, 1, text_of("%s: results.a: expected an object of metrics", bad));
    write_text(bad, "{\"results\": {\"a\": {}, \"a\": {}}}");
    refuses(&q, 1, text_of("%s: results.a: found twice, expected once", bad));
    write_text(bad, "{\"results\": {\"mmlu_pro_law\": {\"acc,none\": 31.5}}}");
    refuses(&q, 1,
            text_of("%s: results.mmlu_pro_law.acc,none: found 31.5, expected a share from 0 to 1; choose another "
                    "metric (--metric), such as acc",
                    bad));
    write_text(bad, "{\"results\": {\"mmlu_pro_law\": {\"acc,none\": NaN}}}");
    refuses(&q, 1, text_of("%s and %s: found no task in both with a metric that is known", good, bad));
    q.metric = "bleu";
    q.results[1] = good;
    refuses(&q, 1, text_of("%s and %s: found no task in both with bleu", good, good));
    q.study = study_of("law", DOMAIN("law"));
    refuses(&q, 1,
            "law: results.mmlu_pro_law: found no bleu in both files, which have acc,none, acc_norm,none and acc,none, "
            "acc_norm,none; choose one (--metric)");
    q.metric = NULL;
    q.study = study_of("geology", DOMAIN("geology"));
    refuses(
        &q, 1,
        text_of(
            "%s: none of its 1 domains is among the tasks of %s, such as mmlu_pro_math; name them (--task DOMAIN=TASK)",
            q.study, good));
    const char *given[2] = {"geology=mmlu_pro_lore", NULL};
    q.tasks = given;
    q.task_count = 1;
    refuses(&q, 2, text_of("--task geology: found \"mmlu_pro_lore\", expected a task of both %s and %s", good, good));
    given[0] = "geology=mmlu_pro_law,mmlu_pro_law";
    refuses(&q, 2, "--task geology: mmlu_pro_law is named twice");
    given[0] = "geology=";
    refuses(&q, 2, "--task geology: found no task, expected DOMAIN=TASK,TASK");
    given[0] = "law=mmlu_pro_law";
    refuses(&q, 2, text_of("--task law=mmlu_pro_law: %s has no domain of that name", q.study));
    given[0] = "mmlu";
    given[1] = "arc";
    q.task_count = 2;
    refuses(&q, 2, "--task: found mmlu and arc, expected one beginning of tasks' names");
    q.study = NULL;
    given[0] = "law=mmlu_pro_law";
    q.task_count = 1;
    refuses(&q, 2, "--task law=mmlu_pro_law: names a domain, expected a study after the two result files");
    q.task_count = 0;
    q.train = "math";
    refuses(&q, 2, "--train math: expected a study, which has training sets");
    q.train = NULL;
    static const char *const two[] = {"mmlu_pro_law", "leaderboard_mmlu_pro_law"};
    q.results[0] = q.results[1] = results_of("two", two, 2);
    q.study = study_of("several", DOMAIN("law"));
    refuses(&q, 2,
            "law: found 2 tasks that fit the domain: mmlu_pro_law, leaderboard_mmlu_pro_law; name those that count: "
            "--task \"law=mmlu_pro_law\"");
    const char *folder = scratch_folder("several");
    write_text(scratch("several/results_1.json"), "{}");
    write_text(scratch("several/results_2.json"), "{}");
    q.results[0] = folder;
    refuses(&q, 1, text_of("%s: found 2 result files, expected one; name the file, such as results_2.json", folder));
}

/* A copy of the specimens' law task under tuned/, with one sample line changed. */
static const char *edited_samples(const char *name, const char *from, const char *to) {
    size_t size;
    char *text = (char *)read_bytes(SPECIMENS "/tuned/samples_mmlu_pro_law_" DATE ".jsonl", &size);
    char *at = strstr(text, from);
    const char *path = scratch("%s.jsonl", name);
    if (at) write_text(path, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    free(text);
    return path;
}

/* Samples that do not pair leave the independent error, and the reason. */
static void unpaired(void) {
    static const char *const rows[][4] = {
        {"hash", "\"doc_hash\": \"", "\"doc_hash\": \"x", "is not the same document in"},
        {"twice", "\"doc_id\": 1,", "\"doc_id\": 0,", "found doc_id 0 twice, expected each once"},
        {"other", "\"doc_id\": 9,", "\"doc_id\": 10,", "doc_id 9 is in"},
        {"value", "\"acc\": 0.0", "\"acc\": 1.0", "the samples give acc,none 0.4"},
        {"none", "\"acc\": 0.0", "\"acx\": 0.0", "found no number \"acc\", expected one"},
        {"id", "\"doc_id\": 0,", "\"doc\": 0,", "found no number \"doc_id\", expected one"},
        {"cut", "}\n{", "\n{", "not JSON"},
        {"filter", "\"filter\": \"none\"", "\"filter\": \"other\"", "has 10 samples, "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *given[] = {"mmlu_pro_law"};
        scry_harness_query q = {.results = {SPECIMENS "/base", SPECIMENS "/tuned"},
                                .samples = {NULL, edited_samples(rows[i][0], rows[i][1], rows[i][2])},
                                .tasks = given,
                                .task_count = 1};
        scry_notes notes = {0};
        scry_error err = {0};
        scry_evaluation *e = scry_evaluate_harness(&q, &notes, &err);
        const scry_domain_evaluation *d = domain_of(e, "mmlu_pro_law");
        check(d && !d->paired && has_note(&notes, rows[i][3]), "%s: not paired, and why: %s", rows[i][0],
              notes.count ? notes.text[0] : err.text);
        if (d)
            check_near(d->measured[SCRY_BENCHMARK].change_se, expect("mmlu_pro_law acc", "independent_se"), 1e-12,
                       "%s: independent error", rows[i][0]);
        scry_evaluation_free(e);
        scry_notes_free(&notes);
    }
}

/* Where smaller is better, a fall is a change above 0; several filters: the first of the known ones. */
static void directions_and_filters(void) {
    const char *a = scratch("a.json"), *b = scratch("b.json");
    write_text(a, "{\"results\": {\"t\": {\"exact_match,flexible-extract\": 0.9, \"exact_match,strict-match\": 0.25, "
                  "\"exact_match_stderr,strict-match\": \"N/A\", \"brier\": 0.5, \"brier_stderr\": 0.03}}, "
                  "\"higher_is_better\": {\"t\": {\"brier\": false}}, \"n-samples\": {\"t\": {\"effective\": 7}}}");
    write_text(b, "{\"results\": {\"t\": {\"exact_match,flexible-extract\": 0.1, \"exact_match,strict-match\": 0.5, "
                  "\"exact_match_stderr,strict-match\": 0.1, \"brier\": 0.25, \"brier_stderr\": 0.04}}}");
    scry_harness_query q = {.results = {a, b}};
    scry_evaluation *e = scry_evaluate_harness(&q, NULL, NULL);
    const scry_domain_evaluation *d = domain_of(e, "t");
    check(d && strcmp(d->metric, "exact_match,strict-match") == 0 && d->measured[SCRY_BENCHMARK].change == 25 &&
              isnan(d->measured[SCRY_BENCHMARK].change_se) && d->measured[SCRY_BENCHMARK].n == 7,
          "the strict filter before the flexible one, and N/A is no error");
    scry_evaluation_free(e);
    q.metric = "brier";
    e = scry_evaluate_harness(&q, NULL, NULL);
    d = domain_of(e, "t");
    check(d && d->measured[SCRY_BENCHMARK].change == 25, "where smaller is better a fall is above 0");
    if (d) check_near(d->measured[SCRY_BENCHMARK].change_se, 5, 1e-12, "independent errors add in squares");
    scry_evaluation_free(e);
}

static void too_many_tasks(void) {
    const char *path = scratch("many.json");
    size_t size = 400000, used = 0;
    char *list = calloc(size, 1);
    for (int i = 0; i <= 10000; i++)
        used += (size_t)snprintf(list + used, size - used, "%s\"t%d\": {}", i ? "," : "", i);
    write_text(path, "{\"results\": {%s}}", list);
    free(list);
    scry_harness_query q = {.results = {path, path}};
    refuses(&q, 1, text_of("%s: results: found 10001 tasks, expected at most 10000", path));
}

/* Groups of each other, a thousand times: answered at once. */
static void endless_groups(void) {
    const char *path = scratch("groups.json");
    size_t size = 40000, used = 0;
    char *list = calloc(size, 1);
    for (int i = 0; i < 1000; i++) used += (size_t)snprintf(list + used, size - used, "%s\"g%d\"", i ? "," : "", i % 3);
    write_text(path,
               "{\"results\": {\"g0\": {\"acc\": 0.5}, \"g1\": {\"acc\": 0.5}, \"g2\": {\"acc\": 0.5}, \"t\": "
               "{\"acc\": 0.5}}, "
               "\"group_subtasks\": {\"g0\": [%s], \"g1\": [%s], \"g2\": [\"t\", %s]}}",
               list, list, list);
    free(list);
    const char *given[] = {"a=g0"};
    scry_harness_query q = {
        .results = {path, path}, .study = study_of("a", DOMAIN("a")), .tasks = given, .task_count = 1};
    scry_error err = {0};
    scry_evaluation *e = scry_evaluate_harness(&q, NULL, &err);
    check(e && e->count == 1 && !e->domains[0].paired, "groups that hold each other end: %s", err.text);
    scry_evaluation_free(e);
}

int main(void) {
    expected = read_json(SPECIMENS "/expected.json");
    values();
    old_format();
    domains();
    clear_changes();
    names();
    mmlu_fields();
    errors();
    unpaired();
    directions_and_filters();
    endless_groups();
    too_many_tasks();
    cJSON_Delete(expected);
    return check_end();
}
