/* added_tokens.c: tokens that are found in a text before everything else. */
#include "model/tokenizer/added_tokens.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/tokenizer/character_class.h"
#include "model/tokenizer/vocabulary.h"

#include <stdlib.h>
#include <string.h>

typedef struct token_spelling {
    char *bytes;
    size_t length;
    uint32_t token; /* number in added_tokens.token */
} token_spelling;

/* ---- reading ---- */

static bool read_token(json_part value, added_token *t) {
    json_walk walk;
    json_part key, field, id = {0};
    json_step step;
    json_bytes content = {0};
    bool ok = json_walk_into(&walk, value) && walk.close == '}', named = false;
    *t = (added_token){.normalized = true};
    while (ok && (step = json_next(&walk, &key, &field)) != JSON_END) {
        if (step == JSON_BROKEN) ok = false;
        else if (json_is(key, "\"id\"")) id = field;
        else if (json_is(key, "\"content\"")) ok = named = json_string(field, &content);
        else if (json_is(key, "\"single_word\"")) t->single_word = json_is(field, "true");
        else if (json_is(key, "\"lstrip\"")) t->lstrip = json_is(field, "true");
        else if (json_is(key, "\"rstrip\"")) t->rstrip = json_is(field, "true");
        else if (json_is(key, "\"normalized\"")) t->normalized = json_is(field, "true");
        else if (json_is(key, "\"special\"")) t->special = json_is(field, "true");
    }
    ok = ok && named && json_id(id, &t->id);
    if (ok) {
        t->content = mem_copy_bytes(content.bytes, content.length);
        t->length = content.length;
    }
    free(content.bytes);
    return ok;
}

static int by_bytes(const void *a, const void *b) {
    const token_spelling *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->bytes, y->bytes, shorter);
    if (order) return order;
    if (x->length != y->length) return x->length < y->length ? -1 : 1;
    return x->token < y->token ? -1 : x->token > y->token;
}

static void add_spelling(token_set *set, const char *bytes, size_t length, uint32_t token) {
    if (!length || utf8_valid_length(bytes, length) < length) return; /* texts that are cut at it stay UTF-8 */
    if ((set->count & (set->count - 1)) == 0)                         /* a power of two is full */
        set->spelling = mem_resize(set->spelling, set->count ? 2 * set->count : 1, sizeof *set->spelling);
    set->spelling[set->count++] = (token_spelling){mem_copy_bytes(bytes, length), length, token};
    set->begins[(unsigned char)*bytes] = true;
}

/* Sorts; of equal spellings the last token remains. */
static void finish_set(token_set *set) {
    if (set->count) qsort(set->spelling, set->count, sizeof *set->spelling, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++) {
        token_spelling *s = &set->spelling[i];
        if (kept && set->spelling[kept - 1].length == s->length &&
            memcmp(set->spelling[kept - 1].bytes, s->bytes, s->length) == 0)
            free(set->spelling[--kept].bytes);
        set->spelling[kept++] = *s;
    }
    set->count = kept;
}

/* A token is spelled in the normalized text as the normalizer spells it. */
static bool add_normalized(added_tokens *added, uint32_t number, const normalizer *n, pattern_search *search,
                           scry_error *err) {
    const added_token *t = &added->token[number];
    aligned_text text = {0}, spare = {0};
    size_t valid = utf8_valid_length(t->content, t->length);
    aligned_text_add_original(&text, t->content, valid, 0);
    bool ok = normalize(n, search, &text, &spare, err);
    if (ok && valid == t->length && text.length) add_spelling(&added->normalized, text.text, text.length, number);
    aligned_text_free(&text);
    aligned_text_free(&spare);
    return ok;
}

static bool read_list(added_tokens *added, json_part part, const char *path, scry_error *err) {
    json_walk walk;
    json_part value;
    json_step step;
    if (!json_walk_into(&walk, part) || walk.close != ']')
        return scry_fail(err, "%s: added_tokens: expected a list", path);
    size_t room = 0;
    while ((step = json_next(&walk, NULL, &value)) == JSON_ITEM) {
        if (added->count == room) {
            room = 2 * room + 64;
            added->token = mem_resize(added->token, room, sizeof *added->token);
        }
        if (!read_token(value, &added->token[added->count]))
            return scry_fail(err,
                             "%s: added_tokens[%zu]: found %.*s, expected {\"id\": number, \"content\": text, ...}",
                             path, added->count, (int)(value.length < 60 ? value.length : 60), value.at);
        added->count++;
    }
    return step == JSON_END || scry_fail(err, "%s: added_tokens: not JSON, or cut short", path);
}

