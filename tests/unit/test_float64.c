/* test_float64.c: the forward pass in double precision against what transformers computes in double of tiny models of
 * every family (make_float64.py), and against the fast pass at every hook. Packing, threads, the memory limit and
 * running on from a hook change nothing. */
#include "model_specimen.h"

#include <stdio.h>

#define FOLDER "tests/specimens/models/"

#define TOLERANCE 1e-12
/* Gemma's norm weights are 1 + w, which is rounded to float; nothing is lost of w in BF16. */
#define TOLERANCE_GEMMA 5e-7

typedef struct subject {
    const char *name;
    const scry_model *model;
    const scry_model_info *info;
    const model_specimen *s;
} subject;

/* ---- calls ------------------------------------------------------------------------------------------ */

typedef struct kept_wide {
    double *rows; /* [tokens][vocabulary] */
    unsigned *times;
    uint32_t vocabulary;
} kept_wide;

static kept_wide keep_wide(const subject *t) {
    return (kept_wide){mem_new(t->s->tokens, t->info->vocabulary * sizeof(double)),
                       mem_new(t->s->tokens, sizeof(unsigned)), t->info->vocabulary};
}

static void wide_free(kept_wide *k) {
    free(k->rows);
    free(k->times);
}

static void keep_wide_row(void *context, size_t row, const double *logits) {
    const kept_wide *k = context;
    memcpy(k->rows + row * k->vocabulary, logits, k->vocabulary * sizeof *logits);
    k->times[row]++; /* no row comes to two threads */
}

static bool to_logits(scry_run *run, const scry_sequence *sequences, size_t count, const scry_hook *from,
                      const double *x, const bool *wanted, kept_wide *kept) {
    scry_error err = {0};
    return scry_run_logits_float64(run, sequences, count, from, x, wanted, keep_wide_row, kept, &err) ||
           check(false, "logits: %s", err.text);
}

static bool to_hook(scry_run *run, scry_hook hook, const scry_sequence *sequences, size_t count, double *out) {
    scry_error err = {0};
    return scry_run_to_hook_float64(run, hook, sequences, count, out, &err) || check(false, "%s", err.text);
}

/* ---- against transformers ----------------------------------------------------------------------------- */

static void test_transformers(const subject *t, const kept_wide *found) {
    tensor_file file;
    scry_error err = {0};
    if (!tensor_file_open(&file, text_of(FOLDER "%s/float64.safetensors", t->name), NULL, &err)) {
        check(false, "%s", err.text);
        return;
    }
    bool rounded = strncmp(t->info->family, "gemma", 5) == 0 && strcmp(t->info->dtype, "F32") == 0;
    worst w = {.tolerance = rounded ? TOLERANCE_GEMMA : TOLERANCE};
    const tensor *logits = tensor_find(&file, "logits");
    size_t numbers = logits ? (size_t)tensor_elements(logits) : 0;
    bool fits = numbers == t->s->rows * t->info->vocabulary && logits->dtype == TENSOR_F64;
    double *all = mem_new(numbers + 1, sizeof *all), *expected = all;
    if (check(fits, "%s: has a row of logits for each that is known", t->name))
        memcpy(all, logits->data, numbers * sizeof *all);
    for (size_t k = 0; k < t->s->rows && fits; k++, expected += t->info->vocabulary) {
        const double *row = found->rows + (size_t)t->s->row[k] * t->info->vocabulary;
        double sum = 0;
        for (size_t v = 0; v < t->info->vocabulary; v++) sum += expected[v] * expected[v];
        for (size_t v = 0; v < t->info->vocabulary; v++)
            worst_add(&w, row[v], expected[v], sqrt(sum / t->info->vocabulary), "row %u, token %zu", t->s->row[k], v);
    }
    worst_line(&w, "%s: as transformers in double", t->name);
    free(all);
    tensor_file_close(&file);
}

/* ---- against the fast pass ------------------------------------------------------------------------------ */

