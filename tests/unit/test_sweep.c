/* test_sweep.c: rho over N, bands and random sets, overlap and mixture on planted studies, against the planted formulas
 * and against selections that are scored one by one; permutation p over 500 studies without effect must be uniform. */
#include "analysis.h"
#include "check.h"
#include "synth.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static cJSON *truth_of(const char *folder) {
    size_t size;
    char *text = (char *)read_bytes(text_of("%s/truth.json", folder), &size);
    cJSON *json = cJSON_Parse(text);
    free(text);
    return json;
}

static double element(const cJSON *truth, const char *list, size_t at) {
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(truth, list), (int)at);
    return item ? item->valuedouble : (double)NAN;
}

static scry_index *made(const char *name, const synth_options *o) {
    scry_error err = {0};
    const char *folder = scratch("%s", name), *out = text_of("%s.scry", folder);
    scry_build_options build = {.threads = 1};
    if (scry_synth(folder, o, NULL, &err) &&
        scry_index_build(text_of("%s/study.json", folder), out, &build, NULL, NULL, &err))
        return scry_open(out, false, &err);
    check(false, "%s: %s", name, err.text);
    return NULL;
}

/* ---- planted -------------------------------------------------------------------------------- */

typedef struct planted {
    scry_index *x;
    cJSON *truth;
    scry_ranking *icl, *sft;
    scry_scope scope;
    uint32_t F, D, head;
    double rho;
} planted;

/* Ranks from..to scored by themselves, each figure by the functions that have tests of their own. */
static scry_result alone(const planted *p, scry_score score, uint32_t from, uint32_t to) {
    scry_set *set = scry_set_new(p->F);
    for (uint32_t r = from - 1; r < to; r++) scry_set_put(set, p->icl->order[r], true);
    scry_scorer *scorer = scry_scorer_new(p->x, score);
    scry_scorer_load(scorer, set);
    scry_result r;
    scry_result_fit(&r, p->x, scorer, &p->scope);
    scry_result_statistics(&r, p->x, score, 0, NULL);
    scry_scorer_free(scorer);
    scry_set_free(set);
    return r;
}

static void add_point(worst *w, const planted *p, scry_score score, const scry_sweep_point *s) {
    scry_result r = alone(p, score, s->from, s->to);
    double share = 0, total = 0;
    for (uint32_t j = 0; j < p->F; j++) total += fabs(p->icl->shift[j]);
    for (uint32_t i = s->from - 1; i < s->to; i++) share += fabs(p->icl->shift[p->icl->order[i]]) / total;
    const double found[] = {s->fit.pearson, s->fit.r2, s->spearman,     s->p_value,
                            s->fit.slope,   s->share,  (double)s->fit.n};
    const double expected[] = {r.fit.pearson, r.fit.r2, r.spearman, r.p_value, r.fit.slope, share, (double)r.fit.n};
    for (int i = 0; i < 7; i++)
        worst_add(w, found[i], expected[i], i == 5 ? 1 : 1e-9 + fabs(expected[i]), "figure %d of ranks %u to %u", i,
                  s->from, s->to);
    scry_result_free(&r);
}

static void sweeps(const planted *p) {
    size_t count;
    worst each = {.tolerance = 1e-12}, as_planted = {.tolerance = 1e-5};
    for (int score = 0; score < SCRY_SCORES; score++) {
        scry_sweep_point *s = scry_sweep_n(p->x, p->icl, (scry_score)score, &p->scope, p->F, NULL, &count);
        for (size_t i = 0; i < count; i++) {
            add_point(&each, p, (scry_score)score, &s[i]);
            if ((score == SCRY_ACT || score == SCRY_SCORE_ICL) && s[i].to % 2 == 0 && s[i].to <= p->head)
                worst_add(&as_planted, s[i].fit.pearson, p->rho, 1, "%s, N %u", scry_score_name((scry_score)score),
                          s[i].to);
        }
        check(count > 40 && s[count - 1].to == p->F && s[0].from == 1, "sweep over N to %u: %zu points", p->F, count);
        free(s);
    }
    worst_line(&each, "each point of a sweep is that selection's own score");
    worst_line(&as_planted, "rho is the planted one at every even N of the head");
    worst bands = {.tolerance = 1e-12};
    uint32_t next = 1;
    scry_sweep_point *s = scry_sweep_bands(p->x, p->icl, SCRY_ACT, &p->scope, 1050, 100, NULL, &count);
    for (size_t i = 0; i < count; i++) {
        worst_add(&bands, s[i].from, next, 1, "band %zu", i);
        add_point(&bands, p, SCRY_ACT, &s[i]);
        next = s[i].to + 1;
    }
    check(count == 11 && next == 1051, "1050 ranks in bands of 100: %zu, to %u", count, next - 1);
    check(fabs(s[0].fit.pearson) > 0.5 && fabs(s[6].fit.pearson) < fabs(s[0].fit.pearson),
          "the head finds the relation (%.3f), ranks behind it do not (%.3f)", s[0].fit.pearson, s[6].fit.pearson);
    worst_line(&bands, "bands follow each other, and each is that selection's own score");
    free(s);
}

