/* causal/effect_correlation.c: rises of loss and the measured change. */
#include "analysis.h"
#include "base/mem.h"
#include "causal/causal.h"

#include <math.h>
#include <stdlib.h>

double scry_mean_difference(const scry_causal *c, const scry_domain_effect *effects) {
    double sum = 0, n = 0;
    for (size_t d = 0; d < c->texts.domains; d++)
        if (!isnan(effects[d].difference)) sum += effects[d].difference, n++;
    return sum / n;
}

double scry_mean_accuracy_change(const scry_causal *c, const scry_domain_effect *effects) {
    double sum = 0, n = 0;
    for (size_t d = 0; d < c->texts.domains; d++)
        if (!isnan(effects[d].accuracy)) sum += effects[d].accuracy_ablated - effects[d].accuracy, n++;
    return sum / n;
}

/* A domain's difference is the sum over its samples of their rises over the sum of their tokens, as blocks of a score
 * that is a mean over tokens. */
static bool interval(scry_result *r, const scry_causal *c, const double *rise, const scry_cancel *cancel) {
    const causal_texts *t = &c->texts;
    scry_blocks blocks = {.score = SCRY_ACT, .domains = t->domains, .first = t->first};
    double *change = mem_new(t->domains, sizeof *change);
    blocks.sum = mem_new(t->count, sizeof *blocks.sum);
    blocks.count = mem_new(t->count, sizeof *blocks.count);
    for (size_t i = 0; i < t->count; i++) {
        blocks.sum[i] = rise[i];
        blocks.count[i] = t->samples[i].to - t->samples[i].from;
    }
    for (size_t d = 0; d < t->domains; d++) change[d] = isnan(r->sts[d]) ? NAN : r->change[d];
    bool done = scry_interval(&blocks, change, SCRY_DRAWS, SCRY_SEED, cancel, &r->ci_low, &r->ci_high);
    free(blocks.sum);
    free(blocks.count);
    free(change);
    return done;
}

bool scry_ablation_result(scry_result *r, const scry_causal *c, const scry_domain_effect *effects,
                          const double *sample_difference, const scry_scope *scope, const scry_cancel *cancel) {
    double *rise = mem_new(c->texts.domains, sizeof *rise);
    for (size_t d = 0; d < c->texts.domains; d++) rise[d] = effects[d].difference;
    scry_result_values(r, c->index, rise, scope);
    free(rise);
    scry_result_finish_values(r, c->index, scope);
    if (!sample_difference || isnan(r->fit.pearson)) return !scry_cancelled(cancel);
    return interval(r, c, sample_difference, cancel);
}
