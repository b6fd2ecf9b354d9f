/* test_ablate_sample.c: losses without latents and effect columns of the sample study's model against transformers and
 * torch's autograd in double precision (make_sample_ablation.py). Other studies by hand: EXPECTED.json STUDY MODEL
 * [PRECISION]. */
#include "ablate.h"
#include "base/mem.h"
#include "causal/effect_chunk.h"
#include "check.h"
#include "index/read/index.h"
#include "io/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct subject {
    scry_index *index;
    scry_causal *causal;
    const cJSON *runs, *columns;
} subject;

static double figure(const cJSON *of, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(of, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static bool is_text(const cJSON *of, const char *key, const char *text) {
    const char *found = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, key));
    return found && strcmp(found, text) == 0;
}

/* ---- losses --------------------------------------------------------------------------------- */

/* Differences are compared relative to themselves, down to `least` nats: the rounding of passes in single precision is
 * 1e-6 to 2e-6 nats a token, and up to 2e-7 in a domain's mean. In double what remains is that activations are floats:
 * 1e-10 nats. */
static const struct tolerance {
    const char *name;
    double least, loss, difference, nats;
} tolerances[SCRY_PRECISIONS] = {
    [SCRY_FLOAT32] = {"float32", 2e-3, 1e-7, 1e-4, 3e-7}, [SCRY_FLOAT64] = {"float64", 0, 1e-8, 1e-5, 5e-9}};

typedef struct comparison {
    double least;
    worst loss, difference, nats, se, accuracy;
} comparison;

static void compare_domain(comparison *w, const scry_domain_effect *found, const cJSON *of, const char *where) {
    double rise = figure(of, "difference"), se = figure(of, "se");
    worst_add(&w->loss, found->loss, figure(of, "loss"), figure(of, "loss"), "%s", where);
    worst_add(&w->loss, found->loss_ablated, figure(of, "loss_ablated"), figure(of, "loss_ablated"), "%s", where);
    worst_add(&w->difference, found->difference, rise, fmax(fabs(rise), w->least), "%s", where);
    worst_add(&w->nats, found->difference, rise, 1, "%s", where);
    worst_add(&w->se, found->se, se, fmax(se, w->least), "%s", where);
    worst_add(&w->accuracy, found->accuracy, figure(of, "accuracy"), 1, "%s", where);
    worst_add(&w->accuracy, found->accuracy_ablated, figure(of, "accuracy_ablated"), 1, "%s", where);
}

static void test_losses(const subject *s) {
    const struct tolerance *t = &tolerances[scry_causal_precision(s->causal)];
    comparison w = {t->least,
                    {.tolerance = t->loss},
                    {.tolerance = t->difference},
                    {.tolerance = t->nats},
                    {.tolerance = t->difference},
                    {.tolerance = 1e-9}};
    double smallest = INFINITY;
    const cJSON *run, *item;
    scry_domain_effect *out = mem_new(s->index->D, sizeof *out);
    cJSON_ArrayForEach (run, s->runs) {
        scry_error err = {0};
        scry_set *set = scry_set_new(s->index->F);
        cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(run, "latents"))
            scry_set_put(set, (uint32_t)item->valuedouble, true);
        scry_ablation how = {.value = is_text(run, "value", "mean") ? SCRY_VALUE_MEAN : SCRY_VALUE_ZERO,
                             .drop_error = is_text(run, "error", "drop")};
        if (!scry_ablate(s->causal, set, &how, out, NULL, NULL, &err)) check(false, "%s", err.text);
        for (size_t d = 0; d < s->index->D; d++) {
            const char *name = s->index->info.domain[d].name;
            const cJSON *of = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(run, "domains"), name);
            const char *where =
                text_of("%s, %u latents, value %d, drop %d", name, set->count, how.value, how.drop_error);
            if (!of) continue;
            compare_domain(&w, &out[d], of, where);
            smallest = fmin(smallest, fabs(figure(of, "difference")));
        }
        scry_set_free(set);
    }
    free(out);
    worst_line(&w.loss, "%s: losses", t->name);
    worst_line(&w.difference, "%s: differences from %g nats on, relative to themselves or %g nats", t->name, smallest,
               t->least);
    worst_line(&w.nats, "%s: differences, in nats a token", t->name);
    worst_line(&w.se, "%s: standard errors, the same", t->name);
    worst_line(&w.accuracy, "%s: accuracies", t->name);
}

/* ---- columns -------------------------------------------------------------------------------- */

static void take_labels(effect_chunk *k, const cJSON *labels) {
    const cJSON *set, *item;
    size_t m = 0;
    cJSON_ArrayForEach (set, labels) {
        size_t row = 0;
        cJSON_ArrayForEach (item, set) {
            while (row < k->tokens && !k->wanted[row]) row++;
            if (row < k->tokens) k->labels[m * k->tokens + row++] = (uint32_t)item->valuedouble;
        }
        while (row < k->tokens && !k->wanted[row]) row++;
        check(row == k->tokens, "set %zu has a label for each token that counts", m++);
    }
}

