/* target_causal.c: files of effect columns, texts of prompts, and labels that a language model answered with, each with
 * all that follows from them. */
#include "fuzz.h"

#include "../unit/effect_example.h"
#include "analysis.h"
#include "effects.h"
#include "labels.h"
#include "prompt.h"
#include "results/prompt_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *input; /* where the input of this run lies */

static scry_index *open_one(fuzz_index_kind kind) {
    scry_error err = {0};
    scry_index *x = scry_open(fuzz_index(kind), true, &err);
    if (!x) abort();
    return x;
}

/* ---- effect columns ------------------------------------------------------------------------- */

/* A domain without samples; with columns of other numbers. */
static void seed_columns(scry_index *x, size_t bare, double size, uint64_t seed) {
    effect_example e;
    scry_error err = {0};
    if (!effect_example_write(&e, x, input, bare, size, seed, &err)) abort();
    if (!scry_effects_attach(x, input, true, &err)) abort();
    fuzz_seed_file(input);
    effect_example_free(&e);
}

static void begin_effects(void) {
    input = scratch("x.effects");
    scry_index *x = open_one(FUZZ_FEATURES);
    seed_columns(x, 1, 1, 3);
    seed_columns(x, 9, 1e-3, 4);
    seed_columns(x, 0, 1e6, 5);
    scry_close(x);
}

static bool same_values(const scry_scorer *a, const scry_scorer *b, size_t domains) {
    for (size_t d = 0; d < domains; d++) {
        double one = scry_scorer_value(a, d), other = scry_scorer_value(b, d);
        if (memcmp(&one, &other, sizeof one) != 0) return false;
    }
    return true;
}

/* Toggles there and back leave every bit, whatever the columns say. */
static void toggle_all(scry_index *x, scry_scorer *s, scry_set *set, const scry_anchor *anchor) {
    const scry_info *info = scry_index_info(x);
    scry_scorer *fresh = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_set_anchor(fresh, anchor);
    scry_scorer_set_anchor(s, anchor);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t j = 0; j < info->d_sae; j += 3) {
            uint32_t latent = pass ? info->d_sae - 1 - j : j;
            bool in = !scry_set_has(set, latent);
            scry_set_put(set, latent, in);
            scry_scorer_put(s, latent, in);
        }
    for (int bulk = 0; bulk < 2; bulk++) {
        if (bulk) scry_scorer_begin_bulk(fresh);
        for (uint32_t j = 0; bulk && j < info->d_sae; j++)
            if (scry_set_has(set, j)) scry_scorer_put(fresh, j, false), scry_scorer_put(fresh, j, true);
        if (bulk) scry_scorer_end_bulk(fresh);
        else scry_scorer_load(fresh, set);
        if (!same_values(s, fresh, info->domains)) abort();
    }
    scry_scorer_free(fresh);
}

static void use_columns(scry_index *x) {
    const scry_info *info = scry_index_info(x);
    const size_t D = info->domains;
    scry_effects_info about;
    scry_error err = {0};
    if (!scry_effects_info_of(x, &about)) abort();
    (void)(strlen(about.path) + strlen(about.model_path));
    scry_set *set = scry_set_new(info->d_sae);
    for (uint32_t j = 0; j < info->d_sae; j += 2) scry_set_put(set, j, true);
    scry_scorer *s = scry_scorer_new(x, SCRY_ABL);
    scry_scorer_load(s, set);
    double exact[8] = {0.5, NAN, -1}, change[8] = {1, -2, 0.5};
    if (D > 8) abort();
    scry_anchor *anchor = scry_anchor_new(set, exact, D);
    toggle_all(x, s, set, NULL);
    toggle_all(x, s, set, anchor);
    float *rho = calloc(info->d_sae, sizeof *rho), sum = 0;
    scry_scope scope = {0};
    if (!rho || !scry_scope_read(&scope, x, 0, "all", true, &err)) abort();
    scry_what_if(x, s, set, &scope, NULL, info->d_sae, rho);
    for (uint32_t j = 0; j < info->d_sae; j++) {
        const float *own = scry_contribution(x, SCRY_ABL, j);
        for (size_t d = 0; d < D; d++) sum += own[d];
    }
    (void)sum;
    scry_blocks *b = scry_blocks_new(x, SCRY_ABL, set, SCRY_SAMPLES, NULL, &err);
    fuzz_answered(b != NULL, &err);
    for (size_t d = 0; b && d < D; d++) scry_blocks_sts(b, d);
    double low, high, few[4];
    if (b) scry_interval(b, change, 20, 1, NULL, &low, &high);
    scry_random_rhos(x, SCRY_ABL, change, 5, 4, 1, NULL, few, NULL);
    scry_blocks_free(b);
    scry_scope_free(&scope);
    free(rho);
    scry_anchor_free(anchor);
    scry_scorer_free(s);
    scry_set_free(set);
}

