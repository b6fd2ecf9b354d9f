/* target_capture.c: texts that scry capture reads, captures that it finds, and settings of SAEs that name a hook. */
#include "fuzz.h"

#include "base/mem.h"
#include "capture/capture_file.h"
#include "capture/capture_plan.h"
#include "capture/sae_hook.h"

#include <stdlib.h>
#include <string.h>

static const char *input;
static scry_tokenizer *tok;

/* ---- texts ---------------------------------------------------------------------------------- */

static void begin_corpus(void) {
    input = scratch("texts.jsonl");
    scry_error err = {0};
    if (!tok) tok = scry_tokenizer_open(fuzz_source("tests/specimens/capture/tokenizer.json"), &err);
    if (!tok) abort();
    fuzz_seed_text(
        "{\"prompt\": \"a?\", \"response\": \"b.\", \"id\": 7, \"level\": [1, {}]}\n"
        "{\"prompt\": \"c \", \"completion\": \"d.\", \"category\": \"law\"}\n{\"text\": \"a b\", \"id\": 7}\n");
    fuzz_seed_text("[{\"question_id\": 1, \"question\": \"a?\", \"options\": [\"b\", \"c\"], \"answer\": \"A\", "
                   "\"answer_index\": 0, \"cot_content\": \"A: so b\", \"category\": \"law\"},\n{\"question\": \"d?\", "
                   "\"choices\": [\"e\"], \"answer\": 0}, {\"question\": \"g\", \"answer\": 72.5}]");
    fuzz_seed_text(
        "{\"messages\": [{\"role\": \"system\", \"content\": \"be\"}, {\"role\": \"user\", \"content\": \"a?\"}, "
        "{\"role\": \"assistant\", \"content\": \"b\\ud800.\"}]}\n{\"messages\": [{\"role\": \"user\", \"content\": "
        "\"\"}]}\n{\"instruction\": \"a\", \"input\": \"b\", \"output\": \"c\"}\n{\"prompt\": [{\"role\": \"user\", "
        "\"content\": \"<|im_end|>\"}], \"completion\": [{\"role\": \"assistant\", \"content\": \" x \"}]}\n");
    fuzz_seed_text(
        "{\"text\": \"aaaaaaaa\"}\n{\"text\": \"\"}\n{\"text\": \"<|bos|>b\"}\n{\"text\": \"c\"}\n{\"text\": \"c\"}");
}

/* Every token of a sample is one that the model may be given, and the numbers of a group agree. */
static void check_group(const capture_plan *plan, const capture_group *g) {
    uint64_t rows = 0;
    for (size_t i = 0; i < g->count; i++) {
        const capture_sample *s = &g->sample[i];
        if (s->first >= s->count || s->response > s->count || s->head >= g->heads || s->count > g->longest) abort();
        for (uint32_t k = 0; k < s->count; k++)
            if (s->ids[k] >= scry_tokenizer_size(plan->tok)) abort();
        for (int c = 0; c < CAPTURE_CONDITIONS; c++) {
            size_t front;
            const uint32_t *ids = capture_group_front(plan, g, (capture_condition)c, i, &front);
            for (size_t k = 0; k < front; k++)
                if (ids[k] >= scry_tokenizer_size(plan->tok)) abort();
            if (g->head[s->head].count + front + s->count > plan->limit) abort();
        }
        rows += s->count - s->first;
    }
    if (rows != g->rows) abort();
}

static void run_corpus(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    static const char *const names[] = {NULL, "none", "chatml"};
    for (int variant = 0; variant < 6; variant++) {
        scry_error err = {0};
        scry_notes notes = {0};
        corpus_groups groups = {0};
        bool ok = corpus_groups_add(&groups, input, "--domain", variant % 2, &notes, &err);
        fuzz_answered(ok, &err);
        scry_capture_options options = {.domain_demos = (uint32_t)variant % 3,
                                        .demos_previous = variant > 3,
                                        .rows_response = variant == 4,
                                        .seed = size};
        capture_group g = {.texts = groups.group, .rule = {.tok = tok, .bos = (scry_bos)(variant % 3)}};
        capture_plan plan = {.options = &options,
                             .notes = &notes,
                             .tok = tok,
                             .limit = variant % 2 ? 20 : 1000,
                             .group = &g,
                             .groups = 1};
        ok = ok && text_rule_find(&g.rule, groups.group[0].corpus, names[variant / 2], &err);
        ok = ok && capture_group_fill(&plan, &g, &err);
        fuzz_answered(ok, &err);
        if (ok) check_group(&plan, &g);
        capture_group_free(&g);
        corpus_groups_free(&groups);
        scry_notes_free(&notes);
    }
}

/* ---- captures ------------------------------------------------------------------------------- */

enum { WIDTH = 3, ROWS = 4 };
static cJSON *settings;

static void begin_found(void) {
    input = scratch("found.safetensors");
    settings =
        cJSON_Parse("{\"condition\": \"icl\", \"hook\": \"blocks.1.hook_mlp_out\", \"dtype\": \"f16\", \"seed\": 1}");
    scry_error err = {0};
    capture_file f;
    bool ok = capture_file_begin(&f, input, settings, SCRY_CAPTURE_F16, ROWS, WIDTH, &err);
    for (int row = 0; row < ROWS && ok; row++) ok = capture_file_row(&f, (float[WIDTH]){(float)row, 1, -2}, &err);
    if (!ok || !capture_file_end(&f, true, &err)) abort();
    size_t size;
    uint8_t *bytes = read_bytes(input, &size);
    fuzz_seed(bytes, size);
    free(bytes);
}

static void run_found(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    for (int verify = 0; verify < 2; verify++) {
        char *why;
        capture_state state = capture_file_state(input, settings, ROWS, WIDTH, verify, &why);
        if (state == CAPTURE_ABSENT || (state == CAPTURE_KEPT) != (why == NULL)) abort();
        free(why);
    }
}

/* ---- settings of SAEs ----------------------------------------------------------------------- */

static void begin_sae_hook(void) {
    input = text_of("%s/cfg.json", scratch_folder("layers.3"));
    fuzz_seed_text("{\"hook_name\": \"blocks.3.hook_resid_post\", \"hook_layer\": 3}");
    fuzz_seed_text("{\"metadata\": {\"hook_name\": \"blocks.3.attn.hook_z\"}, \"trainer\": {\"layer\": 8, "
                   "\"submodule_name\": \"resid_post_layer_8\"}}");
    fuzz_seed_text("{\"hookpoint\": \"gpt_neox.layers.3.mlp\", \"layer\": 1e5}");
}

static void run_sae_hook(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    scry_hook hook;
    bool has;
    scry_error err = {0};
    bool ok = sae_hook(input, true, &hook, &has, &err);
    fuzz_answered(ok, &err);
    if (ok && (!has || hook.point >= SCRY_HOOK_POINTS)) abort();
}

const fuzz_target fuzz_capture_targets[] = {{"corpus", begin_corpus, run_corpus},
                                            {"found-capture", begin_found, run_found},
                                            {"sae-hook", begin_sae_hook, run_sae_hook},
                                            {NULL, NULL, NULL}};
