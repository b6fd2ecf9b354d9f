/* test_gradients.c: gradients at every hook of the stream, in tiny models of every family, are those of torch's
 * autograd (make_gradients.py), and what small steps of the stream change (central differences of the forward pass).
 * Threads, memory, batch, other sequences and other sets do not change a bit. */
#include "model_specimen.h"

#include <stdio.h>

#define FOLDER   "tests/specimens/models/"
#define ADAPTERS "tests/specimens/adapters/"

/* ---- what is differentiated ------------------------------------------------------------------------ */

typedef struct targets {
    uint32_t *labels; /* [sets][tokens] */
    bool *wanted;     /* [tokens] */
    size_t sets, tokens;
    tensor_file file;
} targets;

static targets targets_open(const char *folder, size_t tokens) {
    targets t = {.tokens = tokens};
    scry_error err = {0};
    size_t labels, wanted;
    if (!tensor_file_open(&t.file, text_of("%s/gradients.safetensors", folder), NULL, &err)) {
        check(false, "%s", err.text);
        exit(1);
    }
    t.labels = specimen_numbers(&t.file, "labels", &labels);
    uint32_t *numbers = specimen_numbers(&t.file, "wanted", &wanted);
    if (wanted != tokens || !labels || labels % tokens) abort();
    t.sets = labels / tokens;
    t.wanted = mem_new(tokens, sizeof *t.wanted);
    for (size_t i = 0; i < tokens; i++) t.wanted[i] = numbers[i] != 0;
    free(numbers);
    return t;
}

static void targets_close(targets *t) {
    tensor_file_close(&t->file);
    free(t->labels);
    free(t->wanted);
}

typedef struct likelihood {
    const targets *t;
    uint32_t vocabulary;
    double *rows; /* [sets][tokens] */
} likelihood;

static void keep_likelihood(void *context, size_t row, const float *logits) {
    const likelihood *l = context;
    for (size_t m = 0; m < l->t->sets; m++)
        l->rows[m * l->t->tokens + row] =
            scry_next_token_of(logits, l->vocabulary, l->t->labels[m * l->t->tokens + row]).log_probability;
}

/* Adds to sums [sets] factor times the wanted log probabilities of the stream x + step direction. */
static void add_likelihood(const scry_model *model, const model_specimen *s, const targets *t, scry_run *run,
                           scry_hook hook, const float *x, const float *direction, float step, double factor,
                           double *sums) {
    const scry_model_info *info = scry_model_info_of(model);
    likelihood l = {t, info->vocabulary, mem_new(t->sets * t->tokens, sizeof(double))};
    size_t n = s->tokens * info->d_model;
    float *moved = mem_new(n, sizeof *moved);
    scry_error err = {0};
    for (size_t i = 0; i < n; i++) moved[i] = x[i] + step * direction[i];
    if (!scry_run_logits(run, s->sequences, s->count, &hook, moved, t->wanted, keep_likelihood, &l, &err))
        check(false, "logits: %s", err.text);
    for (size_t i = 0; i < t->sets * t->tokens; i++) sums[i / t->tokens] += factor * l.rows[i];
    free(moved);
    free(l.rows);
}

static bool gradients(scry_run *run, const scry_sequence *sequences, size_t count, scry_hook hook, const float *x,
                      const bool *wanted, const uint32_t *labels, size_t sets, float *out) {
    scry_error err = {0};
    return scry_run_gradients(run, sequences, count, hook, x, wanted, labels, sets, out, &err) ||
           check(false, "gradients: %s", err.text);
}

/* ---- against autograd and differences --------------------------------------------------------------- */

static double rms_of(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
    return sqrt(sum / (double)n);
}

static void compare_autograd(const targets *t, const char *name, const float *found, size_t numbers, worst *w) {
    const tensor *stored = tensor_find(&t->file, name);
    if (!stored || tensor_elements(stored) != t->sets * numbers) {
        check(false, "gradients.safetensors has %s", name);
        return;
    }
    float *expected = mem_new(t->sets * numbers, sizeof *expected);
    tensor_floats(stored, 0, 1, t->sets * numbers, expected);
    for (size_t i = 0; i < t->sets * numbers; i++)
        worst_add(w, (double)found[i], (double)expected[i], rms_of(expected + i / numbers * numbers, numbers),
                  "%s, set %zu, number %zu", name, i / numbers, i % numbers);
    free(expected);
}

enum { DIRECTIONS = 4 };

