/* train/evaluate.c: how well an SAE does on rows. The rows are taken in groups; each is encoded as the index encodes
 * (sae_encode), decoded from what fires, and summed up by itself. */
#include "train/trainer.h"
#include "base/blas.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/row_moments.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Groups a round: their sums are held at a time. */
enum { ROUND = 64, MOST_ROWS = 2 * CHUNK_ROWS };

typedef struct group_sums {
    uint64_t rows, active;
    uint64_t bad[2]; /* values of its chunks that are not finite */
    double lost, cosine;
    row_moments x;
} group_sums;

/* Of all groups of some chunks. */
typedef struct totals {
    group_sums sums;
    uint64_t *fired; /* [F] */
} totals;

typedef struct worker_room {
    float *X, *made, *x; /* [MOST_ROWS][d]: prepared, reconstructed, as read */
    float *H;            /* [F][MOST_ROWS] */
    uint64_t *fired;     /* [F] */
} worker_room;

typedef struct evaluation {
    const sae *s;
    const train_data *data;
    const data_chunk *chunk;
    size_t chunks, first; /* first chunk of the round */
    worker_room *room;    /* [threads] */
    group_sums group[ROUND];
} evaluation;

static uint32_t read_rows(const evaluation *e, size_t from, const worker_room *room, uint64_t *bad) {
    const uint32_t d = e->s->d_in;
    uint32_t n = 0;
    bad[0] = bad[1] = 0;
    for (size_t c = from; c < from + 2 && c < e->chunks; c++) {
        const data_source *source = &e->data->source[e->chunk[c].source];
        for (uint32_t k = 0; k < e->chunk[c].length; k++, n++)
            bad[c - from] += matrix_row(&source->m, source->first + e->chunk[c].row + k, room->x + (size_t)n * d);
    }
    memcpy(room->X, room->x, (size_t)n * d * sizeof *room->X);
    for (uint32_t t = 0; t < n; t++) sae_prepare(e->s, room->X + (size_t)t * d);
    return n;
}

static void add_rows(float *to, const float *row, float times, uint32_t d) {
    for (uint32_t i = 0; i < d; i++) to[i] += times * row[i];
}

static void decode(const sae *s, const worker_room *room, uint32_t n, group_sums *sums) {
    const uint32_t d = s->d_in;
    memset(room->made, 0, (size_t)n * d * sizeof *room->made);
    for (uint32_t j = 0; j < s->d_sae; j++) {
        const float *h = room->H + (size_t)j * n;
        for (uint32_t t = 0; t < n; t++) {
            if (!(h[t] > 0)) continue;
            add_rows(room->made + (size_t)t * d, s->W_dec + (size_t)j * d, h[t], d);
            room->fired[j]++;
            sums->active++;
        }
    }
}

/* What the input lost on its way to the encoder, given back to x^. */
static void restore(const sae *s, const float *x, float *made) {
    double times, add;
    sae_input_lost(s->input, x, s->d_in, &times, &add);
    for (uint32_t i = 0; i < s->d_in; i++)
        made[i] = (float)(((double)made[i] + (double)s->b_dec[i]) / (double)s->input_scale * times + add);
}

static void compare(const float *x, const float *made, uint32_t d, group_sums *sums) {
    double lost = 0, square = 0, made_square = 0, product = 0;
    for (uint32_t i = 0; i < d; i++) {
        double a = (double)x[i], b = (double)made[i];
        lost += (b - a) * (b - a);
        square += a * a;
        made_square += b * b;
        product += a * b;
    }
    sums->lost += lost;
    sums->cosine += square > 0 && made_square > 0 ? product / sqrt(square * made_square) : 0;
}

static void do_group(void *context, size_t piece, unsigned worker) {
    evaluation *e = context;
    const sae *s = e->s;
    const worker_room *room = &e->room[worker];
    group_sums *sums = &e->group[piece];
    *sums = (group_sums){.x = sums->x};
    sums->x.rows = 0;
    size_t from = e->first + 2 * piece;
    if (from >= e->chunks) return;
    uint32_t n = read_rows(e, from, room, sums->bad);
    data_release(e->data); /* the pages around a chunk that the system maps with it are many times the chunk */
    sums->rows = n;
    row_moments_of(&sums->x, room->x, n, s->d_in);
    sae_encode(s, room->X, n, 0, s->d_sae, room->H);
    for (uint32_t t = 0; t < n && s->activation == SAE_TOPK; t++) sae_keep_topk(s, room->H, n, t);
    decode(s, room, n, sums);
    for (uint32_t t = 0; t < n; t++) {
        restore(s, room->x + (size_t)t * s->d_in, room->made + (size_t)t * s->d_in);
        compare(room->x + (size_t)t * s->d_in, room->made + (size_t)t * s->d_in, s->d_in, sums);
    }
}

