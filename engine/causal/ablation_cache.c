/* causal/ablation_cache.c: runs that were made, by set and settings, the most recently used first. */
#include "ablation_cache.h"
#include "analysis.h"
#include "base/mem.h"
#include "rho_context.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct kept_run {
    uint64_t hash; /* of the set's bits */
    uint32_t count;
    uint32_t *latents; /* [count] ascending */
    scry_ablation how;
    scry_domain_effect *figures; /* [D] */
    double *sample;              /* [samples] the rise of each one's loss; NULL: not known */
    size_t samples;
    double *random; /* [random_sets][D] differences of random sets; NULL: none were run */
    uint32_t random_sets;
    struct kept_run *next; /* used longer ago */
} kept_run;

struct scry_ablation_cache {
    const scry_index *index;
    size_t domains, limit, bytes;
    scry_causal_options options;
    char *model; /* owned; NULL: the study's */
    scry_causal *causal;
    scry_notes notes;
    kept_run *first;
    bool running;         /* causal and notes are in use */
    pthread_mutex_t lock; /* of all but what `running` guards */
    pthread_cond_t idle;
};

scry_ablation_cache *scry_ablation_cache_new(const scry_index *index, const scry_causal_options *options,
                                             size_t bytes) {
    scry_ablation_cache *c = mem_new(1, sizeof *c);
    c->index = index;
    c->domains = scry_index_info(index)->domains;
    c->limit = bytes ? bytes : SCRY_ABLATION_CACHE_BYTES;
    if (options) c->options = *options;
    c->model = c->options.model ? mem_copy_string(c->options.model) : NULL;
    c->options.model = c->model;
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->idle, NULL);
    return c;
}

static void free_run(kept_run *r) {
    free(r->latents);
    free(r->figures);
    free(r->sample);
    free(r->random);
    free(r);
}

void scry_ablation_cache_free(scry_ablation_cache *c) {
    if (!c) return;
    while (c->first) {
        kept_run *next = c->first->next;
        free_run(c->first);
        c->first = next;
    }
    scry_causal_free(c->causal);
    scry_notes_free(&c->notes);
    free(c->model);
    pthread_cond_destroy(&c->idle);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

bool scry_ablation_same(const scry_ablation *a, const scry_ablation *b) {
    return a->value == b->value && a->drop_error == b->drop_error &&
           (a->value != SCRY_VALUE_ZERO || a->scale == b->scale);
}

static uint64_t hash_of(const scry_set *set) {
    return XXH3_64bits(set->bits, scry_set_words(set->latents) * sizeof *set->bits);
}

static bool is_run_of(const kept_run *r, uint64_t hash, const scry_set *set, const scry_ablation *how) {
    if (r->hash != hash || r->count != set->count || !scry_ablation_same(&r->how, how)) return false;
    for (uint32_t i = 0; i < r->count; i++)
        if (!scry_set_has(set, r->latents[i])) return false;
    return true;
}

static size_t bytes_of(const scry_ablation_cache *c, const kept_run *r) {
    return sizeof *r + r->count * sizeof *r->latents + c->domains * sizeof *r->figures +
           r->samples * sizeof *r->sample + r->random_sets * c->domains * sizeof *r->random;
}

/* With the lock held: the run, which becomes the first; NULL: not kept. */
static kept_run *find(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how) {
    uint64_t hash = hash_of(set);
    for (kept_run **at = &c->first; *at; at = &(*at)->next) {
        kept_run *r = *at;
        if (!is_run_of(r, hash, set, how)) continue;
        *at = r->next;
        r->next = c->first;
        return c->first = r;
    }
    return NULL;
}

bool scry_ablation_cache_find(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how,
                              scry_domain_effect *out) {
    pthread_mutex_lock(&c->lock);
    const kept_run *r = find(c, set, how);
    if (r) memcpy(out, r->figures, c->domains * sizeof *out);
    pthread_mutex_unlock(&c->lock);
    return r != NULL;
}

/* With the lock held: the newest stays, whatever its size. */
static void drop_oldest(scry_ablation_cache *c) {
    while (c->bytes > c->limit && c->first && c->first->next) {
        kept_run **last = &c->first;
        while ((*last)->next) last = &(*last)->next;
        c->bytes -= bytes_of(c, *last);
        free_run(*last);
        *last = NULL;
    }
}

static kept_run *new_run(const scry_ablation_cache *c, const scry_set *set, const scry_ablation *how) {
    kept_run *r = mem_new(1, sizeof *r);
    *r = (kept_run){.hash = hash_of(set), .count = set->count, .how = *how};
    r->latents = mem_new(set->count, sizeof *r->latents);
    r->figures = mem_new(c->domains, sizeof *r->figures);
    uint32_t n = 0;
    for (size_t word = 0; word < scry_set_words(set->latents); word++)
        for (uint64_t bits = set->bits[word]; bits; bits &= bits - 1)
            r->latents[n++] = (uint32_t)(word * 64) + (uint32_t)__builtin_ctzll(bits);
    return r;
}

/* Takes sample [samples], which may be NULL. */
static void keep(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how,
                 const scry_domain_effect *figures, double *sample, size_t samples) {
    pthread_mutex_lock(&c->lock);
    kept_run *r = find(c, set, how);
    if (r) {
        c->bytes -= bytes_of(c, r);
        free(r->sample);
    } else {
        r = new_run(c, set, how);
        r->next = c->first;
        c->first = r;
    }
    memcpy(r->figures, figures, c->domains * sizeof *figures);
    r->sample = sample;
    r->samples = samples;
    c->bytes += bytes_of(c, r);
    drop_oldest(c);
    pthread_mutex_unlock(&c->lock);
}

void scry_ablation_cache_keep(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how,
                              const scry_domain_effect *figures) {
    keep(c, set, how, figures, NULL, 0);
}

/* Waits for the run under way. False when cancelled meanwhile. */
static bool take_turn(scry_ablation_cache *c, const scry_cancel *cancel) {
    enum { POLL_NS = 5000000 };
    pthread_mutex_lock(&c->lock);
    while (c->running && !scry_cancelled(cancel)) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += POLL_NS;
        if (until.tv_nsec >= 1000000000) until.tv_sec++, until.tv_nsec -= 1000000000;
        pthread_cond_timedwait(&c->idle, &c->lock, &until);
    }
    bool mine = !c->running;
    if (mine) c->running = true;
    pthread_mutex_unlock(&c->lock);
    return mine;
}