/* The deviations of rows [tokens][width], relative to the root mean square of each. */
static void compare_rows(const float *found, const double *expected, size_t tokens, size_t width, const char *where,
                         worst *w) {
    for (size_t k = 0; k < tokens; k++, found += width, expected += width) {
        double sum = 0;
        for (size_t i = 0; i < width; i++) sum += expected[i] * expected[i];
        for (size_t i = 0; i < width; i++)
            worst_add(w, (double)found[i], expected[i], sqrt(sum / (double)width), "%s, row %zu", where, k);
    }
}

static void test_fast(const subject *t, scry_run *run, const kept_wide *found) {
    const size_t tokens = t->s->tokens, d = t->info->d_model;
    char text[SCRY_HOOK_TEXT];
    scry_error err = {0};
    worst w = {.tolerance = SPECIMEN_TOLERANCE};
    float *fast = mem_new(tokens, d * sizeof *fast);
    double *x = mem_new(tokens, d * sizeof *x);
    kept_logits kept = keep_logits(t->model, tokens);
    for (uint32_t layer = 0; layer < t->info->layers; layer++)
        for (int point = 0; point < SCRY_HOOK_POINTS; point++) {
            scry_hook hook = {layer, (scry_hook_point)point};
            if (!scry_model_has_hook(t->model, hook, NULL)) continue;
            if (to_hook(run, hook, t->s->sequences, t->s->count, x) &&
                scry_run_to_hook(run, hook, t->s->sequences, t->s->count, fast, &err))
                compare_rows(fast, x, tokens, d, scry_hook_text(hook, text), &w);
        }
    if (scry_run_logits(run, t->s->sequences, t->s->count, NULL, NULL, NULL, keep_row, &kept, &err))
        compare_rows(kept.rows, found->rows, tokens, t->info->vocabulary, "logits", &w);
    check(!*err.text, "%s: the fast pass runs %s", t->name, err.text);
    worst_line(&w, "%s: the fast pass follows it at every hook, and in the logits", t->name);
    kept_free(&kept);
    free(fast);
    free(x);
}

/* ---- what must not matter --------------------------------------------------------------------------------- */

static void test_running_on(const subject *t, scry_run *run, const kept_wide *whole) {
    const size_t tokens = t->s->tokens, V = t->info->vocabulary;
    double *x = mem_new(tokens, t->info->d_model * sizeof *x);
    kept_wide kept = keep_wide(t);
    size_t unlike = 0, hooks = 0;
    for (uint32_t layer = 0; layer < t->info->layers; layer++) {
        static const scry_hook_point stream[] = {SCRY_RESID_PRE, SCRY_RESID_MID, SCRY_RESID_POST};
        for (int p = 0; p < 3; p++) {
            scry_hook hook = {layer, stream[p]};
            if (!scry_model_has_hook(t->model, hook, NULL)) continue;
            hooks++;
            unlike += !to_hook(run, hook, t->s->sequences, t->s->count, x) ||
                      !to_logits(run, t->s->sequences, t->s->count, &hook, x, NULL, &kept) ||
                      memcmp(kept.rows, whole->rows, tokens * V * sizeof *kept.rows) != 0;
        }
    }
    check(!unlike && hooks, "%s: from each of %zu hooks of the stream on, the same bits of logits", t->name, hooks);
    scry_hook hook = {0, SCRY_RESID_POST};
    to_hook(run, hook, t->s->sequences, t->s->count, x);
    x[0] *= 1 + 1e-9;
    worst w = {.tolerance = 0};
    if (to_logits(run, t->s->sequences, t->s->count, &hook, x, NULL, &kept))
        for (size_t i = 0; i < V; i++) worst_add(&w, kept.rows[i], whole->rows[i], 1, "token %zu", i);
    check(w.most > 0 && w.most < 1e-6, "%s: a billionth in the stream moves the logits by %g", t->name, w.most);
    wide_free(&kept);
    free(x);
}