bool added_tokens_read(added_tokens *added, json_part part, const normalizer *n, const char *path, scry_error *err) {
    *added = (added_tokens){0};
    if (!part.at || json_is(part, "null")) return true;
    pattern_search *search = pattern_search_new();
    bool ok = read_list(added, part, path, err);
    for (uint32_t i = 0; ok && i < added->count; i++) {
        const added_token *t = &added->token[i];
        if (t->normalized) ok = add_normalized(added, i, n, search, err);
        else add_spelling(&added->plain, t->content, t->length, i);
    }
    pattern_search_free(search);
    finish_set(&added->plain);
    finish_set(&added->normalized);
    if (!ok) added_tokens_free(added);
    return ok;
}

static void free_set(token_set *set) {
    for (size_t i = 0; i < set->count; i++) free(set->spelling[i].bytes);
    free(set->spelling);
}

void added_tokens_free(added_tokens *added) {
    for (size_t i = 0; i < added->count; i++) free(added->token[i].content);
    free(added->token);
    free_set(&added->plain);
    free_set(&added->normalized);
    *added = (added_tokens){0};
}

/* ---- finding ---- */

/* The longest spelling that text begins with, or NULL: the range of spellings with the same beginning is narrowed byte
 * by byte. */
static const token_spelling *longest(const token_set *set, const char *text, size_t length) {
    size_t low = 0, high = set->count;
    const token_spelling *found = NULL;
    for (size_t depth = 0; depth < length && low < high; depth++) {
        unsigned char byte = (unsigned char)text[depth];
        size_t a = low, b = high; /* the first whose byte is not below */
        while (a < b) {
            size_t middle = (a + b) / 2;
            const token_spelling *s = &set->spelling[middle];
            if (s->length <= depth || (unsigned char)s->bytes[depth] < byte) a = middle + 1;
            else b = middle;
        }
        low = a, b = high; /* the first whose byte is above */
        while (a < b) {
            size_t middle = (a + b) / 2;
            if ((unsigned char)set->spelling[middle].bytes[depth] <= byte) a = middle + 1;
            else b = middle;
        }
        high = a;
        if (low < high && set->spelling[low].length == depth + 1) found = &set->spelling[low];
    }
    return found;
}

static uint32_t code_before(const char *text, size_t at) {
    unsigned size;
    do at--;
    while (utf8_is_continuation(text[at]));
    return utf8_decode_valid(text + at, &size);
}

static bool stands_alone(const char *text, size_t length, size_t begin, size_t end) {
    unsigned size;
    return (!begin || !is_word(code_before(text, begin))) &&
           (end == length || !is_word(utf8_decode_valid(text + end, &size)));
}

static size_t strip_left(const char *text, size_t from, size_t begin) {
    while (begin > from && is_whitespace(code_before(text, begin))) {
        do begin--;
        while (utf8_is_continuation(text[begin]));
    }
    return begin;
}

static size_t strip_right(const char *text, size_t length, size_t end) {
    unsigned size;
    while (end < length && is_whitespace(utf8_decode_valid(text + end, &size))) end += size;
    return end;
}

void added_tokens_cut(const added_tokens *added, const token_set *set, const char *text, size_t length,
                      aligned_text *out) {
    size_t done = 0;
    for (size_t at = 0; at < length && set->count;) {
        const token_spelling *s = set->begins[(unsigned char)text[at]] ? longest(set, text + at, length - at) : NULL;
        if (!s) {
            at++;
            continue;
        }
        const added_token *t = &added->token[s->token];
        size_t begin = at, end = at + s->length;
        at = end;
        if (begin < done) continue; /* within spaces that the last one took */
        if (t->single_word && !stands_alone(text, length, begin, end)) continue;
        if (t->lstrip) begin = strip_left(text, done, begin);
        if (t->rstrip) end = strip_right(text, length, end);
        aligned_text_piece(out, done, begin - done, -1);
        aligned_text_piece(out, begin, end - begin, t->id);
        done = end;
    }
    aligned_text_piece(out, done, length - done, -1);
}
