/* tokenfile.c: JSON Lines of tokens. */
#include "io/tokenfile.h"
#include "base/mem.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    token_text *text;
    uint64_t sample_room, token_room;
    const char *key;
    uint64_t line;
    string_pool *pieces;
    const tokenizer *tok;
} reader;

/* The text of an id; NULL and err filled when the vocabulary lacks it. */
static const char *piece_of(const reader *r, double id, int position, scry_error *err) {
    const tokenizer *tok = r->tok;
    bool whole = id >= 0 && id <= UINT32_MAX && id == (double)(uint32_t)id;
    const char *piece = whole ? tokenizer_piece(tok, (uint32_t)id) : NULL;
    if (!piece)
        scry_fail(err,
                  "%s: %s: line %" PRIu64 ": token %d: found id %.17g, expected one of the %zu ids of %s, the last of "
                  "which is %" PRIu32,
                  r->key, r->text->path, r->line, position, id, tok->count, tok->path, tok->entry[tok->count - 1].id);
    return piece;
}

static bool is_text(json_part value) {
    return value.length >= 2 && *value.at == '"';
}

/* False for what is no number. */
static bool number_of(json_part value, double *out) {
    char text[64], *end;
    if (!value.at || value.length >= sizeof text || !(*value.at == '-' || (*value.at >= '0' && *value.at <= '9')))
        return false;
    memcpy(text, value.at, value.length);
    text[value.length] = 0;
    *out = strtod(text, &end);
    return strspn(text, "0123456789+-.eE") == value.length && !*end;
}

static bool broken_line(const reader *r, scry_error *err) {
    return scry_fail(err, "%s: %s: line %" PRIu64 " is not a JSON object; expected {\"id\": ..., \"tokens\": [...]}",
                     r->key, r->text->path, r->line);
}

static bool add_token(reader *r, json_part item, int position, scry_error *err) {
    token_text *text = r->text;
    char number[32], *owned = NULL;
    const char *piece = number;
    double id;
    if (number_of(item, &id)) {
        snprintf(number, sizeof number, "#%.0f", id);
        if (r->tok && !(piece = piece_of(r, id, position, err))) return false;
    } else if (!is_text(item)) {
        return scry_fail(err, "%s: %s: line %" PRIu64 ": token %d is neither text nor a number", r->key, text->path,
                         r->line, position);
    } else if (!(piece = owned = json_text(item))) {
        return broken_line(r, err);
    }
    if (text->tokens == r->token_room) {
        r->token_room = r->token_room ? r->token_room * 2 : 4096;
        text->piece = mem_resize(text->piece, r->token_room, sizeof *text->piece);
    }
    text->piece[text->tokens++] = string_pool_add(r->pieces, piece);
    free(owned);
    return true;
}

static bool is_list(json_part value) {
    return value.at && *value.at == '[';
}

/* Elements of a list; -1 where it is broken, or has too many. */
static int list_length(json_part list) {
    json_walk w;
    json_part item;
    json_step step = JSON_BROKEN;
    int n = 0;
    if (!json_walk_into(&w, list)) return -1;
    while (n < INT32_MAX && (step = json_next(&w, NULL, &item)) == JSON_ITEM) n++;
    return step == JSON_END ? n : -1;
}

/* "ids" together with "tokens": as many numbers. */
static bool check_ids(const reader *r, json_part ids, json_part tokens, scry_error *err) {
    if (!ids.at || !is_list(tokens)) return true;
    const int count = list_length(tokens), found = is_list(ids) ? list_length(ids) : -1;
    if (count < 0 || (is_list(ids) && found < 0)) return broken_line(r, err);
    if (found != count)
        return scry_fail(err, "%s: %s: line %" PRIu64 ": \"ids\": found %s, expected a list of %d numbers, one a token",
                         r->key, r->text->path, r->line, is_list(ids) ? "another number of them" : "no list", count);
    json_walk w;
    json_part item;
    double id;
    json_walk_into(&w, ids);
    for (int position = 0; json_next(&w, NULL, &item) == JSON_ITEM; position++)
        if (!number_of(item, &id) || id < 0 || id > UINT32_MAX || id != (double)(uint32_t)id)
            return scry_fail(err, "%s: %s: line %" PRIu64 ": id %d is no token's id; expected a whole number", r->key,
                             r->text->path, r->line, position);
    return true;
}

/* A response that is text is a key like any other. */
static bool read_response(const reader *r, cJSON *line, token_sample *sample, scry_error *err) {
    const cJSON *response = cJSON_GetObjectItemCaseSensitive(line, "response");
    sample->response = TOKEN_NO_RESPONSE;
    if (!cJSON_IsNumber(response)) return true;
    double k = response->valuedouble;
    if (!(k >= 0) || k > sample->count || k != (double)(uint32_t)k)
        return scry_fail(err,
                         "%s: %s: line %" PRIu64 ": \"response\": found %.17g, expected the number of the response's "
                         "first token, a whole number from 0 to %" PRIu32,
                         r->key, r->text->path, r->line, k, sample->count);
    sample->response = (uint32_t)k;
    cJSON_DeleteItemFromObjectCaseSensitive(line, "response");
    return true;
}

