/* test_stream_check.c: a model that is not the one of the study is noticed by its stream: tuned, another hook, weights
 * mixed or rounded; and by its predictions where base and tuned are the same. */
#include "ablate.h"
#include "base/mem.h"
#include "causal/causal.h"
#include "causal/stream_check.h"
#include "check.h"
#include "effects.h"
#include "index/read/index.h"
#include "logits.h"
#include "prompt.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BASE  "sample_data/models/base"
#define TUNED "sample_data/models/sft"

/* ---- distances ------------------------------------------------------------------------------ */

static stream_distance distance_of(const scry_index *x, const char *model, scry_hook hook) {
    scry_error err = {0};
    scry_model *m = scry_model_open(model, NULL, NULL, &err);
    scry_tokenizer *tok = scry_tokenizer_open(BASE, &err);
    scry_run *run = m ? scry_run_new(m, &(scry_run_options){.threads = 1}, &err) : NULL;
    stream_probe probe = {0};
    stream_distance out = {.median = NAN};
    if (check(run && tok && stream_probe_run(&probe, x, run, tok, hook, &err) && probe.texts.count == 1,
              "%s runs a text of the study %s", model, err.text))
        out = stream_distance_of(x, NULL, &probe.texts, probe.x, NULL, SCRY_MEMORY);
    stream_probe_free(&probe);
    scry_run_free(run);
    scry_tokenizer_close(tok);
    scry_model_close(m);
    return out;
}

/* A copy of the base model whose float16 weights are base + share (tuned - base). */
static const char *mixed_model(const char *name, double share) {
    static const char *const files[] = {"config.json", "tokenizer.json", "tokenizer_config.json"};
    const char *folder = scratch_folder("%s", name);
    size_t size, other;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        uint8_t *bytes = read_bytes(text_of(BASE "/%s", files[i]), &size);
        write_bytes(text_of("%s/%s", folder, files[i]), bytes, size);
        free(bytes);
    }
    uint8_t *a = read_bytes(BASE "/model.safetensors", &size), *b = read_bytes(TUNED "/model.safetensors", &other);
    uint64_t header, second;
    memcpy(&header, a, sizeof header);
    memcpy(&second, b, sizeof second);
    bool alike = size == other && header == second && memcmp(a + 8, b + 8, header) == 0;
    check(alike && strstr((char *)a + 8, "\"F16\"") && !strstr((char *)a + 8, "\"F32\""),
          "base and tuned have the same tensors, in float16");
    for (size_t at = 8 + header; alike && at + 2 <= size; at += 2) {
        uint16_t bits[2];
        memcpy(&bits[0], a + at, 2);
        memcpy(&bits[1], b + at, 2);
        double base = half_value(bits[0]);
        bits[0] = half_bits(base + share * (half_value(bits[1]) - base));
        memcpy(a + at, bits, 2);
    }
    write_bytes(text_of("%s/model.safetensors", folder), a, size);
    free(a);
    free(b);
    return folder;
}

static void test_distances(const scry_index *x, const char *slightly) {
    const scry_hook right = {3, SCRY_RESID_POST}, before = {2, SCRY_RESID_POST}, after = {4, SCRY_RESID_POST},
                    middle = {3, SCRY_RESID_MID};
    stream_distance base = distance_of(x, BASE, right);
    check(base.tokens >= 30 && base.domain && base.median < 0.001, "the study's model: %.5f over %zu tokens",
          base.median, base.tokens);
    double tuned = distance_of(x, TUNED, right).median, twice = distance_of(x, mixed_model("twice", 2), right).median;
    check(tuned > 0.4 && tuned < 0.7, "a tuned model: %.3f", tuned);
    check(twice > 0.7 && twice < 1.5, "what was tuned added twice: %.3f", twice);
    check(distance_of(x, BASE, before).median > STREAM_DISTANCE_REFUSED, "the block before");
    check(distance_of(x, BASE, after).median > STREAM_DISTANCE_REFUSED, "the block after");
    double mid = distance_of(x, BASE, middle).median;
    check(mid > STREAM_DISTANCE_NOTED, "another place of the block: %.3f", mid);
    double little = distance_of(x, slightly, right).median;
    check(little > STREAM_DISTANCE_NOTED && little < STREAM_DISTANCE_REFUSED, "a lightly tuned model: %.3f", little);
}

