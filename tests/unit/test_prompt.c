/* test_prompt.c: texts through the sample study's models, against tests/specimens/prompts (transformers), against the
 * activations of the index, and against plain loops; and what is refused. */
#include "check.h"
#include "sample.h"

#include "base/mem.h"
#include "io/json.h"
#include "prompt.h"
#include "sae/sae.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static scry_index *sample;
static scry_prompt *opened; /* of the sample */

static cJSON *read_json(const char *path) {
    FILE *f = fopen(path, "re");
    if (!f) return NULL;
    char *text = mem_new(1 << 20, 1);
    size_t n = fread(text, 1, (1 << 20) - 1, f);
    fclose(f);
    cJSON *json = json_parse(text, n);
    free(text);
    return json;
}

static scry_prompt_result *run_text(const char *text, const scry_set *ablated, scry_error *err) {
    scry_prompt_query q = {.text = text, .length = strlen(text), .next = 40, .ablated = ablated};
    return scry_prompt_run(opened, &q, NULL, err);
}

static scry_set *third_latents(void) {
    scry_set *set = scry_set_new(scry_index_info(sample)->d_sae);
    for (uint32_t j = 0; j < set->latents; j += 3) scry_set_put(set, j, true);
    return set;
}

/* ---- transformers --------------------------------------------------------------------------- */

static void compare_next(const scry_prompt_result *r, size_t t, scry_next_model m, const cJSON *list, worst *w) {
    const cJSON *one;
    cJSON_ArrayForEach (one, list) {
        uint32_t id = (uint32_t)cJSON_GetArrayItem(one, 0)->valuedouble;
        double found = NAN, expected = cJSON_GetArrayItem(one, 1)->valuedouble;
        for (uint32_t i = 0; i < r->next; i++)
            if (r->predicted[m][t * r->next + i].id == id) found = r->predicted[m][t * r->next + i].probability;
        worst_add(w, found, expected, 1, "token %zu, next %u", t, id);
    }
}

static void compare_text(const cJSON *text, const scry_set *set) {
    static const char *const keys[SCRY_NEXT_MODELS] = {"next_base", "next_tuned", "next_ablated"};
    scry_error err = {0};
    const cJSON *ids = cJSON_GetObjectItem(text, "ids"), *tokens = cJSON_GetObjectItem(text, "tokens"), *one;
    scry_prompt_result *r = run_text(cJSON_GetObjectItem(text, "text")->valuestring, set, &err);
    if (!check(r != NULL, "a text of the specimen runs %s", err.text)) return;
    size_t n = (size_t)cJSON_GetArraySize(ids), same = 0;
    check_is(r->tokens, n, "its number of tokens");
    for (size_t t = 0; t < n && t < r->tokens; t++)
        same += r->id[t] == (uint32_t)cJSON_GetArrayItem(ids, (int)t)->valuedouble;
    check_is(same, n, "its ids are those of transformers' tokenizer");
    worst latents = {.tolerance = 1e-4}, next = {.tolerance = 1e-5};
    size_t t = 0, ordered = 0;
    cJSON_ArrayForEach (one, tokens) {
        const cJSON *latent;
        scry_active_latent strongest[3];
        size_t kept = scry_prompt_strongest(r, t, 3, strongest), i = 0;
        cJSON_ArrayForEach (latent, cJSON_GetObjectItem(one, "latents")) {
            uint32_t j = (uint32_t)cJSON_GetArrayItem(latent, 0)->valuedouble;
            worst_add(&latents, (double)scry_prompt_activation(r, t, j), cJSON_GetArrayItem(latent, 1)->valuedouble, 1,
                      "token %zu, latent %u", t, j);
            ordered += i < kept && strongest[i].latent == j;
            i++;
        }
        ordered += kept == i ? 0 : 1000;
        for (int m = 0; m < SCRY_NEXT_MODELS; m++)
            compare_next(r, t, (scry_next_model)m, cJSON_GetObjectItem(one, keys[m]), &next);
        t++;
    }
    worst_line(&latents, "activations of the strongest latents");
    check(ordered == 3 * n || (ordered < 3 * n && ordered + 2 >= 3 * n),
          "the strongest latents come first: %zu of %zu in the same place", ordered, 3 * n);
    worst_line(&next, "next tokens of base, tuned and ablated");
    scry_prompt_result_free(r);
}

