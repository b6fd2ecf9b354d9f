/* page_neighbours.c: latents whose decoder rows point the same way, and the opposite way. */
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>

enum { NEIGHBOURS_MOST = 20 };

typedef struct neighbours_state {
    scry_decoder_neighbours *search; /* owned; NULL: not begun, or done */
    bool made;                       /* found or why are those of `of` */
    uint32_t of;
    scry_neighbour found[2 * NEIGHBOURS_MOST]; /* the nearest, then the most opposite; as many as list.count */
    size_t nears;
    scry_error why; /* why there are none */
    latent_list list;
} neighbours_state;

static neighbours_state *near_of(const app *a) {
    return latent_page_state(a, &page_neighbours);
}

static bool is_made(app *a) {
    return near_of(a)->made && near_of(a)->of == app_latent(a);
}

static bool working(app *a) {
    return !is_made(a);
}

/* One search at a time: another latent's is given up. */
static void work(app *a, double seconds) {
    neighbours_state *s = near_of(a);
    uint32_t latent = app_latent(a);
    if (is_made(a)) return;
    if (!s->search || s->of != latent) {
        scry_decoder_neighbours_free(s->search);
        s->why = (scry_error){0};
        s->search = scry_decoder_neighbours_start(a->tab->index, latent, 0, &s->why);
        s->of = latent;
        s->made = !s->search;
        s->nears = 0;
        latent_list_set(&s->list, latent, 0);
        if (s->made) return;
    }
    s->made = scry_decoder_neighbours_work(s->search, seconds);
    if (!s->made) return;
    s->nears = scry_decoder_neighbours_list(s->search, false, NEIGHBOURS_MOST, s->found);
    size_t fars = scry_decoder_neighbours_list(s->search, true, NEIGHBOURS_MOST, s->found + s->nears);
    latent_list_set(&s->list, latent, s->nears + fars);
    scry_decoder_neighbours_free(s->search);
    s->search = NULL;
}

static void draw_one(app *a, int y, int x, int cols, int row) {
    const scry_neighbour *n = &near_of(a)->found[row];
    char text[32];
    format_rho(n->cosine, 3, true, text, sizeof text);
    grid_put_right(a->grid, y, x, 6, ROLE_TEXT, text);
    latent_list_put(a, y, x + 7, cols - 7, n->latent);
}

/* The header of a column; returns the room below it. */
static rect draw_head(app *a, rect r, const char *title) {
    char head[80];
    snprintf(head, sizeof head, "cosine   latent%s  %s", r.cols >= 41 ? "   rank" : "", title);
    text_fit(head, r.cols - 1, a->ascii);
    grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER, head);
    return (rect){r.y + 1, r.x, r.rows - 1, r.cols - 1};
}

/* Where there is room for two columns the cursor goes down the nearest, then down the opposite. */
static bool two_columns(int cols) {
    return cols >= 64;
}

/* The first row in sight of a column; the one with the cursor scrolls with it. */
static int column_top(const neighbours_state *s, bool right) {
    int first = right ? (int)s->nears : 0, at = s->list.cursor - first;
    bool here = right == (s->list.cursor >= (int)s->nears);
    return here && at >= s->list.rows ? first + at - s->list.rows + 1 : first;
}

static void draw_words(app *a, rect r, const char *words) {
    char text[1024];
    app_fit_text(a, words, r.cols - 3, text, sizeof text);
    grid_put(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_FAINT, text);
}

static void draw_neighbours(app *a, rect r) {
    neighbours_state *s = near_of(a);
    if (!is_made(a)) {
        char words[80];
        double share = s->search && s->of == app_latent(a) ? scry_decoder_neighbours_share(s->search) : 0;
        snprintf(words, sizeof words, "comparing with %u decoder rows, %.0f%%", a->tab->info->d_sae, 100 * share);
        draw_words(a, r, words);
        return;
    }
    if (!s->nears) {
        const char *why = strstr(s->why.text, ": ");
        draw_words(a, r, !s->why.text[0] ? "no other latent has a decoder row" : why ? why + 2 : s->why.text);
        return;
    }
    latent_list *l = &s->list;
    l->head = 1;
    r.x++, r.cols--;
    if (!two_columns(r.cols + 1)) {
        latent_list_draw(a, draw_head(a, r, "nearest, then opposite"), l, draw_one);
        return;
    }
    int n = (int)s->nears, half = r.cols / 2;
    l->rows = r.rows - 1;
    rect left = draw_head(a, (rect){r.y, r.x, r.rows, half}, "nearest");
    rect right = draw_head(a, (rect){r.y, r.x + half, r.rows, r.cols - half}, "most opposite");
    latent_list_rows(a, left, l, column_top(s, false), n, draw_one);
    latent_list_rows(a, right, l, column_top(s, true), l->count, draw_one);
}

static void move_neighbours(app *a, move kind, long steps) {
    latent_list_move(&near_of(a)->list, kind, steps);
}

static bool target(app *a, uint32_t *latent) {
    const neighbours_state *s = near_of(a);
    *latent = s->found[s->list.cursor].latent;
    return is_made(a) && s->list.count;
}

static void click(app *a, int line, int x, int cols) {
    neighbours_state *s = near_of(a);
    bool two = two_columns(cols), right = two && x > (cols - 1) / 2;
    int top = two ? column_top(s, right) : s->list.top, end = two && !right ? (int)s->nears : s->list.count;
    if (is_made(a)) latent_list_click(a, &s->list, line, top, end);
}

static void note(UNUSED app *a, char *text, size_t size) {
    snprintf(text, size, "decoder cosine");
}

static void free_neighbours(void *state) {
    scry_decoder_neighbours_free(((neighbours_state *)state)->search);
}

const latent_page page_neighbours = {.name = "neighbours",
                                     .brief = "near",
                                     .note = note,
                                     .draw = draw_neighbours,
                                     .move = move_neighbours,
                                     .target = target,
                                     .click = click,
                                     .working = working,
                                     .work = work,
                                     .state_size = sizeof(neighbours_state),
                                     .free = free_neighbours};
