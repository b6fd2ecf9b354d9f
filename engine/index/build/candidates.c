/* score/scored.c: which latents the domains are encoded on, where not all.
 *
 * A latent whose shift is small is in no selection that the study is made for. Of every training set,
 * source and metric the first N latents are kept, so that no ranking's first N lack one. */
#include "base/argsort.h"
#include "base/mem.h"
#include "index/build/builder.h"
#include "index/format/metric_values.h"

#include <inttypes.h>
#include <stdlib.h>

bool candidates_allowed(builder *b) {
    if (!b->options->candidates) return true;
    if (b->options->shards > 1)
        return scry_misuse(b->err, "--candidates and --shard: expected one of them; a shard knows the shift of its own "
                                   "latents only");
    for (size_t i = 0; i < b->capture_count; i++)
        if (b->captures[i].group >= 0 && b->captures[i].spec->features)
            return scry_misuse(b->err,
                               "--candidates: %s holds features, which need no encoding; expected residuals in every "
                               "domain; index without --candidates",
                               b->captures[i].spec->key);
    if (b->sae.activation != SAE_RELU && b->sae.activation != SAE_JUMPRELU)
        return scry_misuse(b->err,
                           "--candidates: found %s; expected a ReLU or JumpReLU SAE, whose latents do not depend on "
                           "each other; index without --candidates",
                           b->sae.description);
    return true;
}

/* The shifts [F] of training set and source `at` by one metric. */
static void shifts_of(const builder *b, size_t at, scry_metric metric, double *out) {
    const size_t F = b->F, train = at / SCRY_CONDITIONS * SCRY_CONDITIONS;
    bool by_sample = b->pairing == SCRY_PAIR_SAMPLE;
    double pairs = (double)b->pairs[at];
    metric_base base = {pairs, pairs, pairs, by_sample};
    if (by_sample) {
        base.base_tokens = (double)b->captures[b->capture_of[train]].kept_count;
        base.other_tokens = (double)b->captures[b->capture_of[at]].kept_count;
    }
    for (size_t j = 0; j < F; j++) {
        double of[SHIFT_ARRAYS];
        for (size_t a = 0; a < SHIFT_ARRAYS; a++) of[a] = b->shift[at][a * F + j];
        const double fires[2] = {b->shift_fires[at][j], b->shift_fires[at][F + j]};
        out[j] = metric_value(&base, metric, of, fires);
    }
}

/* candidate i of the narrowed SAE's dec rows is latent b->candidate[i]. */
void candidates_choose(builder *b) {
    const uint32_t F = b->F, top = b->options->candidates < F ? b->options->candidates : F;
    bool *is = mem_new(F, sizeof *is);
    uint32_t *order = mem_new(F, sizeof *order);
    double *shift = mem_new(F, sizeof *shift);
    for (size_t i = 0; i < b->study->train_count * SCRY_CONDITIONS; i++)
        for (int metric = 0; b->shift[i] && metric < SCRY_METRICS; metric++) {
            shifts_of(b, i, (scry_metric)metric, shift);
            argsort_by_size(shift, F, order);
            for (uint32_t rank = 0; rank < top; rank++) is[order[rank]] = true;
        }
    free(shift);
    b->candidate = order;
    for (uint32_t j = 0; j < F; j++)
        if (is[j]) b->candidate[b->candidate_count++] = j;
    free(is);
    sae_subset(&b->narrow, &b->sae, b->candidate, b->candidate_count);
}
