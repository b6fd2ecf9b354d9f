/* base/utf8.h: UTF-8 read and written. Overlong forms, surrogates and what is beyond U+10FFFF are invalid. */
#ifndef SCRY_BASE_UTF8_H
#define SCRY_BASE_UTF8_H

#include <stdbool.h>
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
/* A copy of text in which each invalid byte is U+FFFD. The caller frees it. */
char *utf8_replace_invalid(const char *text);

/* True for every byte of a character but its first. */
static inline bool utf8_is_continuation(char byte) {
    return ((unsigned char)byte & 0xc0) == 0x80;
}

#endif
