/* test_outliers.c: residuals with a norm far above the others': found as numpy finds them, left out where an SAE is
 * trained and measured and where a study is indexed, and counted. */
#include "check.h"
#include "analysis.h"
#include "latent.h"
#include "sae/sae.h"
#include "sets.h"
#include "study/outlier_rows.h"
#include "train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numpy's numbers ----------------------------------------------------------------------------- */

enum { SIDE_FIGURES = 6, FIGURES = 3 + 2 * SIDE_FIGURES };

static void compare_side(const char *name, const char *side, const scry_sae_quality *q, const double *v) {
    const double found[SIDE_FIGURES] = {(double)q->tokens, q->l0, q->explained_variance, q->mse, q->cosine, q->dead};
    static const char *const key[SIDE_FIGURES] = {"tokens", "L0", "explained variance", "MSE", "cosine", "dead"};
    for (int i = 0; i < SIDE_FIGURES; i++)
        check_near(found[i], v[i], i < 2 ? 1e-12 : 1e-5, "%s: %s %s as numpy's", name, key[i], side);
}

static void compare_with_numpy(const char *name, const double v[FIGURES]) {
    const char *path = text_of("tests/specimens/outliers/%s.npy", name);
    for (unsigned threads = 1; threads <= 3; threads += 2) {
        scry_train_input input = {.path = &path, .paths = 1, .condition = -1};
        scry_sae_evaluation e;
        scry_notes notes = {0};
        scry_error err = {0};
        if (!check(scry_eval_sae("tests/specimens/outliers/sae", &input, threads, NULL, NULL, &e, &notes, &err),
                   "%s: is measured %s", name, err.text))
            return;
        check_is(e.outliers.rows, (uint64_t)v[0], "%s: rows", name);
        check_is(e.outliers.outliers, (uint64_t)v[1], "%s: outliers as numpy's", name);
        check_near(e.outliers.variance_share, v[2], 1e-9, "%s: their share of the variance as numpy's", name);
        compare_side(name, "without", &e.without_outliers, v + 3);
        compare_side(name, "with", &e.with_outliers, v + 3 + SIDE_FIGURES);
        check(scry_evaluation_quality(&e) == &e.without_outliers, "%s: the figures that count are without", name);
        check(notes.count == (v[1] > 0), "%s: %zu notes, expected %d", name, notes.count, v[1] > 0);
        scry_notes_free(&notes);
        input.keep_outliers = true;
        scry_sae_evaluation kept;
        scry_eval_sae("tests/specimens/outliers/sae", &input, threads, NULL, NULL, &kept, NULL, &err);
        check(scry_evaluation_quality(&kept) == &kept.with_outliers &&
                  memcmp(&kept.with_outliers, &e.with_outliers, offsetof(scry_sae_quality, seconds)) == 0,
              "%s: with keep_outliers those with are, to the bit", name);
    }
}

static void numpy_numbers(void) {
    size_t size;
    char *text = (char *)read_bytes("tests/specimens/outliers/figures.tsv", &size), *line = strchr(text, '\n') + 1;
    int files = 0;
    for (char *end = strchr(line, '\n'); end; line = end + 1, end = strchr(line, '\n'), files++) {
        double v[FIGURES];
        char *at = strchr(line, '\t');
        *at++ = 0;
        for (int i = 0; i < FIGURES; i++) v[i] = strtod(at, &at);
        compare_with_numpy(line, v);
    }
    check_is((uint64_t)files, 6, "files with numpy's numbers");
    free(text);
}

/* ---- against a plain loop ------------------------------------------------------------------------ */

enum { WIDTH = 7 };

