/* pre_tokenize.c: cuts a text into the pieces that the model takes. */
#include "model/tokenizer/pre_tokenize.h"
#include "base/mem.h"
#include "base/name_list.h"
#include "base/utf8.h"
#include "io/byte_alphabet.h"
#include "model/tokenizer/character_class.h"
#include "model/tokenizer/part_reader.h"

#include <stdlib.h>
#include <string.h>

/* What the matches, which cut the text, become. */
typedef enum behavior { REMOVED, ISOLATED, MERGED_WITH_PREVIOUS, MERGED_WITH_NEXT, CONTIGUOUS } behavior;
static const char *const behaviors[] = {"Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"};

/* GPT-2's, of ByteLevel with use_regex. */
#define GPT2  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define WORDS "[\\w\\x{200c}\\x{200d}]+|[^\\w\\x{200c}\\x{200d}\\s]+" /* the regex crate's \w has joiners, too */

typedef enum step_kind {
    CUT_PATTERN,  /* at the matches of a pattern */
    CUT_CLASS,    /* at characters of a class */
    PREFIX_SPACE, /* a space in front of each piece that has none */
    SPELL_BYTES,  /* in the byte-level alphabet */
    MARK_SPACES,  /* Metaspace: a mark for each space, and one in front */
} step_kind;

typedef enum prepend { PREPEND_NEVER, PREPEND_FIRST, PREPEND_ALWAYS } prepend;

typedef struct step {
    step_kind kind;
    pattern *pattern;
    bool (*is_in)(uint32_t code);
    behavior behavior;
    bool invert;
    prepend prepend;
    char mark[5];
} step;

struct pre_tokenizer {
    step *steps;
    size_t count;
};

void pre_tokenizer_free(pre_tokenizer *p) {
    if (!p) return;
    for (size_t i = 0; i < p->count; i++) pattern_free(p->steps[i].pattern);
    free(p->steps);
    free(p);
}

/* ---- reading ---- */

typedef struct reader {
    part_reader part;
    pre_tokenizer *p;
} reader;

static step *add_step(reader *r, step_kind kind) {
    pre_tokenizer *p = r->p;
    p->steps = mem_resize(p->steps, p->count + 1, sizeof *p->steps);
    p->steps[p->count] = (step){.kind = kind, .behavior = ISOLATED};
    return &p->steps[p->count++];
}

static bool read_behavior(reader *r, const cJSON *part, step *s) {
    const char *name = part_text(&r->part, part, "behavior");
    if (!name) return false;
    for (size_t i = 0; i < sizeof behaviors / sizeof *behaviors; i++)
        if (strcmp(name, behaviors[i]) == 0) return s->behavior = (behavior)i, true;
    char known[SCRY_CHOICES];
    return scry_fail(
        r->part.err, "%s: pre_tokenizer: behavior: found %.40s, expected %s", r->part.path, name,
        alternatives(known, sizeof known, behaviors, sizeof *behaviors, sizeof behaviors / sizeof *behaviors));
}

static bool add_pattern(reader *r, const char *expression, bool invert, behavior then) {
    step *s = add_step(r, CUT_PATTERN);
    s->invert = invert;
    s->behavior = then;
    return (s->pattern = pattern_new(expression, r->part.err)) != NULL;
}

static bool read_byte_level(reader *r, const cJSON *part) {
    bool space, cut;
    if (!part_flag(&r->part, part, "add_prefix_space", true, &space) ||
        !part_flag(&r->part, part, "use_regex", true, &cut))
        return false;
    if (space) add_step(r, PREFIX_SPACE);
    if (cut && !add_pattern(r, GPT2, false, ISOLATED)) return false;
    add_step(r, SPELL_BYTES);
    return true;
}

static bool read_split(reader *r, const cJSON *part) {
    step *s = add_step(r, CUT_PATTERN);
    return part_flag(&r->part, part, "invert", false, &s->invert) && read_behavior(r, part, s) &&
           (s->pattern = part_pattern(&r->part, part)) != NULL;
}

static bool read_digits(reader *r, const cJSON *part) {
    bool each;
    step *s = add_step(r, CUT_CLASS);
    s->is_in = is_numeric;
    if (!part_flag(&r->part, part, "individual_digits", false, &each)) return false;
    s->behavior = each ? ISOLATED : CONTIGUOUS;
    return true;
}

static bool read_punctuation(reader *r, const cJSON *part) {
    step *s = add_step(r, CUT_CLASS);
    s->is_in = is_punctuation;
    return !cJSON_GetObjectItemCaseSensitive(part, "behavior") || read_behavior(r, part, s);
}

static bool read_whitespace_split(reader *r, const cJSON *part) {
    (void)part;
    step *s = add_step(r, CUT_CLASS);
    s->is_in = is_whitespace;
    s->behavior = REMOVED;
    return true;
}

static bool read_whitespace(reader *r, const cJSON *part) {
    (void)part;
    return add_pattern(r, WORDS, true, REMOVED);
}

