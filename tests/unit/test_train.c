/* test_train.c: training recovers a planted dictionary, for each architecture; the reported figures of the saved SAE
 * equal plain loops over the files; the weights are the same with any number of threads and after a resumed run;
 * streaming, held-out rows, and inputs that are refused. */
#include "check.h"

#include "base/mem.h"
#include "sae/sae.h"
#include "train.h"
#include "train/data.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The budget: 1,200 steps of 512 tokens, drawn from 12,000. Of G directions 3 on average make a token. */
enum { D = 32, G = 64, F = 96, ROWS = 12000, STEPS = 1200, BATCH = 512, ACTIVE = 3 };

static double direction[G][D];

static double normal(uint64_t *state) {
    return sqrt(-2 * log(1 - roll_unit(state))) * cos(6.283185307179586 * roll_unit(state));
}

static void plant(void) {
    uint64_t state = 11;
    for (int g = 0; g < G; g++) {
        double square = 0;
        for (int i = 0; i < D; i++) {
            direction[g][i] = normal(&state);
            square += direction[g][i] * direction[g][i];
        }
        for (int i = 0; i < D; i++) direction[g][i] /= sqrt(square);
    }
}

/* Residuals with a mean, a scale that is not 1, and a little noise. */
static const char *write_residuals(const char *name, size_t rows, uint64_t seed) {
    double *x = mem_new(rows * D, sizeof *x);
    uint64_t state = seed;
    for (size_t t = 0; t < rows; t++) {
        for (int i = 0; i < D; i++) x[t * D + (size_t)i] = 0.3 * (i % 5) + 0.02 * normal(&state);
        for (int g = 0; g < G; g++) {
            if (roll_unit(&state) * G > ACTIVE) continue;
            double size = 2 + 2 * roll_unit(&state);
            for (int i = 0; i < D; i++) x[t * D + (size_t)i] += size * direction[g][i];
        }
    }
    const char *path = scratch("%s", name);
    write_npy(path, F32, rows, D, x);
    free(x);
    return path;
}

/* Over true directions: the largest cosine with a decoder row. */
static double mean_max_cosine(const sae *s) {
    double sum = 0;
    for (int g = 0; g < G; g++) {
        double most = -1;
        for (uint32_t j = 0; j < s->d_sae; j++) {
            const float *row = s->W_dec + (size_t)j * D;
            double product = 0, square = 0;
            for (int i = 0; i < D; i++) {
                product += (double)row[i] * direction[g][i];
                square += (double)row[i] * (double)row[i];
            }
            most = fmax(most, product / sqrt(square));
        }
        sum += most;
    }
    return sum / G;
}

static scry_train_run small_run(scry_arch arch) {
    scry_train_run run = {0};
    scry_train_undecided(&run.settings);
    run.settings.arch = arch;
    run.settings.width = F;
    run.settings.batch = BATCH;
    run.settings.steps = STEPS;
    run.settings.lr = 3e-3;
    if (arch == SCRY_TOPK) run.settings.k = 2 * ACTIVE; /* as many as all but few tokens have */
    if (arch == SCRY_BATCHTOPK) run.settings.k = ACTIVE + 1;
    if (arch == SCRY_RELU) run.settings.sparsity = 0.7;
    return run;
}

static bool train(const char *out, const char *residuals, const scry_train_run *run, scry_train_result *result,
                  scry_error *err) {
    scry_train_input input = {.path = &residuals, .paths = residuals != NULL, .condition = -1};
    return scry_train(out, &input, run, result, NULL, err);
}

