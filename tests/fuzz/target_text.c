/* target_text.c: text files: manifests, token files, vocabularies, labels, CSV, sets; and captures, indexed through a
 * study. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/string_pool.h"
#include "text/text.h"
#include "io/label_file.h"
#include "io/csv_table.h"
#include "io/tokenfile.h"
#include "io/tokenizer.h"
#include "labels.h"
#include "sets.h"
#include "study/study.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

static const char *input, *made; /* where the input of this run lies; what is made of it */

/* ---- manifests ------------------------------------------------------------------------------ */

/* Next to the files of the small study. */
static const char *manifest_place(fuzz_index_kind kind, const char *name) {
    const char *study = fuzz_study(kind);
    return text_of("%.*s/%s", (int)(strrchr(study, '/') - study), study, name);
}

static void begin_study(void) {
    input = manifest_place(FUZZ_RESIDUALS, "input.json");
    made = scratch("made.scry");
    fuzz_seed_file(fuzz_study(FUZZ_RESIDUALS));
    fuzz_seed_text("{\"scry_study\": 1, \"domains\": [{\"name\": \"law\", \"change\": -9.8, \"sts\": {\"act\": 5.1}}, "
                   "{\"name\": \"math\", \"change\": 1, \"sts\": {\"act\": 2, \"icl\": 3e-2}}]}");
    fuzz_seed_text(
        "{\"scry_study\": 1, \"sae\": \"sae\", \"pairing\": \"sample\", \"correlate\": \"signed\", \"train\": "
        "[{\"name\": "
        "\"a\", \"base\": {\"residual\": [\"base.npy\", \"icl.npy\"], \"rows\": [2, 20]}, \"rl\": {\"residual\": "
        "[\"sft.npy\", \"d1.npy\"], \"rows\": [2, 20]}}, {\"name\": \"b\", \"base\": {\"residual\": \"d1.npy\"}, "
        "\"icl\": "
        "{\"residual\": \"d2.npy\"}}], \"domains\": [{\"name\": \"x\", \"change\": {\"a\": 1, \"b\": 2.5}, \"base\": "
        "{\"residual\": \"d0.npy\", \"tensor\": \"\"}}]}");
}

static void build(const char *study) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_build_result result;
    scry_build_options options = {.threads = 1};
    bool ok = scry_index_build(study, made, &options, &result, &notes, &err);
    fuzz_answered(ok, &err);
    scry_index *index = ok ? scry_open(made, true, &err) : NULL;
    if (ok) fuzz_answered(index != NULL, &err);
    if (index) scry_warnings(index, &notes);
    scry_close(index);
    scry_notes_free(&notes);
}

static void run_study(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    if (!scry_is_scores_only(input)) {
        build(input);
        return;
    }
    scry_error err = {0};
    scry_index *index = scry_open_scores(input, &err);
    fuzz_answered(index != NULL, &err);
    for (int s = 0; index && s < SCRY_SCORES; s++) scry_given_scores(index, (scry_score)s);
    scry_close(index);
}

/* A capture that stands for all of a study's. */
static const char *capture_study;

static void begin_capture(void) {
    input = scratch("capture.bin");
    made = scratch("made.scry");
    capture_study = scratch("capture.json");
    write_text(capture_study,
               "{\"scry_study\": 1, \"train\": {\"base\": {\"features\": \"capture.bin\"}, \"icl\": "
               "{\"features\": \"capture.bin\"}}, \"domains\": [{\"name\": \"a\", \"change\": 1, \"base\": "
               "{\"features\": \"capture.bin\"}}]}");
    static const char *const specimens[] = {"a.npy",
                                            "big_f2.npy",
                                            "big_f8_fortran.npy",
                                            "coo.npz",
                                            "coo_mixed.npz",
                                            "csc.npz",
                                            "csr.npz",
                                            "csr_unsorted.npz",
                                            "top_k.npz",
                                            "csr.pt",
                                            "bf16.pt",
                                            "strided.pt",
                                            "coo_uncoalesced.pt",
                                            "expanded.pt",
                                            "delphi.safetensors",
                                            "top_k.safetensors",
                                            "f16.safetensors",
                                            "deflated.npz",
                                            "prompts.pt"};
    for (size_t i = 0; i < sizeof specimens / sizeof *specimens; i++)
        fuzz_seed_file(text_of("tests/specimens/formats/%s", specimens[i]));
}

static void run_capture(const uint8_t *data, size_t size) {
    fuzz_write(input, data, size, FUZZ_ZIP);
    build(capture_study);
}

/* ---- tokens --------------------------------------------------------------------------------- */

static tokenizer vocabulary;

