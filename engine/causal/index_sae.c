/* causal/index_sae.c: the SAE that made an index. */
#include "causal/index_sae.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* Rows of the decoder that are compared with the index's, evenly over the latents. */
enum { ROWS_COMPARED = 64 };

bool index_has_decoder_of(const scry_index *index, const sae *s) {
    float *row = mem_new(s->d_in, sizeof *row);
    bool same = true;
    for (uint64_t i = 0; i < ROWS_COMPARED && same && s->W_dec; i++) {
        uint32_t latent = (uint32_t)(i * s->d_sae / ROWS_COMPARED);
        same = !scry_decoder_row(index, latent, row) ||
               memcmp(row, s->W_dec + (size_t)latent * s->d_in, s->d_in * sizeof *row) == 0;
    }
    free(row);
    return same;
}

bool index_sae_load(sae *s, const scry_index *index, uint64_t memory) {
    const scry_info *info = scry_index_info(index);
    scry_notes notes = {0};
    if (!*info->sae_path || 2 * (uint64_t)info->d_sae * info->d_model * sizeof(float) > memory) return false;
    bool loaded = sae_load(s, info->sae_path, *info->sae_format ? info->sae_format : NULL, &notes, NULL);
    scry_notes_free(&notes);
    if (!loaded) return false;
    if (s->d_sae == info->d_sae && s->d_in == info->d_model && index_has_decoder_of(index, s)) return true;
    sae_free(s);
    return false;
}

void index_sae_reconstruct(const scry_index *index, const sae *s, const float *x, uint32_t count, double *out) {
    enum { BLOCK_LATENTS = 512 };
    const size_t d = s->d_in;
    float *X = mem_new(count, d * sizeof *X), *H = mem_resize(NULL, s->d_sae, count * sizeof *H),
          *row = mem_new(d, sizeof *row);
    memcpy(X, x, count * d * sizeof *X);
    memset(out, 0, count * d * sizeof *out);
    for (uint32_t t = 0; t < count; t++) sae_prepare(s, X + t * d);
    for (uint32_t first = 0; first < s->d_sae; first += BLOCK_LATENTS) {
        uint32_t left = s->d_sae - first;
        sae_encode(s, X, count, first, left < BLOCK_LATENTS ? left : BLOCK_LATENTS, H + (size_t)first * count);
    }
    for (uint32_t t = 0; t < count && s->activation == SAE_TOPK; t++) sae_keep_topk(s, H, count, t);
    for (uint32_t j = 0; j < s->d_sae; j++) {
        bool read = false;
        for (uint32_t t = 0; t < count; t++) {
            const double h = (double)H[(size_t)j * count + t];
            if (h == 0) continue;
            if (!read && !scry_decoder_row(index, j, row)) break;
            read = true;
            for (size_t i = 0; i < d; i++) out[t * d + i] += h * (double)row[i];
        }
    }
    free(X);
    free(H);
    free(row);
}
