/* filter_eval.c: runs a filter over blocks of latents. */
#include "base/clock.h"
#include "base/mem.h"
#include "columns.h"
#include "explorer/table/column_table.h"
#include "explorer/table/filter_program.h"

#include <stdlib.h>
#include <string.h>

enum { SLOW_BLOCK = 256, BLOCK = 2048, WORDS = BLOCK / 64 };

typedef struct run {
    const filter *f;
    app *a;
    uint32_t from, n;
    double value[BLOCK];
    uint64_t stack[STACK_MOST][WORDS];
    int depth;
} run;

/* What has no value passes no comparison. */
static void compare_values(const run *r, const filter_step *s, uint64_t *out) {
    const bool less = s->how & LESS, equal = s->how & EQUAL, more = s->how & MORE;
    const double y = s->value;
    for (uint32_t from = 0; from < r->n; from += 64) {
        const uint32_t n = r->n - from < 64 ? r->n - from : 64;
        const double *x = r->value + from;
        uint64_t word = 0;
        for (uint32_t i = 0; i < n; i++)
            word |= (uint64_t)((less & (x[i] < y)) | (equal & (x[i] == y)) | (more & (x[i] > y))) << i;
        out[from / 64] = word;
    }
}

static void among(run *r, const filter_step *s, uint64_t *out) {
    const filter_range *range = &r->f->range[s->first];
    for (uint32_t i = 0; i < r->n; i++) {
        bool in = false;
        for (int k = 0; k < s->count && !in; k++) in = r->value[i] >= range[k].low && r->value[i] <= range[k].high;
        out[i / 64] |= (uint64_t)in << (i % 64);
    }
}

static void push(run *r, const filter_step *s) {
    uint64_t *out = r->stack[r->depth++];
    memset(out, 0, sizeof r->stack[0]);
    if (s->kind == COLUMN_IS || s->kind == COLUMN_AMONG) columns[s->number].values(r->a, r->from, r->n, r->value);
    if (s->kind == DOMAIN_IS && s->slow >= 0)
        memcpy(r->value, r->f->slow[s->slow].value + r->from, r->n * sizeof *r->value);
    else if (s->kind == DOMAIN_IS) domain_measures[s->number].values(r->a, s->domain, r->from, r->n, r->value);
    if (s->kind == COLUMN_IS || s->kind == DOMAIN_IS) compare_values(r, s, out);
    else if (s->kind == COLUMN_AMONG) among(r, s, out);
    else if (s->kind == TEXT_IS)
        memcpy(out, r->f->text[s->number].match.bits + r->from / 64, (r->n + 63) / 64 * sizeof *out);
    else
        for (uint32_t i = 0; i < r->n; i++) out[i / 64] |= (uint64_t)flags[s->number].is(r->a, r->from + i) << (i % 64);
}

static void combine(run *r, const filter_step *s) {
    uint64_t *top = r->stack[r->depth - 1], *below = s->kind == NOT ? NULL : r->stack[r->depth - 2];
    for (int w = 0; w < WORDS; w++) {
        if (s->kind == NOT) top[w] = ~top[w];
        else if (s->kind == BOTH) below[w] &= top[w];
        else below[w] |= top[w];
    }
    if (s->kind != NOT) r->depth--;
}

uint32_t filter_run(const filter *f, app *a, uint64_t *bits) {
    run *r = mem_new(1, sizeof *r);
    uint32_t latents = a->tab->info->d_sae, passed = 0;
    *r = (run){.f = f, .a = a};
    for (r->from = 0; r->from < latents; r->from += BLOCK) {
        r->n = latents - r->from < BLOCK ? latents - r->from : BLOCK;
        r->depth = 0;
        for (int i = 0; i < f->steps; i++) {
            if (f->step[i].kind < BOTH) push(r, &f->step[i]);
            else combine(r, &f->step[i]);
        }
        for (uint32_t w = 0; w * 64 < r->n; w++) {
            uint64_t word = f->steps ? r->stack[0][w] : UINT64_MAX;
            if (r->n - w * 64 < 64) word &= ((uint64_t)1 << (r->n - w * 64)) - 1;
            bits[r->from / 64 + w] = word;
            passed += (uint32_t)__builtin_popcountll(word);
        }
    }
    free(r);
    return passed;
}

/* A search of the same kind in the same place: one more letter has been typed, or one taken away. */
static void begin_text(filter *f, filter *before, int i) {
    if (before && i < before->texts && before->text[i].kind == f->text[i].kind) {
        f->text[i].match = before->text[i].match;
        memset(&before->text[i].match, 0, sizeof before->text[i].match);
    }
    bool same = f->text[i].match.done && strcmp(f->text[i].match.needle, f->text[i].needle) == 0;
    if (!same) text_match_begin(&f->text[i].match, f->index, f->text[i].kind, f->text[i].needle);
    f->text[i].begun = true;
}

static void begin_slow(filter *f, filter *before, int i) {
    for (int k = 0; before && k < before->slows; k++) {
        if (before->slow[k].measure != f->slow[i].measure || before->slow[k].domain != f->slow[i].domain) continue;
        f->slow[i].value = before->slow[k].value;
        f->slow[i].done = before->slow[k].done;
        before->slow[k].value = NULL;
        before->slow[k].done = 0;
    }
    if (!f->slow[i].value) f->slow[i].value = mem_new(scry_index_info(f->index)->d_sae, sizeof *f->slow[i].value);
}

static bool slow_step(filter *f, app *a, int i, double deadline) {
    uint32_t latents = a->tab->info->d_sae;
    while (f->slow[i].done < latents) {
        uint32_t from = f->slow[i].done, n = latents - from < SLOW_BLOCK ? latents - from : SLOW_BLOCK;
        domain_measures[f->slow[i].measure].values(a, f->slow[i].domain, from, n, f->slow[i].value + from);
        f->slow[i].done += n;
        if (clock_seconds() > deadline) break;
    }
    if (f->slow[i].done == latents) scry_drop_pages(f->index); /* it has read every posting */
    return f->slow[i].done == latents;
}

bool filter_prepare(filter *f, app *a, filter *before, double deadline) {
    for (int i = 0; i < f->texts; i++) {
        if (!f->text[i].begun || !f->text[i].match.index) begin_text(f, before, i);
        if (!text_match_step(&f->text[i].match, deadline)) return false;
    }
    for (int i = 0; i < f->slows; i++) {
        if (!f->slow[i].value) begin_slow(f, before, i);
        if (!slow_step(f, a, i, deadline)) return false;
    }
    return true;
}

void filter_free(filter *f) {
    if (!f) return;
    for (int i = 0; i < f->texts; i++) text_match_free(&f->text[i].match);
    for (int i = 0; i < f->slows; i++) free(f->slow[i].value);
    free(f);
}

bool filter_is_empty(const filter *f) {
    return f->steps == 0;
}

bool filter_reads(const filter *f, int column) {
    for (int i = 0; i < f->steps; i++)
        if (f->step[i].kind <= COLUMN_AMONG && f->step[i].number == column) return true;
    return false;
}

unsigned filter_on(const filter *f) {
    return f->on;
}
