/* ablate.c: row 11: the sample study's model run on without 100 latents, against OpenBLAS's sgemm on as many threads.
 */
#include "bench.h"

#include "causal/causal.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>

enum { SIDE = 1024, LATENTS = 100 };

/* What has to be computed beyond the hook: linear layers, the scores and sums of attention that are not masked, and the
 * logits of the rows that count. */
static double work_of(const scry_causal *c) {
    const scry_model_info *m = scry_model_info_of(c->model);
    double d = m->d_model, q = (double)m->heads * m->head_dim, kv = (double)m->kv_heads * m->head_dim, sum = 0;
    double layers = m->layers - c->hook.layer - (c->hook.point == SCRY_RESID_POST);
    double linear = 2 * (d * (q + 2 * kv) + q * d + 3 * d * m->d_mlp);
    for (size_t i = 0; i < c->texts.count; i++) {
        const causal_sample *s = &c->texts.samples[i];
        double t = s->count;
        sum += layers * (t * linear + 4 * q * t * (t + 1) / 2) + (s->to - s->from) * 2 * d * m->vocabulary;
    }
    return sum;
}

static double sgemm_rate(double seconds) {
    float *a = calloc((size_t)SIDE * SIDE, sizeof *a), *b = calloc((size_t)SIDE * SIDE, sizeof *b),
          *c = calloc((size_t)SIDE * SIDE, sizeof *c);
    if (!a || !b || !c) die("out of memory");
    uint64_t state = 4;
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) a[i] = normal(&state), b[i] = normal(&state);
    double begin = now(), end = begin;
    int products = 0;
    for (; products == 0 || end - begin < seconds; products++) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0, c, SIDE);
        end = now();
    }
    free(a);
    free(b);
    free(c);
    return products * 2.0 * SIDE * SIDE * SIDE / (end - begin);
}

void bench_ablate(void) {
    scry_error err = {0};
    char *path = path_in("sample.scry");
    if (!scry_index_build("sample_data/study.json", path, NULL, NULL, NULL, &err)) die("%s", err.text);
    scry_index *x = scry_open(path, false, &err);
    if (!x) die("%s", err.text);
    double begin = now();
    scry_causal *c = scry_causal_open(x, &(scry_causal_options){0}, NULL, &err);
    double opened = now() - begin;
    scry_ranking *ranking = c ? scry_rank(x, 0, SCRY_ICL, SCRY_SQ, &err) : NULL;
    if (!ranking) die("%s", err.text);
    scry_set *set = scry_set_new(ranking->latents);
    for (uint32_t rank = 0; rank < LATENTS; rank++) scry_set_put(set, ranking->order[rank], true);
    scry_domain_effect *out = calloc(scry_index_info(x)->domains, sizeof *out);
    double first = INFINITY, again = INFINITY, rate = 0, work = work_of(c);
    for (int i = 0; i <= scale.repeats; i++) {
        begin = now();
        if (!out || !scry_ablate(c, set, &(scry_ablation){0}, out, NULL, NULL, &err)) die("%s", err.text);
        if (!i) first = now() - begin;
        else again = fmin(again, now() - begin);
        rate = fmax(rate, sgemm_rate(i ? again : first / 2));
    }
    say("%zu texts, %zu tokens: opened and run to the hook in %.2f s; the first set with the unablated run %.2f s, "
        "another set %.2f s, %.1f GFLOP",
        c->texts.count, c->texts.tokens, opened, first, again, work * 1e-9);
    row("11 ablation, 14 domains, N 100", text("%.2f s", again), "", "", "<= 3 s", again <= 3);
    row("11 of sgemm's peak", text("%.1f GFLOP/s", work / again * 1e-9), text("sgemm %.1f GFLOP/s", rate * 1e-9),
        text("%.2f", work / again / rate), "", -1);
    free(out);
    free(path);
    scry_set_free(set);
    scry_ranking_free(ranking);
    scry_causal_free(c);
    scry_close(x);
}
