/* sae/reconstruct.c: encode, decode, and give back what the input lost on its way. */
#include "sae/reconstruct.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

sae_room sae_room_new(const sae *s, uint32_t rows) {
    return (sae_room){.rows = rows,
                      .X = mem_new((size_t)rows * s->d_in, sizeof(float)),
                      .H = mem_new((size_t)rows * s->d_sae, sizeof(float)),
                      .made = mem_new((size_t)rows * s->d_in, sizeof(double))};
}

void sae_room_free(sae_room *room) {
    free(room->X);
    free(room->H);
    free(room->made);
    *room = (sae_room){0};
}

static void decode(const sae *s, uint32_t n, sae_room *room) {
    const size_t d = s->d_in;
    for (uint32_t t = 0; t < n; t++)
        for (size_t i = 0; i < d; i++) room->made[t * d + i] = (double)s->b_dec[i];
    for (uint32_t j = 0; j < s->d_sae; j++) {
        const float *h = room->H + (size_t)j * n, *row = s->W_dec + (size_t)j * d;
        for (uint32_t t = 0; t < n; t++) {
            const double value = (double)h[t];
            if (value == 0) continue;
            double *made = room->made + t * d;
            for (size_t i = 0; i < d; i++) made[i] += value * (double)row[i];
        }
    }
}

void sae_reconstruct(const sae *s, const float *x, uint32_t n, sae_room *room, float *out) {
    const size_t d = s->d_in;
    memcpy(room->X, x, n * d * sizeof *x);
    for (uint32_t t = 0; t < n; t++) sae_prepare(s, room->X + t * d);
    sae_encode(s, room->X, n, 0, s->d_sae, room->H);
    for (uint32_t t = 0; t < n && s->activation == SAE_TOPK; t++) sae_keep_topk(s, room->H, n, t);
    decode(s, n, room);
    for (uint32_t t = 0; t < n; t++) {
        double times, add;
        sae_input_lost(s->input, x + t * d, s->d_in, &times, &add);
        for (size_t i = 0; i < d; i++)
            out[t * d + i] = (float)(room->made[t * d + i] / (double)s->input_scale * times + add);
    }
}
