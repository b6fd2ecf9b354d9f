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

static void draw_page(app *a, rect r) {
    page_state *p = &a->page;
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

static bool page_key(app *a, uint32_t key, command_effect *effect) {
    page_state *p = &a->page;
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
    static const char *const hints[][2] = {{"j k", "scroll"}, {"h l", "sideways"}, {":", "commands"}, {"q", "back"}};
    view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

static const layer layer_page = {"page", draw_page, page_key, page_wheel, page_footer};

void page_show(app *a, const char *title, char *text) {
    free(a->page.text);
    a->page = (page_state){.text = text};
    snprintf(a->page.title, sizeof a->page.title, "%s", title);
    a->layer = &layer_page;
}
