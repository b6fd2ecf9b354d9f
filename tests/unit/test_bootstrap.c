/* test_bootstrap.c: a score split into blocks of tokens, against plain loops over the raw values, under every pairing;
 * the interval and the repeats, against all possible outcomes and against other draws; which text a latent belongs to.
 */
#include "rho_context.h"
#include "analysis.h"
#include "../twin/twin.h"
#include "check.h"
#include "small_study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- blocks, by plain loops ----------------------------------------------------------------- */

typedef struct slow_blocks {
    int blocks;
    double sum[ROWS], count[ROWS];
} slow_blocks;

/* Block numbers are given in order of first use. */
static int block_for(slow_blocks *b, int *block_of, int sample, bool single) {
    if (!single && block_of[sample] >= 0) return block_of[sample];
    b->sum[b->blocks] = b->count[b->blocks] = 0;
    return block_of[sample] = b->blocks++;
}

static void add(slow_blocks *b, int block, double value) {
    b->sum[block] += value;
    b->count[block] += 1;
}

static int partner_sample(const capture *c, int id) {
    for (int i = 0; i < c->samples; i++)
        if (c->sample_id[i] == id) return i;
    return -1;
}

static double squared_difference(const double *a, const double *b, const scry_set *set) {
    double sum = 0;
    for (uint32_t j = 0; j < F; j++)
        if (scry_set_has(set, j)) sum += (a[j] - b[j]) * (a[j] - b[j]);
    return sum;
}

static int sample_of(const study *st, const capture *c, int row) {
    if (st->p->no_tokens) return row / (c->rows / 32 < 1 ? 1 : c->rows / 32);
    int i = 0;
    while (row >= c->first[i] + c->count[i]) i++;
    return i;
}

static void slow(const study *st, int d, scry_score score, const scry_set *set, bool single, slow_blocks *b) {
    const capture *base = &st->base[d], *icl = &st->icl[d];
    int block_of[ROWS];
    for (int i = 0; i < ROWS; i++) block_of[i] = -1;
    b->blocks = 0;
    if (scry_scores[score].condition == SCRY_BASE) {
        for (int r = 0; r < base->rows; r++) {
            if (!base->kept[r]) continue;
            double sum = 0;
            for (uint32_t j = 0; j < F; j++)
                if (scry_set_has(set, j)) sum += twin_term(scry_score_name(score), base->h[r][j]);
            add(b, block_for(b, block_of, sample_of(st, base, r), single), sum);
        }
        return;
    }
    if (st->p->no_icl && d == 2) return;
    if (strcmp(st->p->pairing, "row") == 0) {
        for (int r = 0; r < base->rows && r < icl->rows; r++)
            if (base->kept[r] && icl->kept[r])
                add(b, block_for(b, block_of, sample_of(st, base, r), single),
                    squared_difference(base->h[r], icl->h[r], set));
        return;
    }
    for (int i = 0; i < base->samples; i++) {
        int k = partner_sample(icl, base->sample_id[i]);
        if (k < 0) continue;
        if (strcmp(st->p->pairing, "token") == 0) {
            int front = icl->count[k] - base->count[i];
            for (int t = 0; t < base->count[i]; t++) {
                int r = base->first[i] + t, q = icl->first[k] + front + t;
                if (base->kept[r] && icl->kept[q])
                    add(b, block_for(b, block_of, i, single), squared_difference(base->h[r], icl->h[q], set));
            }
            continue;
        }
        double mean[2][F] = {{0}}, n[2] = {0};
        for (int side = 0; side < 2; side++) {
            const capture *c = side ? icl : base;
            int s = side ? k : i;
            for (int r = c->first[s]; r < c->first[s] + c->count[s]; r++) {
                if (!c->kept[r]) continue;
                n[side]++;
                for (int j = 0; j < F; j++) mean[side][j] += c->h[r][j];
            }
            for (int j = 0; j < F; j++) mean[side][j] /= n[side] > 0 ? n[side] : 1;
        }
        if (n[0] > 0 && n[1] > 0) add(b, block_for(b, block_of, i, single), squared_difference(mean[0], mean[1], set));
    }
}

