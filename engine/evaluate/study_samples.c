/* evaluate/study_samples.c: token files to ids. */
#include "evaluate/study_samples.h"
#include "base/mem.h"
#include "io/mapped_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the file ------------------------------------------------------------------------------- */

static const cJSON *list_of(const cJSON *json, const char *key) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsArray(list) ? list : NULL;
}

static size_t tokens_of(const cJSON *json) {
    const cJSON *tokens = list_of(json, "tokens");
    return (size_t)cJSON_GetArraySize(tokens ? tokens : list_of(json, "ids"));
}

static bool read_lines(study_samples *s, const mapped_file *map, scry_error *err) {
    json_walk walk = json_walk_text((const char *)map->data, (size_t)map->size);
    json_part value;
    json_step step;
    while ((step = json_next(&walk, NULL, &value)) == JSON_ITEM) {
        cJSON *json = json_parse(value.at, value.length);
        if (s->count == s->room) {
            s->room = s->room ? 2 * s->room : 64;
            s->lines = mem_resize(s->lines, s->room, sizeof *s->lines);
        }
        s->lines[s->count++] = (study_line){s->rows, tokens_of(json), json};
        if (!cJSON_IsObject(json) || (!list_of(json, "tokens") && !list_of(json, "ids")))
            return scry_fail(err,
                             "%s: sample %zu: expected an object with \"tokens\" (texts) or \"ids\" (numbers) as a "
                             "list",
                             s->path, s->count);
        s->rows += s->lines[s->count - 1].count;
    }
    return step == JSON_END || scry_fail(err, "%s: sample %zu: not JSON", s->path, s->count + 1);
}

bool study_samples_open(study_samples *s, const char *study, const char *group, const study_capture *capture,
                        const scry_tokenizer *tok, scry_bos bos, scry_error *err) {
    *s = (study_samples){.tok = tok};
    if (!capture->tokens)
        return scry_fail(err, "%s: %s: has no \"tokens\", expected the texts to measure; name them with --domain",
                         study, capture->key ? capture->key : group);
    if (capture->padding != PADDING_UNSAID || capture->mask_count)
        return scry_fail(err, "%s: %s: has padding, expected tokens as a model reads them; name texts with --domain",
                         study, capture->key);
    mapped_file map;
    if (!scry_tokenizer_bos(tok, bos, &s->bos, &s->bos_count, err) ||
        !mapped_file_open(&map, capture->tokens, capture->key, err))
        return false;
    s->path = mem_copy_string(capture->tokens);
    bool ok = read_lines(s, &map, err);
    mapped_file_close(&map);
    /* a file of the slice alone has as many tokens as the slice has rows */
    if (ok && capture->has_rows && s->rows > capture->row_to - capture->row_from) {
        s->sliced = true;
        s->row_from = capture->row_from;
        s->row_to = capture->row_to;
    }
    if (!ok) study_samples_close(s);
    return ok;
}

void study_samples_close(study_samples *s) {
    for (size_t i = 0; i < s->count; i++) cJSON_Delete(s->lines[i].json);
    free(s->lines);
    free(s->path);
    *s = (study_samples){0};
}

/* ---- ids ------------------------------------------------------------------------------------ */

bool study_text_encode(const scry_tokenizer *tok, const char *text, size_t length, size_t count, uint32_t *out) {
    scry_tokens tokens = {0};
    /* pieces that hold part of a character make no text that can be encoded again */
    bool alike = scry_tokenizer_encode(tok, text, length, &tokens, NULL) && tokens.count == count;
    if (alike && count) memcpy(out, tokens.ids, count * sizeof *out);
    scry_tokens_free(&tokens);
    return alike;
}

size_t study_bos_missing(const uint32_t *bos, size_t bos_count, const uint32_t *own, size_t count) {
    return bos_count && count >= bos_count && memcmp(own, bos, bos_count * sizeof *own) == 0 ? 0 : bos_count;
}

static bool copy_ids(const study_samples *s, const cJSON *list, const char *key, size_t sample, uint32_t *out,
                     scry_error *err) {
    const cJSON *item;
    size_t i = 0;
    uint32_t size = scry_tokenizer_size(s->tok);
    cJSON_ArrayForEach (item, list) {
        double id = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(id >= 0 && id < size) || id != (double)(uint32_t)id)
            return scry_fail(err, "%s: sample %zu: %s[%zu]: found %g, expected an id of the tokenizer, below %" PRIu32,
                             s->path, sample + 1, key, i, id, size);
        out[i++] = (uint32_t)id;
    }
    return true;
}

static bool encode_tokens(const study_samples *s, const cJSON *list, size_t sample, study_sample *out,
                          scry_error *err) {
    const cJSON *item;
    size_t length = 0;
    cJSON_ArrayForEach (item, list) {
        if (!cJSON_IsString(item))
            return scry_fail(err, "%s: sample %zu: tokens: expected texts, and numbers under \"ids\"", s->path,
                             sample + 1);
        length += strlen(item->valuestring);
    }
    char *text = mem_new(length + 1, 1), *at = text;
    cJSON_ArrayForEach (item, list) at = stpcpy(at, item->valuestring);
    out->alike = study_text_encode(s->tok, text, length, out->count, out->own);
    free(text);
    return true;
}

static bool read_response(const study_samples *s, const cJSON *json, size_t sample, study_sample *out,
                          scry_error *err) {
    const cJSON *response = cJSON_GetObjectItemCaseSensitive(json, "response");
    out->response = 1;
    if (!cJSON_IsNumber(response)) return true;
    double at = response->valuedouble;
    if (!(at >= 0 && at <= (double)out->count) || at != (double)(size_t)at)
        return scry_fail(err, "%s: sample %zu: response: found %g, expected the number of one of its %zu tokens",
                         s->path, sample + 1, at, out->count);
    out->response = (size_t)at;
    return true;
}

static bool read_own(const study_samples *s, const cJSON *json, size_t i, study_sample *out, scry_error *err) {
    const cJSON *ids = list_of(json, "ids");
    out->own = mem_new(out->count + 1, sizeof *out->own);
    out->alike = true;
    if (!ids) return encode_tokens(s, list_of(json, "tokens"), i, out, err);
    if ((size_t)cJSON_GetArraySize(ids) != out->count)
        return scry_fail(err, "%s: sample %zu: found %d ids for %zu tokens, expected as many", s->path, i + 1,
                         cJSON_GetArraySize(ids), out->count);
    return copy_ids(s, ids, "ids", i, out->own, err);
}

static bool read_head(const study_samples *s, const cJSON *json, size_t i, study_sample *out, scry_error *err) {
    const cJSON *before = list_of(json, "before");
    out->head_count =
        before ? (size_t)cJSON_GetArraySize(before) : study_bos_missing(s->bos, s->bos_count, out->own, out->count);
    out->head = mem_new(out->head_count + 1, sizeof *out->head);
    if (before) return copy_ids(s, before, "before", i, out->head, err);
    if (out->head_count) memcpy(out->head, s->bos, out->head_count * sizeof *out->head);
    return true;
}

bool study_sample_read(const study_samples *s, size_t i, study_sample *out, scry_error *err) {
    const cJSON *json = s->lines[i].json;
    *out = (study_sample){.count = s->lines[i].count};
    if (read_response(s, json, i, out, err) && read_own(s, json, i, out, err) && read_head(s, json, i, out, err))
        return true;
    study_sample_free(out);
    return false;
}

void study_sample_free(study_sample *sample) {
    free(sample->head);
    free(sample->own);
    *sample = (study_sample){0};
}
