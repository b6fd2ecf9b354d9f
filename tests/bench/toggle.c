/* toggle.c: rows 4 and 5: one toggle, against a fresh sum of the selection; what-if of every latent. */
#include "bench.h"

#include "base/random.h"
#include "session.h"

#include <math.h>
#include <stdlib.h>

enum { ROUNDS = 200000, SLOW = 2000 };

void bench_toggle(void) {
    scry_error err = {0};
    char *path = path_in("wide.scry");
    scry_index *index = scry_open(path, false, &err);
    scry_session *s = index ? scry_session_new(index, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err) : NULL;
    if (!s) die("%s", err.text);
    const scry_info *info = scry_index_info(index);
    volatile double sink = 0;
    double step = INFINITY, near = INFINITY, sums = INFINITY, fresh = INFINITY, all = INFINITY;
    uint64_t state = 1;
    float *rho = malloc(info->d_sae * sizeof *rho);
    if (!rho) die("out of memory");
    const uint32_t *order = scry_session_ranking(s)->order;
    uint32_t count = scry_session_set(s)->count;
    scry_scorer *scorer = scry_scorer_new(index, SCRY_ACT); /* kept, as a session keeps its own */
    for (int repeat = 0; repeat < scale.repeats; repeat++) {
        double t = now();
        for (int i = 0; i < SLOW; i++) {
            scry_scorer_load(scorer, scry_session_set(s));
            sink += scry_scorer_value(scorer, 0);
        }
        fresh = fmin(fresh, (now() - t) / SLOW);
        t = now();
        for (int i = 0; i < ROUNDS; i++) {
            scry_scorer_put(scorer, order[i % 100], i / 100 & 1);
            sink += scry_scorer_value(scorer, (size_t)i % info->domains);
        }
        sums = fmin(sums, (now() - t) / ROUNDS);
        t = now();
        scry_what_if(index, scorer, scry_session_set(s), scry_session_scope(s), NULL, info->d_sae, rho);
        all = fmin(all, now() - t);
        t = now();
        for (int i = 0; i < ROUNDS; i++) {
            uint32_t latent = order[random_below(&state, 1000)];
            scry_session_toggle(s, &latent, 1);
            sink += scry_session_result(s)->fit.pearson;
        }
        near = fmin(near, (now() - t) / ROUNDS);
        t = now();
        for (int i = 0; i < ROUNDS; i++) {
            uint32_t latent = random_below(&state, info->d_sae);
            scry_session_toggle(s, &latent, 1);
            sink += scry_session_result(s)->fit.pearson;
        }
        step = fmin(step, (now() - t) / ROUNDS);
        scry_session_free(s);
        s = scry_session_new(index, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err);
        if (!s) die("%s", err.text);
        order = scry_session_ranking(s)->order;
    }
    say("%u latents x %zu domains, %u in the set; %d toggles, best of %d; the sums alone %.0f ns", info->d_sae,
        info->domains, count, ROUNDS, scale.repeats, sums * 1e9);
    const char *other = text("fresh sum of %u: %.0f ns", count, fresh * 1e9);
    row("4 toggle, history, rho; first 1,000 ranks", text("%.0f ns", near * 1e9), other, text("1/%.1f", fresh / near),
        "< 1000 ns", near < 1e-6);
    row("4 toggle, history, rho; any latent", text("%.0f ns", step * 1e9), other, text("1/%.1f", fresh / step),
        "< 1000 ns", step < 1e-6);
    row(text("5 what-if of %u x %zu", info->d_sae, info->domains), text("%.2f ms", all * 1e3), "a frame: 16 ms",
        text("%.2fx", all / 16e-3), "< 16 ms", all < 16e-3);
    free(rho);
    scry_scorer_free(scorer);
    free(path);
    scry_session_free(s);
    scry_close(index);
    if (isnan(sink)) die("rho was not a number");
}
