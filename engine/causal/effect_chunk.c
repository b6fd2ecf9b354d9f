/* causal/effect_chunk.c: effect columns of a run of samples. */
#include "causal/effect_chunk.h"
#include "base/mem.h"
#include "base/random.h"
#include "index/read/index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t domain_of(const causal_texts *texts, size_t sample) {
    size_t d = 0;
    while (texts->first[d + 1] <= sample) d++;
    return d;
}

void effect_chunk_new(effect_chunk *k, const scry_causal *c, size_t first, size_t most, size_t sets) {
    const causal_texts *t = &c->texts;
    *k = (effect_chunk){.causal = c, .domain = domain_of(t, first), .first = first, .end = first, .sets = sets};
    k->at = t->samples[first].at;
    while (k->end < t->first[k->domain + 1] && (k->end == first || k->tokens + t->samples[k->end].count <= most))
        k->tokens += t->samples[k->end++].count;
    k->wanted = mem_new(k->tokens, sizeof *k->wanted);
    k->labels = mem_new(sets * k->tokens, sizeof *k->labels);
    k->sample_of = mem_new(k->tokens, sizeof *k->sample_of);
    k->gradient = mem_resize(NULL, sets * k->tokens, c->d * sizeof *k->gradient);
    for (size_t i = first, row = 0; i < k->end; i++) {
        const causal_sample *s = &t->samples[i];
        for (uint32_t n = 0; n < s->count; n++, row++) {
            k->sample_of[row] = (uint32_t)i;
            k->wanted[row] = n + 1 >= s->from;
            k->labels[row] = s->ids[n + 1];
        }
    }
}

void effect_chunk_free(effect_chunk *k) {
    free(k->wanted);
    free(k->labels);
    free(k->sample_of);
    free(k->gradient);
    *k = (effect_chunk){0};
}

/* ---- drawn labels --------------------------------------------------------------------------- */

enum { PARTS = 512 }; /* of the vocabulary, whose sums are kept while a row is drawn from */

typedef struct drawing {
    effect_chunk *chunk;
    uint64_t seed;
    uint32_t vocabulary;
} drawing;

/* A stream of random numbers for a token of a sample. */
static uint64_t stream_of(const drawing *w, size_t row) {
    const effect_chunk *k = w->chunk;
    const causal_sample *s = &k->causal->texts.samples[k->sample_of[row]];
    uint64_t state = w->seed;
    state = random_next(&state) ^ ((uint64_t)s->capture << 32 | s->sample);
    state = random_next(&state) ^ (uint64_t)(k->at + row - s->at);
    return random_next(&state);
}

static double weight_of(float logit, float largest) {
    return (double)expf(logit - largest);
}

static void draw_row(void *context, size_t row, const float *logits) {
    const drawing *w = context;
    const uint32_t V = w->vocabulary, each = (V + PARTS - 1) / PARTS;
    double part[PARTS] = {0}, total = 0;
    float largest = -INFINITY;
    for (uint32_t v = 0; v < V; v++) largest = logits[v] > largest ? logits[v] : largest;
    for (uint32_t p = 0, v = 0; v < V; p++) {
        for (uint32_t end = V - v < each ? V : v + each; v < end; v++) part[p] += weight_of(logits[v], largest);
        total += part[p];
    }
    uint64_t state = stream_of(w, row);
    for (size_t m = 1; m < w->chunk->sets; m++) {
        double at = (double)(random_next(&state) >> 11) * 0x1p-53 * total;
        uint32_t p = 0, v, last = 0;
        while ((p + 1) * each < V && at >= part[p]) at -= part[p++];
        for (v = p * each; v < V; v++) { /* past the part's end only by rounding */
            double weight = weight_of(logits[v], largest);
            if (weight > 0) last = v;
            if (weight > 0 && at < weight) break;
            at -= weight;
        }
        w->chunk->labels[m * w->chunk->tokens + row] = v < V ? v : last;
    }
}

static scry_sequence *sequences_of(const effect_chunk *k) {
    scry_sequence *sequences = mem_new(k->end - k->first, sizeof *sequences);
    for (size_t i = k->first; i < k->end; i++) {
        const causal_sample *s = &k->causal->texts.samples[i];
        sequences[i - k->first] = (scry_sequence){.ids = s->ids, .count = s->count};
    }
    return sequences;
}

bool effect_chunk_draw(effect_chunk *k, uint64_t seed, scry_error *err) {
    const scry_causal *c = k->causal;
    drawing w = {k, seed, scry_model_info_of(c->model)->vocabulary};
    scry_sequence *sequences = sequences_of(k);
    bool ok = scry_run_logits(c->run, sequences, k->end - k->first, &c->hook, c->x + k->at * c->d, k->wanted, draw_row,
                              &w, err);
    free(sequences);
    return ok;
}

bool effect_chunk_differentiate(effect_chunk *k, scry_error *err) {
    const scry_causal *c = k->causal;
    scry_sequence *sequences = sequences_of(k);
    bool ok = scry_run_gradients(c->run, sequences, k->end - k->first, c->hook, c->x + k->at * c->d, k->wanted,
                                 k->labels, k->sets, k->gradient, err);
    free(sequences);
    return ok;
}

/* ---- entries -------------------------------------------------------------------------------- */

enum { PIECE = 64, LANES = 8 };
typedef float floats __attribute__((vector_size(LANES * sizeof(float))));

