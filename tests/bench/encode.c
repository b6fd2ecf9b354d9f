/* encode.c: row 3: encoding residuals, against OpenBLAS's sgemm on the same shapes, in one process. */
#include "bench.h"

#include "io/formats/safetensors_write.h"
#include "scry.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { F = 16384, GEMM_ROWS = 4096, CAPTURES = 4, REPEATS = 4 };

static void write_sae(uint32_t d) {
    char *place = path_in("sae"), *config = path_in("sae/cfg.json"), *weights = path_in("sae/sae_weights.safetensors");
    scry_error err = {0};
    mkdir(place, 0700);
    FILE *f = fopen(config, "we");
    if (!f) die("%s cannot be written", config);
    fprintf(f,
            "{\"d_in\": %u, \"d_sae\": %d, \"dtype\": \"float32\", \"apply_b_dec_to_input\": true, "
            "\"normalize_activations\": \"none\", \"architecture\": \"standard\", "
            "\"metadata\": {\"sae_lens_version\": \"6.18.0\"}}\n",
            d, F);
    fclose(f);
    safetensors_item items[] = {{"W_enc", TENSOR_F32, 2, {d, F}},
                                {"W_dec", TENSOR_F32, 2, {F, d}},
                                {"b_enc", TENSOR_F32, 1, {F}},
                                {"b_dec", TENSOR_F32, 1, {d}}};
    safetensors_writer w;
    if (!safetensors_create(&w, weights, items, 4, &err)) die("%s", err.text);
    float *line = malloc(F * sizeof *line);
    if (!line) die("out of memory");
    uint64_t state = d;
    for (uint32_t i = 0; i < 2 * d; i++) {
        for (uint32_t j = 0; j < F; j++) line[j] = normal(&state) / sqrtf((float)d);
        safetensors_put(&w, line, F * sizeof *line);
    }
    for (uint32_t j = 0; j < F; j++) line[j] = -2.66F; /* some 64 latents a token fire */
    safetensors_put(&w, line, F * sizeof *line);
    memset(line, 0, F * sizeof *line);
    safetensors_put(&w, line, d * sizeof *line);
    if (!safetensors_finish(&w, &err)) die("%s", err.text);
    free(line);
    free(place);
    free(config);
    free(weights);
}

typedef struct residuals {
    uint32_t d;
    uint64_t seed;
} residuals;

static void fill(void *context, uint64_t r, float *out) {
    const residuals *x = context;
    uint64_t state = x->seed + r * 1000003;
    for (uint32_t i = 0; i < x->d; i++) out[i] = normal(&state);
}

static void write_study(const char *study, uint32_t d, uint32_t rows) {
    for (uint32_t c = 0; c < CAPTURES; c++) {
        char *path = path_in("x%u.npy", c);
        residuals x = {d, c + 1};
        write_npy(path, rows, d, fill, &x);
        free(path);
    }
    FILE *f = fopen(study, "we");
    if (!f) die("%s cannot be written", study);
    fprintf(f, "{\"scry_study\": 1, \"sae\": \"sae\", \"pairing\": \"row\", \"train\": {\"name\": \"t\", "
               "\"base\": {\"residual\": \"x0.npy\"}, \"icl\": {\"residual\": \"x1.npy\"}}, \"domains\": ["
               "{\"name\": \"a\", \"change\": -1, \"base\": {\"residual\": \"x2.npy\"}}, "
               "{\"name\": \"b\", \"change\": -2, \"base\": {\"residual\": \"x3.npy\"}}]}\n");
    fclose(f);
}

/* When the first tile was done and when the last. */
typedef struct clocked {
    double first, last;
    uint64_t first_done, last_done;
} clocked;

static bool tick(void *context, const char *step, uint64_t done, uint64_t total) {
    (void)total;
    clocked *c = context;
    if (strcmp(step, "encoding") != 0) return true;
    c->last = now();
    c->last_done = done;
    if (c->first > 0) return true;
    c->first = c->last;
    c->first_done = done;
    return true;
}

static double sgemm(CBLAS_TRANSPOSE transposed, uint32_t d, const float *X, const float *W, float *H) {
    double t = now();
    if (transposed == CblasNoTrans) /* [rows, d] x [d, F] */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, GEMM_ROWS, F, (blasint)d, 1, X, (blasint)d, W, F, 0, H,
                    F);
    else /* the same turned around: [F, d] x [d, rows] */
        cblas_sgemm(CblasRowMajor, CblasTrans, CblasTrans, F, GEMM_ROWS, (blasint)d, 1, W, F, X, (blasint)d, 0, H,
                    GEMM_ROWS);
    return now() - t;
}

static void measure(uint32_t d) {
    char *study = path_in("residual.json"), *index = path_in("residual.scry");
    uint32_t rows = scale.residual_rows / CAPTURES;
    write_sae(d);
    write_study(study, d, rows);
    float *X = malloc((size_t)GEMM_ROWS * d * sizeof *X), *W = malloc((size_t)F * d * sizeof *W);
    float *H = calloc((size_t)GEMM_ROWS * F, sizeof *H);
    if (!X || !W || !H) die("out of memory");
    uint64_t state = 7;
    for (size_t i = 0; i < (size_t)GEMM_ROWS * d; i++) X[i] = normal(&state);
    for (size_t i = 0; i < (size_t)F * d; i++) W[i] = normal(&state);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    double peak = 0, encoding = 0, whole = 0;
    for (int i = 0; i < REPEATS; i++) {
        openblas_set_num_threads((int)processors);
        for (int k = 0; k < 2; k++) {
            double flops = 2.0 * GEMM_ROWS * F * d;
            peak = fmax(peak, flops / sgemm(CblasNoTrans, d, X, W, H));
            peak = fmax(peak, flops / sgemm(CblasTrans, d, X, W, H));
        }
        clocked c = {0};
        scry_build_options options = {.progress = tick, .context = &c};
        scry_build_result result;
        scry_error err = {0};
        if (!scry_index_build(study, index, &options, &result, NULL, &err)) die("%s", err.text);
        encoding = fmax(encoding, 2.0 * F * d * (double)(c.last_done - c.first_done) / (c.last - c.first));
        whole = fmax(whole, 2.0 * F * d * (double)result.tokens / result.seconds);
        if (i == 0)
            say("d %u, F %d, %u rows, %.1f latents a token; %s kernels, %ld threads; best of %d", d, F,
                (unsigned)result.tokens, (double)result.nnz / (double)result.tokens, openblas_get_corename(),
                processors, REPEATS);
    }
    const char *other = text("sgemm %.1f GFLOP/s", peak * 1e-9);
    row(text("3 encode residuals, d %u, F %d", d, F), text("%.1f GFLOP/s", encoding * 1e-9), other,
        text("%.0f %%", 100 * encoding / peak), ">= 85 %", encoding / peak >= 0.85);
    row(text("3 the same with loading the SAE and writing (%u rows)", rows * CAPTURES),
        text("%.1f GFLOP/s", whole * 1e-9), other, text("%.0f %%", 100 * whole / peak), "", -1);
    unlink(index);
    free(X);
    free(W);
    free(H);
    free(study);
    free(index);
}

void bench_encode(void) {
    measure(768);
    measure(3584);
}
