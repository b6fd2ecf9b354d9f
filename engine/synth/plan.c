/* synth/plan.c: the formulas of a planted study, the draws that plant rho, and the list of its files. */
#include "synth/plan.h"
#include "base/mem.h"
#include "base/random.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_DOMAINS = 4096 };

uint32_t synth_latent_at(const synth_plan *p, uint32_t rank) {
    return (uint32_t)((rank * p->multiplier + p->offset) % p->F);
}

uint32_t synth_swapped(const synth_plan *p, uint32_t r) {
    if (r < p->half) return r % 2 ? r + p->half : r;
    return r < 2 * p->half && (r - p->half) % 2 ? r - p->half : r;
}

float synth_amplitude_at(uint32_t rank) {
    return (float)(SYNTH_AMPLITUDE / sqrt((double)rank + 1));
}

float synth_control_at(const synth_plan *p, uint32_t rank) {
    return synth_amplitude_at(p->F - 1 - rank);
}

int synth_direction(const synth_plan *p, uint32_t latent) {
    return latent / p->T % 4 == 3 ? -1 : 1;
}

static double tilt(const synth_plan *p, size_t domain, uint32_t rank) {
    uint64_t state = p->o->seed ^ (uint64_t)(domain + 1) << 40 ^ rank / 2;
    bool up = (random_next(&state) >> 63) != (rank & 1);
    return up ? 1 + SYNTH_TILT : 1 - SYNTH_TILT;
}

double synth_cell(const synth_plan *p, bool icl, size_t domain, uint32_t rank) {
    const double *weight = rank >= p->head ? p->v : icl ? p->u_icl : p->u;
    uint32_t pair = (rank < p->head ? rank : p->head) / 2; /* the same for all behind the head */
    return weight[domain] * tilt(p, domain, rank) / (pair + 1);
}

double synth_sts(const synth_plan *p, scry_score score, size_t domain, uint32_t n) {
    bool icl = scry_scores[score].condition == SCRY_ICL;
    double sum = 0;
    for (uint32_t r = 0; r < n; r++) {
        double one = synth_cell(p, icl, domain, r);
        sum += scry_score_term(score, icl ? sqrt(one) : one);
    }
    return scry_score_aggregate(score, sum / p->T, n);
}

uint32_t synth_overlap_at(const synth_plan *p, uint32_t n) {
    uint32_t below = n < p->half ? n : p->half, from = n > p->half ? n - p->half : 0;
    return n - (below > from ? below / 2 - from / 2 : 0); /* odd numbers in [from, below) are half */
}

double synth_harmonic(uint32_t n) {
    double sum = 0;
    for (uint32_t i = n; i > 0; i--) sum += 1.0 / i; /* small ones first */
    return sum;
}

