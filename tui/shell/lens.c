/* lens.c: scry lens: the mean difference of residuals, and what it says. */
#include "lens.h"
#include "base/mem.h"
#include "results/lens_result.h"
#include "shell/cli_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct lens_request {
    scry_lens_options open;
    scry_lens_query query;
    uint32_t first, top; /* positions from first on */
    uint32_t sets, seed; /* random sets */
    scry_lens_through through;
    bool wants_tokens; /* a model was named: without it there is nothing to say */
} lens_request;

static bool read_positions(const options *o, lens_request *r, scry_error *err) {
    uint64_t from, to;
    char *end = NULL;
    if (!o->positions) return true;
    from = to = strtoul(o->positions, &end, 10);
    bool ok = end > o->positions && *o->positions >= '0' && *o->positions <= '9';
    if (ok && *end == '-') {
        const char *second = end + 1;
        to = strtoul(second, &end, 10);
        ok = end > second && *second >= '0' && *second <= '9';
    }
    if (!ok || *end || from > to || to >= SCRY_LENS_MOST_POSITIONS)
        return scry_misuse(err, "--positions: found %s, expected one such as 0, or a range such as 0-4, up to %d",
                           o->positions, SCRY_LENS_MOST_POSITIONS - 1);
    r->first = (uint32_t)from;
    r->query.positions = (uint32_t)to + 1;
    return true;
}

static bool read_domain(const options *o, const scry_index *index, lens_request *r, scry_error *err) {
    const scry_info *info = scry_index_info(index);
    r->query.domain = SCRY_LENS_TRAIN;
    if (!o->lens_domain) return true;
    for (size_t d = 0; d < info->domains; d++)
        if (strcmp(info->domain[d].name, o->lens_domain) == 0) r->query.domain = (int)d;
    if (r->query.domain != SCRY_LENS_TRAIN) return true;
    if (!scry_require_domains(index, err)) return false;
    char names[400] = "";
    for (size_t d = 0; d < info->domains; d++)
        alternatives_add(names, sizeof names, d, info->domains, info->domain[d].name);
    return scry_misuse(err, "--domain: found %s, expected %s", o->lens_domain, names);
}

static bool read_request(const options *o, const scry_index *index, lens_request *r, scry_error *err) {
    uint32_t threads;
    int through = o->through ? scry_lens_through_of(o->through) : SCRY_THROUGH_BASE;
    char choices[SCRY_CHOICES];
    if (through < 0) return cli_misuse(err, "--through", o->through, scry_lens_through_choices(choices, ""));
    r->through = (scry_lens_through)through;
    r->wants_tokens = o->through || o->model;
    if (!cli_needs_latents(index, err) || !cli_train(o, index, &r->query.train, err) || !read_positions(o, r, err) ||
        !read_domain(o, index, r, err) || (o->lens_of && !cli_condition("--of", o->lens_of, &r->query.of, err)) ||
        !options_number("--top", o->top, 1, 10, &r->top, err) ||
        !options_number("--random", o->random, 0, SCRY_LENS_RANDOM_SETS, &r->sets, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &r->seed, err) ||
        !options_number("--threads", o->threads, 1, 0, &threads, err) ||
        !options_bytes("--memory", o->memory, &r->open.memory, err))
        return false;
    if (r->top > 1000) return scry_misuse(err, "--top: found %" PRIu32 ", expected at most 1000", r->top);
    r->query.against = scry_index_info(index)->against;
    r->open.model = o->model;
    r->open.tuned = o->tuned;
    r->open.study = scry_is_index(o->word[0]) ? NULL : o->word[0];
    r->open.threads = threads;
    return true;
}

/* --top is of the lists here, so that a ranking's first are named as --latents top100, which is also what it is
 * without. */
static bool read_set(const options *o, selection_context *s, scry_error *err) {
    options own = *o;
    own.top = NULL;
    return cli_rank(&own, s, err) && (s->set = cli_selection(&own, s->index, s->ranking, err));
}

/* ---- what the means say --------------------------------------------------------------------- */

typedef struct lens_lists {
    const double **mean; /* [rows] */
    scry_token_logit *tokens;
    scry_neighbour *neighbours;
    size_t *neighbour_count, *row;
    double *share, *random_mean, *random_sd;
} lens_lists;

static void lists_free(lens_lists *l) {
    free(l->mean);
    free(l->tokens);
    free(l->neighbours);
    free(l->neighbour_count);
    free(l->row);
    free(l->share);
    free(l->random_mean);
    free(l->random_sd);
}

static bool find_neighbours(const scry_index *index, const double *mean, size_t top, unsigned threads,
                            scry_neighbour *out, size_t *count, scry_error *err) {
    if (!mean) return true;
    scry_decoder_neighbours *n = scry_decoder_neighbours_of(index, mean, threads, err);
    if (!n) return false;
    while (!scry_decoder_neighbours_work(n, 0.1))
        if (cli_interrupted()) break;
    for (size_t side = 0; side < 2; side++)
        count[side] = scry_decoder_neighbours_list(n, side == 1, top, out + side * top);
    scry_decoder_neighbours_free(n);
    return !cli_interrupted() || scry_fail(err, "cancelled");
}