static void test_recovery(const char *name, const scry_train_run *run, const char *residuals) {
    scry_error err = {0};
    scry_train_result result;
    const char *out = scratch("recovery-%s", name);
    if (!check(train(out, residuals, run, &result, &err), "%s: trains %s", name, err.text)) return;
    sae s;
    if (!check(sae_load(&s, out, NULL, NULL, &err), "%s: is read back %s", name, err.text)) return;
    double cosine = mean_max_cosine(&s);
    check(cosine > 0.9, "%s: mean max cosine of the true directions %.4f, expected above 0.9", name, cosine);
    const scry_sae_quality *q = scry_evaluation_quality(&result.evaluation);
    check(result.held && q->tokens == result.held_rows && result.held_rows > 0, "%s: measured on held-out rows", name);
    check(q->explained_variance > 0.8, "%s: explained variance %.4f of held-out rows, expected above 0.8", name,
          q->explained_variance);
    check(q->l0 > 1.5 && q->l0 < 9, "%s: L0 %.2f, expected near %d", name, q->l0, ACTIVE);
    check(s.folded, "%s: decoder rows of norm 1", name);
    sae_free(&s);
}

static void test_recoveries(void) {
    const char *residuals = write_residuals("planted.npy", ROWS, 99);
    scry_train_run run = small_run(SCRY_RELU);
    test_recovery("relu", &run, residuals);
    run = small_run(SCRY_TOPK);
    test_recovery("topk", &run, residuals);
    run = small_run(SCRY_BATCHTOPK);
    test_recovery("batchtopk", &run, residuals);
    run = small_run(SCRY_JUMPRELU);
    test_recovery("jumprelu-l0", &run, residuals);
    run = small_run(SCRY_JUMPRELU);
    run.settings.penalty = SCRY_PENALTY_TANH;
    run.settings.sparsity = 0.25;
    test_recovery("jumprelu-tanh", &run, residuals);
}

/* ---- the same weights ---------------------------------------------------------------------------- */

static bool same_weights(const char *a, const char *b) {
    return same_content(text_of("%s/sae_weights.safetensors", a), text_of("%s/sae_weights.safetensors", b));
}

/* A run that is stopped whenever it asks, after its first steps. */
static bool stop_at_once(void *context, const scry_train_progress *p) {
    (void)p;
    ++*(int *)context;
    return false;
}

static void test_stopping(const char *name, const scry_train_run *given, const char *residuals) {
    scry_error err = {0};
    scry_train_result result;
    const char *whole = scratch("whole-%s", name), *parts = scratch("parts-%s", name);
    int stops = 0;
    scry_train_run run = *given;
    run.threads = 1;
    check(train(whole, residuals, &run, &result, &err), "%s: an unbroken run on one thread %s", name, err.text);
    run.threads = 3;
    run.progress = stop_at_once;
    run.context = &stops;
    bool done = train(parts, residuals, &run, &result, &err);
    check(!done && stops == 1, "%s: stops when told to", name);
    check_says(err.text, SAYS("stopped after step", "scry train --resume -o"), "%s: and says how to go on", name);
    check(file_exists(text_of("%s/checkpoint.safetensors", parts)), "%s: a checkpoint is there", name);
    check(!file_exists(text_of("%s/cfg.json", parts)), "%s: and no SAE yet", name);
    check(!train(parts, residuals, given, &result, &err), "%s: a new run does not overwrite it", name);
    check_says(err.text, SAYS("not finished", "--resume"), "%s: but says so", name);
    run.resume = true;
    for (int i = 0; i < 3 && !done; i++) done = train(parts, i ? residuals : NULL, &run, &result, &err);
    run.progress = NULL;
    if (!done) done = train(parts, NULL, &run, &result, &err);
    check(done && stops > 2, "%s: goes on after %d stops %s", name, stops, done ? "" : err.text);
    check(same_weights(whole, parts), "%s: the same weights, bit for bit, as without a stop and on one thread", name);
    check(!file_exists(text_of("%s/checkpoint.safetensors", parts)), "%s: the checkpoint is gone at the end", name);
    run.resume = false;
    run.settings.seed = 5;
    const char *other = scratch("other-%s", name);
    check(train(other, residuals, &run, &result, &err) && !same_weights(whole, other),
          "%s: another seed, other weights", name);
}

