/* test_minus.c: differences of paired rows: a matrix less another, what is refused, and SAEs that are trained on them.
 */
#include "check.h"
#include "io/matrix.h"
#include "sae/sae.h"
#include "train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows ---------------------------------------------------------------------------------------- */

enum { ROWS = 7, COLS = 300 }; /* more columns than are subtracted at a time */

static bool open_one(matrix *m, const char *path, scry_error *err) {
    char *file = (char *)(uintptr_t)path;
    return matrix_open(m, &file, 1, NULL, "capture", err);
}

static bool open_pair(matrix *m, const char *of, const char *minus, scry_error *err) {
    matrix other;
    return open_one(m, of, err) && open_one(&other, minus, err) && matrix_subtract(m, &other, "minus", err);
}

/* Every number of every row, where both files hold them exactly. */
static void compare_rows(const char *what, const char *of, const char *minus, const double *a, const double *b) {
    matrix m;
    scry_error err = {0};
    float row[COLS];
    size_t wrong = 0;
    if (!check(open_pair(&m, of, minus, &err), "%s: subtracted %s", what, err.text)) return;
    for (size_t r = 0; r < ROWS; r++) {
        wrong += matrix_row(&m, r, row) != 0;
        for (size_t i = 0; i < COLS; i++) wrong += (double)row[i] != a[r * COLS + i] - b[r * COLS + i];
    }
    check_is(wrong, 0, "%s: numbers other than the plain difference", what);
    matrix_place place;
    check(!matrix_place_of(&m, 0, &place), "%s: lies in no file", what);
    matrix_close(&m);
}

static void test_rows(void) {
    static double a[ROWS * COLS], b[ROWS * COLS];
    static const number_type types[] = {F16, BF16, F32, F64};
    uint64_t seed = 5;
    for (size_t i = 0; i < ROWS * COLS; i++) {
        a[i] = ((double)roll_below(&seed, 256) - 128) / 16;
        b[i] = ((double)roll_below(&seed, 256) - 128) / 16;
    }
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        const char *of = scratch("a%zu.safetensors", t), *minus = scratch("b%zu.safetensors", t);
        write_safetensors(of, &(specimen){"h", types[t], ROWS, COLS, a}, 1);
        write_safetensors(minus, &(specimen){"h", types[t], ROWS, COLS, b}, 1);
        compare_rows(text_of("type %zu", t), of, minus, a, b);
        compare_rows(text_of("type %zu, turned", t), minus, of, b, a);
        double *nothing = calloc(ROWS * COLS, sizeof *nothing);
        compare_rows(text_of("type %zu, of itself", t), of, of, nothing, nothing);
        free(nothing);
    }
    write_npy(scratch("rows.npy"), F32, ROWS, COLS, a);
    write_npy_as(scratch("columns.npy"), F32, 1, true, ROWS, COLS, b);
    compare_rows("column by column in one file", scratch("rows.npy"), scratch("columns.npy"), a, b);
}

/* A number that is not finite on either side, and a difference that is not, are counted and read as 0. */
static void test_nonfinite(void) {
    double a[2 * 4] = {1, NAN, 3, 3e38, 5, 6, 7, 8}, b[2 * 4] = {1, 2, INFINITY, -3e38, 1, 1, 1, 1};
    matrix m;
    scry_error err = {0};
    float row[4];
    write_npy(scratch("na.npy"), F32, 2, 4, a);
    write_npy(scratch("nb.npy"), F32, 2, 4, b);
    if (!check(open_pair(&m, scratch("na.npy"), scratch("nb.npy"), &err), "subtracted %s", err.text)) return;
    check_is(matrix_row(&m, 0, row), 3, "numbers that are not finite");
    check(row[0] == 0 && row[1] == 0 && row[2] == 0 && row[3] == 0, "they are read as 0");
    check_is(matrix_row(&m, 1, row), 0, "of the next row");
    check(row[0] == 4 && row[3] == 7, "which is a plain difference");
    matrix_close(&m);
}

/* Refused, with both files named. */
static void refuse(const char *what, const char *of, const char *minus, const char *found, const char *expected) {
    matrix m;
    scry_error err = {0};
    const bool ok = open_pair(&m, of, minus, &err);
    check(!ok, "%s: refused", what);
    check_says(err.text, SAYS(of, minus, found, expected), "%s: \"%s\"", what, err.text);
    matrix_close(&m);
}

