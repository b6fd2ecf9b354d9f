/* latent/text_match.h: where a text occurs in a stream of tokens, whose texts are fed one after another. For the
 * engine's own files. */
#ifndef SCRY_LATENT_TEXT_MATCH_H
#define SCRY_LATENT_TEXT_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Knuth, Morris and Pratt's search; letters A to Z match in either case. Owner: text_matcher_free. */
typedef struct text_matcher {
    unsigned char *text; /* [length] in small letters, without blanks where they are skipped */
    uint32_t *border;    /* [length] of the first i + 1 bytes, the longest proper end that is a beginning too */
    uint32_t length;
    bool skips_blanks;
} text_matcher;

void text_matcher_init(text_matcher *m, const char *text, bool skips_blanks);
void text_matcher_free(text_matcher *m);

/* Feed the bytes of a token from *at on, and stop behind the end of a match. state: bytes that match so far, 0 before
 * the first token. True for a match; then *at is its end. */
bool text_matcher_feed(const text_matcher *m, const char *token, size_t *at, uint32_t *state);

/* The bytes of the match that still lie before token[at], where `left` bytes of it end at token[at]; 0: it begins in
 * this token, at *start. */
uint32_t text_matcher_back(const text_matcher *m, const char *token, size_t at, uint32_t left, size_t *start);

/* True when a place inside a token has letters or digits on both sides, or lies within a character. Scripts that are
 * written without blanks between words (Thai, Chinese, Japanese, ...) have no such places but within a character. */
bool text_cuts_word(const char *token, size_t at);

#endif
