/* help_page.c: the page of all keys and commands: scrolled, and searched while one types. */
#include "explorer/panes/help_page.h"
#include "explorer/panes/prompt.h"
#include "explorer/panes/view.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>

/* Columns of key, and of name with its arguments, by the screen's width. */
enum { KEY = 11, NAME = 14, NAME_WIDE = 40, WIDE = 120 };

static int text_at(const app *a) {
    return 2 + KEY + (a->grid->cols >= WIDE ? NAME_WIDE : NAME);
}

/* bytes of text, with what the filter found in it. */
static int put_found(app *a, int y, int x, int cols, role look, const char *text, int bytes) {
    const char *filter = a->help->filter;
    int start = x;
    char part[256], found[HELP_FILTER];
    snprintf(part, sizeof part, "%.*s", bytes, text);
    text_fit(part, cols, a->ascii);
    for (const char *at = part; *at;) {
        const char *next = help_find(at, filter);
        char before[256];
        snprintf(before, sizeof before, "%.*s", next ? (int)(next - at) : (int)strlen(at), at);
        x += grid_put(a->grid, y, x, start + cols - x, look, before);
        if (!next) break;
        snprintf(found, sizeof found, "%.*s", (int)strlen(filter), next);
        x += grid_put(a->grid, y, x, start + cols - x, ROLE_FOCUS, found);
        at = next + strlen(filter);
    }
    return x - start;
}

static void draw_line(app *a, const help_line *l, int y, int left) {
    int cols = a->grid->cols, x = left + 1, text = left + text_at(a);
    if (l->title) {
        grid_put(a->grid, y, x, cols - x, ROLE_HEADER, l->text);
        return;
    }
    put_found(a, y, x + 1, KEY - 1, ROLE_KEY, l->key, (int)strlen(l->key));
    x += 1 + KEY;
    x += put_found(a, y, x, text - x - 1, ROLE_TEXT, l->name, (int)strlen(l->name)) + 1;
    if (cols >= WIDE) put_found(a, y, x, text - x - 1, ROLE_FAINT, l->arguments, (int)strlen(l->arguments));
    put_found(a, y, text, cols - text, ROLE_FAINT, l->text + l->from, l->part);
}

static void draw_title(app *a, rect r, int n, int last) {
    const help_state *h = a->help;
    char typed[2 * HELP_FILTER];
    text_clean(h->filter, typed, sizeof typed, a->ascii);
    if (h->typing)
        view_title(a, r, true, "keys and commands with \"%s%s\", %d line%s", typed, a->ascii ? "_" : "\xe2\x96\x8f", n,
                   plural_s((unsigned)n));
    else if (h->filter[0])
        view_title(a, r, true, "keys and commands with \"%s\", %d line%s", typed, n, plural_s((unsigned)n));
    else view_title(a, r, true, "keys and commands, lines %d to %d of %d", h->top + 1, last, n);
}

static void draw_help(app *a, rect r) {
    help_line lines[HELP_LINES];
    help_state *h = a->help;
    int n = help_lines(a, r.cols - text_at(a) - 1, h->filter, lines), page = r.rows - 1;
    if (h->top > n - page) h->top = n - page;
    if (h->top < 0) h->top = 0;
    int last = h->top + page < n ? h->top + page : n;
    draw_title(a, r, n, last);
    for (int i = 0; i < page; i++) {
        grid_fill(a->grid, r.y + 1 + i, r.x, r.cols, ROLE_TEXT, ' ');
        if (h->top + i < n) draw_line(a, &lines[h->top + i], r.y + 1 + i, r.x);
    }
    if (!n) grid_put(a->grid, r.y + 1, r.x + 2, r.cols, ROLE_FAINT, "no line contains that");
}

static void help_move(app *a, move kind, long steps) {
    a->help->top = (int)view_moved(a->help->top, kind, steps, a->grid->rows - 4, HELP_LINES);
}

static void type_filter(app *a, uint32_t key) {
    help_state *h = a->help;
    bool rubs_nothing = (key == KEY_CODE_BACKSPACE || key == 8 || key == 127) && !h->filter[0];
    if (key == '\r' || key == '\n' || rubs_nothing) h->typing = false;
    else if (key == 27 || key == 3) *h = (help_state){0};
    else if (line_key(h->filter, sizeof h->filter, &h->at, key)) h->top = 0;
    else if (key == KEY_CODE_DOWN) help_move(a, MOVE_STEP, 1);
    else if (key == KEY_CODE_UP) help_move(a, MOVE_STEP, -1);
}

/* q, ? and what else leaves or calls the help; : leaves it and begins a command. Another key does nothing: a word that
 * someone goes on typing must not work the panes beneath. */
static bool leave_or_say(app *a, uint32_t key, command_effect *effect) {
    const command *c = keymap_command(&a->keys, key);
    bool palette = c && strcmp(c->name, "palette") == 0;
    bool leaves = c && (strcmp(c->name, "help") == 0 || strcmp(c->name, "quit") == 0);
    if (palette || leaves || key == 'q' || key == 27 || key == 3 || key == '\r' || key == '\n')
        *effect = app_command(a, "help"); /* by its command, so that a macro has it */
    else app_say(a, "no such key in the help; q goes back, : begins a command");
    return !palette;
}

static bool help_paste(app *a, const char *text) {
    help_state *h = a->help;
    if (!h->typing) return false;
    line_insert(h->filter, sizeof h->filter, &h->at, text);
    h->top = 0;
    return true;
}

static bool help_key(app *a, uint32_t key, command_effect *effect) {
    *effect = DID_CHANGE;
    if (a->help->typing) type_filter(a, key);
    else if (key == '/') a->help->typing = true;
    else if (key == 'j' || key == KEY_CODE_DOWN) help_move(a, MOVE_STEP, 1);
    else if (key == 'k' || key == KEY_CODE_UP) help_move(a, MOVE_STEP, -1);
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN || key == ' ') help_move(a, MOVE_PAGE, 1);
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) help_move(a, MOVE_PAGE, -1);
    else if (key == 'g' || key == KEY_CODE_HOME) help_move(a, MOVE_FIRST, 0);
    else if (key == 'G' || key == KEY_CODE_END) help_move(a, MOVE_LAST, 0);
    else if (key == 27 && a->help->filter[0]) *a->help = (help_state){0};
    else return leave_or_say(a, key, effect);
    return true;
}

static void help_wheel(app *a, int steps) {
    help_move(a, MOVE_STEP, steps);
    app_record_mouse(a, steps < 0 ? "up" : "down", "%d", steps < 0 ? -steps : steps);
}

static void help_footer(app *a, rect r) {
    static const char *const typing[][2] = {{"Enter", "done"}, {"Esc", "all lines"}};
    bool found = a->help->filter[0];
    const char *const hints[][2] = {{"j k", "scroll"},
                                    {"^d ^u", "pages"},
                                    {"/", found ? "another word" : "search"},
                                    {"Esc", found ? "all lines" : NULL},
                                    {"q", "back"},
                                    {":", "commands"}};
    if (a->help->typing) view_hints(a, r, typing, sizeof typing / sizeof *typing);
    else view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

const layer layer_help = {.name = "help",
                          .draw = draw_help,
                          .key = help_key,
                          .paste = help_paste,
                          .footer = help_footer,
                          .wheel = help_wheel,
                          .move = help_move};
