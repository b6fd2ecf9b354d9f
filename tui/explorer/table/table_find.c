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

typedef struct hits {
    uint32_t count, place;       /* among the rows; place: of the one gone to, from 1 */
    uint32_t first, last, after; /* in the order of the rows; NO_ROW: none */
    uint32_t before;
} hits;

/* One reading of all matches that are rows. */
static hits look(const app *a, uint32_t origin, bool origin_counts) {
    const table_state *t = a->tab->table;
    const row_order *o = &t->order;
    hits h = {.first = NO_ROW, .last = NO_ROW, .after = NO_ROW, .before = NO_ROW};
    for (uint32_t w = 0; w * 64 < a->tab->info->d_sae; w++) {
        uint64_t word = t->find.match.bits[w] & (t->filter.on ? t->filter.bits[w] : UINT64_MAX);
        for (; word; word &= word - 1) {
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
    uint32_t place = 1;
    for (uint32_t w = 0; w * 64 < a->tab->info->d_sae; w++) {
        uint64_t word = t->find.match.bits[w] & (t->filter.on ? t->filter.bits[w] : UINT64_MAX);
        for (; word; word &= word - 1)
            place += order_before(&t->order, w * 64 + (uint32_t)__builtin_ctzll(word), latent);
    }
    return place;
}

/* While it is typed the line says what is looked for. */
static void say_place(app *a, uint32_t place, uint32_t count) {
    if (a->prompt.then) app_say(a, "%u of %u", place, count);
    else app_say(a, "\"%s\": %u of %u   n next  N previous", a->tab->table->find.text, place, count);
}

static void say_none(app *a) {
    if (a->prompt.then) app_say(a, "no match");
    else
        app_fail(a, "\"%s\" is in no label, key token or number%s", a->tab->table->find.text,
                 a->tab->table->filter.on ? " that the filter shows" : "");
}

static void arrive(app *a) {
    table_state *t = a->tab->table;
    hits h = look(a, t->find.origin, t->find.from_here);
    uint32_t to =
        t->find.direction > 0 ? (h.after != NO_ROW ? h.after : h.first) : (h.before != NO_ROW ? h.before : h.last);
    if (!h.count) {
        say_none(a);
        return;
    }
    table_go(a, to);
    say_place(a, place_of(a, to), h.count);
}

void table_find_say(app *a) {
    table_state *t = a->tab->table;
    if (!t->find.match.done) {
        app_say(a, "searching");
        t->find.pending = true;
        return;
    }
    hits h = look(a, a->tab->latent, true);
    if (h.count) say_place(a, place_of(a, a->tab->latent), h.count);
    else say_none(a);
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
