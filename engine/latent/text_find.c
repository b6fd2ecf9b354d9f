/* latent/text_find.c: the tokens of an index that spell a text, and the latents with it in their contexts. */
#include "base/mem.h"
#include "base/parallel.h"
#include "index/read/index.h"
#include "latent.h"
#include "latent/text_match.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 128, LOOK = 4096 }; /* latents in a piece of work; rows or pieces between two looks at the cancel */

#define MATCHES UINT32_C(0x80000000)

typedef struct search {
    const scry_index *x;
    const scry_text_query *query;
    scry_text_matches *out;
    scry_token_pairing *pairs;
    text_matcher matcher;
    uint32_t *alone; /* [pieces] the state behind a piece that began in state 0, with MATCHES where one ended in it */
    const scry_cancel *cancel;
} search;

/* The sample that is searched. */
typedef struct sample_rows {
    size_t capture, text;
    uint64_t first, end;
} sample_rows;

static const char *token_at(const search *s, const sample_rows *in, uint64_t row) {
    return index_piece(s->x, index_token(s->x, in->text, row));
}

static bool read_pieces(search *s) {
    s->alone = mem_new(s->x->pieces + 1, sizeof *s->alone);
    for (uint32_t i = 0; i < s->x->pieces; i++) {
        if (i % LOOK == 0 && scry_cancelled(s->cancel)) return false;
        size_t at = 0;
        uint32_t state = 0;
        const char *piece = index_piece(s->x, i);
        bool any = false;
        while (text_matcher_feed(&s->matcher, piece, &at, &state)) any = true;
        s->alone[i] = state | (any ? MATCHES : 0);
    }
    return true;
}

static void mark(search *s, const sample_rows *in, uint64_t from, uint64_t to) {
    uint64_t *bits = s->out->row[in->capture];
    for (uint64_t row = from; row <= to; row++) {
        uint64_t one = UINT64_C(1) << (row % 64);
        if (bits[row / 64] & one) continue;
        if (s->query->context < 0 && !scry_row_is_kept(s->pairs, in->capture, row)) continue;
        bits[row / 64] |= one;
        s->out->marked++;
    }
}

/* A match that ends at token[at] of row `last`. */
static void take(search *s, const sample_rows *in, uint64_t last, size_t at) {
    uint64_t first = last;
    size_t start = 0;
    uint32_t left = text_matcher_back(&s->matcher, token_at(s, in, last), at, s->matcher.length, &start);
    while (left && first > in->first) {
        const char *token = token_at(s, in, --first);
        left = text_matcher_back(&s->matcher, token, strlen(token), left, &start);
    }
    if (!s->query->inside_words &&
        (text_cuts_word(token_at(s, in, first), start) || text_cuts_word(token_at(s, in, last), at)))
        return;
    if (!s->out->matches++) {
        s->out->capture = in->capture;
        s->out->first = first;
        s->out->last = last;
    }
    uint64_t context = s->query->context > 0 ? (uint64_t)s->query->context : 0;
    if (s->query->context < 0) mark(s, in, first, last);
    else if (last - first <= 2 * context)
        mark(s, in, last > in->first + context ? last - context : in->first,
             first + context < in->end ? first + context : in->end - 1);
}

static void search_sample(search *s, const sample_rows *in) {
    uint32_t state = 0;
    for (uint64_t row = in->first; row < in->end; row++) {
        if (row % LOOK == 0 && scry_cancelled(s->cancel)) return;
        uint32_t piece = index_token(s->x, in->text, row);
        uint32_t alone = piece < s->x->pieces ? s->alone[piece] : 0;
        if (!state && !(alone & MATCHES)) {
            state = alone;
            continue;
        }
        const char *token = index_piece(s->x, piece);
        size_t at = 0;
        while (text_matcher_feed(&s->matcher, token, &at, &state)) take(s, in, row, at);
    }
}

static void search_capture(search *s, size_t capture) {
    const scry_capture_info *info = &s->x->info.capture[capture];
    int text = s->x->capture_text[capture];
    if (text < 0) return;
    s->out->row[capture] = mem_new(info->rows / 64 + 1, sizeof **s->out->row);
    s->out->searched++;
    for (uint32_t i = 0; i < s->x->texts[text].samples && !scry_cancelled(s->cancel); i++) {
        scry_sample sample = scry_sample_at(s->x, capture, i);
        uint64_t end = sample.first + sample.count, tokens = s->x->texts[text].tokens;
        sample_rows in = {capture, (size_t)text, sample.first, end < tokens ? end : tokens};
        s->out->samples++;
        s->out->tokens += in.end > in.first ? in.end - in.first : 0;
        search_sample(s, &in);
    }
}

