/* text.c: untrusted text made safe for a terminal, and its width there. */
#include "text/text.h"

#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

/* Vowels and finals of decomposed Hangul, which terminals draw into the initial's two columns. */
static bool is_hangul_rest(uint32_t code) {
    return (code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7ff);
}

/* Uses utf8proc instead of the C library's wcwidth, to give the same width on every system and in every locale, except
 * where terminals differ from it: spacing Indic vowel signs take a column. */
int text_width(uint32_t code) {
    if (code >= 0x20 && code < 0x7f) return 1;
    if (code >= UTF8_INVALID) return 1;
    if (is_hangul_rest(code)) return 0;
    if (utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_MC) return 1;
    return utf8proc_charwidth((utf8proc_int32_t)code);
}

int text_columns(const char *text) {
    int columns = 0;
    for (const char *at = text; *at;) columns += text_width(utf8_next(&at));
    return columns;
}

bool text_starts_with_mark(const char *text) {
    return *text && text_width(utf8_next(&text)) == 0;
}

/* Characters that have no width or change the direction of writing. */
static bool is_invisible(uint32_t code) {
    switch (utf8proc_category((utf8proc_int32_t)code)) {
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
        return true;
    default:
        return false;
    }
}

/* The zero-width joiner, and the variation selectors for text and emoji style. */
static bool is_style(uint32_t code) {
    return code == 0x200d || code == 0xfe0e || code == 0xfe0f;
}

/* Skin tones: some terminals merge them with the emoji before, others draw them next to it. */
static bool is_skin(uint32_t code) {
    return code >= 0x1f3fb && code <= 0x1f3ff;
}

static void safe_piece(uint32_t code, char *piece, size_t size, bool ascii) {
    if (code >= UTF8_INVALID) snprintf(piece, size, "\\x%02x", code - UTF8_INVALID);
    else if (code == '\n') snprintf(piece, size, "%s", ascii ? "\\n" : "\xe2\x8f\x8e");
    else if (code == '\t') snprintf(piece, size, "%s", ascii ? "\\t" : "\xe2\x87\xa5");
    else if (code == 0xa0) snprintf(piece, size, " ");
    else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) snprintf(piece, size, "\\x%02x", code);
    else if ((ascii && code > 0x7e) || (code > 0x7e && is_invisible(code)) || is_style(code) || is_skin(code))
        snprintf(piece, size, "\\u{%x}", code);
    else utf8_encode(code, piece);
}

int text_clean(const char *from, char *out, size_t size, bool ascii) {
    size_t used = 0;
    int columns = 0;
    out[0] = 0;
    for (bool first = true; *from; first = false) {
        char piece[16];
        uint32_t code = utf8_next(&from);
        if (is_style(code) && !first && !ascii) continue;
        safe_piece(code, piece, sizeof piece, ascii);
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

const char *text_without_path(const char *text, const char *path) {
    const size_t length = path ? strlen(path) : 0;
    const bool names = length && strncmp(text, path, length) == 0 && strncmp(text + length, ": ", 2) == 0;
    return names ? text + length + 2 : text;
}