/* A sample's line in parts: its tokens, which may be millions, are not made a tree. */
typedef struct sample_line {
    json_part tokens, ids; /* at NULL: not there */
    cJSON *others;         /* the other keys but "before", if that is a list; owned */
} sample_line;

/* False for what is no JSON object. */
static bool split_line(const char *text, size_t length, sample_line *out) {
    json_walk lines = json_walk_text(text, length), members;
    json_part line, key, value;
    json_step step;
    *out = (sample_line){0};
    if (json_next(&lines, NULL, &line) != JSON_ITEM || *line.at != '{' || !json_walk_into(&members, line) ||
        json_next(&lines, NULL, &value) != JSON_END)
        return false;
    char *others = mem_new(line.length + 3, 1);
    size_t used = 0;
    others[used++] = '{';
    while ((step = json_next(&members, &key, &value)) == JSON_ITEM) {
        json_part *place = json_is(key, "\"tokens\"") ? &out->tokens : json_is(key, "\"ids\"") ? &out->ids : NULL;
        if (place && !place->at) *place = value;
        if (place || (json_is(key, "\"before\"") && is_list(value))) continue;
        if (used > 1) others[used++] = ',';
        memcpy(others + used, key.at, key.length);
        used += key.length;
        others[used++] = ':';
        memcpy(others + used, value.at, value.length);
        used += value.length;
    }
    others[used++] = '}';
    if (step == JSON_END) out->others = json_parse(others, used);
    free(others);
    return out->others != NULL;
}

static bool add_sample(reader *r, sample_line *line, scry_error *err) {
    token_text *text = r->text;
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(line->others, "id");
    const json_part tokens = line->tokens.at ? line->tokens : line->ids;
    if (!check_ids(r, line->ids, line->tokens, err)) return false;
    if (!is_list(tokens))
        return scry_fail(err, "%s: %s: line %" PRIu64 ": expected \"tokens\" (texts) or \"ids\" (numbers) as a list",
                         r->key, text->path, r->line);
    if (id && !cJSON_IsString(id) && !cJSON_IsNumber(id))
        return scry_fail(err, "%s: %s: line %" PRIu64 ": \"id\" is neither text nor a number", r->key, text->path,
                         r->line);
    if (text->sample_count == r->sample_room) {
        r->sample_room = r->sample_room ? r->sample_room * 2 : 64;
        text->samples = mem_resize(text->samples, r->sample_room, sizeof *text->samples);
    }
    token_sample *sample = &text->samples[text->sample_count++];
    *sample = (token_sample){.first = text->tokens};
    if (cJSON_IsString(id)) sample->id = mem_copy_string(id->valuestring);
    else sample->id = cJSON_IsNumber(id) ? mem_format("%.17g", id->valuedouble) : mem_format("%" PRIu64, r->line);
    sample->about = mem_copy_string("");
    int position = 0;
    json_walk w;
    json_part item;
    json_step step = json_walk_into(&w, tokens) ? JSON_ITEM : JSON_BROKEN;
    while (step == JSON_ITEM && (step = json_next(&w, NULL, &item)) == JSON_ITEM)
        if (!add_token(r, item, position++, err)) return false;
    if (step == JSON_BROKEN) return broken_line(r, err);
    sample->count = (uint32_t)position;
    if (!read_response(r, line->others, sample, err)) return false;
    cJSON_DeleteItemFromObjectCaseSensitive(line->others, "id");
    if (line->others->child) {
        char *about = cJSON_PrintUnformatted(line->others);
        free(sample->about);
        sample->about = about ? mem_copy_string(about) : mem_copy_string("");
        cJSON_free(about);
    }
    return true;
}

static bool is_blank(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r') return false;
    return true;
}

bool token_text_read(token_text *text, const char *path, const char *key, string_pool *pieces, const tokenizer *tok,
                     scry_error *err) {
    *text = (token_text){0};
    mapped_file map;
    if (!mapped_file_open(&map, path, key, err)) return false;
    text->path = mem_copy_string(path);
    reader r = {.text = text, .key = key, .pieces = pieces, .tok = tok && tok->count ? tok : NULL};
    bool ok = true;
    for (uint64_t at = 0; at < map.size && ok;) {
        const char *start = (const char *)map.data + at;
        const char *end = memchr(start, '\n', (size_t)(map.size - at));
        size_t length = end ? (size_t)(end - start) : (size_t)(map.size - at);
        at += length + 1;
        r.line++;
        if (is_blank(start, length)) continue;
        sample_line line = {0};
        if (length > JSON_PARSE_MAX)
            ok = scry_fail(err, "%s: %s: line %" PRIu64 " has %zu bytes, expected %zu at most; split the sample", key,
                           path, r.line, length, JSON_PARSE_MAX);
        else if (!split_line(start, length, &line)) ok = broken_line(&r, err);
        else ok = add_sample(&r, &line, err);
        cJSON_Delete(line.others);
    }
    mapped_file_close(&map);
    if (!ok) token_text_free(text);
    return ok;
}

void token_text_free(token_text *text) {
    for (uint32_t i = 0; i < text->sample_count; i++) {
        free(text->samples[i].id);
        free(text->samples[i].about);
    }
    free(text->samples);
    free(text->piece);
    free(text->path);
    *text = (token_text){0};
}