/* Along random directions f(h) - f(-h) with h and 2 h, so that what is left out is of order h^4. A deviation is
 * relative to the gradient's length times that of the direction, over the root of the number of numbers: what the
 * derivative along a random direction is like. */
static void compare_differences(const scry_model *model, const model_specimen *s, const targets *t, scry_run *run,
                                scry_hook hook, float step, const float *x, const float *found, worst *w) {
    size_t n = s->tokens * scry_model_info_of(model)->d_model;
    float *direction = mem_new(n, sizeof *direction);
    double size = rms_of(x, n);
    uint64_t seed = 7 + hook.layer * 8 + (uint64_t)hook.point;
    for (int k = 0; k < DIRECTIONS; k++) {
        for (size_t i = 0; i < n; i++) direction[i] = (float)((roll_unit(&seed) * 2 - 1) * size);
        double *sums = mem_new(t->sets, sizeof *sums);
        add_likelihood(model, s, t, run, hook, x, direction, step, 8.0 / 12, sums);
        add_likelihood(model, s, t, run, hook, x, direction, -step, -8.0 / 12, sums);
        add_likelihood(model, s, t, run, hook, x, direction, 2 * step, -1.0 / 12, sums);
        add_likelihood(model, s, t, run, hook, x, direction, -2 * step, 1.0 / 12, sums);
        for (size_t m = 0; m < t->sets; m++) {
            double along = 0, length = rms_of(found + m * n, n) * rms_of(direction, n) * sqrt((double)n);
            for (size_t i = 0; i < n; i++) along += (double)found[m * n + i] * (double)direction[i];
            worst_add(w, along, sums[m] / (double)step, length, "block %u, hook %d, direction %d, set %zu", hook.layer,
                      (int)hook.point, k, m);
        }
        free(sums);
    }
    free(direction);
}

static void test_values(const scry_model *model, const model_specimen *s, const targets *t, scry_run *run,
                        const char *name) {
    const scry_model_info *info = scry_model_info_of(model);
    size_t n = s->tokens * info->d_model;
    float *x = mem_new(n, sizeof *x), *found = mem_new(t->sets * n, sizeof *found);
    /* a kink within a step changes what it gives: steps must be small, and rounding then counts */
    const bool kinks = strstr(name, "relu");
    const float step = kinks ? 2e-4F : 2e-3F;
    worst autograd = {.tolerance = 1e-4}, differences = {.tolerance = kinks ? 2e-2 : 2e-3};
    scry_error err = {0};
    for (size_t k = 0; k < t->file.count; k++) {
        scry_hook hook;
        const char *place = t->file.tensors[k].name;
        if (!scry_hook_parse(place, &hook, NULL)) continue;
        if (!scry_run_to_hook(run, hook, s->sequences, s->count, x, &err)) check(false, "%s: %s", place, err.text);
        memset(found, 0xff, t->sets * n * sizeof *found); /* NaN */
        if (!gradients(run, s->sequences, s->count, hook, x, t->wanted, t->labels, t->sets, found)) continue;
        compare_autograd(t, place, found, n, &autograd);
        compare_differences(model, s, t, run, hook, step, x, found, &differences);
    }
    worst_line(&autograd, "%s: gradients are those of autograd", name);
    worst_line(&differences, "%s: and what small steps change", name);
    free(x);
    free(found);
}

/* ---- the same bits ----------------------------------------------------------------------------------- */

/* One sequence and one set at a time: every row's bits are those of the whole. */
static void test_alone(const scry_model *model, const model_specimen *s, const targets *t, scry_run *run,
                       scry_hook hook, const float *x, const float *whole, const char *name) {
    size_t d = scry_model_info_of(model)->d_model, unlike = 0;
    float *found = mem_new(s->tokens * d, sizeof *found);
    for (size_t m = 0; m < t->sets; m++)
        for (size_t i = 0; i < s->count; i++) {
            size_t row = s->first[i], n = s->sequences[i].count * d;
            if (gradients(run, &s->sequences[i], 1, hook, x + row * d, t->wanted + row, t->labels + m * t->tokens + row,
                          1, found))
                unlike += memcmp(found, whole + (m * t->tokens + row) * d, n * sizeof *found) != 0;
        }
    check_is(unlike, 0, "%s: a sequence and a set alone have the bits of all together", name);
    free(found);
}