/* Another generator's sets have the same distribution (two-sample Kolmogorov-Smirnov, p .001); of all latents there is
 * one set. */
static void distribution(const planted *p, const double *change, uint32_t size) {
    enum { SETS = 1000 };
    uint64_t seed = 5 + size;
    double own[SETS], rho[SETS], most = 0, x[64];
    uint32_t *pick = calloc(p->F, sizeof *pick);
    if (!pick) abort();
    uint32_t n = scry_random_rhos(p->x, SCRY_ACT, change, size, SETS, SCRY_SEED, NULL, rho, NULL);
    for (int k = 0; k < SETS; k++) {
        for (uint32_t j = 0; j < p->F; j++) pick[j] = j;
        memset(x, 0, sizeof x);
        for (uint32_t i = 0; i < size; i++) {
            uint32_t other = i + roll_below(&seed, p->F - i), latent = pick[other];
            pick[other] = pick[i];
            for (size_t d = 0; d < p->D; d++) x[d] += (double)scry_contribution(p->x, SCRY_ACT, latent)[d];
        }
        own[k] = scry_fit_line(x, change, p->D).pearson;
    }
    free(pick);
    if (size == p->F) {
        for (uint32_t k = 0; k < n; k++) most = fmax(most, fabs(rho[k] - own[0]));
        check(n == SETS && most < 1e-9, "the set of all latents, %u times: furthest off %.2g", n, most);
        return;
    }
    /* a set without a rho (of one latent that is silent on the domains) is left out by both */
    size_t owns = 0;
    for (int k = 0; k < SETS; k++)
        if (!isnan(own[k])) own[owns++] = own[k];
    scry_sort(own, owns);
    scry_sort(rho, n);
    for (uint32_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < owns && own[k] <= rho[i] + 1e-9) k++;
        size_t same = i;
        while (same + 1 < n && rho[same + 1] <= rho[i] + 1e-9) same++;
        most = fmax(most, fabs((double)(same + 1) / n - (double)k / (double)owns));
    }
    check(n > SETS / 10 && most < 1.95 * sqrt(1.0 / n + 1.0 / (double)owns),
          "sets of %u of %u are distributed as other random sets are: Kolmogorov-Smirnov %.4f, %u of them", size, p->F,
          most, n);
}

static void random_sets(const planted *p) {
    double change[64], rho[SCRY_RANDOM_SETS], again[SCRY_RANDOM_SETS], spearman[SCRY_RANDOM_SETS], mean, sd;
    for (size_t d = 0; d < p->D; d++) change[d] = scry_scope_change(&p->scope, p->x, d);
    uint32_t n = scry_random_rhos(p->x, SCRY_ACT, change, 100, 1000, SCRY_SEED, NULL, rho, spearman);
    uint32_t m = scry_random_rhos(p->x, SCRY_ACT, change, 100, 1000, SCRY_SEED, NULL, again, NULL);
    check(n == 1000 && m == n && memcmp(rho, again, sizeof rho) == 0, "1000 random sets, the same of one seed");
    scry_mean_sd(rho, n, &mean, &sd);
    scry_set *set = scry_set_new(p->F);
    scry_scorer *scorer = scry_scorer_new(p->x, SCRY_ACT);
    for (uint32_t r = 0; r < 100; r++) scry_set_put(set, p->icl->order[r], true);
    scry_scorer_load(scorer, set);
    scry_result r;
    scry_result_fit(&r, p->x, scorer, &p->scope);
    scry_result_statistics(&r, p->x, SCRY_ACT, 100, NULL);
    uint32_t below = 0;
    for (uint32_t k = 0; k < n; k++) below += rho[k] < r.fit.pearson;
    check(r.random_mean == mean && r.random_sd == sd && r.random_rank == below / 1000.0,
          "their mean, deviation and rank are in the statistics of a score");
    /* a twelfth of the latents has the relation, so that a random set has some of it */
    check(below > 900, "few find as much of the relation (mean %.3f) as the top 100 (%.3f): %u below", mean,
          r.fit.pearson, below);
    /* few, many, more than half, all but one: they are drawn and added up in different ways */
    const uint32_t sizes[] = {1, 2, 100, p->F / 2, p->F / 2 + 1, p->F - p->F / 8, p->F - 1, p->F};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) distribution(p, change, sizes[i]);
    check_is(scry_random_rhos(p->x, SCRY_ACT, change, p->F + 1, 10, 1, NULL, rho, NULL), 0, "no set larger than all");
    scry_result_free(&r);
    scry_scorer_free(scorer);
    scry_set_free(set);
}

