/* diff/diff_run.c: texts through both models.
 *
 * A batch of texts runs to the last block of each model; from there on, as many tokens at a time as memory allows for
 * two rows of logits each. */
#include "base/mem.h"
#include "diff/diff_check.h"
#include "diff/diff_internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct runner {
    diff *d;
    scry_run *run[2];
    scry_hook last[2];
    size_t width[2];
    parallel *pool;
    const scry_cancel *cancel;
    scry_sequence *sequences;
    float *x[2];    /* [room][width] the streams of a batch */
    size_t *text;   /* [room] of each row, its text, */
    uint32_t *next; /* [room] and the position of the token that follows it */
    bool *wanted;   /* [room] */
    size_t *slot;   /* [room] its row of `pairs`, of those that are wanted */
    size_t room;    /* rows of a batch */
    logit_pairs pairs;
    int model;     /* whose logits come in */
    uint64_t done; /* tokens that were run, of both */
    uint64_t total;
    scry_error *err;
} runner;

static bool is_cancelled(void *context) {
    const runner *r = context;
    return scry_cancelled(r->cancel);
}

static void take_logits(void *context, size_t row, const float *logits) {
    runner *r = context;
    memcpy(r->pairs.values[r->model] + r->slot[row] * r->d->vocabulary, logits, r->d->vocabulary * sizeof *logits);
}

/* ---- sums ----------------------------------------------------------------------------------- */

static void add_row(runner *r, size_t row, size_t slot) {
    diff *d = r->d;
    const pair_figures *f = &r->pairs.figures[slot];
    const size_t t = r->text[row], group = d->texts.texts[t].group;
    d->kl[t] += f->kl;
    d->gain[t] += f->log_probability[1] - f->log_probability[0];
    d->differs[t] += f->top[0] != f->top[1];
    for (int m = 0; m < 2; m++) d->loss[m][t] -= f->log_probability[m];
    for (uint32_t i = 0; i < f->pushed_count; i++) d->pushed[group * d->vocabulary + f->pushed[i]]++;
    if (d->take_token) d->take_token(d->context, t, r->next[row], f->kl, f->log_probability[1] - f->log_probability[0]);
    diff_take_place(d, &r->pairs, slot, t, r->next[row]);
}

/* Compares the wanted rows first..end, which fit the room of the pairs. */
static bool compare_rows(runner *r, size_t texts, size_t rows, size_t first, size_t end) {
    diff *d = r->d;
    r->pairs.rows = 0;
    for (size_t row = 0; row < rows; row++) {
        r->wanted[row] = row >= first && row < end && r->next[row];
        if (!r->wanted[row]) continue;
        r->slot[row] = r->pairs.rows;
        r->pairs.target[r->pairs.rows++] = d->texts.texts[r->text[row]].ids[r->next[row]];
    }
    for (r->model = 0; r->model < 2; r->model++)
        if (!scry_run_logits(r->run[r->model], r->sequences, texts, &r->last[r->model], r->x[r->model], r->wanted,
                             take_logits, r, r->err))
            return false;
    pairs_compare(&r->pairs, r->pool);
    for (size_t row = first, from = first; row < end; row++) { /* a stretch of one group at a time */
        if (r->wanted[row]) add_row(r, row, r->slot[row]);
        size_t group = d->texts.texts[r->text[row]].group;
        if (row + 1 < end && d->texts.texts[r->text[row + 1]].group == group) continue;
        while (from <= row && !r->wanted[from]) from++;
        size_t last = row;
        while (last > from && !r->wanted[last]) last--;
        if (from <= row)
            pairs_add_change(&r->pairs, r->slot[from], r->slot[last] - r->slot[from] + 1,
                             d->change + group * d->vocabulary, r->pool);
        from = row + 1;
    }
    return !scry_cancelled(r->cancel) || scry_fail(r->err, "cancelled");
}

/* ---- batches -------------------------------------------------------------------------------- */

/* Texts first..end in one batch. */
static bool run_batch(runner *r, size_t first, size_t end) {
    const diff_texts *texts = &r->d->texts;
    size_t rows = 0;
    for (size_t t = first; t < end; t++) {
        const diff_text *text = &texts->texts[t];
        r->sequences[t - first] = (scry_sequence){.ids = text->ids, .count = text->to - 1};
        for (uint32_t k = 1; k < text->to; k++, rows++) {
            r->text[rows] = t;
            r->next[rows] = k >= text->from ? k : 0;
        }
    }
    for (int m = 0; m < 2; m++) {
        if (!scry_run_to_hook(r->run[m], r->last[m], r->sequences, end - first, r->x[m], r->err)) return false;
        r->done += rows;
        scry_report_progress(r->cancel, (double)r->done / (double)r->total);
    }
    for (size_t from = 0, to; from < rows; from = to) {
        size_t wanted = 0;
        for (to = from; to < rows && wanted < r->pairs.room; to++) wanted += r->next[to] != 0;
        if (wanted && !compare_rows(r, end - first, rows, from, to)) return false;
    }
    return true;
}