static void test_bits(const scry_model *model, const model_specimen *s, const targets *t, scry_run *run,
                      const char *name) {
    size_t n = s->tokens * scry_model_info_of(model)->d_model, bytes = t->sets * n * sizeof(float);
    float *x = mem_new(n, sizeof *x), *one = mem_new(bytes, 1), *other = mem_new(bytes, 1);
    scry_hook hook = {0, SCRY_RESID_PRE};
    scry_error err = {0};
    scry_run *runs[] = {run_of(model, 2, 0), run_of(model, 5, 0), run_of(model, 1, 8 << 20)};
    static const char *const what[] = {"two threads", "five threads", "8 MB"};
    if (scry_run_to_hook(run, hook, s->sequences, s->count, x, &err) &&
        gradients(run, s->sequences, s->count, hook, x, t->wanted, t->labels, t->sets, one)) {
        for (size_t i = 0; i < 3; i++) {
            memset(other, 0xff, bytes);
            check(gradients(runs[i], s->sequences, s->count, hook, x, t->wanted, t->labels, t->sets, other) &&
                      memcmp(one, other, bytes) == 0,
                  "%s: %s give the bits of one thread", name, what[i]);
        }
        test_alone(model, s, t, run, hook, x, one, name);
    } else check(false, "%s: %s", name, err.text);
    for (size_t i = 0; i < 3; i++) scry_run_free(runs[i]);
    free(x);
    free(one);
    free(other);
}

/* No row wanted: zeros. All (NULL): the sum of the gradients of each. */
static void test_wanted(const scry_model *model, const model_specimen *s, const targets *t, scry_run *run,
                        const char *name) {
    size_t n = s->tokens * scry_model_info_of(model)->d_model, not_zero = 0;
    float *x = mem_new(n, sizeof *x), *all = mem_new(n, sizeof *all), *part = mem_new(n, sizeof *part);
    double *sum = mem_new(n, sizeof *sum);
    bool *wanted = mem_new(s->tokens, sizeof *wanted);
    scry_hook hook = {0, SCRY_RESID_POST};
    scry_error err = {0};
    worst w = {.tolerance = 1e-5};
    if (!scry_run_to_hook(run, hook, s->sequences, s->count, x, &err)) check(false, "%s: %s", name, err.text);
    memset(part, 0xff, n * sizeof *part);
    gradients(run, s->sequences, s->count, hook, x, wanted, t->labels, 1, part);
    for (size_t i = 0; i < n; i++) not_zero += part[i] != 0;
    check_is(not_zero, 0, "%s: without wanted tokens gradients are 0", name);
    for (size_t half = 0; half < 2; half++) {
        for (size_t i = 0; i < s->tokens; i++) wanted[i] = (i % 3 == 0) == (half == 0);
        if (gradients(run, s->sequences, s->count, hook, x, wanted, t->labels, 1, part))
            for (size_t i = 0; i < n; i++) sum[i] += (double)part[i];
    }
    if (gradients(run, s->sequences, s->count, hook, x, NULL, t->labels, 1, all))
        for (size_t i = 0; i < n; i++) worst_add(&w, sum[i], (double)all[i], rms_of(all, n), "number %zu", i);
    worst_line(&w, "%s: gradients of parts of the tokens add up", name);
    free(x);
    free(all);
    free(part);
    free(sum);
    free(wanted);
}

static void test_specimen(const char *name) {
    const char *folder = text_of(FOLDER "%s", name);
    model_specimen s = specimen_open(folder);
    targets t = targets_open(folder, s.tokens);
    scry_error err = {0};
    scry_notes notes = {0};
    scry_model *model = scry_model_open(folder, NULL, &notes, &err);
    if (check(model != NULL, "%s opens %s", name, err.text)) {
        scry_run *run = run_of(model, 1, 0);
        test_values(model, &s, &t, run, name);
        test_bits(model, &s, &t, run, name);
        test_wanted(model, &s, &t, run, name);
        scry_run_free(run);
        scry_model_close(model);
    }
    scry_notes_free(&notes);
    targets_close(&t);
    specimen_close(&s);
}

