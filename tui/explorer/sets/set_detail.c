/* set_detail.c: the selection compared with one set. */
#include "explorer/sets/set_detail.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "sets.h"
#include "text/text.h"

#include <stdio.h>

typedef struct member_list {
    const char *title;
    uint32_t count;
    bool in_now, in_set;
} member_list;

static void draw_member(app *a, rect r, int y, uint32_t latent) {
    char label[160];
    bool labelled = table_label(a, latent, label, sizeof label);
    int number = r.cols > 10 ? 8 : r.cols;
    grid_print(a->grid, y, r.x, number, ROLE_IN, "%*u", number - 1, latent);
    text_fit(label, r.cols - number - 1, a->ascii);
    grid_put(a->grid, y, r.x + number, r.cols - number - 1, labelled ? ROLE_TEXT : ROLE_FAINT, label);
}

/* The first of them by rank; how many more there are in the last row. */
static void draw_members(app *a, rect r, const scry_set *set, member_list of) {
    const scry_set *now = scry_session_set(a->tab->session);
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    uint32_t rows = r.rows > 1 ? (uint32_t)r.rows - 1 : 0, shown = 0;
    char title[64];
    snprintf(title, sizeof title, "%u %s", of.count, of.title);
    text_fit(title, r.cols - 1, a->ascii);
    grid_put(a->grid, r.y, r.x, r.cols - 1, ROLE_HEADER, title);
    uint32_t fit = of.count > rows && rows ? rows - 1 : of.count;
    for (uint32_t rank = 0; rank < ranking->latents && shown < fit; rank++) {
        uint32_t latent = ranking->order[rank];
        if (scry_set_has(now, latent) != of.in_now || scry_set_has(set, latent) != of.in_set) continue;
        draw_member(a, r, r.y + 1 + (int)shown++, latent);
    }
    if (of.count > fit && rows)
        grid_print(a->grid, r.y + r.rows - 1, r.x + 1, r.cols - 1, ROLE_FAINT, "%u more", of.count - fit);
}

void set_detail_draw(app *a, rect r, const char *name, const scry_set *set) {
    scry_set_relation to = scry_set_relate(scry_session_set(a->tab->session), set);
    char only[40];
    snprintf(only, sizeof only, "only in %.28s", name);
    text_fit(only, r.cols / 3 - 4, a->ascii);
    const member_list list[] = {{"in both", to.both, true, true},
                                {"only in the selection", to.only_a, true, false},
                                {only, to.only_b, false, true}};
    view_title(a, r, false, "the selection and %s, by rank", name);
    int width = (r.cols - 2) / 3;
    for (int i = 0; i < 3; i++) draw_members(a, (rect){r.y + 1, r.x + 2 + i * width, r.rows - 1, width}, set, list[i]);
}
