/* test_effect_columns.c: effect columns against torch's autograd (make_effects.py), against what the model's losses do,
 * and how they are drawn, kept and found again. */
#include "ablation_specimen.h"
#include "ablate.h"
#include "base/mem.h"
#include "causal/effect_chunk.h"
#include "check.h"
#include "effects.h"
#include "index/read/effects.h"
#include "io/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- torch ---------------------------------------------------------------------------------- */

static void take_labels(effect_chunk *k, const cJSON *samples, size_t sample) {
    const causal_sample *s = &k->causal->texts.samples[sample];
    const cJSON *set, *item, *of = cJSON_GetArrayItem(samples, (int)(sample - k->causal->texts.first[k->domain]));
    size_t m = 0;
    cJSON_ArrayForEach (set, cJSON_GetObjectItemCaseSensitive(of, "labels")) {
        size_t t = 0;
        cJSON_ArrayForEach (item, set) {
            size_t row = s->at - k->at + t++;
            if (item->valuedouble >= 0) k->labels[m * k->tokens + row] = (uint32_t)item->valuedouble;
            else if (k->wanted[row])
                check(false, "%s: token %zu of sample %zu counts, not in torch", "labels", t, sample);
        }
        check(t == s->count, "sample %zu: %zu tokens, expected %u", sample, t, s->count);
        m++;
    }
}

/* Relative to the largest of the sample's set: a number far below it is a difference of others. */
static void compare_sample(worst *w, const scry_index *x, const effect_entries *e, size_t sets, size_t sample,
                           const cJSON *of, const char *where) {
    const cJSON *set, *item;
    size_t m = 0;
    cJSON_ArrayForEach (set, cJSON_GetObjectItemCaseSensitive(of, "a")) {
        double largest = 0;
        cJSON_ArrayForEach (item, set) largest = fmax(largest, fabs(item->valuedouble));
        uint32_t j = 0;
        cJSON_ArrayForEach (item, set) {
            double found = 0;
            for (size_t i = 0; i < e->count; i++)
                if (e->entry[i].sample == sample && e->entry[i].row == row_of(&x->rows, j))
                    found = (double)e->value[i * sets + m];
            worst_add(w, found, item->valuedouble, largest, "%s, set %zu, latent %u", where, m, j);
            j++;
        }
        m++;
    }
}

static void test_torch(const cJSON *expected) {
    parallel *pool = parallel_start(2);
    for (size_t i = 0; i < sizeof studies / sizeof *studies; i++) {
        scry_error err = {0};
        scry_index *x = index_of(studies[i]);
        scry_causal *c = scry_causal_open(x, &(scry_causal_options){.threads = 1}, NULL, &err);
        if (!check(c != NULL, "%s opens with its model %s", studies[i], err.text)) continue;
        worst w = {.tolerance = 1e-4};
        for (size_t at = 0; at < c->texts.count;) {
            effect_chunk k;
            effect_entries e = {0};
            effect_chunk_new(&k, c, at, 150, 3);
            const char *domain = x->info.domain[k.domain].name;
            const cJSON *samples =
                cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(expected, studies[i]), domain);
            for (size_t s = k.first; s < k.end; s++) take_labels(&k, samples, s);
            if (!effect_chunk_differentiate(&k, &err)) check(false, "gradients: %s", err.text);
            effect_chunk_collect(&k, pool, &e);
            for (size_t s = k.first; s < k.end; s++)
                compare_sample(&w, x, &e, 3, s, cJSON_GetArrayItem(samples, (int)(s - c->texts.first[k.domain])),
                               text_of("%s, sample %zu", domain, s));
            at = k.end;
            effect_entries_free(&e);
            effect_chunk_free(&k);
        }
        worst_line(&w, "%s: columns are autograd's", studies[i]);
        scry_causal_free(c);
        scry_close(x);
    }
    parallel_stop(pool);
}

/* ---- the file ------------------------------------------------------------------------------- */

static bool compute(const scry_index *x, scry_effects_options o, bool *made, const char **path) {
    scry_error err = {0};
    char *own = scry_effects_path(x);
    *path = text_of("%s", own);
    free(own);
    bool ok = scry_effects_compute(x, &o, made, NULL, &err);
    if (!ok) check(false, "%s", err.text);
    return ok;
}

static void copy_file(const char *from, const char *to) {
    size_t size;
    uint8_t *bytes = read_bytes(from, &size);
    write_bytes(to, bytes, size);
    free(bytes);
}

static bool stop_at_once(void *context) {
    (void)context;
    return true;
}

/* A set of one latent, scaled by little: the loss rises by the slope of the estimate's first order. */
static void test_slope(scry_index *x) {
    scry_error err = {0};
    scry_causal *c = scry_causal_open(x, &(scry_causal_options){.threads = 1}, NULL, &err);
    const effect_columns *columns = index_effect_columns(x);
    if (!check(c && columns, "columns and model %s", err.text)) return;
    worst w = {.tolerance = 0.02};
    for (uint32_t j = 0; j < x->F; j += 7) {
        scry_domain_effect rise[8], fall[8];
        scry_set *set = scry_set_new(x->F);
        scry_set_put(set, j, true);
        const double step = 0.05;
        scry_ablation less = {.value = SCRY_VALUE_ZERO, .scale = 1 - step},
                      more = {.value = SCRY_VALUE_ZERO, .scale = 1 + step};
        if (!scry_ablate(c, set, &less, rise, NULL, NULL, &err) || !scry_ablate(c, set, &more, fall, NULL, NULL, &err))
            check(false, "%s", err.text);
        for (size_t d = 0; d < x->D; d++) {
            double slope = (rise[d].difference - fall[d].difference) / (2 * step), first = 0;
            uint64_t at, end = effect_column(columns, row_of(&x->rows, j), &at);
            for (; at < end; at++) {
                uint32_t s = effect_sample(columns, at);
                if (s >= columns->first[d] && s < columns->first[d + 1])
                    first += (double)columns->value[at * (columns->meta.draws + 1)];
            }
            worst_add(&w, first / (double)columns->tokens[d], slope, fmax(fabs(slope), 0.003), "latent %u, domain %zu",
                      j, d);
        }
        scry_set_free(set);
    }
    worst_line(&w, "S_0 is the slope of the loss");
    scry_causal_free(c);
}