static int by_value(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

typedef struct plain_case {
    const char *label;
    size_t rows;
    int zeros, excluded, bad; /* in percent of the rows */
    bool allow_nonfinite;
    double ratio;
} plain_case;

static void plain_loop(const plain_case *p, const double *x, const uint8_t *take, uint8_t *mark, double *share) {
    double *norm = calloc(p->rows, sizeof *norm), *sorted = calloc(p->rows, sizeof *sorted), mean[WIDTH] = {0};
    size_t n = 0, counted = 0;
    for (size_t t = 0; t < p->rows; t++) {
        double square = 0;
        for (int i = 0; i < WIDTH; i++)
            square += isfinite(x[t * WIDTH + (size_t)i]) ? pow(x[t * WIDTH + (size_t)i], 2) : 0;
        norm[t] = take[t] ? sqrt(square) : 0;
        if (norm[t] > 0) sorted[n++] = norm[t];
        counted += take[t] > 0;
        for (int i = 0; i < WIDTH && take[t]; i++)
            mean[i] += isfinite(x[t * WIDTH + (size_t)i]) ? x[t * WIDTH + (size_t)i] : 0;
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    double median = n ? (sorted[n / 2] + sorted[(n - 1) / 2]) / 2 : (double)NAN, held = 0, spread = 0;
    for (size_t t = 0; t < p->rows; t++) {
        mark[t] = norm[t] > p->ratio * median;
        double apart = 0;
        for (int i = 0; i < WIDTH && take[t]; i++) {
            double value = isfinite(x[t * WIDTH + (size_t)i]) ? x[t * WIDTH + (size_t)i] : 0;
            apart += pow(value - mean[i] / (double)counted, 2);
        }
        spread += apart;
        held += mark[t] ? apart : 0;
    }
    *share = spread > 0 ? held / spread : (double)NAN;
    free(norm);
    free(sorted);
}

static void against_plain_loop(const plain_case *p) {
    double *x = calloc(p->rows * WIDTH, sizeof *x);
    uint8_t *kept = calloc(p->rows, 1), *take = calloc(p->rows, 1), *mark = calloc(p->rows, 1);
    uint64_t seed = p->rows * 7 + (uint64_t)p->zeros, first_marks = 0;
    for (size_t t = 0; t < p->rows; t++) {
        double times = roll_below(&seed, 100) < 3 ? 90 : 1;
        bool zero = (int)roll_below(&seed, 100) < p->zeros, bad = (int)roll_below(&seed, 100) < p->bad;
        for (int i = 0; i < WIDTH; i++) {
            double value = zero ? 0 : (double)(float)(times * (roll_unit(&seed) - 0.3));
            x[t * WIDTH + (size_t)i] = bad && i == 2 ? (double)NAN : value;
        }
        kept[t] = (int)roll_below(&seed, 100) >= p->excluded;
        take[t] = kept[t] && (!bad || p->allow_nonfinite);
    }
    const char *path = scratch("%s.npy", p->label);
    write_npy(path, F32, p->rows, WIDTH, x);
    double share;
    plain_loop(p, x, take, mark, &share);
    for (unsigned threads = 1; threads <= 4; threads += 3) {
        matrix m;
        char *file = (char *)(uintptr_t)path;
        scry_error err = {0};
        if (!check(matrix_open(&m, &file, 1, NULL, "x", &err), "%s: opens %s", p->label, err.text)) return;
        parallel *pool = parallel_start(threads);
        const char *folder = text_of("%s/", scratch_folder("norms"));
        outlier_query q = {.m = &m,
                           .rows = p->rows,
                           .ratio = p->ratio,
                           .allow_nonfinite = p->allow_nonfinite,
                           .pool = pool,
                           .folder = threads > 1 ? folder : NULL};
        outlier_rows found;
        check(outlier_rows_find(&found, kept, &q, &err), "%s: judged %s", p->label, err.text);
        uint64_t wrong = 0, outliers = 0;
        for (size_t t = 0; t < p->rows; t++) {
            outliers += mark[t];
            bool excluded = !take[t] && kept[t] != ROW_ORDINARY; /* rows that are not finite stay ordinary */
            wrong += excluded ? kept[t] != ROW_EXCLUDED : kept[t] != (mark[t] ? ROW_OUTLIER : ROW_ORDINARY);
            if (kept[t] == ROW_OUTLIER) first_marks++;
        }
        check_is(wrong, 0, "%s: rows marked otherwise than by a plain loop", p->label);
        check_is(found.outliers, outliers, "%s: outliers", p->label);
        check_near(outlier_variance_share(&found.all, &found.outlier, WIDTH), share, 1e-9, "%s: share of the variance",
                   p->label);
        outlier_rows_free(&found);
        parallel_stop(pool);
        matrix_close(&m);
    }
    check(first_marks > 0 || p->rows < 100 || p->zeros == 100, "%s: the case has outliers", p->label);
    free(x), free(kept), free(take), free(mark);
}

static void plain_loops(void) {
    static const plain_case cases[] = {
        {"anywhere", 5001, 0, 0, 0, false, 10},
        {"even", 5000, 0, 0, 0, false, 10},
        {"norms-in-a-file", 140000, 0, 0, 0, false, 10},
        {"mostly-zeros", 3000, 70, 0, 0, false, 10},
        {"all-zeros", 300, 100, 0, 0, false, 10},
        {"excluded", 4000, 5, 30, 0, false, 10},
        {"nan-refused-later", 4000, 0, 10, 20, false, 10},
        {"nan-as-0", 4000, 0, 10, 20, true, 10},
        {"one-row", 1, 0, 0, 0, false, 10},
        {"two-rows", 2, 0, 0, 0, false, 1},
        {"ratio-40", 4000, 0, 0, 0, false, 40},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) against_plain_loop(&cases[i]);
}

/* ---- training ------------------------------------------------------------------------------------ */

enum { D_IN = 16, ATOMS = 24, ROWS = 6000, SAMPLE = 60 };

/* Sparse sums of directions; the first row of each sample is one large vector, nearly the same in all. */
static size_t make_rows(double *x, bool planted, bool anywhere) {
    static double atom[ATOMS][D_IN];
    uint64_t seed = 99, other = 7; /* the ordinary rows are the same either way */
    for (int a = 0; a < ATOMS; a++)
        for (int i = 0; i < D_IN; i++) atom[a][i] = roll_unit(&seed) - 0.5;
    size_t n = 0;
    for (size_t t = 0; t < ROWS; t++) {
        double row[D_IN] = {0};
        for (int k = 0; k < 3; k++) {
            uint32_t a = roll_below(&seed, ATOMS);
            double times = 1 + 2 * roll_unit(&seed);
            for (int i = 0; i < D_IN; i++) row[i] += times * atom[a][i];
        }
        if (t % SAMPLE == (anywhere ? t / SAMPLE * 7 % SAMPLE : 0)) {
            if (!planted) continue;
            for (int i = 0; i < D_IN; i++) row[i] = 200 * atom[5][i] + (roll_unit(&other) - 0.5);
        }
        memcpy(x + n++ * D_IN, row, sizeof row);
    }
    return n;
}

static scry_sae_evaluation train_and_measure(const char *name, const char *path, double held_out, bool keep) {
    const char *out = scratch("sae-%s", name);
    scry_train_run run = {.threads = 2};
    scry_train_undecided(&run.settings);
    run.settings.arch = SCRY_TOPK;
    run.settings.k = 4;
    run.settings.width = 64;
    run.settings.steps = held_out > 0 ? 1500 : 200;
    run.settings.batch = 256;
    run.settings.held_out = held_out;
    run.settings.lr = 0.003;
    scry_train_input input = {.path = &path, .paths = 1, .condition = -1, .keep_outliers = keep};
    scry_train_result result = {0};
    scry_error err = {0};
    check(scry_train(out, &input, &run, &result, NULL, &err), "%s: trains %s", name, err.text);
    check(result.evaluation.outliers.kept == keep, "%s: says whether outliers were kept", name);
    scry_sae_evaluation e = {0};
    check(scry_eval_sae(out, &input, 2, NULL, NULL, &e, NULL, &err), "%s: is measured %s", name, err.text);
    return e;
}

/* As good on ordinary rows as an SAE that never saw the others. */
static void trained_without(bool anywhere) {
    const char *kind = anywhere ? "anywhere" : "first";
    double *x = calloc((size_t)ROWS * D_IN, sizeof *x);
    const char *all = scratch("all-%s.npy", kind), *ordinary = scratch("ordinary-%s.npy", kind);
    write_npy(all, F32, make_rows(x, true, anywhere), D_IN, x);
    write_npy(ordinary, F32, make_rows(x, false, anywhere), D_IN, x);
    scry_sae_evaluation by_default = train_and_measure(text_of("default-%s", kind), all, 0.05, false);
    scry_sae_evaluation clean = train_and_measure(text_of("clean-%s", kind), ordinary, 0.05, false);
    scry_sae_evaluation kept = train_and_measure(text_of("kept-%s", kind), all, 0.05, true);
    double ours = by_default.without_outliers.explained_variance, best = clean.with_outliers.explained_variance;
    check_is(by_default.outliers.outliers, ROWS / SAMPLE, "%s: the planted rows are found", kind);
    check_is(clean.outliers.outliers, 0, "%s: and none where none is", kind);
    check(by_default.outliers.variance_share > 0.9, "%s: they hold %.4f of the variance", kind,
          by_default.outliers.variance_share);
    check(best > 0.8 && fabs(ours - best) < 0.002,
          "%s: explained variance on ordinary rows %.5f, and %.5f where the file has no others", kind, ours, best);
    double flattered = kept.with_outliers.explained_variance, really = kept.without_outliers.explained_variance;
    check(flattered > 0.99 && really < ours - 0.004,
          "%s: trained with them it seems to explain %.4f, and explains %.4f of the ordinary rows", kind, flattered,
          really);
    train_and_measure(text_of("one-%s", kind), all, 0, false);
    train_and_measure(text_of("other-%s", kind), ordinary, 0, false);
    check(same_content(scratch("sae-one-%s/sae_weights.safetensors", kind),
                       scratch("sae-other-%s/sae_weights.safetensors", kind)),
          "%s: where none is held out the same rows are trained on, to the same weights", kind);
    free(x);
}

/* The figures of a run are those of its SAE, by a plain loop over the rows it was measured on. */
static void figures_of_a_run(void) {
    const char *path = "tests/specimens/outliers/anywhere.npy", *out = scratch("run");
    scry_train_run run = {.threads = 2};
    scry_train_undecided(&run.settings);
    run.settings.arch = SCRY_JUMPRELU;
    run.settings.width = 20;
    run.settings.steps = 60;
    run.settings.batch = 64;
    run.settings.held_out = 0;
    scry_train_input input = {.path = &path, .paths = 1, .condition = -1};
    scry_train_result result;
    scry_error err = {0};
    sae s;
    matrix m;
    char *file = (char *)(uintptr_t)path;
    if (!check(scry_train(out, &input, &run, &result, NULL, &err), "trains %s", err.text)) return;
    if (!check(sae_load(&s, out, NULL, NULL, &err) && matrix_open(&m, &file, 1, NULL, "x", &err), "%s", err.text))
        return;
    enum { D = 12, MOST = 240 };
    float x[D];
    double norm[MOST], sorted[MOST], mean[2][D] = {{0}}, lost[2] = {0}, spread[2] = {0}, n[2] = {0};
    for (uint64_t t = 0; t < MOST; t++) {
        double square = 0;
        matrix_row(&m, t, x);
        for (int i = 0; i < D; i++) square += (double)x[i] * (double)x[i];
        norm[t] = sorted[t] = sqrt(square);
    }
    qsort(sorted, MOST, sizeof *sorted, by_value);
    double limit = 10 * (sorted[MOST / 2 - 1] + sorted[MOST / 2]) / 2;
    for (int pass = 0; pass < 2; pass++)
        for (uint64_t t = 0; t < MOST; t++) {
            matrix_row(&m, t, x);
            double made[D];
            for (int i = 0; i < D; i++) made[i] = (double)s.b_dec[i];
            for (uint32_t j = 0; j < s.d_sae; j++) {
                double pre = (double)s.b_enc[j];
                for (int i = 0; i < D; i++)
                    pre += ((double)x[i] - (double)s.b_dec[i]) * (double)s.W_enc[(size_t)j * D + (size_t)i];
                if (!(pre > (double)s.threshold[j])) continue;
                for (int i = 0; i < D; i++) made[i] += pre * (double)s.W_dec[(size_t)j * D + (size_t)i];
            }
            for (int side = norm[t] > limit; side < 2; side++) { /* 0: without */
                n[side] += pass == 0;
                for (int i = 0; i < D; i++) {
                    double centre = mean[side][i] / n[side];
                    if (pass == 0) mean[side][i] += (double)x[i];
                    else spread[side] += ((double)x[i] - centre) * ((double)x[i] - centre);
                    if (pass) lost[side] += (made[i] - (double)x[i]) * (made[i] - (double)x[i]);
                }
            }
        }
    const scry_sae_quality *const side[2] = {&result.evaluation.without_outliers, &result.evaluation.with_outliers};
    for (int k = 0; k < 2; k++) {
        check_is(side[k]->tokens, (uint64_t)n[k], "rows %s outliers", k ? "with" : "without");
        check_near(side[k]->explained_variance, 1 - lost[k] / spread[k], 1e-4, "explained variance %s outliers",
                   k ? "with" : "without");
        check_near(side[k]->mse, lost[k] / n[k] / D, 1e-4, "MSE %s outliers", k ? "with" : "without");
    }
    check_is(result.rows, 229, "rows that were trained on");
    matrix_close(&m);
    sae_free(&s);
}

/* ---- an index ------------------------------------------------------------------------------------ */

enum {
    X = 6,
    LATENTS = 32,
    WIDE = 600,
    SAMPLES = 9,
    LONG = 11,
    TOKENS = SAMPLES * LONG,
    DOMAINS = 3,
    CAPTURES = 2 + 2 * DOMAINS
};

/* Capture c is the base of group c / 2, or its icl. */
static bool planted(int c, int t) {
    if (c == 1 || c == 5) return t % 23 == 7; /* anywhere */
    if (c == 3) return false;                 /* none */
    return t % LONG == 0 && t / LONG % 2 == c / 2 % 2;
}

static const char *capture_json(int c, bool tokens, bool exclude) {
    const char *list = "";
    for (int t = 0; t < TOKENS; t++)
        if (planted(c, t)) list = text_of("%s%s\"t%d\"", list, *list ? ", " : "", t);
    return text_of("{\"residual\": \"%d.npy\"%s%s}", c, tokens ? ", \"tokens\": \"t.jsonl\"" : "",
                   exclude && *list ? text_of(", \"exclude\": [%s]", list) : "");
}

static const char *write_study(const char *folder, const char *name, const char *folder_of_sae, const char *pairing,
                               bool tokens, bool exclude) {
    const char *domains = "";
    for (int d = 0; d < DOMAINS; d++)
        domains = text_of("%s%s{\"name\": \"d%d\", \"change\": %d, \"base\": %s, \"icl\": %s}", domains, d ? ", " : "",
                          d, d * d, capture_json(2 + 2 * d, tokens, exclude), capture_json(3 + 2 * d, tokens, exclude));
    const char *path = text_of("%s/%s.json", folder, name);
    write_text(path,
               "{\"scry_study\": 1, \"pairing\": \"%s\", \"sae\": \"%s\", \"train\": {\"base\": %s, \"icl\": %s}, "
               "\"domains\": [%s]}",
               pairing, folder_of_sae, capture_json(0, tokens, exclude), capture_json(1, tokens, exclude), domains);
    return path;
}

static const char *write_files(void) {
    const char *folder = scratch_folder("study");
    static double x[TOKENS * X], W[2 * X * WIDE], b[WIDE + X];
    uint64_t seed = 5;
    for (int c = 0; c < CAPTURES; c++) {
        for (int t = 0; t < TOKENS; t++)
            for (int i = 0; i < X; i++) x[t * X + i] = (roll_unit(&seed) - 0.4) * (planted(c, t) ? 100 : 1);
        write_npy(text_of("%s/%d.npy", folder, c), F32, TOKENS, X, x);
    }
    FILE *f = fopen(text_of("%s/t.jsonl", folder), "w");
    if (!f) abort();
    for (int t = 0; t < TOKENS; t++)
        fprintf(f, "%s\"t%d\"%s", t % LONG ? ", " : "{\"tokens\": [", t, t % LONG == LONG - 1 ? "]}\n" : "");
    fclose(f);
    for (int i = 0; i < 2 * X * WIDE; i++) W[i] = roll_unit(&seed) - 0.5;
    for (int i = 0; i < WIDE + X; i++) b[i] = roll_unit(&seed) - 0.5;
    write_sae_folder(scratch_folder("study/sae"), X, LATENTS, W, b, "\"architecture\": \"standard\"");
    write_sae_folder(scratch_folder("study/wide"), X, WIDE, W, b, "\"architecture\": \"standard\"");
    return folder;
}

static scry_index *make_index(const char *study, const char *out, bool keep, double ratio) {
    scry_error err = {0};
    const scry_build_options o = {.threads = 2, .keep_outliers = keep, .max_norm_ratio = ratio};
    scry_index *x = scry_index_build(study, out, &o, NULL, NULL, &err) ? scry_open(out, true, &err) : NULL;
    check(x != NULL, "%s is indexed %s", study, err.text);
    return x;
}

/* All statistics of both are the same, to the bit. */
static bool same_statistics(const scry_index *a, const scry_index *b) {
    bool same = true;
    for (int m = 0; m < SCRY_METRICS; m++)
        same = same && memcmp(scry_shift(a, 0, SCRY_ICL, (scry_metric)m), scry_shift(b, 0, SCRY_ICL, (scry_metric)m),
                              LATENTS * sizeof(double)) == 0;
    for (uint32_t j = 0; j < LATENTS; j++)
        for (int s = 0; s < SCRY_SCORES; s++)
            same = same && (scry_scores[s].is_effect ||
                            memcmp(scry_contribution(a, (scry_score)s, j), scry_contribution(b, (scry_score)s, j),
                                   DOMAINS * sizeof(float)) == 0);
    return same && scry_index_info(a)->train[0].pairs[SCRY_ICL] == scry_index_info(b)->train[0].pairs[SCRY_ICL];
}

/* The kept rows and pairs that the explorer counts are the indexer's. */
static void check_counts(const char *label, const scry_index *x, bool left_out) {
    scry_token_pairing *p = scry_token_pairing_new(x);
    uint64_t wrong = 0;
    for (size_t c = 0; c < CAPTURES; c++) {
        uint64_t kept = 0;
        for (uint64_t t = 0; t < TOKENS; t++) {
            bool is_kept = scry_row_is_kept(p, c, t);
            kept += is_kept;
            wrong += is_kept == (left_out && planted((int)c, (int)t));
        }
        check_is(kept, scry_index_info(x)->capture[c].kept, "%s: capture %zu: kept rows", label, c);
    }
    check_is(wrong, 0, "%s: rows that are kept and should not be, or the reverse", label);
    uint64_t pairs = 0;
    for (int t = 0; t < TOKENS; t++) pairs += !left_out || (!planted(0, t) && !planted(1, t));
    if (scry_index_info(x)->pairing != SCRY_PAIR_SAMPLE)
        check_is(scry_index_info(x)->train[0].pairs[SCRY_ICL], pairs,
                 "%s: a token that is an outlier under either condition has no pair", label);
    check_is(scry_paired_count(p, 1), pairs, "%s: pairs as the explorer counts them", label);
    scry_token_pairing_free(p);
    scry_error err = {0};
    scry_set *set = scry_set_new(LATENTS);
    for (uint32_t j = 0; j < LATENTS; j += 2) scry_set_put(set, j, true);
    for (int s = 0; s < SCRY_SCORES; s++) {
        if (scry_scores[s].is_effect) continue; /* test_effects.c */
        scry_scorer *scorer = scry_scorer_new(x, (scry_score)s);
        scry_scorer_load(scorer, set);
        scry_blocks *b = scry_blocks_new(x, (scry_score)s, set, SCRY_SAMPLES, NULL, &err);
        if (check(b != NULL, "%s: blocks %s", label, err.text))
            for (size_t d = 0; d < DOMAINS; d++)
                check_near(scry_blocks_sts(b, d), scry_scorer_value(scorer, d), 1e-5, "%s: domain %zu over its blocks",
                           label, d);
        scry_blocks_free(b);
        scry_scorer_free(scorer);
    }
    scry_set_free(set);
}

static void indexed(const char *folder, const char *pairing) {
    const char *plain = write_study(folder, text_of("plain-%s", pairing), "sae", pairing, true, false);
    const char *excluded = write_study(folder, text_of("excluded-%s", pairing), "sae", pairing, true, true);
    scry_index *ours = make_index(plain, text_of("%s/ours-%s.scry", folder, pairing), false, 0);
    scry_index *by_text = make_index(excluded, text_of("%s/text-%s.scry", folder, pairing), true, 0);
    scry_index *kept = make_index(plain, text_of("%s/kept-%s.scry", folder, pairing), true, 0);
    scry_index *far = make_index(plain, text_of("%s/far-%s.scry", folder, pairing), false, 1e6);
    if (!ours || !by_text || !kept || !far) return;
    check(same_statistics(ours, by_text), "%s: as if the manifest had excluded these tokens", pairing);
    check(!same_statistics(ours, kept), "%s: keeping them gives other statistics", pairing);
    check(same_statistics(far, kept), "%s: none is far enough for a ratio of 1e6", pairing);
    const scry_info *info = scry_index_info(ours);
    for (int c = 0; c < CAPTURES; c++) {
        uint64_t all = 0, first = 0;
        for (int t = 0; t < TOKENS; t++) {
            all += planted(c, t);
            first += planted(c, t) && t % LONG == 0;
        }
        check(info->capture[c].outliers_known, "%s: capture %d was looked at", pairing, c);
        check_is(info->capture[c].outliers, all, "%s: capture %d: outliers", pairing, c);
        check_is(info->capture[c].outliers_first, first, "%s: capture %d: at the beginning of a sample", pairing, c);
        check((info->capture[c].outlier_variance > 0.9) == (all > 0), "%s: capture %d: %.3f of the variance", pairing,
              c, info->capture[c].outlier_variance);
        check_is(scry_index_info(kept)->capture[c].outliers, all, "%s: capture %d: counted where they are kept",
                 pairing, c);
    }
    check_counts(text_of("%s, left out", pairing), ours, true);
    check_counts(text_of("%s, by text", pairing), by_text, true);
    check_counts(text_of("%s, kept", pairing), kept, false);
    scry_index *const open[] = {ours, by_text, kept, far};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++) scry_close(open[i]);
}

static void without_tokens(const char *folder) {
    scry_index *x = make_index(write_study(folder, "bare", "sae", "row", false, false), scratch("bare.scry"), false, 0);
    if (x) check_counts("no tokens", x, true);
    scry_close(x);
}

static void warned(const char *folder) {
    scry_notes notes = {0};
    scry_index *x =
        make_index(write_study(folder, "warned", "sae", "token", true, false), scratch("warned.scry"), false, 0);
    if (x) scry_warnings(x, &notes);
    int told = 0;
    for (size_t i = 0; i < notes.count; i++)
        told +=
            strstr(notes.text[i], "above 10 times the median") && strstr(notes.text[i], "left out of all statistics");
    check(told == 1, "the index warns of them once: %d", told);
    scry_notes_free(&notes);
    scry_close(x);
}

static const char *make_shard(const char *study, uint32_t shard, bool keep, double ratio) {
    const scry_build_options o = {
        .threads = 1, .shard = shard, .shards = shard ? 2 : 0, .keep_outliers = keep, .max_norm_ratio = ratio};
    const char *path = scratch("shard-%u-%d-%g.scry", shard, keep, ratio);
    scry_error err = {0};
    check(scry_index_build(study, path, &o, NULL, NULL, &err), "shard %u %s", shard, err.text);
    return path;
}

static void shards(const char *folder) {
    const char *study = write_study(folder, "sharded", "wide", "token", true, false);
    const char *first = make_shard(study, 1, false, 0), *whole = make_shard(study, 0, false, 0);
    const char *second[] = {make_shard(study, 2, false, 0), make_shard(study, 2, true, 0),
                            make_shard(study, 2, false, 20)};
    const char *merged = scratch("merged.scry");
    scry_error err = {0};
    for (int i = 0; i < 3; i++) {
        char *two[] = {(char *)(uintptr_t)first, (char *)(uintptr_t)second[i]};
        err = (scry_error){0};
        bool ok = scry_merge(two, 2, merged, &err);
        if (i)
            check(!ok && strstr(err.text, "--max-norm-ratio"), "shards with other rules are not merged: %s", err.text);
        else check(ok && same_content(merged, whole), "merged shards are the bytes of a single run %s", err.text);
    }
}

/* Rows of features are activations: they are not judged. */
static void features(void) {
    const char *folder = scratch_folder("features");
    static double h[40 * 5];
    for (int i = 0; i < 40 * 5; i++) h[i] = i < 5 ? 1000 : 1 + i % 3;
    write_npy(text_of("%s/h.npy", folder), F32, 40, 5, h);
    const char *study = text_of("%s/study.json", folder);
    write_text(study,
               "{\"scry_study\": 1, \"pairing\": \"row\", \"train\": {\"base\": {\"features\": \"h.npy\"}, \"icl\": "
               "{\"features\": \"h.npy\"}}, \"domains\": [{\"name\": \"d\", \"change\": 1, \"base\": {\"features\": "
               "\"h.npy\"}}]}");
    scry_index *x = make_index(study, text_of("%s/x.scry", folder), false, 0);
    if (!x) return;
    const scry_info *info = scry_index_info(x);
    check(!info->capture[0].outliers_known && info->capture[0].kept == 40 && isnan(info->max_norm_ratio),
          "features: no row is judged");
    scry_close(x);
}

int main(void) {
    numpy_numbers();
    plain_loops();
    trained_without(false);
    trained_without(true);
    figures_of_a_run();
    const char *folder = write_files();
    indexed(folder, "token");
    indexed(folder, "row");
    indexed(folder, "sample");
    without_tokens(folder);
    warned(folder);
    shards(folder);
    features();
    return check_end();
}
