/* text_index.c: labels and key tokens in order. */
#include "base/clock.h"
#include "base/mem.h"
#include "explorer/table/text_index.h"
#include "base/sort.h"
#include "labels.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE = 1024 }; /* between two looks at the clock */

static unsigned char fold(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* ---- a merge sort that can stop anywhere ------------------------------------------------------ */

typedef struct item {
    uint64_t head; /* the first eight bytes, which settle most comparisons */
    uint32_t number;
} item;

typedef struct sorting {
    item *a, *b; /* [n] each; the sorted runs are in a */
    size_t n, room, width, from, i, j, k;
    const char *(*text)(const scry_index *index, uint32_t number);
} sorting;

static void add_item(sorting *s, const scry_index *index, uint32_t number) {
    const char *text = s->text(index, number);
    item new = {0, number};
    for (int i = 0; i < 8; i++) {
        new.head = new.head << 8 | fold(*text);
        text += *text != 0;
    }
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 1024;
        s->a = mem_resize(s->a, s->room, sizeof *s->a);
    }
    s->a[s->n++] = new;
}

static int compare_text(const sorting *s, const scry_index *index, const item *x, const item *y) {
    if (x->head != y->head) return x->head < y->head ? -1 : 1;
    if (!(x->head & 0xff)) return 0; /* both have ended */
    const char *a = s->text(index, x->number), *b = s->text(index, y->number);
    while (*a && fold(*a) == fold(*b)) a++, b++;
    return fold(*a) - fold(*b);
}

/* Goes on merging runs of `width` until the deadline; true when all is one run. Stable. */
static bool merge_step(sorting *s, const scry_index *index, double deadline) {
    if (!s->b) {
        s->b = mem_new(s->n ? s->n : 1, sizeof *s->b);
        s->width = 1;
        s->i = 0;
        s->j = 1;
    }
    for (size_t count = 0; s->width < s->n; count++) {
        if (count % SLICE == SLICE - 1 && clock_seconds() > deadline) return false;
        size_t middle = s->from + s->width < s->n ? s->from + s->width : s->n;
        size_t end = s->from + 2 * s->width < s->n ? s->from + 2 * s->width : s->n;
        if (s->k < end) {
            bool left = s->j >= end || (s->i < middle && compare_text(s, index, &s->a[s->i], &s->a[s->j]) <= 0);
            s->b[s->k++] = left ? s->a[s->i++] : s->a[s->j++];
            continue;
        }
        s->from = end;
        if (end == s->n) {
            item *swap = s->a;
            s->a = s->b;
            s->b = swap;
            s->width *= 2;
            s->from = 0;
        }
        s->i = s->k = s->from;
        s->j = s->from + s->width < s->n ? s->from + s->width : s->n;
    }
    return true;
}

static void sorting_free(sorting *s) {
    free(s->a);
    free(s->b);
    *s = (sorting){0};
}

/* ---- the order -------------------------------------------------------------------------------- */

struct text_work {
    enum { LIST_PIECES, SORT_PIECES, LIST_LABELS, SORT_LABELS, KEY_TOKENS, SORT_TOKENS, PLACE_TOKENS, DONE } stage;
    uint32_t latents, pieces, at;
    uint64_t labels;      /* scry_label_version; with others it begins anew: what has a label may have none now */
    uint32_t *piece_rank; /* [pieces] equal texts alike */
    sorting sort;
    uint32_t *rank;
    radix_item *tokens, *room; /* the latents without a label */
    uint32_t named, unnamed;
    int digit; /* key piece that is sorted by next, the last first */
};

/* The space before a word says little here. */
static const char *piece_text(const scry_index *index, uint32_t piece) {
    const char *text = scry_piece(index, piece);
    while (*text == ' ') text++;
    return text;
}

static const char *label_text(const scry_index *index, uint32_t latent) {
    return scry_label(index, latent);
}

static bool list_pieces(text_work *w, const scry_index *index, double deadline) {
    while (w->at < w->pieces) {
        add_item(&w->sort, index, w->at++);
        if (w->at % SLICE == 0 && clock_seconds() > deadline) return false;
    }
    return true;
}

static void rank_pieces(text_work *w, const scry_index *index) {
    w->piece_rank = mem_new(w->pieces ? w->pieces : 1, sizeof *w->piece_rank);
    uint32_t rank = 0;
    for (size_t i = 0; i < w->sort.n; i++) {
        if (i && compare_text(&w->sort, index, &w->sort.a[i - 1], &w->sort.a[i]) != 0) rank++;
        w->piece_rank[w->sort.a[i].number] = rank;
    }
}