static void attach(bool verify) {
    scry_index *x = open_one(FUZZ_FEATURES);
    scry_error err = {0};
    bool ok = scry_effects_attach(x, input, verify, &err);
    fuzz_answered(ok, &err);
    if (ok == !scry_has_score(x, SCRY_ABL)) abort();
    if (ok) use_columns(x);
    scry_close(x);
}

static void run_effects(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    attach(true);
    attach(false);
}

static void run_mended(const uint8_t *data, size_t size) {
    fuzz_write(input, data, size, FUZZ_INDEX);
    attach(true);
}

/* ---- prompts -------------------------------------------------------------------------------- */

static scry_index *prompted;
static scry_prompt *prompt;
static scry_set *ablated;

/* The first byte says how the text is run. */
static void begin_prompt(void) {
    scry_error err = {0};
    const char *index = scratch("prompted.scry");
    if (scry_index_build(fuzz_source("tests/specimens/ablation/as_is.json"), index, NULL, NULL, NULL, &err))
        prompted = scry_open(index, true, &err);
    const scry_prompt_options how = {.tuned = fuzz_source("tests/specimens/evaluate/tuned"), .threads = 1};
    if (prompted) prompt = scry_prompt_open(prompted, &how, NULL, &err);
    if (!prompt) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    ablated = scry_set_new(scry_index_info(prompted)->d_sae);
    for (uint32_t j = 0; j < ablated->latents; j += 2) scry_set_put(ablated, j, true);
    const char *good = "@Let x = 12.\nSo it is";
    scry_prompt_result *r = scry_prompt_run(
        prompt, &(scry_prompt_query){.text = good + 1, .length = strlen(good + 1), .next = 1}, NULL, &err);
    if (!r) abort();
    scry_prompt_result_free(r);
    fuzz_seed_text(good);
    fuzz_seed_text(" Let x = 12.\nSo it is");
    fuzz_seed_text("GLet x = 12.\nSo it is");
    fuzz_seed_text("!\033[31m\xf0\x9f\x98\x80\xe2\x80\xae e\xcc\x81\t<|endoftext|> \xe6\xbc\xa2\xe5\xad\x97");
    fuzz_seed_text("\"<|im_start|>user\nhello<|im_end|>");
    fuzz_seed_text("3\xff\xfe\xc3(\xe2\x82 plain");
    fuzz_seed_text("<\xed\xa0\x80\xf4\x90\x80\x80\xc0\xaf");
    fuzz_seed("Ua\0b", 4);
    fuzz_seed("A", 1);
}

static void check_predictions(const scry_prompt_result *r, scry_next_model model) {
    const scry_next_probability *p = r->predicted[model];
    for (size_t t = 0; p && t < r->tokens; t++, p += r->next)
        for (uint32_t k = 0; k < r->next; k++)
            if (!(p[k].probability >= 0 && p[k].probability <= 1 + 1e-6) ||
                (k && p[k].probability > p[k - 1].probability))
                abort();
}

/* The tokens of a plain text are the text. */
static void check_pieces(const scry_prompt_result *r, const char *text, size_t length) {
    size_t at = 0;
    for (size_t t = r->front; t < r->tokens; t++) {
        const char *piece = scry_prompt_piece(prompt, r->id[t]);
        size_t bytes = piece ? strlen(piece) : 0;
        if (bytes > length - at || memcmp(piece, text + at, bytes) != 0) abort();
        at += bytes;
    }
    if (at != length) abort();
}

static void check_result(const scry_prompt_result *r) {
    const scry_info *info = scry_index_info(prompted);
    if (!r->tokens || r->tokens > scry_prompt_info_of(prompt)->most_tokens || r->front > r->tokens || r->start[0])
        abort();
    for (size_t t = 0; t < r->tokens; t++) {
        scry_active_latent strongest[4];
        if (r->start[t] > r->start[t + 1]) abort();
        for (uint64_t i = r->start[t]; i < r->start[t + 1]; i++)
            if (r->latent[i] >= info->d_sae || !isfinite(r->activation[i]) ||
                (i > r->start[t] && r->latent[i] <= r->latent[i - 1]))
                abort();
        size_t n = scry_prompt_strongest(r, t, 4, strongest);
        for (size_t i = 0; i < n; i++)
            if (scry_prompt_activation(r, t, strongest[i].latent) != strongest[i].activation) abort();
        scry_prompt_counts(r, t);
    }
    for (int m = 0; m < SCRY_NEXT_MODELS; m++) check_predictions(r, (scry_next_model)m);
    uint32_t latent;
    if (scry_prompt_strongest_latent(r, &latent) && !(scry_prompt_peak(r, latent) > 0)) abort();
}

static void print_result(const scry_prompt_result *r, const char *text) {
    prompt_view v = {.index = prompted, .prompt = prompt, .result = r, .text = text, .latent = 1, .top = 3};
    cJSON *facts = prompt_result(&v);
    char *json = cJSON_PrintUnformatted(facts);
    if (!json) abort();
    cJSON_free(json);
    prompt_result_words(facts, r->next % 2);
    cJSON_Delete(facts);
}