static void begin_tokens(void) {
    input = scratch("tokens.jsonl");
    scry_error err = {0};
    if (!tokenizer_open(&vocabulary, fuzz_source("tests/specimens/tokenizer/bytelevel.json"), NULL, &err)) abort();
    fuzz_seed_file(manifest_place(FUZZ_FEATURES, "tokens.jsonl"));
    fuzz_seed_text(
        "{\"id\": 7, \"ids\": [1, 2, 3], \"text\": \"abc\"}\n\n{\"id\": \"x\", \"ids\": [0, 99999999], \"about\": "
        "[1, {\"a\": null}]}\n{\"tokens\": [\"\\ud83d\\ude00\", \"\\u0000\", \"\\ud800\", \"\"]}");
}

static void run_tokens(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    for (int with = 0; with < 2; with++) {
        string_pool pieces = {0};
        token_text text;
        scry_error err = {0};
        bool ok = token_text_read(&text, input, "key", &pieces, with ? &vocabulary : NULL, &err);
        fuzz_answered(ok, &err);
        for (uint64_t i = 0; ok && i < text.tokens; i++)
            if (strlen(string_pool_text(&pieces, text.piece[i])) > size * 4 + 32) abort();
        if (ok) token_text_free(&text);
        string_pool_free(&pieces);
    }
}

