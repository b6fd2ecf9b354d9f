/* stats/set_drawing.c: random sets, drawn from a pool of latents. */
#include "stats/set_drawing.h"
#include "base/random.h"

#include <stdlib.h>

static bool is_drawn(const uint64_t *bits, uint32_t at) {
    return bits[at / 64] >> (at % 64) & 1;
}

/* One that is not drawn yet, near a chosen latent; the nearest above or below where all of the window are. */
static uint32_t draw_near(const set_drawing *d, uint32_t chosen, uint64_t *seed, const uint64_t *bits) {
    uint32_t low = chosen < SET_DRAWING_WINDOW ? 0 : chosen - SET_DRAWING_WINDOW;
    uint32_t high = d->count - chosen <= SET_DRAWING_WINDOW ? d->count - 1 : chosen + SET_DRAWING_WINDOW;
    for (int k = 0; k < 4 * SET_DRAWING_WINDOW; k++) {
        uint32_t at = low + random_below(seed, high - low + 1);
        if (!is_drawn(bits, at)) return at;
    }
    for (uint32_t far = 0; far < d->count; far++) {
        uint32_t below = chosen - far, above = chosen + far;
        if (far <= chosen && !is_drawn(bits, below)) return below;
        if (above < d->count && !is_drawn(bits, above)) return above;
    }
    return chosen;
}

uint32_t set_drawing_one(const set_drawing *d, uint32_t i, uint64_t *seed, const uint64_t *bits) {
    return d->chosen ? draw_near(d, d->chosen[i], seed, bits) : random_below(seed, d->count);
}

void set_drawing_bits(const set_drawing *d, uint64_t seed, uint64_t *bits) {
    for (uint32_t i = 0; i < d->size;) {
        uint32_t at = set_drawing_one(d, i, &seed, bits);
        uint64_t bit = (uint64_t)1 << (at % 64), before = bits[at / 64];
        i += !(before & bit);
        bits[at / 64] = before | bit;
    }
}

static int by_rate(const void *a, const void *b) {
    const pool_latent *x = a, *y = b;
    if (x->activations != y->activations) return x->activations < y->activations ? -1 : 1;
    return (x->latent > y->latent) - (x->latent < y->latent);
}

uint32_t set_drawing_match(pool_latent *pool, uint32_t count, const scry_set *set, uint32_t *chosen) {
    uint32_t found = 0;
    qsort(pool, count, sizeof *pool, by_rate);
    for (uint32_t i = 0; i < count; i++)
        if (scry_set_has(set, pool[i].latent)) chosen[found++] = i;
    return found;
}
