/* test_recovery.c: the KL that SAEs win back on the sample study against transformers with a forward hook, in double
 * precision (make_recovery.py), what may not change it, and SAEs that leave nothing out. Another study by hand:
 * EXPECTED.json STUDY BASE TUNED. */
#include "recovery.h"
#include "check.h"
#include "io/json.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BASE       "sample_data/models/base"
#define TUNED      "sample_data/models/sft"
#define DIFFERENCE "tests/specimens/recovery/difference"

static double figure(const cJSON *of, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static scry_recovery *run_query(const scry_diff_query *diff, const char *sae, int reads) {
    scry_error err = {0};
    scry_notes notes = {0};
    const scry_recovery_query query = {.diff = diff, .sae = sae, .reads = reads};
    scry_recovery *r = scry_recovery_run(&query, NULL, &notes, &err);
    scry_notes_free(&notes);
    check(r != NULL, "%s: runs %s", sae ? sae : "the study's SAE", r ? "" : err.text);
    return r;
}

/* ---- against transformers ------------------------------------------------------------------- */

/* Shares are compared by their distance, since some are near 0. */
static void compare_group(worst w[2], const scry_recovery_group *found, const cJSON *of, int sae) {
    const cJSON *by = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(of, "saes"), sae);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, "name"));
    check_is(found->tokens, (uint64_t)figure(of, "tokens"), "%s: tokens", name);
    check_is(found->samples, (uint64_t)figure(of, "samples"), "%s: texts", name);
    worst_add(&w[0], found->kl, figure(of, "kl"), figure(of, "kl"), "%s: KL", name);
    worst_add(&w[0], found->kl_exact, figure(of, "kl_exact"), figure(of, "kl_exact"), "%s: exact", name);
    worst_add(&w[0], found->kl_patched, figure(by, "kl_patched"), figure(by, "kl_patched"), "%s: patched", name);
    worst_add(&w[1], found->won_back, figure(by, "won_back"), 1, "%s: won back", name);
    worst_add(&w[1], found->won_back_se, figure(by, "won_back_se"), 1, "%s: its error", name);
    worst_add(&w[1], found->most, 1 - figure(of, "kl_exact") / figure(of, "kl"), 1, "%s: most", name);
}

static void against_transformers(const scry_diff_query *diff, const cJSON *expected) {
    const cJSON *saes = cJSON_GetObjectItemCaseSensitive(expected, "saes"), *sae, *of;
    int number = 0;
    cJSON_ArrayForEach (sae, saes) {
        const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(sae, "sae"));
        const bool difference = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(sae, "difference"));
        scry_recovery *r = run_query(diff, path, -1);
        worst w[2] = {{.tolerance = 1e-4}, {.tolerance = 1e-4}};
        size_t g = 0;
        if (!r) return;
        check((r->reads == SCRY_READS_DIFFERENCE) == difference, "%s: says what it reads", path);
        cJSON_ArrayForEach (of, cJSON_GetObjectItemCaseSensitive(expected, "groups"))
            if (g < r->groups) compare_group(w, &r->group[g++], of, number);
        check_is(r->groups, (uint64_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(expected, "groups")),
                 "%s: groups", path);
        compare_group(w, &r->all, cJSON_GetObjectItemCaseSensitive(expected, "all"), number++);
        worst_line(&w[0], "%s: KL as it is, patched and exact", path);
        worst_line(&w[1], "%s: won back, with its error and bound", path);
        scry_recovery_free(r);
    }
}

/* ---- what changes nothing ------------------------------------------------------------------- */

static bool same(const scry_recovery *a, const scry_recovery *b) {
    if (!a || !b || a->groups != b->groups) return false;
    for (size_t g = 0; g <= a->groups; g++) {
        const scry_recovery_group *x = g < a->groups ? &a->group[g] : &a->all,
                                  *y = g < b->groups ? &b->group[g] : &b->all;
        if (x->kl != y->kl || x->kl_patched != y->kl_patched || x->kl_exact != y->kl_exact) return false;
    }
    return true;
}

static void invariance(scry_diff_query query) {
    static const char *const saes[] = {NULL, DIFFERENCE};
    query.samples = 1;
    for (size_t i = 0; i < 2; i++) {
        query.threads = 1;
        query.memory = 0;
        scry_recovery *one = run_query(&query, saes[i], -1);
        query.threads = 3;
        query.memory = (uint64_t)48 << 20;
        scry_recovery *three = run_query(&query, saes[i], -1);
        check(same(one, three), "three threads and little memory give the bits of one thread");
        scry_recovery_free(one);
        scry_recovery_free(three);
    }
}

