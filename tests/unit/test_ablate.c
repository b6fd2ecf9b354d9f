/* test_ablate.c: losses without latents against transformers' (make_ablation.py), against a plain loop over the model,
 * and what cannot be run. */
#include "ablation_specimen.h"
#include "ablate.h"
#include "base/mem.h"
#include "check.h"
#include "io/json.h"
#include "model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static scry_causal *open_precise(const scry_index *x, unsigned threads, scry_precision precision, scry_notes *notes) {
    scry_error err = {0};
    scry_causal_options o = {.threads = threads, .precision = precision};
    scry_causal *c = scry_causal_open(x, &o, notes, &err);
    if (c) return c;
    check(false, "%s opens with its model: %s", scry_index_info(x)->name, err.text);
    exit(check_end());
}

static scry_causal *open_causal(const scry_index *x, unsigned threads, scry_notes *notes) {
    return open_precise(x, threads, SCRY_FLOAT32, notes);
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

/* A difference is compared relative to itself, but at least to `least` nats: single precision carries no more of a
 * loss. In double what remains is that activations are floats: 2e-9 nats. */
typedef struct comparison {
    double least;
    worst loss, difference, accuracy;
} comparison;

static const comparison tolerances[SCRY_PRECISIONS] = {
    [SCRY_FLOAT32] = {0.01, {.tolerance = 2e-6}, {.tolerance = 1e-4}, {.tolerance = 1e-9}},
    [SCRY_FLOAT64] = {0, {.tolerance = 1e-8}, {.tolerance = 1e-5}, {.tolerance = 1e-9}}};

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
        worst_add(&w->difference, out[d].difference, rise, fmax(fabs(rise), w->least), "%s", where);
        worst_add(&w->difference, out[d].se, se, fmax(se, w->least), "%s: se", where);
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

static void test_transformers(const cJSON *expected, scry_precision precision) {
    for (size_t i = 0; i < sizeof studies / sizeof *studies; i++) {
        scry_index *x = index_of(studies[i]);
        scry_notes notes = {0};
        scry_causal *c = open_precise(x, 1, precision, &notes);
        check(notes.count == 0, "%s: no notes%s%s", studies[i], notes.count ? ": " : "",
              notes.count ? notes.text[0] : "");
        comparison w = tolerances[precision];
        const char *name = text_of("%s, float%d", studies[i], precision == SCRY_FLOAT64 ? 64 : 32);
        const cJSON *run,
            *runs = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(expected, studies[i]), "runs");
        check_summary(x, c, cJSON_GetArrayItem(runs, 0));
        cJSON_ArrayForEach (run, runs) compare_run(x, c, run, &w);
        worst_line(&w.loss, "%s: losses", name);
        worst_line(&w.difference, "%s: differences and their errors", name);
        worst_line(&w.accuracy, "%s: accuracies", name);
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

static void test_unchanged(scry_precision precision) {
    scry_index *x = index_of("layer_norm");
    scry_error err = {0};
    scry_causal *one = open_precise(x, 1, precision, NULL), *two = open_precise(x, 2, precision, NULL);
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
            check(ok && same_effects(a, b, 4), "precision %d, value %d, drop %d: 1 and 2 threads give the same bits %s",
                  precision, value, drop, err.text);
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

/* ---- what is missing ------------------------------------------------------------------------ */

/* The text of a study of the specimens, with one of its parts replaced. */
static char *edited(const char *study, const char *from, const char *to) {
    size_t size;
    char *text = (char *)read_bytes(text_of("tests/specimens/ablation/%s.json", study), &size);
    for (char *at; *from && (at = strstr(text, from));) {
        char *next = mem_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
        free(text);
        text = next;
        if (strstr(to, from)) break;
    }
    return text;
}

static void copy_file(const char *from, const char *to) {
    size_t size;
    uint8_t *bytes = read_bytes(from, &size);
    write_bytes(to, bytes, size);
    free(bytes);
}

/* A folder with the study's files, and the manifest as given, which is freed. */
static const char *study_folder(const char *name, char *manifest) {
    static const char *const files[] = {"acts/math.jsonl",        "acts/law.jsonl",
                                        "acts/plain.jsonl",       "acts/cut.jsonl",
                                        "acts/math.safetensors",  "acts/law.safetensors",
                                        "acts/plain.safetensors", "acts/cut.safetensors",
                                        "as_is/cfg.json",         "as_is/sae_weights.safetensors"};
    const char *folder = scratch_folder("%s", name);
    scratch_folder("%s/acts", name);
    scratch_folder("%s/as_is", name);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        copy_file(text_of("tests/specimens/ablation/%s", files[i]), text_of("%s/%s", folder, files[i]));
    write_bytes(text_of("%s/study.json", folder), manifest, strlen(manifest));
    free(manifest);
    return folder;
}

static scry_index *index_folder(const char *folder) {
    scry_error err = {0};
    const char *path = text_of("%s/x.scry", folder);
    bool ok = scry_index_build(text_of("%s/study.json", folder), path, NULL, NULL, NULL, &err);
    scry_index *x = ok ? scry_open(path, true, &err) : NULL;
    if (!x) {
        check(false, "%s is indexed: %s", folder, err.text);
        exit(check_end());
    }
    return x;
}

static void refuses(const scry_index *x, const scry_causal_options *o, const char *const *words, const char *what) {
    scry_error err = {0};
    scry_causal *c = scry_causal_open(x, o, NULL, &err);
    check_says(c ? "" : err.text, words, "refused: %s", what);
    scry_causal_free(c);
}

static void test_refusals(void) {
    scry_index *x = index_of("as_is");
    const char *base = "tests/specimens/evaluate/base";
    refuses(x, &(scry_causal_options){.model = "tests/specimens/models/llama"}, SAYS("width 12", "expected 24"),
            "a model of another width");
    refuses(x, &(scry_causal_options){.model = scratch("nowhere")}, SAYS("nowhere"), "a folder that is not there");
    refuses(x, &(scry_causal_options){.memory = 100000}, SAYS("--samples", "--memory"), "too little memory");
    const bool none[4] = {false};
    refuses(x, &(scry_causal_options){.domains = none}, SAYS("no sample"), "no domain");
    scry_close(x);
    x = index_folder(study_folder("beyond", edited("as_is", "blocks.0", "blocks.2")));
    refuses(x, &(scry_causal_options){.model = base}, SAYS("blocks.2.hook_resid_post", "2 blocks"),
            "a hook beyond the model");
    scry_close(x);
    x = index_folder(study_folder("added", edited("as_is", "resid_post", "mlp_out")));
    refuses(x, &(scry_causal_options){.model = base}, SAYS("hook_mlp_out", "hook_resid_post"),
            "a hook beside the stream");
    scry_close(x);
    x = index_folder(study_folder("unhooked", edited("as_is", "blocks.0.hook_resid_post", "")));
    refuses(x, &(scry_causal_options){.model = base}, SAYS("\"hook\""), "a study without hook");
    scry_close(x);
    x = index_folder(study_folder("modelless", edited("as_is", "../evaluate/base", "")));
    refuses(x, &(scry_causal_options){0}, SAYS("--model DIR", "\"model_path\""), "no model");
    scry_close(x);
    x = index_of("as_is");
    scry_set *wrong = scry_set_new(7);
    scry_causal *c = open_causal(x, 1, NULL);
    scry_error err = {0};
    scry_domain_effect out[4];
    check(!scry_ablate(c, wrong, &(scry_ablation){0}, out, NULL, NULL, &err) && strstr(err.text, "7 latents"),
          "refused: a set of another index");
    scry_set *set = scry_set_new(40);
    check(!scry_ablate(c, set, &(scry_ablation){.scale = NAN}, out, NULL, NULL, &err) && strstr(err.text, "finite"),
          "refused: scale NaN");
    scry_set_free(wrong);
    scry_set_free(set);
    scry_causal_free(c);
    scry_close(x);
}

/* A study without tokens, or features in place of residuals. */
static void test_bare_studies(void) {
    static const char bare[] =
        "{\"scry_study\": 1, \"hook\": \"blocks.0.hook_resid_post\", \"sae\": \"as_is\", \"pairing\": \"row\",\n"
        " \"train\": {\"base\": {\"residual\": \"acts/math.safetensors\"}},\n"
        " \"domains\": [{\"name\": \"math\", \"base\": {\"residual\": \"acts/math.safetensors\"%s}}]}\n";
    const char *base = "tests/specimens/evaluate/base";
    scry_index *x = index_folder(study_folder("bare", mem_format(bare, "")));
    refuses(x, &(scry_causal_options){.model = base}, SAYS("no domain has \"tokens\""), "a study without tokens");
    scry_close(x);
    static const char features[] =
        "{\"scry_study\": 1, \"hook\": \"blocks.0.hook_resid_post\", \"pairing\": \"row\",\n"
        " \"train\": {\"base\": {\"features\": \"acts/math.safetensors\"}},\n"
        " \"domains\": [{\"name\": \"math\", \"base\": {\"features\": \"acts/math.safetensors\", \"tokens\": "
        "\"acts/math.jsonl\"}}]}\n";
    x = index_folder(study_folder("features", mem_copy_string(features)));
    refuses(x, &(scry_causal_options){.model = base}, SAYS("no decoder", "\"sae\""), "a study of features");
    scry_close(x);
}

static bool has_note(const scry_notes *notes, const char *text) {
    for (size_t i = 0; i < notes->count; i++)
        if (strstr(notes->text[i], text)) return true;
    return false;
}

/* An index away from its study has the token texts alone: samples of law lack what stood before their rows, and one of
 * cut its beginning. */
static void test_moved(void) {
    const char *folder = study_folder("moved", edited("as_is", "../evaluate/base", ""));
    scry_close(index_folder(folder));
    scratch_folder("away");
    copy_file(text_of("%s/x.scry", folder), scratch("away/x.scry"));
    const char *place = scratch("elsewhere");
    if (rename(folder, place) != 0) abort();
    folder = place;
    scry_error err = {0};
    scry_index *x = scry_open(scratch("away/x.scry"), true, &err), *home = index_of("as_is");
    scry_causal_options o = {.model = "tests/specimens/evaluate/base", .threads = 1};
    scry_notes notes = {0};
    scry_causal *c = scry_causal_open(x, &o, &notes, &err), *whole = open_causal(home, 1, NULL);
    check(c && has_note(&notes, "4 of 4 domains: the token file is not found"), "a moved index opens, and says so %s",
          err.text);
    check(has_note(&notes, "1 of 26 samples of cut begin in the middle of a text"), "one sample begins in the middle");
    scry_set *set = scry_set_new(40);
    scry_set_list(set, "5-24", true, &err);
    scry_domain_effect away[4], expected[4], again[4];
    scry_ablation how = {SCRY_VALUE_ZERO, 0, true};
    bool ok = c && scry_ablate(c, set, &how, away, NULL, NULL, &err) &&
              scry_ablate(whole, set, &how, expected, NULL, NULL, &err);
    check(ok && same_effects(&away[0], &expected[0], 1) && same_effects(&away[2], &expected[2], 1),
          "texts that are whole in the index have the same figures");
    check(ok && away[1].loss != expected[1].loss && scry_causal_domains(c)[3].left_out == 1, "others do not");
    scry_notes_free(&notes);
    scry_causal_free(c);
    o.study = text_of("%s/study.json", folder);
    c = scry_causal_open(x, &o, &notes, &err);
    check(c && !notes.count && scry_ablate(c, set, &how, again, NULL, NULL, &err) && same_effects(again, expected, 4),
          "with the study's place they are all the same");
    scry_causal_free(c);
    /* another text in a file of the same shape */
    size_t size;
    char *text = (char *)read_bytes(text_of("%s/acts/law.jsonl", folder), &size), *word = strstr(text, " answer\"");
    if (word) memcpy(word, " ansver\"", 8);
    write_bytes(text_of("%s/acts/law.jsonl", folder), text, size);
    free(text);
    o.study = folder;
    c = scry_causal_open(x, &o, &notes, &err);
    check(word && c && has_note(&notes, "1 of 4 domains: the token file is not the one that was indexed"),
          "a changed token file is not read");
    scry_notes_free(&notes);
    scry_causal_free(c);
    scry_causal_free(whole);
    scry_set_free(set);
    scry_close(x);
    scry_close(home);
}

/* ---- what follows from the effects ---------------------------------------------------------- */

static scry_scope whole_scope(const scry_index *x) {
    scry_scope scope;
    scry_error err = {0};
    if (!scry_scope_read(&scope, x, 0, "all", true, &err)) exit(check_end());
    return scope;
}

static double mean_of(const double *values, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += values[i];
    return sum / (double)n;
}

static void test_correlation(const scry_index *x, scry_causal *c, const scry_scope *scope) {
    scry_error err = {0};
    scry_set *set = scry_set_new(40);
    scry_set_list(set, "5-24", true, &err);
    scry_domain_effect out[4];
    double rise[26], difference[4], change[4], accuracy[4];
    scry_ablation how = {SCRY_VALUE_ZERO, 0, false};
    check(scry_ablate(c, set, &how, out, rise, NULL, &err), "a set is ablated %s", err.text);
    for (size_t d = 0; d < 4; d++) {
        difference[d] = out[d].difference;
        accuracy[d] = out[d].accuracy_ablated - out[d].accuracy;
        change[d] = scry_index_info(x)->domain[d].change[0];
    }
    scry_result r;
    check(scry_ablation_result(&r, c, out, rise, scope, NULL), "its differences are correlated");
    check_near(r.fit.pearson, scry_fit_line(difference, change, 4).pearson, 1e-12, "with the signed change");
    check(r.ci_low < r.fit.pearson && r.ci_high > r.fit.pearson && r.ci_low >= -1 && r.ci_high <= 1,
          "the interval %.4f to %.4f holds rho %.4f", r.ci_low, r.ci_high, r.fit.pearson);
    check(r.context.train_domain == 0 && isfinite(r.context.without_train), "and rho without the training domain");
    check_near(scry_mean_difference(c, out), mean_of(difference, 4), 1e-12, "mean difference");
    check_near(scry_mean_accuracy_change(c, out), mean_of(accuracy, 4), 1e-12, "mean change of accuracy");
    scry_result_free(&r);
    scry_set_free(set);
}

static void test_random(const scry_index *x, scry_causal *c, const scry_scope *scope) {
    scry_error err = {0};
    scry_ablation how = {SCRY_VALUE_ZERO, 0, false};
    scry_set *set = scry_set_new(40), *all = scry_set_new(40), *one = scry_set_new(40);
    double alone[40];
    uint32_t firing = 0;
    scry_domain_effect out[4];
    for (uint32_t j = 0; j < 40; j++) {
        double fires = 0;
        for (size_t d = 0; d < 4; d++) fires += scry_domain_rate(x, j, d);
        alone[j] = NAN;
        if (!(fires > 0)) continue;
        firing++;
        scry_set_put(all, j, true);
        scry_set_put(one, j, true);
        if (scry_ablate(c, one, &how, out, NULL, NULL, &err)) alone[j] = out[1].difference;
        scry_set_put(one, j, false);
    }
    scry_set_put(set, 17, true);
    scry_random_ablation random, again, matched;
    bool ok = scry_ablate_random(c, set, &how, false, 25, 3, scope, &random, NULL, &err) &&
              scry_ablate_random(c, set, &how, false, 10, 3, scope, &again, NULL, &err) &&
              scry_ablate_random(c, set, &how, true, 5, 3, scope, &matched, NULL, &err);
    check(ok && random.sets == 25 && random.size == 1 && matched.sets == 5, "random sets are drawn %s", err.text);
    size_t known = 0, distinct = 0;
    for (uint32_t k = 0; k < random.sets; k++) {
        bool found = false;
        for (uint32_t j = 0; j < 40; j++) found = found || random.difference[k * 4 + 1] == alone[j];
        known += found;
        distinct += k > 0 && random.difference[k * 4 + 1] != random.difference[1];
        double rho = 0, change[4];
        for (size_t d = 0; d < 4; d++) change[d] = scry_index_info(x)->domain[d].change[0];
        rho = scry_fit_line(random.difference + k * 4, change, 4).pearson;
        if (!(fabs(rho - random.pearson[k]) < 1e-12)) known--;
    }
    check(known == 25 && distinct > 10, "random sets of 1 are latents that fire, with their effects and rho: %zu of 25",
          known);
    check(memcmp(random.difference, again.difference, 40 * sizeof(double)) == 0, "the same seed draws the same sets");
    scry_random_ablation_free(&random);
    scry_random_ablation_free(&again);
    scry_random_ablation_free(&matched);
    ok = scry_ablate(c, all, &how, out, NULL, NULL, &err) &&
         scry_ablate_random(c, all, &how, false, 2, 3, scope, &random, NULL, &err);
    check(ok && random.sets == 2 && random.size == firing && random.difference[2] == out[2].difference &&
              random.difference[6] == out[2].difference,
          "a random set of all latents that fire is all of them");
    scry_random_ablation_free(&random);
    for (uint32_t j = 0; j < 40; j++) scry_set_put(all, j, true);
    ok = scry_ablate_random(c, all, &how, false, 2, 3, scope, &random, NULL, &err);
    check(ok && random.sets == (firing < 40 ? 0 : 2), "no random sets of more than fire");
    scry_random_ablation_free(&random);
    scry_set_free(set);
    scry_set_free(all);
    scry_set_free(one);
}

typedef struct seen_points {
    size_t calls;
    bool in_order;
} seen_points;

static void see_points(void *context, const scry_ablation_point *points, size_t count) {
    seen_points *s = context;
    s->in_order = s->in_order && count == ++s->calls && (count < 2 || points[count - 1].n > points[count - 2].n) &&
                  !isnan(points[count - 1].random_mean);
}

/* With 21 sets the quantiles at 5 and 95 % are the second value from either end. */
static void test_range(scry_causal *c, const scry_ranking *ranking, const scry_ablation *how, const scry_scope *scope) {
    enum { SETS = 21 };
    scry_error err = {0};
    size_t count;
    double rise[SETS];
    scry_random_ablation random;
    scry_set *set = scry_set_new(40);
    scry_set_put(set, ranking->order[0], true);
    scry_ablation_point *point = scry_ablate_n(c, ranking, how, scope, 1, SETS, 3, NULL, &count, NULL, &err);
    bool ok = scry_ablate_random(c, set, how, false, SETS, 3, scope, &random, NULL, &err);
    check(point && ok && random.sets == SETS, "21 random sets of one latent: %s", err.text);
    for (size_t k = 0; ok && k < SETS; k++) {
        double value = mean_of(random.difference + 4 * k, 4);
        size_t at = k;
        for (; at > 0 && rise[at - 1] > value; at--) rise[at] = rise[at - 1];
        rise[at] = value;
    }
    check(point && ok && fabs(point->random_low - rise[1]) < 1e-15 && fabs(point->random_high - rise[SETS - 2]) < 1e-15,
          "of many random sets the range is from 5 to 95%%");
    scry_random_ablation_free(&random);
    scry_set_free(set);
    free(point);
}

static void test_over_n(const scry_index *x, scry_causal *c, const scry_scope *scope) {
    scry_error err = {0};
    scry_ablation how = {SCRY_VALUE_MEAN, 0, false};
    scry_ranking *ranking = scry_rank(x, 0, SCRY_BASE, SCRY_MEAN, &err);
    size_t count, same = 0;
    seen_points seen = {0, true};
    scry_ablation_watch watch = {see_points, &seen};
    scry_ablation_point *points = scry_ablate_n(c, ranking, &how, scope, 12, 2, 3, &watch, &count, NULL, &err);
    check_is(count, 11, "points of the curve");
    check(seen.calls == 11 && seen.in_order, "each point is told of when it is there");
    scry_set *set = scry_set_new(40);
    for (size_t i = 0, rank = 0; points && i < count; i++) {
        scry_domain_effect out[4];
        while (rank < points[i].n) scry_set_put(set, ranking->order[rank++], true);
        bool ok = scry_ablate(c, set, &how, out, NULL, NULL, &err);
        scry_random_ablation random;
        ok = ok && scry_ablate_random(c, set, &how, false, 2, 3, scope, &random, NULL, &err);
        same += ok && points[i].difference == scry_mean_difference(c, out) &&
                points[i].accuracy == scry_mean_accuracy_change(c, out) &&
                fabs(points[i].random_mean - (mean_of(random.difference, 4) + mean_of(random.difference + 4, 4)) / 2) <
                    1e-12 &&
                points[i].random_low == fmin(mean_of(random.difference, 4), mean_of(random.difference + 4, 4)) &&
                points[i].random_high == fmax(mean_of(random.difference, 4), mean_of(random.difference + 4, 4));
        scry_random_ablation_free(&random);
    }
    check_is(same, 11, "points that are what their sets give");
    free(points);
    test_range(c, ranking, &how, scope);
    scry_set_free(set);
    scry_ranking_free(ranking);
}

static void test_effects(void) {
    scry_index *x = index_of("as_is");
    scry_causal *c = open_causal(x, 2, NULL);
    scry_scope scope = whole_scope(x);
    test_correlation(x, c, &scope);
    test_random(x, c, &scope);
    test_over_n(x, c, &scope);
    scry_scope_free(&scope);
    scry_causal_free(c);
    scry_close(x);
}

int main(void) {
    size_t size;
    char *text = (char *)read_bytes("tests/specimens/ablation/expected.json", &size);
    cJSON *expected = cJSON_Parse(text);
    for (int p = 0; p < SCRY_PRECISIONS; p++) test_transformers(expected, (scry_precision)p);
    test_plain_loop();
    for (int p = 0; p < SCRY_PRECISIONS; p++) test_unchanged((scry_precision)p);
    test_samples();
    test_cancelled();
    test_refusals();
    test_bare_studies();
    test_moved();
    test_effects();
    cJSON_Delete(expected);
    free(text);
    return check_end();
}
