/* evaluate/study_texts.c: the texts of a study's domains, from the token files of its captures. */
#include "base/mem.h"
#include "evaluate/measured_text.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const text_settings *settings;
    const char *path;
    uint64_t line;
    uint64_t row_from, row_to; /* of the rows that count; row_to 0: all */
    measured_texts *domain;
    const uint32_t *bos;
    size_t bos_count;
    uint64_t cut, beyond, unlike;
    scry_error *err;
} reader;

/* The same over all domains. */
typedef struct tallies {
    sample_tally cut, beyond, unlike;
    uint64_t samples;
} tallies;

/* A line of the file. */
typedef struct token_line {
    uint64_t first; /* row of its first token */
    cJSON *json;
} token_line;

typedef struct token_lines {
    token_line *line; /* [count] */
    size_t count, room;
    uint64_t rows;
} token_lines;

/* ---- the file ------------------------------------------------------------------------------- */

static const cJSON *list_of(const cJSON *json, const char *key) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(json, key);
    return cJSON_IsArray(list) ? list : NULL;
}

static uint64_t tokens_of(const cJSON *json) {
    const cJSON *tokens = list_of(json, "tokens");
    return (uint64_t)cJSON_GetArraySize(tokens ? tokens : list_of(json, "ids"));
}

static bool read_lines(reader *r, const mapped_file *map, token_lines *out) {
    json_walk walk = json_walk_text((const char *)map->data, (size_t)map->size);
    json_part value;
    json_step step;
    while ((step = json_next(&walk, NULL, &value)) == JSON_ITEM) {
        cJSON *json = json_parse(value.at, value.length);
        if (out->count == out->room) {
            out->room = out->room ? 2 * out->room : 64;
            out->line = mem_resize(out->line, out->room, sizeof *out->line);
        }
        out->line[out->count++] = (token_line){out->rows, json};
        if (!cJSON_IsObject(json) || (!list_of(json, "tokens") && !list_of(json, "ids")))
            return scry_fail(r->err,
                             "%s: sample %zu: expected an object with \"tokens\" (texts) or \"ids\" (numbers) as a "
                             "list",
                             r->path, out->count);
        out->rows += tokens_of(json);
    }
    return step == JSON_END || scry_fail(r->err, "%s: sample %zu: not JSON", r->path, out->count + 1);
}

static void free_lines(token_lines *lines) {
    for (size_t i = 0; i < lines->count; i++) cJSON_Delete(lines->line[i].json);
    free(lines->line);
}

/* ---- ids ------------------------------------------------------------------------------------ */

static bool copy_ids(const reader *r, const cJSON *list, const char *key, size_t sample, uint32_t *out) {
    const cJSON *item;
    size_t i = 0;
    uint32_t size = scry_tokenizer_size(r->settings->tok);
    cJSON_ArrayForEach (item, list) {
        double id = cJSON_IsNumber(item) ? item->valuedouble : -1;
        if (!(id >= 0 && id < size) || id != (double)(uint32_t)id)
            return scry_fail(r->err,
                             "%s: sample %zu: %s[%zu]: found %g, expected an id of the tokenizer, below %" PRIu32,
                             r->path, sample, key, i, id, size);
        out[i++] = (uint32_t)id;
    }
    return true;
}

/* The joined tokens, encoded. *alike: to as many. */
static bool encode_tokens(const reader *r, const cJSON *list, size_t sample, uint32_t *out, bool *alike) {
    const cJSON *item;
    size_t length = 0, count = (size_t)cJSON_GetArraySize(list);
    cJSON_ArrayForEach (item, list) {
        if (!cJSON_IsString(item))
            return scry_fail(r->err, "%s: sample %zu: tokens: expected texts, and numbers under \"ids\"", r->path,
                             sample);
        length += strlen(item->valuestring);
    }
    char *text = mem_new(length + 1, 1), *at = text;
    cJSON_ArrayForEach (item, list) at = stpcpy(at, item->valuestring);
    scry_tokens tokens = {0};
    /* pieces that hold part of a character make no text that can be encoded again */
    *alike = scry_tokenizer_encode(r->settings->tok, text, length, &tokens, NULL) && tokens.count == count;
    if (*alike && count) memcpy(out, tokens.ids, count * sizeof *out);
    scry_tokens_free(&tokens);
    free(text);
    return true;
}

/* ---- samples -------------------------------------------------------------------------------- */

/* The first token that counts, by "response". */
static bool response_of(const reader *r, const cJSON *json, size_t sample, size_t count, size_t *out) {
    const cJSON *response = cJSON_GetObjectItemCaseSensitive(json, "response");
    *out = 1;
    if (!cJSON_IsNumber(response)) return true;
    double at = response->valuedouble;
    if (!(at >= 0 && at <= (double)count) || at != (double)(size_t)at)
        return scry_fail(r->err, "%s: sample %zu: response: found %g, expected the number of one of its %zu tokens",
                         r->path, sample, at, count);
    *out = (size_t)at;
    return true;
}

/* The tokens of the sample that count: those of the response that are among the rows, and not too late. */
static void clip(reader *r, uint64_t first, size_t head, size_t *from, size_t *to) {
    size_t most = r->settings->most_tokens > head ? r->settings->most_tokens - head : 0;
    bool counts = *from < *to;
    if (r->row_to && r->row_from > first + *from) *from = (size_t)(r->row_from - first);
    if (r->row_to && r->row_to < first + *to) *to = r->row_to > first ? (size_t)(r->row_to - first) : 0;
    bool kept = *from < *to;
    if (*to > most) *to = most;
    r->beyond += counts && kept && *from >= *to;
    r->cut += kept && *from < *to && *to == most;
}