/* Lanes first, so that the sum is the same whatever the compiler makes of the loop. */
static double dot(const float *a, const float *b, size_t d) {
    floats sum = {0}, x, y;
    double total = 0;
    size_t i = 0;
    for (; i + LANES <= d; i += LANES) {
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        sum += x * y;
    }
    for (int l = 0; l < LANES; l++) total += (double)sum[l];
    for (; i < d; i++) total += (double)a[i] * (double)b[i];
    return total;
}

typedef struct collecting {
    const effect_chunk *chunk;
    effect_entries *piece; /* [pieces] */
    float **row;           /* [threads][d] */
    double **sums;         /* [threads][sets] */
    double *factor;        /* [tokens] causal_decoder_factor */
} collecting;

static void append(effect_entries *e, size_t sets, uint32_t row, uint32_t sample, double *sums) {
    bool any = false;
    for (size_t m = 0; m < sets; m++) any = any || sums[m] != 0;
    if (any && e->count == e->room) {
        e->room = e->room ? 2 * e->room : 64;
        e->entry = mem_resize(e->entry, e->room, sizeof *e->entry);
        e->value = mem_resize(e->value, e->room * sets, sizeof *e->value);
    }
    if (any) e->entry[e->count] = (effect_entry){row, sample};
    for (size_t m = 0; any && m < sets; m++) e->value[e->count * sets + m] = (float)sums[m];
    e->count += any;
    memset(sums, 0, sets * sizeof *sums);
}

/* The capture's rows come in the order of the chunk's tokens. */
static void collect_latent(const collecting *w, uint32_t latent, effect_entries *out, float *decoder, double *sums) {
    const effect_chunk *k = w->chunk;
    const scry_causal *c = k->causal;
    const scry_index *x = c->index;
    const uint32_t row = row_of(&x->rows, latent), capture = (uint32_t)c->texts.capture[k->domain];
    if (row == NO_ROW) return;
    index_cursor at = index_postings(x, latent);
    index_seek(x, &at, capture, c->texts.samples[k->first].first);
    if (!index_segment(x, &at) || at.capture != capture) return;
    bool read = false;
    uint32_t current = 0;
    while (index_next(x, &at)) {
        const uint32_t packed = c->token[k->domain][at.row];
        if (!packed || packed - 1 < k->at) continue;
        const size_t token = packed - 1 - k->at;
        if (token >= k->tokens) break;
        if (!read) scry_decoder_row(x, latent, decoder);
        if (read && k->sample_of[token] != current) append(out, k->sets, row, current, sums);
        read = true;
        current = k->sample_of[token];
        const double h = (double)at.activation * w->factor[token];
        for (size_t m = 0; m < k->sets; m++)
            sums[m] += h * dot(k->gradient + (m * k->tokens + token) * c->d, decoder, c->d);
    }
    if (read) append(out, k->sets, row, current, sums);
}

static void collect_piece(void *context, size_t piece, unsigned worker) {
    collecting *w = context;
    const uint32_t F = w->chunk->causal->index->F, first = (uint32_t)piece * PIECE;
    for (uint32_t j = first; j < F && j < first + PIECE; j++)
        collect_latent(w, j, &w->piece[piece], w->row[worker], w->sums[worker]);
}

void effect_chunk_collect(const effect_chunk *k, parallel *pool, effect_entries *out) {
    const scry_causal *c = k->causal;
    const size_t pieces = ((size_t)c->index->F + PIECE - 1) / PIECE;
    const unsigned threads = parallel_threads(pool);
    collecting w = {.chunk = k};
    w.piece = mem_new(pieces, sizeof *w.piece);
    w.row = mem_new(threads, sizeof *w.row);
    w.sums = mem_new(threads, sizeof *w.sums);
    w.factor = mem_new(k->tokens, sizeof *w.factor);
    for (size_t t = 0; t < k->tokens; t++) w.factor[t] = causal_decoder_factor(c, c->x + (k->at + t) * c->d, NULL);
    for (unsigned i = 0; i < threads; i++) {
        w.row[i] = mem_new(c->d, sizeof **w.row);
        w.sums[i] = mem_new(k->sets, sizeof **w.sums);
    }
    parallel_for(pool, pieces, collect_piece, &w);
    size_t total = out->count;
    for (size_t p = 0; p < pieces; p++) total += w.piece[p].count;
    out->entry = mem_resize(out->entry, total + 1, sizeof *out->entry);
    out->value = mem_resize(out->value, (total + 1) * k->sets, sizeof *out->value);
    out->room = total + 1;
    for (size_t p = 0; p < pieces; p++) {
        const effect_entries *e = &w.piece[p];
        if (e->count) {
            memcpy(out->entry + out->count, e->entry, e->count * sizeof *e->entry);
            memcpy(out->value + out->count * k->sets, e->value, e->count * k->sets * sizeof *e->value);
        }
        out->count += e->count;
        effect_entries_free(&w.piece[p]);
    }
    for (unsigned i = 0; i < threads; i++) {
        free(w.row[i]);
        free(w.sums[i]);
    }
    free(w.piece);
    free(w.row);
    free(w.sums);
    free(w.factor);
}

void effect_entries_free(effect_entries *e) {
    free(e->entry);
    free(e->value);
    *e = (effect_entries){0};
}