static bool read_metaspace(reader *r, const cJSON *part) {
    static const char *const schemes[] = {"never", "first", "always"};
    step *s = add_step(r, MARK_SPACES);
    bool space, cut;
    const char *mark = part_text(&r->part, part, "replacement");
    if (!mark || !part_flag(&r->part, part, "split", true, &cut) ||
        !part_flag(&r->part, part, "add_prefix_space", true, &space))
        return false;
    const char *behind = mark;
    if (utf8_next(&behind) >= UTF8_INVALID || behind == mark || *behind)
        return scry_fail(r->part.err,
                         "%s: pre_tokenizer: Metaspace: replacement: found \"%.20s\", expected one character",
                         r->part.path, mark);
    memcpy(s->mark, mark, (size_t)(behind - mark));
    s->prepend = PREPEND_ALWAYS;
    if (cJSON_HasObjectItem(part, "prepend_scheme")) {
        const char *scheme = part_text(&r->part, part, "prepend_scheme");
        size_t i = 0;
        while (scheme && i < 3 && strcmp(scheme, schemes[i]) != 0) i++;
        if (!scheme) return false;
        if (i == 3) {
            char known[SCRY_CHOICES];
            return scry_fail(r->part.err, "%s: pre_tokenizer: Metaspace: prepend_scheme: found %.40s, expected %s",
                             r->part.path, scheme, alternatives(known, sizeof known, schemes, sizeof *schemes, 3));
        }
        s->prepend = (prepend)i;
    }
    if (!space) s->prepend = PREPEND_NEVER;
    if (!cut) return true;
    char text[5];
    memcpy(text, s->mark, sizeof text);
    s = add_step(r, CUT_PATTERN);
    s->pattern = pattern_literal(text, strlen(text));
    s->behavior = MERGED_WITH_NEXT;
    return true;
}

static const struct {
    const char *type;
    bool (*read)(reader *r, const cJSON *part);
} types[] = {
    {"ByteLevel", read_byte_level},
    {"Split", read_split},
    {"Metaspace", read_metaspace},
    {"Digits", read_digits},
    {"Punctuation", read_punctuation},
    {"Whitespace", read_whitespace},
    {"WhitespaceSplit", read_whitespace_split},
};
enum { TYPES = sizeof types / sizeof *types };

static bool read_leaf(reader *r, const cJSON *part, const char *type) {
    for (size_t i = 0; i < TYPES; i++)
        if (strcmp(type, types[i].type) == 0) return types[i].read(r, part);
    char known[SCRY_CHOICES] = "";
    for (size_t i = 0; i <= TYPES; i++)
        alternatives_add(known, sizeof known, i, TYPES + 1, i < TYPES ? types[i].type : "Sequence");
    return part_unknown(&r->part, type, known);
}

static bool read_part(reader *r, const cJSON *part) { /* json_parse limits the depth */
    const char *type = part_type(&r->part, part);
    if (!type) return false;
    if (strcmp(type, "Sequence") != 0) return read_leaf(r, part, type);
    const cJSON *list = part_list(&r->part, part, "pretokenizers"), *child;
    if (!list) return false;
    cJSON_ArrayForEach (child, list)
        if (!read_part(r, child)) return false;
    return true;
}

pre_tokenizer *pre_tokenizer_new(const cJSON *part, bool raw_bytes, bool *bytes, const char *path, scry_error *err) {
    pre_tokenizer *p = mem_new(1, sizeof *p);
    reader r = {.part = {path, "pre_tokenizer", err}, .p = p};
    *bytes = false;
    if (part && !cJSON_IsNull(part) && !read_part(&r, part)) {
        pre_tokenizer_free(p);
        return NULL;
    }
    if (raw_bytes && p->count && p->steps[p->count - 1].kind == SPELL_BYTES) {
        p->count--;
        *bytes = true;
    }
    return p;
}

/* ---- cutting ---- */

/* Pieces of one piece, matches and what lies between them, joined as the behavior says while they come. */
typedef struct cutter {
    const step *step;
    aligned_text *out;
    size_t base;       /* of the piece in the text */
    size_t begin, end; /* the part that is open */
    bool open, was_match;
} cutter;

static void close_part(cutter *c) {
    if (c->open) aligned_text_piece(c->out, c->base + c->begin, c->end - c->begin, -1);
    c->open = false;
}

static void cut_part(cutter *c, size_t begin, size_t end, bool match) {
    bool first = !c->open, joins = false;
    match = match != c->step->invert;
    switch (c->step->behavior) {
    case ISOLATED:
        break;
    case REMOVED:
        close_part(c);
        if (match) return;
        break;
    case CONTIGUOUS:
        joins = match == c->was_match;
        break;
    case MERGED_WITH_PREVIOUS:
        joins = match && !c->was_match;
        break;
    case MERGED_WITH_NEXT:
        joins = !match && c->was_match;
        break;
    }
    c->was_match = match;
    if (joins && !first) {
        c->end = end;
        return;
    }
    close_part(c);
    c->begin = begin;
    c->end = end;
    c->open = true;
}

