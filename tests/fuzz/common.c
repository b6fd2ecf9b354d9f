/* common.c: seeds, and functions that targets share. */
#include "fuzz.h"

#include "shell/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* in main.c, which this does without */
int shell_help(const options *o);
int shell_help(const options *o) {
    (void)o;
    return 1;
}

static fuzz_input *seeds;
static size_t seed_count;
static const char *started_in;

void fuzz_seed(const void *bytes, size_t size) {
    if (size > FUZZ_MOST) return;
    seeds = realloc(seeds, (seed_count + 1) * sizeof *seeds);
    uint8_t *copy = malloc(size + 1);
    if (!seeds || !copy) abort();
    if (size) memcpy(copy, bytes, size);
    seeds[seed_count++] = (fuzz_input){copy, size};
}

void fuzz_seed_text(const char *text) {
    fuzz_seed(text, strlen(text));
}

void fuzz_seed_file(const char *path) {
    size_t size;
    uint8_t *bytes = read_bytes(fuzz_source(path), &size);
    fuzz_seed(bytes, size);
    free(bytes);
}

void fuzz_seed_numbered(size_t number, const char *path) {
    size_t size;
    uint8_t *bytes = read_bytes(fuzz_source(path), &size), *all = malloc(size + 2);
    if (!all) abort();
    all[0] = (uint8_t)number;
    all[1] = (uint8_t)(number >> 8);
    memcpy(all + 2, bytes, size);
    fuzz_seed(all, size + 2);
    free(all);
    free(bytes);
}

size_t fuzz_seeds(const fuzz_input **out) {
    *out = seeds;
    return seed_count;
}

void fuzz_begin(void) {
    char here[4096];
    if (!getcwd(here, sizeof here)) abort();
    started_in = text_of("%s", here);
    static const char *const variables[] = {"HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME",
                                            "XDG_DATA_HOME"};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) setenv(variables[i], scratch_folder("home"), 1);
    if (chdir(scratch_folder("here")) != 0) abort();
}

const char *fuzz_source(const char *path) {
    return path[0] == '/' ? path : text_of("%s/%s", started_in, path);
}

char *fuzz_text(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    if (!text) abort();
    for (size_t i = 0; i < size; i++) text[i] = data[i] ? (char)data[i] : ' ';
    text[size] = 0;
    return text;
}

void fuzz_answered(bool ok, const scry_error *err) {
    if (ok || (err->status && err->text[0])) return;
    fprintf(stderr, "failed without a word\n");
    abort();
}

const fuzz_target *fuzz_target_at(size_t i) {
    const fuzz_target *const tables[] = {
        fuzz_tensor_targets,   fuzz_text_targets,     fuzz_tokenizer_targets, fuzz_model_targets,  fuzz_index_targets,
        fuzz_explorer_targets, fuzz_evaluate_targets, fuzz_capture_targets,   fuzz_causal_targets, fuzz_diff_targets};
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const fuzz_target *row = tables[t]; row->name; row++)
            if (!i--) return row;
    return NULL;
}

/* ---- indexes -------------------------------------------------------------------------------- */

enum { ROWS = 12 };

static void write_capture(const char *folder, const char *name, uint32_t cols, uint64_t *seed, bool features) {
    double *x = calloc((size_t)ROWS * cols, sizeof *x);
    if (!x) abort();
    for (size_t i = 0; i < (size_t)ROWS * cols; i++)
        x[i] = !features ? roll_unit(seed) - 0.5 : roll_below(seed, cols < 100 ? 5 : 60) ? 0 : roll_unit(seed) * 4;
    write_npy(text_of("%s/%s.npy", folder, name), F32, ROWS, cols, x);
    free(x);
}

static void copy_sae(const char *folder) {
    static const char *const files[] = {"cfg.json", "sae_weights.safetensors"};
    for (size_t i = 0; i < 2; i++) {
        size_t size;
        uint8_t *bytes = read_bytes(fuzz_source(text_of("tests/specimens/sae/saelens6_standard/%s", files[i])), &size);
        write_bytes(text_of("%s/%s", folder, files[i]), bytes, size);
        free(bytes);
    }
}

