/* target_evaluate.c: what scry evaluate reads: results and samples of lm-evaluation-harness, token files that a model
 * is to read, and manifests into which changes are written. */
#include "fuzz.h"

#include "evaluate/evaluation_internal.h"
#include "evaluate/texts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HARNESS "tests/specimens/harness"
#define DATE    "2026-01-02T03-04-05.678901"

static const char *input, *study_file, *made;

/* ---- results -------------------------------------------------------------------------------- */

static void begin_results(void) {
    input = scratch("results.json");
    study_file = scratch("domains.json");
    made = scratch("made.json");
    write_text(study_file, "{\"scry_study\": 1, \"domains\": [{\"name\": \"math\", \"sts\": {\"act\": 1}}, {\"name\": "
                           "\"law\", \"sts\": {\"act\": 1}}]}");
    fuzz_seed_file(HARNESS "/tuned/results_" DATE ".json");
    fuzz_seed_file(HARNESS "/old/tuned.json");
    fuzz_seed_text(
        "{\"results\": {\"mmlu_abstract_algebra\": {\"alias\": \" - a\", \"acc,none\": 0.5, \"acc_stderr,none\": "
        "\"N/A\", \"samples\": 3}, \"mmlu\": {\"acc,none\": 0.5}, \"harness|hendrycksTest-law|5\": {\"acc\": 1}}, "
        "\"group_subtasks\": {\"mmlu\": [\"mmlu\", \"mmlu_abstract_algebra\"]}, \"n-samples\": {\"mmlu\": "
        "{\"effective\": 3}}, \"higher_is_better\": {\"mmlu\": {\"acc\": false}}}");
}

static void compare(const char *base, const char *tuned, const char *samples) {
    for (int with = 0; with < 2; with++) {
        scry_harness_query q = {
            .results = {base, tuned}, .samples = {NULL, samples}, .study = with ? study_file : NULL};
        scry_error err = {0};
        scry_notes notes = {0};
        scry_evaluation *e = scry_evaluate_harness(&q, &notes, &err);
        fuzz_answered(e != NULL, &err);
        for (size_t d = 0; e && d < e->count; d++) {
            const scry_measured *m = &e->domains[d].measured[SCRY_BENCHMARK];
            if (!(m->base >= 0 && m->base <= 100 && fabs(m->change) <= 100)) abort();
        }
        if (e && with) fuzz_answered(scry_evaluation_write(e, study_file, made, &notes, &err), &err);
        scry_evaluation_free(e);
        scry_notes_free(&notes);
    }
}

static void run_results(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    compare(input, input, NULL);
    compare(fuzz_source(HARNESS "/base/results_" DATE ".json"), input, NULL);
}

static void begin_samples(void) {
    begin_results();
    input = scratch("samples.jsonl");
    fuzz_seed_file(HARNESS "/tuned/samples_mmlu_pro_law_" DATE ".jsonl");
    fuzz_seed_text("[{\"doc_id\": 0, \"acc\": true}, {\"doc_id\": 1, \"acc\": 0, \"filter\": \"x\"}]");
}

static void run_samples(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    compare(fuzz_source(HARNESS "/base/results_" DATE ".json"), fuzz_source(HARNESS "/tuned/results_" DATE ".json"),
            input);
}

/* ---- texts ---------------------------------------------------------------------------------- */

static scry_tokenizer *tok;

static void begin_texts(void) {
    scry_error err = {0};
    input = scratch("texts.jsonl");
    study_file = scratch("texts.json");
    write_text(
        study_file,
        "{\"scry_study\": 1, \"train\": {\"base\": {\"residual\": \"r\"}, \"icl\": {\"residual\": \"r\"}}, "
        "\"domains\": "
        "[{\"name\": \"a\", \"base\": {\"residual\": \"r\", \"tokens\": \"texts.jsonl\"}}, {\"name\": \"b\", \"base\": "
        "{\"residual\": \"r\", \"tokens\": \"texts.jsonl\", \"rows\": [2, 6]}}]}");
    tok = scry_tokenizer_open(fuzz_source("tests/specimens/evaluate/base"), &err);
    if (!tok) abort();
    fuzz_seed_text("{\"ids\": [40, 41, 42], \"before\": [0], \"response\": 1, \"tokens\": [\"a\", \"b\", \"c\"]}\n"
                   "{\"tokens\": [\"By\", \" law\"]}\n{\"ids\": [1, 2, 3, 4, 5], \"response\": 0}\n");
    static const char *const names[] = {"math", "law", "chat", "plain"};
    for (int i = 0; i < 4; i++) fuzz_seed_file(text_of("tests/specimens/evaluate/%s.jsonl", names[i]));
}

