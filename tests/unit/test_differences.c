/* test_differences.c: what is kept of two models' differences against plain loops: each row's KL from the logits of
 * both models, and each latent's lift and change of loss from its activations. And files that do not belong. */
#include "differences.h"
#include "base/mem.h"
#include "check.h"
#include "io/json.h"
#include "latent.h"
#include "sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BASE  "sample_data/models/base"
#define TUNED "sample_data/models/sft"

static bool compute(const scry_index *index, unsigned threads, uint64_t memory) {
    scry_error err = {0};
    scry_notes notes = {0};
    bool ok = scry_differences_compute(
        &(scry_diff_query){.index = index, .model = BASE, .tuned = TUNED, .threads = threads, .memory = memory}, NULL,
        &notes, &err);
    scry_notes_free(&notes);
    return check(ok, "computed %s", err.text);
}

/* ---- rows ----------------------------------------------------------------------------------- */

typedef struct rows_of_text {
    uint32_t vocabulary, tokens;
    float *logits; /* [tokens][vocabulary] */
} rows_of_text;

static void take_row(void *context, size_t row, const float *logits) {
    rows_of_text *r = context;
    memcpy(r->logits + row * r->vocabulary, logits, r->vocabulary * sizeof *logits);
}

static long double log_sum(const float *x, uint32_t n) {
    long double sum = 0;
    for (uint32_t v = 0; v < n; v++) sum += expl((long double)x[v]);
    return logl(sum);
}

static bool run_text(const char *folder, const uint32_t *ids, uint32_t count, rows_of_text *out) {
    scry_error err = {0};
    scry_model *model = scry_model_open(folder, NULL, NULL, &err);
    scry_run *run = model ? scry_run_new(model, &(scry_run_options){.threads = 1}, &err) : NULL;
    *out = (rows_of_text){.vocabulary = model ? scry_model_info_of(model)->vocabulary : 0, .tokens = count};
    out->logits = mem_new((size_t)count * out->vocabulary + 1, sizeof *out->logits);
    scry_sequence s = {.ids = ids, .count = count};
    bool ok = run && scry_run_logits(run, &s, 1, NULL, NULL, NULL, take_row, out, &err);
    scry_run_free(run);
    scry_model_close(model);
    return check(ok, "%s runs %s", folder, err.text);
}

/* Line `number` of a token file: its ids with those of "before" in front, *front of them. */
static uint32_t *ids_of_line(const char *path, uint32_t number, uint32_t *front, uint32_t *count) {
    size_t size;
    char *file = (char *)read_bytes(path, &size), *line = file;
    for (uint32_t i = 0; i < number; i++) line = strchr(line, '\n') + 1;
    cJSON *json = json_parse(line, (size_t)(strchr(line, '\n') - line));
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(json, "before");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(json, "ids"), *item;
    uint32_t *ids = mem_new((size_t)cJSON_GetArraySize(before) + (size_t)cJSON_GetArraySize(own) + 1, sizeof *ids);
    *front = *count = 0;
    cJSON_ArrayForEach (item, before) ids[(*front)++] = (uint32_t)item->valuedouble;
    cJSON_ArrayForEach (item, own) ids[*front + (*count)++] = (uint32_t)item->valuedouble;
    cJSON_Delete(json);
    free(file);
    return ids;
}

static void compare_sample(const scry_index *x, const char *name, uint32_t number, worst *kl, worst *gain) {
    uint32_t front, count;
    int capture = scry_find_capture_named(x, text_of("%s.base", name));
    uint32_t *ids = ids_of_line(text_of("sample_data/acts/%s.tokens.jsonl", name), number, &front, &count);
    scry_sample s = scry_sample_at(x, (size_t)capture, number);
    rows_of_text of[2];
    check_is(s.count, count, "%s, sample %u: tokens", name, number);
    run_text(BASE, ids, front + count, &of[0]);
    run_text(TUNED, ids, front + count, &of[1]);
    for (uint32_t t = 0; t < count; t++) {
        const size_t at = ((size_t)front + t) * of[0].vocabulary;
        const float *q = of[0].logits + at, *p = of[1].logits + at;
        long double lq = log_sum(q, of[0].vocabulary), lp = log_sum(p, of[1].vocabulary), sum = 0;
        for (uint32_t v = 0; v < of[0].vocabulary; v++)
            sum += expl((long double)p[v] - lp) * (((long double)p[v] - lp) - ((long double)q[v] - lq));
        const uint32_t next = t + 1 < count ? ids[front + t + 1] : UINT32_MAX;
        double found = (double)scry_row_kl(x, (size_t)capture, s.first + t);
        double change =
            next == UINT32_MAX ? (double)NAN : (double)(((long double)p[next] - lp) - ((long double)q[next] - lq));
        worst_add(kl, found, next == UINT32_MAX ? (double)NAN : (double)sum, (double)sum + 1e-4, "%s %u", name, t);
        worst_add(gain, (double)scry_row_gain(x, (size_t)capture, s.first + t), change, fabs(change) + 1e-3, "%s %u",
                  name, t);
    }
    for (int m = 0; m < 2; m++) free(of[m].logits);
    free(ids);
}

static void rows(const scry_index *x) {
    worst kl = {.tolerance = 6e-4}, gain = {.tolerance = 6e-4}; /* F16 has 11 bits */
    compare_sample(x, "train", 0, &kl, &gain);
    compare_sample(x, "law", 3, &kl, &gain);
    compare_sample(x, "psychology", 6, &kl, &gain);
    worst_line(&kl, "KL of each token, from both models' logits; NaN behind the last");
    worst_line(&gain, "change of the log-likelihood of each next token");
    int icl = scry_find_capture_named(x, "law.icl");
    check(icl >= 0 && isnan(scry_row_kl(x, (size_t)icl, 0)), "a capture that was not read has no KL");
    check(isnan(scry_row_kl(x, 999, 0)) && isnan(scry_row_gain(x, 0, UINT64_MAX)), "nor has one that is not there");
}