static void test_transformers(void) {
    cJSON *expected = read_json("tests/specimens/prompts/expected.json");
    if (!check(expected != NULL, "the specimen is read")) return;
    scry_set *set = third_latents();
    const cJSON *text;
    cJSON_ArrayForEach (text, cJSON_GetObjectItem(expected, "texts")) compare_text(text, set);
    scry_set_free(set);
    cJSON_Delete(expected);
}

/* ---- the index ------------------------------------------------------------------------------ */

/* The text of a sample with what stands before its rows, from the metadata of its line. */
static char *sample_text(size_t capture, const scry_sample *s, char **prompt) {
    cJSON *more = cJSON_Parse(s->metadata);
    const cJSON *before = cJSON_GetObjectItem(more, "prompt");
    *prompt = mem_copy_string(cJSON_IsString(before) ? before->valuestring : "");
    cJSON_Delete(more);
    char *text = mem_copy_string(*prompt);
    for (uint32_t i = 0; i < s->count; i++) {
        char *longer = mem_format("%s%s", text, scry_token(sample, capture, s->first + i));
        free(text);
        text = longer;
    }
    return text;
}

/* The index's activations are of residuals that were rounded to F16. */
static void test_index(void) {
    const uint32_t F = scry_index_info(sample)->d_sae;
    size_t capture = (size_t)scry_find_capture_named(sample, "train.base"), compared = 0;
    worst w = {.tolerance = 0.01};
    for (uint32_t number = 0; number < 6; number++) {
        scry_sample s = scry_sample_at(sample, capture, number);
        char *prompt, *text = sample_text(capture, &s, &prompt);
        scry_error err = {0};
        scry_prompt_result *r = run_text(text, NULL, &err);
        if (!check(r != NULL, "sample %s runs %s", s.id, err.text)) exit(check_end());
        uint64_t skip = r->tokens - s.count;
        bool same = r->tokens >= s.count;
        for (uint32_t i = 0; same && i < s.count; i++)
            same = strcmp(scry_prompt_piece(opened, r->id[skip + i]), scry_token(sample, capture, s.first + i)) == 0;
        if (same) {
            float *h = mem_new(s.count, sizeof *h);
            for (uint32_t j = 0; j < F; j++) {
                scry_activations(sample, j, capture, s.first, s.count, h);
                for (uint32_t i = 0; i < s.count; i++)
                    worst_add(&w, (double)scry_prompt_activation(r, skip + i, j), (double)h[i], 1,
                              "%s, token %u, latent %u", s.id, i, j);
            }
            free(h);
            compared++;
        }
        scry_prompt_result_free(r);
        free(text);
        free(prompt);
    }
    check(compared >= 5, "%zu of 6 samples encode to the same tokens, expected 5 or more", compared);
    printf("# largest difference from the index: %.3g at %s (%.6g, %.6g)\n", w.most, w.where, w.found, w.expected);
    worst_line(&w, "activations are the index's, to the rounding of its residuals");
}

/* ---- plain loops ---------------------------------------------------------------------------- */

typedef struct probabilities {
    uint32_t vocabulary;
    double *p; /* [tokens][V] */
} probabilities;

static void keep_row(void *context, size_t row, const float *logits) {
    probabilities *all = context;
    double *p = all->p + row * all->vocabulary, sum = 0;
    for (uint32_t v = 0; v < all->vocabulary; v++) sum += exp((double)logits[v]);
    for (uint32_t v = 0; v < all->vocabulary; v++) p[v] = exp((double)logits[v]) / sum;
}

/* A folder with the sample's SAE and another way of normalising its input. */
static const char *sae_with_input(const char *normalize) {
    const char *folder = scratch_folder("sae-%s", normalize);
    FILE *f = fopen(text_of("%s/cfg.json", folder), "we");
    fprintf(f,
            "{\"architecture\":\"standard\",\"d_in\":192,\"d_sae\":2048,\"activation_fn_str\":\"relu\","
            "\"apply_b_dec_to_input\":false,\"normalize_activations\":\"%s\",\"dtype\":\"float32\","
            "\"hook_name\":\"blocks.3.hook_resid_post\"}\n",
            normalize);
    fclose(f);
    char *target = realpath("sample_data/sae/sae_weights.safetensors", NULL);
    const char *link = text_of("%s/sae_weights.safetensors", folder);
    remove(link);
    check(symlink(target, link) == 0, "the SAE's weights are linked");
    free(target);
    return folder;
}

