/* attention_backward.c: the probabilities P of a head and a block of queries are computed again and serve all sets of
 * gradients. With O = P V, scores S = Q K' and dO the gradient at O,
 *     dV = P' dO,   dS = P (dO V' - the row's sum of P dO V'),   dQ = dS K,   dK = dS' Q,
 * products of numbers written side by side being number by number (Dao et al., "FlashAttention", 2022, appendix B).
 *
 * A piece of work is a head of keys and values of one sequence, with all queries that read it, for some of the sets: it
 * alone writes their gradients. Those of keys and values are added up as panels [columns of keys][head_dim][columns],
 * so that P and dS serve as they lie. */
#include "model/attention_backward.h"
#include "model/elementwise_backward.h"

#include <math.h>
#include <string.h>

/* ---- the scratch of a thread ---- */

static uint32_t up_to(uint64_t n, uint32_t multiple) {
    return (uint32_t)((n + multiple - 1) / multiple * multiple);
}

typedef struct layout {
    uint32_t room;   /* keys, a multiple of the kernel's columns */
    uint32_t stride; /* floats from a query's scores to the next: an odd number of cache lines */
    uint32_t lead;   /* head_dim up to a multiple of the kernel's columns */
    size_t store;    /* floats of keys or values as panels, or of their gradients */
} layout;

static layout layout_of(const model_plan *p, const product_kernel *kernel, uint64_t longest) {
    uint32_t room = up_to(longest, kernel->columns), lead = up_to(p->head_dim, kernel->columns);
    return (layout){room, room | 16, lead, (size_t)room * lead};
}

uint64_t attention_backward_floats(const model_plan *p, const product_kernel *kernel, uint64_t longest, uint64_t sets) {
    layout l = layout_of(p, kernel, longest);
    return 3 * (uint64_t)SPAN_BLOCK * l.stride + 5 * (uint64_t)SPAN_BLOCK * l.lead + (2 + 2 * sets) * l.store;
}

/* ---- a piece ---- */

typedef struct queries {
    uint32_t first, count, head; /* of the span */
    uint32_t begin, width;       /* the keys that any of them sees: from `begin` on, multiples of the columns */
} queries;

typedef struct piece_work {
    const attention_backward *b;
    const span *s;
    uint32_t group; /* the head of keys and values */
    uint32_t first_set, sets;
    layout l;
    float *p, *weight, *d;          /* [SPAN_BLOCK][stride]: P; P times the slope of the cap; dP, then dS */
    float *rows, *turned, *dq;      /* [SPAN_BLOCK][lead] of a set */
    float *q, *q_turned;            /* the same of the block */
    float *values;                  /* panels of V */
    float *keys;                    /* K [room][lead] */
    float *keys_grad, *values_grad; /* [sets] panels */
} piece_work;

static void lay_out(piece_work *w, float *at) {
    const size_t scores = (size_t)SPAN_BLOCK * w->l.stride, block = (size_t)SPAN_BLOCK * w->l.lead;
    w->p = at;
    w->weight = w->b->of->plan->attention_cap > 0 ? w->p + scores : w->p;
    w->d = w->p + 2 * scores;
    w->rows = w->d + scores;
    w->turned = w->rows + block;
    w->dq = w->turned + block;
    w->q = w->dq + block;
    w->q_turned = w->q + block;
    w->values = w->q_turned + block;
    w->keys = w->values + w->l.store;
    w->keys_grad = w->keys + w->l.store;
    w->values_grad = w->keys_grad + w->sets * w->l.store;
}

/* Rows of `head_dim` numbers, `lead` apart, to [rows][to_lead], with zeros behind each. */
static void copy_rows(const float *from, size_t lead, uint32_t rows, uint32_t head_dim, float *to, uint32_t to_lead) {
    for (uint32_t r = 0; r < rows; r++, from += lead, to += to_lead) {
        memcpy(to, from, head_dim * sizeof *to);
        memset(to + head_dim, 0, (to_lead - head_dim) * sizeof *to);
    }
}