static void overlaps(const planted *p) {
    size_t count, wrong = 0;
    worst shares = {.tolerance = 1e-5};
    scry_overlap_point *o = scry_overlap(p->icl, p->sft, p->F, &count);
    double all = 0, held = 0;
    uint32_t at = 0, half = p->F / 2;
    for (uint32_t r = 1; r <= p->F; r++) all += 1.0 / r;
    for (size_t i = 0; i < count; i++) {
        uint32_t n = o[i].n, apart = 0;
        for (uint32_t r = 1; r < half && r < n; r += 2) apart += r + half >= n; /* synth.h: rank by sft */
        wrong += o[i].overlap != n - apart;
        while (at < n) held += 1.0 / ++at;
        worst_add(&shares, o[i].share_a, held / all, 1, "a, N %u", n);
        worst_add(&shares, o[i].share_b, held / all, 1, "b, N %u", n);
        worst_add(&shares, o[i].expected, (double)n * n / p->F, (double)n, "expected, N %u", n);
    }
    check(wrong == 0 && count > 40, "overlap of icl and sft as planted at %zu sizes, %zu wrong", count, wrong);
    worst_line(&shares, "concentration of both as planted");
    free(o);
    o = scry_overlap(p->icl, p->icl, p->F, &count);
    for (size_t i = 0; i < count; i++) wrong += o[i].overlap != o[i].n;
    check(wrong == 0, "a ranking overlaps itself entirely");
    free(o);
}

/* STS within the head are in the ratio of u, so the planted weights give the mixture. */
static void mixtures(const planted *p) {
    double u[64], sts[64];
    bool use[64];
    uint32_t found[64], expected[64];
    scry_error err = {0};
    scry_result r = alone(p, SCRY_ACT, 1, 100);
    for (size_t d = 0; d < p->D; d++) u[d] = element(p->truth, "u", d), sts[d] = r.sts[d], use[d] = d != 3;
    bool ok =
        scry_mixture(sts, use, p->D, 220, 2, 60, found, &err) && scry_mixture(u, use, p->D, 220, 2, 60, expected, &err);
    check(ok && memcmp(found, expected, p->D * sizeof *found) == 0, "the mixture is that of the planted weights");
    scry_result_free(&r);
}

static void on_planted(void) {
    synth_options o = {.latents = 3000, .domains = 14, .tokens = 64, .seed = 11, .rho = 0.8};
    planted p = {.x = made("planted", &o), .F = 3000, .D = 14, .head = SYNTH_HEAD, .rho = 0.8};
    scry_error err = {0};
    if (!p.x || !scry_scope_read(&p.scope, p.x, 0, "all", false, &err)) return;
    p.truth = truth_of(scratch("planted"));
    p.icl = scry_rank(p.x, 0, SCRY_ICL, SCRY_SQ, &err);
    p.sft = scry_rank(p.x, 0, SCRY_SFT, SCRY_SQ, &err);
    sweeps(&p);
    random_sets(&p);
    overlaps(&p);
    mixtures(&p);
    scry_ranking_free(p.icl);
    scry_ranking_free(p.sft);
    scry_scope_free(&p.scope);
    cJSON_Delete(p.truth);
    scry_close(p.x);
}

/* ---- nothing planted ------------------------------------------------------------------------ */

enum { SEEDS = SANITIZED ? 150 : 500, PLANTED = 60, WORKERS = 8 };

/* Largest distance between the values' distribution and the uniform one (Kolmogorov and Smirnov). */
static double distance(double *p, int n) {
    double most = 0;
    scry_sort(p, (size_t)n);
    for (int i = 0; i < n; i++) {
        double above = (i + 1.0) / n - p[i], below = p[i] - (double)i / n;
        if (above > most) most = above; /* fmax of fmax: gcc 12 for aarch64 fails in its vectoriser */
        if (below > most) most = below;
    }
    return most;
}

/* Above this it is 1 in 1000 by chance. */
static double limit(int n) {
    return 1.95 / sqrt(n);
}