static void walk(const measured_domains *texts) {
    for (size_t d = 0; d < texts->count; d++)
        for (size_t i = 0; i < texts->domains[d].count; i++) {
            const measured_text *text = &texts->domains[d].texts[i];
            for (size_t k = 0; k < text->has_response + 2 * text->options; k++) {
                const scored_sequence *s = &text->sequences[k];
                if (s->from < 1 || s->from >= s->to || s->to > 64) abort();
                for (size_t t = 0; t < s->to; t++)
                    if (s->ids[t] >= scry_tokenizer_size(tok)) abort();
            }
        }
}

static void run_texts(const uint8_t *data, size_t size) {
    text_settings settings = {.tok = tok, .most_tokens = 64, .most_samples = 3};
    write_bytes(input, data, size);
    scry_error err = {0};
    scry_study *study = scry_study_read(study_file, NULL, &err);
    if (!study) abort();
    measured_domains texts = {0};
    bool ok = texts_of_study(study, &settings, &texts, NULL, &err);
    fuzz_answered(ok, &err);
    walk(&texts);
    measured_domains_free(&texts);
    ok = texts_of_files(&input, 1, &settings, &texts, NULL, &err);
    fuzz_answered(ok, &err);
    walk(&texts);
    measured_domains_free(&texts);
    scry_study_free(study);
}

/* ---- manifests ------------------------------------------------------------------------------ */

static void begin_manifest(void) {
    input = scratch("changes/study.json");
    made = scratch("changes/made.json");
    scratch_folder("changes");
    fuzz_seed_file(fuzz_study(FUZZ_RESIDUALS));
    fuzz_seed_text(
        "{\"scry_study\": 1, \"domains\": [{\"name\": \"law\", \"change\": -9.8, \"sts\": {\"act\": 5.1}}, "
        "{\"change_se\": 1, \"measured\": {\"loss\": {\"base\": 1}}, \"name\": \"math\", \"change\": 1, \"sts\": "
        "{\"act\": 2, \"icl\": 3e-2}}]}");
    fuzz_seed_text(
        "{\"scry_study\": 1, \"train\": [{\"name\": \"a\", \"base\": {\"residual\": \"r\"}, \"icl\": {\"residual\": "
        "\"r\"}}, {\"name\": \"b\", \"base\": {\"residual\": \"r\"}, \"icl\": {\"residual\": \"r\"}}], \"domains\": "
        "[{\"name\": \"x\", \"change\": {\"a\": 1, \"b\": 2.5}, \"base\": {\"residual\": \"r\"}}]}");
}

/* What is written reads back as the study with these changes. */
static void run_manifest(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    scry_error err = {0};
    scry_study *study = scry_study_read(input, NULL, &err);
    fuzz_answered(study != NULL, &err);
    if (!study) return;
    scry_evaluation e = {.chosen = SCRY_LOSS, .train = study->train_count > 1 ? study->trains[0].name : NULL};
    e.domains = calloc(study->domain_count, sizeof *e.domains);
    for (; e.count < study->domain_count; e.count++) {
        e.domains[e.count] = evaluation_domain(study->domains[e.count].name);
        e.domains[e.count].measured[SCRY_LOSS] =
            (scry_measured){2, 1, 3 + (double)e.count, 1, 1, e.count % 2 ? (double)NAN : 0.5, 10, 2};
    }
    bool ok = scry_evaluation_write(&e, input, made, NULL, &err);
    fuzz_answered(ok, &err);
    scry_study *again = ok ? scry_study_read(made, NULL, &err) : NULL;
    if (ok && (!again || again->domain_count != study->domain_count)) abort();
    for (size_t d = 0; ok && d < e.count; d++) {
        if (again->domains[d].change[0] != 3 + (double)d) abort();
        if (d % 2 ? !isnan(again->domains[d].change_se[0]) : again->domains[d].change_se[0] != 0.5) abort();
    }
    for (size_t d = 0; d < e.count; d++) free(e.domains[d].name);
    free(e.domains);
    scry_study_free(again);
    scry_study_free(study);
}

const fuzz_target fuzz_evaluate_targets[] = {{"evaluate-results", begin_results, run_results},
                                             {"evaluate-samples", begin_samples, run_samples},
                                             {"evaluate-texts", begin_texts, run_texts},
                                             {"evaluate-manifest", begin_manifest, run_manifest},
                                             {NULL, NULL, NULL}};