static void write_samples(const char *path, const char *shape, size_t numbers) {
    float *zeros = calloc(numbers, sizeof *zeros);
    write_safetensors_raw(
        path,
        text_of("{\"h\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,%zu]}}", shape, numbers * sizeof *zeros),
        zeros, numbers * sizeof *zeros);
    free(zeros);
}

static void test_refusals(void) {
    static double x[12 * 4];
    write_npy(scratch("6x4.npy"), F32, 6, 4, x);
    write_npy(scratch("5x4.npy"), F32, 5, 4, x);
    write_npy(scratch("6x3.npy"), F32, 6, 3, x);
    write_npy(scratch("half.npy"), F16, 6, 4, x);
    write_samples(scratch("2x3x4.safetensors"), "[2,3,4]", 24);
    write_samples(scratch("3x2x4.safetensors"), "[3,2,4]", 24);
    write_samples(scratch("2x2x4.safetensors"), "[2,2,4]", 16);
    refuse("fewer rows", scratch("6x4.npy"), scratch("5x4.npy"), "found 5 rows", "expected 6");
    refuse("more rows", scratch("5x4.npy"), scratch("6x4.npy"), "found 6 rows", "expected 5");
    refuse("another width", scratch("6x4.npy"), scratch("6x3.npy"), "found 3 columns", "expected 4");
    refuse("another type", scratch("6x4.npy"), scratch("half.npy"), "found dtype", "rounding of the narrower");
    refuse("as many rows in samples", scratch("6x4.npy"), scratch("2x3x4.safetensors"), "[samples, positions, width]",
           "expected [tokens, width]");
    refuse("samples of another length", scratch("2x3x4.safetensors"), scratch("2x2x4.safetensors"), "found 2 positions",
           "expected 3");
    refuse("as many rows in other samples", scratch("2x3x4.safetensors"), scratch("3x2x4.safetensors"),
           "found 3 samples", "expected 2");
}

/* ---- training ------------------------------------------------------------------------------------ */

enum { N = 4096, WIDTH = 16, PLANTED = 6 };

static double direction[PLANTED][WIDTH], base[N * WIDTH], tuned[N * WIDTH], difference[N * WIDTH];

/* The stream is large and without structure; the tuned one has a few directions more, of which each row has up to
 * two. */
static void make_pair(void) {
    uint64_t seed = 11;
    for (int p = 0; p < PLANTED; p++) {
        double square = 0;
        for (int i = 0; i < WIDTH; i++) {
            direction[p][i] = roll_unit(&seed) - 0.5;
            square += direction[p][i] * direction[p][i];
        }
        for (int i = 0; i < WIDTH; i++) direction[p][i] /= sqrt(square);
    }
    for (size_t r = 0; r < N; r++) {
        for (size_t i = 0; i < WIDTH; i++)
            base[r * WIDTH + i] = tuned[r * WIDTH + i] = (double)(float)(100 * (roll_unit(&seed) - 0.5));
        for (uint32_t k = 0; k < 2; k++) {
            const double size = 1 + 2 * roll_unit(&seed);
            const double *along = direction[roll_below(&seed, PLANTED)];
            for (size_t i = 0; i < WIDTH; i++) tuned[r * WIDTH + i] += size * along[i];
        }
        for (size_t i = 0; i < WIDTH; i++) {
            tuned[r * WIDTH + i] = (double)(float)tuned[r * WIDTH + i];
            difference[r * WIDTH + i] = (double)((float)tuned[r * WIDTH + i] - (float)base[r * WIDTH + i]);
        }
    }
    write_npy(scratch("base.npy"), F32, N, WIDTH, base);
    write_npy(scratch("tuned.npy"), F32, N, WIDTH, tuned);
}

static scry_train_run settings_of_run(void) {
    scry_train_run run = {.threads = 2};
    scry_train_undecided(&run.settings);
    run.settings.width = 8;
    run.settings.k = 2;
    run.settings.batch = 256;
    run.settings.steps = 1000;
    run.settings.lr = 0.003;
    return run;
}

/* What the SAE's latents are on a row, by a plain loop: the two largest pre-activations. */
static void encode(const sae *s, const double *x, double *h) {
    double pre[8];
    for (uint32_t j = 0; j < s->d_sae; j++) {
        h[j] = 0;
        pre[j] = (double)s->b_enc[j];
        for (size_t i = 0; i < WIDTH; i++) pre[j] += (x[i] - (double)s->b_dec[i]) * (double)s->W_enc[j * WIDTH + i];
    }
    for (uint32_t k = 0; k < s->k; k++) {
        uint32_t best = 0;
        for (uint32_t j = 1; j < s->d_sae; j++)
            if (pre[j] > pre[best]) best = j;
        if (!(pre[best] > 0)) return;
        h[best] = pre[best];
        pre[best] = -1;
    }
}

