/* text_page_lines.c: lines of words are wrapped, rows of tables are not. */
#include "explorer/panes/text_page_lines.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "explorer/panes/text_page.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