/* A model with a LoRA adapter, whose changes count backward as they do forward. */
static void test_adapter(const char *name, const char *base) {
    const char *folder = text_of(FOLDER "%s", base);
    model_specimen s = specimen_open(folder);
    targets t = targets_open(folder, s.tokens);
    scry_error err = {0};
    scry_model *model = scry_model_open(folder, text_of(ADAPTERS "%s", name), NULL, &err);
    if (check(model != NULL, "adapter %s opens %s", name, err.text)) {
        scry_run *run = run_of(model, 1, 0);
        size_t n = s.tokens * scry_model_info_of(model)->d_model;
        float *x = mem_new(n, sizeof *x), *found = mem_new(t.sets * n, sizeof *found);
        worst w = {.tolerance = 2e-3};
        scry_hook hook = {0, SCRY_RESID_PRE};
        if (scry_run_to_hook(run, hook, s.sequences, s.count, x, &err) &&
            gradients(run, s.sequences, s.count, hook, x, t.wanted, t.labels, t.sets, found))
            compare_differences(model, &s, &t, run, hook, 2e-3F, x, found, &w);
        worst_line(&w, "adapter %s: gradients are what small steps change", name);
        free(x);
        free(found);
        scry_run_free(run);
        scry_model_close(model);
    }
    targets_close(&t);
    specimen_close(&s);
}

/* ---- what is refused --------------------------------------------------------------------------------- */

static bool always(void *context) {
    (void)context;
    return true;
}

static void test_refusals(void) {
    scry_error err = {0};
    scry_model *model = scry_model_open(FOLDER "llama_long", NULL, NULL, &err);
    if (!check(model != NULL, "llama_long opens %s", err.text)) return;
    scry_run *run = run_of(model, 1, 8 << 20);
    uint32_t d = scry_model_info_of(model)->d_model, ids[400] = {0},
             *labels = mem_new((size_t)400 * 512, sizeof *labels);
    float *x = mem_new((size_t)400 * d, sizeof *x), *out = mem_new((size_t)400 * 512 * d, sizeof *out);
    scry_sequence s = {NULL, ids, 3};
    for (uint32_t i = 0; i < 400 * d; i++) x[i] = (float)(i % 7) - 3;
    labels[4] = 29;
    check(!scry_run_gradients(run, &s, 1, (scry_hook){0, SCRY_RESID_POST}, x, NULL, labels, 2, out, &err),
          "a label outside the vocabulary");
    check_says(err.text, SAYS("llama_long", "token 1", "set 1", "29", "28"), "and the message");
    bool wanted[400] = {true, false, true};
    check(scry_run_gradients(run, &s, 1, (scry_hook){0, SCRY_RESID_POST}, x, wanted, labels, 2, out, &err),
          "but not where it is not wanted");
    check(!scry_run_gradients(run, &s, 1, (scry_hook){0, SCRY_ATTN_OUT}, x, NULL, labels, 1, out, &err),
          "a hook that is not the stream");
    check_says(err.text, SAYS("hook_attn_out", "hook_resid_pre"), "and the message");
    scry_prefix *prefix = scry_prefix_new(run, NULL, ids, 2, NULL, &err);
    scry_sequence after = {prefix, ids, 3};
    check(!scry_run_gradients(run, &after, 1, (scry_hook){0, SCRY_RESID_POST}, x, NULL, labels, 1, out, &err),
          "a sequence after a prefix");
    check_says(err.text, SAYS("sequence 0", "prefix"), "and the message");
    scry_prefix_free(prefix);
    s.count = 400;
    check(!scry_run_gradients(run, &s, 1, (scry_hook){0, SCRY_RESID_POST}, x, wanted, labels, 512, out, &err),
          "more sets than memory");
    check_says(err.text, SAYS("512 sets", "400 tokens", "MiB", "--memory"), "and the message");
    s.count = 3;
    scry_run_free(run);
    run = scry_run_new(model, &(scry_run_options){.threads = 1, .cancelled = always}, &err);
    check(!scry_run_gradients(run, &s, 1, (scry_hook){0, SCRY_RESID_POST}, x, wanted, labels, 1, out, &err),
          "a cancelled run");
    check_says(err.text, SAYS("cancelled"), "and the message");
    check(scry_run_gradients(run, &s, 0, (scry_hook){0, SCRY_RESID_POST}, x, NULL, labels, 2, out, &err),
          "no sequences are no fault");
    scry_run_free(run);
    scry_model_close(model);
    free(labels);
    free(x);
    free(out);
}

int main(int count, char **names) {
    size_t size;
    char *list = (char *)read_bytes(FOLDER "list.tsv", &size), *next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line;) {
        const char *name = strsep(&line, "\t");
        if (count < 2 || strcmp(name, names[1]) == 0) test_specimen(name);
    }
    free(list);
    list = (char *)read_bytes(ADAPTERS "list.tsv", &size), next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line;) {
        const char *name = strsep(&line, "\t");
        if (count < 2 || strcmp(name, names[1]) == 0) test_adapter(name, line);
    }
    free(list);
    test_refusals();
    return check_end();
}