static bool find_shares(const lens_request *r, const selection_context *s, lens_lists *l, lens_view *v,
                        const scry_cancel *cancel, scry_error *err) {
    scry_span *span = scry_span_new(s->index, err);
    if (!span) return false;
    while (!scry_span_work(span, s->set, 0.1))
        if (cli_interrupted()) break;
    for (size_t i = 0; i < v->rows; i++) l->share[i] = l->mean[i] ? scry_span_share(span, l->mean[i]) : (double)NAN;
    v->rank = scry_span_rank(span);
    scry_span_free(span);
    v->random_sets = r->sets;
    v->seed = r->seed;
    v->random_mean = l->random_mean;
    v->random_sd = l->random_sd;
    if (cli_interrupted()) return scry_fail(err, "cancelled");
    return !r->sets || scry_span_random(s->index, s->set->count, r->sets, r->seed, l->mean, v->rows, l->random_mean,
                                        l->random_sd, cancel, err);
}

/* Without a model that somebody asked for, the rest is told. */
static bool find_tokens(const lens_request *r, scry_lens *lens, lens_lists *l, lens_view *v, const scry_cancel *cancel,
                        scry_notes *notes, scry_error *err) {
    scry_error why = {0};
    v->output_model = scry_lens_model(lens, r->through, r->query.train);
    v->tokens = l->tokens;
    if (scry_lens_tokens(lens, r->through, r->query.train, l->mean, v->rows, v->top, l->tokens, cancel, &why))
        return true;
    v->tokens = NULL;
    if (r->wants_tokens || cli_interrupted()) {
        *err = why;
        return false;
    }
    scry_notes_add(notes, "no tokens: %s", why.text);
    return true;
}

static bool find_all(const lens_request *r, const selection_context *s, scry_lens *lens, lens_lists *l, lens_view *v,
                     const scry_cancel *cancel, scry_notes *notes, scry_error *err) {
    const size_t positions = r->query.positions ? r->query.positions - r->first : 0;
    v->rows = 1 + positions;
    v->top = r->top;
    l->mean = mem_new(v->rows, sizeof *l->mean);
    l->row = mem_new(v->rows, sizeof *l->row);
    l->share = mem_new(v->rows, sizeof *l->share);
    l->random_mean = mem_new(v->rows, sizeof *l->random_mean);
    l->random_sd = mem_new(v->rows, sizeof *l->random_sd);
    l->tokens = mem_new(v->rows * SCRY_LOGIT_SIDES * v->top, sizeof *l->tokens);
    l->neighbours = mem_new(v->rows * 2 * v->top, sizeof *l->neighbours);
    l->neighbour_count = mem_new(v->rows * 2, sizeof *l->neighbour_count);
    bool ok = true;
    for (size_t i = 0; i < v->rows && ok; i++) {
        l->row[i] = i ? r->first + i : 0;
        l->mean[i] = v->means->mean[l->row[i]].mean;
        ok = find_neighbours(s->index, l->mean[i], v->top, r->open.threads, l->neighbours + i * 2 * v->top,
                             l->neighbour_count + 2 * i, err);
    }
    v->row = l->row;
    v->share = l->share;
    v->neighbours = l->neighbours;
    v->neighbour_count = l->neighbour_count;
    v->through = r->through;
    return ok && find_shares(r, s, l, v, cancel, err) && find_tokens(r, lens, l, v, cancel, notes, err);
}

static int print(const options *o, const lens_view *v) {
    cJSON *facts = lens_result(v);
    char *head = o->json || o->csv ? NULL : lens_head(facts);
    if (!o->json) lens_add_lines(facts, o->csv != NULL);
    int status = output_print(o, facts, "lines",
                              o->csv      ? lens_csv_columns
                              : v->tokens ? lens_columns
                                          : lens_latent_columns,
                              head);
    free(head);
    return status;
}

static bool is_interrupted(void *context) {
    (void)context;
    return cli_interrupted();
}

int shell_lens(const options *o) {
    scry_error err = {0};
    scry_notes notes = {0};
    selection_context s = {0};
    lens_request r = {0};
    lens_lists lists = {0};
    scry_lens_means means;
    lens_view v = {.of = &s, .query = &r.query, .means = &means};
    scry_lens *lens = NULL;
    cli_progress progress = {0};
    bool ok = (s.index = cli_open(o, &err)) && read_request(o, s.index, &r, &err) && read_set(o, &s, &err) &&
              (lens = scry_lens_open(s.index, &r.open, &err));
    cli_catch_interrupt();
    if (ok && !o->lens_of) scry_lens_first_source(lens, &r.query);
    if (ok) {
        const scry_cancel cancel = scry_lens_at_hand(lens, &r.query) ? (scry_cancel){.is_cancelled = is_interrupted}
                                                                     : cli_cancel(&progress, "lens");
        ok = scry_lens_read(lens, &r.query, &means, &cancel, &notes, &err) &&
             find_all(&r, &s, lens, &lists, &v, &cancel, &notes, &err);
    }
    cli_end_progress(&progress);
    cli_release_interrupt();
    output_warnings(&notes);
    int status = ok ? print(o, &v) : output_error(&err);
    lists_free(&lists);
    scry_lens_close(lens);
    cli_free(&s);
    return status;
}
