/* test_synth.c: indexing a planted study gives its planted answers: compared with truth.json and with the formulas of
 * synth.h, computed here independently. */
#include "check.h"

#include "io/formats/safetensors_write.h"
#include "io/tensor.h"
#include "scry.h"
#include "synth.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CLOSE 1e-5

/* The deviation relative to what is expected; one line holds many. */
#define near(w, found, expected, ...) worst_add(w, found, expected, fabs(expected), __VA_ARGS__)

/* ---- a study, its index and its truth -------------------------------------------------------- */

typedef struct planted_study {
    const char *name;
    uint32_t F, D, T;
    synth_options options;
    const char *folder;
    cJSON *truth;
    scry_index *index;
} planted_study;

static cJSON *read_json(const char *folder, const char *name) {
    size_t size;
    char *text = (char *)read_bytes(text_of("%s/%s", folder, name), &size);
    cJSON *json = cJSON_Parse(text);
    free(text);
    return json;
}

static double number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static const cJSON *inside(const cJSON *object, const char *one, const char *two) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, one);
    return two ? cJSON_GetObjectItemCaseSensitive(item, two) : item;
}

static double element(const planted_study *s, const char *list, size_t at) {
    const cJSON *item = cJSON_GetArrayItem(inside(s->truth, list, NULL), (int)at);
    return item ? item->valuedouble : NAN;
}

static bool study_make(planted_study *s) {
    scry_error err = {0};
    s->folder = scratch("%s", s->name);
    s->options.latents = s->F;
    s->options.domains = s->D;
    s->options.tokens = s->T;
    synth_result result = {0};
    if (!check(scry_synth(s->folder, &s->options, &result, &err), "synth: %s: written %s", s->name, err.text))
        return false;
    s->truth = read_json(s->folder, "truth.json");
    const char *study = text_of("%s/study.json", s->folder), *path = text_of("%s.scry", s->folder);
    scry_build_result built = {0};
    scry_notes notes = {0};
    if (scry_index_build(study, path, NULL, &built, &notes, &err)) s->index = scry_open(path, true, &err);
    check(s->index && s->truth, "synth: %s: indexed %s", s->name, err.text);
    check(notes.count == 0, "synth: %s: no warnings while indexing%s%s", s->name, notes.count ? ": " : "",
          notes.count ? notes.text[0] : "");
    scry_notes_free(&notes);
    check(built.latents == s->F && built.nnz == result.activations && built.tokens == result.tokens,
          "synth: %s: %u latents and %llu activations in the index, %u and %llu written", s->name, built.latents,
          (unsigned long long)built.nnz, s->F, (unsigned long long)result.activations);
    return s->index && s->truth;
}

static void study_free(planted_study *s) {
    scry_close(s->index);
    cJSON_Delete(s->truth);
}

/* ---- ranking --------------------------------------------------------------------------------- */

static uint32_t partner(const planted_study *s, uint32_t r) {
    uint32_t half = s->F / 2;
    if (r < half && r % 2 == 1) return r + half;
    if (r >= half && r < 2 * half && (r - half) % 2 == 1) return r - half;
    return r;
}

