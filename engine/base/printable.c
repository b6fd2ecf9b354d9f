/* base/printable.c: see printable.h. */
#include "base/printable.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>
#include <utf8proc.h>

/* Vowels and finals of decomposed Hangul, which terminals draw into the initial's two columns. */
static bool is_hangul_rest(uint32_t code) {
    return (code >= 0x1160 && code <= 0x11ff) || (code >= 0xd7b0 && code <= 0xd7ff);
}

/* Uses utf8proc instead of the C library's wcwidth, to give the same width on every system and in every locale, except
 * where terminals differ from it: spacing Indic vowel signs take a column. */
int printable_width(uint32_t code) {
    if (code >= 0x20 && code < 0x7f) return 1;
    if (code >= UTF8_INVALID) return 1;
    if (is_hangul_rest(code)) return 0;
    if (utf8proc_category((utf8proc_int32_t)code) == UTF8PROC_CATEGORY_MC) return 1;
    return utf8proc_charwidth((utf8proc_int32_t)code);
}

static bool is_control(uint32_t code) {
    return code < 0x20 || (code >= 0x7f && code < 0xa0);
}

/* Characters that have no width or change the direction of writing. */
static bool is_invisible(uint32_t code) {
    if (code < 0xa0) return false;
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

bool printable_is_hidden(uint32_t code) {
    return is_control(code) || code >= UTF8_INVALID || is_invisible(code);
}

/* The zero-width joiner, and the variation selectors for text and emoji style. */
static bool is_style(uint32_t code) {
    return code == 0x200d || code == 0xfe0e || code == 0xfe0f;
}

/* Skin tones: some terminals merge them with the emoji before, others draw them next to it. */
static bool is_skin(uint32_t code) {
    return code >= 0x1f3fb && code <= 0x1f3ff;
}

static bool is_ascii(printable_form form) {
    return form == PRINTABLE_ASCII || form == PRINTABLE_LINES_ASCII || form == PRINTABLE_STREAM_ASCII;
}

static bool is_stream(printable_form form) {
    return form == PRINTABLE_STREAM || form == PRINTABLE_STREAM_ASCII;
}

static void spell(uint32_t code, printable_form form, char piece[PRINTABLE_PIECE]) {
    if (is_stream(form)) {
        if (code >= UTF8_INVALID) code = UTF8_REPLACEMENT;
        if (code < 0x10000) snprintf(piece, PRINTABLE_PIECE, "\\u%04x", code);
        else
            snprintf(piece, PRINTABLE_PIECE, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10),
                     0xdc00 + (code & 0x3ff));
    } else if (code >= UTF8_INVALID) snprintf(piece, PRINTABLE_PIECE, "\\x%02x", code - UTF8_INVALID);
    else if (is_control(code)) snprintf(piece, PRINTABLE_PIECE, "\\x%02x", code);
    else snprintf(piece, PRINTABLE_PIECE, "\\u{%x}", code);
}

/* A line end or a tab; false: no such. */
static bool put_blank(uint32_t code, printable_form form, char piece[PRINTABLE_PIECE]) {
    const bool line = form == PRINTABLE_LINES || form == PRINTABLE_LINES_ASCII;
    if (code != '\n' && code != '\t') return false;
    if (line) form = code == '\n' ? PRINTABLE_STREAM : form == PRINTABLE_LINES ? PRINTABLE_TEXT : PRINTABLE_ASCII;
    if (form == PRINTABLE_TEXT) strcpy(piece, code == '\n' ? "\xe2\x8f\x8e" : "\xe2\x87\xa5");
    else if (form == PRINTABLE_ASCII) strcpy(piece, code == '\n' ? "\\n" : "\\t");
    else snprintf(piece, PRINTABLE_PIECE, "%c", (int)code);
    return true;
}

