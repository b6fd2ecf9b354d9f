/* subset.c: copies some latents of an SAE. */
#include "sae/sae.h"
#include "base/mem.h"

#include <string.h>

/* v[latents[i]], or NULL where there is no v. */
static float *pick(const float *v, const uint32_t *latents, uint32_t count) {
    if (!v) return NULL;
    float *out = mem_new(count, sizeof *out);
    for (uint32_t i = 0; i < count; i++) out[i] = v[latents[i]];
    return out;
}

void sae_subset(sae *to, const sae *from, const uint32_t *latents, uint32_t count) {
    *to = *from;
    to->d_sae = count;
    const size_t d = from->d_in;
    to->W_enc = mem_resize(NULL, d * count, sizeof *to->W_enc);
    for (uint32_t i = 0; i < count; i++) memcpy(to->W_enc + i * d, from->W_enc + latents[i] * d, d * sizeof *to->W_enc);
    to->b_enc = pick(from->b_enc, latents, count);
    to->threshold = pick(from->threshold, latents, count);
    to->exp_r_mag = pick(from->exp_r_mag, latents, count);
    to->b_mag = pick(from->b_mag, latents, count);
    to->scale = pick(from->scale, latents, count);
    to->out_scale = pick(from->out_scale, latents, count);
    to->W_dec = NULL;
    to->b_dec = NULL;
}