static void test_same(void) {
    const char *residuals = write_residuals("stopped.npy", 3000, 3);
    for (scry_arch arch = SCRY_RELU; arch < SCRY_ARCHS; arch++) {
        scry_train_run run = small_run(arch);
        run.settings.steps = 90;
        run.settings.dead_after = 4 * BATCH;                  /* dead latents are revived in so short a run */
        if (arch == SCRY_JUMPRELU) run.settings.window = 700; /* read again and again */
        test_stopping(scry_arch_names[arch], &run, residuals);
    }
}

/* ---- batches ------------------------------------------------------------------------------------- */

/* Rows are told by their first number. */
static const char *write_numbered(size_t rows) {
    double *x = mem_new(rows * 3, sizeof *x);
    for (size_t t = 0; t < rows; t++) x[3 * t] = (double)t + 1;
    const char *path = scratch("numbered-%zu.npy", rows);
    write_npy(path, F32, rows, 3, x);
    free(x);
    return path;
}

static void test_stream(size_t window) {
    enum { N = 5000, TAKE = 64 };
    const char *path = write_numbered(N);
    scry_train_input input = {.path = &path, .paths = 1, .condition = -1};
    train_data data;
    scry_error err = {0};
    check(data_open(&data, &input, NULL, &err), "numbered rows are opened %s", err.text);
    check(data_split(&data, 0.05, 7, &err), "and split %s", err.text);
    check(data.train.rows + data.held.rows == N, "each row is in one part");
    check(data.held.rows > 3 * N / 100 && data.held.rows < 7 * N / 100,
          "%llu of %d rows are held out, expected some 250", (unsigned long long)data.held.rows, N);
    parallel *pool = parallel_start(2);
    train_stream s, later;
    stream_open(&s, &data, pool, 7, window);
    stream_open(&later, &data, pool, 7, window);
    stream_seek(&s, 0, 0, 0, &err);
    float X[TAKE][3], Y[TAKE][3];
    uint32_t *seen = mem_new(N + 1, sizeof *seen);
    uint64_t rows = data.train.rows, taken = 0, in_order = 0;
    size_t differ = 0, beyond = 0, wrong = 0;
    while (taken + TAKE <= 2 * rows) {
        stream_seek(&later, s.epoch, s.window, s.at, &err);
        stream_next(&s, X[0], TAKE, 2, &err);
        stream_next(&later, Y[0], TAKE, 2, &err);
        differ += memcmp(X, Y, sizeof X) != 0;
        taken += TAKE;
        for (int i = 0; i < TAKE; i++) {
            size_t row = (size_t)(X[i][0] / 2);
            if (row >= 1 && row <= N) seen[row]++;
            else wrong++;
            in_order += i > 0 && X[i][0] > X[i - 1][0];
        }
    }
    uint64_t heavy = 0;
    for (size_t r = 1; r <= N; r++) heavy += seen[r] == 2, beyond += seen[r] > 2;
    check(beyond == 0 && wrong == 0, "window %zu: no row comes a third time in two epochs (%zu do)", window, beyond);
    check(heavy + TAKE >= rows, "window %zu: all but the last come twice (%llu of %llu)", window,
          (unsigned long long)heavy, (unsigned long long)rows);
    check((double)in_order * 2 > 0.9 * (double)taken && (double)in_order * 2 < 1.1 * (double)taken,
          "window %zu: in random order", window);
    check(differ == 0, "window %zu: the same batches from any place that is sought", window);
    for (size_t i = 0; i < data.held.count; i++)
        for (uint32_t k = 0; k < data.held.chunk[i].length; k++) wrong += seen[data.held.chunk[i].row + k + 1];
    check(wrong == 0, "window %zu: no held-out row is among them", window);
    free(seen);
    stream_close(&s);
    stream_close(&later);
    parallel_stop(pool);
    data_close(&data);
}

