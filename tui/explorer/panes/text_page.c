/* text_page.c: a page of text over the panes. */
#include "explorer/panes/text_page.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "explorer/jobs.h"
#include "explorer/panes/view.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { END = 1 << 20 };

/* Columns from..to of a line. */
static void part_of(const char *line, int from, int to, char *text, size_t size) {
    const char *at = line, *first = NULL;
    int x = 0;
    while (*at && x < to) {
        if (x >= from && !first) first = at;
        x += text_width(utf8_next(&at));
    }
    snprintf(text, size, "%.*s", first ? (int)(at - first) : 0, first ? first : "");
}

/* A row of a table: its first cell stays, the others move; no cell is cut but where it alone is too wide, and signs
 * at the ends say that there is more. */
static void draw_row(app *a, int y, int x, int cols, const page_line *l, const page_table *t, const char *text) {
    int left = t->end > cols ? a->page->left : 0, end = x + cols;
    role look = l->names ? ROLE_HEADER : ROLE_TEXT;
    char one[1000];
    bool shown = false;
    for (int i = 0; i < t->cells; i++) {
        int to = i + 1 < t->cells ? t->at[i + 1] : t->end, width = to - t->at[i];
        int needs = i + 1 < t->cells ? width - 2 : width;
        if (i > 0 && i <= left) continue;
        if (x + needs > end && shown) {
            grid_put(a->grid, y, end, 1, ROLE_FAINT, ">");
            break;
        }
        part_of(text, t->at[i], to, one, sizeof one);
        grid_put(a->grid, y, x, end - x, look, one);
        x += width;
        if (i == 0 && left) grid_put(a->grid, y, x - 2, 1, ROLE_FAINT, "<");
        shown = i > 0 || left == 0;
    }
}

static void draw_words(app *a, int y, int x, int cols, const page_line *l, const char *text) {
    grid_put(a->grid, y, x + l->indent, cols - l->indent, l->label || l->indent ? ROLE_FAINT : ROLE_TEXT, text);
    const char *end = l->label ? strstr(text, "  ") : NULL;
    char label[64];
    if (!end) return;
    snprintf(label, sizeof label, "%.*s", (int)(end - text), text);
    grid_put(a->grid, y, x, cols, ROLE_TEXT, label);
}

/* The most cells that a table leaves out at the left, so that its last is shown; 0: all of it fits. */
static int most_left(const page_table *t, int cols) {
    int left = 0, first = t->cells > 1 ? t->at[1] : 0;
    if (t->end <= cols) return 0;
    while (left + 2 < t->cells && first + t->end - t->at[left + 1] > cols) left++;
    return left;
}

static void clip(page_state *p, const page_lines *l, int page, int cols) {
    int lines = (int)l->count, left = 0;
    for (int i = 0; i < l->tables; i++)
        if (most_left(&l->table[i], cols) > left) left = most_left(&l->table[i], cols);
    p->scrolls = lines > page;
    p->sideways = left > 0;
    if (p->top > lines - page) p->top = lines - page;
    if (p->top < 0) p->top = 0;
    if (p->left > left) p->left = left;
    if (p->left < 0) p->left = 0;
}

/* In place of a text that is being worked out: how far it is. */
static void draw_waiting(app *a, rect r) {
    double done = 0;
    int bar = r.cols - 4 < 40 ? r.cols - 4 : 40;
    job_running(a, true, &done);
    view_title(a, r, true, "%s", a->page->title);
    for (int y = 1; y < r.rows; y++) grid_fill(a->grid, r.y + y, r.x, r.cols, ROLE_TEXT, ' ');
    grid_print(a->grid, r.y + 2, r.x + 2, r.cols - 2, ROLE_TEXT, "computing: %.0f%%", 100 * done);
    if (r.rows > 3) grid_bar(a->grid, r.y + 3, r.x + 2, bar, ROLE_BAR, done, a->ascii);
}

static void draw_page(app *a, rect r) {
    page_state *p = a->page;
    if (p->waits) {
        draw_waiting(a, r);
        return;
    }
    int page = r.rows - 1, room = r.cols - 2;
    page_lines l = page_lines_of(p->text, room);
    clip(p, &l, page, room);
    int last = p->top + page < (int)l.count ? p->top + page : (int)l.count;
    if (p->scrolls) view_title(a, r, true, "%s, lines %d to %d of %zu", p->title, p->top + 1, last, l.count);
    else view_title(a, r, true, "%s", p->title);
    for (int y = 0; y < page; y++) {
        char text[1000];
        grid_fill(a->grid, r.y + 1 + y, r.x, r.cols, ROLE_TEXT, ' ');
        if (p->top + y >= (int)l.count) continue;
        const page_line *line = &l.line[p->top + y];
        page_line_text(line, text, sizeof text);
        if (line->table >= 0) draw_row(a, r.y + 1 + y, r.x + 1, room, line, &l.table[line->table], text);
        else draw_words(a, r.y + 1 + y, r.x + 1, room, line, text);
    }
    page_lines_free(&l);
}