static float *grad_of(const piece_work *w, uint32_t set, uint32_t token, uint32_t head) {
    const attention_backward *b = w->b;
    return b->grad + ((size_t)(w->first_set + set) * b->rows + w->s->row + token) * b->lead +
           (size_t)head * b->of->plan->head_dim;
}

/* K as rows and V as panels. */
static void begin(piece_work *w) {
    const attention *a = w->b->of;
    const model_plan *p = a->plan;
    const uint32_t columns = a->kernel->columns, room = w->s->own.room, lead = w->l.lead;
    const float *k = a->qkv + w->s->row * a->lead + (size_t)(p->heads + w->group) * p->head_dim;
    copy_rows(k, a->lead, w->s->count, p->head_dim, w->keys, lead);
    const float *v = w->s->own.values + values_floats(p, a->kernel, room) / p->kv_heads * w->group;
    for (uint32_t c = 0; c < room; c += columns)
        a->kernel->turn(columns, lead, v + (size_t)c * lead, w->values + (size_t)c * lead);
    memset(w->keys_grad, 0, 2 * w->sets * w->l.store * sizeof *w->keys_grad);
}

/* The keys that the queries i..i + n of the block see, from q->begin on: *from..result. */
static uint32_t visible(const piece_work *w, const queries *q, uint32_t i, uint32_t n, uint32_t *from) {
    uint32_t window = w->b->of->plan->layer[w->b->of->layer].window, end = q->first + i + 1;
    *from = window && end > window ? end - window - q->begin : 0;
    return q->first + i + n - q->begin;
}

/* out [n][stride] = rows [n] times panels, for the columns that queries i..i + n see; *from..result are they. */
static uint32_t score(const piece_work *w, const queries *q, uint32_t i, uint32_t n, const float *rows, size_t lead,
                      const float *panels, uint32_t depth, float *out, uint32_t *from) {
    const product_kernel *kernel = w->b->of->kernel;
    uint32_t end = up_to(visible(w, q, i, n, from), kernel->columns);
    *from = *from / kernel->columns * kernel->columns;
    for (uint32_t c = *from; c < end; c += kernel->columns)
        kernel->run(n, w->b->of->plan->head_dim, rows + i * lead, lead, panels + (size_t)(q->begin + c) * depth,
                    kernel->columns, out + (size_t)i * w->l.stride + c, w->l.stride, false);
    return end;
}

/* Scores at columns from..end of query i to probabilities; the rest become 0. */
static void soften(const piece_work *w, const queries *q, uint32_t i, uint32_t from, uint32_t end) {
    const float cap = (float)w->b->of->plan->attention_cap;
    float *row = w->p + (size_t)i * w->l.stride, *weight = w->weight + (size_t)i * w->l.stride;
    uint32_t first, last = visible(w, q, i, 1, &first), n = end - from;
    if (cap > 0) cap_row(cap, row + first, last - first);
    if (cap > 0) cap_slope_row(cap, row + first, last - first, weight + first);
    for (uint32_t k = from; k < first; k++) row[k] = -INFINITY;
    for (uint32_t k = last; k < end; k++) row[k] = -INFINITY;
    float sum = exp_row(row + from, n, max_row(row + from, n, -3e38F));
    scale_row(row + from, n, 1 / sum);
    memset(row, 0, from * sizeof *row);
    memset(row + end, 0, (q->width - end) * sizeof *row);
    if (cap > 0) multiply_row(weight + first, row + first, last - first);
}

static void probabilities(const piece_work *w, const queries *q) {
    const attention *a = w->b->of;
    const float *keys = w->s->own.keys + keys_floats(a->plan, w->s->own.room) / a->plan->kv_heads * w->group;
    for (uint32_t i = 0, n, from; i < q->count; i += n) {
        n = product_group(a->kernel, q->count - i);
        uint32_t end = score(w, q, i, n, w->q, w->l.lead, keys, a->plan->head_dim, w->p, &from);
        for (uint32_t r = i; r < i + n; r++) soften(w, q, r, from, end);
    }
}

