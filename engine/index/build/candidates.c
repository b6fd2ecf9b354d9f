/* candidates.c: which latents the domains are encoded on, where not all.
 *
 * The first N latents of every training set, source and metric are kept, so that the top N of every ranking can be
 * scored. */
#include "index/build/candidates.h"
#include "base/argsort.h"
#include "base/mem.h"
#include "index/format/metric_values.h"

#include <inttypes.h>
#include <stdlib.h>

bool candidates_allowed(const build_inputs *in) {
    if (!in->options->candidates) return true;
    if (in->options->shards > 1)
        return scry_misuse(in->err,
                           "--candidates and --shard: expected one of them; a shard knows the shift of its own "
                           "latents only");
    for (size_t i = 0; i < in->capture_count; i++)
        if (in->captures[i].group >= 0 && in->captures[i].spec->features)
            return scry_misuse(in->err,
                               "--candidates: %s holds features, which need no encoding; expected residuals in every "
                               "domain; index without --candidates",
                               in->captures[i].spec->key);
    if (in->sae.activation != SAE_RELU && in->sae.activation != SAE_JUMPRELU)
        return scry_misuse(in->err,
                           "--candidates: found %s; expected a ReLU or JumpReLU SAE, whose latents do not depend on "
                           "each other; index without --candidates",
                           in->sae.description);
    return true;
}

/* The shifts [F] of training set and source `at` by one metric. */
static void shifts_of(const build_inputs *in, const statistics *s, size_t at, scry_metric metric, double *out) {
    const size_t F = in->F, train = at / SCRY_CONDITIONS * SCRY_CONDITIONS;
    bool by_sample = in->pairing == SCRY_PAIR_SAMPLE;
    double pairs = (double)s->pairs[at];
    metric_base base = {pairs, pairs, pairs, by_sample};
    if (by_sample) {
        base.base_tokens = (double)in->captures[in->capture_of[train]].kept_count;
        base.other_tokens = (double)in->captures[in->capture_of[at]].kept_count;
    }
    for (size_t j = 0; j < F; j++) {
        double of[SHIFT_ARRAYS];
        for (size_t a = 0; a < SHIFT_ARRAYS; a++) of[a] = s->shift[at][a * F + j];
        const double fires[2] = {s->shift_fires[at][j], s->shift_fires[at][F + j]};
        out[j] = metric_value(&base, metric, of, fires);
    }
}

void candidates_choose(build_inputs *in, const statistics *s) {
    latent_subset *candidates = &in->candidates;
    const uint32_t F = in->F, top = in->options->candidates < F ? in->options->candidates : F;
    bool *is = mem_new(F, sizeof *is);
    uint32_t *order = mem_new(F, sizeof *order);
    double *shift = mem_new(F, sizeof *shift);
    for (size_t i = 0; i < in->study->train_count * SCRY_CONDITIONS; i++)
        for (int metric = 0; s->shift[i] && metric < SCRY_METRICS; metric++) {
            shifts_of(in, s, i, (scry_metric)metric, shift);
            argsort_by_size(shift, F, order);
            for (uint32_t rank = 0; rank < top; rank++) is[order[rank]] = true;
        }
    free(shift);
    candidates->latent = order;
    for (uint32_t j = 0; j < F; j++)
        if (is[j]) candidates->latent[candidates->count++] = j;
    free(is);
    sae_subset(&candidates->sae, &in->sae, candidates->latent, candidates->count);
}