/* |x - c| / |c - mean| by hand: a stream that is the captured one, all scaled. */
static void test_formula(const scry_index *x) {
    scry_error err = {0};
    scry_hook hook = {3, SCRY_RESID_POST};
    stream_distance none, scaled;
    scry_model *m = scry_model_open(BASE, NULL, NULL, &err);
    scry_tokenizer *tok = scry_tokenizer_open(BASE, &err);
    scry_run *run = scry_run_new(m, &(scry_run_options){.threads = 1}, &err);
    stream_probe probe;
    if (!check(stream_probe_run(&probe, x, run, tok, hook, &err), "a text is run")) return;
    const size_t d = x->info.d_model, n = probe.texts.tokens, first = probe.texts.samples[0].before, count = n - first;
    double *mean = mem_new(d, sizeof *mean), *expected = mem_new(count, sizeof *expected);
    for (size_t t = first; t < n; t++)
        for (size_t i = 0; i < d; i++) mean[i] += (double)probe.x[t * d + i] / (double)count;
    for (size_t t = first; t < n; t++) {
        double size = 0, off = 0;
        for (size_t i = 0; i < d; i++) {
            double value = (double)probe.x[t * d + i];
            off += value * value / 100;
            size += (value - mean[i]) * (value - mean[i]);
        }
        double r = sqrt(off / size);
        size_t at = t - first;
        for (; at > 0 && expected[at - 1] > r; at--) expected[at] = expected[at - 1];
        expected[at] = r;
    }
    none = stream_distance_of(x, NULL, &probe.texts, probe.x, NULL, SCRY_MEMORY);
    for (size_t i = first * d; i < n * d; i++) probe.x[i] *= 1.1F;
    scaled = stream_distance_of(x, NULL, &probe.texts, probe.x, NULL, SCRY_MEMORY);
    check_is(scaled.tokens, count, "tokens that are compared");
    check_near(scaled.median, (expected[(count - 1) / 2] + expected[count / 2]) / 2, 1e-3,
               "a stream that is a tenth too large");
    check(none.median < 0.001, "and as it is");
    free(mean);
    free(expected);
    stream_probe_free(&probe);
    scry_run_free(run);
    scry_tokenizer_close(tok);
    scry_model_close(m);
}

/* ---- who refuses, and who notes ------------------------------------------------------------- */

static bool has_note(const scry_notes *notes, const char *text) {
    for (size_t i = 0; i < notes->count; i++)
        if (strstr(notes->text[i], text)) return true;
    return false;
}

static void test_ablate(const scry_index *x, const char *slightly) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_causal_options o = {.model = TUNED, .threads = 1, .samples = 1};
    scry_causal *c = scry_causal_open(x, &o, &notes, &err);
    check_says(c ? "" : err.text,
               SAYS(TUNED, "hook_resid_post", "Original questions", "5", "expected at most 25%", "--model DIR"),
               "ablate refuses the tuned model");
    scry_causal_free(c);
    o.model = slightly;
    c = scry_causal_open(x, &o, &notes, &err);
    check(c && has_note(&notes, "lightly tuned"), "ablate notes a model that differs a little");
    scry_causal_free(c);
    scry_notes_free(&notes);
    notes = (scry_notes){0};
    o.model = BASE;
    c = scry_causal_open(x, &o, &notes, &err);
    check(c && !notes.count, "ablate says nothing of the study's model");
    scry_causal_free(c);
    bool made;
    check(!scry_effects_compute(x, &(scry_effects_options){.model = TUNED, .samples = 1}, &made, NULL, &err) &&
              strstr(err.text, "expected at most 25%"),
          "effects refuses the tuned model");
}

