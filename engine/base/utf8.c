/* base/utf8.c: UTF-8 read and written. */
#include "base/utf8.h"
#include "base/mem.h"

#include <string.h>

uint32_t utf8_next(const char **at) {
    const unsigned char *b = (const unsigned char *)*at;
    if (!*b) return 0;
    unsigned n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;
    uint32_t code = n > 1 ? b[0] & (0x7fU >> n) : b[0];
    for (unsigned i = 1; i < n; i++) {
        if (!utf8_is_continuation((*at)[i])) n = 0; /* ends the loop: the text's NUL is no continuation either */
        else code = code << 6 | (b[i] & 0x3f);
    }
    bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
    if (n == 0 || overlong || (code >= 0xd800 && code < 0xe000) || code >= UTF8_INVALID) {
        ++*at;
        return UTF8_INVALID + b[0];
    }
    *at += n;
    return code;
}

size_t utf8_valid_length(const char *text, size_t length) {
    size_t at = 0;
    while (at < length) {
        if ((unsigned char)text[at] < 0x80) {
            at++;
            continue;
        }
        char some[5] = {0}; /* closed: a character that is cut at the end is not read past it */
        memcpy(some, text + at, length - at < 4 ? length - at : 4);
        const char *next = some;
        if (utf8_next(&next) >= UTF8_INVALID) break;
        at += (size_t)(next - some);
    }
    return at;
}

int utf8_encode(uint32_t code, char out[5]) {
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    int n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    out[n] = 0;
    for (int i = n - 1; i > 0; i--, code >>= 6) out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(lead[n] | code);
    return n;
}

char *utf8_replace_invalid(const char *text) {
    char *valid = mem_new(3 * strlen(text) + 2, 1), *to = valid; /* and the NUL that utf8_encode writes */
    while (*text) {
        uint32_t code = utf8_next(&text);
        to += utf8_encode(code >= UTF8_INVALID ? UTF8_REPLACEMENT : code, to);
    }
    return valid;
}
