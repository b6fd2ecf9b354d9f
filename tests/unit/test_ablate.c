/* test_ablate.c: losses without latents against transformers' (make_ablation.py), against a plain loop over the model,
 * and what cannot be run. */
#include "ablate.h"
#include "base/mem.h"
#include "check.h"
#include "io/json.h"
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const studies[] = {"as_is", "scaled", "constant_norm", "layer_norm"};

static scry_index *index_of(const char *study) {
    scry_error err = {0};
    const char *path = scratch("%s.scry", study);
    if (!file_exists(path) &&
        !scry_index_build(text_of("tests/specimens/ablation/%s.json", study), path, NULL, NULL, NULL, &err)) {
        check(false, "%s is indexed: %s", study, err.text);
        exit(check_end());
    }
    scry_index *x = scry_open(path, true, &err);
    if (!x) exit(check_end());
    return x;
}

static scry_causal *open_causal(const scry_index *x, unsigned threads, scry_notes *notes) {
    scry_error err = {0};
    scry_causal *c = scry_causal_open(x, &(scry_causal_options){.threads = threads}, notes, &err);
    if (c) return c;
    check(false, "%s opens with its model: %s", scry_index_info(x)->name, err.text);
    exit(check_end());
}

static scry_set *set_of(const scry_index *x, const cJSON *latents) {
    scry_set *set = scry_set_new(scry_index_info(x)->d_sae);
    const cJSON *item;
    cJSON_ArrayForEach (item, latents) scry_set_put(set, (uint32_t)item->valuedouble, true);
    return set;
}

/* ---- transformers --------------------------------------------------------------------------- */

static double figure(const cJSON *of, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static scry_ablation how_of(const cJSON *run) {
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "value"));
    const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "error"));
    return (scry_ablation){.value = strcmp(value, "mean") == 0 ? SCRY_VALUE_MEAN : SCRY_VALUE_ZERO,
                           .scale = figure(run, "scale"),
                           .drop_error = strcmp(error, "drop") == 0};
}

typedef struct comparison {
    worst loss, difference, accuracy;
} comparison;

/* A difference is compared relative to itself, but at least to a hundredth of a nat: single precision carries no more
 * of a loss. */
static void compare_run(const scry_index *x, scry_causal *c, const cJSON *run, comparison *w) {
    const scry_info *info = scry_index_info(x);
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(run, "set"));
    scry_error err = {0};
    scry_ablation how = how_of(run);
    scry_set *set = set_of(x, cJSON_GetObjectItemCaseSensitive(run, "latents"));
    scry_domain_effect *out = mem_new(info->domains, sizeof *out);
    if (!scry_ablate(c, set, &how, out, NULL, NULL, &err)) check(false, "%s: %s: %s", info->name, name, err.text);
    for (size_t d = 0; d < info->domains; d++) {
        const char *where =
            text_of("%s, %s, %s %g %s", info->domain[d].name, name, how.value == SCRY_VALUE_MEAN ? "mean" : "zero",
                    how.scale, how.drop_error ? "drop" : "keep");
        const cJSON *of =
            cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(run, "domains"), info->domain[d].name);
        double rise = figure(of, "difference"), se = figure(of, "se");
        worst_add(&w->loss, out[d].loss, figure(of, "loss"), figure(of, "loss"), "%s", where);
        worst_add(&w->loss, out[d].loss_ablated, figure(of, "loss_ablated"), figure(of, "loss_ablated"), "%s", where);
        worst_add(&w->difference, out[d].difference, rise, fmax(fabs(rise), 0.01), "%s", where);
        worst_add(&w->difference, out[d].se, se, fmax(se, 0.01), "%s: se", where);
        worst_add(&w->accuracy, out[d].accuracy, figure(of, "accuracy"), 1, "%s", where);
        worst_add(&w->accuracy, out[d].accuracy_ablated, figure(of, "accuracy_ablated"), 1, "%s", where);
    }
    free(out);
    scry_set_free(set);
}

