/* causal/reconstruction.c: the SAE's part of the stream, from the activations of the index. */
#include "base/mem.h"
#include "causal/causal.h"
#include "index/read/index.h"
#include "latent/token_pairing.h"
#include "sae/sae.h"

#include <inttypes.h>
#include <stdlib.h>

double causal_decoder_factor(const scry_causal *c, const float *x, double *mean) {
    const scry_info *info = scry_index_info(c->index);
    double times, add;
    sae_input_lost(sae_input_of(info->input), x, (uint32_t)c->d, &times, &add);
    if (mean) *mean = add;
    return times / info->input_scale;
}

bool causal_keep_rows(scry_causal *c, size_t domain, scry_error *err) {
    size_t capture = (size_t)c->texts.capture[domain];
    bool as_indexed;
    if (c->kept[domain]) return true;
    uint8_t *kept = index_kept_rows(c->index, capture, &as_indexed);
    if (as_indexed) {
        c->kept[domain] = kept;
        return true;
    }
    free(kept);
    const scry_info *info = scry_index_info(c->index);
    return scry_fail(err,
                     "%s: %s: the index does not say which rows count, expected one made by this version; make it "
                     "again with scry index",
                     info->path, info->capture[capture].name);
}

static void add_row_float64(double *out, double h, const float *row, size_t d) {
    for (size_t i = 0; i < d; i++) out[i] += h * (double)row[i];
}

/* Adds h W_dec of one latent, in its own units, to the rows of one domain. */
static void add_latent(const scry_causal *c, uint32_t latent, size_t domain, const float *row) {
    uint32_t capture = (uint32_t)c->texts.capture[domain];
    index_cursor at = index_postings(c->index, latent);
    index_seek(c->index, &at, capture, 0);
    if (!index_segment(c->index, &at) || at.capture != capture) return;
    while (index_next(c->index, &at)) {
        uint32_t token = c->token[domain][at.row];
        if (!token) continue;
        const size_t first = (size_t)(token - 1) * c->d;
        if (c->reconstruction_float64)
            add_row_float64(c->reconstruction_float64 + first, (double)at.activation, row, c->d);
        else
            for (size_t i = 0; i < c->d; i++) c->reconstruction[first + i] += at.activation * row[i];
    }
}

/* Back to the units of the stream, where the study counts the token; else the stream itself. */
static void finish_domain(const scry_causal *c, size_t domain) {
    const float *bias = scry_decoder_bias(c->index);
    for (size_t i = c->texts.first[domain]; i < c->texts.first[domain + 1]; i++) {
        const causal_sample *s = &c->texts.samples[i];
        for (uint32_t k = 0; k < s->count; k++) {
            const size_t at = (s->at + k) * c->d;
            double mean, factor = causal_decoder_factor(c, c->x + at, &mean);
            bool counts = k >= s->before && c->kept[domain][s->first + k - s->before];
            double *wide = c->reconstruction_float64;
            float *narrow = c->reconstruction;
            for (size_t n = 0; n < c->d; n++) {
                double add = (double)bias[n];
                if (wide) wide[at + n] = counts ? (wide[at + n] + add) * factor + mean : c->x_float64[at + n];
                else narrow[at + n] = counts ? (float)(((double)narrow[at + n] + add) * factor + mean) : c->x[at + n];
            }
        }
    }
}

bool causal_reconstruct(scry_causal *c, const scry_cancel *cancel, scry_error *err) {
    const scry_info *info = scry_index_info(c->index);
    const bool wide = c->precision == SCRY_FLOAT64;
    const uint64_t numbers = (uint64_t)c->texts.tokens * c->d,
                   bytes = numbers * (wide ? sizeof(double) : sizeof(float));
    const uint64_t stream = numbers * (sizeof *c->x + (wide ? sizeof *c->x_float64 : 0));
    if (c->reconstruction || c->reconstruction_float64) return true;
    if (info->candidates)
        return scry_misuse(err,
                           "%s: this index was made with --candidates %" PRIu32
                           ", and knows only some of the activations that a reconstruction is made of; index again "
                           "without --candidates, or keep the SAE's error",
                           info->path, info->candidates);
    if (bytes + stream > c->memory)
        return scry_misuse(err,
                           "%s: the reconstruction of %zu tokens needs %" PRIu64 " MiB, and the stream %" PRIu64
                           ", expected at most --memory, %" PRIu64 " MiB; raise --memory, or take fewer texts with "
                           "--samples",
                           info->path, c->texts.tokens, (bytes >> 20) + 1, (stream >> 20) + 1, c->memory >> 20);
    for (size_t d = 0; d < c->texts.domains; d++)
        if (c->texts.first[d] < c->texts.first[d + 1] && !causal_keep_rows(c, d, err)) return false;
    if (wide) c->reconstruction_float64 = mem_new(numbers, sizeof *c->reconstruction_float64);
    else c->reconstruction = mem_new(numbers, sizeof *c->reconstruction);
    float *row = mem_new(c->d, sizeof *row);
    uint32_t *latents = mem_new(info->d_sae, sizeof *latents), count = scry_active_latents(c->index, latents);
    bool ok = true;
    for (uint32_t k = 0; ok && k < count; k++) {
        ok = !scry_cancelled(cancel) || scry_fail(err, "cancelled");
        scry_decoder_row(c->index, latents[k], row);
        for (size_t d = 0; ok && d < c->texts.domains; d++)
            if (c->token[d]) add_latent(c, latents[k], d, row);
    }
    for (size_t d = 0; ok && d < c->texts.domains; d++)
        if (c->token[d]) finish_domain(c, d);
    free(row);
    free(latents);
    if (ok) return true;
    free(c->reconstruction);
    free(c->reconstruction_float64);
    c->reconstruction = NULL;
    c->reconstruction_float64 = NULL;
    return false;
}
