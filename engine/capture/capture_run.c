/* capture/capture_run.c: see capture_run.h. Texts are run in the order of the file, as many at once as a call takes;
 * what stands in front of them is run once, and its keys and values serve all. */
#include "capture/capture_run.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* ---- what is run ---- */

/* The sequence of a sample: what the prefix does not hold, in ids of the caller. */
typedef struct batch {
    scry_sequence *sequence;
    const capture_sample **sample;
    size_t count, room;
    uint32_t *ids; /* of sequences that are joined; they hold what stands in front, too */
    size_t id_count, id_room;
    size_t tokens;
    float *out;
    size_t out_room;
} batch;

static void free_batch(batch *b) {
    free(b->sequence);
    free(b->sample);
    free(b->ids);
    free(b->out);
}

static bool has_own_front(const capture_group *g, capture_condition condition) {
    return g->at && (condition == CAPTURE_ICL || condition == CAPTURE_CONTROL);
}

uint64_t capture_run_cost(const capture_plan *plan, const capture_unit *unit) {
    const capture_group *g = &plan->group[unit->group];
    uint64_t tokens = 0;
    size_t front = 0;
    for (size_t i = 0; i < g->count; i++) {
        tokens += g->sample[i].count;
        capture_group_front(plan, g, unit->condition, i, &front);
        if (has_own_front(g, unit->condition)) tokens += front + g->head[g->sample[i].head].count;
    }
    return has_own_front(g, unit->condition) ? tokens : tokens + front;
}

/* ---- models ---- */

static bool report(capture_run *r, uint64_t tokens) {
    const scry_capture_options *o = r->plan->options;
    r->progress.done += tokens;
    if (o->progress && !o->progress(o->context, &r->progress)) r->cancelled = true;
    return !r->cancelled;
}

/* Polled between parts of a block, which may take long in a large model. */
static bool is_cancelled(void *context) {
    return !report(context, 0);
}

static uint64_t memory_of(const capture_run *r) {
    return r->plan->options->memory ? r->plan->options->memory : SCRY_MEMORY;
}

static bool open_role(capture_run *r, capture_model_role role, scry_error *err) {
    const scry_capture_options *o = r->plan->options;
    if (r->open && r->role == role) return true;
    capture_run_close(r);
    const capture_model *m = &r->plan->model[role];
    r->model = scry_model_open(m->folder, m->adapter, NULL, err);
    if (!r->model) return false;
    scry_run_options options = {
        .threads = o->threads, .memory = memory_of(r) / 4 * 3, .cancelled = is_cancelled, .context = r};
    r->run = scry_run_new(r->model, &options, err);
    r->role = role;
    r->open = r->run != NULL;
    if (!r->open) capture_run_close(r);
    return r->open;
}

void capture_run_close(capture_run *r) {
    scry_run_free(r->run);
    scry_model_close(r->model);
    r->run = NULL;
    r->model = NULL;
    r->open = false;
}

/* Tokens of a call: what the run asks for, as far as an eighth of the memory holds their residuals. */
static size_t batch_tokens(const capture_run *r) {
    uint64_t most = memory_of(r) / 8 / (r->plan->model[CAPTURE_MODEL].d_model * sizeof(float));
    size_t asked = scry_run_batch(r->run);
    return asked < most ? asked : most ? (size_t)most : 1;
}

/* ---- batches ---- */

static void add_sequence(batch *b, const capture_sample *s, scry_sequence sequence) {
    if (b->count == b->room) {
        b->room = b->room ? 2 * b->room : 64;
        b->sequence = mem_resize(b->sequence, b->room, sizeof *b->sequence);
        b->sample = mem_resize(b->sample, b->room, sizeof *b->sample);
    }
    b->sequence[b->count] = sequence;
    b->sample[b->count++] = s;
    b->tokens += sequence.count;
}

static void add_ids(batch *b, const uint32_t *ids, size_t count) {
    if (b->id_count + count > b->id_room) {
        b->id_room = 2 * (b->id_count + count);
        b->ids = mem_resize(b->ids, b->id_room, sizeof *b->ids);
    }
    if (count) memcpy(b->ids + b->id_count, ids, count * sizeof *ids);
    b->id_count += count;
}

/* Sequences that hold all that stands in front: their ids follow each other in b->ids. */
static void place_joined(batch *b) {
    size_t at = 0;
    for (size_t i = 0; i < b->count; i++) {
        b->sequence[i].ids = b->ids + at;
        at += b->sequence[i].count;
    }
}

