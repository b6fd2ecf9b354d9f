/* latent_list.c: lists of latents in the latent's pane: a cursor, and what a row says of a latent. */
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "text/text.h"

#include <stdio.h>

void latent_list_clamp(latent_list *l, uint32_t latent, int count, int rows) {
    if (l->of != latent) *l = (latent_list){.of = latent};
    l->rows = rows;
    if (l->cursor >= count) l->cursor = count > 0 ? count - 1 : 0;
    if (l->cursor < l->top) l->top = l->cursor;
    if (rows > 0 && l->cursor >= l->top + rows) l->top = l->cursor - rows + 1;
    if (l->top + rows > count) l->top = count > rows ? count - rows : 0;
}

void latent_list_click(app *a, latent_list *l, int row) {
    l->cursor = row;
    app_record_mouse(a, "first", "%s", "");
    if (row) app_record_mouse(a, "down", "%d", row);
}

void latent_list_move(latent_list *l, move kind, long steps, int count) {
    l->cursor = (int)view_moved(l->cursor, kind, steps, l->rows - 1, count - 1);
}

void latent_list_draw(app *a, int y, int x, int cols, uint32_t latent) {
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
