/* sae/reconstruct.h: what an SAE makes of residuals: encoded, decoded, and in the units of what it read. */
#ifndef SCRY_SAE_RECONSTRUCT_H
#define SCRY_SAE_RECONSTRUCT_H

#include "sae/sae.h"

/* Room for `rows` residuals at a time. Owner: sae_room_free. */
typedef struct sae_room {
    uint32_t rows;
    float *X;     /* [rows][d] prepared */
    float *H;     /* [F][rows] */
    double *made; /* [rows][d] */
} sae_room;
sae_room sae_room_new(const sae *s, uint32_t rows);
void sae_room_free(sae_room *room);

/* Writes x^ of x [n][d] to out [n][d], n at most room->rows. The SAE has a decoder. Thread-safe with a room for each
 * thread. */
void sae_reconstruct(const sae *s, const float *x, uint32_t n, sae_room *room, float *out);

#endif