/* ---- figures ------------------------------------------------------------------------------------- */

/* All figures of a JumpReLU SAE by plain loops in double precision. */
static void test_figures(void) {
    enum { N = 700 };
    const char *residuals = write_residuals("figures.npy", N, 21), *folder = scratch("figures");
    scry_train_run run = small_run(SCRY_JUMPRELU);
    scry_train_result result;
    scry_error err = {0};
    run.settings.steps = 40;
    run.settings.held_out = 0;
    run.settings.batch = 256;
    check(train(folder, residuals, &run, &result, &err), "trains %s", err.text);
    const scry_sae_quality *own = scry_evaluation_quality(&result.evaluation);
    check(!result.held && own->tokens == N, "without held-out rows the training rows are measured");
    scry_sae_evaluation e;
    scry_train_input input = {.path = &residuals, .paths = 1, .condition = -1};
    check(scry_eval_sae(folder, &input, 2, NULL, NULL, &e, NULL, &err), "is measured %s", err.text);
    const scry_sae_quality q = *scry_evaluation_quality(&e);
    sae s;
    matrix m;
    char *file = (char *)(uintptr_t)residuals;
    if (!sae_load(&s, folder, NULL, NULL, &err) || !matrix_open(&m, &file, 1, NULL, "x", &err)) return;
    double lost = 0, mean[D] = {0}, spread = 0, cosine = 0, active = 0;
    uint64_t fired[F] = {0};
    float x[D];
    for (int pass = 0; pass < 2; pass++)
        for (uint64_t t = 0; t < N; t++) {
            matrix_row(&m, t, x);
            double made[D], xx = 0, xm = 0, mm = 0;
            for (int i = 0; i < D && pass == 0; i++) mean[i] += (double)x[i] / N;
            if (pass == 0) continue;
            for (int i = 0; i < D; i++) made[i] = (double)s.b_dec[i];
            for (int j = 0; j < F; j++) {
                double pre = (double)s.b_enc[j];
                for (int i = 0; i < D; i++)
                    pre += ((double)x[i] - (double)s.b_dec[i]) * (double)s.W_enc[(size_t)j * D + (size_t)i];
                if (!(pre > (double)s.threshold[j])) continue;
                for (int i = 0; i < D; i++) made[i] += pre * (double)s.W_dec[(size_t)j * D + (size_t)i];
                active++;
                fired[j]++;
            }
            for (int i = 0; i < D; i++) {
                lost += (made[i] - (double)x[i]) * (made[i] - (double)x[i]);
                spread += ((double)x[i] - mean[i]) * ((double)x[i] - mean[i]);
                xx += (double)x[i] * (double)x[i];
                xm += (double)x[i] * made[i];
                mm += made[i] * made[i];
            }
            cosine += xm / sqrt(xx * mm) / N;
        }
    uint64_t rates[SCRY_RATE_BINS] = {0}, dense = 0;
    for (int j = 0; j < F; j++) {
        double rate = (double)fired[j] / N;
        dense += rate > 0.1;
        rates[!fired[j]     ? 0
              : rate < 1e-6 ? 1
              : rate < 1e-5 ? 2
              : rate < 1e-4 ? 3
              : rate < 1e-3 ? 4
              : rate < 0.01 ? 5
              : rate < 0.1  ? 6
                            : 7]++;
    }
    check_near(q.l0, active / N, 1e-4, "L0"); /* an activation at its threshold may fall on either side */
    check_near(q.fvu, lost / spread, 1e-4, "FVU");
    check_near(q.explained_variance, 1 - lost / spread, 1e-4, "explained variance");
    check_near(q.mse, lost / N / D, 1e-4, "MSE");
    check_near(q.cosine, cosine, 1e-5, "cosine");
    check_near(q.dead, (double)rates[0] / F, 0.02, "dead");
    check_near(q.dense, (double)dense / F, 0.02, "dense");
    for (int i = 0; i < SCRY_RATE_BINS; i++) check_is(q.rates[i], rates[i], "latents in firing rate bin %d", i);
    check_near(own->mse, q.mse, 1e-12, "the run's own figures are the same");
    matrix_close(&m);
    sae_free(&s);
}