/* Whose stream is as wide as that SAE's decoder. */
static void copy_model(const char *folder) {
    static const char *const files[][2] = {{"models/gpt2_openai/config.json", "config.json"},
                                           {"models/gpt2_openai/model.safetensors", "model.safetensors"},
                                           {"text_encoder/gpt2.json", "tokenizer.json"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t size;
        uint8_t *bytes = read_bytes(fuzz_source(text_of("tests/specimens/%s", files[i][0])), &size);
        write_bytes(text_of("%s/%s", folder, files[i][1]), bytes, size);
        free(bytes);
    }
}

const char *fuzz_study(fuzz_index_kind kind) {
    static const char *made[FUZZ_INDEXES];
    if (made[kind]) return made[kind];
    const char *folder = scratch_folder("study%d", (int)kind), *key = kind == FUZZ_RESIDUALS ? "residual" : "features";
    if (kind == FUZZ_RESIDUALS) copy_sae(scratch_folder("study%d/sae", (int)kind));
    if (kind == FUZZ_RESIDUALS) copy_model(scratch_folder("study%d/model", (int)kind));
    uint64_t seed = 5;
    uint32_t cols = kind == FUZZ_FEATURES ? 70 : kind == FUZZ_RESIDUALS ? 8 : 600;
    static const char *const names[] = {"base", "icl", "sft", "d0", "d1", "d2"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        write_capture(folder, names[i], cols, &seed, kind != FUZZ_RESIDUALS);
    write_text(
        text_of("%s/tokens.jsonl", folder),
        "{\"id\": \"a-1\", \"tokens\": [\"Let\", \" x\", \" =\", \"\\n\", \"\\u001b[31m\", \"1\"]}\n"
        "{\"id\": \"a-2\", \"source\": {\"n\": 1}, \"tokens\": [\"So\", \" it\", \" is\", \" 12\", \".\", \" x\"]}\n");
    write_text(text_of("%s/labels.jsonl", folder),
               "{\"latent\": 1, \"label\": \"one\"}\n{\"latent\": 20, \"label\": \"law, \\\"quoted\\\"\"}\n");
    const char *domains = "";
    for (int d = 0; d < 3; d++)
        domains = text_of("%s%s{\"name\": \"dom%d\", \"change\": %d.5, \"base\": {\"%s\": \"d%d.npy\", \"tokens\": "
                          "\"tokens.jsonl\"}, \"icl\": {\"%s\": \"icl.npy\", \"tokens\": \"tokens.jsonl\"}}",
                          domains, d ? ", " : "", d, d * d - 2, key, d, key);
    const char *capture = ".npy\", \"tokens\": \"tokens.jsonl\", \"skip_first\": 1, \"exclude\": [\".\"]}";
    write_text(
        text_of("%s/study.json", folder),
        "{\"scry_study\": 1, \"name\": \"small\", \"hook\": \"blocks.1.hook_resid_post\", %s%s%s\"labels\": "
        "\"labels.jsonl\",\n\"train\": {\"name\": \"math\", \"base\": {\"%s\": \"base%s, \"icl\": {\"%s\": \"icl%s, "
        "\"sft\": {\"%s\": \"sft%s},\n\"domains\": [%s]}",
        kind == FUZZ_RESIDUALS ? "\"sae\": \"" : "", kind == FUZZ_RESIDUALS ? "sae" : "",
        kind == FUZZ_RESIDUALS ? "\", \"model_path\": \"model\", " : "", key, capture, key, capture, key, capture,
        domains);
    return made[kind] = text_of("%s/study.json", folder);
}

const char *fuzz_index(fuzz_index_kind kind) {
    static const char *made[FUZZ_INDEXES];
    if (made[kind]) return made[kind];
    bool shard = kind == FUZZ_SHARD_1 || kind == FUZZ_SHARD_2;
    scry_build_options how = {.threads = 1, .shards = shard ? 2 : 0, .shard = kind == FUZZ_SHARD_2 ? 2 : 1};
    scry_error err = {0};
    const char *study = fuzz_study(kind), *out = scratch("index%d.scry", (int)kind);
    if (!scry_index_build(study, out, &how, NULL, NULL, &err)) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    return made[kind] = out;
}
