/* unicode_forms.c: the normalization forms of Unicode. */
#include "model/tokenizer/unicode_forms.h"
#include "base/utf8.h"
#include "model/tokenizer/rewrite.h"

#include <utf8proc.h>

typedef struct form {
    bool composed, compatible;
    new_characters decomposed, result;
    new_characters pending; /* behind the composee: characters that did not join it */
} form;

/* Stays as it is in every text, and joins nothing before it. Not all that do, but most that are frequent. */
static bool is_inert(const form *f, uint32_t code) {
    if (code < 0xa0) return true;
    if (code < 0x300) return f->composed && !f->compatible;
    if (code >= 0x3400 && code <= 0x9fff) return true;
    if (!f->composed) return false;
    return (code >= 0x400 && code <= 0x482) || (code >= 0x3041 && code <= 0x3096) ||
           (code >= 0x30a1 && code <= 0x30fa) || (code >= 0xac00 && code <= 0xd7a3) ||
           (code >= 0x3001 && code <= 0x3003) || (code >= 0x2018 && code <= 0x201d);
}

static int combining_class(uint32_t code) {
    return utf8proc_get_property((utf8proc_int32_t)code)->combining_class;
}

/* Sorts the characters with a class from `begin` on, stably. */
static void order(new_characters *n, size_t begin) {
    for (size_t i = begin + 1; i < n->count; i++) {
        new_character c = n->list[i];
        int own = combining_class(c.code);
        size_t k = i;
        for (; k > begin && combining_class(n->list[k - 1].code) > own; k--) n->list[k] = n->list[k - 1];
        n->list[k] = c;
    }
}

static void decompose(form *f, const char *text, size_t length) {
    f->decomposed.count = 0;
    size_t marks = 0; /* where those begin that are not in order yet */
    const utf8proc_option_t options = UTF8PROC_DECOMPOSE | (f->compatible ? UTF8PROC_COMPAT : 0);
    for (size_t at = 0; at < length;) {
        unsigned size;
        utf8proc_int32_t parts[64], code = (utf8proc_int32_t)utf8_decode_valid(text + at, &size);
        int last = 0;
        utf8proc_ssize_t count = utf8proc_decompose_char(code, parts, 64, options, &last);
        if (count < 1 || count > 64) parts[0] = code, count = 1;
        for (utf8proc_ssize_t i = 0; i < count; i++) {
            if (combining_class((uint32_t)parts[i]) == 0) {
                order(&f->decomposed, marks);
                marks = f->decomposed.count + 1;
            }
            new_characters_add(&f->decomposed, (uint32_t)parts[i], i > 0);
        }
        at += size;
    }
    order(&f->decomposed, marks);
}

/* The character that two make, or 0. */
static uint32_t compose_pair(uint32_t first, uint32_t second) {
    if (second < 0x300) return 0;
    utf8proc_int32_t both[3] = {(utf8proc_int32_t)first, (utf8proc_int32_t)second, 0};
    utf8proc_ssize_t count = utf8proc_normalize_utf32(both, 2, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    return count == 1 ? (uint32_t)both[0] : 0;
}

static void flush(form *f, const new_character *composee) {
    if (composee) new_characters_add(&f->result, composee->code, composee->change);
    for (size_t i = 0; i < f->pending.count; i++)
        new_characters_add(&f->result, f->pending.list[i].code, f->pending.list[i].change);
    f->pending.count = 0;
}

static void compose(form *f) {
    f->result.count = f->pending.count = 0;
    new_character composee = {0};
    bool any = false;
    int last = -1; /* class of the last one that did not join; -1: none */
    for (size_t i = 0; i < f->decomposed.count; i++) {
        new_character c = f->decomposed.list[i];
        int own = combining_class(c.code);
        uint32_t joined = any && last < own ? compose_pair(composee.code, c.code) : 0;
        if (joined) {
            composee = (new_character){joined, composee.change + c.change - 1};
        } else if (own == 0) {
            flush(f, any ? &composee : NULL);
            composee = c;
            any = true;
            last = -1;
        } else if (!any) {
            new_characters_add(&f->result, c.code, c.change);
        } else {
            new_characters_add(&f->pending, c.code, c.change);
            last = own;
        }
    }
    flush(f, any ? &composee : NULL);
}

void unicode_form(bool composed, bool compatible, const aligned_text *from, aligned_text *to) {
    form f = {.composed = composed, .compatible = compatible};
    size_t done = 0, before = 0; /* before: where the last character begins, which the next may join */
    for (size_t at = 0; at < from->length;) {
        unsigned size;
        if (is_inert(&f, utf8_decode_valid(from->text + at, &size))) {
            before = at;
            at += size;
            continue;
        }
        aligned_text_copy(to, from, done, before - done);
        size_t end = at;
        while (end < from->length && !is_inert(&f, utf8_decode_valid(from->text + end, &size))) end += size;
        decompose(&f, from->text + before, end - before);
        if (composed) compose(&f);
        rewrite_characters(from, before, end, composed ? &f.result : &f.decomposed, to);
        done = before = at = end;
    }
    aligned_text_copy(to, from, done, from->length - done);
    new_characters_free(&f.decomposed);
    new_characters_free(&f.result);
    new_characters_free(&f.pending);
}