static void check_summary(const scry_index *x, const scry_causal *c, const cJSON *run) {
    const scry_info *info = scry_index_info(x);
    const scry_causal_domain *found = scry_causal_domains(c);
    for (size_t d = 0; d < info->domains; d++) {
        const cJSON *of =
            cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(run, "domains"), info->domain[d].name);
        check_is(found[d].samples, (uint64_t)figure(of, "samples"), "%s: %s: samples", info->name,
                 info->domain[d].name);
        check_is(found[d].tokens, (uint64_t)figure(of, "tokens"), "%s: %s: tokens", info->name, info->domain[d].name);
        check_is(found[d].left_out, 0, "%s: %s: left out", info->name, info->domain[d].name);
    }
}

static void test_transformers(const cJSON *expected) {
    for (size_t i = 0; i < sizeof studies / sizeof *studies; i++) {
        scry_index *x = index_of(studies[i]);
        scry_notes notes = {0};
        scry_causal *c = open_causal(x, 1, &notes);
        check(notes.count == 0, "%s: no notes%s%s", studies[i], notes.count ? ": " : "",
              notes.count ? notes.text[0] : "");
        comparison w = {{.tolerance = 2e-6}, {.tolerance = 1e-4}, {.tolerance = 1e-9}};
        const cJSON *run,
            *runs = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(expected, studies[i]), "runs");
        check_summary(x, c, cJSON_GetArrayItem(runs, 0));
        cJSON_ArrayForEach (run, runs) compare_run(x, c, run, &w);
        worst_line(&w.loss, "%s: losses", studies[i]);
        worst_line(&w.difference, "%s: differences and their errors", studies[i]);
        worst_line(&w.accuracy, "%s: accuracies", studies[i]);
        scry_notes_free(&notes);
        scry_causal_free(c);
        scry_close(x);
    }
}

/* ---- a plain loop --------------------------------------------------------------------------- */

typedef struct scored {
    const uint32_t *ids;
    uint32_t vocabulary;
    double loss;
    size_t from; /* the first row that counts */
} scored;

static void add_loss(void *context, size_t row, const float *logits) {
    scored *s = context;
    if (row >= s->from) s->loss -= scry_next_token_of(logits, s->vocabulary, s->ids[row + 1]).log_probability;
}

/* The summed loss of one sequence by itself, its last `rows` rows less (1 - scale) times the set's part in the index.
 */
static double loss_alone(const scry_index *x, scry_run *run, uint32_t vocabulary, const uint32_t *ids, size_t count,
                         size_t capture, uint64_t first, size_t rows, size_t from, const scry_set *set, double scale,
                         double *whole) {
    const scry_info *info = scry_index_info(x);
    size_t d = info->d_model;
    scry_hook hook;
    scry_error err = {0};
    scry_hook_parse(info->hook, &hook, &err);
    float *stream = mem_new(count, d * sizeof *stream), *row = mem_new(d, sizeof *row), *h = mem_new(rows, sizeof *h);
    double *change = mem_new(count, d * sizeof *change);
    scry_sequence sequence = {.ids = ids, .count = count};
    scored s = {ids, vocabulary, 0, from - 1};
    if (!scry_run_to_hook(run, hook, &sequence, 1, stream, &err) ||
        !scry_run_logits(run, &sequence, 1, NULL, NULL, NULL, add_loss, &s, &err))
        check(false, "%s", err.text);
    *whole = s.loss;
    for (uint32_t j = 0; j < set->latents; j++) {
        if (!scry_set_has(set, j)) continue;
        scry_decoder_row(x, j, row);
        scry_activations(x, j, capture, first, rows, h);
        for (size_t t = 0; t < rows; t++)
            for (size_t i = 0; i < d; i++)
                change[(count - rows + t) * d + i] += (scale - 1) * (double)h[t] * (double)row[i] / info->input_scale;
    }
    for (size_t i = 0; i < count * d; i++) stream[i] = (float)((double)stream[i] + change[i]);
    s.loss = 0;
    if (!scry_run_logits(run, &sequence, 1, &hook, stream, NULL, add_loss, &s, &err)) check(false, "%s", err.text);
    free(stream);
    free(row);
    free(h);
    free(change);
    return s.loss;
}