/* Every rank from the formulas, the first from truth.json, too. */
static void check_ranking(const planted_study *s, scry_condition source) {
    scry_ranking *sq = scry_rank(s->index, 0, source, SCRY_SQ, NULL);
    scry_ranking *absolute = scry_rank(s->index, 0, source, SCRY_ABS, NULL);
    scry_ranking *mean = scry_rank(s->index, 0, source, SCRY_MEAN, NULL);
    const double *rate = scry_shift(s->index, 0, source, SCRY_RATE);
    const char *by = scry_condition_name(source);
    const cJSON *list = inside(s->truth, "rank", by);
    if (!check(sq && absolute && mean && rate && cJSON_IsArray(list), "synth: %s: ranked by %s", s->name, by)) return;
    uint64_t multiplier = (uint64_t)number(s->truth, "multiplier"), offset = (uint64_t)number(s->truth, "offset");
    double harmonic = 0, held = 0, T = s->T;
    for (uint32_t r = 0; r < s->F; r++) harmonic += 1.0 / (r + 1);
    worst shifts = {.tolerance = CLOSE}, truths = shifts;
    uint32_t wrong = 0;
    for (uint32_t r = 0; r < s->F; r++) {
        uint32_t planted = source == SCRY_ICL ? r : partner(s, r);
        uint32_t latent = (uint32_t)((planted * multiplier + offset) % s->F);
        double a = 16, sign = latent / s->T % 4 == 3 ? -1 : 1;
        wrong += sq->order[r] != latent || absolute->order[r] != latent || mean->order[r] != latent;
        held += 1.0 / (r + 1) / harmonic;
        near(&shifts, sq->shift[latent], a * a / (r + 1) / T, "sq, rank %u", r);
        near(&shifts, absolute->shift[latent], a / sqrt(r + 1.0) / T, "abs, rank %u", r);
        near(&shifts, mean->shift[latent], sign * a / sqrt(r + 1.0) / T, "mean, rank %u", r);
        near(&shifts, rate[latent], sign / T, "rate, rank %u", r);
        near(&shifts, scry_cumulative(sq, r), held, "cumulative, rank %u", r);
    }
    uint32_t r = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        uint32_t latent = sq->order[r];
        wrong += (uint32_t)number(item, "latent") != latent || (uint32_t)number(item, "rank") != r + 1;
        near(&truths, sq->shift[latent], number(item, "shift"), "shift, rank %u", r);
        near(&truths, sq->shift[latent] / sq->total, number(item, "share"), "share, rank %u", r);
        near(&truths, scry_cumulative(sq, r), number(item, "cumulative"), "cumulative, rank %u", r);
        near(&truths, absolute->shift[latent], number(item, "abs"), "abs, rank %u", r);
        near(&truths, mean->shift[latent], number(item, "mean"), "mean, rank %u", r);
        near(&truths, rate[latent], number(item, "rate"), "rate, rank %u", r++);
    }
    check(wrong == 0, "synth: %s: by %s: the order of all %u latents by sq, abs and mean (%u wrong)", s->name, by, s->F,
          wrong);
    check(r == (s->F < 1000 ? s->F : 1000), "synth: %s: by %s: truth.json has the first %u ranks", s->name, by, r);
    worst_line(&shifts, "synth: %s: by %s: shifts of every latent against the formulas", s->name, by);
    worst_line(&truths, "synth: %s: by %s: shifts and shares against truth.json", s->name, by);
    scry_ranking_free(sq);
    scry_ranking_free(absolute);
    scry_ranking_free(mean);
}

static void check_overlap(const planted_study *s) {
    scry_ranking *icl = scry_rank(s->index, 0, SCRY_ICL, SCRY_SQ, NULL);
    scry_ranking *sft = scry_rank(s->index, 0, SCRY_SFT, SCRY_SQ, NULL);
    uint32_t wrong = 0, points = 0, both = 0, half = s->F / 2;
    const cJSON *item;
    cJSON_ArrayForEach (item, inside(s->truth, "overlap", NULL)) {
        uint32_t n = (uint32_t)number(item, "n"), found = 0;
        for (uint32_t r = 0; r < n; r++) found += sft->rank[icl->order[r]] < n;
        wrong += found != (uint32_t)number(item, "overlap");
        points++;
    }
    for (uint32_t n = 1; n <= s->F; n++) { /* each n adds at most the two latents that rank there */
        both += sft->rank[icl->order[n - 1]] < n;
        both += icl->rank[sft->order[n - 1]] < n - 1;
        uint32_t apart = 0;
        for (uint32_t r = 1; r < half && r < n && s->F <= 4096; r += 2) apart += r + half >= n;
        wrong += s->F <= 4096 && both != n - apart;
        wrong += n <= half && both != (n + 1) / 2;
    }
    check(points && wrong == 0,
          "synth: %s: overlap at %u sizes of truth.json, and at every N by the formula (%u wrong)", s->name, points,
          wrong);
    scry_ranking_free(icl);
    scry_ranking_free(sft);
}

/* ---- scores ---------------------------------------------------------------------------------- */