static void test_prompt(const scry_index *x) {
    scry_error err = {0};
    scry_notes notes = {0};
    scry_prompt *p = scry_prompt_open(x, &(scry_prompt_options){.model = TUNED, .threads = 1}, &notes, &err);
    check(!p && strstr(err.text, "expected at most 25%"), "prompt refuses the tuned model as the base: %.60s",
          err.text);
    p = scry_prompt_open(x, &(scry_prompt_options){.tuned = BASE, .threads = 1}, &notes, &err);
    check(p && has_note(&notes, "predicts as the base model"), "prompt notes the base model as the tuned one");
    scry_prompt_close(p);
    scry_notes_free(&notes);
    notes = (scry_notes){0};
    p = scry_prompt_open(x, &(scry_prompt_options){.threads = 1}, &notes, &err);
    check(p && !notes.count, "prompt says nothing of the study's models%s%s", notes.count ? ": " : "",
          notes.count ? notes.text[0] : "");
    scry_prompt_close(p);
}

static void test_logits(const scry_index *x) {
    static const char *const models[] = {BASE, TUNED};
    for (size_t i = 0; i < 2; i++) {
        scry_error err = {0};
        uint32_t latent = 5;
        scry_token_logit tokens[SCRY_LOGIT_SIDES * 3];
        scry_logits *l = scry_logits_new(x, models[i], 1, 0);
        check(scry_logits_read(l, &latent, 1, 3, tokens, NULL, &err) &&
                  has_note(scry_logits_notes(l), "expected at most 25%") == (i == 1),
              "logits of %s are %s", models[i], i ? "noted" : "not");
        scry_logits_close(l);
    }
}

/* Without its captures the SAE's activations are compared, and without the SAE nothing. */
static void test_without_captures(const scry_index *x, const char *slightly) {
    scry_error err = {0};
    scry_notes notes = {0};
    const char *folder = scratch_folder("bare"), *acts = scratch_folder("bare/acts");
    for (size_t d = 0; d < x->info.domains; d++) {
        char name[80];
        size_t size;
        snprintf(name, sizeof name, "%s", x->info.domain[d].name);
        for (char *at = name; *at; at++)
            if (*at == ' ') *at = '_';
        uint8_t *bytes = read_bytes(text_of("sample_data/acts/%s.tokens.jsonl", name), &size);
        write_bytes(text_of("%s/%s.tokens.jsonl", acts, name), bytes, size);
        free(bytes);
    }
    scry_causal_options o = {.model = TUNED, .study = folder, .threads = 1, .samples = 1};
    check(!scry_causal_open(x, &o, &notes, &err) && strstr(err.text, "activations"),
          "without captures activations are compared: %s", err.text);
    o.model = slightly;
    scry_causal *c = scry_causal_open(x, &o, &notes, &err);
    check(c && has_note(&notes, "lightly tuned"), "and noted: %.90s", notes.count ? notes.text[0] : err.text);
    scry_causal_free(c);
    o.model = BASE;
    c = scry_causal_open(x, &o, NULL, &err);
    const scry_hook hook = {3, SCRY_RESID_POST};
    stream_distance captured = stream_distance_of(x, NULL, &c->texts, c->x, NULL, SCRY_MEMORY),
                    latents = stream_distance_of(x, folder, &c->texts, c->x, NULL, SCRY_MEMORY),
                    none = stream_distance_of(x, folder, &c->texts, c->x, NULL, 1000);
    check(!captured.by_latents && latents.by_latents && latents.median < 0.002 && latents.tokens == captured.tokens,
          "the study's model by its activations: %.5f over %zu tokens", latents.median, latents.tokens);
    check(isnan(none.median) && stream_check(x, &none, BASE, hook, NULL, &err),
          "with neither captures nor SAE nothing is compared");
    scry_causal_free(c);
    scry_notes_free(&notes);
}

int main(void) {
    scry_error err = {0};
    scry_index *x = scry_open(sample_index(), true, &err);
    if (!x) return check_end();
    const char *slightly = mixed_model("slightly", 0.2);
    test_distances(x, slightly);
    test_formula(x);
    test_ablate(x, slightly);
    test_prompt(x);
    test_logits(x);
    test_without_captures(x, slightly);
    scry_close(x);
    return check_end();
}
