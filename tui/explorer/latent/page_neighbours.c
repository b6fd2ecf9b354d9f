/* page_neighbours.c: latents whose decoder rows point the same way, and the opposite way. */
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>

enum { NEIGHBOURS_MOST = 20 };

typedef struct neighbours_state {
    scry_decoder_neighbours *search; /* owned; NULL: not begun, or done */
    bool made;                       /* near, far or why are those of `of` */
    uint32_t of;
    scry_neighbour near[NEIGHBOURS_MOST], far[NEIGHBOURS_MOST];
    size_t nears, fars;
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
        s->nears = s->fars = 0;
        if (s->made) return;
    }
    s->made = scry_decoder_neighbours_work(s->search, seconds);
    if (!s->made) return;
    s->nears = scry_decoder_neighbours_list(s->search, false, NEIGHBOURS_MOST, s->near);
    s->fars = scry_decoder_neighbours_list(s->search, true, NEIGHBOURS_MOST, s->far);
    scry_decoder_neighbours_free(s->search);
    s->search = NULL;
}

static void draw_one(app *a, int y, int x, int cols, const scry_neighbour *n, bool cursor) {
    char text[32];
    format_rho(n->cosine, 3, true, text, sizeof text);
    grid_put_right(a->grid, y, x, 6, ROLE_TEXT, text);
    latent_list_draw(a, y, x + 7, cols - 7, n->latent);
    if (cursor) grid_flag(a->grid, y, x, cols, CELL_CURSOR);
}

static void draw_column(app *a, rect r, const char *title, const scry_neighbour *list, int n, int top, int cursor) {
    char head[80];
    snprintf(head, sizeof head, "cosine   latent%s  %s", r.cols >= 41 ? "   rank" : "", title);
    text_fit(head, r.cols - 1, a->ascii);
    grid_put(a->grid, r.y, r.x, r.cols, ROLE_HEADER, head);
    for (int i = 0; i < r.rows - 1 && top + i < n; i++)
        draw_one(a, r.y + 1 + i, r.x, r.cols - 1, &list[top + i], top + i == cursor);
}

/* Where there is room for two columns the cursor goes down the nearest, then down the opposite. */
static bool two_columns(int cols) {
    return cols >= 64;
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
    int n = (int)s->nears, m = (int)s->fars;
    latent_list *l = &s->list;
    if (!two_columns(r.cols)) {
        scry_neighbour all[2 * NEIGHBOURS_MOST];
        memcpy(all, s->near, s->nears * sizeof *all);
        memcpy(all + n, s->far, s->fars * sizeof *all);
        latent_list_clamp(l, s->of, n + m, r.rows - 1);
        draw_column(a, (rect){r.y, r.x + 1, r.rows, r.cols - 1}, "nearest, then opposite", all, n + m, l->top,
                    l->cursor);
        return;
    }
    int half = (r.cols - 1) / 2, rows = r.rows - 1;
    if (l->of != s->of) *l = (latent_list){.of = s->of};
    bool right = l->cursor >= n;
    int at = right ? l->cursor - n : l->cursor, top = at < rows ? 0 : at - rows + 1;
    l->rows = rows;
    draw_column(a, (rect){r.y, r.x + 1, r.rows, half}, "nearest", s->near, n, right ? 0 : top, right ? -1 : at);
    draw_column(a, (rect){r.y, r.x + 1 + half, r.rows, r.cols - 1 - half}, "most opposite", s->far, m, right ? top : 0,
                right ? at : -1);
}

static void move_neighbours(app *a, move kind, long steps) {
    neighbours_state *s = near_of(a);
    latent_list_move(&s->list, kind, steps, (int)(s->nears + s->fars));
}

static bool target(app *a, uint32_t *latent) {
    const neighbours_state *s = near_of(a);
    size_t at = s->list.of == s->of ? (size_t)s->list.cursor : 0;
    if (!is_made(a) || at >= s->nears + s->fars) return false;
    *latent = at < s->nears ? s->near[at].latent : s->far[at - s->nears].latent;
    return true;
}

static void click(app *a, int row, int x, int cols) {
    neighbours_state *s = near_of(a);
    bool right = two_columns(cols) && x > (cols - 1) / 2, was_right = s->list.cursor >= (int)s->nears;
    int at = right ? s->list.cursor - (int)s->nears : s->list.cursor, top = s->list.top;
    if (two_columns(cols)) top = right == was_right && at >= s->list.rows ? at - s->list.rows + 1 : 0;
    if (row < 1 || !is_made(a)) return;
    int to = top + row - 1 + (right ? (int)s->nears : 0),
        most = right || !two_columns(cols) ? (int)(s->nears + s->fars) : (int)s->nears;
    if (to < most) latent_list_click(a, &s->list, to);
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