/* ---- SAEs that leave nothing out ------------------------------------------------------------ */

/* x = relu(x) - relu(-x): a latent for each side of each dimension of a stream [width]. */
static const char *write_identity(const char *name, uint32_t width, const char *hook) {
    const size_t F = 2 * width;
    double *W = calloc(2 * width * F, sizeof *W), *b = calloc(F + width, sizeof *b);
    if (!W || !b) abort();
    for (size_t i = 0; i < width; i++)
        for (size_t side = 0; side < 2; side++) {
            W[i * F + 2 * i + side] = side ? -1 : 1;
            W[width * F + (2 * i + side) * width + i] = side ? -1 : 1;
        }
    const char *folder = scratch_folder("%s", name);
    write_sae_folder(folder, width, F, W, b, text_of("\"architecture\": \"standard\", \"hook_name\": \"%s\"", hook));
    free(W);
    free(b);
    return folder;
}

/* The bytes of a tensor of a safetensors file, by its header. */
static uint8_t *bytes_of(uint8_t *file, const cJSON *header, const char *name, size_t *size) {
    const cJSON *at = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(header, name), "data_offsets");
    uint64_t length;
    memcpy(&length, file, sizeof length);
    const size_t from = (size_t)cJSON_GetArrayItem(at, 0)->valuedouble;
    *size = (size_t)cJSON_GetArrayItem(at, 1)->valuedouble - from;
    return file + 8 + length + from;
}

static cJSON *header_of(const uint8_t *file) {
    uint64_t length;
    memcpy(&length, file, sizeof length);
    return cJSON_ParseWithLength((const char *)file + 8, (size_t)length);
}

/* The base model with the tuned one's blocks 0 to 3: the two differ up to the hook only. */
static const char *write_early(void) {
    const char *folder = scratch_folder("early-model");
    static const char *const others[] = {"config.json", "tokenizer.json", "tokenizer_config.json"};
    size_t size, other_size, bytes, other_bytes, changed = 0;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        if (!file_exists(text_of(BASE "/%s", others[i]))) continue;
        uint8_t *copy = read_bytes(text_of(BASE "/%s", others[i]), &size);
        write_bytes(text_of("%s/%s", folder, others[i]), copy, size);
        free(copy);
    }
    uint8_t *base = read_bytes(BASE "/model.safetensors", &size),
            *tuned = read_bytes(TUNED "/model.safetensors", &other_size);
    cJSON *of_base = header_of(base), *of_tuned = header_of(tuned);
    const cJSON *tensor;
    cJSON_ArrayForEach (tensor, of_base) {
        const char *block = strstr(tensor->string, "layers.");
        if (!block || block[7] > '3' || block[8] != '.') continue;
        uint8_t *to = bytes_of(base, of_base, tensor->string, &bytes);
        const uint8_t *from = bytes_of(tuned, of_tuned, tensor->string, &other_bytes);
        if (bytes == other_bytes) memcpy(to, from, bytes);
        changed += bytes == other_bytes;
    }
    check(changed > 20, "tensors of four blocks were taken over: %zu", changed);
    write_bytes(text_of("%s/model.safetensors", folder), base, size);
    cJSON_Delete(of_base);
    cJSON_Delete(of_tuned);
    free(base);
    free(tuned);
    return folder;
}

/* With the whole difference at a hook in the middle, what is won back is the bound; that is all where the
 * models differ up to the hook only. */
