/* test_ablation_cache.c: ablations are kept by set and settings, the least recently used go first; a run opens the
 * model once, waits for another one, and can be cancelled; what is missing is said. */
#include "ablation_cache.h"
#include "ablation_specimen.h"
#include "sample.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { D_MOST = 64 };

static const scry_ablation zero_keep = {SCRY_VALUE_ZERO, 0, false};

static scry_set *set_of(uint32_t latents, uint32_t first, uint32_t count) {
    scry_set *set = scry_set_new(latents);
    for (uint32_t j = 0; j < count; j++) scry_set_put(set, first + j, true);
    return set;
}

/* Figures that tell what they are of. */
static void fill(scry_domain_effect *out, size_t domains, double mark) {
    for (size_t d = 0; d < domains; d++)
        out[d] = (scry_domain_effect){mark + (double)d, mark + 1, 1, 0.5, 0.25, (double)NAN};
}

static bool finds(scry_ablation_cache *c, const scry_set *set, scry_ablation how, double mark) {
    scry_domain_effect out[D_MOST] = {{0}};
    return scry_ablation_cache_find(c, set, &how, out) && out[3].loss == mark + 3 && isnan(out[0].accuracy_ablated);
}

static void settings(const scry_index *x) {
    uint32_t F = scry_index_info(x)->d_sae;
    size_t D = scry_index_info(x)->domains;
    scry_ablation_cache *c = scry_ablation_cache_new(x, NULL, 0);
    scry_set *one = set_of(F, 10, 5), *other = set_of(F, 11, 5), *none = set_of(F, 0, 0);
    scry_domain_effect figures[D_MOST];
    check(!finds(c, one, zero_keep, 7), "nothing is kept at first");
    fill(figures, D, 7);
    scry_ablation_cache_keep(c, one, &zero_keep, figures);
    check(finds(c, one, zero_keep, 7), "a run is kept");
    check(!finds(c, other, zero_keep, 7), "not for another set of the same size");
    check(!finds(c, none, zero_keep, 7), "nor for the empty one");
    check(!finds(c, one, (scry_ablation){SCRY_VALUE_ZERO, 2, false}, 7), "nor for another scale");
    check(!finds(c, one, (scry_ablation){SCRY_VALUE_ZERO, 0, true}, 7), "nor with the error dropped");
    check(!finds(c, one, (scry_ablation){SCRY_VALUE_MEAN, 0, false}, 7), "nor for means");
    fill(figures, D, 9);
    scry_ablation_cache_keep(c, one, &(scry_ablation){SCRY_VALUE_MEAN, 3, false}, figures);
    check(finds(c, one, (scry_ablation){SCRY_VALUE_MEAN, 0, false}, 9), "a scale does not count with means");
    fill(figures, D, 11);
    scry_ablation_cache_keep(c, one, &zero_keep, figures);
    check(finds(c, one, zero_keep, 11), "a later run of the same takes the place");
    scry_ablation_cache_keep(c, none, &zero_keep, figures);
    check(finds(c, none, zero_keep, 11), "the empty set is one too");
    scry_set_free(one);
    scry_set_free(other);
    scry_set_free(none);
    scry_ablation_cache_free(c);
}

/* 8 runs where there is room for about 4: those used last stay. */
static void eviction(const scry_index *x) {
    uint32_t F = scry_index_info(x)->d_sae;
    size_t D = scry_index_info(x)->domains;
    size_t each = 100 * sizeof(uint32_t) + D * sizeof(scry_domain_effect);
    scry_ablation_cache *c = scry_ablation_cache_new(x, NULL, 9 * each / 2);
    scry_domain_effect figures[D_MOST];
    scry_set *set[8];
    for (uint32_t k = 0; k < 8; k++) {
        set[k] = set_of(F, 100 * k, 100);
        fill(figures, D, k);
        scry_ablation_cache_keep(c, set[k], &zero_keep, figures);
        check(finds(c, set[0], zero_keep, 0), "the first is used again after run %u, and stays", k + 1);
    }
    check(finds(c, set[7], zero_keep, 7), "the last is there");
    check(!finds(c, set[1], zero_keep, 1) && !finds(c, set[2], zero_keep, 2), "the oldest are gone");
    for (uint32_t k = 0; k < 8; k++) scry_set_free(set[k]);
    scry_ablation_cache_free(c);

    c = scry_ablation_cache_new(x, NULL, 1);
    scry_set *large = set_of(F, 0, 1000);
    fill(figures, D, 5);
    scry_ablation_cache_keep(c, large, &zero_keep, figures);
    check(finds(c, large, zero_keep, 5), "the newest stays, whatever its size");
    scry_set_free(large);
    scry_ablation_cache_free(c);
}