static void room_new(evaluation *e, unsigned threads) {
    size_t rows = (size_t)MOST_ROWS * e->s->d_in;
    e->room = mem_new(threads, sizeof *e->room);
    for (unsigned i = 0; i < threads; i++) {
        e->room[i] = (worker_room){.X = mem_new(rows, sizeof(float)),
                                   .made = mem_new(rows, sizeof(float)),
                                   .x = mem_new(rows, sizeof(float)),
                                   .H = mem_new((size_t)MOST_ROWS * e->s->d_sae, sizeof(float)),
                                   .fired = mem_new(e->s->d_sae, sizeof(uint64_t))};
    }
    for (int g = 0; g < ROUND; g++) e->group[g].x = row_moments_new(e->s->d_in);
}

static void room_free(evaluation *e, unsigned threads) {
    for (unsigned i = 0; i < threads; i++) {
        free(e->room[i].X);
        free(e->room[i].made);
        free(e->room[i].x);
        free(e->room[i].H);
        free(e->room[i].fired);
    }
    free(e->room);
    for (int g = 0; g < ROUND; g++) row_moments_free(&e->group[g].x);
}

static void add_sums(group_sums *all, const group_sums *one, uint32_t d) {
    row_moments_merge(&all->x, &one->x, d);
    all->rows += one->rows;
    all->active += one->active;
    all->lost += one->lost;
    all->cosine += one->cosine;
}

static void add_round(const evaluation *e, group_sums *all) {
    for (int g = 0; g < ROUND; g++)
        if (e->group[g].rows) add_sums(all, &e->group[g], e->s->d_in);
}

static bool round_is_finite(const evaluation *e, scry_error *err) {
    for (size_t g = 0; g < ROUND; g++)
        for (size_t k = 0; k < 2; k++) {
            size_t chunk = e->first + 2 * g + k;
            if (chunk < e->chunks && !data_finite(e->data, &e->chunk[chunk], e->group[g].bad[k], err)) return false;
        }
    return true;
}

/* Bin 0: never; then below 1e-6, ..., below 1e-1, and 1e-1 or more. */
static int bin_of(uint64_t fired, uint64_t rows) {
    if (!fired) return 0;
    double rate = (double)fired / (double)rows, edge = 1e-6;
    int bin = 1;
    for (; bin < SCRY_RATE_BINS - 1 && !(rate < edge); bin++) edge *= 10;
    return bin;
}

/* Moves what fired to the totals, and leaves the room empty for the next chunks. */
static void take_fired(evaluation *e, unsigned threads, totals *all) {
    for (unsigned i = 0; i < threads; i++)
        for (uint32_t j = 0; j < e->s->d_sae; j++) {
            all->fired[j] += e->room[i].fired[j];
            e->room[i].fired[j] = 0;
        }
}

static void conclude(const sae *s, const totals *all, scry_sae_quality *q) {
    const group_sums *sums = &all->sums;
    double rows = (double)sums->rows;
    uint64_t dense = 0;
    q->tokens = sums->rows;
    q->l0 = (double)sums->active / rows;
    q->fvu = sums->x.spread > 0 ? sums->lost / sums->x.spread : (double)NAN;
    q->explained_variance = 1 - q->fvu;
    q->mse = sums->lost / rows / s->d_in;
    q->cosine = sums->cosine / rows;
    for (uint32_t j = 0; j < s->d_sae; j++) {
        q->rates[bin_of(all->fired[j], sums->rows)]++;
        dense += (double)all->fired[j] > 0.1 * rows;
    }
    q->dead = (double)q->rates[0] / s->d_sae;
    q->dense = (double)dense / s->d_sae;
}

static scry_sae_quality quality_of(const sae *s, double seconds) {
    scry_sae_quality q = {.d_in = s->d_in, .d_sae = s->d_sae, .seconds = seconds};
    memcpy(q.sae, s->description, sizeof q.sae);
    return q;
}

typedef struct watcher {
    scry_progress progress; /* may be NULL */
    void *context;
    uint64_t done, rows;
} watcher;

static totals totals_new(const sae *s) {
    return (totals){.sums.x = row_moments_new(s->d_in), .fired = mem_new(s->d_sae, sizeof(uint64_t))};
}

static void totals_free(totals *t) {
    row_moments_free(&t->sums.x);
    free(t->fired);
}

