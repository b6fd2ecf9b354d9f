/* latent/text_response.c: mean activation of every latent on the tokens that spell a text. */
#include "base/parallel.h"
#include "index/read/index.h"
#include "latent.h"

#include <stdatomic.h>
#include <string.h>

enum { BLOCK = 128 }; /* latents in a piece of work */

typedef struct response_job {
    const scry_index *x;
    const scry_text_matches *on;
    float *mean, *rate;
    const scry_cancel *stop;
    atomic_size_t done; /* blocks */
} response_job;

static size_t blocks_of(const scry_index *x) {
    return (x->F + BLOCK - 1) / BLOCK;
}

static void sum_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    response_job *t = context;
    uint32_t from = (uint32_t)piece * BLOCK, to = t->x->F - from < BLOCK ? t->x->F : from + BLOCK;
    if (scry_cancelled(t->stop)) return;
    for (uint32_t j = from; j < to; j++) {
        index_cursor p = index_postings(t->x, j);
        double sum = 0;
        uint64_t fires = 0;
        while (index_segment(t->x, &p)) {
            const uint64_t *matching = t->on->row[p.capture];
            while (matching && index_next(t->x, &p)) {
                if (!(matching[p.row / 64] >> (p.row % 64) & 1)) continue;
                sum += (double)p.activation;
                fires += p.activation > 0;
            }
        }
        t->mean[j] = (float)(sum / (double)t->on->marked);
        t->rate[j] = (float)((double)fires / (double)t->on->marked);
    }
    scry_report_progress(t->stop, (double)(atomic_fetch_add(&t->done, 1) + 1) / (double)blocks_of(t->x));
}

void scry_text_response(const scry_index *x, const scry_text_matches *on, unsigned threads, float *mean, float *rate,
                        const scry_cancel *cancel) {
    response_job t = {.x = x, .on = on, .mean = mean, .rate = rate, .stop = cancel};
    memset(mean, 0, x->F * sizeof *mean);
    memset(rate, 0, x->F * sizeof *rate);
    if (!on->marked) return;
    parallel *pool = parallel_start(threads);
    parallel_for(pool, blocks_of(x), sum_block, &t);
    parallel_stop(pool);
}
