/* test_amplify.c: base + S (tuned - base): the bits of base at 0 and of tuned at 1; between and beyond, logits of a
 * model whose weights were written so. */
#include "model_specimen.h"

#include <stdio.h>

#define BASE  "sample_data/models/base"
#define TUNED "sample_data/models/sft"

enum { COUNT = 20 };

static scry_model *open_model(const char *folder) {
    scry_error err = {0};
    scry_model *m = scry_model_open(folder, NULL, NULL, &err);
    if (!check(m != NULL, "%s opens %s", folder, err.text)) exit(check_end());
    return m;
}

static kept_logits logits_of(const scry_model *m, const uint32_t *ids) {
    scry_error err = {0};
    scry_run *run = run_of(m, 2, 0);
    kept_logits kept = keep_logits(m, COUNT);
    scry_sequence s = {.ids = ids, .count = COUNT};
    check(scry_run_logits(run, &s, 1, NULL, NULL, NULL, keep_row, &kept, &err), "runs %s", err.text);
    scry_run_free(run);
    return kept;
}

static kept_logits amplified_logits(double times, const uint32_t *ids, uint64_t *fingerprint) {
    scry_error err = {0};
    scry_model *base = open_model(BASE), *tuned = open_model(TUNED);
    check(scry_model_amplify(tuned, base, times, &err), "amplified by %g %s", times, err.text);
    kept_logits kept = logits_of(tuned, ids);
    *fingerprint = scry_model_fingerprint(tuned);
    scry_model_close(tuned);
    scry_model_close(base);
    return kept;
}

static bool same(const kept_logits *a, const kept_logits *b) {
    return memcmp(a->rows, b->rows, (size_t)COUNT * a->vocabulary * sizeof(float)) == 0;
}

/* Every tensor of the file replaced by the combination in float32, in the same safetensors layout. */
static const char *write_combination(double times) {
    const char *folder = scratch_folder("combination");
    scry_error err = {0};
    tensor_file base, tuned;
    if (!tensor_file_open(&base, BASE "/model.safetensors", NULL, &err) ||
        !tensor_file_open(&tuned, TUNED "/model.safetensors", NULL, &err)) {
        check(false, "%s", err.text);
        exit(check_end());
    }
    size_t size, at = 0;
    char *header = NULL, *config = (char *)read_bytes(BASE "/config.json", &size);
    FILE *text = mem_check(open_memstream(&header, &(size_t){0}));
    fputc('{', text);
    for (size_t i = 0; i < base.count; i++) {
        const tensor *t = &base.tensors[i];
        const size_t bytes = (size_t)tensor_elements(t) * sizeof(float);
        fprintf(text, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%llu", i ? "," : "", t->name,
                (unsigned long long)t->shape[0]);
        for (int k = 1; k < t->dims; k++) fprintf(text, ",%llu", (unsigned long long)t->shape[k]);
        fprintf(text, "],\"data_offsets\":[%zu,%zu]}", at, at + bytes);
        at += bytes;
    }
    fputc('}', text);
    fclose(text);
    FILE *f = fopen(text_of("%s/model.safetensors", folder), "wbe");
    uint64_t length = strlen(header);
    fwrite(&length, sizeof length, 1, f);
    fwrite(header, 1, length, f);
    for (size_t i = 0; i < base.count; i++) {
        const tensor *t = &base.tensors[i], *other = tensor_find(&tuned, t->name);
        const size_t n = (size_t)tensor_elements(t);
        float *x = mem_new(n, sizeof *x), *y = mem_new(n, sizeof *y);
        tensor_floats(t, 0, 1, n, x);
        tensor_floats(other, 0, 1, n, y);
        for (size_t k = 0; k < n; k++) x[k] = (float)((double)x[k] + times * ((double)y[k] - (double)x[k]));
        fwrite(x, sizeof *x, n, f);
        free(x);
        free(y);
    }
    check(fclose(f) == 0, "the combination is written");
    write_bytes(text_of("%s/config.json", folder), config, size);
    free(config);
    free(header);
    tensor_file_close(&base);
    tensor_file_close(&tuned);
    return folder;
}

int main(void) {
    uint32_t ids[COUNT];
    uint64_t print[4];
    for (uint32_t i = 0; i < COUNT; i++) ids[i] = i * 173 + 11;
    scry_model *base = open_model(BASE), *tuned = open_model(TUNED);
    kept_logits of_base = logits_of(base, ids), of_tuned = logits_of(tuned, ids);
    kept_logits none = amplified_logits(0, ids, &print[0]), one = amplified_logits(1, ids, &print[1]);
    kept_logits louder = amplified_logits(2.5, ids, &print[2]), back = amplified_logits(-1, ids, &print[3]);
    check(same(&none, &of_base) && !same(&of_base, &of_tuned), "at 0 it is the base model, to the bit");
    check(same(&one, &of_tuned) && print[1] == scry_model_fingerprint(tuned), "at 1 it is the tuned model");
    check(print[2] != print[1] && print[2] != print[3] && print[2] != print[0], "other weights, other fingerprints");
    check(!same(&back, &of_base), "-1 is the other way");
    scry_model *written = open_model(write_combination(2.5));
    kept_logits expected = logits_of(written, ids);
    worst w = {.tolerance = 2e-5};
    for (size_t i = 0; i < (size_t)COUNT * expected.vocabulary; i++)
        worst_add(&w, (double)louder.rows[i], (double)expected.rows[i], 5, "logit %zu", i);
    worst_line(&w, "at 2.5 it is a model with those weights");
    scry_error err = {0};
    check(!scry_model_amplify(tuned, base, NAN, &err) && strstr(err.text, "finite"), "no number: %s", err.text);
    check(scry_model_amplify(tuned, base, 2, &err) && !scry_model_amplify(tuned, base, 2, &err) &&
              strstr(err.text, "already"),
          "only once: %s", err.text);
    scry_model *other = open_model("tests/specimens/models/llama");
    check(!scry_model_amplify(other, base, 2, &err) && strstr(err.text, "shapes"), "another model: %s", err.text);
    kept_logits *const all[] = {&of_base, &of_tuned, &none, &one, &louder, &back, &expected};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) kept_free(all[i]);
    scry_model_close(written);
    scry_model_close(other);
    scry_model_close(tuned);
    scry_model_close(base);
    return check_end();
}
