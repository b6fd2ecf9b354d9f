/* text_encoder.c: a tokenizer.json, opened, and texts to ids with it. */
#include "model/tokenizer/text_encoder.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/utf8.h"
#include "io/mapped_file.h"
#include "io/tokenizer.h"
#include "model/tokenizer/added_tokens.h"
#include "model/tokenizer/post_process.h"
#include "model/tokenizer/pre_tokenize.h"
#include "model/tokenizer/token_model.h"
#include "model/tokenizer/tokenizer_config.h"

#include <stdlib.h>
#include <string.h>

struct scry_tokenizer {
    char *path;       /* of the tokenizer.json */
    tokenizer pieces; /* the other way: ids to text */
    normalizer *normalizer;
    added_tokens added;
    pre_tokenizer *pre_tokenizer;
    token_model *model;
    tokenizer_config config;
    uint32_t *front; /* ids in front of every text, as the post-processor or the config says */
    size_t front_count;
    uint32_t bos, size; /* bos: NO_TOKEN where there is none */
};

#define LONGEST_TEXT ((size_t)INT32_MAX)

/* ---- opening ---- */

typedef struct sections {
    json_part normalizer, pre_tokenizer, model, post_processor, added;
} sections;

static bool read_sections(const mapped_file *map, const char *path, sections *s, scry_error *err) {
    json_walk walk = json_walk_text((const char *)map->data, (size_t)map->size);
    json_part root = {0}, key, value;
    json_step step = JSON_BROKEN;
    *s = (sections){0};
    if (json_next(&walk, NULL, &root) == JSON_ITEM && *root.at == '{' && json_walk_into(&walk, root))
        while ((step = json_next(&walk, &key, &value)) == JSON_ITEM) {
            if (json_is(key, "\"normalizer\"")) s->normalizer = value;
            if (json_is(key, "\"pre_tokenizer\"")) s->pre_tokenizer = value;
            if (json_is(key, "\"model\"")) s->model = value;
            if (json_is(key, "\"post_processor\"")) s->post_processor = value;
            if (json_is(key, "\"added_tokens\"")) s->added = value;
        }
    return step == JSON_END ||
           scry_fail(err, "%s: not JSON, or cut short; expected a tokenizer.json of Hugging Face", path);
}

static bool parse_section(json_part part, const char *name, const char *path, cJSON **item, scry_error *err) {
    *item = part.at ? json_parse(part.at, part.length) : NULL;
    return !part.at || *item || scry_fail(err, "%s: %s: not JSON, or cut short", path, name);
}

static bool read_steps(scry_tokenizer *tok, const sections *s, scry_error *err) {
    cJSON *before = NULL, *pre = NULL;
    bool bytes;
    bool ok =
        parse_section(s->normalizer, "normalizer", tok->path, &before, err) &&
        (tok->normalizer = normalizer_new(before, tok->path, err)) &&
        parse_section(s->pre_tokenizer, "pre_tokenizer", tok->path, &pre, err) &&
        (tok->pre_tokenizer = pre_tokenizer_new(pre, token_model_takes_bytes(tok->model), &bytes, tok->path, err)) &&
        token_model_finish(tok->model, bytes, err) &&
        added_tokens_read(&tok->added, s->added, tok->normalizer, tok->path, err);
    cJSON_Delete(before);
    cJSON_Delete(pre);
    return ok;
}

static uint32_t find_token(const scry_tokenizer *tok, const char *token) {
    size_t length = strlen(token);
    for (size_t i = tok->added.count; i--;)
        if (tok->added.token[i].length == length && memcmp(tok->added.token[i].content, token, length) == 0)
            return tok->added.token[i].id;
    return vocabulary_find(token_model_vocabulary(tok->model), token, length);
}

static void set_front(scry_tokenizer *tok, const uint32_t *ids, size_t count) {
    free(tok->front);
    tok->front = mem_new(count + 1, sizeof *tok->front);
    if (count) memcpy(tok->front, ids, count * sizeof *ids);
    tok->front_count = count;
}

/* What stands in front of a text, and the beginning-of-text token. add_bos_token, where it is written, decides as in
 * transformers, also against the post-processor. */
