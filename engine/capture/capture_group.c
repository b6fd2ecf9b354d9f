/* capture/capture_group.c: which samples of a training set or domain are captured, and what stands in front of them. */
#include "capture/capture_plan.h"
#include "capture/demonstrations.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct filler {
    const capture_plan *plan;
    const scry_capture_options *o;
    capture_group *g;
    const corpus_group *given; /* demonstrations of a file; NULL: of the group's own texts */
    size_t asked;              /* demonstrations */
    size_t *drawn;             /* [asked] places in the list of items */
    char **text;               /* [asked] their texts; NULL for messages */
    size_t *after;             /* [asked] tokens of `shown` after each demonstration */
    uint64_t cut, unanswered, empty;
    size_t read; /* samples before those without a row were left out */
    scry_error *err;
} filler;

static const char *option_of(const filler *f) {
    return f->g->is_train ? "--demos" : "--domain-demos";
}

/* ---- demonstrations ---- */

static bool draw(filler *f) {
    size_t n = f->g->texts->count;
    if (f->asked && n <= f->asked)
        return scry_misuse(
            f->err,
            "%s: %s has %zu samples, expected at least %zu: %zu demonstrations and one to capture; lower "
            "%s, or name other demonstrations with --demos-file",
            f->g->texts->name, corpus_path(f->g->texts->corpus), n, f->asked + 1, f->asked, option_of(f));
    if (f->o->demos_previous) return true;
    f->drawn = mem_new(f->asked + 1, sizeof *f->drawn);
    demonstrations_draw(demonstrations_seed(f->o->seed, f->g->texts->name), n, f->asked, f->drawn);
    return true;
}

static const char *separator_of(const filler *f) {
    return f->o->separator ? f->o->separator : SCRY_SEPARATOR;
}

static bool encode_shown(filler *f) {
    capture_group *g = f->g;
    const corpus_group *from = f->given ? f->given : g->texts;
    if (f->given) f->asked = f->given->count;
    f->after = mem_new(f->asked + 1, sizeof *f->after);
    f->text = mem_new(f->asked + 1, sizeof *f->text);
    for (size_t i = 0; i < f->asked; i++) {
        size_t item = from->item[f->given ? i : f->drawn[i]];
        corpus_item shown = corpus_read(from->corpus, item);
        f->text[i] = shown.text;
        shown.text = NULL;
        corpus_item_free(&shown);
        if (!item_encode_in_front(&g->rule, from->corpus, item, separator_of(f), &g->shown, f->err)) return false;
        f->after[i] = g->shown.count;
    }
    return true;
}

/* Every text of the file as it stands in front of others, and all of them again, so that those before a text follow
 * each other also around the file's end. */
static bool encode_all(filler *f) {
    capture_group *g = f->g;
    g->at = mem_new(g->texts->count + 1, sizeof *g->at);
    for (size_t i = 0; i < 2 * g->texts->count; i++) {
        size_t place = i % g->texts->count;
        if (i <= g->texts->count) g->at[i] = g->all.count;
        if (!item_encode_in_front(&g->rule, g->texts->corpus, g->texts->item[place], separator_of(f), &g->all, f->err))
            return false;
    }
    return true;
}

static const corpus_group *given_for(const filler *f) {
    for (size_t i = 0; i < f->plan->demos.count; i++)
        if (strcmp(f->plan->demos.group[i].name, f->g->texts->name) == 0) return &f->plan->demos.group[i];
    return NULL;
}

/* ---- samples ---- */

/* The place in the list is that of a demonstration, or its text is the same. */
static bool is_shown(const filler *f, size_t place) {
    bool shown = false;
    for (size_t i = 0; i < f->asked && f->drawn; i++) shown = shown || f->drawn[i] == place;
    if (shown || !f->text) return shown;
    corpus_item item = corpus_read(f->g->texts->corpus, f->g->texts->item[place]);
    for (size_t i = 0; i < f->asked && item.text; i++)
        shown = shown || (f->text[i] && strcmp(f->text[i], item.text) == 0);
    corpus_item_free(&item);
    return shown;
}

static uint32_t head_of(capture_group *g, scry_tokens *head) {
    for (size_t i = 0; i < g->heads; i++)
        if (g->head[i].count == head->count &&
            (!head->count || memcmp(g->head[i].ids, head->ids, head->count * sizeof *head->ids) == 0))
            return (uint32_t)i;
    g->head = mem_resize(g->head, g->heads + 1, sizeof *g->head);
    g->head[g->heads] = *head;
    *head = (scry_tokens){0};
    return (uint32_t)g->heads++;
}