static void exact(scry_diff_query query, scry_index *index) {
    const char *path = scratch("two.jsonl"), *spec = text_of("own=%s", path);
    const char *middle = write_identity("middle", scry_index_info(index)->d_model, "blocks.3.hook_resid_post");
    query.samples = 1;
    for (int reads = 0; reads < SCRY_READS_COUNT; reads++) {
        scry_recovery *r = run_query(&query, middle, reads);
        if (!r) return;
        check(r->all.most > 0.1 && r->all.most < 0.95, "the blocks after the hook leave %.4f", r->all.most);
        check_near(r->all.won_back, r->all.most, 1e-4, "an SAE without an error wins back the most, reading %s",
                   reads ? "differences" : "the stream");
        scry_recovery_free(r);
    }
    write_text(path, "{\"prompt\": \"Question: What is 2 + 2?\\nAnswer:\", \"response\": \" 2 + 2 = 4.\"}\n"
                     "{\"text\": \"Water boils at 100 degrees.\"}\n");
    /* amplified by 0, the tuned model is base, and there is nothing to win back */
    const double nothing = 0;
    scry_diff_query files = {
        .files = &spec, .file_count = 1, .model = BASE, .tuned = TUNED, .amplify = &nothing, .seed = 1};
    scry_recovery *r = run_query(&files, middle, SCRY_READS_DIFFERENCE);
    if (r)
        check(r->all.kl == 0 && isnan(r->all.won_back) && isnan(r->all.most) && isnan(r->all.won_back_se),
              "of no difference nothing is won back");
    scry_recovery_free(r);
    files.amplify = NULL;
    files.tuned = write_early();
    r = run_query(&files, middle, SCRY_READS_DIFFERENCE);
    if (!r) return;
    check(r->all.kl > 0.05, "the early blocks change what is said: %.4f", r->all.kl);
    check(r->all.most > 1 - 1e-6 && r->all.won_back > 1 - 1e-6 && r->all.won_back <= 1,
          "an SAE without an error wins back all of it: %.9f of %.9f", r->all.won_back, r->all.most);
    scry_recovery_free(r);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static void refuse(const char *what, const scry_diff_query *diff, const char *sae, const char *const *words) {
    scry_error err = {0};
    scry_recovery *r =
        scry_recovery_run(&(scry_recovery_query){.diff = diff, .sae = sae, .reads = -1}, NULL, NULL, &err);
    check(!r, "%s: refused", what);
    check_says(err.text, words, "%s: \"%s\"", what, err.text);
    scry_recovery_free(r);
}

static void refusals(scry_diff_query query, scry_index *index) {
    const uint32_t d = scry_index_info(index)->d_model;
    const char *path = scratch("one.jsonl"), *spec = text_of("own=%s", path);
    write_text(path, "{\"text\": \"Water boils at 100 degrees.\"}\n");
    const scry_diff_query files = {.files = &spec, .file_count = 1, .model = BASE, .tuned = TUNED, .seed = 1};
    refuse("files without an SAE", &files, NULL, SAYS("--recover", "--sae DIR"));
    refuse("an SAE that is not there", &files, "tests/none", SAYS("tests/none"));
    refuse("another width", &query, write_identity("narrow", d - 1, "blocks.3.hook_resid_post"),
           SAYS("width 192", "expected 191", "narrow"));
    refuse("another hook", &query, write_identity("early", d, "blocks.1.hook_resid_post"),
           SAYS("blocks.1.hook_resid_post", "blocks.3.hook_resid_post"));
    refuse("no such block", &files, write_identity("late", d, "blocks.30.hook_resid_post"), SAYS("30"));
    refuse("what a block adds", &files, write_identity("added", d, "blocks.3.hook_mlp_out"), SAYS("hook_mlp_out"));
    scry_diff_query none = query;
    none.model = none.tuned = "tests/none";
    refuse("models that are not there", &none, NULL, SAYS("tests/none"));
    query.memory = (uint64_t)1 << 20;
    refuse("too little memory", &query, NULL, SAYS("--memory"));
}

int main(int argc, char **argv) {
    const bool other = argc > 4;
    const char *study = other ? argv[2] : "sample_data/study.json";
    scry_error err = {0};
    size_t size;
    scry_index *index = NULL;
    if (check(scry_index_build(study, scratch("x.scry"), NULL, NULL, NULL, &err), "indexed %s", err.text))
        index = scry_open(scratch("x.scry"), false, &err);
    if (!check(index != NULL, "opened %s", err.text)) return check_end();
    const scry_diff_query query = {.index = index,
                                   .study = study,
                                   .model = other ? argv[3] : BASE,
                                   .tuned = other ? argv[4] : TUNED,
                                   .seed = 1,
                                   .threads = 2};
    char *text = (char *)read_bytes(other ? argv[1] : "tests/specimens/recovery/sample.json", &size);
    cJSON *expected = cJSON_Parse(text);
    against_transformers(&query, expected);
    cJSON_Delete(expected);
    free(text);
    if (!other) {
        invariance(query);
        exact(query, index);
        refusals(query, index);
    }
    scry_close(index);
    return check_end();
}
