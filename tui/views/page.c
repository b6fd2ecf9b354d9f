/* page.c: a page of text over the panes. */
#include "views/page.h"
#include "draw/text.h"
#include "keys.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Text from column `left` of a line on, at most as long as fits. */
static const char *from_column(const char *line, int left) {
    while (*line && left > 0) {
        const char *at = line;
        left -= text_width(text_next(&at));
        line = at;
    }
    return line;
}

static int count_lines(const char *text, int *widest) {
    char line[1000];
    int n = 0;
    *widest = 0;
    for (; *text; n++) {
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        int columns = text_columns(line);
        if (columns > *widest) *widest = columns;
        text += length + (text[length] == '\n');
    }
    return n;
}

static void clip(page_state *p, int lines, int page, int widest, int cols) {
    if (p->top > lines - page) p->top = lines - page;
    if (p->top < 0) p->top = 0;
    if (p->left > widest - cols) p->left = widest - cols;
    if (p->left < 0) p->left = 0;
}

/* In place of a text that is being worked out: how far it is. */
static void draw_waiting(app *a, rect r) {
    double done = 0;
    int bar = r.cols - 4 < 40 ? r.cols - 4 : 40;
    errand_under_way(a, true, &done);
    view_title(a, r, true, "%s", a->page.title);
    for (int y = 1; y < r.rows; y++) grid_fill(a->grid, r.y + y, r.x, r.cols, ROLE_TEXT, ' ');
    grid_print(a->grid, r.y + 2, r.x + 2, r.cols - 2, ROLE_TEXT, "being worked out: %.0f%%", 100 * done);
    if (r.rows > 3) grid_bar(a->grid, r.y + 3, r.x + 2, bar, ROLE_BAR, done, a->ascii);
}

static void draw_page(app *a, rect r) {
    page_state *p = &a->page;
    if (p->waits) {
        draw_waiting(a, r);
        return;
    }
    int widest, lines = count_lines(p->text, &widest), page = r.rows - 1, room = r.cols - 2, y = 0;
    clip(p, lines, page, widest, room);
    view_title(a, r, true, "%s   %s%sq back", p->title, lines > page ? "j k scroll   " : "",
               widest > room ? "h l sideways   " : "");
    const char *at = p->text;
    for (int i = 0; i < p->top; i++) at += strcspn(at, "\n") + 1;
    for (; y < page; y++) {
        grid_fill(a->grid, r.y + 1 + y, r.x, r.cols, ROLE_TEXT, ' ');
        if (!*at) continue;
        char line[1000];
        size_t length = strcspn(at, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, at);
        bool cut = text_columns(line) - p->left > room;
        grid_put(a->grid, r.y + 1 + y, r.x + 1, room, ROLE_TEXT, from_column(line, p->left));
        if (cut) grid_put(a->grid, r.y + 1 + y, r.x + r.cols - 1, 1, ROLE_FAINT, ">");
        at += length + (at[length] == '\n');
    }
}

/* While its text is worked out the page has no keys but those that leave it, and the palette's. */
static bool waiting_key(app *a, uint32_t key, command_effect *effect) {
    if (key == ':') return false;
    *effect = DID_CHANGE;
    if (key != 'q' && key != 27 && key != 3) return true;
    app_say(a, "%s: given up", a->page.title);
    a->layer = NULL;
    return true;
}

static bool page_key(app *a, uint32_t key, command_effect *effect) {
    page_state *p = &a->page;
    if (p->waits) return waiting_key(a, key, effect);
    int page = a->grid->rows - 4;
    if (key == 'j' || key == KEY_CODE_DOWN) p->top++;
    else if (key == 'k' || key == KEY_CODE_UP) p->top--;
    else if (key == 'l' || key == KEY_CODE_RIGHT) p->left += 8;
    else if (key == 'h' || key == KEY_CODE_LEFT) p->left -= 8;
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN || key == ' ') p->top += page;
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) p->top -= page;
    else if (key == 'g' || key == KEY_CODE_HOME) p->top = 0;
    else if (key == 'G' || key == KEY_CODE_END) p->top = 100000;
    else a->layer = NULL;
    if (key == ':') return false; /* a command: on the panes again */
    *effect = DID_CHANGE;
    return true;
}

static void page_wheel(app *a, int steps) {
    a->page.top += steps;
}

static void page_footer(app *a, rect r) {
    static const char *const waiting[][2] = {{"q", "give it up"}, {":", "commands"}};
    static const char *const hints[][2] = {{"j k", "scroll"}, {"h l", "sideways"}, {":", "commands"}, {"q", "back"}};
    if (a->page.waits) view_hints(a, r, waiting, sizeof waiting / sizeof *waiting);
    else view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

const layer layer_page = {"page", draw_page, page_key, page_wheel, page_footer};

void page_show(app *a, const char *title, char *text) {
    free(a->page.text);
    a->page = (page_state){.text = text};
    snprintf(a->page.title, sizeof a->page.title, "%s", title);
    a->layer = &layer_page;
}

void page_work(app *a, const char *title, void (*work)(void *own, const scry_stop *stop),
               void (*end)(app *a, void *own, bool whole), void *own) {
    errand e = {.page = true, .work = work, .end = end, .own = own};
    snprintf(e.what, sizeof e.what, "%s", title);
    while (errand_give_up(a, true)) continue;
    page_show(a, title, NULL);
    a->page.waits = true;
    errand_begin(a, &e);
}