/* While its text is worked out the page has no keys but those that leave it, and the palette's. */
static bool waiting_key(app *a, uint32_t key, command_effect *effect) {
    if (key == ':') return false;
    *effect = DID_CHANGE;
    if (key != 'q' && key != 27 && key != 3) return true;
    app_say(a, "%s: cancelled", a->page->title);
    a->layer = NULL;
    return true;
}

static void page_move(app *a, move kind, long steps) {
    a->page->top = (int)view_moved(a->page->top, kind, steps, a->grid->rows - 4, END);
}

/* Sideways, by a cell of its tables. */
static void page_slide(app *a, int steps) {
    a->page->left += steps;
}

static bool leaves(app *a, uint32_t key) {
    const command *c = keymap_command(&a->keys, key);
    bool quits = c && strcmp(c->name, "quit") == 0;
    return quits || key == 'q' || key == ':' || key == 27 || key == 3 || key == '\r' || key == '\n';
}

static bool page_key(app *a, uint32_t key, command_effect *effect) {
    char help[40];
    if (a->page->waits) return waiting_key(a, key, effect);
    keymap_first(&a->keys, "help", help, sizeof help);
    *effect = DID_CHANGE;
    if (key == 'j' || key == KEY_CODE_DOWN) page_move(a, MOVE_STEP, 1);
    else if (key == 'k' || key == KEY_CODE_UP) page_move(a, MOVE_STEP, -1);
    else if (key == 'l' || key == KEY_CODE_RIGHT) page_slide(a, 1);
    else if (key == 'h' || key == KEY_CODE_LEFT) page_slide(a, -1);
    else if (key == ('d' & 0x1f) || key == KEY_CODE_PAGE_DOWN || key == ' ') page_move(a, MOVE_PAGE, 1);
    else if (key == ('u' & 0x1f) || key == KEY_CODE_PAGE_UP) page_move(a, MOVE_PAGE, -1);
    else if (key == 'g' || key == KEY_CODE_HOME) page_move(a, MOVE_FIRST, 0);
    else if (key == 'G' || key == KEY_CODE_END) page_move(a, MOVE_LAST, 0);
    else if (help[0] && key == key_of_name(help)) return false;
    else if (leaves(a, key)) a->layer = NULL;
    else app_say(a, "no such key on this page; q goes back, : begins a command");
    return key != ':'; /* a command: on the panes again */
}

static void page_wheel(app *a, int steps) {
    page_move(a, MOVE_STEP, steps);
}

static void page_footer(app *a, rect r) {
    static const char *const waiting[][2] = {{"q", "cancel"}, {":", "commands"}};
    const char *const hints[][2] = {{"j k", a->page->scrolls ? "scroll" : NULL},
                                    {"h l", a->page->sideways ? "sideways" : NULL},
                                    {"q", "back"},
                                    {":", "commands"},
                                    {"?", "help"}};
    if (a->page->waits) view_hints(a, r, waiting, sizeof waiting / sizeof *waiting);
    else view_hints(a, r, hints, sizeof hints / sizeof *hints);
}

static const char *const page_keys[][2] = {{"j Down", "scroll down a line; k or Up: up"},
                                           {"^d PgDn", "scroll down a page; ^u or PgUp: up"},
                                           {"l Right", "scroll wide tables to the right; h or Left: to the left"},
                                           {"g Home", "go to the first line; G or End: the last"},
                                           {"q Esc", "go back to the panes"},
                                           {NULL, NULL}};

const layer layer_page = {.name = "table",
                          .draw = draw_page,
                          .key = page_key,
                          .footer = page_footer,
                          .wheel = page_wheel,
                          .move = page_move,
                          .slide = page_slide,
                          .keys = page_keys,
                          .waits_for_job = true};

void page_show(app *a, const char *title, char *text) {
    free(a->page->text);
    *a->page = (page_state){.text = text};
    snprintf(a->page->title, sizeof a->page->title, "%s", title);
    a->layer = &layer_page;
}