/* What the stream was divided by before it was encoded, written anew. */
static double divided_by(const float *x, uint32_t d, const char *normalize) {
    double mean = 0, square = 0;
    if (strcmp(normalize, "none") == 0) return 1;
    if (strcmp(normalize, "layer_norm") == 0)
        for (uint32_t i = 0; i < d; i++) mean += (double)x[i] / d;
    for (uint32_t i = 0; i < d; i++) square += ((double)x[i] - mean) * ((double)x[i] - mean);
    return strcmp(normalize, "layer_norm") == 0 ? sqrt(square / (d - 1)) + 1e-5 : sqrt(square / d);
}

/* The ablated model by a plain loop: the stream at the hook, every latent by its own dot product, and on to the logits.
 */
static void compare_ablated(const char *normalize) {
    static const char text[] = "The answer is 12 apples, since 3 * 4 = 12.";
    scry_error err = {0};
    scry_prompt_options o = {.sae = sae_with_input(normalize)};
    scry_prompt *p = scry_prompt_open(sample, &o, NULL, &err);
    if (!check(p != NULL, "opens with an SAE of normalize_activations %s %s", normalize, err.text)) return;
    scry_set *set = third_latents();
    scry_prompt_query q = {.text = text, .length = strlen(text), .next = 20, .ablated = set};
    scry_prompt_result *r = scry_prompt_run(p, &q, NULL, &err);
    if (!check(r != NULL, "runs with it %s", err.text)) exit(check_end());
    scry_model *model = scry_model_open("sample_data/models/base", NULL, NULL, &err);
    scry_run *run = scry_run_new(model, &(scry_run_options){.threads = 1}, &err);
    sae s;
    check(sae_load(&s, "sample_data/sae", NULL, NULL, &err), "the SAE loads %s", err.text);
    const uint32_t d = s.d_in, V = scry_model_info_of(model)->vocabulary;
    const scry_hook hook = {3, SCRY_RESID_POST};
    const scry_sequence sequence = {.ids = r->id, .count = r->tokens};
    float *x = mem_new(r->tokens * d, sizeof *x);
    probabilities all = {V, mem_new(r->tokens * V, sizeof(double))};
    check(scry_run_to_hook(run, hook, &sequence, 1, x, &err), "the stream %s", err.text);
    worst latents = {.tolerance = 1e-5}, next = {.tolerance = 1e-6};
    for (size_t t = 0; t < r->tokens; t++) {
        float *at = x + t * d;
        double by = divided_by(at, d, normalize), mean = 0;
        for (uint32_t i = 0; i < d && strcmp(normalize, "layer_norm") == 0; i++) mean += (double)at[i] / d;
        double *out = mem_new(d, sizeof *out);
        for (uint32_t j = 0; j < s.d_sae; j++) {
            double h = (double)s.b_enc[j];
            for (uint32_t i = 0; i < d; i++) h += ((double)at[i] - mean) / by * (double)s.W_enc[(size_t)j * d + i];
            if (h < 0) h = 0;
            if (h > 1e-4) worst_add(&latents, (double)scry_prompt_activation(r, t, j), h, fmax(1, h), "%zu, %u", t, j);
            for (uint32_t i = 0; i < d && j % 3 == 0; i++) out[i] += h * (double)s.W_dec[(size_t)j * d + i];
        }
        for (uint32_t i = 0; i < d && scry_prompt_counts(r, t); i++) at[i] = (float)((double)at[i] - out[i] * by);
        free(out);
    }
    check(scry_run_logits(run, &sequence, 1, &hook, x, NULL, keep_row, &all, &err), "the logits %s", err.text);
    double moved = 0;
    for (size_t i = 0; i < r->tokens * r->next; i++) {
        const scry_next_probability *n = &r->predicted[SCRY_NEXT_ABLATED][i];
        worst_add(&next, n->probability, all.p[i / r->next * V + n->id], 1, "token %zu", i / r->next);
        moved = fmax(moved, fabs(n->probability - r->predicted[SCRY_NEXT_BASE][i].probability));
    }
    worst_line(&latents, "activations are a plain loop's, %s", normalize);
    worst_line(&next, "the ablated model's next tokens are a plain loop's, %s", normalize);
    check(moved > 0.05, "and differ from base's: by %.3g, expected .05 and more", moved);
    free(all.p);
    free(x);
    sae_free(&s);
    scry_run_free(run);
    scry_model_close(model);
    scry_prompt_result_free(r);
    scry_prompt_close(p);
    scry_set_free(set);
}