void printable_piece(printable_run *run, uint32_t code, printable_form form, char piece[PRINTABLE_PIECE]) {
    const bool first = !run->begun, style = is_style(code), mark = code >= 0x300 && printable_width(code) == 0;
    *piece = 0;
    run->begun = true;
    if (style && !first && (form == PRINTABLE_TEXT || form == PRINTABLE_LINES)) return;
    run->marks = mark ? run->marks + 1 : 0;
    if (run->marks > PRINTABLE_MARKS && !is_ascii(form)) { /* the cut shows once; a stream spells every mark */
        if (form == PRINTABLE_STREAM) spell(code, form, piece);
        else if (run->marks == PRINTABLE_MARKS + 1) strcpy(piece, "\xe2\x80\xa6");
        return;
    }
    if (put_blank(code, form, piece)) return;
    const bool kept = form == PRINTABLE_MARKUP && (style || is_skin(code));
    if (code == 0xa0 && !is_stream(form) && form != PRINTABLE_MARKUP) strcpy(piece, " ");
    else if ((is_ascii(form) && code > 0x7e) || (!kept && (printable_is_hidden(code) || style || is_skin(code))))
        spell(code, form, piece);
    else utf8_encode(code, piece);
}

/* Bytes of text[size] that a character at its end lacks bytes of: 0 to 3. */
static size_t unfinished(const char *text, size_t size) {
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        const unsigned char lead = (unsigned char)text[size - back];
        if (utf8_is_continuation((char)lead)) continue;
        const size_t whole = lead >= 0xf0 && lead < 0xf8 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
        return lead < 0xf8 && whole > back ? back : 0;
    }
    return 0;
}

/* text[size] must be followed by a NUL. */
static void write_pieces(FILE *to, printable_run *run, const char *text, size_t size, printable_form form) {
    for (const char *at = text, *end = text + size; at < end;) {
        char piece[PRINTABLE_PIECE];
        uint32_t code = *at ? utf8_next(&at) : (at++, 0U);
        printable_piece(run, code, form, piece);
        fputs(piece, to);
    }
}

static printable_form stream_form(void) {
    return printable_is_utf8() ? PRINTABLE_STREAM : PRINTABLE_STREAM_ASCII;
}

void printable_write(FILE *to, const char *text, size_t size, printable_form form) {
    char *closed = mem_copy_bytes(text, size);
    write_pieces(to, &(printable_run){0}, closed, size, form);
    free(closed);
}

void printable_write_data(FILE *to, const char *text, size_t size) {
    if (isatty(fileno(to))) printable_write(to, text, size, stream_form());
    else fwrite(text, 1, size, to);
}

bool printable_is_utf8(void) {
    const char *codeset = nl_langinfo(CODESET);
    return strcasecmp(codeset, "UTF-8") == 0 || strcasecmp(codeset, "utf8") == 0;
}

/* ---- a guarded stream ------------------------------------------------------------------------ */

typedef struct guard {
    FILE *to;
    printable_run run;
    printable_form form;
    char kept[4]; /* a character whose last bytes are still to come */
    size_t kept_size;
} guard;

static ssize_t guard_write(void *cookie, const char *bytes, size_t size) {
    guard *g = cookie;
    const size_t all = g->kept_size + size;
    char *text = mem_new(all + 1, 1);
    memcpy(text, g->kept, g->kept_size);
    memcpy(text + g->kept_size, bytes, size);
    g->kept_size = unfinished(text, all);
    memcpy(g->kept, text + all - g->kept_size, g->kept_size);
    text[all - g->kept_size] = 0;
    write_pieces(g->to, &g->run, text, all - g->kept_size, g->form);
    free(text);
    return fflush(g->to) == 0 && !ferror(g->to) ? (ssize_t)size : 0;
}

static int guard_close(void *cookie) {
    guard *g = cookie;
    g->kept[g->kept_size] = 0;
    write_pieces(g->to, &g->run, g->kept, g->kept_size, g->form);
    bool failed = fflush(g->to) != 0 || ferror(g->to);
    if (g->to != stdout && fclose(g->to) != 0) failed = true;
    free(g);
    return failed ? EOF : 0;
}

FILE *printable_guard(FILE *to) {
    if (!isatty(fileno(to))) return to;
    guard *g = mem_new(1, sizeof *g);
    *g = (guard){.to = to, .form = stream_form()};
    return mem_check(fopencookie(g, "w", (cookie_io_functions_t){.write = guard_write, .close = guard_close}));
}