void page_work(app *a, const char *title, void (*work)(void *own, const scry_cancel *stop),
               void (*end)(app *a, void *own, bool whole), void *own) {
    job e = {.page = true, .work = work, .end = end, .own = own};
    snprintf(e.what, sizeof e.what, "%s", title);
    while (job_cancel(a, true)) continue;
    page_show(a, title, NULL);
    a->page->waits = true;
    job_begin(a, &e);
}

enum { LINE_MOST = 1000, LABEL_MOST_BYTES = 24 };

void page_lines_free(page_lines *l) {
    free(l->line);
    *l = (page_lines){0};
}

void page_line_text(const page_line *l, char *text, size_t size) {
    snprintf(text, size, "%.*s", l->bytes, l->text);
}

static void add(page_lines *l, page_line line) {
    if ((l->count & (l->count + 1)) == 0) { /* 0, 1, 3, 7, ...: full */
        l->line = mem_resize(l->line, 2 * l->count + 1, sizeof *l->line);
    }
    l->line[l->count++] = line;
}

/* Bytes that fill at most `cols` columns, up to a blank where there is one. */
static int fill(const char *text, int bytes, int cols) {
    const char *at = text, *blank = NULL;
    int width = 0;
    while (at < text + bytes) {
        const char *here = at;
        if (*here == ' ') blank = here;
        width += text_width(utf8_next(&at));
        if (width > cols) return (int)((blank && blank > text ? blank : here > text ? here : at) - text);
    }
    return bytes;
}

/* A word and two blanks or more, then others: where these begin; 0: the line has none. */
static int label_of(const char *text, int bytes) {
    int end = 0;
    while (end + 1 < bytes && end < LABEL_MOST_BYTES && !(text[end] == ' ' && text[end + 1] == ' ')) end++;
    if (end == 0 || end + 1 >= bytes || text[end] != ' ' || text[end + 1] != ' ') return 0;
    while (end < bytes && text[end] == ' ') end++;
    return end < bytes ? end : 0;
}

static void add_words(page_lines *l, const char *text, int bytes, int cols) {
    int label = label_of(text, bytes), indent = 0, from = 0;
    if (label > cols / 2) label = 0;
    do {
        int n = fill(text + from, bytes - from, cols - indent);
        add(l, (page_line){.text = text + from, .bytes = n, .indent = indent, .table = -1, .label = label && !from});
        from += n;
        while (from < bytes && text[from] == ' ') from++;
        indent = label;
    } while (from < bytes);
}

/* Where two blanks stand one upon the other in all rows, the next cell begins behind them. */
static page_table table_of(const page_line *line, size_t count) {
    bool filled[LINE_MOST] = {false};
    page_table t = {.cells = 1};
    for (size_t i = 0; i < count; i++) {
        const char *at = line[i].text, *end = at + line[i].bytes;
        int x = 0;
        while (at < end) {
            uint32_t code = utf8_next(&at);
            for (int w = text_width(code); w > 0 && x < LINE_MOST; w--) filled[x++] |= code != ' ';
        }
        if (x > t.end) t.end = x;
    }
    for (int x = 3; x < t.end && t.cells < PAGE_CELLS; x++)
        if (filled[x] && !filled[x - 1] && !filled[x - 2]) t.at[t.cells++] = x;
    return t;
}

page_lines page_lines_of(const char *text, int cols) {
    page_lines l = {0};
    bool in_table = false;
    if (cols < 4) cols = 4;
    for (size_t first = 0; *text;) {
        int bytes = (int)strcspn(text, "\n");
        bool names = *text == '\f';
        if (names && l.tables < PAGE_TABLES) in_table = true, first = l.count;
        if (!bytes) in_table = false;
        if (in_table) add(&l, (page_line){text + names, bytes - names, 0, l.tables, names, false});
        else add_words(&l, text + names, bytes - names, cols);
        text += bytes + (text[bytes] == '\n');
        if (in_table && (!*text || *text == '\n' || *text == '\f'))
            l.table[l.tables++] = table_of(l.line + first, l.count - first);
    }
    return l;
}

void page_draw_words(app *a, rect r, const char *text, role as) {
    const size_t size = 8 * strlen(text) + 1;
    char *safe = mem_new(size, 1), line[1000];
    text_clean(text, safe, size, a->ascii);
    page_lines l = page_lines_of(safe, r.cols);
    for (int i = 0; i < (int)l.count && i < r.rows; i++) {
        page_line_text(&l.line[i], line, sizeof line);
        grid_put(a->grid, r.y + i, r.x, r.cols, as, line);
    }
    page_lines_free(&l);
    free(safe);
}