static void compare_blocks(const study *st, scry_score score, const scry_set *set, scry_sampling_unit unit) {
    const char *what = text_of("%s: %s by %s", st->p->label, scry_score_name(score), unit ? "token" : "sample");
    scry_error err = {0};
    scry_blocks *b = scry_blocks_new(st->x, score, set, unit, NULL, &err);
    if (!check(b != NULL, "%s: gathered %s", what, err.text)) return;
    scry_scorer *scorer = scry_scorer_new(st->x, score);
    scry_scorer_load(scorer, set);
    worst sums = {.tolerance = 1e-12}, counts = {.tolerance = 0}, sts = {.tolerance = 2e-7};
    static slow_blocks expected;
    for (int d = 0; d < D; d++) {
        slow(st, d, score, set, unit == SCRY_TOKENS, &expected);
        worst_add(&counts, (double)(b->first[d + 1] - b->first[d]), expected.blocks, 1, "blocks of domain %d", d);
        double all = scry_blocks_sts(b, (size_t)d), from_scorer = scry_scorer_value(scorer, (size_t)d);
        worst_add(&sts, all, from_scorer, fabs(from_scorer), "domain %d", d);
        for (int i = 0; i < expected.blocks && b->first[d] + (size_t)i < b->first[d + 1]; i++) {
            size_t at = b->first[d] + (size_t)i;
            worst_add(&counts, b->count[at], expected.count[i], 1, "block %d of domain %d", i, d);
            worst_add(&sums, b->sum[at], expected.sum[i], 1 + expected.sum[i], "block %d of domain %d", i, d);
        }
    }
    worst_line(&counts, "%s: blocks and their tokens", what);
    worst_line(&sums, "%s: their sums", what);
    worst_line(&sts, "%s: together they are the scorer's STS", what);
    scry_scorer_free(scorer);
    scry_blocks_free(b);
}

/* ---- draws ---------------------------------------------------------------------------------- */

static double rho_of(const double *x, const double *y, int n) {
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < n; i++) mx += x[i] / n, my += y[i] / n;
    for (int i = 0; i < n; i++) {
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
        xy += (x[i] - mx) * (y[i] - my);
    }
    return xy / sqrt(xx * yy);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Three domains of two blocks: 4^3 equally likely outcomes. The interval is that of all of them. */
static void every_outcome(void) {
    size_t first[] = {0, 2, 4, 6};
    double sum[] = {2, 9, 3, 3.5, 10, 4}, count[] = {1, 3, 2, 1, 2, 2}, change[] = {1, 2, 4}, all[64], low, high;
    scry_blocks b = {.score = SCRY_ACT, .domains = 3, .selected = 7, .first = first, .sum = sum, .count = count};
    for (int k = 0; k < 64; k++) {
        double x[3];
        for (int d = 0; d < 3; d++) {
            int one = 2 * d + (k >> (2 * d) & 1), two = 2 * d + (k >> (2 * d + 1) & 1);
            x[d] = (sum[one] + sum[two]) / (count[one] + count[two]);
        }
        all[k] = rho_of(x, change, 3);
    }
    double rho[40000];
    check(scry_repeats(&b, change, 40000, 1000, 5, NULL, rho, NULL), "40000 draws of 2 blocks in 3 domains");
    size_t off = 0, foreign = 0;
    for (int k = 0; k < 64; k++) {
        int alike = 0, hits = 0;
        for (int i = 0; i < 64; i++) alike += fabs(all[i] - all[k]) < 1e-12;
        for (int i = 0; i < 40000; i++) hits += fabs(rho[i] - all[k]) < 1e-12;
        double p = alike / 64.0;
        off += fabs(hits - 40000 * p) > 5 * sqrt(40000 * p * (1 - p));
    }
    for (int i = 0; i < 40000; i++) {
        bool known = false;
        for (int k = 0; k < 64; k++) known = known || fabs(rho[i] - all[k]) < 1e-12;
        foreign += !known;
    }
    check(off == 0 && foreign == 0, "each of the 64 outcomes as often as it should come: %zu off, %zu unknown", off,
          foreign);
    qsort(all, 64, sizeof *all, ascending);
    scry_interval(&b, change, 40000, 5, NULL, &low, &high);
    check(low >= all[0] - 1e-12 && low <= all[3] + 1e-12 && high >= all[60] - 1e-12 && high <= all[63] + 1e-12,
          "the interval %.4f to %.4f is that of all outcomes, %.4f to %.4f", low, high, all[1], all[62]);
}