static double unit_random(uint64_t *state) {
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

static double normal_random(uint64_t *state) {
    double radius = sqrt(-2 * log(1 - unit_random(state)));
    return radius * cos(2 * 3.14159265358979323846 * unit_random(state));
}

static double dot(const double *a, const double *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Remove the mean and the parts along the unit vectors from x and scale it to length 1. False (and x all 0) when
 * nothing is left. Two passes, since one leaves rounding errors. */
static bool orthogonal(double *x, size_t n, const double *const *units, size_t count) {
    double before = sqrt(dot(x, x, n));
    for (int pass = 0; pass < 2; pass++) {
        double mean = 0;
        for (size_t i = 0; i < n; i++) mean += x[i] / (double)n;
        for (size_t i = 0; i < n; i++) x[i] -= mean;
        for (size_t k = 0; k < count; k++) {
            double along = dot(x, units[k], n);
            for (size_t i = 0; i < n; i++) x[i] -= along * units[k][i];
        }
    }
    double length = sqrt(dot(x, x, n));
    bool left = length > 1e-9 * before;
    for (size_t i = 0; i < n; i++) x[i] = left ? x[i] / length : 0;
    return left;
}

/* out = middle + spread * x, x scaled so that its largest is 1. */
static void stretch(const double *x, size_t n, double middle, double spread, double *out) {
    double most = 0;
    for (size_t i = 0; i < n; i++) most = fabs(x[i]) > most ? fabs(x[i]) : most;
    for (size_t i = 0; i < n; i++) out[i] = middle + (most > 0 ? spread * x[i] / most : 0);
}

/* A random direction away from `unit`, mixed with it so that the correlation is rho. */
static void correlated(const double *unit, size_t n, double rho, uint64_t *state, double *out) {
    do {
        for (size_t i = 0; i < n; i++) out[i] = normal_random(state);
    } while (!orthogonal(out, n, &unit, 1));
    for (size_t i = 0; i < n; i++) out[i] = rho * unit[i] + sqrt(1 - rho * rho) * out[i];
}

static void plant_domains(synth_plan *p) {
    size_t D = p->D;
    uint64_t state = p->o->seed ^ 0x646f6d61696e73u;
    double **array[] = {&p->u, &p->v, &p->u_icl, &p->change};
    for (size_t i = 0; i < sizeof array / sizeof *array; i++) *array[i] = mem_new(D, sizeof(double));
    double *unit_u = mem_new(D, sizeof(double)), *unit_y = mem_new(D, sizeof(double)), *x = mem_new(D, sizeof(double));
    do {
        for (size_t d = 0; d < D; d++) unit_u[d] = p->u[d] = 0.5 + 1.5 * unit_random(&state);
    } while (!orthogonal(unit_u, D, NULL, 0));
    if (p->o->is_null) {
        for (size_t d = 0; d < D; d++) {
            p->change[d] = 4 * normal_random(&state);
            unit_y[d] = fabs(p->change[d]);
            p->u_icl[d] = 0.5 + 1.5 * unit_random(&state);
        }
        orthogonal(unit_y, D, NULL, 0);
    } else {
        correlated(unit_u, D, p->o->rho, &state, unit_y);
        stretch(unit_y, D, -5, -4, p->change);
        correlated(unit_y, D, p->o->rho, &state, x);
        stretch(x, D, 1.25, 0.75, p->u_icl);
    }
    /* y counts only beyond what u has of it, so that the two are at right angles; nothing remains
     * where rho is 1 or -1. */
    for (size_t d = 0; d < D; d++) x[d] = normal_random(&state);
    const double *units[] = {unit_u, unit_y};
    bool more = orthogonal(unit_y, D, units, 1);
    orthogonal(x, D, units, more ? 2 : 1); /* 0 for three domains: v is then the same for all */
    stretch(x, D, 1, 0.4, p->v);
    free(unit_u);
    free(unit_y);
    free(x);
}

static uint32_t common_divisor(uint32_t a, uint32_t b) {
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

bool synth_check_options(const synth_options *o, scry_error *err) {
    if (o->latents < 16 || o->latents > SYNTH_MOST_LATENTS)
        return scry_misuse(err, "width: found %" PRIu32 " latents, expected 16 to %d", o->latents, SYNTH_MOST_LATENTS);
    if (o->tokens < 8 || o->tokens > o->latents)
        return scry_misuse(err, "tokens: found %" PRIu32 ", expected 8 to as many as there are latents, %" PRIu32,
                           o->tokens, o->latents);
    if (o->domains < 3 || o->domains > MOST_DOMAINS)
        return scry_misuse(err, "domains: found %" PRIu32 ", expected 3 (fewer have no correlation) to %d", o->domains,
                           MOST_DOMAINS);
    if (!(o->rho >= -1 && o->rho <= 1)) return scry_misuse(err, "rho: found %g, expected -1 to 1", o->rho);
    return true;
}

void synth_plan_make(synth_plan *p, const char *folder, const synth_options *o, scry_error *err) {
    *p = (synth_plan){.o = o, .folder = folder, .F = o->latents, .D = o->domains, .T = o->tokens, .err = err};
    p->columns = (p->F + p->T - 1) / p->T;
    p->half = p->F / 2;
    p->head = p->F < 2 * SYNTH_HEAD ? p->half & ~1u : SYNTH_HEAD;
    uint64_t state = o->seed;
    uint32_t multiplier = p->F / 4 + random_below(&state, p->half);
    while (common_divisor(multiplier, p->F) != 1) multiplier++;
    p->multiplier = multiplier;
    p->offset = random_below(&state, p->F);
    plant_domains(p);
}

void synth_plan_free(synth_plan *p) {
    for (size_t i = 0; i < p->made_count; i++) free(p->made[i]);
    free(p->made);
    double *owned[] = {p->u, p->v, p->u_icl, p->change};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

void synth_domain_name(const synth_plan *p, size_t domain, char name[24]) {
    snprintf(name, 24, "domain-%0*zu", p->D > 99 ? 4 : 2, domain + 1);
}

void synth_add_file(synth_plan *p, char *path, uint64_t size) {
    p->made = mem_resize(p->made, p->made_count + 1, sizeof *p->made);
    p->made[p->made_count++] = path;
    p->result.bytes += size;
}