static void end_turn(scry_ablation_cache *c) {
    pthread_mutex_lock(&c->lock);
    c->running = false;
    pthread_cond_signal(&c->idle);
    pthread_mutex_unlock(&c->lock);
}

/* Opens the model, where it is not open. */
static bool is_opened(scry_ablation_cache *c, const scry_cancel *cancel, scry_error *err) {
    if (c->causal) return true;
    scry_cancel part = scry_cancel_part(cancel, 0, SCRY_ABLATION_OPENING);
    scry_causal_options options = c->options;
    options.cancel = &part;
    scry_notes notes = {0};
    scry_causal *causal = scry_causal_open(c->index, &options, &notes, err);
    if (!causal) {
        scry_notes_free(&notes);
        return false;
    }
    pthread_mutex_lock(&c->lock);
    c->causal = causal;
    c->notes = notes;
    pthread_mutex_unlock(&c->lock);
    return true;
}

bool scry_ablation_cache_work(scry_ablation_cache *c,
                              bool (*work)(void *context, scry_causal *causal, const scry_cancel *cancel,
                                           scry_error *err),
                              void *context, const scry_cancel *cancel, scry_error *err) {
    if (!take_turn(c, cancel)) return false;
    scry_error own = {0};
    bool was_open = c->causal != NULL, ok = is_opened(c, cancel, &own);
    if (ok) {
        scry_cancel part = scry_cancel_part(cancel, was_open ? 0 : SCRY_ABLATION_OPENING, 1);
        ok = work(context, c->causal, &part, &own);
    }
    end_turn(c);
    if (!ok && !scry_cancelled(cancel) && err) *err = own;
    return ok;
}

typedef struct one_run {
    scry_ablation_cache *cache;
    const scry_set *set;
    const scry_ablation *how;
    scry_domain_effect *out;
} one_run;

static bool run_one(void *context, scry_causal *causal, const scry_cancel *cancel, scry_error *err) {
    const one_run *r = context;
    if (scry_ablation_cache_find(r->cache, r->set, r->how, r->out)) return true; /* by whoever was waited for */
    size_t samples = 0;
    for (size_t d = 0; d < r->cache->domains; d++) samples += scry_causal_domains(causal)[d].samples;
    double *sample = mem_new(samples + 1, sizeof *sample);
    if (!scry_ablate(causal, r->set, r->how, r->out, sample, cancel, err)) {
        free(sample);
        return false;
    }
    keep(r->cache, r->set, r->how, r->out, sample, samples);
    return true;
}

bool scry_ablation_cache_run(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how,
                             scry_domain_effect *out, const scry_cancel *cancel, scry_error *err) {
    one_run r = {c, set, how, out};
    return scry_ablation_cache_find(c, set, how, out) || scry_ablation_cache_work(c, run_one, &r, cancel, err);
}

typedef struct random_run {
    scry_ablation_cache *cache;
    const scry_set *set;
    const scry_ablation *how;
    uint32_t sets;
    const scry_scope *scope;
} random_run;

