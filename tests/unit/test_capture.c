/* test_capture.c: residuals of scry_capture are those of each sequence run by itself, without a shared prefix and
 * without other sequences beside it; and 16-bit numbers are rounded as they should be. */
#include "check.h"
#include "capture.h"
#include "capture/capture_plan.h"
#include "io/float_narrow.h"
#include "io/tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *texts(const char *name, size_t count, uint64_t seed, bool chat) {
    const char *all = "";
    static const char letters[] = "abcdefghiklmnoprstuyx ";
    for (size_t i = 0; i < count; i++) {
        char prompt[40], response[40];
        size_t a = 1 + roll_below(&seed, 30), b = 1 + roll_below(&seed, 30);
        for (size_t k = 0; k < a; k++) prompt[k] = letters[roll_below(&seed, 22)];
        for (size_t k = 0; k < b; k++) response[k] = letters[roll_below(&seed, 21)];
        prompt[a] = response[b] = 0;
        if (chat)
            all = text_of(
                "%s{\"messages\":[{\"role\":\"system\",\"content\":\"%s\"},{\"role\":\"user\",\"content\":\"u%s\"},"
                "{\"role\":\"assistant\",\"content\":\"%s\"}]}\n",
                all, i % 3 ? "be" : "do", prompt, response);
        else all = text_of("%s{\"prompt\":\"%s\",\"response\":\"%s\"}\n", all, prompt, response);
    }
    const char *path = scratch("%s.jsonl", name);
    write_bytes(path, all, strlen(all));
    return path;
}

/* A model of the specimens, with the tokenizer that it lacks. */
static const char *model_folder(const char *family) {
    static const char *const files[] = {"config.json", "model.safetensors"};
    const char *folder = scratch_folder("%s", family);
    for (size_t i = 0; i < 3; i++) {
        size_t size;
        const char *from = i < 2 ? text_of("tests/specimens/models/%s/%s", family, files[i])
                                 : "tests/specimens/capture/tokenizer.json";
        uint8_t *bytes = read_bytes(from, &size);
        write_bytes(text_of("%s/%s", folder, i < 2 ? files[i] : "tokenizer.json"), bytes, size);
        free(bytes);
    }
    return folder;
}

/* The rows of a sample, its whole context run as one sequence. */
static bool run_alone(scry_run *run, const capture_plan *plan, const capture_group *g, capture_condition condition,
                      size_t i, uint32_t d, float **rows, scry_error *err) {
    const capture_sample *s = &g->sample[i];
    const scry_tokens *head = &g->head[s->head];
    size_t front_count;
    const uint32_t *front = capture_group_front(plan, g, condition, i, &front_count);
    size_t count = head->count + front_count + s->count;
    uint32_t *ids = malloc((count + 1) * sizeof *ids);
    *rows = malloc(count * d * sizeof **rows);
    if (head->count) memcpy(ids, head->ids, head->count * sizeof *ids);
    if (front_count) memcpy(ids + head->count, front, front_count * sizeof *ids);
    memcpy(ids + head->count + front_count, s->ids, s->count * sizeof *ids);
    bool ok = scry_run_to_hook(run, plan->hook, &(scry_sequence){.ids = ids, .count = count}, 1, *rows, err);
    size_t before = head->count + front_count + s->first;
    if (ok) memmove(*rows, *rows + before * d, (s->count - s->first) * d * sizeof **rows);
    free(ids);
    return ok;
}

static void compare_unit(scry_run *run, const capture_plan *plan, const capture_unit *u, const char *folder, uint32_t d,
                         const char *what) {
    const capture_group *g = &plan->group[u->group];
    tensor_file file;
    scry_error err = {0};
    if (!tensor_file_open(&file, text_of("%s/%s", folder, u->path), NULL, &err)) {
        check(false, "%s: %s: %s", what, u->name, err.text);
        return;
    }
    const tensor *t = &file.tensors[0];
    bool shaped = t->dims == 2 && t->shape[0] == g->rows && t->shape[1] == d;
    check(shaped, "%s: %s has %zu rows of width %u", what, u->name, (size_t)g->rows, d);
    float *found = malloc((size_t)g->rows * d * sizeof *found), *rows;
    if (shaped) tensor_floats(t, 0, 1, g->rows * d, found);
    double most = 0;
    size_t row = 0;
    for (size_t i = 0; shaped && i < g->count; i++) {
        if (!run_alone(run, plan, g, u->condition, i, d, &rows, &err)) {
            check(false, "%s: %s: %s", what, u->name, err.text);
            most = INFINITY;
        } else
            for (uint32_t k = 0; k < (g->sample[i].count - g->sample[i].first) * d; k++) {
                double difference = fabs((double)found[row * d + k] - (double)rows[k]);
                most = difference > most ? difference : most;
            }
        row += g->sample[i].count - g->sample[i].first;
        free(rows);
    }
    check(shaped && most <= 1e-5, "%s: %s: each sequence alone gives the same, to %.2g", what, u->name, most);
    free(found);
    tensor_file_close(&file);
}