static bool read_front(scry_tokenizer *tok, const sections *s, scry_error *err) {
    cJSON *item;
    front_tokens front = {0};
    bool ok = parse_section(s->post_processor, "post_processor", tok->path, &item, err) &&
              front_tokens_read(&front, item, tok->path, err);
    cJSON_Delete(item);
    if (!ok) return false;
    const tokenizer_config *config = &tok->config;
    tok->bos = config->bos ? find_token(tok, config->bos) : NO_TOKEN;
    if (tok->bos == NO_TOKEN && config->bos_id >= 0) tok->bos = (uint32_t)config->bos_id;
    if (tok->bos == NO_TOKEN && front.count == 1) tok->bos = front.ids[0];
    if (config->add_bos < 0) set_front(tok, front.ids, front.count);
    else set_front(tok, &tok->bos, config->add_bos && tok->bos != NO_TOKEN);
    free(front.ids);
    return true;
}

static void measure(scry_tokenizer *tok) {
    const vocabulary *v = token_model_vocabulary(tok->model);
    for (size_t i = 0; i < v->count; i++)
        if (v->entry[i].id >= tok->size) tok->size = v->entry[i].id + 1;
    for (size_t i = 0; i < tok->added.count; i++)
        if (tok->added.token[i].id >= tok->size) tok->size = tok->added.token[i].id + 1;
}

static bool open_file(scry_tokenizer *tok, scry_error *err) {
    mapped_file map;
    sections s;
    if (!mapped_file_open(&map, tok->path, NULL, err)) return false;
    bool ok = read_sections(&map, tok->path, &s, err) && (tok->model = token_model_new(s.model, tok->path, err)) &&
              read_steps(tok, &s, err) && read_front(tok, &s, err);
    mapped_file_close(&map);
    return ok && tokenizer_open(&tok->pieces, tok->path, NULL, err);
}

scry_tokenizer *scry_tokenizer_open(const char *path, scry_error *err) {
    scry_tokenizer *tok = mem_new(1, sizeof *tok);
    bool folder = path_is_directory(path);
    tok->path = folder ? path_join(path, "tokenizer.json") : mem_copy_string(path);
    tok->config = (tokenizer_config){.bos_id = -1, .add_bos = -1};
    if ((folder && !tokenizer_config_read(&tok->config, path, err)) || !open_file(tok, err)) {
        scry_tokenizer_close(tok);
        return NULL;
    }
    measure(tok);
    return tok;
}

void scry_tokenizer_close(scry_tokenizer *tok) {
    if (!tok) return;
    tokenizer_free(&tok->pieces);
    normalizer_free(tok->normalizer);
    added_tokens_free(&tok->added);
    pre_tokenizer_free(tok->pre_tokenizer);
    token_model_free(tok->model);
    tokenizer_config_free(&tok->config);
    free(tok->front);
    free(tok->path);
    free(tok);
}

/* ---- encoding ---- */

typedef struct encoding {
    const scry_tokenizer *tok;
    pattern_search *search;
    aligned_text parts, text, spare; /* parts: the whole text, cut at added tokens */
    token_list tokens;
    scry_tokens *out;
    size_t before; /* tokens that were there */
    scry_error *err;
} encoding;

/* Ends do not go back, even where an added token in the blanks that another took is found again. */
static void add_token(encoding *e, uint32_t id, size_t end) {
    scry_tokens *out = e->out;
    if (out->count > e->before && out->end[out->count - 1] > end) end = out->end[out->count - 1];
    if (out->count == out->room) {
        out->room = 2 * out->room + 64;
        out->ids = mem_resize(out->ids, out->room, sizeof *out->ids);
        out->end = mem_resize(out->end, out->room, sizeof *out->end);
    }
    out->ids[out->count] = id;
    out->end[out->count++] = end;
}

static bool encode_piece(encoding *e, text_piece piece) {
    const aligned_text *text = &e->text;
    if (piece.id >= 0) {
        add_token(e, (uint32_t)piece.id, text->from[piece.at + piece.length - 1].end);
        return true;
    }
    e->tokens.count = 0;
    if (!token_model_encode(e->tok->model, text->text + piece.at, piece.length, &e->tokens, e->err)) return false;
    for (size_t i = 0; i < e->tokens.count; i++) {
        piece_token t = e->tokens.token[i];
        add_token(e, t.id, aligned_text_before(text, piece.at + t.end).end);
    }
    return true;
}