/* STS of the top n (even) by icl, as synth.h states it. */
static double formula(const planted_study *s, scry_score score, size_t d, uint32_t n) {
    uint32_t head = (uint32_t)number(s->truth, "head"), h = n < head ? n : head;
    double e = 0.25, u = element(s, score == SCRY_SCORE_ICL ? "u_icl" : "u", d), v = element(s, "v", d);
    double sum = 0, squares = 0, flat = head / 2 + 1;
    for (uint32_t m = 1; m <= h / 2; m++) sum += 1.0 / m, squares += 1.0 / m / m;
    if (score == SCRY_ACT2) return (1 + e * e) * (u * u * 2 * squares + v * v * (n - h) / (flat * flat)) / n / s->T;
    return (u * 2 * sum + v * (n - h) / flat) / s->T;
}

static void check_score(const planted_study *s, scry_score score) {
    const char *name = scry_score_name(score);
    scry_ranking *ranking = scry_rank(s->index, 0, SCRY_ICL, SCRY_SQ, NULL);
    scry_scorer *scorer = scry_scorer_new(s->index, score);
    scry_scope scope;
    if (!check(ranking && scorer && scry_scope_read(&scope, s->index, 0, "all", false, NULL), "synth: %s: has score %s",
               s->name, name))
        return;
    worst values = {.tolerance = CLOSE}, rho = values, asked = values;
    const cJSON *item;
    cJSON_ArrayForEach (item, inside(s->truth, "score", name)) {
        uint32_t n = (uint32_t)number(item, "n");
        scry_set *set = scry_set_new(s->F);
        for (uint32_t r = 0; r < n; r++) scry_set_put(set, ranking->order[r], true);
        scry_scorer_load(scorer, set);
        scry_result result;
        scry_result_fit(&result, s->index, scorer, &scope);
        for (size_t d = 0; d < s->D; d++) {
            double planted = cJSON_GetArrayItem(inside(item, "sts", NULL), (int)d)->valuedouble;
            near(&values, result.sts[d], planted, "n %u, domain %zu, truth.json", n, d);
            near(&values, result.sts[d], formula(s, score, d, n), "n %u, domain %zu, formula", n, d);
        }
        near(&rho, result.fit.pearson, number(item, "pearson"), "n %u", n);
        if (!s->options.is_null && score != SCRY_ACT2 && n <= (uint32_t)number(s->truth, "head"))
            near(&asked, result.fit.pearson, s->options.rho, "n %u", n);
        scry_result_free(&result);
        scry_set_free(set);
    }
    worst_line(&values, "synth: %s: STS %s", s->name, name);
    worst_line(&rho, "synth: %s: rho of %s", s->name, name);
    if (asked.compared) worst_line(&asked, "synth: %s: rho of %s as asked", s->name, name);
    scry_scope_free(&scope);
    scry_scorer_free(scorer);
    scry_ranking_free(ranking);
}

static void check_changes(const planted_study *s) {
    const scry_info *info = scry_index_info(s->index);
    uint32_t wrong = info->domains != s->D;
    for (size_t d = 0; d < info->domains; d++)
        wrong += info->domain[d].change[0] != element(s, "change", d) || !info->domain[d].has_icl;
    check(wrong == 0, "synth: %s: %u domains with their changes", s->name, s->D);
    uint32_t first = (uint32_t)number(s->truth, "offset");
    const char *label = scry_label(s->index, first);
    check(label && strncmp(label, "planted: rank 1 by icl", 22) == 0, "synth: %s: label of the first latent", s->name);
    check(info->captures && info->capture[0].has_tokens && *scry_token(s->index, 0, s->T - 1), "synth: %s: has tokens",
          s->name);
}

static void check_study(planted_study s) {
    if (study_make(&s)) {
        check_changes(&s);
        check_ranking(&s, SCRY_ICL);
        check_ranking(&s, SCRY_SFT);
        check_overlap(&s);
        for (int score = SCRY_ACT; score <= SCRY_SCORE_ICL; score++) check_score(&s, (scry_score)score); /* planted */
    }
    study_free(&s);
}

/* ---- the same again, refusals, ctrl-C -------------------------------------------------------- */

static bool same_file(const char *a, const char *b, const char *name) {
    return same_content(scratch("%s/%s", a, name), scratch("%s/%s", b, name));
}