static void test_file(void) {
    scry_index *x = index_of("as_is");
    const char *path, *kept = scratch("kept.effects");
    bool made;
    scry_error err = {0};
    scry_effects_options o = {.draws = 3, .seed = 7, .threads = 1};
    if (!compute(x, o, &made, &path)) return;
    check(made && scry_effects_attach(x, NULL, true, &err), "columns are made, whole and put in use %s", err.text);
    scry_effects_info info;
    check(scry_effects_info_of(x, &info) && info.draws == 3 && info.seed == 7 && info.most == 0,
          "with what they are of");
    test_slope(x);
    copy_file(path, kept);
    check(compute(x, o, &made, &path) && !made, "the second time they are there");
    o.force = true;
    o.threads = 3;
    o.memory = (uint64_t)32 << 20;
    check(compute(x, o, &made, &path) && made && same_content(path, kept),
          "by force the same bytes, from other threads and with less memory");
    o = (scry_effects_options){.draws = 3, .seed = 8, .threads = 1};
    check(compute(x, o, &made, &path) && made && !same_content(path, kept), "another seed gives other draws");
    o.samples = 2;
    check(compute(x, o, &made, &path) && made && scry_effects_attach(x, NULL, true, &err) &&
              scry_effects_info_of(x, &info) && info.samples == 2 * x->D && info.most == 2,
          "two samples of each domain");
    copy_file(path, kept);
    scry_cancel stop = {.is_cancelled = stop_at_once};
    o = (scry_effects_options){.draws = 2, .threads = 1, .cancel = &stop};
    check(!scry_effects_compute(x, &o, &made, NULL, &err) && !made && same_content(path, kept),
          "cancelled, the old file stays: %s", err.text);
    o = (scry_effects_options){.draws = 99};
    check(!scry_effects_compute(x, &o, &made, NULL, &err), "too many draws");
    check_says(err.text, SAYS("99", "64"), "are refused");
    o = (scry_effects_options){.model = "/nowhere"};
    check(!scry_effects_compute(x, &o, &made, NULL, &err), "no such model: %s", err.text);
    scry_close(x);
    copy_file(path, scratch("scaled.effects"));
    x = index_of("scaled");
    check(!scry_has_score(x, SCRY_ABL) && scry_effects_problem(x), "the columns of another index are not used");
    check_says(scry_effects_problem(x), SAYS("another index", "scry effects"), "which is said");
    scry_close(x);
}

/* The shares of the labels that are drawn are the probabilities. */
static void test_draws(void) {
    scry_error err = {0};
    scry_index *x = index_of("as_is");
    scry_causal *c = scry_causal_open(x, &(scry_causal_options){.threads = 1}, NULL, &err);
    enum { SETS = 4001 };
    effect_chunk k, one;
    effect_chunk_new(&k, c, 0, 1, SETS);
    effect_chunk_new(&one, c, 0, 1, 2);
    check(effect_chunk_draw(&k, 3, &err) && effect_chunk_draw(&one, 3, &err), "drawn %s", err.text);
    size_t same = 0, row = 0, wanted = 0;
    for (size_t t = 0; t < k.tokens; t++) {
        same += one.labels[one.tokens + t] == k.labels[k.tokens + t];
        if (k.wanted[t]) row = t;
        wanted += k.wanted[t];
    }
    check_is(same, k.tokens, "the first draw does not depend on how many follow");
    double moved = 0;
    for (size_t m = 2; m < SETS; m++) moved += k.labels[m * k.tokens + row] != k.labels[k.tokens + row];
    check(wanted > 0 && moved > 0, "draws differ");
    /* the gradient of ln p has mean 0 over labels drawn from p */
    effect_chunk_free(&one);
    effect_chunk_new(&one, c, 0, 1, 101);
    memcpy(one.labels + one.tokens, k.labels + k.tokens, 100 * k.tokens * sizeof *k.labels);
    check(effect_chunk_differentiate(&one, &err), "gradients %s", err.text);
    double worst_z = 0;
    for (size_t i = 0; i < c->d; i++) {
        double sum = 0, square = 0;
        for (size_t m = 1; m <= 100; m++) {
            double g = (double)one.gradient[(m * one.tokens + row) * c->d + i];
            sum += g / 100;
            square += g * g / 100;
        }
        worst_z = fmax(worst_z, fabs(sum) / sqrt((square - sum * sum) / 100));
    }
    check(worst_z < 4.5, "over 100 draws a gradient's mean is 0 within %.1f standard errors (allowed 4.5)", worst_z);
    effect_chunk_free(&k);
    effect_chunk_free(&one);
    scry_causal_free(c);
    scry_close(x);
}

int main(void) {
    size_t size;
    uint8_t *text = read_bytes("tests/specimens/ablation/effects.json", &size);
    cJSON *expected = json_parse((const char *)text, size);
    if (check(expected != NULL, "torch's columns are there")) test_torch(expected);
    test_draws();
    test_file();
    cJSON_Delete(expected);
    free(text);
    return check_end();
}
