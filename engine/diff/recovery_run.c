/* diff/recovery_run.c: texts through both models, and through the base model with another stream at the hook. */
#include "base/mem.h"
#include "diff/diff_check.h"
#include "diff/recovery_internal.h"
#include "sae/reconstruct.h"

#include <cblas.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 }; /* rows of a text that are encoded at a time: the same ones whatever else is in the batch */

/* Rows of a text, in a batch. */
typedef struct piece {
    size_t row;
    uint32_t count;
} piece;

typedef struct runner {
    recovery *r;
    scry_run *run[2];
    parallel *pool;
    const scry_cancel *cancel;
    scry_sequence *sequences;
    size_t d;
    float *x[2], *patched; /* [room][d] the streams of a batch at the hook */
    size_t *text;          /* [room] of each row, its text, */
    bool *counts, *wanted; /* [room] and whether the token after it counts; those of a stretch */
    size_t *slot;          /* [room] its row of logits, of those that are wanted */
    piece *piece;          /* [room] */
    size_t pieces, room, logits_room;
    sae_room *sae_room; /* [threads] */
    float **made;       /* [threads] -> [2][PIECE][d] */
    float *logits[2];   /* [logits_room][vocabulary] of tuned, and of base */
    double *kl;         /* [logits_room] */
    int side;           /* whose logits come in */
    size_t rows;        /* of logits */
    uint64_t done, total;
    scry_error *err;
} runner;

static bool is_cancelled(void *context) {
    const runner *w = context;
    return scry_cancelled(w->cancel);
}

/* ---- the patched stream --------------------------------------------------------------------- */

static void patch_piece(void *context, size_t number, unsigned worker) {
    const runner *w = context;
    const piece *p = &w->piece[number];
    const sae *s = &w->r->sae;
    const size_t d = w->d, numbers = p->count * d;
    const float *base = w->x[0] + p->row * d, *tuned = w->x[1] + p->row * d;
    float *first = w->made[worker], *second = first + PIECE * d, *out = w->patched + p->row * d;
    if (w->r->out.reads == SCRY_READS_DIFFERENCE) {
        for (size_t i = 0; i < numbers; i++) second[i] = tuned[i] - base[i];
        sae_reconstruct(s, second, p->count, &w->sae_room[worker], first);
        for (size_t i = 0; i < numbers; i++) out[i] = base[i] + first[i];
    } else {
        sae_reconstruct(s, tuned, p->count, &w->sae_room[worker], first);
        sae_reconstruct(s, base, p->count, &w->sae_room[worker], second);
        for (size_t i = 0; i < numbers; i++) out[i] = base[i] + (first[i] - second[i]);
    }
}

/* ---- logits --------------------------------------------------------------------------------- */

static void take_logits(void *context, size_t row, const float *logits) {
    runner *w = context;
    const size_t V = w->r->d.vocabulary;
    memcpy(w->logits[w->side] + w->slot[row] * V, logits, V * sizeof *logits);
}

/* KL(p || q), p of the first row of logits: the mean under p of their difference, less that of their normalisers. */
static double divergence(const float *p, const float *q, uint32_t V) {
    double most[2] = {(double)p[0], (double)q[0]}, sum[2] = {0}, difference = 0;
    for (uint32_t v = 1; v < V; v++) {
        most[0] = fmax(most[0], (double)p[v]);
        most[1] = fmax(most[1], (double)q[v]);
    }
    for (uint32_t v = 0; v < V; v++) {
        const double of_p = exp((double)p[v] - most[0]);
        sum[0] += of_p;
        sum[1] += exp((double)q[v] - most[1]);
        if (of_p != 0) difference += of_p * ((double)p[v] - (double)q[v]);
    }
    const double kl = difference / sum[0] - ((most[0] + log(sum[0])) - (most[1] + log(sum[1])));
    return kl > 0 ? kl : 0; /* below by rounding, where both are the same */
}