/* Cancels from the nth question on. */
typedef struct watch {
    atomic_long asked, most;
    atomic_int reports;
    _Atomic double last;
    atomic_bool backwards;
} watch;

static bool is_cancelled(void *context) {
    watch *w = context;
    return atomic_fetch_add(&w->asked, 1) >= w->most;
}

static void report(void *context, double share) {
    watch *w = context;
    atomic_fetch_add(&w->reports, 1);
    if (share < w->last - 1e-9) w->backwards = true;
    w->last = share;
}

static bool run(scry_ablation_cache *c, const scry_set *set, watch *w, scry_domain_effect *out, scry_error *err) {
    const scry_cancel cancel = {.is_cancelled = is_cancelled, .context = w, .report_progress = report};
    return scry_ablation_cache_run(c, set, &zero_keep, out, &cancel, err);
}

static void missing_model(const scry_index *x) {
    const scry_causal_options o = {.model = "no/such/model"};
    scry_ablation_cache *c = scry_ablation_cache_new(x, &o, 0);
    scry_set *set = set_of(scry_index_info(x)->d_sae, 0, 10);
    scry_domain_effect out[D_MOST];
    scry_error err = {0};
    check(!scry_ablation_cache_run(c, set, &zero_keep, out, NULL, &err) && err.status == 1 &&
              strstr(err.text, "no/such/model"),
          "a model that is not there: %s", err.text);
    check(!scry_ablation_cache_is_open(c) && !scry_ablation_cache_domains(c), "it is not open");
    check(!scry_ablation_cache_find(c, set, &zero_keep, out), "and nothing is kept");
    scry_set_free(set);
    scry_ablation_cache_free(c);
}

typedef struct racer {
    scry_ablation_cache *cache;
    const scry_set *set;
    scry_domain_effect out[D_MOST];
    bool ok;
} racer;

static void *race(void *context) {
    racer *r = context;
    r->ok = scry_ablation_cache_run(r->cache, r->set, &zero_keep, r->out, NULL, NULL);
    return NULL;
}

static void runs(const scry_index *x) {
    size_t D = scry_index_info(x)->domains;
    const scry_causal_options o = {.samples = 3};
    scry_ablation_cache *c = scry_ablation_cache_new(x, &o, 0);
    scry_set *set = set_of(scry_index_info(x)->d_sae, 0, 400), *other = set_of(scry_index_info(x)->d_sae, 400, 400);
    scry_domain_effect first[D_MOST], again[D_MOST], found[D_MOST];
    scry_error err = {0};
    watch w = {.most = 0};
    check(!run(c, set, &w, first, &err) && !err.status, "cancelled at once: no error (%s)", err.text);
    check(!scry_ablation_cache_find(c, set, &zero_keep, first), "and nothing is kept");
    w = (watch){.most = INT32_MAX};
    check(run(c, set, &w, first, &err), "a run %s", err.text);
    check(w.reports > 2 && !w.backwards && w.last > 0.99, "reports its progress, forwards to %.2f, %d times", w.last,
          w.reports);
    check(scry_ablation_cache_is_open(c) && scry_ablation_cache_domains(c)[0].samples == 3, "the model is open");
    check(first[0].loss_ablated != first[0].loss && first[0].difference > 0, "the loss rises by %.4f",
          first[0].difference);
    w = (watch){.most = INT32_MAX};
    check(run(c, set, &w, again, &err) && !w.reports && memcmp(first, again, D * sizeof *first) == 0,
          "the same again is found, not run");
    w = (watch){.most = 2};
    check(!run(c, other, &w, again, &err) && !err.status, "cancelled under way: no error");
    racer r = {.cache = c, .set = other}, s = {.cache = c, .set = set};
    pthread_t one, two;
    pthread_create(&one, NULL, race, &r);
    pthread_create(&two, NULL, race, &s);
    check(scry_ablation_cache_run(c, other, &zero_keep, again, NULL, NULL), "two run the same at the same time");
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    check(r.ok && s.ok && memcmp(r.out, again, D * sizeof *again) == 0 && memcmp(s.out, first, D * sizeof *first) == 0,
          "with the same bits");
    scry_scope scope;
    scry_result result, plain;
    scry_scope_read(&scope, x, 0, "all", true, NULL);
    check(scry_ablation_cache_result(c, other, &zero_keep, &scope, &result, NULL), "its rho");
    double rise[D_MOST];
    for (size_t d = 0; d < D; d++) rise[d] = again[d].difference;
    scry_result_values(&plain, x, rise, &scope);
    check(result.fit.pearson == plain.fit.pearson && result.p_value > 0 && result.ci_low < result.ci_high,
          "is that of the differences, %.4f, with p and an interval over texts", result.fit.pearson);
    scry_result_free(&result);
    scry_result_free(&plain);
    scry_ablation_cache_keep(c, other, &zero_keep, again);
    check(scry_ablation_cache_result(c, other, &zero_keep, &scope, &result, NULL) && isnan(result.ci_low),
          "without samples there is no such interval");
    scry_result_free(&result);
    scry_set_put(other, 0, true);
    check(!scry_ablation_cache_result(c, other, &zero_keep, &scope, &result, NULL), "a set that was not run has none");
    scry_set_put(other, 0, false);
    scry_scope_free(&scope);
    scry_ablation_cache *fresh = scry_ablation_cache_new(x, &o, 0);
    check(scry_ablation_cache_run(fresh, other, &zero_keep, found, NULL, &err) &&
              memcmp(found, again, D * sizeof *again) == 0,
          "as from a model that was just opened %s", err.text);
    scry_ablation_cache_free(fresh);
    scry_set_free(set);
    scry_set_free(other);
    scry_ablation_cache_free(c);
}

