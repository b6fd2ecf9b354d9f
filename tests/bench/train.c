/* train.c: row 9: training a TopK SAE on real residuals, against sae-lens and dictionary_learning: the same residuals,
 * width, K, steps, batch and learning rate; explained variance of rows that none was trained on, by scry eval-sae. */
#include "bench.h"

#include "io/matrix.h"
#include "study/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STUDY "../shared/studies/mmlu-pocket/study.json"
enum { WIDTH = 2048, K = 32, BATCH = 2048, BLOCK = 64, HELD = 20, MOST_CAPTURES = 64 };
#define RATE "0.002"

static int steps_of_run, repeats;

/* The base residuals of a study: one block of rows in HELD is for the test. */
typedef struct residuals {
    matrix m[MOST_CAPTURES];
    size_t captures;
    uint64_t rows, cols;
    bool test;
} residuals;

static void add_base(residuals *r, const study_group *group) {
    const study_capture *spec = &group->capture[SCRY_BASE];
    scry_error err = {0};
    if (!spec->present || spec->features || r->captures == MOST_CAPTURES) return;
    if (!matrix_open(&r->m[r->captures], spec->files, spec->file_count, spec->tensor, spec->key, &err))
        die("%s", err.text);
    r->rows += r->m[r->captures].rows;
    r->cols = r->m[r->captures++].cols;
}

static bool is_test(uint64_t row) {
    return row / BLOCK % HELD == HELD / 2;
}

static uint64_t count_rows(const residuals *r) {
    uint64_t count = 0;
    for (uint64_t row = 0; row < r->rows; row++) count += is_test(row) == r->test;
    return count;
}

static void fill(void *context, uint64_t wanted, float *out) {
    const residuals *r = context;
    uint64_t row = 0;
    /* whole rounds first, so that not every row is counted from the beginning */
    uint64_t round = r->test ? BLOCK : (uint64_t)BLOCK * (HELD - 1), left = wanted % round;
    row = wanted / round * BLOCK * HELD;
    for (;; row++) {
        if (is_test(row) != r->test) continue;
        if (left-- == 0) break;
    }
    for (size_t c = 0; c < r->captures; c++) {
        if (row < r->m[c].rows) {
            matrix_row(&r->m[c], row, out);
            return;
        }
        row -= r->m[c].rows;
    }
}

static void write_residuals(const char *train, const char *test) {
    static residuals r;
    scry_error err = {0};
    scry_study *study = scry_study_read(STUDY, NULL, &err);
    if (!study) die("%s", err.text);
    for (size_t t = 0; t < study->train_count; t++) add_base(&r, &study->trains[t]);
    for (size_t d = 0; d < study->domain_count; d++) add_base(&r, &study->domains[d]);
    write_npy(train, count_rows(&r), r.cols, fill, &r);
    r.test = true;
    write_npy(test, count_rows(&r), r.cols, fill, &r);
    say("%llu rows of width %llu to train on, %llu to measure", (unsigned long long)(r.rows - count_rows(&r)),
        (unsigned long long)r.cols, (unsigned long long)count_rows(&r));
    for (size_t c = 0; c < r.captures; c++) matrix_close(&r.m[c]);
    scry_study_free(study);
}

/* Explained variance and L0 of an SAE on the test rows. */
static double measure(const char *sae, const char *test, double *l0) {
    char *said = path_in("eval.json");
    char *eval[] = {(char *)scry, (char *)"eval-sae", (char *)sae, (char *)test, (char *)"--json", NULL};
    run(eval, said, false);
    *l0 = number_in(said, "l0");
    double explained = number_in(said, "explained_variance");
    free(said);
    return explained;
}

/* Seconds of one training by the library (NULL: scry) into a fresh folder. */
static double train(const char *python, const char *library, const char *data, const char *out) {
    char *said = path_in("train.json"), steps[16], batch[16], width[16], k[16];
    snprintf(steps, sizeof steps, "%d", steps_of_run);
    snprintf(batch, sizeof batch, "%d", BATCH);
    snprintf(width, sizeof width, "%d", WIDTH);
    snprintf(k, sizeof k, "%d", K);
    char *clear[] = {(char *)"rm", (char *)"-rf", (char *)out, NULL};
    run(clear, NULL, false);
    if (library) {
        char *theirs[] = {(char *)python,
                          (char *)"tests/bench/train_reference.py",
                          (char *)library,
                          (char *)data,
                          (char *)out,
                          steps,
                          batch,
                          width,
                          k,
                          (char *)RATE,
                          NULL};
        run(theirs, said, false);
    } else {
        char *ours[] = {(char *)scry,
                        (char *)"train",
                        (char *)data,
                        (char *)"-o",
                        (char *)out,
                        (char *)"--steps",
                        steps,
                        (char *)"--batch",
                        batch,
                        (char *)"--width",
                        width,
                        (char *)"--k",
                        k,
                        (char *)"--lr",
                        (char *)RATE,
                        (char *)"--held-out",
                        (char *)"0",
                        (char *)"--json",
                        NULL};
        run(ours, said, false);
    }
    double seconds = number_in(said, "seconds");
    free(said);
    return seconds;
}

static void compare(const char *python, const char *library, const char *data, const char *test) {
    char *check[] = {(char *)python, (char *)"-c",
                     (char *)(strcmp(library, "sae-lens") == 0 ? "import sae_lens" : "import dictionary_learning"),
                     NULL};
    if (run(check, NULL, true).status) {
        say("skipped: %s has no %s; BENCH_SAE_PYTHON names one that has", python, library);
        row(text("9 training against %s", library), "skipped", text("not in %.150s", python), "", ">= 1.5x", -1);
        return;
    }
    char *ours = path_in("ours"), *theirs = path_in("theirs");
    double fast = INFINITY, slow = INFINITY, l0_ours, l0_theirs;
    for (int i = 0; i < repeats; i++) {
        slow = fmin(slow, train(python, library, data, theirs));
        fast = fmin(fast, train(python, NULL, data, ours));
    }
    double a = measure(ours, test, &l0_ours), b = measure(theirs, test, &l0_theirs),
           tokens = (double)steps_of_run * BATCH;
    say("F %d, K %d, %d steps of %d tokens, learning rate %s: scry %.2f s, %s %.2f s; best of %d", WIDTH, K,
        steps_of_run, BATCH, RATE, fast, library, slow, repeats);
    row(text("9 training TopK, tokens a second, against %s", library), text("%.0f", tokens / fast),
        text("%.0f", tokens / slow), text("%.1fx", slow / fast), ">= 1.5x", slow / fast >= 1.5);
    row(text("9 the same: explained variance, held out (L0 %.1f, %.1f)", l0_ours, l0_theirs), text("%.4f", a),
        text("%.4f", b), text("%+.4f", a - b), ">= -0.01", a - b >= -0.01);
    free(ours);
    free(theirs);
}

void bench_train(void) {
    const char *python = getenv("BENCH_SAE_PYTHON");
    if (!python || !*python) python = getenv("BENCH_PYTHON");
    if (!python || !*python) python = "python3";
    if (access(STUDY, R_OK) != 0) {
        say("skipped: no " STUDY);
        row("9 training", "skipped", "no " STUDY, "", ">= 1.5x", -1);
        return;
    }
    bool full = strcmp(scale.name, "full") == 0;
    steps_of_run = full ? 600 : 200;
    repeats = full ? 2 : 1;
    char *data = path_in("train.npy"), *test = path_in("test.npy");
    write_residuals(data, test);
    compare(python, "sae-lens", data, test);
    compare(python, "dictionary_learning", data, test);
    free(data);
    free(test);
}
