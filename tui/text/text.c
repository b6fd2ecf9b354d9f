/* text.c: untrusted text made safe for a terminal, and its width there. */
#include "text/text.h"
#include "base/printable.h"

#include <stdio.h>
#include <string.h>

int text_width(uint32_t code) {
    return printable_width(code);
}

int text_columns(const char *text) {
    int columns = 0;
    for (const char *at = text; *at;) columns += text_width(utf8_next(&at));
    return columns;
}

bool text_starts_with_mark(const char *text) {
    return *text && text_width(utf8_next(&text)) == 0;
}

int text_clean(const char *from, char *out, size_t size, bool ascii) {
    printable_run run = {0};
    size_t used = 0;
    int columns = 0;
    out[0] = 0;
    while (*from) {
        char piece[PRINTABLE_PIECE];
        printable_piece(&run, utf8_next(&from), ascii ? PRINTABLE_ASCII : PRINTABLE_TEXT, piece);
        size_t length = strlen(piece);
        if (used + length + 1 > size) break;
        memcpy(out + used, piece, length + 1);
        used += length;
        columns += text_columns(piece);
    }
    return columns;
}

void text_fit(char *text, int columns, bool ascii) {
    int used = 0;
    char *cut = text; /* where the ellipsis goes if the rest does not fit */
    for (const char *at = text; *at;) {
        int width = text_width(utf8_next(&at));
        if (used + width > columns) {
            if (columns <= 0) text[0] = 0;
            else strcpy(cut, ascii ? "~" : "\xe2\x80\xa6");
            return;
        }
        used += width;
        if (used <= columns - 1) cut = text + (at - text);
    }
}

void text_fit_middle(char *text, int columns, bool ascii) {
    int all = text_columns(text);
    if (all <= columns || columns < 5) {
        text_fit(text, columns, ascii);
        return;
    }
    /* The end gets half the columns, since it tells similar names apart; the beginning gets the rest. */
    int right = columns / 2, left = columns - right - 1, used = 0;
    const char *tail = text, *head = text;
    for (const char *at = text; *at && used <= left;) {
        used += text_width(utf8_next(&at));
        if (used <= left) head = at;
    }
    while (all > right) all -= text_width(utf8_next(&tail));
    char end[512];
    snprintf(end, sizeof end, "%s%s", ascii ? "~" : "\xe2\x80\xa6", tail);
    memmove(text + (head - text), end, strlen(end) + 1);
}

size_t text_break(const char *text, int columns) {
    int used = 0;
    size_t blank = 0;
    for (const char *at = text; *at;) {
        size_t here = (size_t)(at - text);
        bool is_blank = *at == ' ';
        used += text_width(utf8_next(&at));
        if (is_blank) blank = here;
        if (used > columns) return blank ? blank : here;
    }
    return strlen(text);
}

size_t text_bytes_of(const char *text, int columns) {
    const char *at = text, *end = text;
    for (int used = 0; *at && used <= columns;) {
        end = at;
        used += text_width(utf8_next(&at));
        if (used <= columns) end = at;
    }
    return (size_t)(end - text);
}

const char *text_without_path(const char *text, const char *path) {
    const size_t length = path ? strlen(path) : 0;
    const bool names = length && strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0;
    return names ? text + length + 2 : text;
}