static bool is_asked_for(const scry_index *x, int capture, size_t i) {
    return capture == SCRY_ALL_CAPTURES    ? true
           : capture == SCRY_BASE_CAPTURES ? x->info.capture[i].condition == SCRY_BASE
                                           : i == (size_t)capture;
}

scry_text_matches *scry_text_find(const scry_index *x, const scry_text_query *query, const scry_cancel *cancel) {
    search s = {.x = x, .query = query, .cancel = cancel, .out = mem_new(1, sizeof *s.out)};
    s.out->captures = x->info.captures;
    s.out->row = mem_new(x->info.captures + 1, sizeof *s.out->row);
    text_matcher_init(&s.matcher, query->text, query->ignore_blanks);
    s.pairs = scry_token_pairing_new(x);
    if (read_pieces(&s))
        for (size_t c = 0; c < x->info.captures; c++)
            if (is_asked_for(x, query->capture, c)) search_capture(&s, c);
    scry_token_pairing_free(s.pairs);
    text_matcher_free(&s.matcher);
    free(s.alone);
    return s.out;
}

void scry_text_matches_free(scry_text_matches *m) {
    if (!m) return;
    for (size_t c = 0; c < m->captures; c++) free(m->row[c]);
    free(m->row);
    free(m);
}

/* ---- contexts --------------------------------------------------------------------------------- */

typedef struct context_job {
    const scry_index *x;
    const scry_text_matches *found;
    uint64_t *latents;
    const scry_cancel *cancel;
    atomic_size_t done; /* blocks */
} context_job;

static bool is_marked(const scry_text_matches *m, size_t capture, uint64_t row) {
    const uint64_t *bits = m->row[capture];
    return bits && (bits[row / 64] >> (row % 64) & 1);
}

/* Before its strongest examples are put in order: is there a token among its own that can be one? */
static bool fires_there(const context_job *job, uint32_t latent) {
    index_cursor c = index_postings(job->x, latent);
    while (index_segment(job->x, &c))
        while (index_next(job->x, &c))
            if (c.activation > 0 && is_marked(job->found, c.capture, c.row)) return true;
    return false;
}

static bool has_context(const context_job *job, uint32_t latent) {
    scry_example e[SCRY_CONTEXT_EXAMPLES];
    if (!fires_there(job, latent)) return false;
    size_t n = scry_top_tokens(job->x, latent, -1, true, SCRY_CONTEXT_EXAMPLES, e);
    for (size_t i = 0; i < n; i++)
        if (is_marked(job->found, e[i].capture, e[i].token)) return true;
    return false;
}

static void context_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    context_job *job = context;
    uint32_t F = job->x->F, from = (uint32_t)piece * BLOCK, to = F - from < BLOCK ? F : from + BLOCK;
    if (scry_cancelled(job->cancel)) return;
    for (uint32_t j = from; j < to; j++)
        if (has_context(job, j)) job->latents[j / 64] |= UINT64_C(1) << (j % 64);
    double blocks = ((double)F + BLOCK - 1) / BLOCK;
    scry_report_progress(job->cancel, fmin((double)(atomic_fetch_add(&job->done, 1) + 1) / blocks, 1));
}

uint64_t scry_contexts_find(const scry_index *x, const char *text, unsigned threads, uint64_t *latents,
                            const scry_cancel *cancel) {
    scry_text_query query = {.text = text, .capture = SCRY_ALL_CAPTURES, .inside_words = true, .context = SCRY_CONTEXT};
    memset(latents, 0, ((size_t)x->F + 63) / 64 * sizeof *latents);
    if (!x->pieces) return 0;
    scry_text_matches *found = scry_text_find(x, &query, cancel);
    uint64_t matches = found->matches;
    if (found->marked) {
        context_job job = {.x = x, .found = found, .latents = latents, .cancel = cancel};
        parallel *pool = parallel_start(threads);
        parallel_for(pool, ((size_t)x->F + BLOCK - 1) / BLOCK, context_block, &job);
        parallel_stop(pool);
    }
    scry_text_matches_free(found);
    return matches;
}