static void run_prompt(const uint8_t *data, size_t size) {
    static const char *const templates[] = {NULL, "auto", "chatml", "llama3", "gemma", "no such"};
    if (!size) return;
    char *text = malloc(size);
    if (!text) abort();
    memcpy(text, data + 1, size - 1);
    text[size - 1] = 0;
    const unsigned how = data[0];
    const scry_prompt_query query = {.text = text,
                                     .length = size - 1,
                                     .chat_template = templates[how % 32 % 6],
                                     .bos = how & 32 ? SCRY_BOS_YES : SCRY_BOS_AUTO,
                                     .next = 1 + how / 64 * 33,
                                     .ablated = how & 1 ? ablated : NULL};
    scry_error err = {0};
    scry_prompt_result *r = scry_prompt_run(prompt, &query, NULL, &err);
    fuzz_answered(r != NULL, &err);
    if (r) {
        check_result(r);
        if (!query.chat_template) check_pieces(r, text, size - 1);
        print_result(r, text);
    }
    scry_prompt_result_free(r);
    free(text);
}

/* ---- labels that were answered -------------------------------------------------------------- */

enum { LATENTS = 70 };

static void begin_answers(void) {
    input = scratch("answers.jsonl");
    fuzz_seed_text(
        "{\"custom_id\": \"latent-3\", \"response\": {\"body\": {\"choices\": [{\"message\": {\"content\": "
        "\"<think>so</think>\\n**Label:** \\\"digits\\\".\"}}]}}}\n{\"custom_id\": \"latent-4\", \"result\": "
        "{\"message\": {\"content\": [{\"text\": \"{\\\"label\\\": \\\"x\\\"}\"}]}}}\n"
        "{\"custom_id\": \"latent-5\", \"response\": {\"body\": {\"output\": [{}, {\"content\": [{\"text\": "
        "\"a\\n\\nLabel: b\"}]}]}}}\n");
    fuzz_seed_text("{\"custom_id\": \"latent-1\", \"content\": \"```json\\n{\\\"label\\\": \\\"one\\\"}\\n```\"}\n"
                   "{\"custom_id\": \"latent-20\", \"content\": \"[LABEL]: \\u201claw\\u201d.\"}\n"
                   "{\"custom_id\": \"latent-77\", \"error\": {\"message\": \"limit\"}}\n");
    fuzz_seed_text("{\"latent\": 1, \"label\": \" two \"}\n{\"latent\": 20, \"label\": \"\"}\n");
    fuzz_seed_text("latent,label\n1,\"one, \"\"two\"\"\"\n69,x\r\n");
}

static void labels_now(const scry_index *x, char *out[LATENTS]) {
    for (uint32_t j = 0; j < LATENTS; j++) {
        const char *label = scry_label(x, j);
        out[j] = strdup(label ? label : "");
    }
}

static void check_labels(const scry_index *x, char *const expected[LATENTS]) {
    for (uint32_t j = 0; j < LATENTS; j++) {
        const char *label = scry_label(x, j);
        if (strcmp(label ? label : "", expected[j]) != 0) abort();
    }
}

/* An import can be taken back and done again, and survives in the file. */
static void run_answers(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    const char *index = fuzz_index(FUZZ_FEATURES);
    const char *edits = text_of("%.*s.labels.jsonl", (int)(strrchr(index, '.') - index), index);
    for (int replace = 0; replace < 2; replace++) {
        unlink(edits);
        scry_index *x = open_one(FUZZ_FEATURES);
        char *before[LATENTS] = {0}, *after[LATENTS] = {0};
        scry_labels_imported done;
        scry_relabels changes;
        scry_notes notes = {0};
        scry_error err = {0};
        labels_now(x, before);
        bool ok = scry_labels_import(x, input, replace, &done, &changes, &notes, &err);
        fuzz_answered(ok, &err);
        labels_now(x, after);
        if (!ok) check_labels(x, before);
        if (ok && (done.read != done.set + done.kept + done.too_long || changes.count > done.set)) abort();
        if (!scry_labels_change(x, changes.change, changes.count, true, &err)) abort();
        check_labels(x, before);
        if (!scry_labels_change(x, changes.change, changes.count, false, &err)) abort();
        scry_close(x);
        x = open_one(FUZZ_FEATURES);
        check_labels(x, after);
        scry_close(x);
        for (uint32_t j = 0; j < LATENTS; j++) free(before[j]), free(after[j]);
        scry_relabels_free(&changes);
        scry_notes_free(&notes);
    }
    unlink(edits);
}

const fuzz_target fuzz_causal_targets[] = {
    {"effects", begin_effects, run_effects},
    {"effects-mended", begin_effects, run_mended},
    {"prompt", begin_prompt, run_prompt},
    {"import-labels", begin_answers, run_answers},
    {NULL, NULL, NULL},
};