static void test_alone(const subject *t, scry_run *run, const kept_wide *whole) {
    kept_wide kept = keep_wide(t);
    size_t unlike = 0, row = t->info->vocabulary;
    for (size_t i = 0; i < t->s->count; i++) {
        const scry_sequence *sequence = &t->s->sequences[i];
        unlike += !to_logits(run, sequence, 1, NULL, NULL, NULL, &kept) ||
                  memcmp(kept.rows, whole->rows + t->s->first[i] * row, sequence->count * row * sizeof(double)) != 0;
    }
    check(!unlike, "%s: each sequence alone, the same bits", t->name);
    scry_run *two = run_of(t->model, 2, 8 << 20);
    bool same = to_logits(two, t->s->sequences, t->s->count, NULL, NULL, NULL, &kept) &&
                memcmp(kept.rows, whole->rows, t->s->tokens * row * sizeof(double)) == 0;
    check(same, "%s: on two threads and in 8 MB, the same bits", t->name);
    scry_run_free(two);
    wide_free(&kept);
}

static void test_wanted(const subject *t, scry_run *run, const kept_wide *whole) {
    kept_wide kept = keep_wide(t);
    bool *wanted = mem_new(t->s->tokens, sizeof *wanted);
    size_t wrong = 0;
    worst w = {.tolerance = 1e-12};
    for (size_t i = 0; i < t->s->tokens; i++) wanted[i] = i % 3 == 1;
    to_logits(run, t->s->sequences, t->s->count, NULL, NULL, wanted, &kept);
    for (size_t i = 0; i < t->s->tokens; i++) {
        wrong += kept.times[i] != wanted[i];
        wrong += whole->times[i] != 1;
        for (size_t v = 0; v < kept.vocabulary && wanted[i]; v++)
            worst_add(&w, kept.rows[i * kept.vocabulary + v], whole->rows[i * kept.vocabulary + v], 1, "row %zu", i);
    }
    check_is(wrong, 0, "%s: rows that came once where they were wanted, else never; wrong", t->name);
    worst_line(&w, "%s: the logits of wanted rows are those of all", t->name);
    free(wanted);
    wide_free(&kept);
}

static void test_specimen(const char *name) {
    const char *folder = text_of(FOLDER "%s", name);
    model_specimen s = specimen_open(folder);
    scry_error err = {0};
    scry_model *model = scry_model_open(folder, NULL, NULL, &err);
    if (check(model != NULL, "%s opens %s", name, err.text)) {
        subject t = {name, model, scry_model_info_of(model), &s};
        scry_run *run = run_of(model, 1, 0);
        kept_wide whole = keep_wide(&t);
        if (to_logits(run, s.sequences, s.count, NULL, NULL, NULL, &whole)) {
            test_transformers(&t, &whole);
            test_fast(&t, run, &whole);
            test_wanted(&t, run, &whole);
            test_alone(&t, run, &whole);
            test_running_on(&t, run, &whole);
        }
        wide_free(&whole);
        scry_run_free(run);
        scry_model_close(model);
    }
    specimen_close(&s);
}

/* ---- next tokens, refusals ----------------------------------------------------------------------------------- */

static void test_next_token(void) {
    const double logits[5] = {1, 3, -2, 3, 0}, large[3] = {10000, 9999, -10000};
    double sum = 0;
    for (int i = 0; i < 5; i++) sum += exp(logits[i]);
    scry_next_token t = scry_next_token_of_float64(logits, 5, 4);
    check_near(t.log_probability, 0 - log(sum), 1e-14, "log probability");
    check_is(t.top, 1, "the lowest of two most likely tokens");
    t = scry_next_token_of_float64(large, 3, 1);
    check_near(t.log_probability, -1 - log1p(exp(-1)), 1e-14, "log probability of large logits");
    t = scry_next_token_of_float64(large, 3, 2);
    check_near(t.log_probability, -20000 - log1p(exp(-1)), 1e-14, "log probability far below the top");
}