static bool make(const char *name, synth_options o, scry_error *err) {
    *err = (scry_error){0};
    return scry_synth(scratch("%s", name), &o, NULL, err);
}

static void check_seeds(void) {
    static const char *const files[] = {"study.json",
                                        "truth.json",
                                        "labels.jsonl",
                                        "train.tokens.jsonl",
                                        "acts/train.base.safetensors",
                                        "acts/train.sft.safetensors",
                                        "acts/domain-02.icl.safetensors"};
    synth_options o = {.latents = 100, .domains = 3, .tokens = 32, .seed = 7, .rho = 0.5};
    scry_error err;
    bool ok = make("one", o, &err) && make("two", o, &err) && make("two", o, &err); /* also in place */
    o.seed = 8;
    ok = ok && make("other", o, &err);
    bool same = ok, other = ok;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        same = same && same_file("one", "two", files[i]);
        other = other && (i == 0 || !same_file("one", "other", files[i]));
    }
    check(same, "synth: the same seed gives the same bytes %s", err.text);
    check(other, "synth: another seed gives others");
}

static bool stop_soon(void *context, const char *step, uint64_t done, uint64_t total) {
    (void)step;
    (void)total;
    return done < *(const uint64_t *)context;
}

static void check_refusals(void) {
    synth_options good = {.latents = 64, .domains = 3, .tokens = 16, .rho = 0.8},
                  bad[] = {good, good, good, good, good};
    scry_error err;
    bad[0].latents = SYNTH_MOST_LATENTS + 1;
    bad[1].tokens = 65;
    bad[2].domains = 2;
    bad[3].rho = 1.01;
    bad[4].rho = NAN;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bool refused = !make("bad", bad[i], &err);
        check(refused && err.status == 2, "synth: refused: %s", err.text);
    }
    const char *study = text_of("%s/study.json", scratch_folder("foreign"));
    write_text(study, "{}\n");
    struct stat st = {0};
    bool foreign = !make("foreign", good, &err);
    check(foreign && err.status == 1 && stat(study, &st) == 0 && st.st_size == 3,
          "synth: a foreign study is left alone");
    uint64_t soon = 40;
    good.progress = stop_soon;
    good.context = &soon;
    bool stopped = !make("cancelled", good, &err);
    check(stopped && !file_exists(scratch("cancelled")), "synth: nothing is left when cancelled");
}

static void check_writer(void) {
    const char *path = scratch("w.safetensors");
    safetensors_item item = {"x", TENSOR_F16, 1, {3}};
    static const uint16_t halves[] = {0x3c00, 0xc000, 0x3800}; /* 1, -2, 0.5 */
    scry_error err = {0};
    safetensors_writer w;
    bool ok = safetensors_create(&w, path, &item, 1, &err);
    safetensors_put(&w, halves, 4);
    ok = ok && !safetensors_finish(&w, &err);
    check(ok && !file_exists(path), "synth: writer: too few bytes leave no file");
    ok = safetensors_create(&w, path, &item, 1, &err);
    safetensors_put(&w, halves, 2);
    safetensors_put(&w, halves + 1, 4);
    ok = ok && safetensors_finish(&w, &err);
    tensor_file file = {0};
    float back[3] = {0};
    if (ok && tensor_file_open(&file, path, NULL, &err)) {
        const tensor *t = tensor_find(&file, "x");
        if (t && t->dims == 1 && t->shape[0] == 3) tensor_floats(t, 0, 1, 3, back);
        tensor_file_close(&file);
    }
    check(back[0] == 1 && back[1] == -2 && back[2] == 0.5F, "synth: writer: F16 read back");
}

int main(void) {
    check_study((planted_study){.name = "planted", .F = 3000, .D = 6, .T = 64, .options = {.rho = 0.8, .seed = 1}});
    check_study((planted_study){.name = "odd", .F = 1237, .D = 14, .T = 101, .options = {.rho = -0.35, .seed = 2}});
    check_study((planted_study){.name = "small", .F = 301, .D = 3, .T = 300, .options = {.rho = 1, .seed = 3}});
    check_study((planted_study){.name = "null", .F = 3000, .D = 9, .T = 64, .options = {.is_null = true, .seed = 4}});
    check_seeds();
    check_refusals();
    check_writer();
    return check_end();
}
