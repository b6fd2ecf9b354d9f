/* latent/text_match.c: where a text occurs in a stream of tokens. */
#include "latent/text_match.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static unsigned char fold(char c) {
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool is_skipped(const text_matcher *m, char c) {
    return m->skips_blanks && (c == ' ' || (c >= '\t' && c <= '\r'));
}

static uint32_t next_state(const text_matcher *m, uint32_t state, unsigned char c) {
    while (state && (state == m->length || m->text[state] != c)) state = m->border[state - 1];
    return state + (m->length && m->text[state] == c);
}

void text_matcher_init(text_matcher *m, const char *text, bool skips_blanks) {
    size_t size = strlen(text);
    *m = (text_matcher){.skips_blanks = skips_blanks};
    m->text = mem_new(size + 1, 1);
    m->border = mem_new(size + 1, sizeof *m->border);
    for (; *text && m->length < UINT32_MAX / 2; text++)
        if (!is_skipped(m, *text)) m->text[m->length++] = fold(*text);
    for (uint32_t i = 1; i < m->length; i++) m->border[i] = next_state(m, m->border[i - 1], m->text[i]);
}

void text_matcher_free(text_matcher *m) {
    free(m->text);
    free(m->border);
    *m = (text_matcher){0};
}

bool text_matcher_feed(const text_matcher *m, const char *token, size_t *at, uint32_t *state) {
    while (token[*at]) {
        char c = token[(*at)++];
        if (is_skipped(m, c)) continue;
        *state = next_state(m, *state, fold(c));
        if (*state == m->length && m->length) return true;
    }
    return false;
}

uint32_t text_matcher_back(const text_matcher *m, const char *token, size_t at, uint32_t left, size_t *start) {
    while (left && at) left -= !is_skipped(m, token[--at]);
    *start = at;
    return left;
}

static bool is_word(uint32_t code) {
    if (code < 0x80)
        return (code >= '0' && code <= '9') || (code >= 'A' && code <= 'Z') || (code >= 'a' && code <= 'z') ||
               code == '_';
    bool without_blanks = (code >= 0xe00 && code <= 0xeff) || (code >= 0x1000 && code <= 0x109f) ||
                          (code >= 0x1780 && code <= 0x17ff); /* Thai, Lao; Burmese; Khmer */
    return code >= 0xc0 && code < 0x2000 && code != 0xd7 && code != 0xf7 && !without_blanks;
}

bool text_cuts_word(const char *token, size_t at) {
    if (!at || !token[at]) return false;
    if (utf8_is_continuation(token[at])) return true;
    size_t from = at - 1;
    while (from && utf8_is_continuation(token[from])) from--;
    const char *before = token + from, *after = token + at;
    return is_word(utf8_next(&before)) && is_word(utf8_next(&after));
}