static bool add_sample(reader *r, const token_line *line, size_t sample) {
    size_t count = (size_t)tokens_of(line->json), from, to = count;
    const cJSON *ids = list_of(line->json, "ids");
    if (!response_of(r, line->json, sample, count, &from)) return false;
    if (ids && (size_t)cJSON_GetArraySize(ids) != count)
        return scry_fail(r->err, "%s: sample %zu: found %d ids for %zu tokens, expected as many", r->path, sample,
                         cJSON_GetArraySize(ids), count);
    const cJSON *before = list_of(line->json, "before");
    size_t head_count = (size_t)cJSON_GetArraySize(before);
    uint32_t *own = mem_new(count, sizeof *own), *read = mem_new(head_count, sizeof *read);
    bool alike = true;
    bool ok = (ids ? copy_ids(r, ids, "ids", sample, own)
                   : encode_tokens(r, list_of(line->json, "tokens"), sample, own, &alike)) &&
              copy_ids(r, before, "before", sample, read);
    const uint32_t *head = before ? read : r->bos;
    if (!before)
        head_count = r->bos_count && count >= r->bos_count && memcmp(own, r->bos, r->bos_count * sizeof *own) == 0
                         ? 0
                         : r->bos_count;
    clip(r, line->first, head_count, &from, &to);
    measured_text *text = measured_texts_add(r->domain);
    measured_text_room(text, true, 0);
    if (!ok || !alike || !measured_text_set(text, 0, head, head_count, own, from, to)) {
        measured_texts_drop(r->domain);
        r->domain->left_out++;
    }
    free(read);
    r->unlike += ok && !alike;
    free(own);
    return ok;
}

static void note(const tallies *t, const text_settings *settings, scry_notes *notes) {
    char text[SAMPLE_TALLY_TEXT];
    if (t->unlike.count)
        scry_notes_add(notes, "%s do not encode to as many tokens as their file has, and are left out",
                       sample_tally_text(&t->unlike, t->samples, "samples", text));
    if (t->cut.count)
        scry_notes_add(notes, "%s have more than %zu tokens; those after them do not count",
                       sample_tally_text(&t->cut, t->samples, "samples", text), settings->most_tokens);
    if (t->beyond.count)
        scry_notes_add(notes, "%s have a response that begins after %zu tokens, and are left out",
                       sample_tally_text(&t->beyond, t->samples, "samples", text), settings->most_tokens);
}

static bool add_samples(reader *r, const token_lines *lines, tallies *all) {
    size_t *drawn,
        count = draw_samples(lines->count, r->settings->most_samples, r->settings->seed, r->domain->name, &drawn);
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) ok = add_sample(r, &lines->line[drawn[i]], drawn[i] + 1);
    free(drawn);
    if (!ok) return false;
    all->samples += count;
    sample_tally_add(&all->unlike, r->domain->name, r->unlike);
    sample_tally_add(&all->cut, r->domain->name, r->cut);
    sample_tally_add(&all->beyond, r->domain->name, r->beyond);
    return r->domain->count ||
           scry_fail(r->err, "%s: %s: found no token of a response in %zu samples, expected some to measure", r->path,
                     r->domain->name, count);
}

static bool add_domain(const scry_study *study, const study_group *group, const text_settings *settings,
                       measured_domains *out, tallies *all, scry_error *err) {
    const study_capture *capture = &group->capture[SCRY_BASE];
    if (!capture->tokens)
        return scry_fail(err, "%s: %s: has no \"tokens\", expected the texts to measure; name them with --domain",
                         study->path, capture->key ? capture->key : group->name);
    if (capture->padding != PADDING_UNSAID || capture->mask_count)
        return scry_fail(err, "%s: %s: has padding, expected tokens as a model reads them; name texts with --domain",
                         study->path, capture->key);
    reader r = {.settings = settings, .path = capture->tokens, .err = err};
    if (!scry_tokenizer_bos(settings->tok, settings->bos, &r.bos, &r.bos_count, err)) return false;
    mapped_file map;
    if (!mapped_file_open(&map, capture->tokens, capture->key, err)) return false;
    r.domain = measured_domains_add(out, group->name);
    token_lines lines = {0};
    bool ok = read_lines(&r, &map, &lines);
    /* a file of the slice alone has as many tokens as the slice has rows */
    if (ok && capture->has_rows && lines.rows > capture->row_to - capture->row_from) {
        r.row_from = capture->row_from;
        r.row_to = capture->row_to;
    }
    ok = ok && add_samples(&r, &lines, all);
    free_lines(&lines);
    mapped_file_close(&map);
    return ok;
}

bool texts_of_study(const scry_study *study, const text_settings *settings, measured_domains *out, scry_notes *notes,
                    scry_error *err) {
    if (study->scores_only)
        return scry_fail(err, "%s: gives scores instead of captures, so it has no texts; name some with --domain",
                         study->path);
    if (!study->domain_count)
        return scry_fail(err, "%s: has no domains, expected some whose change is measured", study->path);
    tallies all = {0};
    bool ok = true;
    for (size_t d = 0; ok && d < study->domain_count; d++)
        ok = add_domain(study, &study->domains[d], settings, out, &all, err);
    note(&all, settings, notes);
    return ok;
}
