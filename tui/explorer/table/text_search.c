/* text_search.c: finds the latents whose labels or key tokens contain a text. */
#include "base/clock.h"
#include "base/mem.h"
#include "columns.h"
#include "explorer/table/text_index.h"
#include "labels.h"
#include "text/text.h"

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

static void begin_again(text_match *m) {
    m->at = m->at_piece = 0;
    m->labelled = scry_next_labelled(m->index, 0);
    m->labels = scry_label_version(m->index);
    m->done = m->narrows = false;
}

void text_match_begin(text_match *m, const scry_index *index, text_kind kind, const char *needle) {
    bool narrows = is_narrower(m, index, kind, needle);
    if (m->index != index) {
        text_match_free(m);
        m->bits = mem_new(((size_t)scry_index_info(index)->d_sae + 63) / 64, sizeof *m->bits);
        m->wanted = mem_new((size_t)scry_pieces(index) + 1, sizeof *m->wanted);
        m->index = index;
    }
    m->kind = kind;
    strncpy(m->needle, needle, sizeof m->needle - 1);
    m->needle[sizeof m->needle - 1] = 0;
    begin_again(m);
    m->narrows = narrows;
}

void text_match_free(text_match *m) {
    free(m->bits);
    free(m->wanted);
    *m = (text_match){0};
}

static bool match_pieces(text_match *m, double deadline) {
    uint32_t pieces = scry_pieces(m->index);
    bool plain = is_plain(m->needle);
    while (m->at_piece < pieces) {
        uint32_t i = m->at_piece++;
        const char *text = scry_piece(m->index, i);
        if (m->kind == TEXT_TOKEN_IS) m->wanted[i] = same(past_blanks(text), past_blanks(m->needle));
        else if (!m->narrows || m->wanted[i]) m->wanted[i] = holds(text, m->needle, plain);
        if (i % SLICE == SLICE - 1 && clock_seconds() > deadline) return false;
    }
    return true;
}

/* A label of its own is what is shown of a latent, in the place of its key pieces. */
static void match_labels(text_match *m, uint32_t end, bool plain) {
    bool shown = m->kind == TEXT_SHOWN, label = m->kind == TEXT_LABEL;
    for (; (shown || label) && m->labelled < end; m->labelled = scry_next_labelled(m->index, m->labelled + 1)) {
        const char *text = scry_label(m->index, m->labelled);
        put(m->bits, m->labelled, label ? same(text, m->needle) : holds(text, m->needle, plain));
    }
}

bool text_match_step(text_match *m, double deadline) {
    if (m->labels != scry_label_version(m->index)) begin_again(m);
    if (m->done) return true;
    if (!match_pieces(m, deadline)) return false;
    uint32_t latents = scry_index_info(m->index)->d_sae;
    bool plain = is_plain(m->needle);
    while (m->at < latents) {
        uint32_t n = latents - m->at < SLICE ? latents - m->at : SLICE;
        uint64_t *words = &m->bits[m->at / 64];
        if (m->kind == TEXT_LABEL) memset(words, 0, (n + 63) / 64 * sizeof *words);
        else scry_latents_with_piece(m->index, m->wanted, m->at, n, words);
        m->at += n;
        match_labels(m, m->at, plain);
        if (clock_seconds() > deadline) return false;
    }
    m->done = true;
    return true;
}