/* A part between two added tokens. */
static bool encode_part(encoding *e, const char *part, size_t length, size_t at) {
    const scry_tokenizer *tok = e->tok;
    aligned_text_clear(&e->text, (uint32_t)at);
    aligned_text_add_original(&e->text, part, length, (uint32_t)at);
    if (!normalize(tok->normalizer, e->search, &e->text, &e->spare, e->err)) return false;
    e->text.count = 0;
    added_tokens_cut(&tok->added, &tok->added.normalized, e->text.text, e->text.length, &e->text);
    if (!pre_tokenize(tok->pre_tokenizer, e->search, &e->text, &e->spare, e->err)) return false;
    for (size_t i = 0; i < e->text.count; i++)
        if (!encode_piece(e, e->text.pieces[i])) return false;
    return true;
}

static bool encode_all(encoding *e, const char *text, size_t length) {
    added_tokens_cut(&e->tok->added, &e->tok->added.plain, text, length, &e->parts);
    for (size_t i = 0; i < e->parts.count; i++) {
        text_piece part = e->parts.pieces[i];
        if (part.id >= 0) add_token(e, (uint32_t)part.id, part.at + part.length);
        else if (!encode_part(e, text + part.at, part.length, part.at)) return false;
    }
    return true;
}

bool scry_tokenizer_encode(const scry_tokenizer *tok, const char *text, size_t length, scry_tokens *out,
                           scry_error *err) {
    size_t valid = utf8_valid_length(text, length), before = out->count;
    if (valid < length)
        return scry_fail(err, "byte %zu of the text, 0x%02x, is not part of a UTF-8 character; expected text in UTF-8",
                         valid, (unsigned)(unsigned char)text[valid]);
    if (length > LONGEST_TEXT) return scry_fail(err, "a text of more than 2 GiB; cut it into parts");
    size_t limit = aligned_text_limit(length);
    encoding e = {.tok = tok,
                  .text = {.limit = limit},
                  .spare = {.limit = limit},
                  .before = before,
                  .search = pattern_search_new(),
                  .out = out,
                  .err = err};
    bool ok = encode_all(&e, text, length);
    if (!ok) out->count = before;
    pattern_search_free(e.search);
    aligned_text_free(&e.parts);
    aligned_text_free(&e.text);
    aligned_text_free(&e.spare);
    token_list_free(&e.tokens);
    return ok;
}

void scry_tokens_free(scry_tokens *tokens) {
    free(tokens->ids);
    free(tokens->end);
    *tokens = (scry_tokens){0};
}

/* ---- questions ---- */

bool scry_tokenizer_bos(const scry_tokenizer *tok, scry_bos bos, const uint32_t **ids, size_t *count, scry_error *err) {
    *ids = NULL;
    *count = 0;
    if (bos == SCRY_BOS_AUTO) {
        *count = tok->front_count;
        *ids = tok->front_count ? tok->front : NULL;
    } else if (bos == SCRY_BOS_YES) {
        if (tok->bos == NO_TOKEN)
            return scry_fail(err,
                             "%s: the model has no beginning-of-text token; expected bos_token in the "
                             "tokenizer_config.json in its folder, or choose auto or no",
                             tok->path);
        *ids = &tok->bos;
        *count = 1;
    }
    return true;
}

int64_t scry_tokenizer_id(const scry_tokenizer *tok, const char *token) {
    uint32_t id = find_token(tok, token);
    return id == NO_TOKEN ? -1 : (int64_t)id;
}

const char *scry_tokenizer_piece(const scry_tokenizer *tok, uint32_t id) {
    return tokenizer_piece(&tok->pieces, id);
}

uint32_t scry_tokenizer_size(const scry_tokenizer *tok) {
    return tok->size;
}

const char *tokenizer_chat_template(const scry_tokenizer *tok) {
    return tok->config.chat_template;
}

const char *tokenizer_bos_text(const scry_tokenizer *tok) {
    return tok->config.bos;
}

const char *tokenizer_eos_text(const scry_tokenizer *tok) {
    return tok->config.eos;
}
