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

static bool add_token(reader *r, const cJSON *item, int position, scry_error *err) {
    token_text *text = r->text;
    char number[32];
    const char *piece = cJSON_IsString(item) ? item->valuestring : number;
    if (cJSON_IsNumber(item) && r->tok) {
        piece = piece_of(r, item->valuedouble, position, err);
        if (!piece) return false;
    } else if (cJSON_IsNumber(item)) snprintf(number, sizeof number, "#%.0f", item->valuedouble);
    else if (!cJSON_IsString(item))
        return scry_fail(err, "%s: %s: line %" PRIu64 ": token %d is neither text nor a number", r->key, text->path,
                         r->line, position);
    if (text->tokens == r->token_room) {
        r->token_room = r->token_room ? r->token_room * 2 : 4096;
        text->piece = mem_resize(text->piece, r->token_room, sizeof *text->piece);
    }
    text->piece[text->tokens++] = string_pool_add(r->pieces, piece);
    return true;
}

/* "ids" together with "tokens": as many numbers. */
static bool check_ids(const reader *r, const cJSON *ids, const cJSON *tokens, scry_error *err) {
    if (!ids || !cJSON_IsArray(tokens)) return true;
    if (!cJSON_IsArray(ids) || cJSON_GetArraySize(ids) != cJSON_GetArraySize(tokens))
        return scry_fail(err, "%s: %s: line %" PRIu64 ": \"ids\": found %s, expected a list of %d numbers, one a token",
                         r->key, r->text->path, r->line, cJSON_IsArray(ids) ? "another number of them" : "no list",
                         cJSON_GetArraySize(tokens));
    const cJSON *id;
    int position = 0;
    cJSON_ArrayForEach (id, ids) {
        if (!cJSON_IsNumber(id) || id->valuedouble < 0 || id->valuedouble > UINT32_MAX ||
            id->valuedouble != (double)(uint32_t)id->valuedouble)
            return scry_fail(err, "%s: %s: line %" PRIu64 ": id %d is no token's id; expected a whole number", r->key,
                             r->text->path, r->line, position);
        position++;
    }
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

static bool add_sample(reader *r, cJSON *line, scry_error *err) {
    token_text *text = r->text;
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(line, "id");
    const cJSON *tokens = cJSON_GetObjectItemCaseSensitive(line, "tokens");
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(line, "ids");
    if (!check_ids(r, ids, tokens, err)) return false;
    if (!tokens) tokens = ids;
    if (!cJSON_IsArray(tokens))
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
    const cJSON *item;
    cJSON_ArrayForEach (item, tokens)
        if (!add_token(r, item, position++, err)) return false;
    sample->count = (uint32_t)position;
    if (!read_response(r, line, sample, err)) return false;
    cJSON_DeleteItemFromObjectCaseSensitive(line, "id");
    cJSON_DeleteItemFromObjectCaseSensitive(line, "tokens");
    cJSON_DeleteItemFromObjectCaseSensitive(line, "ids");
    if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(line, "before")))
        cJSON_DeleteItemFromObjectCaseSensitive(line, "before");
    if (line->child) {
        char *about = cJSON_PrintUnformatted(line);
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
        cJSON *line = json_parse(start, length);
        if (length > JSON_PARSE_MAX)
            ok = scry_fail(err, "%s: %s: line %" PRIu64 " has %zu bytes, expected %zu at most; split the sample", key,
                           path, r.line, length, JSON_PARSE_MAX);
        else if (!cJSON_IsObject(line))
            ok = scry_fail(err,
                           "%s: %s: line %" PRIu64 " is not a JSON object; expected {\"id\": ..., \"tokens\": [...]}",
                           key, path, r.line);
        else ok = add_sample(&r, line, err);
        cJSON_Delete(line);
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