static void test_properties(void) {
    scry_error err = {0};
    scry_prompt_result *r = run_text("One and one is two.", NULL, &err),
                       *again = run_text("One and one is two.", NULL, &err);
    if (!check(r && again, "runs twice %s", err.text)) return;
    check(r->start[r->tokens] == again->start[r->tokens] &&
              memcmp(r->activation, again->activation, r->start[r->tokens] * sizeof *r->activation) == 0,
          "the same bits twice");
    check(!r->predicted[SCRY_NEXT_ABLATED] && !r->ablated, "no ablated model without a set");
    bool sorted = true, ascending = true;
    double most = 0;
    for (size_t t = 0; t < r->tokens; t++) {
        double sum = 0;
        for (uint32_t i = 0; i < r->next; i++) {
            const scry_next_probability *n = &r->predicted[SCRY_NEXT_BASE][t * r->next + i];
            sorted = sorted && (i == 0 || n->probability <= n[-1].probability);
            sum += n->probability;
        }
        most = fmax(most, sum);
        for (uint64_t i = r->start[t] + 1; i < r->start[t + 1]; i++)
            ascending = ascending && r->latent[i] > r->latent[i - 1];
    }
    check(sorted && most <= 1 + 1e-9, "next tokens fall, and sum up to %.4f, expected at most 1", most);
    check(ascending, "latents of a token ascend");
    uint32_t strongest = 0;
    float peak = 0;
    for (size_t t = 0; t < r->tokens; t++)
        for (uint64_t i = r->start[t]; i < r->start[t + 1]; i++)
            if (scry_prompt_counts(r, t) && r->activation[i] > peak) peak = r->activation[i];
    check(scry_prompt_strongest_latent(r, &strongest) && scry_prompt_peak(r, strongest) == peak,
          "the strongest latent %u has the largest activation %.4g", strongest, (double)peak);
    scry_prompt_result_free(r);
    scry_prompt_result_free(again);
}

/* ---- refusals ------------------------------------------------------------------------------- */

static void refuse_text(const char *text, size_t length, const char *chat_template, const char *const *words,
                        const char *what) {
    scry_error err = {0};
    scry_prompt_query q = {.text = text, .length = length, .chat_template = chat_template, .next = 1};
    scry_prompt_result *r = scry_prompt_run(opened, &q, NULL, &err);
    check(!r, "%s is refused", what);
    scry_prompt_result_free(r);
    check_says(err.text, words, "%s: the message", what);
}

static void refuse_open(const scry_index *index, const scry_prompt_options *o, const char *const *words,
                        const char *what) {
    scry_error err = {0};
    scry_prompt *p = scry_prompt_open(index, o, NULL, &err);
    check(!p, "%s is refused", what);
    scry_prompt_close(p);
    check_says(err.text, words, "%s: the message", what);
}

static bool is_cancelled(void *context) {
    int *left = context;
    return (*left)-- <= 0;
}

static void test_refusals(void) {
    refuse_text("", 0, NULL, SAYS("empty"), "an empty text");
    refuse_text("ab\xff", 3, NULL, SAYS("byte 2", "0xff", "UTF-8"), "a byte that is not UTF-8");
    refuse_text("ab\xe2\x82", 4, NULL, SAYS("byte 2", "UTF-8"), "a cut character");
    refuse_text("a\0b", 3, NULL, SAYS("byte 1", "NUL"), "a NUL");
    refuse_text("a", 1, "nothing", SAYS("--template", "nothing", "chatml"), "an unknown template");
    refuse_text("a", 1, "auto", SAYS("--template auto", "no template fits"), "a guess where nothing fits");
    char *long_text = mem_new(100001, 1);
    for (size_t i = 0; i < 100000; i++) long_text[i] = "ab cd,"[i % 6];
    refuse_text(long_text, 100000, NULL, SAYS("tokens", "at most 512", "the model reads"),
                "a text of 100,000 characters");
    free(long_text);
    char *longer = mem_new(SCRY_PROMPT_BYTES + 1, 1);
    memset(longer, 'a', SCRY_PROMPT_BYTES + 1);
    refuse_text(longer, SCRY_PROMPT_BYTES + 1, NULL, SAYS("1048577 bytes", "at most 1048576"),
                "a text that is too long");
    free(longer);

    int left = 3;
    scry_error err = {0};
    scry_cancel cancel = {.is_cancelled = is_cancelled, .context = &left};
    scry_prompt_query q = {.text = "a b c", .length = 5, .next = 1};
    check(!scry_prompt_run(opened, &q, &cancel, &err), "a cancelled run gives nothing");
    check_says(err.text, SAYS("cancelled"), "a cancelled run");
    scry_prompt_result *r = scry_prompt_run(opened, &q, NULL, &err);
    check(r != NULL, "the models run again after that");
    scry_prompt_result_free(r);

    refuse_open(
        sample,
        &(scry_prompt_options){.model = "tests/specimens/evaluate/base", .tuned = "tests/specimens/evaluate/base"},
        SAYS("width 24", "192"), "a model of another width");
    refuse_open(sample, &(scry_prompt_options){.model = scratch("nowhere")}, SAYS("nowhere"),
                "a model that is not there");
    refuse_open(sample, &(scry_prompt_options){.tuned = "tests/specimens/evaluate/base"}, SAYS("evaluate/base"),
                "a tuned model of another width");
    refuse_open(sample, &(scry_prompt_options){.sae = "sample_data/models/base"}, SAYS("sample_data/models/base"),
                "an SAE that is none");
    refuse_open(sample, &(scry_prompt_options){.memory = 1 << 20}, SAYS("memory"), "a memory limit of 1 MiB");
}