static void compare_row(void *context, size_t row, unsigned worker) {
    (void)worker;
    runner *w = context;
    const uint32_t V = w->r->d.vocabulary;
    w->kl[row] = divergence(w->logits[0] + row * V, w->logits[1] + row * V, V);
}

/* Compares the rows first..end, whose wanted ones have room. */
static bool compare_stretch(runner *w, size_t texts, size_t rows, size_t first, size_t end) {
    const float *const stream[STREAMS] = {w->x[0], w->patched, w->x[1]};
    const scry_hook *hook = &w->r->out.hook;
    w->rows = 0;
    for (size_t row = 0; row < rows; row++) {
        w->wanted[row] = row >= first && row < end && w->counts[row];
        if (w->wanted[row]) w->slot[row] = w->rows++;
    }
    w->side = 0;
    if (!scry_run_logits(w->run[1], w->sequences, texts, hook, w->x[1], w->wanted, take_logits, w, w->err))
        return false;
    w->side = 1;
    for (int v = 0; v < STREAMS; v++) {
        if (!scry_run_logits(w->run[0], w->sequences, texts, hook, stream[v], w->wanted, take_logits, w, w->err))
            return false;
        parallel_for(w->pool, w->rows, compare_row, w);
        for (size_t row = first; row < end; row++)
            if (w->wanted[row]) w->r->kl[v][w->text[row]] += w->kl[w->slot[row]];
    }
    return !scry_cancelled(w->cancel) || scry_fail(w->err, "cancelled");
}

/* ---- batches -------------------------------------------------------------------------------- */

static void add_text(runner *w, size_t number, size_t row) {
    const diff_text *text = &w->r->d.texts.texts[number];
    const uint32_t count = text->to - 1;
    for (uint32_t k = 0; k < count; k++) {
        w->text[row + k] = number;
        w->counts[row + k] = k + 1 >= text->from;
    }
    for (uint32_t k = 0; k < count; k += PIECE)
        w->piece[w->pieces++] = (piece){row + k, count - k < PIECE ? count - k : PIECE};
}

/* Texts first..end in one batch. */
static bool run_batch(runner *w, size_t first, size_t end) {
    const diff_texts *texts = &w->r->d.texts;
    size_t rows = 0;
    w->pieces = 0;
    for (size_t t = first; t < end; t++) {
        w->sequences[t - first] = (scry_sequence){.ids = texts->texts[t].ids, .count = texts->texts[t].to - 1};
        add_text(w, t, rows);
        rows += texts->texts[t].to - 1;
    }
    for (int m = 0; m < 2; m++)
        if (!scry_run_to_hook(w->run[m], w->r->out.hook, w->sequences, end - first, w->x[m], w->err)) return false;
    parallel_for(w->pool, w->pieces, patch_piece, w);
    for (size_t from = 0, to; from < rows; from = to) {
        size_t wanted = 0;
        for (to = from; to < rows && wanted < w->logits_room; to++) wanted += w->counts[to];
        if (wanted && !compare_stretch(w, end - first, rows, from, to)) return false;
    }
    w->done += rows;
    scry_report_progress(w->cancel, (double)w->done / (double)w->total);
    return true;
}

static bool open_runs(runner *w) {
    const diff *d = &w->r->d;
    const uint64_t memory = d->query->memory ? d->query->memory : SCRY_MEMORY;
    const uint64_t row = 2 * (uint64_t)d->vocabulary * sizeof(float);
    for (int m = 0; m < 2; m++) {
        scry_run_options o = {
            .threads = d->query->threads, .memory = memory / 4, .cancelled = is_cancelled, .context = w};
        if (!(w->run[m] = scry_run_new(d->pair.model[m], &o, w->err))) return false;
    }
    size_t batch[2] = {scry_run_batch(w->run[0]), scry_run_batch(w->run[1])};
    w->d = w->r->sae.d_in;
    w->room = batch[0] < batch[1] ? batch[0] : batch[1];
    if (d->texts.longest > w->room) w->room = d->texts.longest;
    const uint64_t streams = w->room * 3 * w->d * sizeof(float);
    if (streams + 16 * row > memory / 4)
        return scry_misuse(w->err,
                           "texts of up to %zu tokens with a vocabulary of %" PRIu32 " need %" PRIu64
                           " MiB, expected at most a quarter of --memory, %" PRIu64 " MiB; raise --memory",
                           d->texts.longest, d->vocabulary, ((streams + 16 * row) >> 20) + 1, memory >> 22);
    const uint64_t fit = (memory / 4 - streams) / row;
    w->logits_room = fit < w->room ? (size_t)fit : w->room;
    return true;
}

