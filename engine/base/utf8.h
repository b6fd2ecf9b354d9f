/* base/utf8.h: UTF-8 read and written. Overlong forms, surrogates and what is beyond U+10FFFF are invalid. */
#ifndef SCRY_BASE_UTF8_H
#define SCRY_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    UTF8_INVALID = 0x110000,  /* added to a byte that is not part of a valid character */
    UTF8_REPLACEMENT = 0xfffd /* the character for what cannot be shown */
};

/* Decode the code point at *at and move *at past it. An invalid byte gives UTF8_INVALID + byte, and *at moves by one.
 * 0 at the end, where *at stays. */
uint32_t utf8_next(const char **at);
/* Write the UTF-8 of a code point below 0x110000 to out, closed with NUL. Returns its length in bytes. */
int utf8_encode(uint32_t code, char out[5]);
/* The number of bytes before the first that is not part of a valid character; length where all are. The text may hold
 * NUL bytes and need not end with one. */
size_t utf8_valid_length(const char *text, size_t length);
/* A copy of text in which each invalid byte is U+FFFD. The caller frees it. */
char *utf8_replace_invalid(const char *text);

/* Decode the code point at text, which is known to be valid; *size becomes its length in bytes. */
static inline uint32_t utf8_decode_valid(const char *text, unsigned *size) {
    const unsigned char *b = (const unsigned char *)text;
    if (b[0] < 0x80) return *size = 1, b[0];
    if (b[0] < 0xe0) return *size = 2, (b[0] & 0x1fU) << 6 | (b[1] & 0x3fU);
    if (b[0] < 0xf0) return *size = 3, (b[0] & 0x0fU) << 12 | (b[1] & 0x3fU) << 6 | (b[2] & 0x3fU);
    return *size = 4, (b[0] & 0x07U) << 18 | (b[1] & 0x3fU) << 12 | (b[2] & 0x3fU) << 6 | (b[3] & 0x3fU);
}

/* True for every byte of a character but its first. */
static inline bool utf8_is_continuation(char byte) {
    return ((unsigned char)byte & 0xc0) == 0x80;
}

#endif