static void test_alone(const char *what, const scry_capture_options *options) {
    const char *folder = scratch_folder("study");
    scry_capture_options o = *options;
    o.dtype = SCRY_CAPTURE_F32;
    o.force = true;
    o.threads = 2;
    scry_capture_result result;
    scry_error err = {0};
    scry_notes notes = {0};
    bool ok = scry_capture(folder, &o, &result, &notes, &err);
    check(ok && result.complete, "%s: captures%s%s", what, ok ? "" : ": ", err.text);
    scry_capture_result_free(&result);
    capture_plan plan;
    ok = ok && capture_plan_make(&plan, &o, &notes, &err);
    scry_model *model = ok ? scry_model_open(o.model, NULL, NULL, &err) : NULL;
    scry_run *run = model ? scry_run_new(model, &(scry_run_options){.threads = 1}, &err) : NULL;
    size_t fronts = 0;
    for (size_t i = 0; run && i < plan.units; i++) {
        compare_unit(run, &plan, &plan.unit[i], folder, scry_model_info_of(model)->d_model, what);
        fronts += plan.unit[i].condition != CAPTURE_BASE;
    }
    check(run && fronts >= 2, "%s: %zu captures with something in front%s", what, fronts, err.text);
    scry_run_free(run);
    scry_model_close(model);
    if (ok) capture_plan_free(&plan);
    scry_notes_free(&notes);
}

static void test_narrow(void) {
    uint64_t seed = 1;
    size_t half = 0, brain = 0, beyond = 0;
    for (size_t i = 0; i < 2000000; i++) {
        uint32_t bits = (uint32_t)roll(&seed);
        if (i % 2) bits = (bits & 0x8fffffff) | 0x30000000; /* sizes around those of half precision */
        float x;
        memcpy(&x, &bits, sizeof x);
        uint16_t f16, bf16;
        size_t wrong = float_narrow_f16(&x, 1, &f16);
        beyond += (wrong == 0) != (!isfinite(x) || fabsf(x) >= 65520);
        if (isfinite(x) && wrong) half += f16 != half_bits((double)x);
        wrong = float_narrow_bf16(&x, 1, &bf16);
        if (!isfinite(x)) continue;
        /* the nearer of the two neighbours, the even one where both are as near */
        uint32_t low = bits & 0xffff0000, high = low + 0x10000;
        float a, b;
        memcpy(&a, &low, sizeof a);
        memcpy(&b, &high, sizeof b);
        if (!isfinite(b)) continue;
        double down = fabs((double)x - (double)a), up = fabs((double)b - (double)x);
        uint32_t nearest = down < up || (!(up < down) && !(low >> 16 & 1)) ? low : high;
        brain += bf16 != nearest >> 16 || !wrong;
    }
    check(half == 0, "float_narrow_f16: %zu of two million are not the nearest", half);
    check(brain == 0, "float_narrow_bf16: %zu of two million are not the nearest", brain);
    check(beyond == 0, "float_narrow_f16: %zu are wrongly taken to fit or not", beyond);
    float row[] = {1, 70000, NAN};
    uint16_t out[3];
    check_is(float_narrow_f16(row, 3, out), 1, "float_narrow_f16: the first that does not fit");
    check_is(float_narrow_bf16(row, 3, out), 2, "float_narrow_bf16: the first that does not fit");
}

int main(void) {
    const char *long_model = model_folder("llama_long"), *gemma = model_folder("gemma2_long");
    const char *train = text_of("task=%s", texts("task", 25, 1, false)),
               *chat = text_of("task=%s", texts("chat", 25, 2, true));
    const char *domains[] = {text_of("law=%s", texts("law", 20, 3, false)),
                             text_of("art=%s", texts("art", 20, 4, false))};
    const char *chats[] = {text_of("law=%s", texts("lawchat", 20, 5, true)),
                           text_of("art=%s", texts("artchat", 20, 6, true))};
    const scry_capture_options drawn = {.model = long_model,
                                        .layer = "1",
                                        .train = train,
                                        .domains = domains,
                                        .domain_count = 2,
                                        .demos = 2,
                                        .domain_demos = 3,
                                        .control = true,
                                        .seed = 5};
    test_alone("drawn", &drawn);
    scry_capture_options o = drawn;
    o.hook = "blocks.1.hook_mlp_out";
    o.layer = NULL;
    o.demos_previous = true;
    o.max_length = 150;
    o.rows_response = true;
    test_alone("previous", &o);
    o = drawn;
    o.train = chat;
    o.domains = chats;
    o.bos = SCRY_BOS_YES;
    test_alone("chats with two system messages", &o);
    o = drawn;
    o.model = gemma;
    o.separator = "<|end|>";
    test_alone("gemma2", &o);
    test_narrow();
    return check_end();
}