/* Random sets of a kept run, against a run of the same sets and a plain count. */
static void random_sets(void) {
    enum { SETS = 12, D = 4 };
    scry_error err = {0};
    scry_index *x = index_of("as_is");
    scry_scope scope;
    if (!check(scry_scope_read(&scope, x, 0, "all", false, &err), "the scope %s", err.text)) return;
    scry_ablation_cache *c = scry_ablation_cache_new(x, NULL, 0);
    scry_set *set = set_of(40, 3, 5);
    scry_domain_effect out[D];
    scry_result r;
    check(scry_ablation_cache_run(c, set, &zero_keep, out, NULL, &err) &&
              scry_ablation_cache_result(c, set, &zero_keep, &scope, &r, NULL),
          "a set is run %s", err.text);
    check(scry_ablation_cache_add_random(c, set, &zero_keep, &r) == 0 && isnan(r.random_mean), "without random sets");
    check(scry_ablation_cache_run_random(c, set, &zero_keep, SETS, &scope, NULL, &err), "random sets %s", err.text);
    check(scry_ablation_cache_add_random(c, set, &zero_keep, &r) == SETS, "all of them are kept");
    scry_causal *causal = scry_causal_open(x, &(scry_causal_options){.threads = 1}, NULL, &err);
    scry_random_ablation plain;
    check(scry_ablate_random(causal, set, &zero_keep, false, SETS, SCRY_SEED, &scope, &plain, NULL, &err),
          "the same sets %s", err.text);
    double sum = 0, below = 0, low = 0, high = 0;
    for (int k = 0; k < SETS; k++) {
        sum += plain.pearson[k];
        below += plain.pearson[k] < r.fit.pearson;
        low += plain.pearson[k] <= r.fit.pearson;
        high += plain.pearson[k] >= r.fit.pearson;
    }
    double tail = 2 * (fmin(low, high) + 1) / (SETS + 1);
    check(fabs(r.random_mean - sum / SETS) < 1e-9, "their mean: %.9g, %.9g", r.random_mean, sum / SETS);
    check(r.random_rank == below / SETS, "their share below: %.9g", r.random_rank);
    check(fabs(r.context.random_tail - fmin(tail, 1)) < 1e-12, "two-sided p: %.9g, %.9g", r.context.random_tail, tail);
    scry_set *other = set_of(40, 4, 5);
    check(scry_ablation_cache_add_random(c, other, &zero_keep, &r) == 0, "another set has none");
    scry_random_ablation_free(&plain);
    scry_causal_free(causal);
    scry_set_free(set);
    scry_set_free(other);
    scry_result_free(&r);
    scry_scope_free(&scope);
    scry_ablation_cache_free(c);
    scry_close(x);
}

int main(void) {
    scry_error err = {0};
    scry_index *x = scry_open(sample_index(), true, &err);
    if (check(x != NULL, "the sample opens %s", err.text)) {
        settings(x);
        eviction(x);
        missing_model(x);
        runs(x);
    }
    scry_close(x);
    random_sets();
    return check_end();
}