/* What the SAE makes of a row. */
static void reconstruct(const sae *s, const double *x, double *out) {
    double h[8];
    encode(s, x, h);
    for (size_t i = 0; i < WIDTH; i++) {
        out[i] = (double)s->b_dec[i];
        for (uint32_t j = 0; j < s->d_sae; j++) out[i] += h[j] * (double)s->W_dec[j * WIDTH + i];
    }
}

static double plain_explained_variance(const sae *s, const double *rows) {
    double mean[WIDTH] = {0}, lost = 0, spread = 0, out[WIDTH];
    for (size_t r = 0; r < N; r++)
        for (size_t i = 0; i < WIDTH; i++) mean[i] += rows[r * WIDTH + i] / N;
    for (size_t r = 0; r < N; r++) {
        const double *x = rows + r * WIDTH;
        reconstruct(s, x, out);
        for (size_t i = 0; i < WIDTH; i++) {
            lost += (x[i] - out[i]) * (x[i] - out[i]);
            spread += (x[i] - mean[i]) * (x[i] - mean[i]);
        }
    }
    return 1 - lost / spread;
}

static void check_found(const sae *s) {
    double worst_of = 1;
    for (int p = 0; p < PLANTED; p++) {
        double most = 0;
        for (uint32_t j = 0; j < s->d_sae; j++) {
            double cosine = 0;
            for (size_t i = 0; i < WIDTH; i++) cosine += direction[p][i] * (double)s->W_dec[j * WIDTH + i];
            if (cosine > most) most = cosine;
        }
        if (most < worst_of) worst_of = most;
    }
    check(worst_of > 0.95, "each planted direction is a latent's: cosine %.4f of the least, expected above 0.95",
          worst_of);
}

static bool stop_later(void *context, const scry_train_progress *p) {
    (void)context;
    return p->step < 200;
}

/* The input is held by pointers to these. */
static const char *path_of[1], *minus_of[1];

static scry_train_input pair_input(const char *of, const char *minus) {
    path_of[0] = of;
    minus_of[0] = minus;
    return (scry_train_input){.path = path_of, .paths = 1, .minus = minus ? minus_of : NULL, .condition = -1};
}

static void test_training(void) {
    const scry_train_input input = pair_input(scratch("tuned.npy"), scratch("base.npy"));
    scry_train_run run = settings_of_run();
    scry_train_result result;
    scry_sae_evaluation e;
    scry_error err = {0};
    sae s;
    make_pair();
    if (!check(scry_train(scratch("sae"), &input, &run, &result, NULL, &err), "trained on differences %s", err.text))
        return;
    check(result.difference, "the result says so");
    if (!check(sae_load(&s, scratch("sae"), NULL, NULL, &err), "loaded %s", err.text)) return;
    check(s.difference, "cfg.json says so");
    check_found(&s);
    check(scry_eval_sae(scratch("sae"), &input, 2, NULL, NULL, &e, NULL, &err), "evaluated %s", err.text);
    check_near(e.with_outliers.explained_variance, plain_explained_variance(&s, difference), 1e-6,
               "explained variance of the difference");
    check(e.with_outliers.explained_variance > 0.9, "which is large: %.4f", e.with_outliers.explained_variance);
    sae_free(&s);
    const scry_train_input stream = pair_input(scratch("tuned.npy"), NULL);
    check(!scry_eval_sae(scratch("sae"), &stream, 2, NULL, NULL, &e, NULL, &err), "not evaluated on the stream");
    check_says(err.text, SAYS(scratch("tuned.npy"), scratch("sae"), "--minus"), "\"%s\"", err.text);
}

static void test_resumed(void) {
    const scry_train_input input = pair_input(scratch("tuned.npy"), scratch("base.npy"));
    const scry_train_input none = {.condition = -1};
    scry_train_run run = settings_of_run();
    scry_train_result result;
    scry_error err = {0};
    run.progress = stop_later;
    check(!scry_train(scratch("cut"), &input, &run, &result, NULL, &err), "stopped in the middle");
    run = (scry_train_run){.threads = 1, .resume = true};
    err = (scry_error){0};
    if (check(scry_train(scratch("cut"), &none, &run, &result, NULL, &err), "goes on with the pair %s", err.text))
        check(same_content(scratch("cut/sae_weights.safetensors"), scratch("sae/sae_weights.safetensors")) &&
                  same_content(scratch("cut/cfg.json"), scratch("sae/cfg.json")),
              "to the same SAE, bit for bit");
    run = settings_of_run();
    run.progress = stop_later;
    check(!scry_train(scratch("turned"), &input, &run, &result, NULL, &err), "stopped");
    const scry_train_input turned = pair_input(scratch("base.npy"), scratch("tuned.npy"));
    run = (scry_train_run){.threads = 1, .resume = true};
    check(!scry_train(scratch("turned"), &turned, &run, &result, NULL, &err), "does not go on with the pair turned");
    check_says(err.text, SAYS("other residuals"), "\"%s\"", err.text);
}

