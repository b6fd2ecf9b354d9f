/* train/step_forward.c: residuals to the loss: centre, encode, decode. */
#include "train/step.h"

static void center_tile(void *context, size_t piece, unsigned worker) {
    (void)worker;
    train_step *s = context;
    const uint32_t d = s->model->d, n = step_tokens(s, piece);
    real *x = s->X + piece * s->tile * d;
    for (uint32_t t = 0; t < n; t++, x += d)
        for (uint32_t i = 0; i < d; i++) x[i] -= s->model->b_dec[i];
}

void step_forward(train_step *s) {
    parallel_for(s->pool, s->tiles, center_tile, s);
    step_encode(s);
    step_decode(s);
}
