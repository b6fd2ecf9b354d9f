/* normalize.c: changes a text before it is cut into pieces. */
#include "model/tokenizer/normalize.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/utf8.h"
#include "io/byte_alphabet.h"
#include "model/tokenizer/character_class.h"
#include "model/tokenizer/charsmap.h"
#include "model/tokenizer/part_reader.h"
#include "model/tokenizer/unicode_forms.h"

#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

typedef struct step step;
typedef struct type type;

typedef struct reader {
    part_reader part;
    normalizer *n;
} reader;

/* A row of the table of normalizers. */
struct type {
    const char *name;
    bool (*read)(reader *r, const cJSON *part, step *s);
    bool (*run)(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to, scry_error *err);
};

struct step {
    const type *type;
    pattern *pattern; /* of Replace */
    char *content;    /* of Replace and Prepend */
    bool left, right; /* of Strip */
    charsmap *map;    /* of Precompiled */
};

struct normalizer {
    step *steps;
    size_t count;
};

void normalizer_free(normalizer *n) {
    if (!n) return;
    for (size_t i = 0; i < n->count; i++) {
        pattern_free(n->steps[i].pattern);
        free(n->steps[i].content);
        charsmap_free(n->steps[i].map);
    }
    free(n->steps);
    free(n);
}

/* ---- the steps: from one text to another ---- */

static bool read_nothing(reader *r, const cJSON *part, step *s) {
    (void)r, (void)part, (void)s;
    return true;
}

static bool read_prepend(reader *r, const cJSON *part, step *s) {
    const char *content = part_text(&r->part, part, "prepend");
    if (content) s->content = mem_copy_string(content);
    return content != NULL;
}

static bool run_prepend(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                        scry_error *err) {
    (void)search, (void)err;
    if (from->length) aligned_text_add(to, s->content, strlen(s->content), from->from[0]);
    aligned_text_copy(to, from, 0, from->length);
    return true;
}

static bool read_replace(reader *r, const cJSON *part, step *s) {
    const char *content = part_text(&r->part, part, "content");
    if (!content) return false;
    s->content = mem_copy_string(content);
    return (s->pattern = part_pattern(&r->part, part)) != NULL;
}

static bool run_replace(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                        scry_error *err) {
    size_t at = 0, done = 0, begin, end, content = strlen(s->content);
    bool behind_match = false;
    while (at <= from->length && from->length) {
        int found = pattern_find(s->pattern, search, from->text, from->length, at, &begin, &end, err);
        if (found < 0) return false;
        if (!found) break;
        bool counts = begin < end || begin != done || !behind_match;
        if (counts) {
            aligned_text_copy(to, from, done, begin - done);
            aligned_text_add(to, s->content, content, aligned_text_before(from, end));
            done = end;
        }
        behind_match = begin < end;
        unsigned size = begin < end ? 0 : 1;
        if (size && begin < from->length) utf8_decode_valid(from->text + begin, &size);
        at = end + size;
    }
    aligned_text_copy(to, from, done, from->length - done);
    return true;
}

static bool run_lowercase(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                          scry_error *err) {
    (void)s, (void)search, (void)err;
    for (size_t at = 0; at < from->length;) {
        unsigned size;
        uint32_t code = utf8_decode_valid(from->text + at, &size);
        if (code == 0x130) { /* the only one that becomes two */
            aligned_text_add(to, "i\xcc\x87", 3, from->from[at]);
        } else aligned_text_add_code(to, (uint32_t)utf8proc_tolower((utf8proc_int32_t)code), from->from[at]);
        at += size;
    }
    return true;
}

static bool read_strip(reader *r, const cJSON *part, step *s) {
    return part_flag(&r->part, part, "strip_left", false, &s->left) &&
           part_flag(&r->part, part, "strip_right", false, &s->right);
}

static bool run_strip(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                      scry_error *err) {
    (void)search, (void)err;
    size_t first = from->length, last = 0; /* of what is no space */
    for (size_t at = 0; at < from->length;) {
        unsigned size;
        if (!is_whitespace(utf8_decode_valid(from->text + at, &size))) {
            if (first == from->length) first = at;
            last = at + size;
        }
        at += size;
    }
    size_t begin = s->left ? first : 0, end = s->right ? last : from->length;
    if (begin < end) aligned_text_copy(to, from, begin, end - begin);
    return true;
}

static bool run_strip_accents(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                              scry_error *err) {
    (void)s, (void)search, (void)err;
    for (size_t at = 0; at < from->length;) {
        unsigned size;
        if (!is_mark(utf8_decode_valid(from->text + at, &size))) aligned_text_copy(to, from, at, size);
        at += size;
    }
    return true;
}