/* ---- studies ------------------------------------------------------------------------------------- */

static void refuse_study(const char *what, const char *study, const char *minus, const char *const *words) {
    const scry_train_input input = pair_input(study, minus);
    scry_train_run run = settings_of_run();
    scry_train_result result;
    scry_error err = {0};
    check(!scry_train(scratch("no"), &input, &run, &result, NULL, &err), "%s: refused", what);
    check_says(err.text, words, "%s: \"%s\"", what, err.text);
    check(!file_exists(scratch("no")), "%s: nothing is written", what);
}

static void write_study(const char *path, const char *base_more, const char *sft_more) {
    write_text(path,
               "{\"scry_study\": 1, \"train\": {\"base\": {\"residual\": \"base.npy\"%s}, \"sft\": {\"residual\": "
               "\"tuned.npy\"%s}}, \"domains\": []}",
               base_more, sft_more);
}

/* Both ways to say it give the weights of the two files. */
static void test_studies(void) {
    scry_train_run run = settings_of_run();
    scry_train_result result;
    scry_error err = {0};
    write_study(scratch("plain.json"), "", "");
    write_study(scratch("minus.json"), ", \"minus\": \"base.npy\"", ", \"minus\": [\"base.npy\"]");
    scry_train_input input = pair_input(scratch("plain.json"), "base");
    check(scry_train(scratch("by-condition"), &input, &run, &result, NULL, &err), "less a condition %s", err.text);
    check(same_content(scratch("by-condition/sae_weights.safetensors"), scratch("sae/sae_weights.safetensors")),
          "has the weights of the two files");
    input = pair_input(scratch("minus.json"), NULL);
    input.condition = SCRY_SFT;
    check(scry_train(scratch("by-manifest"), &input, &run, &result, NULL, &err), "\"minus\" of a capture %s", err.text);
    check(same_content(scratch("by-manifest/sae_weights.safetensors"), scratch("sae/sae_weights.safetensors")),
          "has them too");
    refuse_study("a condition that is none", scratch("plain.json"), "before", SAYS("--minus", "before", "base"));
    refuse_study("a condition that is not there", scratch("plain.json"), "icl", SAYS("train.base", "icl"));
    refuse_study("differences less a condition", scratch("minus.json"), "base", SAYS("\"minus\"", "train.sft"));
    write_study(scratch("half.json"), "", ", \"minus\": \"base.npy\"");
    refuse_study("one of two", scratch("half.json"), NULL, SAYS("train.base.minus", "missing", "train.sft"));
    write_study(scratch("number.json"), ", \"minus\": 3", ", \"minus\": 3");
    refuse_study("a number", scratch("number.json"), NULL, SAYS("train.base.minus", "a number", "a file name"));
    write_study(scratch("empty.json"), ", \"minus\": []", ", \"minus\": []");
    refuse_study("an empty list", scratch("empty.json"), NULL, SAYS("train.base.minus", "a list"));
    write_study(scratch("object.json"), ", \"minus\": {}", ", \"minus\": {}");
    refuse_study("an empty object", scratch("object.json"), NULL, SAYS("train.base.minus.residual", "missing"));
}

/* The rows of another text are no pairs, though there are as many. */
static void test_tokens(void) {
    FILE *own = fopen(scratch("own.jsonl"), "w"), *other = fopen(scratch("other.jsonl"), "w");
    if (!own || !other) abort();
    for (int s = 0; s < N / 64; s++) {
        fputs("{\"tokens\": [", own);
        fputs("{\"tokens\": [", other);
        for (int k = 0; k < 64; k++) {
            fprintf(own, "%s\"w%d\"", k ? ", " : "", k);
            fprintf(other, "%s\"w%d\"", k ? ", " : "", s == 3 && k == 5 ? 6 : k);
        }
        fputs("]}\n", own);
        fputs("]}\n", other);
    }
    fclose(own);
    fclose(other);
    const char *same =
        ", \"tokens\": \"own.jsonl\", \"minus\": {\"residual\": \"base.npy\", \"tokens\": \"own.jsonl\"}";
    const char *apart =
        ", \"tokens\": \"own.jsonl\", \"minus\": {\"residual\": \"base.npy\", \"tokens\": \"other.jsonl\"}";
    write_study(scratch("apart.json"), same, apart);
    refuse_study("another text", scratch("apart.json"), NULL,
                 SAYS("train.sft.minus", "row 197", "\"w6\"", "\"w5\"", "own.jsonl", "other.jsonl"));
}

