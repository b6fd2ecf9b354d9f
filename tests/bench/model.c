/* model.c: row 10: a language model's forward pass against OpenBLAS's sgemm and against transformers, and the capture
 * job against two scripts with transformers; all in float32 on the same threads. */
#include "bench.h"

#include "model.h"

#include <cblas.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SEQUENCES = 4, LENGTH = 512, TOKENS = SEQUENCES * LENGTH, SIDE = 2048, DEMOS = 5 };

static const char *folder_of_model, *python;
static char threads_text[16];

/* ---- the forward pass ----------------------------------------------------------------------------------- */

/* What has to be computed: the linear layers of all blocks, and of attention the scores and sums that are not masked.
 */
static double work(const scry_model_info *m, bool gated) {
    double q = (double)m->heads * m->head_dim, kv = (double)m->kv_heads * m->head_dim, d = m->d_model, t = LENGTH;
    double linear = 2 * (d * (q + 2 * kv) + q * d + (gated ? 3 : 2) * d * m->d_mlp);
    double attention = 4 * q * (t + 1) / 2;
    return (double)TOKENS * m->layers * (linear + attention);
}

/* Floating-point operations a second, over about as long as the forward pass takes: what a processor reaches for some
 * milliseconds it does not keep up. */
static double sgemm_rate(const float *a, const float *b, float *c, double seconds) {
    double begin = now(), end = begin;
    int products = 0;
    for (; products == 0 || end - begin < seconds; products++) {
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, SIDE, SIDE, SIDE, 1, a, SIDE, b, SIDE, 0, c, SIDE);
        end = now();
    }
    return products * 2.0 * SIDE * SIDE * SIDE / (end - begin);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The largest deviation of a row from transformers', relative to its root mean square. */
static double deviation(const float *x, uint32_t d, const char *path) {
    float *y = malloc((size_t)TOKENS * d * sizeof *y);
    FILE *f = fopen(path, "rbe");
    if (!y || !f || fread(y, sizeof *y, (size_t)TOKENS * d, f) != (size_t)TOKENS * d) die("%s: too short", path);
    fclose(f);
    double worst = 0;
    for (size_t r = 0; r < TOKENS; r++) {
        double sum = 0, most = 0;
        for (size_t i = r * d; i < (r + 1) * d; i++) {
            sum += (double)y[i] * (double)y[i];
            most = fmax(most, fabs((double)x[i] - (double)y[i]));
        }
        worst = fmax(worst, most / sqrt(sum / d));
    }
    free(y);
    return worst;
}