static bool list_labels(text_work *w, const scry_index *index, double deadline) {
    while (w->at < w->latents) {
        uint32_t latent = w->at++;
        if (scry_label(index, latent)) add_item(&w->sort, index, latent);
        else w->tokens[w->unnamed++].number = latent;
        if (w->at % SLICE == 0 && clock_seconds() > deadline) return false;
    }
    return true;
}

static void rank_labels(text_work *w) {
    w->named = (uint32_t)w->sort.n;
    for (uint32_t i = 0; i < w->named; i++) w->rank[w->sort.a[i].number] = i;
    w->digit = SCRY_KEY_PIECES - 1;
    w->at = 0;
}

/* One key piece as a digit; nothing at all comes last, nothing more comes first. */
static bool key_tokens(text_work *w, const scry_index *index, double deadline) {
    uint32_t nothing = w->digit ? 0 : w->pieces + 1;
    while (w->at < w->unnamed) {
        radix_item *token = &w->tokens[w->at++];
        uint32_t piece[SCRY_KEY_PIECES];
        scry_key_pieces(index, token->number, piece);
        uint32_t one = piece[w->digit];
        token->key = one == SCRY_NO_PIECE ? nothing : w->piece_rank[one] + 1;
        if (w->at % SLICE == 0 && clock_seconds() > deadline) return false;
    }
    return true;
}

/* True when all digits are sorted by; else the next one is to be taken. */
static bool sort_tokens(text_work *w) {
    radix_item *sorted = radix_sort(w->tokens, w->room, w->unnamed);
    if (sorted != w->tokens) {
        w->room = w->tokens;
        w->tokens = sorted;
    }
    w->at = 0;
    if (w->digit-- == 0) return true;
    w->stage = KEY_TOKENS;
    return false;
}

static bool place_tokens(text_work *w, double deadline) {
    while (w->at < w->unnamed) {
        w->rank[w->tokens[w->at].number] = w->named + w->at;
        if (++w->at % SLICE == 0 && clock_seconds() > deadline) return false;
    }
    return true;
}

/* One piece of work; true when the stage is over. */
static bool work_on(text_work *w, const scry_index *index, double deadline) {
    switch (w->stage) {
    case LIST_PIECES:
        w->sort.text = piece_text;
        return list_pieces(w, index, deadline);
    case SORT_PIECES:
        if (!merge_step(&w->sort, index, deadline)) return false;
        rank_pieces(w, index);
        sorting_free(&w->sort);
        w->sort.text = label_text;
        w->at = 0;
        w->rank = mem_new(w->latents, sizeof *w->rank);
        w->tokens = mem_new(w->latents, sizeof *w->tokens);
        w->room = mem_new(w->latents, sizeof *w->room);
        return true;
    case LIST_LABELS:
        return list_labels(w, index, deadline);
    case SORT_LABELS:
        if (!merge_step(&w->sort, index, deadline)) return false;
        rank_labels(w);
        sorting_free(&w->sort);
        return true;
    case KEY_TOKENS:
        return key_tokens(w, index, deadline);
    case SORT_TOKENS:
        return sort_tokens(w);
    case PLACE_TOKENS:
        return place_tokens(w, deadline);
    default:
        return true;
    }
}

static void work_free(text_work *w) {
    if (!w) return;
    sorting_free(&w->sort);
    free(w->piece_rank);
    free(w->rank);
    free(w->tokens);
    free(w->room);
    free(w);
}

bool text_order_waits(const text_order *o) {
    return !o->rank || o->labels != scry_label_version(o->index);
}

bool text_order_step(text_order *o, double deadline) {
    const uint64_t labels = scry_label_version(o->index);
    if (!text_order_waits(o)) return true;
    if (o->work && o->work->labels != labels) {
        work_free(o->work);
        o->work = NULL;
    }
    if (!o->work) {
        o->work = mem_new(1, sizeof *o->work);
        o->work->labels = labels;
        o->work->latents = scry_index_info(o->index)->d_sae;
        o->work->pieces = scry_pieces(o->index);
    }
    text_work *w = o->work;
    while (w->stage != DONE) {
        if (work_on(w, o->index, deadline)) w->stage++;
        if (w->stage != DONE && clock_seconds() > deadline) return false;
    }
    free(o->rank);
    o->rank = w->rank;
    o->labels = labels;
    w->rank = NULL;
    work_free(w);
    o->work = NULL;
    return true;
}

void text_order_free(text_order *o) {
    work_free(o->work);
    free(o->rank);
}
