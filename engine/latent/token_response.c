/* latent/token_response.c: mean activation of every latent on the tokens of one text. */
#include "base/mem.h"
#include "base/parallel.h"
#include "index/read/index.h"
#include "latent.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { BLOCK = 128 }; /* latents in a piece of work */

typedef struct response_job {
    const scry_index *x;
    uint64_t **matching; /* [captures] a bit a row whose token has the text; NULL: not looked at */
    uint64_t tokens;
    float *mean, *rate;
    const scry_cancel *stop;
    atomic_size_t done; /* blocks */
} response_job;

static size_t blocks_of(const scry_index *x) {
    return (x->F + BLOCK - 1) / BLOCK;
}

static const char *past_blanks(const char *text) {
    while (*text == ' ') text++;
    return text;
}

/* Marks the rows of a capture that count and whose token has the text. */
static void mark_rows(response_job *t, scry_token_pairing *pairs, size_t capture, const char *text) {
    uint64_t rows = t->x->info.capture[capture].rows;
    t->matching[capture] = mem_new(rows / 64 + 1, sizeof **t->matching);
    for (uint64_t row = 0; row < rows; row++) {
        if (row % 4096 == 0 && scry_cancelled(t->stop)) return;
        const char *token = scry_token(t->x, capture, row);
        if (!token || strcasecmp(past_blanks(token), text) != 0 || !scry_row_is_kept(pairs, capture, row)) continue;
        t->matching[capture][row / 64] |= UINT64_C(1) << (row % 64);
        t->tokens++;
    }
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
            const uint64_t *matching = t->matching[p.capture];
            while (matching && index_next(t->x, &p)) {
                if (!(matching[p.row / 64] >> (p.row % 64) & 1)) continue;
                sum += (double)p.activation;
                fires += p.activation > 0;
            }
        }
        t->mean[j] = (float)(sum / (double)t->tokens);
        t->rate[j] = (float)((double)fires / (double)t->tokens);
    }
    scry_report_progress(t->stop, (double)(atomic_fetch_add(&t->done, 1) + 1) / (double)blocks_of(t->x));
}

uint64_t scry_token_response(const scry_index *x, const char *text, int capture, unsigned threads, float *mean,
                             float *rate, const scry_cancel *stop) {
    response_job t = {.x = x, .mean = mean, .rate = rate, .stop = stop};
    t.matching = mem_new(x->info.captures, sizeof *t.matching);
    memset(mean, 0, x->F * sizeof *mean);
    memset(rate, 0, x->F * sizeof *rate);
    scry_token_pairing *pairs = scry_token_pairing_new(x);
    for (size_t c = 0; c < x->info.captures; c++)
        if (capture >= 0 ? c == (size_t)capture : x->info.capture[c].condition == SCRY_BASE)
            mark_rows(&t, pairs, c, past_blanks(text));
    scry_token_pairing_free(pairs);
    if (t.tokens) {
        parallel *pool = parallel_start(threads);
        parallel_for(pool, blocks_of(x), sum_block, &t);
        parallel_stop(pool);
    }
    for (size_t c = 0; c < x->info.captures; c++) free(t.matching[c]);
    free(t.matching);
    return t.tokens;
}