static void forward(const scry_model *model, bool peer) {
    const scry_model_info *info = scry_model_info_of(model);
    scry_error err = {0};
    unsigned threads = (unsigned)atoi(threads_text);
    scry_run *run_here = scry_run_new(model, &(scry_run_options){.threads = threads}, &err);
    if (!run_here) die("%s", err.text);
    uint32_t *ids = malloc(TOKENS * sizeof *ids);
    float *x = malloc((size_t)TOKENS * info->d_model * sizeof *x), *a = malloc((size_t)SIDE * SIDE * sizeof *a),
          *b = malloc((size_t)SIDE * SIDE * sizeof *b), *c = malloc((size_t)SIDE * SIDE * sizeof *c);
    if (!ids || !x || !a || !b || !c) die("out of memory");
    uint64_t state = 20;
    for (size_t i = 0; i < TOKENS; i++) ids[i] = (uint32_t)(uniform(&state) * info->vocabulary);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) a[i] = normal(&state), b[i] = normal(&state), c[i] = 0;
    scry_sequence sequences[SEQUENCES];
    for (size_t i = 0; i < SEQUENCES; i++) sequences[i] = (scry_sequence){NULL, ids + i * LENGTH, LENGTH};
    scry_hook last = {info->layers - 1, SCRY_RESID_POST};
    char *ids_path = path_in("ids.i32"), *said = path_in("forward.json"), *theirs = path_in("forward.f32");
    FILE *f = fopen(ids_path, "wbe");
    if (!f || fwrite(ids, sizeof *ids, TOKENS, f) != TOKENS || fclose(f)) die("%s cannot be written", ids_path);
    char sequences_text[16];
    snprintf(sequences_text, sizeof sequences_text, "%d", SEQUENCES);
    char *script[] = {(char *)python,
                      (char *)"tests/bench/model_reference.py",
                      (char *)"forward",
                      (char *)folder_of_model,
                      (char *)folder,
                      ids_path,
                      sequences_text,
                      threads_text,
                      NULL};
    enum { PAIRS = 7 };
    double flops = work(info, strcmp(info->family, "gpt2") != 0 && strcmp(info->family, "gpt_neox") != 0);
    double fast = INFINITY, slow = INFINITY, rate[PAIRS], peak[PAIRS], share[PAIRS];
    for (int i = 0; i < PAIRS; i++) {
        openblas_set_num_threads((int)threads);
        peak[i] = sgemm_rate(a, b, c, i ? fast : 1);
        double t = now();
        if (!scry_run_to_hook(run_here, last, sequences, SEQUENCES, x, &err)) die("%s", err.text);
        t = now() - t;
        fast = fmin(fast, t);
        rate[i] = flops / t;
        share[i] = rate[i] / peak[i];
        if (!peer || i % 3) continue;
        run(script, said, false);
        slow = fmin(slow, number_in(said, "seconds"));
    }
    qsort(rate, PAIRS, sizeof *rate, ascending);
    qsort(peak, PAIRS, sizeof *peak, ascending);
    qsort(share, PAIRS, sizeof *share, ascending);
    say("%s, %llu parameters, %d sequences of %d tokens, %u blocks without output matrix, %u threads, %s kernels: %.2f "
        "s, "
        "%.1f GFLOP of linear layers and causal attention",
        info->family, (unsigned long long)info->parameters, SEQUENCES, LENGTH, info->layers, threads,
        openblas_get_corename(), fast, flops * 1e-9);
    row("10 forward pass, share of sgemm's rate", text("%.1f GFLOP/s", rate[PAIRS / 2] * 1e-9),
        text("sgemm %.1f GFLOP/s", peak[PAIRS / 2] * 1e-9),
        text("%.2f (%.2f to %.2f)", share[PAIRS / 2], share[0], share[PAIRS - 1]), ">= 0.90", share[PAIRS / 2] >= 0.90);
    if (peer) {
        row("10 forward pass, tokens a second", text("%.0f", TOKENS / fast), text("transformers %.0f", TOKENS / slow),
            text("%.2fx", slow / fast), "> 1x", slow > fast);
        double worst = deviation(x, info->d_model, theirs);
        row("10 the same residuals, last block", text("%.1e apart", worst), "transformers, float32", "", "<= 1e-3",
            worst <= 1e-3);
    }
    scry_run_free(run_here);
    free(ids);
    free(x);
    free(a);
    free(b);
    free(c);
    free(ids_path);
    free(said);
    free(theirs);
}

/* ---- a text that grows ---------------------------------------------------------------------------------- */

enum { READ_MIB = 512, GROWN = 48, READERS_MOST = 64 };

typedef struct reader {
    const uint64_t *words;
    size_t count;
    uint64_t sum;
    pthread_t thread;
} reader;

/* In eight sums, so that memory is what it waits for. */
static void *read_words(void *argument) {
    reader *r = argument;
    uint64_t sum[8] = {0};
    for (size_t i = 0; i + 8 <= r->count; i += 8)
        for (size_t k = 0; k < 8; k++) sum[k] += r->words[i + k];
    for (size_t k = 0; k < 8; k++) r->sum += sum[k];
    return NULL;
}

/* Bytes a second that all processors read of memory together. */
static double memory_rate(const uint64_t *words, size_t count, unsigned threads) {
    reader readers[READERS_MOST];
    if (threads > READERS_MOST) threads = READERS_MOST;
    double t = now();
    for (unsigned i = 0; i < threads; i++) {
        readers[i] = (reader){.words = words + count / threads * i, .count = count / threads};
        if (pthread_create(&readers[i].thread, NULL, read_words, &readers[i]) != 0) die("no thread");
    }
    for (unsigned i = 0; i < threads; i++) pthread_join(readers[i].thread, NULL);
    return (double)(count / threads * threads) * sizeof *words / (now() - t);
}