/* grad += turned [head_dim] times scores [count][width]: to the panels of the keys that the block sees. */
static void add_to_keys(const piece_work *w, const queries *q, const float *turned, const float *scores, float *grad) {
    const product_kernel *kernel = w->b->of->kernel;
    for (uint32_t c = 0; c < q->width; c += kernel->columns) {
        uint32_t skip = q->begin + c > q->first ? q->begin + c - q->first : 0; /* queries before these keys */
        product_rows(kernel, w->b->of->plan->head_dim, q->count - skip, turned + skip, SPAN_BLOCK,
                     scores + (size_t)skip * w->l.stride + c, w->l.stride, grad + (size_t)(q->begin + c) * w->l.lead,
                     kernel->columns, true);
    }
}

/* dS from dO, and dQ from it. */
static void scores_and_queries(const piece_work *w, const queries *q) {
    const product_kernel *kernel = w->b->of->kernel;
    const uint32_t lead = w->l.lead;
    for (uint32_t i = 0, n, from, end; i < q->count; i += n) {
        n = product_group(kernel, q->count - i);
        end = score(w, q, i, n, w->rows, lead, w->values, lead, w->d, &from);
        for (uint32_t r = i; r < i + n; r++) {
            uint32_t first, last = visible(w, q, r, 1, &first);
            float *row = w->d + (size_t)r * w->l.stride;
            softmax_backward_row(w->p + (size_t)r * w->l.stride + first, w->weight + (size_t)r * w->l.stride + first,
                                 last - first, row + first);
            memset(row, 0, first * sizeof *row);
            memset(row + last, 0, (q->width - last) * sizeof *row);
        }
        end = visible(w, q, i, n, &(uint32_t){0});
        for (uint32_t c = 0; c < lead; c += kernel->columns)
            kernel->run(n, end - from, w->d + (size_t)i * w->l.stride + from, w->l.stride,
                        w->keys + (size_t)(q->begin + from) * lead + c, lead, w->dq + (size_t)i * lead + c, lead,
                        false);
    }
}

static void run_block(const piece_work *w, const queries *q) {
    const attention *a = w->b->of;
    const uint32_t head_dim = a->plan->head_dim, lead = w->l.lead;
    copy_rows(a->qkv + (w->s->row + q->first) * a->lead + (size_t)q->head * head_dim, a->lead, q->count, head_dim, w->q,
              lead);
    a->kernel->turn(SPAN_BLOCK, lead, w->q, w->q_turned);
    probabilities(w, q);
    for (uint32_t set = 0; set < w->sets; set++) {
        float *grad = grad_of(w, set, q->first, q->head);
        copy_rows(grad, w->b->lead, q->count, head_dim, w->rows, lead);
        a->kernel->turn(SPAN_BLOCK, lead, w->rows, w->turned);
        add_to_keys(w, q, w->turned, w->p, w->values_grad + set * w->l.store);
        scores_and_queries(w, q);
        add_to_keys(w, q, w->q_turned, w->d, w->keys_grad + set * w->l.store);
        for (uint32_t i = 0; i < q->count; i++)
            memcpy(grad + i * w->b->lead, w->dq + (size_t)i * lead, head_dim * sizeof *grad);
    }
}

/* From panels to where the head's keys or values lie. */
static void give(const piece_work *w, const float *panels, uint32_t set, uint32_t head) {
    const uint32_t columns = w->b->of->kernel->columns, head_dim = w->b->of->plan->head_dim;
    for (uint32_t t = 0; t < w->s->count; t++) {
        const float *from = panels + set * w->l.store + (size_t)(t / columns * columns) * w->l.lead + t % columns;
        float *to = grad_of(w, set, t, head);
        for (uint32_t i = 0; i < head_dim; i++) to[i] = from[(size_t)i * columns];
    }
}

typedef struct attention_job {
    const attention_backward *b;
    uint32_t groups; /* of sets */
} attention_job;

