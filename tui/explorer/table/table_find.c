/* table_find.c: incremental search among the rows. Which latents match is found out a little at a time; the next one
 * in the order of the rows follows from their keys, wherever it stands. */
#include "base/clock.h"
#include "explorer/table/table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A latent's own number is a match too. */
static void add_number(app *a) {
    table_find *f = &a->tab->table->find;
    char *end;
    unsigned long long latent = strtoull(f->text, &end, 10);
    if (isdigit((unsigned char)f->text[0]) && !*end && latent < a->tab->info->d_sae)
        f->match.bits[latent / 64] |= (uint64_t)1 << (latent % 64);
}

/* Those of the contexts, where they are known of this text. */
static const uint64_t *contexts_of(const table_find *f) {
    return strcmp(f->contexts_of, f->text) == 0 ? f->contexts : NULL;
}

/* 64 latents: those that match and that the filter shows. */
static uint64_t matches(const table_state *t, const uint64_t *contexts, uint32_t w) {
    uint64_t word = t->find.match.bits[w] | (contexts ? contexts[w] : 0);
    return word & (t->filter.on ? t->filter.bits[w] : UINT64_MAX);
}

typedef struct hits {
    uint32_t count, place;       /* among the rows; place: of the one gone to, from 1 */
    uint32_t first, last, after; /* in the order of the rows; NO_ROW: none */
    uint32_t before;
} hits;

/* One reading of all matches that are rows; contexts NULL: without those of contexts. */
static hits look(const app *a, const uint64_t *contexts, uint32_t origin, bool origin_counts) {
    const table_state *t = a->tab->table;
    const row_order *o = &t->order;
    hits h = {.first = NO_ROW, .last = NO_ROW, .after = NO_ROW, .before = NO_ROW};
    for (uint32_t w = 0; w * 64 < a->tab->info->d_sae; w++) {
        for (uint64_t word = matches(t, contexts, w); word; word &= word - 1) {
            uint32_t j = w * 64 + (uint32_t)__builtin_ctzll(word);
            h.count++;
            if (h.first == NO_ROW || order_before(o, j, h.first)) h.first = j;
            if (h.last == NO_ROW || order_before(o, h.last, j)) h.last = j;
            if (j == origin && !origin_counts) continue;
            bool later = j == origin || order_before(o, origin, j);
            if (later && (h.after == NO_ROW || order_before(o, j, h.after))) h.after = j;
            if (!later && (h.before == NO_ROW || order_before(o, h.before, j))) h.before = j;
        }
    }
    return h;
}

static uint32_t place_of(const app *a, uint32_t latent) {
    const table_state *t = a->tab->table;
    const uint64_t *contexts = contexts_of(&t->find);
    uint32_t place = 1;
    for (uint32_t w = 0; w * 64 < a->tab->info->d_sae; w++) {
        for (uint64_t word = matches(t, contexts, w); word; word &= word - 1)
            place += order_before(&t->order, w * 64 + (uint32_t)__builtin_ctzll(word), latent);
    }
    return place;
}

static bool has(const uint64_t *bits, uint32_t latent) {
    return bits && (bits[latent / 64] >> (latent % 64) & 1);
}

/* While it is typed the line says what is looked for. */
static void say_place(app *a, uint32_t latent, uint32_t count) {
    table_find *f = &a->tab->table->find;
    uint32_t place = place_of(a, latent);
    f->none = false;
    bool by_context = !has(f->match.bits, latent) && has(contexts_of(f), latent);
    if (a->prompt.then) app_say(a, "%u of %u", place, count);
    else
        app_say(a, "\"%s\": %u of %u%s   n next  N previous", f->text, place, count,
                by_context ? " by its context" : "");
}

static void say_none(app *a) {
    table_find *f = &a->tab->table->find;
    f->none = true;
    if (a->prompt.then) app_say(a, "no match; Enter searches the contexts");
    else if (!contexts_of(f)) app_say(a, "\"%s\" is in no label, key token or number; searching the contexts", f->text);
    else
        app_fail(a, "\"%s\" is in no label, key token, number or context%s", f->text,
                 a->tab->table->filter.on ? " that the filter shows" : "");
}

/* A search that begins goes to what is seen in the rows, as long as there is any; the next ones take all in order. */
static void arrive(app *a) {
    table_state *t = a->tab->table;
    const uint64_t *contexts = contexts_of(&t->find);
    hits all = look(a, contexts, t->find.origin, t->find.from_here), h = all;
    if (t->find.from_here && contexts) h = look(a, NULL, t->find.origin, true);
    if (!h.count) h = all;
    uint32_t to =
        t->find.direction > 0 ? (h.after != NO_ROW ? h.after : h.first) : (h.before != NO_ROW ? h.before : h.last);
    if (!h.count) {
        say_none(a);
        return;
    }
    table_go(a, to);
    say_place(a, to, all.count);
}

void table_find_say(app *a) {
    table_state *t = a->tab->table;
    if (!t->find.match.done) {
        app_say(a, "searching");
        t->find.pending = true;
        return;
    }
    hits h = look(a, contexts_of(&t->find), a->tab->latent, true);
    if (h.count) say_place(a, a->tab->latent, h.count);
    else say_none(a);
}

void table_find_more(app *a) {
    table_find *f = &a->tab->table->find;
    if (a->prompt.then || !f->match.done || f->pending) return; /* what is under way takes them along */
    if (f->none && a->tab->latent == f->origin) arrive(a);
    else if (has(f->match.bits, a->tab->latent) || has(f->contexts, a->tab->latent)) table_find_say(a);
}

void table_find_step(app *a, double deadline) {
    table_find *f = &a->tab->table->find;
    if (!text_match_step(&f->match, deadline)) return;
    add_number(a);
    if (f->pending) arrive(a);
    f->pending = false;
}

void table_find_go(app *a, const char *text, int direction, bool from_here) {
    table_state *t = a->tab->table;
    table_find *f = &t->find;
    if (strncmp(f->text, text, sizeof f->text - 1) != 0 || !f->match.index) {
        snprintf(f->text, sizeof f->text, "%s", text);
        text_match_begin(&f->match, a->tab->index, TEXT_SHOWN, f->text);
    }
    f->direction = direction;
    f->from_here = from_here;
    f->origin = a->tab->latent;
    f->pending = true;
    app_say(a, "searching");
    table_find_step(a, clock_seconds() + 0.008);
}