static bool measure(evaluation *e, const data_chunks *chunks, parallel *pool, watcher *w, totals *all,
                    scry_error *err) {
    e->chunk = chunks->chunk;
    e->chunks = chunks->count;
    bool ok = true;
    for (e->first = 0; e->first < e->chunks && ok; e->first += 2 * ROUND) {
        parallel_for(pool, ROUND, do_group, e);
        add_round(e, &all->sums);
        ok = round_is_finite(e, err);
        if (ok && w->progress && !w->progress(w->context, "measuring", w->done + all->sums.rows, w->rows))
            ok = scry_fail(err, "interrupted");
    }
    w->done += chunks->rows;
    take_fired(e, parallel_threads(pool), all);
    return ok;
}

bool evaluate(const sae *s, const train_data *data, bool held, parallel *pool, scry_progress progress, void *context,
              scry_sae_evaluation *out, scry_error *err) {
    double start = clock_seconds();
    evaluation e = {.s = s, .data = data};
    data_chunks ordinary = data_select(data, held, DATA_ORDINARY), outlier = data_select(data, held, DATA_OUTLIERS);
    totals all = totals_new(s), outliers = totals_new(s);
    const bool selected = data_goes_on(data, err);
    watcher w = {progress, context, 0, ordinary.rows + outlier.rows};
    blas_single();
    room_new(&e, parallel_threads(pool));
    bool ok =
        selected && measure(&e, &ordinary, pool, &w, &all, err) && measure(&e, &outlier, pool, &w, &outliers, err);
    *out = (scry_sae_evaluation){.outliers = data->outliers};
    out->without_outliers = out->with_outliers = quality_of(s, clock_seconds() - start);
    if (ok) {
        conclude(s, &all, &out->without_outliers);
        add_sums(&all.sums, &outliers.sums, s->d_in);
        for (uint32_t j = 0; j < s->d_sae; j++) all.fired[j] += outliers.fired[j];
        conclude(s, &all, &out->with_outliers);
    }
    room_free(&e, parallel_threads(pool));
    totals_free(&all);
    totals_free(&outliers);
    free(ordinary.chunk);
    free(outlier.chunk);
    return ok;
}

static bool check_fits(const sae *s, const char *path, const train_data *data, scry_notes *notes, scry_error *err) {
    if (!s->W_dec)
        return scry_fail(err, "%s: found an SAE without a decoder, expected W_dec to reconstruct residuals with", path);
    if (s->d_in != data->d)
        return scry_fail(err, "%s: found %u columns, expected %u, the d_in of the SAE %s", data->source[0].name,
                         data->d, s->d_in, path);
    if (s->difference && !data->difference)
        return scry_fail(err,
                         "%s: found residuals, expected differences of paired residuals, on which the SAE %s was "
                         "trained; name what is subtracted with --minus BASE",
                         data->source[0].name, path);
    if (data->difference && !s->difference)
        scry_notes_add(notes, "%s: does not say that it was trained on differences, as %s are", path,
                       data->source[0].name);
    return true;
}

typedef struct judging {
    scry_progress progress;
    void *context;
} judging;

static bool report_reading(void *context) {
    const judging *j = context;
    return j->progress(j->context, "reading", 0, 0);
}

static bool report_judging(void *context, uint64_t rows, uint64_t total) {
    const judging *j = context;
    return !j->progress || j->progress(j->context, "reading norms of", rows, total);
}

bool scry_eval_sae(const char *path, const scry_train_input *input, unsigned threads, scry_progress progress,
                   void *context, scry_sae_evaluation *out, scry_notes *notes, scry_error *err) {
    sae s;
    train_data data = {0};
    judging j = {progress, context};
    if (!sae_load(&s, path, NULL, notes, err)) return false;
    data_watch watch = {.goes_on = report_reading, .context = &j, .asked = clock_seconds() + 0.9};
    bool ok = data_open(&data, input, notes, err) && check_fits(&s, path, &data, notes, err);
    if (progress) data.watch = &watch;
    if (ok) {
        parallel *pool = parallel_start(threads);
        ok = data_judge(&data, pool, report_judging, &j, notes, err);
        ok = ok && data_split(&data, 0, 0, err);
        if (ok) {
            ok = data.train.rows ? evaluate(&s, &data, false, pool, progress, context, out, err)
                                 : scry_fail(err, "%s: skip_first and exclude leave no token", data.source[0].name);
        }
        parallel_stop(pool);
    }
    data_close(&data);
    sae_free(&s);
    return ok;
}