/* ---- sae-lens ------------------------------------------------------------------------------------- */

/* [rows][cols] of a .npy specimen; the caller frees. */
static float *read_specimen(const char *name, uint64_t *rows, uint64_t *cols) {
    matrix m;
    scry_error err = {0};
    char *path = (char *)(uintptr_t)text_of("tests/specimens/trained/%s.npy", name);
    if (!check(matrix_open(&m, &path, 1, NULL, name, &err), "%s is read %s", name, err.text)) return NULL;
    float *x = mem_new(m.rows * m.cols, sizeof *x);
    for (uint64_t t = 0; t < m.rows; t++) matrix_row(&m, t, x + t * m.cols);
    *rows = m.rows;
    *cols = m.cols;
    matrix_close(&m);
    return x;
}

/* SAEs that scry saved, and what sae-lens makes of them: tests/specimens/make_trained.py. */
static void test_sae_lens(const char *name) {
    uint64_t rows, d, width;
    scry_error err = {0};
    sae s;
    float *x = read_specimen("x", &rows, &d), *h = read_specimen(text_of("%s.h", name), &rows, &width);
    float *made = read_specimen(text_of("%s.made", name), &rows, &d);
    if (!x || !h || !made) return;
    if (!check(sae_load(&s, text_of("tests/specimens/trained/%s", name), NULL, NULL, &err), "%s: loads %s", name,
               err.text))
        return;
    float *X = mem_new(rows * d, sizeof *X), *H = mem_new(rows * width, sizeof *H);
    double lost = 0, active = 0;
    for (uint64_t i = 0; i < rows * d; i++) X[i] = x[i];
    for (uint64_t t = 0; t < rows; t++) sae_prepare(&s, X + t * d);
    sae_encode(&s, X, (uint32_t)rows, 0, (uint32_t)width, H);
    worst w = {.tolerance = 1e-4};
    for (uint64_t t = 0; t < rows; t++) {
        float floor[512] = {0};
        uint32_t ties[512];
        if (s.activation == SAE_TOPK) sae_topk(&s, H, (uint32_t)rows, (uint32_t)t, floor, ties);
        for (uint64_t j = 0; j < width; j++) {
            double ours = (double)H[j * rows + t];
            if (s.activation == SAE_TOPK && ours < (double)floor[t]) ours = 0;
            worst_add(&w, ours, (double)h[t * width + j], 1, "token %llu, latent %llu", (unsigned long long)t,
                      (unsigned long long)j);
            active += h[t * width + j] > 0;
        }
        for (uint64_t i = 0; i < d; i++) {
            double e = (double)made[t * d + i] - (double)x[t * d + i];
            lost += e * e;
        }
    }
    worst_line(&w, "%s: latents as sae-lens encodes them", name);
    scry_sae_evaluation e;
    const char *path = "tests/specimens/trained/x.npy";
    scry_train_input input = {.path = &path, .paths = 1, .condition = -1};
    check(scry_eval_sae(text_of("tests/specimens/trained/%s", name), &input, 1, NULL, NULL, &e, NULL, &err),
          "%s: is measured %s", name, err.text);
    const scry_sae_quality q = *scry_evaluation_quality(&e);
    check_near(q.mse, lost / (double)(rows * d), 1e-4, "%s: MSE of what sae-lens decodes", name);
    check_near(q.l0, active / (double)rows, 1e-9, "%s: L0 of what sae-lens encodes", name);
    sae_free(&s);
    float *const owned[] = {x, h, made, X, H};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

/* Settings are saved under the keys that sae-lens was shown to read. */
static void test_saved_settings(const char *fresh, const char *known) {
    size_t size;
    char *a = (char *)read_bytes(text_of("%s/cfg.json", fresh), &size);
    char *b = (char *)read_bytes(text_of("tests/specimens/trained/%s/cfg.json", known), &size);
    cJSON *x = cJSON_Parse(a), *y = cJSON_Parse(b);
    size_t same = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, y) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(x, item->string);
        bool varies = strcmp(item->string, "d_in") == 0 || strcmp(item->string, "d_sae") == 0 ||
                      strcmp(item->string, "k") == 0 || strcmp(item->string, "metadata") == 0;
        check(varies ? other && other->type == item->type : cJSON_Compare(item, other, true), "%s: cfg.json: %s", known,
              item->string);
        same++;
    }
    check(same == (size_t)cJSON_GetArraySize(x), "%s: cfg.json: no other key", known);
    cJSON_Delete(x);
    cJSON_Delete(y);
    free(a);
    free(b);
}