/* law: each line's "before" and "ids". */
static void test_plain_loop(void) {
    scry_index *x = index_of("scaled");
    const scry_info *info = scry_index_info(x);
    scry_error err = {0};
    scry_causal *c = open_causal(x, 2, NULL);
    scry_model *model = scry_model_open(info->model_path, NULL, NULL, &err);
    scry_run *run = scry_run_new(model, &(scry_run_options){.threads = 1}, &err);
    scry_set *set = scry_set_new(info->d_sae);
    scry_set_list(set, "2,5,11,20-27", true, &err);
    scry_domain_effect out[4];
    double difference[9 + 5 + 3 + 9], loss[2] = {0}, rise[5];
    scry_ablation how = {SCRY_VALUE_ZERO, 0.25, false};
    check(scry_ablate(c, set, &how, out, difference, NULL, &err), "a quarter of a set is left %s", err.text);
    size_t size, samples = 0, tokens = 0;
    char *text = (char *)read_bytes("tests/specimens/ablation/acts/law.jsonl", &size);
    uint64_t row = 0;
    for (char *line = strtok(text, "\n"); line && samples < 5; line = strtok(NULL, "\n")) {
        cJSON *json = cJSON_Parse(line), *item;
        uint32_t ids[256];
        size_t count = 0, before, whole;
        cJSON_ArrayForEach (item, cJSON_GetObjectItem(json, "before")) ids[count++] = (uint32_t)item->valuedouble;
        before = count;
        cJSON_ArrayForEach (item, cJSON_GetObjectItem(json, "ids")) ids[count++] = (uint32_t)item->valuedouble;
        whole = count - 1; /* nothing follows the last */
        double unablated;
        size_t capture = (size_t)scry_find_capture_named(x, "law.base");
        double ablated = loss_alone(x, run, scry_model_info_of(model)->vocabulary, ids, whole, capture, row,
                                    whole - before, before, set, how.scale, &unablated);
        loss[0] += unablated;
        loss[1] += ablated;
        rise[samples++] = ablated - unablated;
        row += count - before;
        tokens += count - before;
        cJSON_Delete(json);
    }
    check_is(samples, 5, "samples of law");
    check_near(out[1].loss, loss[0] / (double)tokens, 1e-12, "law: loss by a plain loop");
    check_near(out[1].loss_ablated, loss[1] / (double)tokens, 1e-9, "law: loss without the set by a plain loop");
    for (size_t i = 0; i < samples; i++)
        check_near(difference[9 + i], rise[i], 1e-7, "law: rise of sample %zu by a plain loop", i);
    free(text);
    scry_set_free(set);
    scry_run_free(run);
    scry_model_close(model);
    scry_causal_free(c);
    scry_close(x);
}

/* ---- what must not matter ------------------------------------------------------------------- */

static bool same_effects(const scry_domain_effect *a, const scry_domain_effect *b, size_t count) {
    return memcmp(a, b, count * sizeof *a) == 0;
}

