/* line_editor.c: editing one line of text. */
#include "explorer/panes/prompt.h"
#include "base/utf8.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <string.h>

#define CTRL(letter) ((letter)&0x1f)

static size_t before(const char *text, size_t at) {
    while (at > 0 && utf8_is_continuation(text[--at])) {}
    return at;
}

static size_t behind(const char *text, size_t at) {
    if (!text[at]) return at;
    do at++;
    while (utf8_is_continuation(text[at]));
    return at;
}

/* One character as it is seen: with what combines with it. */
static size_t left(const char *text, size_t at) {
    do {
        at = before(text, at);
        const char *here = text + at;
        if (text_width(utf8_next(&here)) > 0) break;
    } while (at > 0);
    return at;
}

static size_t right(const char *text, size_t at) {
    at = behind(text, at);
    while (text[at]) {
        const char *here = text + at;
        if (text_width(utf8_next(&here)) > 0) break;
        at = behind(text, at);
    }
    return at;
}

static size_t word_before(const char *text, size_t at) {
    while (at > 0 && text[at - 1] == ' ') at--;
    while (at > 0 && text[at - 1] != ' ') at--;
    return at;
}

static void take_away(char *text, size_t from, size_t to) {
    memmove(text + from, text + to, strlen(text + to) + 1);
}

static void put_in(char *text, size_t size, size_t *at, uint32_t key) {
    char bytes[5];
    size_t n = (size_t)utf8_encode(key, bytes), length = strlen(text);
    if (length + n >= size) return;
    memmove(text + *at + n, text + *at, length - *at + 1);
    memcpy(text + *at, bytes, n);
    *at += n;
}

void line_insert(char *text, size_t size, size_t *at, const char *more) {
    while (*more) {
        uint32_t code = utf8_next(&more);
        if (code >= ' ' && code < UTF8_INVALID) put_in(text, size, at, code);
    }
}

bool line_key(char *text, size_t size, size_t *at, uint32_t key) {
    size_t from = *at, to = *at;
    switch (key) {
    case KEY_CODE_LEFT:
    case CTRL('b'):
        *at = left(text, *at);
        return true;
    case KEY_CODE_RIGHT:
    case CTRL('f'):
        *at = right(text, *at);
        return true;
    case KEY_CODE_HOME:
    case CTRL('a'):
        *at = 0;
        return true;
    case KEY_CODE_END:
    case CTRL('e'):
        *at = strlen(text);
        return true;
    case KEY_CODE_BACKSPACE:
    case CTRL('h'):
    case 127:
        from = left(text, *at);
        break;
    case KEY_CODE_DELETE:
    case CTRL('d'):
        to = right(text, *at);
        break;
    case CTRL('w'):
        from = word_before(text, *at);
        break;
    case CTRL('u'):
        from = 0;
        break;
    case CTRL('k'):
        to = strlen(text);
        break;
    default:
        if (key < ' ' || key >= 0x110000) return false;
        put_in(text, size, at, key);
        return true;
    }
    take_away(text, from, to);
    *at = from;
    return true;
}
