/* few_rows.c: see few_rows.h. */
#include "model/few_rows.h"
#include "base/cpu_dispatch.h"
#include "model/elementwise.h"
#include "model/fused_rows.h"

#include <string.h>

enum {
    PIECE = 32,    /* rows of W of a piece of work */
    CHUNK = 16384, /* columns that are widened at a time, of weights that are not BF16 */
    LANES = 16     /* sums of a dot product */
};

bool few_rows_fit(const linear *l) {
    if (l->rows > FEW_ROWS || l->transposed) return false;
    for (int i = 0; i < l->parts; i++)
        if (l->part[i]->in_out) return false;
    return true;
}

/* ---- dot products --------------------------------------------------------------------------- */

static float add_up(const float sum[LANES]) {
    double all = 0;
    for (int i = 0; i < LANES; i++) all += (double)sum[i];
    return (float)all;
}

CPU_DISPATCH static float dot_portable(const float *w, const float *x, uint32_t n) {
    float sum[LANES] = {0};
    uint32_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (uint32_t l = 0; l < LANES; l++) sum[l] += w[i + l] * x[i + l];
    for (; i < n; i++) sum[i % LANES] += w[i] * x[i];
    return add_up(sum);
}

CPU_DISPATCH static float dot_bf16_portable(const uint16_t *w, const float *x, uint32_t n) {
    float sum[LANES] = {0};
    for (uint32_t i = 0; i < n; i++) {
        uint32_t bits = (uint32_t)w[i] << 16;
        float value;
        memcpy(&value, &bits, sizeof value);
        sum[i % LANES] += value * x[i];
    }
    return add_up(sum);
}

static float dot(const float *w, const float *x, uint32_t n) {
#if defined(__x86_64__)
    if (has_fused_rows()) return dot_fused(w, x, n);
#endif
    return dot_portable(w, x, n);
}

static float dot_bf16(const uint16_t *w, const float *x, uint32_t n) {
#if defined(__x86_64__)
    if (has_fused_rows()) return dot_bf16_fused(w, x, n);
#endif
    return dot_bf16_portable(w, x, n);
}

/* ---- rows of W ------------------------------------------------------------------------------ */

typedef struct few_job {
    const linear *l;
    linear_scratch *scratch;
    uint32_t out; /* numbers of y; of one part where they are gated */
} few_job;

/* Row `row` of the parts with each row of x: y[0], y[PIECE], ... */
static void multiply_row(const few_job *j, linear_scratch *s, uint32_t row, float *y) {
    const linear *l = j->l;
    const uint16_t *lies;
    int part = 0;
    for (; part + 1 < l->parts && row >= l->part[part]->out; part++) row -= l->part[part]->out;
    const weight_matrix *w = l->part[part];
    if (weight_rows_bf16(w, row, 1, 0, &lies)) {
        for (uint32_t r = 0; r < l->rows; r++) y[r * PIECE] = dot_bf16(lies, l->x + r * l->x_lead, w->in);
        return;
    }
    for (uint32_t r = 0; r < l->rows; r++) y[r * PIECE] = 0;
    for (uint32_t from = 0; from < w->in; from += CHUNK) {
        uint32_t to = w->in - from < CHUNK ? w->in : from + CHUNK;
        weight_rows(w, row, 1, from, to, s->widened);
        for (uint32_t r = 0; r < l->rows; r++) y[r * PIECE] += dot(s->widened, l->x + r * l->x_lead + from, to - from);
    }
}

static void finish(const few_job *j, uint32_t row, uint32_t first, uint32_t n, float *y, float *up) {
    const linear *l = j->l;
    float *out = l->out + row * l->out_lead + first;
    if (l->bias) add_row(y, l->bias + first, n);
    if (l->bias && l->end == LINEAR_GATE) add_row(up, l->bias + j->out + first, n);
    switch (l->end) {
    case LINEAR_STORE:
        memcpy(out, y, n * sizeof *y);
        break;
    case LINEAR_ADD:
        add_row(out, y, n);
        break;
    case LINEAR_ACTIVATE:
        activate_row(l->act, y, n);
        memcpy(out, y, n * sizeof *y);
        break;
    case LINEAR_GATE:
        gate_row(l->act, y, up, n, out);
        break;
    }
}

static void work(void *context, size_t piece, unsigned worker) {
    const few_job *j = context;
    const linear *l = j->l;
    const uint32_t first = (uint32_t)piece * PIECE, n = j->out - first < PIECE ? j->out - first : PIECE;
    float y[FEW_ROWS * PIECE], up[FEW_ROWS * PIECE];
    for (uint32_t i = 0; i < n; i++) multiply_row(j, &j->scratch[worker], first + i, y + i);
    for (uint32_t i = 0; i < n && l->end == LINEAR_GATE; i++)
        multiply_row(j, &j->scratch[worker], j->out + first + i, up + i);
    for (uint32_t r = 0; r < l->rows; r++) finish(j, r, first, n, y + r * PIECE, up + r * PIECE);
}

void few_rows_run(const linear *l, parallel *pool, linear_scratch *scratch) {
    few_job j = {.l = l, .scratch = scratch};
    for (int i = 0; i < l->parts && !(l->end == LINEAR_GATE && i); i++) j.out += l->part[i]->out;
    if (l->rows) parallel_for(pool, (j.out + PIECE - 1) / PIECE, work, &j);
}