/* Runs what the batch holds and writes its rows. */
static bool flush(capture_run *r, batch *b, capture_file *f, scry_error *err) {
    if (!b->count) return true;
    size_t d = f->d;
    if (b->tokens > b->out_room) {
        b->out_room = b->tokens;
        free(b->out);
        b->out = mem_new(b->out_room * d, sizeof *b->out);
    }
    if (b->id_count) place_joined(b);
    bool ok = scry_run_to_hook(r->run, r->plan->hook, b->sequence, b->count, b->out, err);
    const float *end = b->out;
    for (size_t i = 0; i < b->count && ok; i++) {
        const capture_sample *s = b->sample[i];
        end += b->sequence[i].count * d;
        for (size_t row = s->count - s->first; row > 0 && ok; row--) ok = capture_file_row(f, end - row * d, err);
    }
    ok = ok && report(r, b->tokens);
    b->count = b->id_count = b->tokens = 0;
    return ok;
}

/* ---- one capture ---- */

/* Prefixes by the number of their head; NULL: not run, or nothing stands in front. */
typedef struct prefixes {
    scry_prefix **of; /* [heads] */
    size_t heads;
    uint64_t bytes, most;
} prefixes;

static void free_prefixes(prefixes *p) {
    for (size_t i = 0; i < p->heads; i++) scry_prefix_free(p->of[i]);
    memset(p->of, 0, p->heads * sizeof(scry_prefix *));
    p->bytes = 0;
}

/* Runs what stands in front of all texts with a head. */
static bool run_front(capture_run *r, const capture_unit *unit, uint32_t number, prefixes *p, scry_error *err) {
    const capture_group *g = &r->plan->group[unit->group];
    const scry_tokens *head = &g->head[number];
    size_t count;
    const uint32_t *front = capture_group_front(r->plan, g, unit->condition, 0, &count);
    if (!head->count && !count) return true;
    uint32_t *ids = mem_new(head->count + count, sizeof *ids);
    if (head->count) memcpy(ids, head->ids, head->count * sizeof *ids);
    if (count) memcpy(ids + head->count, front, count * sizeof *ids);
    p->of[number] = scry_prefix_new(r->run, NULL, ids, head->count + count, &r->plan->hook, err);
    free(ids);
    if (!p->of[number]) return false;
    p->bytes += scry_prefix_bytes(p->of[number]);
    return report(r, count);
}

static bool run_sharing(capture_run *r, const capture_unit *unit, batch *b, capture_file *f, scry_error *err) {
    const capture_group *g = &r->plan->group[unit->group];
    size_t most = batch_tokens(r);
    prefixes p = {.of = mem_new(g->heads, sizeof(scry_prefix *)), .heads = g->heads, .most = memory_of(r) / 8};
    bool ok = true;
    for (size_t i = 0; i < g->count && ok; i++) {
        const capture_sample *s = &g->sample[i];
        bool full = p.bytes > p.most && !p.of[s->head];
        if (full || b->tokens + s->count > most) ok = flush(r, b, f, err);
        if (full) free_prefixes(&p);
        if (ok && !p.of[s->head]) ok = run_front(r, unit, s->head, &p, err);
        add_sequence(b, s, (scry_sequence){.prefix = p.of[s->head], .ids = s->ids, .count = s->count});
    }
    ok = ok && flush(r, b, f, err);
    free_prefixes(&p);
    free(p.of);
    return ok;
}

/* Each text has texts of its own in front. */
static bool run_apart(capture_run *r, const capture_unit *unit, batch *b, capture_file *f, scry_error *err) {
    const capture_group *g = &r->plan->group[unit->group];
    size_t most = batch_tokens(r);
    bool ok = true;
    for (size_t i = 0; i < g->count && ok; i++) {
        const capture_sample *s = &g->sample[i];
        const scry_tokens *head = &g->head[s->head];
        size_t front_count;
        const uint32_t *front = capture_group_front(r->plan, g, unit->condition, i, &front_count);
        size_t count = head->count + front_count + s->count;
        if (b->tokens + count > most) ok = flush(r, b, f, err);
        add_ids(b, head->ids, head->count);
        add_ids(b, front, front_count);
        add_ids(b, s->ids, s->count);
        add_sequence(b, s, (scry_sequence){.count = count});
    }
    return ok && flush(r, b, f, err);
}

bool capture_run_unit(capture_run *r, const capture_unit *unit, const char *path, const cJSON *settings,
                      scry_error *err) {
    const capture_group *g = &r->plan->group[unit->group];
    const scry_capture_options *o = r->plan->options;
    r->progress.capture = unit->name;
    r->progress.rows = g->rows;
    if (!report(r, 0)) return scry_fail(err, "cancelled");
    if (!open_role(r, capture_condition_model(unit->condition), err)) return false;
    capture_file f;
    if (!capture_file_begin(&f, path, settings, o->dtype, g->rows, r->plan->model[CAPTURE_MODEL].d_model, err))
        return false;
    batch b = {0};
    bool ok = has_own_front(g, unit->condition) ? run_apart(r, unit, &b, &f, err) : run_sharing(r, unit, &b, &f, err);
    free_batch(&b);
    ok = capture_file_end(&f, ok, err);
    return ok || (r->cancelled ? scry_fail(err, "cancelled") : false);
}
