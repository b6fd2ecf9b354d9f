/* diff/decoder_span.c: an orthonormal basis of the decoder rows of a set, updated latent by latent.
 *
 * With the independent rows of the set as the columns of A [d][n], A = Q R: Q has orthonormal columns, R is upper
 * triangular. A row more is a step of Gram-Schmidt, done twice (Giraud et al. 2005: twice is enough). A row less leaves
 * R with a subdiagonal, which plane rotations remove; the last column of Q then is no longer needed, and a row that
 * depended on the others may take its place (Golub and Van Loan, Matrix Computations, 6.5.2). */
#include "base/clock.h"
#include "base/cpu_dispatch.h"
#include "base/mem.h"
#include "index/read/index.h"
#include "lens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 8 };

/* What is left of a row that counts as independent, of its length. */
static const double INDEPENDENT = 1e-6;

struct scry_span {
    const scry_index *x;
    size_t d;
    scry_set *set; /* whose rows these are */
    uint32_t rank, room;
    uint32_t *latent; /* [rank] the columns of A */
    double **q;       /* [rank] -> [d] */
    double **r;       /* [rank] -> [column + 1] columns of R */
    uint32_t *rest;   /* [rests] latents of the set whose rows depend on those of `latent` */
    uint32_t rests, rests_room;
    float *row;      /* [d] */
    double *v, *dot; /* [d], [d] */
};

CPU_DISPATCH static double dot(const double *a, const double *b, size_t d) {
    double part[LANES] = {0}, sum = 0;
    size_t i = 0;
    for (; i + LANES <= d; i += LANES)
        for (size_t k = 0; k < LANES; k++) part[k] += a[i + k] * b[i + k];
    for (size_t k = 0; k < LANES; k++) sum += part[k];
    for (; i < d; i++) sum += a[i] * b[i];
    return sum;
}

CPU_DISPATCH static void subtract(double *restrict v, const double *restrict q, double times, size_t d) {
    for (size_t i = 0; i < d; i++) v[i] -= times * q[i];
}

CPU_DISPATCH static void rotate(double *restrict a, double *restrict b, double c, double s, size_t d) {
    for (size_t i = 0; i < d; i++) {
        double x = a[i], y = b[i];
        a[i] = c * x + s * y;
        b[i] = c * y - s * x;
    }
}

scry_span *scry_span_new(const scry_index *x, scry_error *err) {
    if (!x->decoder) {
        scry_fail(err, "%s: no decoder in this index: its captures hold features, not residuals", x->info.path);
        return NULL;
    }
    scry_span *s = mem_new(1, sizeof *s);
    *s = (scry_span){.x = x, .d = x->info.d_model, .set = scry_set_new(x->F)};
    s->row = mem_new(s->d, sizeof *s->row);
    s->v = mem_new(s->d, sizeof *s->v);
    s->dot = mem_new(s->d, sizeof *s->dot);
    return s;
}

static void clear(scry_span *s) {
    for (uint32_t i = 0; i < s->rank; i++) {
        free(s->q[i]);
        free(s->r[i]);
    }
    s->rank = s->rests = 0;
    memset(s->set->bits, 0, scry_set_words(s->set->latents) * sizeof *s->set->bits);
    s->set->count = 0;
}

void scry_span_free(scry_span *s) {
    if (!s) return;
    clear(s);
    scry_set_free(s->set);
    free(s->latent);
    free(s->q);
    free(s->r);
    free(s->rest);
    free(s->row);
    free(s->v);
    free(s->dot);
    free(s);
}

/* Reads a decoder row to v; returns its length. */
static double read_row(scry_span *s, uint32_t latent) {
    scry_decoder_row(s->x, latent, s->row);
    for (size_t i = 0; i < s->d; i++) s->v[i] = (double)s->row[i];
    return sqrt(dot(s->v, s->v, s->d));
}

static void append_column(scry_span *s, uint32_t latent, double left) {
    if (s->rank == s->room) {
        s->room = s->room ? s->room * 2 : 64;
        s->latent = mem_resize(s->latent, s->room, sizeof *s->latent);
        s->q = mem_resize(s->q, s->room, sizeof *s->q);
        s->r = mem_resize(s->r, s->room, sizeof *s->r);
    }
    double *q = mem_new(s->d, sizeof *q), *r = mem_new((size_t)s->rank + 1, sizeof *r);
    for (size_t i = 0; i < s->d; i++) q[i] = s->v[i] / left;
    memcpy(r, s->dot, s->rank * sizeof *r);
    r[s->rank] = left;
    s->latent[s->rank] = latent;
    s->q[s->rank] = q;
    s->r[s->rank++] = r;
}

