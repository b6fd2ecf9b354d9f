/* stats/set_drawing.h: random sets, drawn from a pool of latents. */
#ifndef SCRY_STATS_SET_DRAWING_H
#define SCRY_STATS_SET_DRAWING_H

#include "scry.h"

/* Distinct positions in a pool. Matched to a chosen set: one for each of its latents, at most SET_DRAWING_WINDOW ranks
 * by firing rate away, which may be that latent itself. */
enum { SET_DRAWING_WINDOW = 60 };
typedef struct set_drawing {
    uint32_t count;   /* of the pool */
    uint32_t size;    /* to draw, at most count */
    uint32_t *chosen; /* [size] positions of the set to match in a pool that is in order of firing rate; NULL: any are
                         drawn */
} set_drawing;

/* Draws the i-th position, which may be among those in bits already, where none is matched. */
uint32_t set_drawing_one(const set_drawing *d, uint32_t i, uint64_t *seed, const uint64_t *bits);
/* Draws a whole set, every one equally likely (but where sets are matched): sets its bits in bits [(count + 63) / 64],
 * all 0 before. */
void set_drawing_bits(const set_drawing *d, uint64_t seed, uint64_t *bits);

/* A latent of a pool, and how often it is active. */
typedef struct pool_latent {
    uint32_t activations, latent;
} pool_latent;
/* Sorts a pool by firing rate, ties by latent, and writes the positions of the set's latents to chosen [set->count].
 * Returns how many are in the pool. */
uint32_t set_drawing_match(pool_latent *pool, uint32_t count, const scry_set *set, uint32_t *chosen);

#endif