/* A token at a time: every weight is read once for each. */
static void grow(const scry_model *model) {
    const scry_model_info *info = scry_model_info_of(model);
    scry_error err = {0};
    unsigned threads = (unsigned)atoi(threads_text);
    scry_run *here = scry_run_new(model, &(scry_run_options){.threads = threads}, &err);
    scry_growing *grown = here ? scry_growing_new(here, 16 + 5 * GROWN, &err) : NULL;
    if (!grown) die("%s", err.text);
    const size_t count = ((size_t)READ_MIB << 20) / sizeof(uint64_t);
    uint64_t *words = malloc(count * sizeof *words), state = 5;
    float *logits = malloc(info->vocabulary * sizeof *logits);
    uint32_t ids[16];
    if (!words || !logits) die("out of memory");
    memset(words, 1, count * sizeof *words);
    for (int i = 0; i < 16; i++) ids[i] = (uint32_t)(uniform(&state) * info->vocabulary);
    const scry_hook none = {0};
    if (!scry_growing_add(grown, ids, 16, none, NULL, NULL, logits, &err)) die("%s", err.text);
    double fast = INFINITY, most = 0;
    for (int turn = 0; turn < 5; turn++) {
        most = fmax(most, memory_rate(words, count, threads));
        double t = now();
        for (int i = 0; i < GROWN; i++)
            if (!scry_growing_add(grown, ids + i % 16, 1, none, NULL, NULL, logits, &err)) die("%s", err.text);
        fast = fmin(fast, (now() - t) / GROWN);
    }
    double rate = (double)info->bytes / fast;
    row("10 a text that grows, bytes of weights a second", text("%.1f tokens, %.2f GB", 1 / fast, rate * 1e-9),
        text("memory read %.2f GB", most * 1e-9), text("%.2f", rate / most), "", -1);
    free(words);
    free(logits);
    scry_growing_free(grown);
    scry_run_free(here);
}

/* ---- the capture job ------------------------------------------------------------------------------------ */

/* A text of words, with more or less of them: lengths differ as those of real questions do. */
static void write_texts(const char *name, size_t count, uint64_t seed) {
    static const char *const words[] = {
        "the",      "of",       "a",       "court",    "energy",   "market",    "cell",     "force",
        "number",   "price",    "because", "which",    "increase", "theory",    "measure",  "system",
        "equation", "contract", "patient", "solution", "is",       "therefore", "function", "between",
        "value",    "rate",     "law",     "and",      "if",       "zero",      "option",   "derivative",
        "membrane", "supply",   "wave",    "not",      "with",     "pressure",  "evidence", "to"};
    char *path = path_in("%s.jsonl", name);
    FILE *f = fopen(path, "we");
    if (!f) die("%s cannot be written", path);
    uint64_t state = seed;
    for (size_t i = 0; i < count; i++) {
        int length = (int)(30 * exp(1.2 * uniform(&state))); /* 30 to 100 words */
        fputs("{\"text\": \"Question:", f);
        for (int w = 0; w < length; w++)
            fprintf(f, "%s%s", w == length / 2 ? "?\\nAnswer: " : " ",
                    words[(size_t)(uniform(&state) * (double)(sizeof words / sizeof *words))]);
        fputs(".\"}\n", f);
    }
    if (fclose(f)) die("%s cannot be written", path);
    free(path);
}

static double peer_seconds(const char *manner, const char *layer, const char *study, double *apart, double *rows,
                           double *tokens) {
    char *said = path_in("capture.json");
    char *script[] = {(char *)python,    (char *)"tests/bench/model_reference.py",
                      (char *)"capture", (char *)folder_of_model,
                      (char *)folder,    (char *)manner,
                      (char *)layer,     threads_text,
                      (char *)study,     NULL};
    run(script, said, false);
    double seconds = number_in(said, "seconds");
    *apart = fmax(*apart, number_in(said, "deviation"));
    *rows = number_in(said, "rows");
    *tokens = number_in(said, "tokens");
    free(said);
    return seconds;
}