/* The same by another generator, and the figures that the seed fixes. */
static void intervals(const study *st, scry_score score, const scry_set *set) {
    enum { OWN = 4000 };
    scry_blocks *b = scry_blocks_new(st->x, score, set, SCRY_SAMPLES, NULL, NULL);
    double change[D], own[OWN], low, high, again_low, again_high, other_low, other_high;
    for (int d = 0; d < D; d++) change[d] = fabs(scry_index_info(st->x)->domain[d].change[0]);
    uint64_t seed = 4711;
    static slow_blocks parts[D];
    for (int d = 0; d < D; d++) slow(st, d, score, set, false, &parts[d]);
    for (int k = 0; k < OWN; k++) {
        double x[D];
        for (int d = 0; d < D; d++) {
            double sum = 0, count = 0;
            for (int i = 0; i < parts[d].blocks; i++) {
                uint32_t at = roll_below(&seed, (uint32_t)parts[d].blocks);
                sum += parts[d].sum[at];
                count += parts[d].count[at];
            }
            x[d] = sum / count;
        }
        own[k] = rho_of(x, change, D);
    }
    qsort(own, OWN, sizeof *own, ascending);
    scry_interval(b, change, 4000, 1, NULL, &low, &high);
    scry_interval(b, change, 4000, 1, NULL, &again_low, &again_high);
    scry_interval(b, change, 4000, 2, NULL, &other_low, &other_high);
    check(low == again_low && high == again_high && low != other_low, "%s: %s: one seed, one interval", st->p->label,
          scry_score_name(score));
    /* the 2.5 % point of 4000 draws lies between their 1.7 % and 3.4 % points (3.5 sigma) */
    check(low >= own[68] && low <= own[136] && high >= own[OWN - 137] && high <= own[OWN - 69],
          "%s: %s: interval %.4f to %.4f, by other draws %.4f to %.4f", st->p->label, scry_score_name(score), low, high,
          own[100], own[OWN - 101]);
    scry_blocks_free(b);
}

static void repeats(const study *st, const scry_set *set) {
    enum { REPEATS = 2000, MOST = 40 };
    scry_blocks *b = scry_blocks_new(st->x, SCRY_ACT, set, SCRY_TOKENS, NULL, NULL);
    double change[D], rho[REPEATS], *sts = calloc(REPEATS * D, sizeof *sts);
    if (!sts) abort();
    for (int d = 0; d < D; d++) change[d] = d == 1 ? (double)NAN : fabs(scry_index_info(st->x)->domain[d].change[0]);
    scry_repeats(b, change, REPEATS, MOST, 9, NULL, rho, sts);
    worst same = {.tolerance = 1e-12};
    for (int k = 0; k < REPEATS; k++) {
        double x[D], y[D];
        int n = 0;
        for (int d = 0; d < D; d++)
            if (d != 1) x[n] = sts[k * D + d], y[n++] = change[d];
        worst_add(&same, rho[k], rho_of(x, y, n), 1, "repeat %d", k);
    }
    worst_line(&same, "%s: each repeat's rho is that of its scores", st->p->label);
    static slow_blocks part;
    size_t off = 0;
    for (int d = 0; d < D; d++) { /* mean and deviation of a mean of MOST tokens drawn with replacement */
        slow(st, d, SCRY_ACT, set, true, &part);
        double mean = 0, square = 0, found = 0, spread = 0;
        for (int i = 0; i < part.blocks; i++) mean += part.sum[i] / part.blocks;
        for (int i = 0; i < part.blocks; i++) square += (part.sum[i] - mean) * (part.sum[i] - mean) / part.blocks;
        double sd = sqrt(square / (part.blocks < MOST ? part.blocks : MOST));
        for (int k = 0; k < REPEATS; k++) found += sts[k * D + d] / REPEATS;
        for (int k = 0; k < REPEATS; k++) spread += (sts[k * D + d] - found) * (sts[k * D + d] - found) / REPEATS;
        off += fabs(found - mean) > 4 * sd / sqrt(REPEATS) || fabs(sqrt(spread) / sd - 1) > 0.08;
    }
    check(off == 0, "%s: scores of repeats have the mean and deviation of %d drawn tokens: %zu off", st->p->label, MOST,
          off);
    free(sts);
    scry_blocks_free(b);
}