/* False where the row depends on the others. */
static bool add_column(scry_span *s, uint32_t latent) {
    const double length = read_row(s, latent);
    if (s->rank == s->d || !(length > 0)) return false;
    memset(s->dot, 0, s->rank * sizeof *s->dot);
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < s->rank; i++) {
            double along = dot(s->q[i], s->v, s->d);
            s->dot[i] += along;
            subtract(s->v, s->q[i], along, s->d);
        }
    const double left = sqrt(dot(s->v, s->v, s->d));
    if (!(left > INDEPENDENT * length)) return false;
    append_column(s, latent, left);
    return true;
}

static void add(scry_span *s, uint32_t latent) {
    scry_set_put(s->set, latent, true);
    if (add_column(s, latent)) return;
    if (s->rests == s->rests_room) {
        s->rests_room = s->rests_room ? s->rests_room * 2 : 64;
        s->rest = mem_resize(s->rest, s->rests_room, sizeof *s->rest);
    }
    s->rest[s->rests++] = latent;
}

/* Takes column i out of A; leaves the direction that is no longer needed in v. */
static void remove_column(scry_span *s, uint32_t i) {
    const uint32_t last = --s->rank;
    double *gone = s->r[i];
    for (uint32_t j = i; j < last; j++) {
        s->r[j] = s->r[j + 1];
        s->latent[j] = s->latent[j + 1];
    }
    s->r[last] = gone;
    for (uint32_t p = i; p < last; p++) { /* column p has entries 0..p + 1 */
        const double a = s->r[p][p], b = s->r[p][p + 1], length = hypot(a, b);
        const double c = length > 0 ? a / length : 1, sine = length > 0 ? b / length : 0;
        for (uint32_t j = p; j < last; j++) {
            const double x = s->r[j][p], y = s->r[j][p + 1];
            s->r[j][p] = c * x + sine * y;
            s->r[j][p + 1] = c * y - sine * x;
        }
        rotate(s->q[p], s->q[p + 1], c, sine, s->d);
    }
    memcpy(s->v, s->q[last], s->d * sizeof *s->v);
    free(s->q[last]);
    free(s->r[last]);
}

/* The row outside the basis that has most of direction v takes its place. */
static void replace_direction(scry_span *s) {
    double most = INDEPENDENT;
    uint32_t best = s->rests;
    memcpy(s->dot, s->v, s->d * sizeof *s->v);
    for (uint32_t i = 0; i < s->rests; i++) {
        const double length = read_row(s, s->rest[i]), share = length > 0 ? fabs(dot(s->dot, s->v, s->d)) / length : 0;
        if (share <= most) continue;
        most = share;
        best = i;
    }
    if (best == s->rests || !add_column(s, s->rest[best])) return;
    s->rest[best] = s->rest[--s->rests];
}

static void drop(scry_span *s, uint32_t latent) {
    scry_set_put(s->set, latent, false);
    for (uint32_t i = 0; i < s->rests; i++)
        if (s->rest[i] == latent) {
            s->rest[i] = s->rest[--s->rests];
            return;
        }
    for (uint32_t i = 0; i < s->rank; i++)
        if (s->latent[i] == latent) {
            remove_column(s, i);
            replace_direction(s);
            return;
        }
}

/* A basis of few rows is sooner made than one of many taken apart. */
static void clear_unless_near(scry_span *s, const scry_set *set) {
    uint64_t kept = 0;
    for (size_t i = 0; i < scry_set_words(s->x->F); i++)
        kept += (uint64_t)__builtin_popcountll(s->set->bits[i] & set->bits[i]);
    if (s->set->count - kept > kept) clear(s);
}

bool scry_span_work(scry_span *s, const scry_set *set, double seconds) {
    const double until = clock_seconds() + seconds;
    clear_unless_near(s, set);
    for (size_t i = 0; i < scry_set_words(s->x->F); i++)
        for (uint64_t off; (off = s->set->bits[i] ^ set->bits[i]) != 0;) {
            uint32_t latent = (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(off);
            if (scry_set_has(s->set, latent)) drop(s, latent);
            else add(s, latent);
            if (seconds > 0 && clock_seconds() >= until) return scry_set_equal(s->set, set);
        }
    return true;
}

uint32_t scry_span_rank(const scry_span *s) {
    return s->rank;
}

double scry_span_share(const scry_span *s, const double *m) {
    double sum = 0;
    const double square = dot(m, m, s->d);
    if (!(square > 0)) return NAN;
    for (uint32_t i = 0; i < s->rank; i++) {
        double along = dot(s->q[i], m, s->d);
        sum += along * along;
    }
    return sum < square ? sum / square : 1;
}
