/* train/evaluate.c: how well an SAE does on rows. The rows are taken in groups; each is encoded as the index encodes
 * (sae_encode), decoded from what fires, and summed up by itself. */
#include "train/trainer.h"
#include "base/clock.h"
#include "base/mem.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Groups a round: their sums are held at a time. */
enum { ROUND = 64, MOST_ROWS = 2 * CHUNK_ROWS };

typedef struct group_sums {
    uint64_t rows, active;
    uint64_t bad[2]; /* values of its chunks that are not finite */
    double lost, cosine;
    double spread; /* sum of |x - mean|^2 */
    double *mean;  /* [d] */
} group_sums;

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

/* Leaves the k largest of each token, ties to the lower latent. */
static void keep_top(const sae *s, float *H, uint32_t n) {
    for (uint32_t t = 0; t < n; t++) {
        float floor[MOST_ROWS];
        uint32_t ties[MOST_ROWS];
        sae_topk(s, H, n, t, floor, ties);
        for (uint32_t j = 0; j < s->d_sae; j++) {
            float *h = &H[(size_t)j * n + t];
            bool kept = *h > floor[t] || (!(*h < floor[t]) && ties[t] > 0);
            ties[t] -= kept && !(*h > floor[t]);
            *h = !kept ? 0 : s->out_scale ? *h / s->out_scale[j] : *h;
        }
    }
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
    const uint32_t d = s->d_in;
    double sum = 0, square = 0, times = 1, add = 0;
    for (uint32_t i = 0; i < d; i++) {
        sum += (double)x[i];
        square += (double)x[i] * (double)x[i];
    }
    if (s->input == SAE_INPUT_CONSTANT_NORM) times = sqrt(square) / sqrt((double)d);
    if (s->input == SAE_INPUT_LAYER_NORM) {
        add = sum / d;
        times = sqrt(fmax(0, square - sum * add) / (d > 1 ? d - 1 : 1)) + 1e-5;
    }
    for (uint32_t i = 0; i < d; i++)
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

/* In two passes, and from the first row on: where all rows are the same they have no spread at all. */
static void measure_spread(const float *x, uint32_t n, uint32_t d, group_sums *sums) {
    sums->spread = 0;
    for (uint32_t i = 0; i < d; i++) {
        double from_first = 0, square = 0;
        for (uint32_t t = 0; t < n; t++) from_first += (double)x[(size_t)t * d + i] - (double)x[i];
        sums->mean[i] = (double)x[i] + from_first / n;
        for (uint32_t t = 0; t < n; t++) {
            double apart = (double)x[(size_t)t * d + i] - sums->mean[i];
            square += apart * apart;
        }
        sums->spread += square;
    }
}

static void do_group(void *context, size_t piece, unsigned worker) {
    evaluation *e = context;
    const sae *s = e->s;
    const worker_room *room = &e->room[worker];
    group_sums *sums = &e->group[piece];
    *sums = (group_sums){.mean = sums->mean};
    size_t from = e->first + 2 * piece;
    if (from >= e->chunks) return;
    uint32_t n = read_rows(e, from, room, sums->bad);
    data_release(e->data); /* the pages around a chunk that the system maps with it are many times the chunk */
    sums->rows = n;
    measure_spread(room->x, n, s->d_in, sums);
    sae_encode(s, room->X, n, 0, s->d_sae, room->H);
    if (s->activation == SAE_TOPK) keep_top(s, room->H, n);
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
    for (int g = 0; g < ROUND; g++) e->group[g].mean = mem_new(e->s->d_in, sizeof(double));
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
    for (int g = 0; g < ROUND; g++) free(e->group[g].mean);
}

/* The spread of two groups together: T. Chan, G. Golub, R. LeVeque, "Updating Formulae and a Pairwise Algorithm for
 * Computing Sample Variances". */
static void add_spread(const evaluation *e, const group_sums *one, group_sums *all) {
    double rows = (double)(all->rows + one->rows), share = (double)one->rows / rows, apart = 0;
    for (uint32_t i = 0; i < e->s->d_in; i++) {
        double step = one->mean[i] - all->mean[i];
        apart += step * step;
        all->mean[i] = all->rows ? all->mean[i] + step * share : one->mean[i];
    }
    all->spread += one->spread + apart * share * (double)all->rows;
}

static void add_round(const evaluation *e, group_sums *all) {
    for (int g = 0; g < ROUND; g++) {
        const group_sums *one = &e->group[g];
        if (!one->rows) continue;
        add_spread(e, one, all);
        all->rows += one->rows;
        all->active += one->active;
        all->lost += one->lost;
        all->cosine += one->cosine;
    }
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

static void conclude(const evaluation *e, const group_sums *all, unsigned threads, scry_sae_quality *q) {
    double rows = (double)all->rows;
    uint64_t dense = 0;
    q->tokens = all->rows;
    q->l0 = (double)all->active / rows;
    q->fvu = all->spread > 0 ? all->lost / all->spread : (double)NAN;
    q->explained_variance = 1 - q->fvu;
    q->mse = all->lost / rows / e->s->d_in;
    q->cosine = all->cosine / rows;
    for (uint32_t j = 0; j < e->s->d_sae; j++) {
        uint64_t fired = 0;
        for (unsigned i = 0; i < threads; i++) fired += e->room[i].fired[j];
        q->rates[bin_of(fired, all->rows)]++;
        dense += (double)fired > 0.1 * rows;
    }
    q->dead = (double)q->rates[0] / e->s->d_sae;
    q->dense = (double)dense / e->s->d_sae;
}

bool evaluate(const sae *s, const train_data *data, const data_chunks *chunks, parallel *pool, scry_progress progress,
              void *context, scry_sae_quality *quality, scry_error *err) {
    double start = clock_seconds();
    unsigned threads = parallel_threads(pool);
    evaluation e = {.s = s, .data = data, .chunk = chunks->chunk, .chunks = chunks->count};
    group_sums all = {.mean = mem_new(s->d_in, sizeof *all.mean)};
    *quality = (scry_sae_quality){.d_in = s->d_in, .d_sae = s->d_sae};
    memcpy(quality->sae, s->description, sizeof quality->sae);
    openblas_set_num_threads(1);
    room_new(&e, threads);
    bool ok = true;
    for (; e.first < e.chunks && ok; e.first += 2 * ROUND) {
        parallel_for(pool, ROUND, do_group, &e);
        add_round(&e, &all);
        ok = round_is_finite(&e, err);
        if (ok && progress && !progress(context, "measuring", all.rows, chunks->rows))
            ok = scry_fail(err, "interrupted");
    }
    if (ok) conclude(&e, &all, threads, quality);
    quality->seconds = clock_seconds() - start;
    room_free(&e, threads);
    free(all.mean);
    return ok;
}

static bool check_fits(const sae *s, const char *path, const train_data *data, scry_error *err) {
    if (!s->W_dec)
        return scry_fail(err, "%s: found an SAE without a decoder, expected W_dec to reconstruct residuals with", path);
    if (s->d_in != data->d)
        return scry_fail(err, "%s: found %u columns, expected %u, the d_in of the SAE %s", data->source[0].name,
                         data->d, s->d_in, path);
    return true;
}

bool scry_eval_sae(const char *path, const scry_train_input *input, unsigned threads, scry_progress progress,
                   void *context, scry_sae_quality *quality, scry_notes *notes, scry_error *err) {
    sae s;
    train_data data = {0};
    if (!sae_load(&s, path, NULL, notes, err)) return false;
    bool ok = data_open(&data, input, notes, err) && check_fits(&s, path, &data, err);
    if (ok) {
        parallel *pool = parallel_start(threads);
        data_split(&data, 0, 0);
        ok = data.train.rows ? evaluate(&s, &data, &data.train, pool, progress, context, quality, err)
                             : scry_fail(err, "%s: skip_first and exclude leave no token", data.source[0].name);
        parallel_stop(pool);
    }
    data_close(&data);
    sae_free(&s);
    return ok;
}
