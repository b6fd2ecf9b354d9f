/* added_tokens.c: tokens that are found in a text before everything else. */
#include "model/tokenizer/added_tokens.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "model/tokenizer/character_class.h"
#include "model/tokenizer/vocabulary.h"

#include <stdlib.h>
#include <string.h>

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

/* Texts that are cut at it have to stay UTF-8. */
static void add_spelling(prefix_index *set, const char *bytes, size_t length, uint32_t token) {
    if (length && utf8_valid_length(bytes, length) == length) prefix_index_add(set, bytes, length, token);
}

/* A token is spelled in the normalized text as the normalizer spells it. */
static bool add_normalized(added_tokens *added, uint32_t number, const normalizer *n, pattern_search *search,
                           scry_error *err) {
    const added_token *t = &added->token[number];
    size_t valid = utf8_valid_length(t->content, t->length), limit = aligned_text_limit(valid);
    aligned_text text = {.limit = limit}, spare = {.limit = limit};
    aligned_text_add_original(&text, t->content, valid, 0);
    bool ok = normalize(n, search, &text, &spare, err);
    if (ok && valid == t->length && text.length) {
        added->normal[number] = mem_copy_bytes(text.text, text.length);
        add_spelling(&added->normalized, added->normal[number], text.length, number);
    }
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
    added->normal = mem_new(added->count + 1, sizeof *added->normal);
    for (uint32_t i = 0; ok && i < added->count; i++) {
        const added_token *t = &added->token[i];
        if (t->normalized) ok = add_normalized(added, i, n, search, err);
        else add_spelling(&added->plain, t->content, t->length, i);
    }
    pattern_search_free(search);
    prefix_index_sort(&added->plain);
    prefix_index_sort(&added->normalized);
    if (!ok) added_tokens_free(added);
    return ok;
}

void added_tokens_free(added_tokens *added) {
    for (size_t i = 0; i < added->count; i++) {
        free(added->token[i].content);
        if (added->normal) free(added->normal[i]);
    }
    free(added->token);
    free(added->normal);
    prefix_index_free(&added->plain);
    prefix_index_free(&added->normalized);
    *added = (added_tokens){0};
}

/* ---- finding ---- */

/* The longest spelling that the text, which is not empty, begins with, or NULL. */
static const spelling *longest(const prefix_index *set, const char *text, size_t length) {
    prefix_walk walk = prefix_begin(set, text[0]);
    const spelling *found = NULL;
    while (walk.low < walk.high) {
        const spelling *here = prefix_found(set, &walk);
        if (here) found = here;
        if (walk.depth == length) break;
        prefix_next(set, &walk, text[walk.depth]);
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

void added_tokens_cut(const added_tokens *added, const prefix_index *set, const char *text, size_t length,
                      aligned_text *out) {
    size_t done = 0;
    for (size_t at = 0; at < length && set->count;) {
        const spelling *s = longest(set, text + at, length - at);
        if (!s) {
            at++;
            continue;
        }
        const added_token *t = &added->token[s->value];
        size_t begin = at, end = at + s->length;
        at = end;
        if (t->single_word && !stands_alone(text, length, begin, end)) continue;
        if (t->lstrip && begin > done) begin = strip_left(text, done, begin);
        if (t->rstrip) end = strip_right(text, length, end);
        /* one that stands in the blanks that the last one took is found again, as the library does */
        if (begin > done) aligned_text_piece(out, done, begin - done, -1);
        aligned_text_piece(out, begin, end - begin, t->id);
        done = end;
    }
    aligned_text_piece(out, done, length - done, -1);
}