/* The number of rows; 0: the sample is left out. */
static uint64_t rows_of(const filler *f, const capture_sample *s) {
    uint32_t first = f->o->rows_response ? s->response : 0;
    return s->count > first ? s->count - first : 0;
}

static bool add_sample(filler *f, size_t place, uint64_t *rows) {
    capture_group *g = f->g;
    encoded_item e;
    size_t item = g->texts->item[place];
    if (!item_encode(&g->rule, g->texts->corpus, item, NULL, &e, f->err)) return false;
    capture_sample s = {.item = item, .count = (uint32_t)e.own.count, .response = (uint32_t)e.response};
    if (!e.own.count) f->empty++;
    else if (!rows_of(f, &s)) f->unanswered++;
    else {
        s.ids = mem_new(e.own.count, sizeof *s.ids);
        memcpy(s.ids, e.own.ids, e.own.count * sizeof *s.ids);
        s.head = head_of(g, &e.head);
        g->sample = mem_resize(g->sample, g->count + 1, sizeof *g->sample);
        g->sample[g->count++] = s;
        *rows += rows_of(f, &s);
    }
    encoded_item_free(&e);
    return true;
}

static bool encode_samples(filler *f) {
    uint64_t rows = 0;
    capture_group *g = f->g;
    for (size_t i = 0; i < g->texts->count; i++) {
        if ((f->o->samples && g->count == f->o->samples) || (f->o->tokens && rows >= f->o->tokens)) break;
        if (!is_shown(f, i) && !add_sample(f, i, &rows)) return false;
    }
    return true;
}

/* ---- what fits ---- */

static size_t longest_head(const capture_group *g) {
    size_t most = 0;
    for (size_t i = 0; i < g->heads; i++) most = g->head[i].count > most ? g->head[i].count : most;
    return most;
}

/* Keeps as many demonstrations as leave room for the longest text. */
static bool fit_demonstrations(filler *f, size_t head) {
    capture_group *g = f->g;
    size_t limit = f->plan->limit, longest = 0, kept = f->asked;
    for (size_t i = 0; i < g->count; i++) longest = g->sample[i].count > longest ? g->sample[i].count : longest;
    while (kept > 1 && head + f->after[kept - 1] + longest > limit) kept--;
    if (kept && head + f->after[kept - 1] >= limit)
        return scry_fail(
            f->err,
            "%s: one demonstration has %zu tokens and leaves no room for a text in %zu; raise --max-length, "
            "or take %s 0",
            g->texts->name, f->after[kept - 1], limit, option_of(f));
    if (kept < f->asked)
        scry_notes_add(f->plan->notes, "%s: %zu of %zu demonstrations fit before the longest text in %zu tokens",
                       g->texts->name, kept, f->asked, limit);
    g->demos = kept;
    if (kept) g->shown.count = f->after[kept - 1];
    return true;
}

static void cut_samples(filler *f, size_t most) {
    capture_group *g = f->g;
    size_t kept = 0;
    f->read = g->count;
    g->rows = 0;
    for (size_t i = 0; i < g->count; i++) {
        capture_sample s = g->sample[i];
        f->cut += s.count > most;
        if (s.count > most) s.count = (uint32_t)most;
        if (s.response > s.count) s.response = s.count;
        s.first = f->o->rows_response ? s.response : 0;
        if (s.first == s.count) {
            f->unanswered++;
            free(s.ids);
            continue;
        }
        g->rows += s.count - s.first;
        g->longest = s.count > g->longest ? s.count : g->longest;
        g->sample[kept++] = s;
    }
    g->count = kept;
}

static void tell(const filler *f) {
    const char *name = f->g->texts->name;
    scry_notes *notes = f->plan->notes;
    if (f->cut)
        scry_notes_add(notes, "%s: %" PRIu64 " of %zu texts %s cut at %s end, to fit into %" PRIu32 " tokens", name,
                       f->cut, f->read, f->cut == 1 ? "is" : "are", f->cut == 1 ? "its" : "their", f->plan->limit);
    if (f->unanswered)
        scry_notes_add(notes, "%s: %" PRIu64 " %s no response, and %s left out", name, f->unanswered,
                       f->unanswered == 1 ? "sample has" : "samples have", f->unanswered == 1 ? "is" : "are");
    if (f->empty)
        scry_notes_add(notes, "%s: %" PRIu64 " %s no text, and %s left out", name, f->empty,
                       f->empty == 1 ? "sample has" : "samples have", f->empty == 1 ? "is" : "are");
}

/* ---- control ---- */