static void begin_tokenizer(void) {
    input = scratch("tokenizer.json");
    static const char *const names[] = {"bytelevel", "bytelevel_old", "clip",     "llama",
                                        "unigram",   "wordlevel",     "wordpiece"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fuzz_seed_file(text_of("tests/specimens/tokenizer/%s.json", names[i]));
}

static void run_tokenizer(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    tokenizer tok;
    scry_error err = {0};
    bool ok = tokenizer_open(&tok, input, "tokenizer", &err);
    fuzz_answered(ok, &err);
    if (!ok) return;
    for (size_t i = 0; i < tok.count; i++)
        if (!tokenizer_piece(&tok, tok.entry[i].id)) abort();
    tokenizer_free(&tok);
}

/* ---- labels, sets, tables ------------------------------------------------------------------- */

enum { LATENTS = 70 };

static void begin_labels(void) {
    input = scratch("labels.jsonl");
    static const char *const names[] = {"features.jsonl", "dashboard/batch-0.json", "dashboard/batch-1.json",
                                        "neuronpedia/batch-0.jsonl", "neuronpedia/batch-1.jsonl.gz"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        fuzz_seed_file(text_of("tests/specimens/labels/%s", names[i]));
    fuzz_seed_text(
        "{\"custom_id\": \"latent-3\", \"response\": {\"body\": {\"choices\": [{\"message\": {\"content\": "
        "\"<think>so</think>\\n**Label:** \\\"digits\\\".\"}}]}}}\n{\"custom_id\": \"latent-4\", \"result\": "
        "{\"message\": {\"content\": [{\"text\": \"{\\\"label\\\": \\\"x\\\"}\"}]}}}\n"
        "{\"custom_id\": \"latent-5\", \"response\": {\"body\": {\"output\": [{}, {\"content\": [{\"text\": "
        "\"a\\n\\nLabel: b\"}]}]}}}\n");
    fuzz_seed_text("latent,label\n1,\"one, \"\"two\"\"\"\n69,x\r\n70,y\n");
    fuzz_seed_text(
        "[{\"latent\": 3, \"label\": \"a\"}, {\"index\": \"17\", \"description\": \"b\", \"layer\": \"2\"}]");
}

static void run_labels(const uint8_t *data, size_t size) {
    char *label[LATENTS] = {0};
    scry_error err = {0};
    scry_notes notes = {0};
    write_bytes(input, data, size);
    bool ok = labels_read(label, LATENTS, input, &notes, &err);
    fuzz_answered(ok, &err);
    for (int i = 0; i < LATENTS; i++) free(label[i]);
    scry_notes_free(&notes);
}

static void begin_csv(void) {
    input = scratch("set.csv");
    fuzz_seed_text("latent,included,rank,shift,share,label,law\n3,1,1,0.5,0.25,\"a, "
                   "\"\"b\"\"\",1e-3\n17,0,,,,,\n69,yes,2,,,\"'=1\",\n");
    fuzz_seed_text("latent,included\r\n0,1\r\n1,0\r\n");
    fuzz_seed_text("3\r\n17, 20-22\n\n69");
    fuzz_seed_text("{\"by\":\"icl\",\"latents\":[{\"rank\":1,\"latent\":3},17,{\"index\":\"69\",\"included\":0}]}");
    fuzz_seed_text("{\"selection\":2,\"sets\":[{\"name\":\"core\",\"latents\":4,\"list\":\"3,17-19\"}]}");
}

static void run_csv(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    scry_set *set = scry_set_new(LATENTS);
    scry_error err = {0};
    bool ok = scry_set_read(set, NULL, input, &err);
    fuzz_answered(ok, &err);
    scry_set_free(set);
    csv_table t;
    err = (scry_error){0};
    ok = csv_table_parse(&t, (const char *)data, size, "here", &err);
    fuzz_answered(ok, &err);
    if (!ok) return;
    size_t bytes = 0;
    for (uint64_t row = 0; row < t.rows; row++)
        for (size_t c = 0; c < t.columns; c++) bytes += strlen(csv_table_cell(&t, row, (int)c));
    if (bytes > size) abort();
    csv_table_free(&t);
}

/* Files that belong to an index. */
static scry_index *open_small(void) {
    scry_error err = {0};
    scry_index *index = scry_open(fuzz_index(FUZZ_FEATURES), true, &err);
    if (!index) abort();
    return index;
}

static const char *sidecar_of(const char *suffix) {
    const char *index = fuzz_index(FUZZ_FEATURES);
    return text_of("%.*s%s", (int)(strrchr(index, '.') - index), index, suffix);
}

static void begin_edits(void) {
    input = sidecar_of(".labels.jsonl");
    fuzz_seed_text("{\"latent\":1,\"label\":\"\"}\n{\"latent\":17,\"label\":\"units of measure\"}\n");
}

static void run_edits(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    scry_index *index = open_small();
    for (uint32_t j = 0; j < LATENTS; j++) scry_label(index, j);
    scry_error err = {0};
    bool ok = scry_label_set(index, 5, "five", &err);
    fuzz_answered(ok, &err);
    if (ok == (scry_label_problem(index) != NULL)) abort(); /* a file that could not be read is not written over */
    scry_close(index);
}

static void begin_sets(void) {
    input = sidecar_of(".sets.json");
    fuzz_seed_text("{\"scry_sets\": 1, \"d_sae\": 70, \"sets\": [{\"name\": \"core\", \"latents\": \"3,17,40-50\"}, "
                   "{\"name\": \"noise\", \"latents\": \"\"}]}");
}

static void run_sets(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    scry_index *index = open_small();
    scry_error err = {0};
    scry_named_sets *sets = scry_named_sets_open(index, &err);
    fuzz_answered(sets != NULL, &err);
    for (size_t i = 0; sets && i < sets->count; i++) {
        char *text = scry_set_text(sets->item[i].set);
        scry_set *again = scry_set_new(LATENTS);
        if (!scry_named_sets_name_ok(sets->item[i].name, &err)) abort();
        if (*text && !scry_set_list(again, text, true, &err)) abort();
        if (!scry_set_equal(again, sets->item[i].set)) abort();
        scry_set_free(again);
        free(text);
    }
    scry_named_sets_free(sets);
    scry_close(index);
}

/* ---- text for a terminal -------------------------------------------------------------------- */

static void begin_shown(void) {
    fuzz_seed_text("so the total is =\xe2\x80\xae 12\033[31m \xf0\x9f\x98\x80 e\xcc\x81 \xe6\xbc\xa2\xe5\xad\x97\t\n");
    fuzz_seed_text("\xff\xfe\xc3(\xe2\x82 plain \xe2\x80\x8b\xef\xbb\xbf");
}

/* No control or direction character, nothing broken, nothing wider than asked. */
static void check_safe(const char *text, bool ascii) {
    for (const char *at = text; *at;) {
        uint32_t code = utf8_next(&at);
        bool bad = code >= UTF8_INVALID || code < 0x20 || (code >= 0x7f && code < 0xa0) || (ascii && code > 0x7e);
        bad = bad || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
        if (bad) abort();
    }
}

static void run_shown(const uint8_t *data, size_t size) {
    char *text = fuzz_text(data, size);
    for (int ascii = 0; ascii < 2; ascii++)
        for (int columns = 0; columns < 12; columns++) {
            char *clean = mem_new(size * 10 + 1, 1);
            if (text_clean(text, clean, size * 10 + 1, ascii) != text_columns(clean)) abort();
            check_safe(clean, ascii);
            char *once = mem_format("%.400s   ", clean), *twice = mem_format("%.400s   ", clean);
            text_clean(clean, once, strlen(once) + 1, ascii);
            text_clean(clean, twice, strlen(twice) + 1, ascii);
            text_fit(once, columns, ascii);
            text_fit_middle(twice, columns, ascii);
            check_safe(once, ascii);
            check_safe(twice, ascii);
            if (text_columns(once) > columns || text_columns(twice) > columns) abort();
            free(clean);
            free(once);
            free(twice);
        }
    free(text);
}

const fuzz_target fuzz_text_targets[] = {
    {"study", begin_study, run_study},       {"capture", begin_capture, run_capture},
    {"tokens", begin_tokens, run_tokens},    {"tokenizer", begin_tokenizer, run_tokenizer},
    {"labels", begin_labels, run_labels},    {"csv", begin_csv, run_csv},
    {"label-edits", begin_edits, run_edits}, {"sets", begin_sets, run_sets},
    {"shown-text", begin_shown, run_shown},  {NULL, NULL, NULL},
};