static void make_room(runner *w) {
    const diff_texts *texts = &w->r->d.texts;
    const size_t V = w->r->d.vocabulary;
    for (int v = 0; v < STREAMS; v++) w->r->kl[v] = mem_new(texts->count, sizeof(double));
    for (size_t t = 0; t < texts->count; t++) w->total += texts->texts[t].to - 1;
    w->sequences = mem_new(w->room, sizeof *w->sequences);
    for (int m = 0; m < 2; m++) {
        w->x[m] = mem_resize(NULL, w->room, w->d * sizeof(float));
        w->logits[m] = mem_resize(NULL, w->logits_room, V * sizeof(float));
    }
    w->patched = mem_resize(NULL, w->room, w->d * sizeof(float));
    w->text = mem_new(w->room, sizeof *w->text);
    w->counts = mem_new(w->room, sizeof *w->counts);
    w->wanted = mem_new(w->room, sizeof *w->wanted);
    w->slot = mem_new(w->room, sizeof *w->slot);
    w->piece = mem_new(w->room, sizeof *w->piece);
    w->kl = mem_new(w->logits_room, sizeof *w->kl);
    const unsigned threads = parallel_threads(w->pool);
    w->sae_room = mem_new(threads, sizeof *w->sae_room);
    w->made = mem_new(threads, sizeof *w->made);
    for (unsigned i = 0; i < threads; i++) {
        w->sae_room[i] = sae_room_new(&w->r->sae, PIECE);
        w->made[i] = mem_new(2 * PIECE * w->d, sizeof(float));
    }
}

/* A batch has no more rows than logits have room, where its texts allow that: the blocks after the hook run once. */
static bool run_all(runner *w, scry_notes *notes) {
    const diff_texts *texts = &w->r->d.texts;
    const scry_diff_query *q = w->r->d.query;
    if (!open_runs(w) || !diff_check_base(q->index, q->study, &w->r->d.pair, w->run[0], q->memory, notes, w->err))
        return false;
    w->pool = parallel_start(w->r->d.query->threads);
    make_room(w);
    openblas_set_num_threads(1); /* our threads each encode their own rows */
    for (size_t first = 0, end; first < texts->count; first = end) {
        size_t rows = 0;
        for (end = first; end < texts->count && (end == first || rows + texts->texts[end].to - 1 <= w->logits_room);
             end++)
            rows += texts->texts[end].to - 1;
        if (!run_batch(w, first, end)) return false;
    }
    return true;
}

bool recovery_run(recovery *r, const scry_cancel *cancel, scry_notes *notes, scry_error *err) {
    runner w = {.r = r, .cancel = cancel, .err = err};
    const bool ok = run_all(&w, notes);
    const unsigned threads = w.sae_room ? parallel_threads(w.pool) : 0;
    for (unsigned i = 0; i < threads; i++) {
        sae_room_free(&w.sae_room[i]);
        free(w.made[i]);
    }
    if (w.pool) parallel_stop(w.pool);
    for (int m = 0; m < 2; m++) {
        scry_run_free(w.run[m]);
        free(w.x[m]);
        free(w.logits[m]);
    }
    free(w.patched);
    free(w.sae_room);
    free(w.made);
    free(w.sequences);
    free(w.text);
    free(w.counts);
    free(w.wanted);
    free(w.slot);
    free(w.piece);
    free(w.kl);
    return ok;
}
