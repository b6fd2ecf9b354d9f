/* latent_list.c: a page's list of latents: its cursor, what is in sight, its rows. */
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "text/text.h"

#include <stdio.h>

void latent_list_set(latent_list *l, uint32_t latent, size_t count) {
    if (count && l->of != latent) *l = (latent_list){.of = latent};
    l->count = (int)count;
    if (count && l->cursor >= l->count) l->cursor = l->count - 1;
}

void latent_list_move(latent_list *l, move kind, long steps) {
    if (l->head) l->cursor = (int)view_moved(l->cursor, kind, steps, l->rows - 1, l->count - 1);
}

void latent_list_click(app *a, latent_list *l, int line, int from, int end) {
    int row = from + line - l->head;
    if (row < from || row >= end) return;
    l->cursor = row;
    app_record_mouse(a, "first", "%s", "");
    if (row) app_record_mouse(a, "down", "%d", row);
}

void latent_list_rows(app *a, rect r, const latent_list *l, int from, int end, latent_list_row *draw) {
    for (int row = from; row < end && row < from + r.rows; row++) {
        int y = r.y + row - from;
        draw(a, y, r.x, r.cols, row);
        if (row == l->cursor) grid_flag(a->grid, y, r.x, r.cols, CELL_CURSOR);
    }
}

void latent_list_draw(app *a, rect r, latent_list *l, latent_list_row *draw) {
    l->rows = r.rows;
    if (l->cursor < l->top) l->top = l->cursor;
    if (r.rows > 0 && l->cursor >= l->top + r.rows) l->top = l->cursor - r.rows + 1;
    if (l->top + r.rows > l->count) l->top = l->count > r.rows ? l->count - r.rows : 0;
    latent_list_rows(a, r, l, l->top, l->count, draw);
}

void latent_list_put(app *a, int y, int x, int cols, uint32_t latent) {
    char text[256];
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    int start = x;
    grid_put(a->grid, y, x, 1, ROLE_IN, in ? "*" : " ");
    snprintf(text, sizeof text, "%u", latent);
    grid_put_right(a->grid, y, x + 1, 8, in ? ROLE_IN : ROLE_TEXT, text);
    x += 10;
    if (cols >= 34) {
        snprintf(text, sizeof text, "%u", scry_session_ranking(a->tab->session)->rank[latent] + 1);
        grid_put_right(a->grid, y, x, 7, ROLE_FAINT, text);
        x += 9;
    }
    bool labelled = table_label(a, latent, text, sizeof text);
    text_fit(text, start + cols - x, a->ascii);
    grid_put(a->grid, y, x, start + cols - x, labelled ? ROLE_TEXT : ROLE_FAINT, text);
}