static bool at_once(void *context) {
    return --*(int *)context < 0;
}

static void stopping(const study *st, const scry_set *set) {
    double change[D] = {1, 2, 3, 4, 6}, low, high;
    size_t stopped = 0;
    for (int after = 0; after < 5; after++) {
        int left = after;
        scry_cancel stop = {.is_cancelled = at_once, .context = &left};
        scry_error err = {0};
        scry_blocks *b = scry_blocks_new(st->x, SCRY_ACT, set, SCRY_SAMPLES, &stop, &err);
        stopped += !b && !err.status;
        scry_blocks_free(b);
    }
    check_is(stopped, 5, "gathering stops when asked, without an error");
    scry_blocks *b = scry_blocks_new(st->x, SCRY_ACT, set, SCRY_SAMPLES, NULL, NULL);
    int left = 3;
    scry_cancel stop = {.is_cancelled = at_once, .context = &left};
    check(!scry_interval(b, change, 1000, 1, &stop, &low, &high) && isnan(low), "drawing stops when asked");
    scry_blocks_free(b);
    left = 0;
    check(scry_attribution_new(st->x, 2, &stop) == NULL, "finding owners stops when asked");
}

static void too_few(void) {
    size_t first[] = {0, 2, 3, 5};
    double sum[] = {1, 2, 3, 4, 5}, count[] = {1, 1, 1, 1, 1}, change[] = {1, 2, 3}, low = 0, high = 0;
    scry_blocks b = {.score = SCRY_ACT, .domains = 3, .selected = 1, .first = first, .sum = sum, .count = count};
    scry_interval(&b, change, 100, 1, NULL, &low, &high);
    check(isnan(low) && isnan(high), "a domain of one block has no interval");
}

/* ---- owners --------------------------------------------------------------------------------- */

/* Ten times the strongest sample that is left, over the base captures of all texts, by plain search. */
static int slow_owner(const study *st, int j) {
    bool taken[D + 1][ROWS] = {{false}};
    int votes[D + 1] = {0}, n = 0;
    for (; n < 10; n++) {
        double best = 0;
        int where = -1, which = -1;
        for (int g = 0; g <= D; g++) { /* the training text is the first capture */
            const capture *c = g ? &st->base[g - 1] : &st->train;
            for (int i = 0; i < c->samples; i++)
                for (int r = c->first[i]; r < c->first[i] + c->count[i] && !taken[g][i]; r++)
                    if (c->kept[r] && c->h[r][j] > best) best = c->h[r][j], where = g, which = i;
        }
        if (where < 0) break;
        taken[where][which] = true;
        votes[where == 5 ? 0 : where]++; /* the last domain has the training set's name */
    }
    if (!n) return SCRY_SILENT;
    for (int g = 0; g <= D; g++)
        if (2 * votes[g] > n) return g;
    return SCRY_MIXED;
}

static void owners(const study *st) {
    size_t wrong = 0, of[3] = {0};
    scry_attribution *one = scry_attribution_new(st->x, 1, NULL), *o = scry_attribution_new(st->x, 3, NULL);
    check(o->names == D && strcmp(o->name[0], "task") == 0 && strcmp(o->name[1], "d0") == 0,
          "%s: the training set and the domains, one name twice", st->p->label);
    for (int j = 0; j < F; j++) {
        int expected = slow_owner(st, j);
        wrong += o->owner[j] != expected || one->owner[j] != expected;
        of[expected == SCRY_SILENT ? 0 : expected == SCRY_MIXED ? 1 : 2]++;
    }
    check(wrong == 0 && of[0] == 1 && of[1] > 3 && of[2] > 10,
          "%s: owners of %d latents (%zu silent, %zu mixed, %zu owned), %zu astray", st->p->label, F, of[0], of[1],
          of[2], wrong);
    scry_attribution_free(one);
    scry_attribution_free(o);
}