/* ---- studies without a model or an SAE -------------------------------------------------------- */

static scry_index *index_of(const char *study, const char *name) {
    scry_error err = {0};
    const char *path = scratch("%s", name);
    if (!check(scry_index_build(study, path, NULL, NULL, NULL, &err), "%s is indexed %s", study, err.text)) return NULL;
    return scry_open(path, true, &err);
}

static void test_bare(void) {
    FILE *f = fopen("sample_data/study.json", "re");
    char *text = mem_new(1 << 16, 1);
    size_t n = fread(text, 1, (1 << 16) - 1, f);
    fclose(f);
    cJSON *study = json_parse(text, n);
    free(text);
    cJSON_DeleteItemFromObject(study, "model_path");
    char *out = cJSON_PrintUnformatted(study);
    const char *folder = scratch_folder("bare");
    f = fopen(text_of("%s/study.json", folder), "we");
    fputs(out, f);
    fclose(f);
    free(out);
    cJSON_Delete(study);
    static const char *const parts[] = {"acts", "sae", "models"};
    for (size_t i = 0; i < 3; i++) {
        char *target = realpath(text_of("sample_data/%s", parts[i]), NULL);
        check(symlink(target, text_of("%s/%s", folder, parts[i])) == 0, "%s is linked", parts[i]);
        free(target);
    }
    scry_index *bare = index_of(text_of("%s/study.json", folder), "bare.scry");
    if (!bare) return;
    refuse_open(bare, &(scry_prompt_options){0}, SAYS("names no model", "\"model_path\"", "--model DIR"),
                "a study without a model");
    scry_error err = {0};
    scry_prompt *p = scry_prompt_open(bare, &(scry_prompt_options){.model = "sample_data/models/base"}, NULL, &err);
    check(p != NULL, "and opens with the model's folder %s", err.text);
    scry_prompt_close(p);
    /* the study moves: the SAE is where the index says no longer */
    remove(text_of("%s/sae", folder));
    refuse_open(bare, &(scry_prompt_options){.model = "sample_data/models/base"}, SAYS("\"sae\"", "not found", "--sae"),
                "an SAE that has moved");
    p = scry_prompt_open(bare, &(scry_prompt_options){.model = "sample_data/models/base", .sae = "sample_data/sae"},
                         NULL, &err);
    check(p != NULL, "and opens with the SAE's folder %s", err.text);
    scry_prompt_close(p);
    scry_notes notes = {0};
    remove(text_of("%s/models", folder));
    p = scry_prompt_open(bare, &(scry_prompt_options){.model = "sample_data/models/base", .sae = "sample_data/sae"},
                         &notes, &err);
    check(p && !scry_prompt_info_of(p)->tuned, "a tuned model that is gone is left out");
    check_says(notes.count ? notes.text[0] : "", SAYS("sft_path", "not found"), "and told");
    scry_notes_free(&notes);
    scry_prompt_close(p);
    scry_close(bare);
}

int main(void) {
    scry_error err = {0};
    sample = scry_open(sample_index(), true, &err);
    opened = sample ? scry_prompt_open(sample, &(scry_prompt_options){0}, NULL, &err) : NULL;
    if (!check(opened != NULL, "the sample's models open %s", err.text)) return check_end();
    test_transformers();
    test_index();
    static const char *const inputs[] = {"none", "layer_norm", "constant_norm_rescale"};
    for (size_t i = 0; i < 3; i++) compare_ablated(inputs[i]);
    test_properties();
    test_refusals();
    test_bare();
    scry_prompt_close(opened);
    scry_close(sample);
    return check_end();
}
