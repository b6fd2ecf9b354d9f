/* toggle.c: what one toggle costs on an index: bench_toggle X.scry. Each row is a ratio to the slow
 * way, taken in the same run: a fresh sum over the whole selection. */
#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t state = 1;
static uint32_t draw(uint32_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) * n >> 31);
}

int main(int argc, char **argv) {
    scry_error err = {0};
    scry_index *index = argc == 2 ? scry_open(argv[1], true, &err) : NULL;
    scry_condition source[SCRY_CONDITIONS];
    if (!index || !scry_sources(index, 0, source)) {
        fprintf(stderr, "usage: bench_toggle X.scry %s\n", err.text);
        return 2;
    }
    const scry_info *info = scry_about(index);
    scry_session *s = scry_session_new(index, 0, source[0], SCRY_SQ, 100, SCRY_ACT, &err);
    enum { ROUNDS = 200000, SLOW = 2000, REPEATS = 5 };
    volatile double sink = 0;
    double step = INFINITY, sums = INFINITY, fresh = INFINITY, all = INFINITY;
    uint32_t *latents = malloc(info->d_sae * sizeof *latents);
    float *rho = malloc(info->d_sae * sizeof *rho);
    if (!latents || !rho) return 1;
    for (uint32_t j = 0; j < info->d_sae; j++) latents[j] = j;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double t = now();
        for (int i = 0; i < ROUNDS; i++) {
            uint32_t latent = draw(info->d_sae);
            scry_session_toggle(s, &latent, 1);
            sink += scry_session_result(s)->fit.pearson;
        }
        step = fmin(step, (now() - t) / ROUNDS);
        scry_scorer *scorer = scry_scorer_new(index, SCRY_ACT);
        scry_scorer_load(scorer, scry_session_set(s));
        t = now();
        for (int i = 0; i < ROUNDS; i++) {
            uint32_t latent = draw(info->d_sae);
            scry_scorer_put(scorer, latent, !(i & 1));
        }
        sums = fmin(sums, (now() - t) / ROUNDS);
        t = now();
        for (int i = 0; i < SLOW; i++) {
            scry_scorer_load(scorer, scry_session_set(s));
            sink += scry_scorer_value(scorer, 0);
        }
        fresh = fmin(fresh, (now() - t) / SLOW);
        t = now();
        scry_what_if(index, scorer, scry_session_set(s), scry_session_scope(s), latents, info->d_sae, rho);
        all = fmin(all, now() - t);
        scry_scorer_free(scorer);
    }
    uint32_t count = scry_session_set(s)->count;
    printf("%u latents x %zu domains, %u in the set, best of %d\n", info->d_sae, info->domains, count, REPEATS);
    printf("  one toggle, sums only            %8.0f ns   %.0fx a fresh sum of the set (%.0f ns)\n", sums * 1e9,
           fresh / sums, fresh * 1e9);
    printf("  one toggle with history and rho  %8.0f ns   %.2f of a microsecond\n", step * 1e9, step * 1e6);
    printf("  what-if rho of every latent      %8.3f ms   %.1f ns a latent\n", all * 1e3, all * 1e9 / info->d_sae);
    free(latents);
    free(rho);
    scry_session_free(s);
    scry_close(index);
    return isnan(sink);
}