static bool run_random(void *context, scry_causal *causal, const scry_cancel *cancel, scry_error *err) {
    const random_run *q = context;
    scry_ablation_cache *c = q->cache;
    scry_random_ablation random;
    bool ok = scry_ablate_random(causal, q->set, q->how, false, q->sets, SCRY_SEED, q->scope, &random, cancel, err);
    if (ok && !random.sets)
        ok = scry_fail(err, "no random sets: fewer latents are active on the texts than the selection has, or only "
                            "candidates are known");
    pthread_mutex_lock(&c->lock);
    kept_run *r = ok ? find(c, q->set, q->how) : NULL;
    if (r) {
        c->bytes -= bytes_of(c, r);
        free(r->random);
        r->random = random.difference;
        r->random_sets = random.sets;
        random.difference = NULL;
        c->bytes += bytes_of(c, r);
        drop_oldest(c);
    }
    pthread_mutex_unlock(&c->lock);
    scry_random_ablation_free(&random);
    return ok;
}

/* With the lock taken inside: a copy of a kept run's random sets, and their number. The caller frees it. */
static double *random_of(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how, uint32_t *sets) {
    pthread_mutex_lock(&c->lock);
    const kept_run *r = find(c, set, how);
    *sets = r ? r->random_sets : 0;
    size_t n = *sets * c->domains;
    double *copy = n ? memcpy(mem_new(n, sizeof *copy), r->random, n * sizeof *copy) : NULL;
    pthread_mutex_unlock(&c->lock);
    return copy;
}

bool scry_ablation_cache_run_random(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how,
                                    uint32_t sets, const scry_scope *scope, const scry_cancel *cancel,
                                    scry_error *err) {
    uint32_t kept;
    free(random_of(c, set, how, &kept));
    random_run q = {c, set, how, sets, scope};
    return kept >= sets || scry_ablation_cache_work(c, run_random, &q, cancel, err);
}

uint32_t scry_ablation_cache_add_random(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how,
                                        scry_result *result) {
    uint32_t sets, below = 0;
    size_t D = c->domains, n = 0;
    double *random = random_of(c, set, how, &sets), own = result->fit.pearson;
    if (!random || isnan(own)) {
        free(random);
        return 0;
    }
    double *rho = mem_new(sets + 2 * D, sizeof *rho), *x = rho + sets, *y = x + D;
    for (uint32_t k = 0; k < sets; k++) {
        size_t points = 0;
        for (size_t d = 0; d < D; d++) {
            double difference = random[k * D + d];
            if (isnan(difference) || isnan(result->change[d])) continue;
            x[points] = difference;
            y[points++] = result->change[d];
        }
        double value = scry_fit_line(x, y, points).pearson;
        if (isnan(value)) continue;
        below += value < own;
        rho[n++] = value;
    }
    scry_mean_sd(rho, n, &result->random_mean, &result->random_sd);
    result->random_rank = n ? (double)below / (double)n : (double)NAN;
    result->context.random_tail = scry_tail(own, rho, n);
    free(rho);
    free(random);
    return (uint32_t)n;
}

/* Of a run without samples. */
static bool result_of_values(const scry_ablation_cache *c, const scry_domain_effect *figures, const scry_scope *scope,
                             scry_result *result) {
    double *rise = mem_new(c->domains, sizeof *rise);
    for (size_t d = 0; d < c->domains; d++) rise[d] = figures[d].difference;
    scry_result_values(result, c->index, rise, scope);
    scry_result_finish_values(result, c->index, scope);
    free(rise);
    return true;
}

bool scry_ablation_cache_result(scry_ablation_cache *c, const scry_set *set, const scry_ablation *how,
                                const scry_scope *scope, scry_result *result, const scry_cancel *cancel) {
    if (!take_turn(c, cancel)) return false;
    scry_domain_effect *figures = mem_new(c->domains, sizeof *figures);
    double *sample = NULL;
    pthread_mutex_lock(&c->lock);
    const kept_run *r = find(c, set, how);
    bool found = r != NULL;
    if (r) memcpy(figures, r->figures, c->domains * sizeof *figures);
    if (r && r->sample && c->causal)
        sample = memcpy(mem_new(r->samples + 1, sizeof *sample), r->sample, r->samples * sizeof *sample);
    pthread_mutex_unlock(&c->lock);
    bool ok = false;
    if (sample) ok = scry_ablation_result(result, c->causal, figures, sample, scope, cancel);
    else if (found) ok = result_of_values(c, figures, scope, result);
    end_turn(c);
    if (found && !ok) scry_result_free(result);
    free(sample);
    free(figures);
    return ok;
}

bool scry_ablation_cache_is_open(scry_ablation_cache *c) {
    pthread_mutex_lock(&c->lock);
    bool open = c->causal != NULL;
    pthread_mutex_unlock(&c->lock);
    return open;
}

const scry_causal_domain *scry_ablation_cache_domains(scry_ablation_cache *c) {
    pthread_mutex_lock(&c->lock);
    const scry_causal *causal = c->causal;
    pthread_mutex_unlock(&c->lock);
    return causal ? scry_causal_domains(causal) : NULL;
}

const scry_notes *scry_ablation_cache_notes(scry_ablation_cache *c) {
    return &c->notes;
}
