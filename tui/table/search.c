/* search.c: which latents' labels and key tokens hold a text. */
#include "base/mem.h"
#include "draw/text.h"
#include "table/texts.h"

#include <stdlib.h>
#include <string.h>

enum { SLICE = 1024 };

static char fold(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

const char *text_find(const char *text, const char *needle, size_t *length) {
    char first = fold(*needle);
    *length = strlen(needle);
    if (!first) return NULL;
    for (; *text; text++) {
        if (fold(*text) != first) continue;
        size_t i = 1;
        while (needle[i] && fold(text[i]) == fold(needle[i])) i++;
        if (!needle[i]) return text;
    }
    return NULL;
}

static bool same(const char *text, const char *needle) {
    while (*text && fold(*text) == fold(*needle)) text++, needle++;
    return fold(*text) == fold(*needle);
}

/* What is not plain is compared as it is shown: someone who sees a line end's sign can type it. */
static bool is_plain(const char *needle) {
    for (; *needle; needle++)
        if ((unsigned char)*needle >= 0x80 || *needle == '\\') return false;
    return true;
}

static bool holds(const char *text, const char *needle, bool plain) {
    size_t length;
    char shown[1024];
    if (plain) return text_find(text, needle, &length) != NULL;
    text_clean(text, shown, sizeof shown, false);
    return text_find(shown, needle, &length) != NULL;
}

static const char *past_blanks(const char *text) {
    while (*text == ' ') text++;
    return text;
}

static bool has(const uint64_t *bits, uint32_t i) {
    return bits[i / 64] >> (i % 64) & 1;
}

static void put(uint64_t *bits, uint32_t i, bool in) {
    uint64_t one = (uint64_t)1 << (i % 64);
    bits[i / 64] = in ? bits[i / 64] | one : bits[i / 64] & ~one;
}

/* Longer than before around the same letters: what did not match then does not match now. */
static bool is_narrower(const text_match *m, const scry_index *index, text_kind kind, const char *needle) {
    size_t length;
    return m->done && m->index == index && m->kind == kind && (kind == TEXT_SHOWN || kind == TEXT_TOKEN) &&
           m->needle[0] && is_plain(needle) && text_find(needle, m->needle, &length);
}

void text_match_begin(text_match *m, const scry_index *index, text_kind kind, const char *needle) {
    bool narrows = is_narrower(m, index, kind, needle);
    if (m->index != index) {
        text_match_free(m);
        m->bits = mem_new(((size_t)scry_about(index)->d_sae + 63) / 64, sizeof *m->bits);
        m->pieces = mem_new(((size_t)scry_pieces(index) + 63) / 64 + 1, sizeof *m->pieces);
        m->piece_count = scry_pieces(index);
        m->index = index;
    }
    m->kind = kind;
    m->narrows = narrows;
    m->at = m->at_piece = 0;
    m->done = false;
    strncpy(m->needle, needle, sizeof m->needle - 1);
    m->needle[sizeof m->needle - 1] = 0;
}

void text_match_free(text_match *m) {
    free(m->bits);
    free(m->pieces);
    *m = (text_match){0};
}

static bool match_pieces(text_match *m, double deadline) {
    uint32_t pieces = scry_pieces(m->index);
    bool plain = is_plain(m->needle);
    while (m->at_piece < pieces) {
        uint32_t i = m->at_piece++;
        if (!m->narrows || has(m->pieces, i)) {
            const char *text = scry_piece(m->index, i);
            put(m->pieces, i,
                m->kind == TEXT_TOKEN_IS ? same(past_blanks(text), past_blanks(m->needle))
                                         : holds(text, m->needle, plain));
        }
        if (i % SLICE == SLICE - 1 && clock_now() > deadline) return false;
    }
    return true;
}

static bool matches(const text_match *m, uint32_t latent, bool plain) {
    if (m->kind == TEXT_SHOWN || m->kind == TEXT_LABEL) {
        const char *label = scry_label(m->index, latent);
        if (label) return m->kind == TEXT_LABEL ? same(label, m->needle) : holds(label, m->needle, plain);
        if (m->kind == TEXT_LABEL) return false;
    }
    /* without branches, which would be guessed wrong as often as not; the bit past the last piece is never set */
    uint32_t piece[SCRY_KEY_PIECES], any = 0;
    scry_key_pieces(m->index, latent, piece);
    for (int k = 0; k < SCRY_KEY_PIECES; k++)
        any |= has(m->pieces, piece[k] < m->piece_count ? piece[k] : m->piece_count);
    return any;
}

bool text_match_step(text_match *m, double deadline) {
    if (m->done) return true;
    if (!match_pieces(m, deadline)) return false;
    uint32_t latents = scry_about(m->index)->d_sae;
    bool plain = is_plain(m->needle);
    while (m->at < latents) {
        uint32_t end = latents - m->at < 64 ? latents : m->at + 64;
        uint64_t word = 0, *place = &m->bits[m->at / 64];
        for (uint32_t i = m->at; i < end && !(m->narrows && !*place); i++)
            if (!m->narrows || has(m->bits, i)) word |= (uint64_t)matches(m, i, plain) << (i % 64);
        *place = word;
        m->at = end;
        if (m->at % SLICE == 0 && clock_now() > deadline) return false;
    }
    m->done = true;
    return true;
}
