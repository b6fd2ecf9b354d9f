/* causal/causal_run.c: samples run on from the hook to what they score. */
#include "base/mem.h"
#include "causal/causal.h"

#include <stdlib.h>
#include <string.h>

/* Samples that are run in one call. */
typedef struct batch {
    size_t rows;
    uint32_t vocabulary;
    scry_sequence *sequences;
    float *x;               /* [rows][d] the stream at the hook; NULL where the model is run in double */
    double *x_float64;      /* the same, and before it is rounded to x */
    bool *wanted;           /* [rows] the next token counts */
    uint32_t *target;       /* [rows] the next token */
    scry_next_token *found; /* [rows] */
} batch;

static void score_row(void *context, size_t row, const float *logits) {
    batch *b = context;
    b->found[row] = scry_next_token_of(logits, b->vocabulary, b->target[row]);
}

static void score_row_float64(void *context, size_t row, const double *logits) {
    batch *b = context;
    b->found[row] = scry_next_token_of_float64(logits, b->vocabulary, b->target[row]);
}

static void fill(batch *b, const scry_causal *c, const size_t *samples, size_t count, causal_stream stream,
                 void *context) {
    size_t row = 0;
    for (size_t i = 0; i < count; i++) {
        const causal_sample *s = &c->texts.samples[samples[i]];
        b->sequences[i] = (scry_sequence){.ids = s->ids, .count = s->count};
        stream(context, samples[i], b->x_float64 + row * c->d);
        for (uint32_t k = 0; k < s->count; k++, row++) {
            b->wanted[row] = k + 1 >= s->from;
            b->target[row] = s->ids[k + 1];
        }
    }
    b->rows = row;
    for (size_t i = 0; b->x && i < row * c->d; i++) b->x[i] = (float)b->x_float64[i];
}

static bool run(batch *b, const scry_causal *c, size_t sequences, scry_error *err) {
    if (b->x) return scry_run_logits(c->run, b->sequences, sequences, &c->hook, b->x, b->wanted, score_row, b, err);
    return scry_run_logits_float64(c->run, b->sequences, sequences, &c->hook, b->x_float64, b->wanted,
                                   score_row_float64, b, err);
}

/* Adds up each sample's tokens in their own order. */
static void collect(const batch *b, const scry_causal *c, const size_t *samples, size_t count, sample_figures *out) {
    size_t row = 0;
    for (size_t i = 0; i < count; i++) {
        const causal_sample *s = &c->texts.samples[samples[i]];
        out[i] = (sample_figures){0};
        for (uint32_t k = 0; k < s->count; k++, row++) {
            if (!b->wanted[row]) continue;
            out[i].loss -= b->found[row].log_probability;
            out[i].hits += b->found[row].top == b->target[row];
        }
    }
}

bool causal_run_on(scry_causal *c, const size_t *samples, size_t count, causal_stream stream, void *context,
                   sample_figures *out, const scry_cancel *cancel, scry_error *err) {
    size_t total = 0, done = 0, most = scry_run_batch(c->run);
    for (size_t i = 0; i < count; i++) total += c->texts.samples[samples[i]].count;
    size_t room = most > c->texts.longest ? most : c->texts.longest;
    batch b = {.vocabulary = scry_model_info_of(c->model)->vocabulary};
    b.sequences = mem_new(count + 1, sizeof *b.sequences);
    b.x = c->precision == SCRY_FLOAT64 ? NULL : mem_resize(NULL, room, c->d * sizeof *b.x);
    b.x_float64 = mem_resize(NULL, room, c->d * sizeof *b.x_float64);
    b.wanted = mem_new(room, sizeof *b.wanted);
    b.target = mem_new(room, sizeof *b.target);
    b.found = mem_new(room, sizeof *b.found);
    c->cancel = cancel;
    bool ok = true;
    for (size_t i = 0, end; ok && i < count; i = end) {
        size_t rows = 0;
        for (end = i; end < count && (end == i || rows + c->texts.samples[samples[end]].count <= most); end++)
            rows += c->texts.samples[samples[end]].count;
        fill(&b, c, samples + i, end - i, stream, context);
        ok = run(&b, c, end - i, err);
        if (ok) collect(&b, c, samples + i, end - i, out + i);
        done += rows;
        scry_report_progress(cancel, (double)done / (double)total);
    }
    c->cancel = NULL;
    free(b.sequences);
    free(b.x);
    free(b.x_float64);
    free(b.wanted);
    free(b.target);
    free(b.found);
    return ok && (!scry_cancelled(cancel) || scry_fail(err, "cancelled"));
}