static size_t most_in_front(const capture_plan *plan, const capture_group *g) {
    size_t most = g->shown.count, count;
    for (size_t i = 0; g->at && i < g->count; i++) {
        capture_group_front(plan, g, CAPTURE_ICL, i, &count);
        most = count > most ? count : most;
    }
    return most;
}

/* Texts of the other domains; of all other groups where there is no other domain. */
static bool draw_control(filler *f) {
    const capture_plan *plan = f->plan;
    capture_group *g = f->g;
    const corpus_group **other = mem_new(plan->groups + 1, sizeof *other);
    size_t others = 0;
    for (int trains = 0; trains < 2 && !others; trains++)
        for (size_t i = 0; i < plan->groups; i++) {
            const capture_group *one = &plan->group[i];
            if (one->is_train == trains && strcmp(one->texts->name, g->texts->name) != 0) other[others++] = one->texts;
        }
    uint64_t seed = ~demonstrations_seed(f->o->seed, g->texts->name);
    bool ok =
        unrelated_tokens(&g->rule, other, others, separator_of(f), seed, most_in_front(plan, g), &g->control, f->err);
    free(other);
    return ok;
}

/* ---- a group ---- */

static bool fill(filler *f) {
    capture_group *g = f->g;
    const scry_capture_options *o = f->o;
    f->given = given_for(f);
    f->asked = g->is_train ? o->demos : o->domain_demos;
    bool previous = o->demos_previous && !f->given && f->asked;
    if (!f->given && !draw(f)) return false;
    if (previous ? !encode_all(f) : !encode_shown(f)) return false;
    if (!encode_samples(f)) return false;
    size_t head = longest_head(g), limit = f->plan->limit;
    if (head >= limit)
        return scry_fail(f->err,
                         "--max-length: found %zu, expected more than the %zu tokens that stand in front of "
                         "every text of %s",
                         limit, head, g->texts->name);
    if (previous) g->demos = f->asked;
    else if (!fit_demonstrations(f, head)) return false;
    cut_samples(f, limit - head - (g->demos && !previous ? g->shown.count : 0));
    tell(f);
    if (!g->count)
        return scry_fail(f->err, "%s: %s: none of its %zu samples is left to capture", g->texts->name,
                         corpus_path(g->texts->corpus), g->texts->count);
    return !o->control || !g->demos || draw_control(f);
}

bool capture_group_fill(const capture_plan *plan, capture_group *group, scry_error *err) {
    filler f = {.plan = plan, .o = plan->options, .g = group, .err = err};
    bool ok = fill(&f);
    for (size_t i = 0; i < f.asked && f.text; i++) free(f.text[i]);
    free(f.text);
    free(f.drawn);
    free(f.after);
    return ok;
}

/* The place of an item in the group's list, which ascends. */
static size_t place_of(const corpus_group *texts, size_t item) {
    size_t low = 0, high = texts->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (texts->item[middle] < item) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* The texts before a sample's own, cyclically; what does not fit is left out at the front. */
static const uint32_t *previous_front(const capture_plan *plan, const capture_group *g, const capture_sample *s,
                                      size_t *count) {
    size_t n = g->texts->count, place = place_of(g->texts, s->item), from = place + n - g->demos;
    size_t start = g->at[from % n] + (from >= n ? g->at[n] : 0), end = g->at[place] + g->at[n];
    size_t room = plan->limit - g->head[s->head].count - s->count;
    *count = end - start < room ? end - start : room;
    return g->all.ids + end - *count;
}

const uint32_t *capture_group_front(const capture_plan *plan, const capture_group *g, capture_condition condition,
                                    size_t i, size_t *count) {
    *count = 0;
    bool icl = condition == CAPTURE_ICL;
    if (!icl && (condition != CAPTURE_CONTROL || !g->control.count)) return NULL;
    if (g->at) {
        const uint32_t *front = previous_front(plan, g, &g->sample[i], count);
        return icl ? front : g->control.ids + g->control.count - *count;
    }
    const scry_tokens *tokens = icl ? &g->shown : &g->control;
    *count = tokens->count;
    return tokens->ids;
}

void capture_group_free(capture_group *g) {
    for (size_t i = 0; i < g->count; i++) free(g->sample[i].ids);
    for (size_t i = 0; i < g->heads; i++) scry_tokens_free(&g->head[i]);
    free(g->sample);
    free(g->head);
    free(g->stem);
    free(g->at);
    scry_tokens_free(&g->shown);
    scry_tokens_free(&g->control);
    scry_tokens_free(&g->all);
    *g = (capture_group){0};
}