/* ---- latents -------------------------------------------------------------------------------- */

static void latents(const scry_index *x) {
    const scry_info *info = scry_index_info(x);
    scry_token_pairing *pairs = scry_token_pairing_new(x);
    double kl = 0, change = 0;
    uint64_t tokens = 0;
    for (size_t c = 0; c < info->captures; c++)
        for (uint64_t r = 0; r < info->capture[c].rows; r++) {
            double one = (double)scry_row_kl(x, c, r);
            if (isnan(one) || !scry_row_is_kept(pairs, c, r)) continue;
            kl += one;
            change += (double)scry_row_gain(x, c, r);
            tokens++;
        }
    scry_differences_info about;
    check(scry_differences_info_of(x, &about), "the index has differences");
    check_is(about.tokens, tokens, "tokens that count");
    check_near(about.mean_kl, kl / (double)tokens, 1e-12, "their mean KL");
    check_near(about.mean_gain, change / (double)tokens, 1e-10, "their mean change");
    worst lift = {.tolerance = 1e-6}, loss = {.tolerance = 1e-5};
    double *lifts = mem_new(2 * (size_t)info->d_sae, sizeof *lifts), *gains = lifts + info->d_sae;
    scry_column_kl_lifts(x, 0, info->d_sae, lifts);
    scry_column_gains(x, 0, info->d_sae, gains);
    uint32_t known = 0;
    for (uint32_t j = 0; j < info->d_sae; j += 5) {
        scry_latent_activations *a = scry_latent_activations_read(x, j);
        double weight = 0, weighted = 0, sum = 0, fires = 0;
        for (size_t c = 0; c < info->captures; c++)
            for (size_t i = a->start[c]; i < a->start[c + 1]; i++) {
                double one = (double)scry_row_kl(x, c, a->row[i]), h = (double)a->activation[i];
                if (isnan(one) || !(h > 0) || !scry_row_is_kept(pairs, c, a->row[i])) continue;
                weight += h, weighted += h * one, fires++;
                sum += (double)scry_row_gain(x, c, a->row[i]);
            }
        double expected = weighted / weight / (kl / (double)tokens);
        worst_add(&lift, lifts[j], fires > 0 ? expected : (double)NAN, expected, "latent %u", j);
        worst_add(&loss, gains[j], fires > 0 ? sum / fires : (double)NAN, fabs(sum / fires) + 1e-3, "latent %u", j);
        known += fires > 0;
        scry_latent_activations_free(a);
    }
    check(known > 100, "%u latents fire", known);
    worst_line(&lift, "KL lifts are those of a plain loop");
    worst_line(&loss, "changes of loss where a latent fires, too");
    free(lifts);
    scry_token_pairing_free(pairs);
}

/* ---- files ---------------------------------------------------------------------------------- */

static void files(const char *path, const char *kept) {
    scry_error err = {0};
    scry_index *x = scry_open(path, false, &err);
    size_t size;
    uint8_t *bytes = read_bytes(kept, &size);
    const char *damaged = scratch("damaged.diff");
    scry_differences_info about;
    check(x && scry_differences_info_of(x, &about) && about.bytes == size, "they are found when the index is opened");
    size_t refused = 0, tried = 0;
    for (size_t at = 0; at < size; at += size / 97 + 1, tried++) {
        bytes[at] ^= 0x55;
        write_bytes(damaged, bytes, size);
        refused += x && !scry_differences_attach(x, damaged, true, &err);
        bytes[at] ^= 0x55;
    }
    check(refused + 2 >= tried, "of %zu damaged files %zu are refused (padding is not checked)", tried, refused);
    for (size_t cut = 0; cut < size; cut += size / 31 + 1) {
        write_bytes(damaged, bytes, cut);
        if (x && scry_differences_attach(x, damaged, false, &err)) check(false, "cut at %zu is refused", cut);
    }
    check(x && scry_differences_info_of(x, &about) && about.bytes == size, "and what was in use stays");
    scry_close(x);
    const char *other = scratch("other.scry");
    free(bytes);
    /* the same study with candidates is another index */
    scry_build_options few = {.candidates = 64};
    if (!check(scry_index_build("sample_data/study.json", other, &few, NULL, NULL, &err), "another index %s", err.text))
        return;
    x = scry_open(other, false, &err);
    check(x && !scry_differences_attach(x, kept, true, &err) && strstr(err.text, "another index"),
          "another index refuses them: %s", err.text);
    check(x && !scry_differences_info_of(x, &about), "and has none");
    double value = 0;
    scry_column_kl_lifts(x, 3, 1, &value);
    check(isnan(value), "its latents have no lift");
    scry_close(x);
}

int main(void) {
    const char *path = sample_index();
    scry_error err = {0};
    scry_index *x = scry_open(path, true, &err);
    if (!check(x != NULL, "the sample opens %s", err.text) || !compute(x, 2, 0)) return check_end();
    char *kept = scry_differences_path(x);
    uint64_t version = scry_differences_version(x);
    check(scry_differences_attach(x, NULL, true, &err) && scry_differences_version(x) != version, "put in use %s",
          err.text);
    rows(x);
    latents(x);
    scry_index *view = scry_index_against(x, SCRY_AGAINST_BASE, &err);
    check(view && !isnan(scry_row_kl(view, (size_t)scry_find_capture_named(view, "law.base"), 1)),
          "views of the index have them");
    scry_close(x);
    files(path, kept);
    free(kept);
    return check_end();
}
