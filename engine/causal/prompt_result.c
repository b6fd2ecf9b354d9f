/* causal/prompt_result.c: questions about the result of a prompt. */
#include "prompt.h"

#include <stdlib.h>

void scry_prompt_result_free(scry_prompt_result *r) {
    if (!r) return;
    free(r->id);
    free(r->outlier);
    free(r->start);
    free(r->latent);
    free(r->activation);
    for (int m = 0; m < SCRY_NEXT_MODELS; m++) free(r->predicted[m]);
    free(r);
}

bool scry_prompt_counts(const scry_prompt_result *r, size_t token) {
    return token >= r->front && !r->outlier[token];
}

size_t scry_prompt_strongest(const scry_prompt_result *r, size_t token, size_t most, scry_active_latent *out) {
    size_t kept = 0;
    for (uint64_t i = r->start[token]; most && i < r->start[token + 1]; i++) {
        float h = r->activation[i];
        if (kept == most && h <= out[kept - 1].activation) continue;
        size_t at = kept < most ? kept++ : kept - 1;
        for (; at > 0 && h > out[at - 1].activation; at--) out[at] = out[at - 1];
        out[at] = (scry_active_latent){r->latent[i], h};
    }
    return kept;
}

float scry_prompt_activation(const scry_prompt_result *r, size_t token, uint32_t latent) {
    uint64_t low = r->start[token], high = r->start[token + 1];
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (r->latent[middle] < latent) low = middle + 1;
        else high = middle;
    }
    return low < r->start[token + 1] && r->latent[low] == latent ? r->activation[low] : 0;
}

float scry_prompt_peak(const scry_prompt_result *r, uint32_t latent) {
    float peak = 0;
    for (size_t t = r->front; t < r->tokens; t++) {
        float h = scry_prompt_counts(r, t) ? scry_prompt_activation(r, t, latent) : 0;
        peak = h > peak ? h : peak;
    }
    return peak;
}

bool scry_prompt_strongest_latent(const scry_prompt_result *r, uint32_t *latent) {
    float peak = 0;
    for (size_t t = r->front; t < r->tokens; t++)
        for (uint64_t i = r->start[t]; scry_prompt_counts(r, t) && i < r->start[t + 1]; i++)
            if (r->activation[i] > peak) peak = r->activation[i], *latent = r->latent[i];
    return peak > 0;
}