static void test_unchanged(void) {
    scry_index *x = index_of("layer_norm");
    scry_error err = {0};
    scry_causal *one = open_causal(x, 1, NULL), *two = open_causal(x, 2, NULL);
    scry_set *set = scry_set_new(scry_index_info(x)->d_sae), *none = scry_set_new(scry_index_info(x)->d_sae);
    scry_set_list(set, "1,4,9,16,25,36", true, &err);
    for (int value = 0; value < SCRY_ABLATION_VALUES; value++)
        for (int drop = 0; drop < 2; drop++) {
            scry_ablation how = {(scry_ablation_value)value, 0, drop};
            scry_domain_effect a[4], b[4], again[4], empty[4];
            double rise[26];
            bool ok = scry_ablate(one, set, &how, a, NULL, NULL, &err) &&
                      scry_ablate(two, set, &how, b, rise, NULL, &err) &&
                      scry_ablate(one, none, &how, empty, NULL, NULL, &err) &&
                      scry_ablate(one, set, &how, again, NULL, NULL, &err);
            check(ok && same_effects(a, b, 4), "value %d, drop %d: 1 and 2 threads give the same bits %s", value, drop,
                  err.text);
            check(ok && same_effects(a, again, 4), "value %d, drop %d: the same bits again", value, drop);
            double sum = 0;
            for (size_t i = 0; i < 9; i++) sum += rise[i];
            check_near(sum / (double)scry_causal_domains(one)[0].tokens, a[0].difference, 1e-12,
                       "rises of samples add up");
            bool still = true;
            for (size_t d = 0; d < 4; d++)
                still = still && empty[d].difference == 0 && empty[d].loss_ablated == empty[d].loss &&
                        empty[d].se == 0 && empty[d].loss == a[d].loss;
            check(ok && still, "value %d, drop %d: the empty set changes nothing", value, drop);
        }
    scry_ablation unscaled = {SCRY_VALUE_ZERO, 1, false};
    scry_domain_effect out[4];
    check(scry_ablate(one, set, &unscaled, out, NULL, NULL, &err) && out[0].difference == 0 && out[1].difference == 0,
          "scale 1 changes nothing");
    scry_set_free(set);
    scry_set_free(none);
    scry_causal_free(one);
    scry_causal_free(two);
    scry_close(x);
}

static void test_samples(void) {
    scry_index *x = index_of("as_is");
    scry_error err = {0};
    scry_causal_options o = {.threads = 1, .samples = 3, .seed = 7};
    scry_causal *c = scry_causal_open(x, &o, NULL, &err), *again = scry_causal_open(x, &o, NULL, &err);
    o.seed = 8;
    scry_causal *other = scry_causal_open(x, &o, NULL, &err);
    check(c && again && other && scry_causal_domains(c)[0].samples == 3 && scry_causal_domains(c)[2].samples == 3,
          "3 samples of each domain %s", err.text);
    scry_set *set = scry_set_new(scry_index_info(x)->d_sae);
    scry_set_put(set, 5, true);
    scry_ablation how = {SCRY_VALUE_ZERO, 0, false};
    scry_domain_effect a[4], b[4], d[4];
    bool ok = scry_ablate(c, set, &how, a, NULL, NULL, &err) && scry_ablate(again, set, &how, b, NULL, NULL, &err) &&
              scry_ablate(other, set, &how, d, NULL, NULL, &err);
    check(ok && same_effects(a, b, 4), "the same seed draws the same samples");
    check(ok && !same_effects(a, d, 4) && same_effects(&a[2], &d[2], 1),
          "another seed draws others, where there are more");
    scry_set_free(set);
    scry_causal_free(c);
    scry_causal_free(again);
    scry_causal_free(other);
    scry_close(x);
}

static bool always(void *context) {
    (void)context;
    return true;
}

static void test_cancelled(void) {
    scry_index *x = index_of("as_is");
    scry_error err = {0};
    scry_causal *c = open_causal(x, 2, NULL);
    scry_set *set = scry_set_new(scry_index_info(x)->d_sae);
    scry_set_put(set, 5, true);
    scry_ablation how = {SCRY_VALUE_ZERO, 0, true};
    scry_domain_effect out[4];
    scry_cancel cancel = {.is_cancelled = always};
    check(!scry_ablate(c, set, &how, out, NULL, &cancel, &err) && strstr(err.text, "cancelled"), "a run is cancelled");
    check(scry_ablate(c, set, &how, out, NULL, NULL, &err) && isfinite(out[0].difference), "and runs again");
    scry_causal_options o = {.cancel = &cancel};
    check(!scry_causal_open(x, &o, NULL, &err) && strstr(err.text, "cancelled"), "opening is cancelled");
    scry_set_free(set);
    scry_causal_free(c);
    scry_close(x);
}

int main(void) {
    size_t size;
    char *text = (char *)read_bytes("tests/specimens/ablation/expected.json", &size);
    cJSON *expected = cJSON_Parse(text);
    test_transformers(expected);
    test_plain_loop();
    test_unchanged();
    test_samples();
    test_cancelled();
    cJSON_Delete(expected);
    free(text);
    return check_end();
}