static bool always(void *context) {
    (void)context;
    return true;
}

static void sink(void *context, size_t row, const double *logits) {
    (void)context;
    (void)row;
    (void)logits;
}

static void test_refusals(void) {
    scry_error err = {0};
    scry_model *model = scry_model_open(FOLDER "llama", NULL, NULL, &err);
    if (!check(model != NULL, "llama opens %s", err.text)) return;
    const scry_model_info *info = scry_model_info_of(model);
    scry_run *run = run_of(model, 1, 0);
    const uint32_t ids[] = {1, 2, 3}, beyond[] = {1, info->vocabulary};
    scry_hook last = {info->layers - 1, SCRY_RESID_POST}, none = {info->layers, SCRY_RESID_PRE},
              part = {0, SCRY_MLP_OUT};
    double *x = mem_new((size_t)info->context + 1, info->d_model * sizeof *x);
    scry_prefix *prefix = scry_prefix_new(run, NULL, ids, 2, NULL, &err);
    check(!scry_run_to_hook_float64(run, last, &(scry_sequence){prefix, ids, 3}, 1, x, &err) &&
              strstr(err.text, "prefix") && strstr(err.text, "double"),
          "refused: a prefix: %s", err.text);
    check(!scry_run_to_hook_float64(run, none, &(scry_sequence){NULL, ids, 3}, 1, x, &err) &&
              strstr(err.text, "2 blocks"),
          "refused: a block that is not there: %s", err.text);
    check(!scry_run_to_hook_float64(run, last, &(scry_sequence){NULL, beyond, 2}, 1, x, &err) &&
              strstr(err.text, "vocabulary"),
          "refused: an id beyond the vocabulary: %s", err.text);
    check(!scry_run_logits_float64(run, &(scry_sequence){NULL, ids, 3}, 1, &part, x, NULL, sink, NULL, &err) &&
              strstr(err.text, "not the stream"),
          "refused: running on from what is not the stream: %s", err.text);
    check(scry_run_logits_float64(run, NULL, 0, NULL, NULL, NULL, sink, NULL, &err), "no sequence is no error");
    scry_prefix_free(prefix);
    scry_run_free(run);
    scry_run_options stopped = {.threads = 1, .cancelled = always};
    run = scry_run_new(model, &stopped, &err);
    check(!scry_run_to_hook_float64(run, last, &(scry_sequence){NULL, ids, 3}, 1, x, &err) &&
              strstr(err.text, "cancelled"),
          "a run is cancelled");
    scry_run_free(run);
    free(x);
    scry_model_close(model);
}

static void test_memory(void) {
    scry_error err = {0};
    scry_model *model = scry_model_open("sample_data/models/base", NULL, NULL, &err);
    if (!check(model != NULL, "the sample's model opens %s", err.text)) return;
    const scry_model_info *info = scry_model_info_of(model);
    scry_hook hook = {0, SCRY_RESID_POST};
    uint32_t *ids = mem_new(info->context, sizeof *ids);
    double *x = mem_new(info->context, info->d_model * sizeof *x);
    scry_sequence whole = {NULL, ids, info->context}, part = {NULL, ids, info->context / 8};
    scry_run *run = run_of(model, 1, scry_run_least_memory(model, 1));
    check(!scry_run_to_hook_float64(run, hook, &whole, 1, x, &err) && strstr(err.text, "double precision") &&
              strstr(err.text, "--memory"),
          "refused: a long text in the least memory: %s", err.text);
    check(scry_run_to_hook_float64(run, hook, &part, 1, x, &err), "an eighth of it runs");
    scry_run_free(run);
    free(ids);
    free(x);
    scry_model_close(model);
}

int main(void) {
    test_next_token();
    test_refusals();
    test_memory();
    size_t size;
    char *list = (char *)read_bytes(FOLDER "list.tsv", &size), *next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line;) test_specimen(strsep(&line, "\t"));
    free(list);
    return check_end();
}