static bool run_byte_level(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                           scry_error *err) {
    (void)s, (void)search, (void)err;
    uint16_t code_of[256];
    byte_alphabet_codes(code_of);
    for (size_t i = 0; i < from->length; i++)
        aligned_text_add_code(to, code_of[(unsigned char)from->text[i]], from->from[i]);
    return true;
}

static bool run_nfc(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                    scry_error *err) {
    (void)s, (void)search, (void)err;
    unicode_form(true, false, from, to);
    return true;
}

static bool run_nfd(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                    scry_error *err) {
    (void)s, (void)search, (void)err;
    unicode_form(false, false, from, to);
    return true;
}

static bool run_nfkc(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                     scry_error *err) {
    (void)s, (void)search, (void)err;
    unicode_form(true, true, from, to);
    return true;
}

static bool run_nfkd(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                     scry_error *err) {
    (void)s, (void)search, (void)err;
    unicode_form(false, true, from, to);
    return true;
}

static bool read_precompiled(reader *r, const cJSON *part, step *s) {
    const char *map = part_text(&r->part, part, "precompiled_charsmap");
    if (!map) return false;
    return (s->map = charsmap_new(map)) != NULL ||
           scry_fail(r->part.err,
                     "%s: normalizer: Precompiled: precompiled_charsmap: not a table of SentencePiece's in "
                     "base64",
                     r->part.path);
}

static bool run_precompiled(const step *s, pattern_search *search, const aligned_text *from, aligned_text *to,
                            scry_error *err) {
    (void)search, (void)err;
    charsmap_run(s->map, from, to);
    return true;
}

static const type types[] = {
    {"NFC", read_nothing, run_nfc},
    {"NFD", read_nothing, run_nfd},
    {"NFKC", read_nothing, run_nfkc},
    {"NFKD", read_nothing, run_nfkd},
    {"Precompiled", read_precompiled, run_precompiled},
    {"Lowercase", read_nothing, run_lowercase},
    {"Strip", read_strip, run_strip},
    {"StripAccents", read_nothing, run_strip_accents},
    {"Prepend", read_prepend, run_prepend},
    {"Replace", read_replace, run_replace},
    {"ByteLevel", read_nothing, run_byte_level},
};
enum { TYPES = sizeof types / sizeof *types };

/* ---- reading ---- */

static bool read_leaf(reader *r, const cJSON *part, const char *name) {
    for (size_t i = 0; i < TYPES; i++) {
        if (strcmp(name, types[i].name) != 0) continue;
        normalizer *n = r->n;
        n->steps = mem_resize(n->steps, n->count + 1, sizeof *n->steps);
        n->steps[n->count] = (step){.type = &types[i]};
        return types[i].read(r, part, &n->steps[n->count++]);
    }
    char known[SCRY_CHOICES] = "";
    for (size_t i = 0; i <= TYPES; i++)
        alternatives_add(known, sizeof known, i, TYPES + 1, i < TYPES ? types[i].name : "Sequence");
    return part_unknown(&r->part, name, known);
}

static bool read_part(reader *r, const cJSON *part) { /* json_parse limits the depth */
    const char *name = part_type(&r->part, part);
    if (!name) return false;
    if (strcmp(name, "Sequence") != 0) return read_leaf(r, part, name);
    const cJSON *list = part_list(&r->part, part, "normalizers"), *child;
    if (!list) return false;
    cJSON_ArrayForEach (child, list)
        if (!read_part(r, child)) return false;
    return true;
}

normalizer *normalizer_new(const cJSON *part, const char *path, scry_error *err) {
    normalizer *n = mem_new(1, sizeof *n);
    reader r = {.part = {path, "normalizer", err}, .n = n};
    if (part && !cJSON_IsNull(part) && !read_part(&r, part)) {
        normalizer_free(n);
        return NULL;
    }
    return n;
}

bool normalize(const normalizer *n, pattern_search *search, aligned_text *text, aligned_text *spare, scry_error *err) {
    for (size_t i = 0; i < n->count; i++) {
        aligned_text_clear(spare, text->origin);
        if (!n->steps[i].type->run(&n->steps[i], search, text, spare, err)) return false;
        if (spare->over)
            return scry_fail(err, "the tokenizer's normalizer %s makes more than %d times as much of a text",
                             n->steps[i].type->name, ALIGNED_GROWTH);
        aligned_text_swap(text, spare);
    }
    return true;
}