/* ---- an index ------------------------------------------------------------------------------------ */

/* The natural study of a difference: base is base minus itself, where nothing has changed; a domain's base, which the
 * score act reads, is the difference on its text. */
static const char *difference_study(const char *name, const char *sae_folder) {
    const char *none = "{\"residual\": \"base.npy\", \"minus\": \"base.npy\", \"tokens\": \"own.jsonl\"}";
    const char *change = "{\"residual\": \"tuned.npy\", \"minus\": \"base.npy\", \"tokens\": \"own.jsonl\"}";
    const char *path = scratch("%s", name);
    write_text(path,
               "{\"scry_study\": 1, \"sae\": \"%s\", \"train\": {\"base\": %s, \"sft\": %s}, \"domains\": [{\"name\": "
               "\"changed\", \"base\": %s}, {\"name\": \"same\", \"base\": %s}]}",
               sae_folder, none, change, change, none);
    return path;
}

static void compare_index(const scry_index *x, const sae *s) {
    worst shift = {.tolerance = 1e-5}, score = {.tolerance = 1e-5};
    static const double nothing[WIDTH];
    double still[8], h[8], square[8] = {0}, sum[8] = {0};
    encode(s, nothing, still);
    for (size_t r = 0; r < N; r++) {
        encode(s, difference + r * WIDTH, h);
        for (int j = 0; j < 8; j++) {
            square[j] += (h[j] - still[j]) * (h[j] - still[j]) / N;
            sum[j] += h[j] / N;
        }
    }
    const double *found = scry_shift(x, 0, SCRY_SFT, SCRY_SQ);
    for (uint32_t j = 0; j < 8; j++) {
        const float *act = scry_contribution(x, SCRY_ACT, j);
        worst_add(&shift, found[j], square[j], square[j], "latent %u", j);
        worst_add(&shift, scry_mean_base(x, 0, SCRY_SFT, j), still[j], 1, "latent %u of base", j);
        worst_add(&score, act ? (double)act[0] : 0, sum[j], 1, "latent %u, changed", j);
        worst_add(&score, act ? (double)act[1] : 0, still[j], 1, "latent %u, same", j);
    }
    worst_line(&shift, "shifts of the differences");
    worst_line(&score, "contributions of the differences");
}

static void test_index(void) {
    scry_error err = {0};
    sae s;
    const char *study = difference_study("differences.json", "sae");
    if (!check(scry_index_build(study, scratch("d.scry"), NULL, NULL, NULL, &err), "indexed %s", err.text)) return;
    scry_index *x = scry_open(scratch("d.scry"), true, &err);
    if (!check(x && sae_load(&s, scratch("sae"), NULL, NULL, &err), "opened %s", err.text)) return;
    const scry_info *info = scry_index_info(x);
    check(info->difference, "the index is of differences");
    for (size_t i = 0; i < info->captures; i++)
        check(strcmp(info->capture[i].minus, "base.npy") == 0 && info->capture[i].minus_files == 1, "%s is less %s",
              info->capture[i].name, info->capture[i].minus);
    compare_index(x, &s);
    sae_free(&s);
    scry_close(x);
    write_text(scratch("stream.json"),
               "{\"scry_study\": 1, \"sae\": \"sae\", \"train\": {\"base\": {\"residual\": \"base.npy\"}, \"sft\": "
               "{\"residual\": \"tuned.npy\"}}, \"domains\": []}");
    check(!scry_index_build(scratch("stream.json"), scratch("no.scry"), NULL, NULL, NULL, &err),
          "a dictionary of differences does not read the stream");
    check_says(err.text, SAYS("train.base.minus", "missing", "base.npy", "differences"), "\"%s\"", err.text);
}

int main(void) {
    test_rows();
    test_nonfinite();
    test_refusals();
    test_training();
    test_resumed();
    test_studies();
    test_tokens();
    test_index();
    return check_end();
}
