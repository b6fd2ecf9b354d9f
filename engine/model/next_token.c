/* next_token.c: logits against a next token. */
#include "base/cpu_dispatch.h"
#include "model.h"

#include <math.h>

enum { LANES = 16, WIDTH = 4 };
typedef double wide __attribute__((vector_size(WIDTH * sizeof(double))));
typedef float narrow __attribute__((vector_size(WIDTH * sizeof(float)), aligned(4), may_alias));
typedef int64_t wide_bits __attribute__((vector_size(WIDTH * sizeof(int64_t))));

/* Adds e^x of each x <= 0 (below -700: of -700), to 1e-15: x = k ln 2 + r, a Taylor series for e^r (|r| <= ln 2 / 2;
 * the first term left out is below 5e-18), and 2^k by its exponent. */
__attribute__((always_inline)) static inline void add_exponentials(const wide *of, wide *sums) {
    wide x = *of;
    const double whole = 0x1.8p52; /* adding it rounds to whole numbers, which are then its lowest bits */
    const wide least = (wide){0} - 700;
    wide_bits below = x < least;
    x = (wide)(((wide_bits)x & ~below) | ((wide_bits)least & below));
    wide shifted = x * 0x1.71547652b82fep0 + whole, k = shifted - whole;
    wide r = (x - k * 0x1.62e42fefa38p-1) - k * 0x1.ef35793c7673p-45;
    static const double terms[] = {
        1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720,
        1.0 / 120,       1.0 / 24,       1.0 / 6,       0.5,          1,           1};
    wide p = (wide){0} + 1.0 / 6227020800;
    for (size_t i = 0; i < sizeof terms / sizeof *terms; i++) p = p * r + terms[i];
    *sums += p * (wide)(((wide_bits)shifted + 1023) << 52);
}

/* The largest of n numbers. */
CPU_DISPATCH static float largest(const float *logits, uint32_t n) {
    float lane[LANES], most = logits[0];
    for (int l = 0; l < LANES; l++) lane[l] = most;
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (uint32_t l = 0; l < LANES; l++) lane[l] = logits[i + l] > lane[l] ? logits[i + l] : lane[l];
    for (; i < n; i++) most = logits[i] > most ? logits[i] : most;
    for (int l = 0; l < LANES; l++) most = lane[l] > most ? lane[l] : most;
    return most;
}

/* The sum of e^(logit - max), in lanes that are added in a fixed order. */
CPU_DISPATCH static double sum_of_exponentials(const float *logits, uint32_t n, double max) {
    wide sums[2] = {{0}, {0}};
    double sum = 0;
    uint32_t i = 0;
    for (; i + 2 * WIDTH <= n; i += 2 * WIDTH) {
        const narrow *x = (const narrow *)(logits + i);
        wide low = __builtin_convertvector(x[0], wide) - max, high = __builtin_convertvector(x[1], wide) - max;
        add_exponentials(&low, &sums[0]);
        add_exponentials(&high, &sums[1]);
    }
    for (; i < n; i++) {
        wide x = (wide){0} - (double)INFINITY;
        x[0] = (double)logits[i] - max;
        add_exponentials(&x, &sums[0]);
    }
    sums[0] += sums[1];
    for (int l = 0; l < WIDTH; l++) sum += sums[0][l];
    return sum;
}

scry_next_token scry_next_token_of(const float *logits, uint32_t vocabulary, uint32_t target) {
    scry_next_token out = {.top = 0};
    float max = largest(logits, vocabulary);
    while (out.top + 1 < vocabulary && logits[out.top] != max) out.top++;
    out.log_probability =
        (double)logits[target] - (double)max - log(sum_of_exponentials(logits, vocabulary, (double)max));
    return out;
}
