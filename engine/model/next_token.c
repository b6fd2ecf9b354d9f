/* next_token.c: logits against a next token. */
#include "model.h"

#include <math.h>

scry_next_token scry_next_token_of(const float *logits, uint32_t vocabulary, uint32_t target) {
    scry_next_token out = {.top = 0};
    for (uint32_t i = 1; i < vocabulary; i++)
        if (logits[i] > logits[out.top]) out.top = i;
    double max = (double)logits[out.top], sum = 0;
    for (uint32_t i = 0; i < vocabulary; i++) sum += exp((double)logits[i] - max);
    out.log_probability = (double)logits[target] - max - log(sum);
    return out;
}