static bool cut_pattern(cutter *c, pattern_search *search, const char *text, size_t length, scry_error *err) {
    size_t at = 0, done = 0, begin, end;
    bool empty_allowed = true;
    while (at <= length) {
        int found = pattern_find(c->step->pattern, search, text, length, at, &begin, &end, err);
        if (found < 0) return false;
        if (!found) break;
        if (begin == end) { /* an empty match cuts, but not right behind another */
            bool counts = begin != done || empty_allowed;
            if (counts && begin > done) cut_part(c, done, begin, false), done = begin;
            if (counts) cut_part(c, begin, end, true);
            unsigned size = 1;
            if (begin < length) utf8_decode_valid(text + begin, &size);
            at = begin + size;
            empty_allowed = true;
            continue;
        }
        if (begin > done) cut_part(c, done, begin, false);
        cut_part(c, begin, end, true);
        at = done = end;
        empty_allowed = false;
    }
    if (done < length) cut_part(c, done, length, false);
    return true;
}

static void cut_class(cutter *c, const char *text, size_t length) {
    size_t done = 0;
    for (size_t at = 0; at < length;) {
        unsigned size;
        uint32_t code = utf8_decode_valid(text + at, &size);
        if (c->step->is_in(code)) {
            if (at > done) cut_part(c, done, at, false);
            cut_part(c, at, at + size, true);
            done = at + size;
        }
        at += size;
    }
    if (done < length) cut_part(c, done, length, false);
}

/* Cuts without changing the text: only the pieces are new. */
static bool cut(const step *s, pattern_search *search, aligned_text *text, aligned_text *spare, scry_error *err) {
    spare->count = 0;
    for (size_t i = 0; i < text->count; i++) {
        text_piece piece = text->pieces[i];
        if (piece.id >= 0) {
            aligned_text_piece(spare, piece.at, piece.length, piece.id);
            continue;
        }
        cutter c = {.step = s, .out = spare, .base = piece.at};
        const char *words = text->text + piece.at;
        if (s->kind == CUT_CLASS) cut_class(&c, words, piece.length);
        else if (!cut_pattern(&c, search, words, piece.length, err)) return false;
        close_part(&c);
    }
    text_piece *pieces = text->pieces;
    size_t count = text->count, room = text->piece_room;
    text->pieces = spare->pieces, text->count = spare->count, text->piece_room = spare->piece_room;
    spare->pieces = pieces, spare->count = count, spare->piece_room = room;
    return true;
}

/* ---- rewriting ---- */

static void prefix_space(aligned_text *to, const aligned_text *text, text_piece piece) {
    if (text->text[piece.at] != ' ') aligned_text_add(to, " ", 1, text->from[piece.at]);
    aligned_text_copy(to, text, piece.at, piece.length);
}

static void spell_bytes(aligned_text *to, const aligned_text *text, text_piece piece) {
    uint16_t code_of[256];
    byte_alphabet_codes(code_of);
    for (size_t i = piece.at; i < piece.at + piece.length; i++)
        aligned_text_add_code(to, code_of[(unsigned char)text->text[i]], text->from[i]);
}

static void mark_spaces(const step *s, aligned_text *to, const aligned_text *text, text_piece piece) {
    size_t mark = strlen(s->mark), left = piece.length;
    const char *words = text->text + piece.at;
    bool marked = *words == ' ' || (left >= mark && memcmp(words, s->mark, mark) == 0);
    bool first = text->from[piece.at].begin == 0;
    if (!marked && (s->prepend == PREPEND_ALWAYS || (s->prepend == PREPEND_FIRST && first)))
        aligned_text_add(to, s->mark, mark, text->from[piece.at]);
    for (size_t i = 0; i < left;) {
        if (words[i] == ' ') {
            aligned_text_add(to, s->mark, mark, text->from[piece.at + i]);
            i++;
            continue;
        }
        size_t run = i;
        while (run < left && words[run] != ' ') run++;
        aligned_text_copy(to, text, piece.at + i, run - i);
        i = run;
    }
}

static void rewrite(const step *s, aligned_text *text, aligned_text *spare) {
    aligned_text_clear(spare, text->origin);
    for (size_t i = 0; i < text->count; i++) {
        text_piece piece = text->pieces[i];
        size_t at = spare->length;
        if (piece.id >= 0) aligned_text_copy(spare, text, piece.at, piece.length);
        else if (s->kind == PREFIX_SPACE) prefix_space(spare, text, piece);
        else if (s->kind == SPELL_BYTES) spell_bytes(spare, text, piece);
        else mark_spaces(s, spare, text, piece);
        aligned_text_piece(spare, at, spare->length - at, piece.id);
    }
    aligned_text_swap(text, spare);
}

bool pre_tokenize(const pre_tokenizer *p, pattern_search *search, aligned_text *text, aligned_text *spare,
                  scry_error *err) {
    for (size_t i = 0; i < p->count; i++) {
        const step *s = &p->steps[i];
        if (s->kind == CUT_PATTERN || s->kind == CUT_CLASS) {
            if (!cut(s, search, text, spare, err)) return false;
        } else {
            rewrite(s, text, spare);
            if (text->over)
                return scry_fail(err, "the tokenizer's pre_tokenizer makes more than %d times as much of a text",
                                 ALIGNED_GROWTH);
        }
    }
    return true;
}