static double p_of(scry_index *x, const scry_ranking *ranking, scry_score score, bool is_signed) {
    scry_scope scope;
    scry_result r;
    if (!scry_scope_read(&scope, x, 0, "all", is_signed, NULL)) return NAN;
    scry_scorer *scorer = scry_scorer_new(x, score);
    for (uint32_t i = 0; i < 10; i++) scry_scorer_put(scorer, ranking->order[i], true);
    scry_result_fit(&r, x, scorer, &scope);
    scry_result_statistics(&r, x, score, 0, NULL);
    double p = r.p_value;
    scry_result_free(&r);
    scry_scorer_free(scorer);
    scry_scope_free(&scope);
    return p;
}

/* p of the top 10 by icl in one study of 7 domains: 5040 orders, so its steps are fine. */
static void study_p(uint32_t seed, bool is_null, double *act, double *icl) {
    synth_options o = {.latents = 32, .domains = 7, .tokens = 8, .seed = seed, .is_null = is_null, .rho = 0.6};
    scry_index *x = made(text_of("null%u", seed % WORKERS), &o);
    scry_ranking *ranking = x ? scry_rank(x, 0, SCRY_ICL, SCRY_SQ, NULL) : NULL;
    *act = ranking ? p_of(x, ranking, SCRY_ACT, false) : (double)NAN;
    *icl = ranking ? p_of(x, ranking, SCRY_SCORE_ICL, true) : (double)NAN;
    scry_ranking_free(ranking);
    scry_close(x);
}

/* What the workers leave: writing a study is mostly waiting for the disk, so several wait at once. */
typedef struct figures {
    double act[SEEDS], icl[SEEDS], found[PLANTED], unused[PLANTED];
} figures;

static void work(figures *f, uint32_t worker) {
    for (uint32_t s = worker; s < SEEDS; s += WORKERS) study_p(8000 + s, true, &f->act[s], &f->icl[s]);
    for (uint32_t s = worker; s < PLANTED; s += WORKERS) study_p(8000 + s, false, &f->found[s], &f->unused[s]);
}

static void calibration(void) {
    figures *f = mmap(NULL, sizeof *f, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (f == MAP_FAILED) abort();
    pid_t child[WORKERS];
    size_t failed = 0;
    scratch("null"); /* made here, so that all share it */
    fflush(stdout);
    for (uint32_t i = 0; i < WORKERS; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            work(f, i);
            fflush(stdout);
            _exit(0);
        }
    }
    for (uint32_t i = 0; i < WORKERS; i++) {
        int status = 1;
        failed += child[i] < 0 || waitpid(child[i], &status, 0) < 0 || status;
    }
    double *act = f->act, *icl = f->icl, *found = f->found;
    for (int i = 0; i < SEEDS; i++) failed += isnan(act[i]) || isnan(icl[i]) || act[i] <= 0;
    check(failed == 0, "%d studies without a relation have their p, %zu failed", SEEDS, failed);
    int low = 0;
    for (int i = 0; i < SEEDS; i++) low += act[i] <= 0.05;
    double by_act = distance(act, SEEDS), by_icl = distance(icl, SEEDS), planted_ones = distance(found, PLANTED);
    check(by_act < limit(SEEDS), "p of %d studies without a relation is uniform: Kolmogorov-Smirnov %.4f, limit %.4f",
          SEEDS, by_act, limit(SEEDS));
    check(fabs(low - 0.05 * SEEDS) < 4 * sqrt(SEEDS * 0.05 * 0.95), "%d of %d are at or below .05", low, SEEDS);
    check(by_icl < limit(SEEDS), "so is p of score icl with the signed change: %.4f", by_icl);
    check(planted_ones > limit(PLANTED), "the test can fail: with rho .6 planted in %d studies it is %.4f", PLANTED,
          planted_ones);
    munmap(f, sizeof *f);
}

/* Above 9 points p is drawn: uniform too, also with ties. */
static void drawn_calibration(void) {
    static double p[SEEDS];
    uint64_t seed = 99;
    for (int s = 0; s < SEEDS; s++) {
        double x[12], y[12];
        for (int i = 0; i < 12; i++) x[i] = roll_unit(&seed), y[i] = roll_unit(&seed) * roll_unit(&seed);
        p[s] = scry_permutation_p(x, y, 12, 2000, (uint64_t)s);
    }
    double apart = distance(p, SEEDS);
    check(apart < limit(SEEDS), "p drawn for 12 points is uniform: Kolmogorov-Smirnov %.4f", apart);
}

int main(void) {
    on_planted();
    calibration();
    drawn_calibration();
    return check_end();
}
