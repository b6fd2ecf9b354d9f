/* float64_product.c: products with weights, a tile of their rows at a time. */
#include "model/float64/float64.h"

#include <cblas.h>

typedef struct tile_job {
    const float64_product *product;
    float64_scratch *scratch;
} tile_job;

static uint32_t tiles_of(const weight_matrix *w) {
    return (w->out + FLOAT64_TILE - 1) / FLOAT64_TILE;
}

static void multiply_tile(void *context, size_t piece, unsigned worker) {
    const tile_job *j = context;
    const float64_product *l = j->product;
    const float64_scratch *s = &j->scratch[worker];
    size_t column = 0; /* of y, where the part begins */
    int i = 0;
    for (; piece >= tiles_of(l->part[i]); column += l->part[i++]->out) piece -= tiles_of(l->part[i]);
    const weight_matrix *w = l->part[i];
    const uint32_t from = (uint32_t)piece * FLOAT64_TILE,
                   n = w->out - from < FLOAT64_TILE ? w->out - from : FLOAT64_TILE;
    column += from;
    weight_rows(w, from, n, 0, w->in, s->narrow);
    for (size_t k = 0; k < (size_t)n * w->in; k++) s->wide[k] = (double)s->narrow[k];
    for (uint32_t g = 0; g < l->groups; g++) {
        const uint32_t row = l->first[g], rows = l->first[g + 1] - row;
        double *out = l->out + row * l->out_lead + column;
        if (!rows) continue;
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)rows, (blasint)n, (blasint)w->in, 1,
                    l->x + row * l->x_lead, (blasint)l->x_lead, s->wide, (blasint)w->in, l->add ? 1 : 0, out,
                    (blasint)l->out_lead);
        for (uint32_t r = 0; l->bias && r < rows; r++)
            for (uint32_t c = 0; c < n; c++) out[r * l->out_lead + c] += (double)l->bias[column + c];
    }
}

void float64_multiply(const float64_product *product, parallel *pool, float64_scratch *scratch) {
    tile_job j = {product, scratch};
    size_t tiles = 0;
    for (int i = 0; i < product->parts; i++) tiles += tiles_of(product->part[i]);
    parallel_for(pool, tiles, multiply_tile, &j);
}