static double value_of(const effect_entries *e, size_t sets, uint32_t row, size_t m) {
    for (size_t i = 0; i < e->count; i++)
        if (e->entry[i].row == row) return (double)e->value[i * sets + m];
    return 0;
}

/* own: relative to itself; beside: to the largest of the set, since a number far below it is a difference of others. */
static void compare_sample(const subject *s, parallel *pool, size_t sample, const cJSON *of, const char *where,
                           worst *own, worst *beside) {
    const cJSON *latents = cJSON_GetObjectItemCaseSensitive(of, "latents"), *set, *item;
    const cJSON *largest = cJSON_GetObjectItemCaseSensitive(of, "largest");
    const size_t sets = (size_t)cJSON_GetArraySize(largest);
    effect_chunk k;
    effect_entries e = {0};
    scry_error err = {0};
    effect_chunk_new(&k, s->causal, sample, 1, sets);
    take_labels(&k, cJSON_GetObjectItemCaseSensitive(of, "labels"));
    if (!effect_chunk_differentiate(&k, &err)) check(false, "gradients: %s", err.text);
    effect_chunk_collect(&k, pool, &e);
    size_t m = 0;
    cJSON_ArrayForEach (set, cJSON_GetObjectItemCaseSensitive(of, "a")) {
        double most = cJSON_GetArrayItem(largest, (int)m)->valuedouble;
        int i = 0;
        cJSON_ArrayForEach (item, set) {
            uint32_t latent = (uint32_t)cJSON_GetArrayItem(latents, i++)->valuedouble;
            double found = value_of(&e, sets, row_of(&s->index->rows, latent), m), a = item->valuedouble;
            worst_add(beside, found, a, most, "%s, set %zu, latent %u", where, m, latent);
            if (fabs(a) > most / 100) worst_add(own, found, a, a, "%s, set %zu, latent %u", where, m, latent);
        }
        m++;
    }
    effect_entries_free(&e);
    effect_chunk_free(&k);
}

static void test_columns(const subject *s) {
    parallel *pool = parallel_start(2);
    worst own = {.tolerance = 1e-4}, beside = {.tolerance = 1e-5};
    for (size_t d = 0; d < s->index->D; d++) {
        const char *name = s->index->info.domain[d].name;
        const cJSON *of;
        cJSON_ArrayForEach (of, cJSON_GetObjectItemCaseSensitive(s->columns, name)) {
            size_t sample = s->causal->texts.first[d] + (size_t)figure(of, "sample");
            compare_sample(s, pool, sample, of, text_of("%s, sample %g", name, figure(of, "sample")), &own, &beside);
        }
    }
    worst_line(&beside, "columns are autograd's, relative to the largest");
    worst_line(&own, "columns above a hundredth of the largest are autograd's, relative to themselves");
    parallel_stop(pool);
}

int main(int argc, char **argv) {
    const char *const expected = argc > 3 ? argv[1] : "tests/specimens/ablation/sample.json";
    const char *const study = argc > 3 ? argv[2] : "sample_data/study.json", *path = scratch("sample.scry");
    scry_error err = {0};
    size_t size;
    char *text = (char *)read_bytes(expected, &size);
    cJSON *json = json_parse(text, size);
    subject s = {.runs = cJSON_GetObjectItemCaseSensitive(json, "runs"),
                 .columns = cJSON_GetObjectItemCaseSensitive(json, "columns")};
    if (!check(json && scry_index_build(study, path, NULL, NULL, NULL, &err), "%s is indexed %s", study, err.text) ||
        !(s.index = scry_open(path, true, &err)))
        return check_end();
    bool *domains = mem_new(s.index->D, sizeof *domains);
    for (size_t d = 0; d < s.index->D; d++) domains[d] = cJSON_HasObjectItem(s.columns, s.index->info.domain[d].name);
    scry_causal_options o = {.model = argc > 3 ? argv[3] : "sample_data/models/base", .threads = 1, .domains = domains};
    for (int p = 0; p < SCRY_PRECISIONS; p++) {
        if (argc > 4 && strcmp(argv[4], tolerances[p].name) != 0) continue;
        o.precision = (scry_precision)p;
        s.causal = scry_causal_open(s.index, &o, NULL, &err);
        if (!check(s.causal != NULL, "its model opens in %s %s", tolerances[p].name, err.text)) continue;
        if (cJSON_GetArraySize(s.runs)) test_losses(&s);
        if (p == SCRY_FLOAT32 && cJSON_GetArraySize(s.columns->child)) test_columns(&s);
        scry_causal_free(s.causal);
    }
    scry_close(s.index);
    free(domains);
    cJSON_Delete(json);
    free(text);
    return check_end();
}
