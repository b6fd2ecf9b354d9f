/* effect_example.h: effect columns of made-up numbers for the sample's index, written by the engine's writer and kept
 * as plain arrays. */
#ifndef SCRY_TESTS_UNIT_EFFECT_EXAMPLE_H
#define SCRY_TESTS_UNIT_EFFECT_EXAMPLE_H

#include "check.h"
#include "index/read/effects.h"

#include <stdlib.h>

enum { EXAMPLE_DRAWS = 3, EXAMPLE_SETS = EXAMPLE_DRAWS + 1, EXAMPLE_EACH = 7 };

typedef struct effect_example {
    uint32_t latents, samples;
    size_t domains;
    uint32_t *first, *sample_tokens, *number; /* as in the file */
    uint64_t *tokens;
    float *a; /* [latents][samples][EXAMPLE_SETS], zero where it does not fire */
} effect_example;

/* Domain `bare` has no samples. */
static inline bool effect_example_write(effect_example *e, const scry_index *x, const char *path, size_t bare,
                                        double size, uint64_t seed, scry_error *err) {
    const size_t D = x->D;
    *e = (effect_example){.latents = x->F, .domains = D};
    e->first = calloc(D + 1, sizeof *e->first);
    e->tokens = calloc(D, sizeof *e->tokens);
    for (size_t d = 0; d < D; d++) e->first[d + 1] = e->first[d] + (d == bare ? 0 : EXAMPLE_EACH);
    const uint32_t N = e->samples = e->first[D];
    e->sample_tokens = calloc(N, sizeof *e->sample_tokens);
    e->number = calloc(N, sizeof *e->number);
    e->a = calloc((size_t)x->F * N * EXAMPLE_SETS, sizeof *e->a);
    for (size_t d = 0; d < D; d++)
        for (uint32_t s = e->first[d]; s < e->first[d + 1]; s++) {
            e->tokens[d] += e->sample_tokens[s] = 5 + roll_below(&seed, 40);
            e->number[s] = s - e->first[d];
        }
    /* two parts, of the first half of samples and of the rest */
    uint64_t room = (uint64_t)x->F * N, counts[2] = {0};
    effect_entry *entry[2] = {calloc(room, sizeof *entry[0]), calloc(room, sizeof *entry[1])};
    float *value[2] = {calloc(room * EXAMPLE_SETS, sizeof *value[0]), calloc(room * EXAMPLE_SETS, sizeof *value[1])};
    for (uint32_t j = 0; j < x->F; j++) {
        uint32_t row = row_of(&x->rows, j);
        for (uint32_t s = 0; s < N && row != NO_ROW; s++) {
            if (roll_below(&seed, 6)) continue;
            int part = s >= N / 2;
            float *a = e->a + ((size_t)j * N + s) * EXAMPLE_SETS;
            for (int m = 0; m < EXAMPLE_SETS; m++) {
                double u = roll_unit(&seed) - 0.45;
                a[m] = value[part][counts[part] * EXAMPLE_SETS + (size_t)m] = (float)(size * u * u * u);
            }
            entry[part][counts[part]++] = (effect_entry){row, s};
        }
    }
    const effect_part parts[2] = {{entry[0], value[0], counts[0]}, {entry[1], value[1], counts[1]}};
    effect_source source = {.meta = {.index = scry_fingerprint(x),
                                     .model = 77,
                                     .seed = 5,
                                     .draws = EXAMPLE_DRAWS,
                                     .domains = (uint32_t)D,
                                     .latents = x->F,
                                     .rows = x->rows.rows,
                                     .samples = N},
                            .model_path = "models/base",
                            .first = e->first,
                            .tokens = e->tokens,
                            .sample_tokens = e->sample_tokens,
                            .sample_number = e->number,
                            .parts = parts,
                            .count = 2};
    bool ok = effect_columns_write(path, &source, err);
    for (int p = 0; p < 2; p++) {
        free(entry[p]);
        free(value[p]);
    }
    return ok;
}

static inline void effect_example_free(effect_example *e) {
    free(e->first);
    free(e->sample_tokens);
    free(e->number);
    free(e->tokens);
    free(e->a);
}

/* The definition, in double: a domain's estimate for the set. */
static inline double effect_example_value(const effect_example *e, const scry_set *set, size_t d) {
    double sum = 0;
    for (uint32_t s = e->first[d]; s < e->first[d + 1]; s++) {
        double S[EXAMPLE_SETS] = {0};
        for (uint32_t j = 0; j < e->latents; j++)
            for (int m = 0; m < EXAMPLE_SETS && scry_set_has(set, j); m++)
                S[m] += (double)e->a[((size_t)j * e->samples + s) * EXAMPLE_SETS + (size_t)m];
        sum += S[0];
        for (int m = 1; m < EXAMPLE_SETS; m++) sum += S[m] * S[m] / (2.0 * EXAMPLE_DRAWS);
    }
    return e->tokens[d] ? sum / (double)e->tokens[d] : (double)NAN;
}

#endif