/* ---- what is refused ------------------------------------------------------------------------------ */

static void refused(const char *what, const char *residuals, const scry_train_run *run, const char *const *says) {
    scry_error err = {0};
    scry_train_result result;
    const char *out = scratch("refused");
    check(!train(out, residuals, run, &result, &err), "%s: refused", what);
    check_says(err.text, says, "%s: says so", what);
    check(!file_exists(out), "%s: nothing is left behind", what);
}

static void test_refusals(void) {
    const char *good = write_residuals("good.npy", 600, 4);
    scry_train_run run = small_run(SCRY_TOPK);
    refused("no file", scratch("none.npy"), &run, SAYS("none.npy"));
    double bad[8 * 4] = {1};
    bad[5] = (double)NAN;
    write_npy(scratch("nan.npy"), F32, 8, 4, bad);
    run.settings.batch = 4;
    refused("NaN", scratch("nan.npy"), &run, SAYS("nan.npy", "NaN", "--allow-nonfinite"));
    run.settings.batch = 100000;
    refused("a batch larger than the rows", good, &run, SAYS("batch", "100000"));
    run = small_run(SCRY_TOPK);
    run.settings.batch = 256;
    run.settings.k = 97;
    refused("k above the latents", good, &run, SAYS("k", "97", "96"));
    run.settings.k = 4;
    run.memory = 1 << 16;
    refused("too little memory", good, &run, SAYS("--memory", "MB"));
    run.memory = 0;
    run.settings.held_out = 0.95;
    refused("too much held out", good, &run, SAYS("held_out"));
    run.settings.held_out = 0.05;
    run.resume = true;
    refused("nothing to go on from", good, &run, SAYS("checkpoint.safetensors"));
    run.resume = false;
    double *huge = mem_new(600 * 4, sizeof *huge);
    uint64_t state = 8;
    for (int i = 0; i < 600 * 4; i++) huge[i] = 1e30 * normal(&state);
    write_npy(scratch("huge.npy"), F32, 600, 4, huge);
    free(huge);
    run.settings.normalize = 0;
    scry_error err = {0};
    scry_train_result result;
    check(!train(scratch("wild"), scratch("huge.npy"), &run, &result, &err), "a loss beyond all numbers: ends");
    check_says(err.text, SAYS("not finite", "--lr"), "and says what may do");
}

int main(void) {
    plant();
    test_recoveries();
    test_same();
    test_stream(100000);
    test_stream(700);
    test_figures();
    static const char *const trained[] = {"relu", "topk", "batchtopk", "jumprelu", "jumprelu_tanh"};
    for (size_t i = 0; i < sizeof trained / sizeof *trained; i++) test_sae_lens(trained[i]);
    for (int i = 0; i < SCRY_ARCHS; i++)
        test_saved_settings(scratch("whole-%s", scry_arch_names[i]), scry_arch_names[i]);
    test_refusals();
    return check_end();
}
