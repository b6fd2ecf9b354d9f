/* effect_sums.c: the estimate of removing a set of latents, updated latent by latent. */
#include "index/read/effect_sums.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static size_t sets_of(const effect_sums *s) {
    return s->c->meta.draws + 1;
}

effect_sums *effect_sums_new(const effect_columns *c) {
    effect_sums *s = mem_new(1, sizeof *s);
    s->c = c;
    s->scale = ldexp(1, c->meta.exponent);
    s->part_scale = ldexp(1, -c->meta.exponent);
    s->part = mem_new((size_t)c->meta.samples * sets_of(s), sizeof *s->part);
    s->domain = mem_new(c->meta.samples, sizeof *s->domain);
    s->sum = mem_new(2 * (size_t)c->meta.domains, sizeof *s->sum);
    for (uint32_t d = 0; d < c->meta.domains; d++)
        for (uint32_t i = c->first[d]; i < c->first[d + 1]; i++) s->domain[i] = d;
    return s;
}

void effect_sums_free(effect_sums *s) {
    if (!s) return;
    free(s->part);
    free(s->domain);
    free(s->sum);
    free(s);
}

void effect_sums_clear(effect_sums *s) {
    memset(s->part, 0, (size_t)s->c->meta.samples * sets_of(s) * sizeof *s->part);
    memset(s->sum, 0, 2 * (size_t)s->c->meta.domains * sizeof *s->sum);
}

/* Sums wrap where damaged values are larger than any that are written: other numbers, and no fault. */
__extension__ typedef unsigned __int128 wide_bits;

static wide_bits square_of(uint64_t part) {
    const wide_bits wide = (wide_bits)(effect_wide)(int64_t)part;
    return wide * wide;
}

static void add(effect_wide *sum, wide_bits value) {
    *sum = (effect_wide)((wide_bits)*sum + value);
}

void effect_sums_put(effect_sums *s, uint32_t row, bool in) {
    const size_t sets = sets_of(s);
    uint64_t at, end = effect_column(s->c, row, &at);
    for (; at < end; at++) {
        const float *value = s->c->value + at * sets;
        const uint32_t sample = effect_sample(s->c, at);
        uint64_t *part = s->part + sample * sets;
        effect_wide *sum = s->sum + 2 * (size_t)s->domain[sample];
        wide_bits more = 0;
        for (size_t m = 0; m < sets; m++) {
            const uint64_t whole = (uint64_t)effect_whole(value[m], s->scale), before = part[m];
            part[m] = in ? before + whole : before - whole;
            if (m && !s->bulk) more += square_of(part[m]) - square_of(before);
            if (!m && !s->bulk) add(&sum[0], (wide_bits)(effect_wide)(int64_t)(part[0] - before));
        }
        add(&sum[1], more);
    }
}

void effect_sums_begin_bulk(effect_sums *s) {
    s->bulk = true;
}

void effect_sums_end_bulk(effect_sums *s) {
    if (!s->bulk) return;
    s->bulk = false;
    const size_t sets = sets_of(s);
    memset(s->sum, 0, 2 * (size_t)s->c->meta.domains * sizeof *s->sum);
    for (uint32_t i = 0; i < s->c->meta.samples; i++) {
        const uint64_t *part = s->part + i * sets;
        effect_wide *sum = s->sum + 2 * (size_t)s->domain[i];
        add(&sum[0], (wide_bits)(effect_wide)(int64_t)part[0]);
        for (size_t m = 1; m < sets; m++) add(&sum[1], square_of(part[m]));
    }
}

double effect_sums_value(const effect_sums *s, size_t domain) {
    const uint64_t tokens = s->c->tokens[domain];
    if (!tokens) return 0;
    return effect_estimate(&s->c->meta, s->sum[2 * domain], s->sum[2 * domain + 1], tokens);
}

double effect_sums_linear(const effect_sums *s, size_t domain) {
    const uint64_t tokens = s->c->tokens[domain];
    return tokens ? effect_estimate(&s->c->meta, s->sum[2 * domain], 0, tokens) : 0;
}

void effect_sums_toggle(const effect_sums *s, uint32_t row, bool in, double *change) {
    const size_t sets = sets_of(s);
    const double sign = in ? 1 : -1, half = 0.5 / s->c->meta.draws;
    uint64_t at, end = effect_column(s->c, row, &at);
    for (; at < end; at++) {
        const float *value = s->c->value + at * sets;
        const uint32_t sample = effect_sample(s->c, at), domain = s->domain[sample];
        const uint64_t *part = s->part + sample * sets;
        double squares = 0;
        for (size_t m = 1; m < sets; m++) {
            const double a = (double)value[m], now = (double)(int64_t)part[m] * s->part_scale;
            squares += a * (a + 2 * sign * now);
        }
        if (s->c->tokens[domain])
            change[domain] += (sign * (double)value[0] + half * squares) / (double)s->c->tokens[domain];
    }
}

double effect_sums_sample(const effect_sums *s, uint32_t sample) {
    const uint64_t *part = s->part + sample * sets_of(s);
    double squares = 0;
    for (size_t m = 1; m < sets_of(s); m++) {
        const double now = (double)(int64_t)part[m] * s->part_scale;
        squares += now * now;
    }
    return (double)(int64_t)part[0] * s->part_scale + squares / (2.0 * s->c->meta.draws);
}
