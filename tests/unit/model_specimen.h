/* model_specimen.h: the sequences of a specimen of make_models.py or make_adapters.py and what transformers computes of
 * them, and comparisons with it. The deviation of a number is relative to the root mean square of its row: the stream,
 * or the logits, of one token. */
#ifndef SCRY_TESTS_UNIT_MODEL_SPECIMEN_H
#define SCRY_TESTS_UNIT_MODEL_SPECIMEN_H

#include "base/mem.h"
#include "check.h"
#include "io/tensor.h"
#include "model.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define SPECIMEN_TOLERANCE 1e-4

typedef struct model_specimen {
    tensor_file file;
    uint32_t *ids; /* [tokens] */
    uint32_t *row; /* [rows] packed rows that are known; */
    size_t tokens, rows, count;
    scry_sequence *sequences; /* [count] */
    size_t *first;            /* [count] their first tokens */
} model_specimen;

/* A test that gets no run cannot go on. */
static inline scry_run *run_of(const scry_model *model, unsigned threads, uint64_t memory) {
    scry_error err = {0};
    scry_run_options options = {.threads = threads, .memory = memory};
    scry_run *run = scry_run_new(model, &options, &err);
    if (!run) {
        check(false, "a run: %s", err.text);
        exit(1);
    }
    return run;
}

static inline uint32_t *specimen_numbers(const tensor_file *file, const char *name, size_t *count) {
    const tensor *t = tensor_find(file, name);
    *count = t ? (size_t)tensor_elements(t) : 0;
    int64_t *wide = mem_new(*count + 1, sizeof *wide);
    uint32_t *out = mem_new(*count + 1, sizeof *out);
    if (t && !tensor_integers(t, 0, 1, *count, wide)) abort();
    for (size_t i = 0; i < *count; i++) out[i] = (uint32_t)wide[i];
    free(wide);
    return out;
}

/* Opens FOLDER/expected.safetensors; a test that lacks it cannot go on. */
static inline model_specimen specimen_open(const char *folder) {
    model_specimen s = {0};
    scry_error err = {0};
    if (!tensor_file_open(&s.file, text_of("%s/expected.safetensors", folder), NULL, &err)) {
        check(false, "%s", err.text);
        exit(1);
    }
    s.ids = specimen_numbers(&s.file, "ids", &s.tokens);
    uint32_t *lengths = specimen_numbers(&s.file, "lengths", &s.count);
    s.row = specimen_numbers(&s.file, "rows", &s.rows);
    if (!s.rows) {
        free(s.row);
        s.row = mem_new(s.tokens, sizeof *s.row);
        for (; s.rows < s.tokens; s.rows++) s.row[s.rows] = (uint32_t)s.rows;
    }
    s.sequences = mem_new(s.count, sizeof *s.sequences);
    s.first = mem_new(s.count, sizeof *s.first);
    size_t at = 0;
    for (size_t i = 0; i < s.count; at += lengths[i++]) {
        s.first[i] = at;
        s.sequences[i] = (scry_sequence){.ids = s.ids + at, .count = lengths[i]};
    }
    if (at != s.tokens) abort();
    free(lengths);
    return s;
}

static inline void specimen_close(model_specimen *s) {
    tensor_file_close(&s->file);
    free(s->ids);
    free(s->row);
    free(s->sequences);
    free(s->first);
}

/* Compares packed rows [from, from + count) at found [count][width] with those that are known under the name. */
static inline void specimen_compare(const model_specimen *s, const char *name, const float *found, size_t from,
                                    size_t count, worst *w) {
    const tensor *t = tensor_find(&s->file, name);
    if (!t || t->dims != 2) {
        check(false, "expected.safetensors has %s", name);
        return;
    }
    size_t width = (size_t)t->shape[1];
    float *expected = mem_new(width, sizeof *expected);
    for (size_t k = 0; k < s->rows; k++) {
        if (s->row[k] < from || s->row[k] >= from + count) continue;
        const float *row = found + (s->row[k] - from) * width;
        tensor_floats(t, k * width, 1, width, expected);
        double sum = 0;
        for (size_t i = 0; i < width; i++) sum += (double)expected[i] * (double)expected[i];
        double rms = sqrt(sum / (double)width);
        for (size_t i = 0; i < width; i++)
            worst_add(w, (double)row[i], (double)expected[i], rms, "%s, row %u, number %zu", name, s->row[k], i);
    }
    free(expected);
}

/* A sink that keeps logits in rows [.][vocabulary], and counts how often each row came. */
typedef struct kept_logits {
    float *rows;
    uint32_t vocabulary;
    unsigned *times;
    pthread_mutex_t lock;
} kept_logits;

static inline kept_logits keep_logits(const scry_model *model, size_t tokens) {
    uint32_t vocabulary = scry_model_info_of(model)->vocabulary;
    return (kept_logits){mem_new(tokens + 1, vocabulary * sizeof(float)), vocabulary,
                         mem_new(tokens + 1, sizeof(unsigned)), PTHREAD_MUTEX_INITIALIZER};
}

static inline void kept_free(kept_logits *k) {
    free(k->rows);
    free(k->times);
}

static inline void keep_row(void *context, size_t row, const float *logits) {
    kept_logits *k = context;
    memcpy(k->rows + row * k->vocabulary, logits, k->vocabulary * sizeof *logits);
    pthread_mutex_lock(&k->lock);
    k->times[row]++;
    pthread_mutex_unlock(&k->lock);
}

#endif