static void run_piece(void *context, size_t piece, unsigned worker) {
    const attention_job *j = context;
    const attention_backward *b = j->b;
    const attention *a = b->of;
    const model_plan *p = a->plan;
    const uint32_t shared = p->heads / p->kv_heads, step = (b->sets + j->groups - 1) / j->groups;
    piece_work w = {.b = b, .first_set = (uint32_t)(piece % j->groups) * step};
    piece /= j->groups;
    w.group = (uint32_t)(piece % p->kv_heads);
    w.s = &a->spans[piece / p->kv_heads];
    if (w.first_set >= b->sets || !w.s->count) return;
    w.sets = b->sets - w.first_set < step ? b->sets - w.first_set : step;
    w.l = layout_of(p, a->kernel, w.s->count);
    lay_out(&w, b->scratch[worker]);
    begin(&w);
    for (uint32_t h = 0; h < shared; h++)
        for (uint32_t first = 0; first < w.s->count; first += SPAN_BLOCK) {
            uint32_t left = w.s->count - first, window = p->layer[a->layer].window, columns = a->kernel->columns;
            queries q = {first, left < SPAN_BLOCK ? left : SPAN_BLOCK, w.group * shared + h, 0, 0};
            if (window && first + 1 > window) q.begin = (first + 1 - window) / columns * columns;
            q.width = up_to(first + q.count - q.begin, columns);
            run_block(&w, &q);
        }
    for (uint32_t set = 0; set < w.sets; set++) {
        give(&w, w.keys_grad, set, p->heads + w.group);
        give(&w, w.values_grad, set, p->heads + p->kv_heads + w.group);
    }
}

/* ---- back through rotation and norms of heads ---- */

static void unplace_head(const attention_backward *b, const float *norm, uint32_t row, uint32_t position, uint32_t head,
                         float *d) {
    const attention *a = b->of;
    const model_plan *p = a->plan;
    const rope *r = &p->rope[p->layer[a->layer].rope];
    if (r->width) unrotate_head(d, a->angles + (size_t)position * r->width, r->width);
    if (norm)
        norm_backward_row(NORM_RMS, p->norm_eps, norm, b->raw + row * b->raw_lead + (size_t)head * p->head_dim, d,
                          p->head_dim, false, d);
}

static void unplace_block(void *context, size_t piece, unsigned worker) {
    (void)worker;
    const attention_backward *b = ((const attention_job *)context)->b;
    const attention *a = b->of;
    const model_plan *p = a->plan;
    const span_block *block = &a->blocks[piece % a->block_count];
    const span *s = &a->spans[block->span];
    for (uint32_t t = block->first; t < block->first + block->count; t++) {
        float *d = b->grad + (piece / a->block_count * b->rows + s->row + t) * b->lead;
        scale_row(d, p->heads * p->head_dim, (float)p->layer[a->layer].attention_scale);
        for (uint32_t h = 0; h < p->heads + p->kv_heads; h++, d += p->head_dim)
            unplace_head(b, h < p->heads ? a->weights->q_norm : a->weights->k_norm, s->row + t, t, h, d);
    }
}

void attention_backward_run(const attention_backward *b) {
    const attention *a = b->of;
    uint32_t most = 0;
    for (size_t i = 0; i < a->block_count; i++)
        if (a->blocks[i].span + 1 > most) most = a->blocks[i].span + 1;
    /* enough pieces for all threads to end at about the same time */
    size_t pieces = (size_t)most * a->plan->kv_heads, wanted = 3 * (size_t)parallel_threads(a->pool);
    attention_job j = {b, parallel_threads(a->pool) > 1 && pieces ? (uint32_t)((wanted + pieces - 1) / pieces) : 1};
    if (j.groups > b->sets) j.groups = b->sets;
    parallel_for(a->pool, pieces * j.groups, run_piece, &j);
    parallel_for(a->pool, a->block_count * b->sets, unplace_block, &j);
}
