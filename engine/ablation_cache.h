/* ablation_cache.h: ablations (ablate.h) that have been run on an index, kept by set and settings, and the model behind
 * them, which the first run opens. D is the number of domains.
 *
 * Threads: any. One run at a time: another one waits for it. Finding what is kept never waits for a run. */
#ifndef SCRY_ABLATION_CACHE_H
#define SCRY_ABLATION_CACHE_H

#include "ablate.h"

typedef struct scry_ablation_cache scry_ablation_cache;

/* Borrows the index; copies the options, of which `cancel` is ignored. bytes: limit of what is kept, beyond which the
 * runs that were used longest ago go; 0: SCRY_ABLATION_CACHE_BYTES. */
#define SCRY_ABLATION_CACHE_BYTES ((size_t)32 << 20)
scry_ablation_cache *scry_ablation_cache_new(const scry_index *index, const scry_causal_options *options, size_t bytes);
void scry_ablation_cache_free(scry_ablation_cache *cache); /* accepts NULL; no run may be under way */

/* True when both give the same figures: a scale counts only with SCRY_VALUE_ZERO. */
bool scry_ablation_same(const scry_ablation *a, const scry_ablation *b);

/* Copies a kept run's figures to out [D]; false where there is none. */
bool scry_ablation_cache_find(scry_ablation_cache *cache, const scry_set *set, const scry_ablation *how,
                              scry_domain_effect *out);
/* Keeps figures [D] of a run that was made elsewhere. */
void scry_ablation_cache_keep(scry_ablation_cache *cache, const scry_set *set, const scry_ablation *how,
                              const scry_domain_effect *figures);

/* Finds the figures, or opens the model where it is not open, runs the ablation and keeps it. False with err after an
 * error; false without, where it was cancelled. Progress is that of both steps: opening is the first
 * SCRY_ABLATION_OPENING of the first run. */
#define SCRY_ABLATION_OPENING 0.7
bool scry_ablation_cache_run(scry_ablation_cache *cache, const scry_set *set, const scry_ablation *how,
                             scry_domain_effect *out, const scry_cancel *cancel, scry_error *err);
/* Correlates a kept run's differences with the change (scry_ablation_result), with the interval over resampled samples
 * where the run was made here. False, with nothing to free, where the run is not kept, or when cancelled. */
bool scry_ablation_cache_result(scry_ablation_cache *cache, const scry_set *set, const scry_ablation *how,
                                const scry_scope *scope, scry_result *result, const scry_cancel *cancel);

/* Ablates random sets of the set's size (scry_ablate_random, by SCRY_SEED), and keeps their differences with the set's
 * run, which has to be kept; nothing is run where there are as many. False as scry_ablation_cache_run. */
bool scry_ablation_cache_run_random(scry_ablation_cache *cache, const scry_set *set, const scry_ablation *how,
                                    uint32_t sets, const scry_scope *scope, const scry_cancel *cancel, scry_error *err);
/* Adds to that run's result where its rho stands among those of its random sets, over the domains of the result:
 * random_mean, random_sd, random_rank, context.random_tail. Returns how many there are; 0: none, nothing is added. */
uint32_t scry_ablation_cache_add_random(scry_ablation_cache *cache, const scry_set *set, const scry_ablation *how,
                                        scry_result *result);

/* Does other work with the model, which it opens where it is not open, while no run is under way. False as
 * scry_ablation_cache_run; work returns false for an error, which it fills, or when cancelled. */
bool scry_ablation_cache_work(scry_ablation_cache *cache,
                              bool (*work)(void *context, scry_causal *causal, const scry_cancel *cancel,
                                           scry_error *err),
                              void *context, const scry_cancel *cancel, scry_error *err);
/* True when the model is open. */
bool scry_ablation_cache_is_open(scry_ablation_cache *cache);
/* The domains' texts [D], NULL before the model is open; and what the opening had to say. Both valid until
 * scry_ablation_cache_free. */
const scry_causal_domain *scry_ablation_cache_domains(scry_ablation_cache *cache);
const scry_notes *scry_ablation_cache_notes(scry_ablation_cache *cache);

#endif