static bool open_runs(runner *r) {
    diff *d = r->d;
    const uint64_t memory = d->query->memory ? d->query->memory : SCRY_MEMORY;
    const uint64_t row = 2 * (uint64_t)d->vocabulary * sizeof(float),
                   sums = (uint64_t)d->texts.groups * d->vocabulary * (sizeof(double) + sizeof(uint32_t));
    for (int m = 0; m < 2; m++) {
        const scry_model_info *info = scry_model_info_of(d->pair.model[m]);
        r->last[m] = (scry_hook){info->layers - 1, SCRY_RESID_POST};
        r->width[m] = info->d_model;
        scry_run_options o = {
            .threads = d->query->threads, .memory = memory / 4, .cancelled = is_cancelled, .context = r};
        if (!(r->run[m] = scry_run_new(d->pair.model[m], &o, r->err))) return false;
    }
    r->room =
        scry_run_batch(r->run[0]) < scry_run_batch(r->run[1]) ? scry_run_batch(r->run[0]) : scry_run_batch(r->run[1]);
    if (d->texts.longest > r->room) r->room = d->texts.longest;
    const uint64_t streams = r->room * (r->width[0] + r->width[1]) * sizeof(float);
    if (sums + streams + 16 * row > memory / 2)
        return scry_misuse(r->err,
                           "%zu groups with a vocabulary of %" PRIu32 " need %" PRIu64
                           " MiB, expected at most half of --memory, %" PRIu64 " MiB; raise --memory",
                           d->texts.groups, d->vocabulary, ((sums + streams + 16 * row) >> 20) + 1, memory >> 21);
    uint64_t fit = (memory / 2 - sums - streams) / row;
    pairs_new(&r->pairs, d->vocabulary, fit < r->room ? (size_t)fit : r->room);
    return true;
}

static void make_room(runner *r) {
    diff *d = r->d;
    const size_t texts = d->texts.count;
    double **const sums[] = {&d->kl, &d->gain, &d->differs, &d->tokens, &d->loss[0], &d->loss[1]};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) *sums[i] = mem_new(texts, sizeof(double));
    d->change = mem_new(d->texts.groups * d->vocabulary, sizeof *d->change);
    d->pushed = mem_new(d->texts.groups * d->vocabulary, sizeof *d->pushed);
    d->out.place = mem_new(d->query->places + 1, sizeof *d->out.place);
    for (size_t t = 0; t < texts; t++) {
        d->tokens[t] = d->texts.texts[t].to - d->texts.texts[t].from;
        r->total += 2 * (uint64_t)(d->texts.texts[t].to - 1);
    }
    r->sequences = mem_new(r->room, sizeof *r->sequences);
    for (int m = 0; m < 2; m++) r->x[m] = mem_resize(NULL, r->room, r->width[m] * sizeof(float));
    r->text = mem_new(r->room, sizeof *r->text);
    r->next = mem_new(r->room, sizeof *r->next);
    r->wanted = mem_new(r->room, sizeof *r->wanted);
    r->slot = mem_new(r->room, sizeof *r->slot);
}

static bool run_all(runner *r, scry_notes *notes) {
    const diff_texts *texts = &r->d->texts;
    const scry_diff_query *q = r->d->query;
    if (!open_runs(r) || !diff_check_base(q->index, q->study, &r->d->pair, r->run[0], q->memory, notes, r->err))
        return false;
    make_room(r);
    r->pool = parallel_start(r->d->query->threads);
    for (size_t first = 0, end; first < texts->count; first = end) {
        size_t rows = 0;
        for (end = first; end < texts->count && (end == first || rows + texts->texts[end].to - 1 <= r->room); end++)
            rows += texts->texts[end].to - 1;
        if (!run_batch(r, first, end)) return false;
    }
    return true;
}

bool diff_run(diff *d, const scry_cancel *cancel, scry_notes *notes, scry_error *err) {
    runner r = {.d = d, .cancel = cancel, .err = err};
    bool ok = run_all(&r, notes);
    for (int m = 0; m < 2; m++) {
        scry_run_free(r.run[m]);
        free(r.x[m]);
    }
    if (r.pool) parallel_stop(r.pool);
    pairs_free(&r.pairs);
    free(r.sequences);
    free(r.text);
    free(r.next);
    free(r.wanted);
    free(r.slot);
    return ok;
}
