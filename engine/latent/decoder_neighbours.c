/* latent/decoder_neighbours.c: latents by the cosine of their decoder rows. */
#include "base/clock.h"
#include "base/cpu_dispatch.h"
#include "base/mem.h"
#include "base/parallel.h"
#include "base/sort.h"
#include "index/read/index.h"
#include "latent.h"

#include <math.h>
#include <stdlib.h>

/* Rows that a thread takes at a time: 16 of them, between two looks at the clock, are 16 MiB at a width of 4096. */
enum { BLOCK = 64, LANES = 16 };

struct scry_decoder_neighbours {
    const scry_index *x;
    float *own; /* [d] the latent's row */
    uint32_t latent, F, next;
    size_t d;
    double norm;   /* of the latent's own row */
    float *cosine; /* [F] NaN where the row is zero */
    parallel *pool;
};

/* Dot product with w, and |row|^2, in one pass: reading the decoder is what takes the time. Sixteen
 * partial sums each, added in a fixed order, so that the bits are the same on every processor. */
CPU_DISPATCH static void dot_and_square(const float *w, const float *row, size_t d, double *dot, double *square) {
    float product[LANES] = {0}, own[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= d; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            product[k] += w[i + k] * row[i + k];
            own[k] += row[i + k] * row[i + k];
        }
    *dot = *square = 0;
    for (size_t k = 0; k < LANES; k++) {
        *dot += (double)product[k];
        *square += (double)own[k];
    }
    for (; i < d; i++) {
        *dot += (double)w[i] * (double)row[i];
        *square += (double)row[i] * (double)row[i];
    }
}

/* Stands for a direction that is no latent's. */
static const uint32_t NO_LATENT = UINT32_MAX;

/* Takes own [d]; NULL where it is zero. */
static scry_decoder_neighbours *start(const scry_index *x, float *own, uint32_t latent, unsigned threads) {
    const size_t d = x->info.d_model;
    double dot, square;
    dot_and_square(own, own, d, &dot, &square);
    if (!(square > 0)) {
        free(own);
        return NULL;
    }
    scry_decoder_neighbours *n = mem_new(1, sizeof *n);
    *n = (scry_decoder_neighbours){.x = x, .own = own, .latent = latent, .F = x->F, .d = d, .norm = sqrt(square)};
    n->cosine = mem_new(n->F, sizeof *n->cosine);
    n->pool = parallel_start(threads);
    return n;
}

scry_decoder_neighbours *scry_decoder_neighbours_start(const scry_index *x, uint32_t latent, unsigned threads,
                                                       scry_error *err) {
    size_t d = x->info.d_model;
    float *own = mem_new(d, sizeof *own);
    if (!scry_decoder_row(x, latent, own)) {
        free(own);
        scry_fail(err, "%s: no decoder in this index: its captures hold features, not residuals", x->info.path);
        return NULL;
    }
    scry_decoder_neighbours *n = start(x, own, latent, threads);
    if (!n) scry_fail(err, "latent %u: its decoder row is zero, so it has no direction", latent);
    return n;
}

scry_decoder_neighbours *scry_decoder_neighbours_of(const scry_index *x, const double *direction, unsigned threads,
                                                    scry_error *err) {
    const size_t d = x->info.d_model;
    double most = 0;
    if (!x->decoder) {
        scry_fail(err, "%s: no decoder in this index: its captures hold features, not residuals", x->info.path);
        return NULL;
    }
    for (size_t i = 0; i < d; i++) most = fmax(most, fabs(direction[i]));
    float *own = mem_new(d, sizeof *own);
    for (size_t i = 0; i < d && most > 0; i++) own[i] = (float)(direction[i] / most);
    scry_decoder_neighbours *n = start(x, own, NO_LATENT, threads);
    if (!n) scry_fail(err, "%s: a difference of 0 has no direction", x->info.path);
    return n;
}

static void compare_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    scry_decoder_neighbours *n = context;
    uint32_t from = n->next + (uint32_t)piece * BLOCK, to = n->F - from < BLOCK ? n->F : from + BLOCK;
    float *row = mem_resize(NULL, n->d, sizeof *row); /* as float, whatever the index keeps */
    for (uint32_t j = from; j < to; j++) {
        double dot, square;
        scry_decoder_row(n->x, j, row);
        dot_and_square(n->own, row, n->d, &dot, &square);
        n->cosine[j] = square > 0 ? (float)(dot / (n->norm * sqrt(square))) : NAN;
    }
    free(row);
}

bool scry_decoder_neighbours_work(scry_decoder_neighbours *n, double seconds) {
    return parallel_stretch(&n->pool, &n->next, n->F, BLOCK, seconds, compare_block, n);
}

double scry_decoder_neighbours_share(const scry_decoder_neighbours *n) {
    return (double)n->next / n->F;
}

static bool nearer(const scry_neighbour *a, const scry_neighbour *b, int opposite) {
    return opposite ? a->cosine < b->cosine : a->cosine > b->cosine;
}

TOP_N_INSERT(insert, scry_neighbour, nearer)

size_t scry_decoder_neighbours_list(const scry_decoder_neighbours *n, bool opposite, size_t top, scry_neighbour *out) {
    size_t count = 0;
    for (uint32_t j = 0; j < n->F && top; j++) {
        double cosine = (double)n->cosine[j];
        if (j == n->latent || isnan(cosine)) continue;
        count = insert(out, count, top, count, &(scry_neighbour){j, cosine}, opposite);
    }
    return count;
}

void scry_decoder_neighbours_free(scry_decoder_neighbours *n) {
    if (!n) return;
    parallel_stop(n->pool);
    free(n->own);
    free(n->cosine);
    free(n);
}
