/* test_capture_sample.c: scry capture makes the sample study again from its models and text: the same tokens, and
 * residuals within a step of F16 (and, near 0, of float arithmetic), whatever the processor. A training set and two
 * domains stand for all. */
#include "base/mem.h"
#include "capture.h"
#include "check.h"
#include "io/tensor.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path) {
    FILE *f = fopen(path, "rb");
    size_t room = 1 << 20, length = 0;
    char *text = mem_new(room, 1);
    if (f) length = fread(text, 1, room - 1, f);
    if (f) fclose(f);
    text[length] = 0;
    return text;
}

/* The distance between two numbers of F16 with as many bits as its significand has. */
static double step_at(double x) {
    double size = fabs(x) > 0x1p-14 ? fabs(x) : 0x1p-14;
    return ldexp(1, ilogb(size) - 10);
}

/* What the order of sums in single precision may change, of a row's root mean square. */
#define ROUNDING 1e-5

static double size_of(const float *row, uint64_t d) {
    double sum = 0;
    for (uint64_t i = 0; i < d; i++) sum += (double)row[i] * (double)row[i];
    return sqrt(sum / (double)d);
}

static void compare_residuals(const char *made, const char *kept, const char *name) {
    tensor_file a, b;
    scry_error err = {0};
    if (!tensor_file_open(&a, made, "residual", &err) || !tensor_file_open(&b, kept, "residual", &err)) {
        check(false, "%s: %s", name, err.text);
        return;
    }
    const tensor *x = tensor_find(&a, "residual"), *y = tensor_find(&b, "residual");
    uint64_t n = tensor_elements(y), equal = 0;
    if (check_is(tensor_elements(x), n, "%s: as many residuals", name)) {
        float *found = mem_new(n, sizeof *found), *expected = mem_new(n, sizeof *expected);
        tensor_floats(x, 0, 1, n, found);
        tensor_floats(y, 0, 1, n, expected);
        worst w = {.tolerance = 1};
        uint64_t d = y->shape[y->dims - 1];
        for (uint64_t i = 0; i < n; i++) {
            double f = (double)found[i], e = (double)expected[i];
            equal += found[i] == expected[i];
            worst_add(&w, f, e, step_at(e) + ROUNDING * size_of(expected + i / d * d, d), "element %llu",
                      (unsigned long long)i);
        }
        worst_line(&w, "%s: residuals within a step of F16 and what float arithmetic loses", name);
        check(equal > n / 100 * 95, "%s: %llu of %llu residuals are the same number", name, (unsigned long long)equal,
              (unsigned long long)n);
        free(found);
        free(expected);
    }
    tensor_file_close(&a);
    tensor_file_close(&b);
}

static void compare_tokens(const char *made, const char *kept, const char *name) {
    char *found = read_text(made), *expected = read_text(kept);
    check(*expected && strcmp(found, expected) == 0, "%s: the same tokens", name);
    free(found);
    free(expected);
}

int main(void) {
    const char *domains[] = {"law=sample_data/text/law.jsonl",
                             "computer science=sample_data/text/computer_science.jsonl"};
    static const char *const names[] = {
        "train.base", "train.icl", "train.sft", "law.base", "law.icl", "computer_science.base", "computer_science.icl"};
    scry_capture_options options = {.model = "sample_data/models/base",
                                    .tuned = "sample_data/models/sft",
                                    .model_name = "pocket-llama-3.4M",
                                    .sae = "sample_data/sae",
                                    .train = "math=sample_data/text/train_math.jsonl",
                                    .domains = domains,
                                    .domain_count = 2,
                                    .demos = 2,
                                    .domain_demos = 2,
                                    .demos_previous = true,
                                    .rows_response = true,
                                    .separator = "<|end|>",
                                    .max_length = 384};
    scry_capture_result result = {0};
    scry_error err = {0};
    const char *folder = scratch_folder("again");
    if (check(scry_capture(folder, &options, &result, NULL, &err), "the sample is captured again%s%s",
              *err.text ? ": " : "", err.text)) {
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            compare_residuals(text_of("%s/acts/%s.safetensors", folder, names[i]),
                              text_of("sample_data/acts/%s.safetensors", names[i]), names[i]);
        static const char *const texts[] = {"train", "law", "computer_science"};
        for (size_t i = 0; i < 3; i++)
            compare_tokens(text_of("%s/acts/%s.tokens.jsonl", folder, texts[i]),
                           text_of("sample_data/acts/%s.tokens.jsonl", texts[i]), texts[i]);
        char *study = read_text(text_of("%s/study.json", folder));
        check(strncmp(study, "{\n  \"scry_study\": 1,\n", 21) == 0, "the manifest is indented by two blanks");
        check(strstr(study, "\n  \"model\": \"pocket-llama-3.4M\",\n") != NULL, "the model has the given name");
        check(strchr(study, '\t') == NULL, "no tab in the manifest");
        free(study);
    }
    scry_capture_result_free(&result);
    return check_end();
}