static void capture(const scry_model_info *info) {
    static const char *const names[] = {"train", "domain"};
    size_t samples = strcmp(scale.name, "full") == 0 ? 64 : 16;
    char layer[16], demos_text[16];
    snprintf(layer, sizeof layer, "%u", info->layers / 2);
    snprintf(demos_text, sizeof demos_text, "%d", DEMOS);
    char *study = path_in("study"), *argument[2][2];
    for (size_t i = 0; i < 2; i++) {
        write_texts(names[i], samples, 100 + i);
        char *demos;
        if (asprintf(&demos, "%s.demos", names[i]) < 0) die("out of memory");
        write_texts(demos, DEMOS, 200 + i);
        free(demos);
        if (asprintf(&argument[i][0], "%s=%s/%s.jsonl", names[i], folder, names[i]) < 0 ||
            asprintf(&argument[i][1], "%s=%s/%s.demos.jsonl", names[i], folder, names[i]) < 0)
            die("out of memory");
    }
    char *job[] = {(char *)scry,
                   (char *)"capture",
                   (char *)"--model",
                   (char *)folder_of_model,
                   (char *)"--layer",
                   layer,
                   (char *)"--train",
                   argument[0][0],
                   (char *)"--domain",
                   argument[1][0],
                   (char *)"--demos-file",
                   argument[0][1],
                   (char *)"--demos-file",
                   argument[1][1],
                   (char *)"--demos",
                   demos_text,
                   (char *)"--domain-demos",
                   demos_text,
                   (char *)"--bos",
                   (char *)"no",
                   (char *)"--threads",
                   threads_text,
                   (char *)"-o",
                   study,
                   NULL};
    char *clear[] = {(char *)"rm", (char *)"-rf", study, NULL};
    double fast = INFINITY, apart = 0, rows, tokens;
    for (int i = 0; i < 2; i++) {
        run(clear, NULL, false);
        fast = fmin(fast, run(job, NULL, false).seconds);
    }
    double ordinary = peer_seconds("ordinary", layer, study, &apart, &rows, &tokens);
    double careful = peer_seconds("careful", layer, study, &apart, &rows, &tokens);
    say("base and icl of a training set and a domain, %zu texts and %d demonstrations each, blocks 0 to %s: %.0f rows; "
        "a script reads "
        "%.0f tokens: scry %.1f s with opening the model, ordinary script %.1f s, careful one %.1f s, without",
        samples, DEMOS, layer, rows, tokens, fast, ordinary, careful);
    row("10 capture job, against an ordinary script", text("%.1f s", fast), text("transformers %.1f s", ordinary),
        text("%.1fx", ordinary / fast), ">= 4x", ordinary / fast >= 4);
    row("10 capture job, against a careful script", text("%.1f s", fast), text("transformers %.1f s", careful),
        text("%.1fx", careful / fast), ">= 2x", careful / fast >= 2);
    row("10 the same captures, F16", text("%.1f steps apart", apart), "transformers", "", "<= 2", apart <= 2);
    free(study);
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 2; k++) free(argument[i][k]);
}

void bench_model(void) {
    folder_of_model = getenv("BENCH_MODEL");
    if (!folder_of_model || !*folder_of_model) {
        say("skipped: BENCH_MODEL names no model's folder, such as SmolLM2-135M's");
        row("10 language model", "skipped", "no BENCH_MODEL", "", ">= 0.90", -1);
        return;
    }
    python = getenv("BENCH_PYTHON") && *getenv("BENCH_PYTHON") ? getenv("BENCH_PYTHON") : "python3";
    snprintf(threads_text, sizeof threads_text, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    char *check[] = {(char *)python, (char *)"-c", (char *)"import torch, transformers, safetensors", NULL};
    bool peer = run(check, NULL, true).status == 0;
    scry_error err = {0};
    scry_model *model = scry_model_open(folder_of_model, NULL, NULL, &err);
    if (!model) die("%s", err.text);
    forward(model, peer);
    grow(model);
    if (peer) capture(scry_model_info_of(model));
    else {
        say("transformers skipped: %s has no torch and transformers; BENCH_PYTHON names one that has", python);
        row("10 against transformers", "skipped", text("not in %.150s", python), "", "> 1x", -1);
    }
    say("llama.cpp's prompt processing is not compared: it would have to be built");
    scry_model_close(model);
}