/* ---- split halves ---------------------------------------------------------------------------- */

/* The domains' STS act over the samples of even (0) or odd (1) number. */
static void half_sts(const study *st, const scry_set *set, int half, double *sts) {
    for (int d = 0; d < D; d++) {
        const capture *base = &st->base[d];
        double sum = 0, count = 0;
        for (int r = 0; r < base->rows; r++) {
            if (!base->kept[r] || sample_of(st, base, r) % 2 != half) continue;
            count++;
            for (uint32_t j = 0; j < F; j++) sum += scry_set_has(set, j) ? base->h[r][j] : 0;
        }
        sts[d] = sum / count;
    }
}

/* The switch that a search of one makes on a half, by trying all. */
static uint32_t best_switch(const study *st, const scry_set *set, const double *change, int half) {
    double most = -1, sts[D];
    uint32_t best = 0;
    scry_set *trial = scry_set_copy(set);
    for (uint32_t j = 0; j < F; j++) {
        scry_set_put(trial, j, !scry_set_has(set, j));
        half_sts(st, trial, half, sts);
        double rho = fabs(scry_fit_line(sts, change, D).pearson);
        if (rho > most) most = rho, best = j;
        scry_set_put(trial, j, scry_set_has(set, j));
    }
    scry_set_free(trial);
    return best;
}

static void split_halves(const study *st, const scry_set *set) {
    for (uint32_t switches = 0; switches < 2; switches++) {
        double change[D] = {3, -1, 4, 1.5, -5}, sts[D], expected = 0, found;
        for (int half = 0; half < 2; half++) {
            scry_set *chosen = scry_set_copy(set);
            uint32_t j = switches ? best_switch(st, set, change, half) : 0;
            if (switches) scry_set_put(chosen, j, !scry_set_has(set, j));
            half_sts(st, chosen, !half, sts);
            expected += scry_fit_line(sts, change, D).pearson / 2;
            scry_set_free(chosen);
        }
        scry_search_split_half(st->x, SCRY_ACT, set, change, switches, NULL, &found);
        check_near(found, expected, 1e-5, "%s: split halves after %u switches", st->p->label, switches);
    }
}

/* --------------------------------------------------------------------------------------------- */

int main(void) {
    static const plan plans[] = {
        {.label = "plain", .pairing = "token"},
        {.label = "by token",
         .pairing = "token",
         .demonstrations = true,
         .shuffled = true,
         .missing = true,
         .skip = 1,
         .exclude = 1},
        {.label = "by token, icl missing", .pairing = "token", .no_icl = true, .exclude = 1},
        {.label = "by sample",
         .pairing = "sample",
         .demonstrations = true,
         .shuffled = true,
         .missing = true,
         .skip = 2,
         .exclude = 1},
        {.label = "by row", .pairing = "row", .demonstrations = true, .missing = true, .skip = 1},
        {.label = "by row, no tokens", .pairing = "row", .demonstrations = true, .no_tokens = true},
    };
    static study st;
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        if (!study_make(&st, &plans[i])) continue;
        scry_set *set = scry_set_new(F);
        for (uint32_t j = 0; j < F; j += 1 + j % 3) scry_set_put(set, j, true);
        for (int score = 0; score < SCRY_SCORES; score++) {
            if (scry_scores[score].is_effect) continue; /* test_effects.c */
            compare_blocks(&st, (scry_score)score, set, SCRY_SAMPLES);
            compare_blocks(&st, (scry_score)score, set, SCRY_TOKENS);
            if (i == 0 || i == 3) intervals(&st, (scry_score)score, set);
        }
        if (i == 1) repeats(&st, set);
        if (i == 0) stopping(&st, set);
        if (i < 2) split_halves(&st, set);
        if (i < 2) owners(&st);
        scry_set_free(set);
        scry_close(st.x);
    }
    every_outcome();
    too_few();
    return check_end();
}
