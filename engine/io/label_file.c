/* label_file.c: reads labels of latents. */
#include "io/label_file.h"
#include "base/escape.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/csv_table.h"
#include "io/json.h"
#include "io/label_answer.h"
#include "io/mapped_file.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define LABEL_MAX    4096                                  /* bytes of a label that takes no more texts */
#define UNPACKED_MAX ((size_t)256 << 20)                   /* bytes of an unpacked gzip file */
enum { UNPACKED_FREE = 32 << 20, UNPACKED_FOR_BYTE = 64 }; /* the same, of a small one */
#define TOKENS_SHOWN 3

/* Ignored records, counted for each reason. */
typedef struct ignored {
    uint64_t count;
    char *first; /* place of the first of them */
} ignored;

typedef enum reason { NO_LATENT, NO_TEXT, OUTSIDE, TOO_MANY, TOO_LONG, REASONS } reason;

typedef struct reader {
    char **label;
    uint32_t latents;
    scry_notes *notes;
    scry_error *err;
    const char *path;
    char place[80]; /* "line 3", "features[2]" */
    uint64_t records, taken;
    ignored ignored[REASONS];
    char *source; /* Neuronpedia's layer of the first record */
    char *other;  /* a layer that is not that one */
} reader;

static void ignore(reader *r, reason why) {
    ignored *i = &r->ignored[why];
    if (i->count++ == 0) i->first = mem_format("%s: %s", r->path, r->place);
}

static bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The text without blanks around it, allocated. */
static char *trimmed(const char *text) {
    while (is_space(*text)) text++;
    size_t length = strlen(text);
    while (length && is_space(text[length - 1])) length--;
    return mem_copy_bytes(text, length);
}

/* Is the text one of those joined by " | ". */
static bool has_part(const char *joined, const char *text) {
    size_t length = strlen(text);
    for (const char *at = joined; (at = strstr(at, text)); at++) {
        bool begins = at == joined || (at - joined >= 3 && strncmp(at - 3, " | ", 3) == 0);
        if (begins && (at[length] == 0 || strncmp(at + length, " | ", 3) == 0)) return true;
    }
    return false;
}

static void add_label(reader *r, double latent, const char *text) {
    char *own = trimmed(text);
    bool inside = latent >= 0 && latent < r->latents && latent == (double)(uint32_t)latent;
    char **label = inside ? &r->label[(uint32_t)latent] : NULL;
    if (!inside) ignore(r, OUTSIDE);
    else if (!*own) ignore(r, NO_TEXT);
    else if (*label && strnlen(*label, LABEL_MAX) == LABEL_MAX) ignore(r, TOO_MANY);
    else {
        r->taken++;
        if (!*label) *label = own, own = NULL;
        else if (!has_part(*label, own)) {
            char *joined = mem_format("%s | %s", *label, own);
            free(*label);
            *label = joined;
        }
    }
    free(own);
}

/* The latent's number, given as a number or as text. */
static bool number_of(const cJSON *item, double *number) {
    if (cJSON_IsNumber(item)) *number = item->valuedouble;
    if (!cJSON_IsString(item)) return cJSON_IsNumber(item);
    size_t digits = strspn(item->valuestring, "0123456789");
    *number = strtod(item->valuestring, NULL);
    return digits && item->valuestring[digits] == 0;
}

/* A visible sign for each blank of a token; allocated. */
static char *visible_blanks(const char *blanks) {
    char *text = mem_new(3 * strlen(blanks) + 1, 1), *out = text;
    for (; *blanks; blanks++, out += 3) /* U+21B5, U+21E5, U+2423 */
        memcpy(out, *blanks == '\n' ? "\xe2\x86\xb5" : *blanks == '\t' ? "\xe2\x87\xa5" : "\xe2\x90\xa3", 3);
    return text;
}

/* The text of a vocabulary's spelling, with space marks as spaces, trimmed; allocated. */
static char *token_text(const char *raw) {
    static const char *const marks[] = {"\xc4\xa0", "\xe2\x96\x81"}; /* U+0120, U+2581 */
    char *text = mem_copy_string(raw), *out = text;
    for (const char *at = text; *at;) {
        size_t mark = strncmp(at, marks[0], 2) == 0 ? 2 : strncmp(at, marks[1], 3) == 0 ? 3 : 0;
        *out++ = mark ? ' ' : *at;
        at += mark ? mark : 1;
    }
    *out = 0;
    char *bare = trimmed(text);
    if (!*bare) {
        free(bare);
        bare = visible_blanks(text);
    }
    free(text);
    return bare;
}

/* The tokens that a latent promotes most, joined; NULL when there are none. */
static char *promoted(const cJSON *tokens) {
    char *joined = NULL;
    int count = 0;
    for (const cJSON *item = cJSON_IsArray(tokens) ? tokens->child : NULL; item && count < TOKENS_SHOWN;
         item = item->next) {
        if (!cJSON_IsString(item) || !*item->valuestring) continue;
        char *token = token_text(item->valuestring);
        char *longer = count++ ? mem_format("%s / %s", joined, token) : mem_copy_string(token);
        free(joined);
        free(token);
        joined = longer;
    }
    return joined;
}

/* Detects labels of two SAEs in one file. */
static void check_source(reader *r, const cJSON *item) {
    const cJSON *layer = cJSON_GetObjectItemCaseSensitive(item, "layer");
    if (!cJSON_IsString(layer) || r->other) return;
    if (!r->source) r->source = mem_copy_string(layer->valuestring);
    else if (strcmp(r->source, layer->valuestring) != 0) r->other = mem_copy_string(layer->valuestring);
}

/* A language model's answer. */
static void add_answer(reader *r, const cJSON *item) {
    double latent;
    char *label = label_answer_text(item);
    if (!label_answer_latent(item, &latent)) ignore(r, NO_LATENT);
    else if (!label) ignore(r, NO_TEXT);
    else if (strlen(label) > LABEL_ANSWER_MOST) ignore(r, TOO_LONG);
    else add_label(r, latent, label);
    free(label);
}

static bool read_record(reader *r, json_part part) {
    r->records++;
    if (part.length > JSON_PARSE_MAX)
        return scry_fail(r->err, "labels: %s: %s: %zu bytes, expected a record of %zu at most", r->path, r->place,
                         part.length, JSON_PARSE_MAX);
    cJSON *item = json_parse(part.at, part.length);
    if (!cJSON_IsObject(item)) {
        bool parsed = item;
        cJSON_Delete(item);
        return scry_fail(r->err, "labels: %s: %s: %s; expected a record such as {\"latent\": 17, \"label\": \"...\"}",
                         r->path, r->place, parsed ? "not an object" : "not JSON");
    }
    if (label_answer_is(item)) {
        add_answer(r, item);
        cJSON_Delete(item);
        return true;
    }
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(item, "latent");
    const cJSON *index = own ? own : cJSON_GetObjectItemCaseSensitive(item, "index");
    if (!index) index = cJSON_GetObjectItemCaseSensitive(item, "feature_index");
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, "label");
    if (!own && !text) text = cJSON_GetObjectItemCaseSensitive(item, "description");
    char *tokens = own || text ? NULL : promoted(cJSON_GetObjectItemCaseSensitive(item, "pos_str"));
    double latent = -1;
    bool numbered = number_of(index, &latent), ok = true;
    if (own && (!numbered || !cJSON_IsString(text)))
        ok = scry_fail(r->err, "labels: %s: %s: expected {\"latent\": number, \"label\": text}", r->path, r->place);
    else if (!numbered) ignore(r, NO_LATENT);
    else if (tokens || cJSON_IsString(text)) add_label(r, latent, tokens ? tokens : text->valuestring);
    else ignore(r, NO_TEXT);
    if (ok) check_source(r, item);
    free(tokens);
    cJSON_Delete(item);
    return ok;
}

static bool broken(const reader *r, const char *place) {
    return scry_fail(r->err, "labels: %s: %s: not JSON, or cut short", r->path, place);
}

/* The list's records; name: of the list, "" for a file that is one. */
static bool read_list(reader *r, json_part list, const char *name) {
    json_walk walk;
    json_part value;
    json_step step;
    json_walk_into(&walk, list);
    for (uint64_t i = 0; (step = json_next(&walk, NULL, &value)) == JSON_ITEM; i++) {
        snprintf(r->place, sizeof r->place, "%s[%" PRIu64 "]", name, i);
        if (!read_record(r, value)) return false;
    }
    snprintf(r->place, sizeof r->place, "%s", *name ? name : "the list");
    return step == JSON_END || broken(r, r->place);
}

/* The list of an SAEDashboard batch; .at is NULL when the value is no batch. */
static json_part features_of(json_part value) {
    json_walk walk;
    json_part key, member, features = {0};
    if (!json_walk_into(&walk, value) || walk.close != '}') return features;
    while (json_next(&walk, &key, &member) == JSON_ITEM) {
        if (json_is(key, "\"latent\"") || json_is(key, "\"index\"") || json_is(key, "\"feature_index\""))
            return (json_part){0};
        if (json_is(key, "\"features\"") && *member.at == '[') features = member;
    }
    return features;
}

static bool read_json(reader *r, const char *text, size_t length) {
    json_walk walk = json_walk_text(text, length);
    json_part value;
    json_step step;
    const char *counted = text;
    uint64_t line = 1;
    for (;;) {
        step = json_next(&walk, NULL, &value);
        const char *at = step == JSON_ITEM ? value.at : walk.at;
        if (step == JSON_BROKEN)
            while (at < walk.end && is_space(*at)) at++;
        for (; counted && counted < at; counted++) line += *counted == '\n';
        snprintf(r->place, sizeof r->place, "line %" PRIu64, line);
        if (step != JSON_ITEM) return step == JSON_END || broken(r, r->place);
        json_part features = features_of(value);
        bool ok = features.at        ? read_list(r, features, "features")
                  : *value.at == '[' ? read_list(r, value, "")
                                     : read_record(r, value);
        if (!ok) return false;
    }
}

static bool read_csv(reader *r, const char *csv, size_t length) {
    csv_table t;
    if (!csv_table_parse(&t, csv, length, r->path, r->err)) return false;
    int latent = csv_table_column(&t, "latent"), text = csv_table_column(&t, "label");
    bool ok = latent >= 0 && text >= 0;
    if (!ok)
        scry_fail(r->err, "labels: %s: found neither JSON nor a header with latent,label; expected one of them",
                  r->path);
    for (uint64_t row = 0; row < t.rows && ok; row++) {
        snprintf(r->place, sizeof r->place, "row %" PRIu64, row + 2);
        r->records++;
        char *end;
        const char *cell = csv_table_cell(&t, row, latent);
        double number = strtod(cell, &end);
        if (!*cell || *end) ok = scry_fail(r->err, "labels: %s: %s: latent is not a number", r->path, r->place);
        else add_label(r, number, csv_text_unguard(csv_table_cell(&t, row, text)));
    }
    csv_table_free(&t);
    return ok;
}

static bool is_gzip(const void *bytes, size_t length) {
    return length >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

/* Unpacks all members of the file, an error above `most` bytes. The caller frees *text, also on failure. */
static bool gunzip(const char *path, size_t most, char **text, size_t *length, scry_error *err) {
    *text = NULL;
    *length = 0;
    gzFile file = gzopen(path, "rb");
    if (!file) return scry_fail(err, "labels: %s: cannot be opened", path);
    size_t room = 0;
    int got = 1;
    while (got > 0 && *length <= most) {
        if (*length == room) *text = mem_resize(*text, room = room ? room * 2 : 1 << 16, 1);
        size_t want = room - *length;
        got = gzread(file, *text + *length, (unsigned)(want < 1 << 30 ? want : 1 << 30));
        if (got > 0) *length += (size_t)got;
    }
    int status = Z_OK;
    gzerror(file, &status);
    bool complete = gzclose(file) == Z_OK && got == 0 && status == Z_OK;
    if (*length > most)
        return scry_fail(err, "labels: %s: unpacks to more than %zu bytes; unpack it with gunzip and name that file",
                         path, most);
    return complete || scry_fail(err, "labels: %s: the gzip data are damaged or cut short", path);
}

static bool read_file(reader *r) {
    mapped_file map;
    if (!mapped_file_open(&map, r->path, "labels", r->err)) return false;
    const char *text = (const char *)map.data;
    size_t length = (size_t)map.size;
    char *unpacked = NULL;
    bool ok = true;
    if (is_gzip(text, length)) {
        const size_t most = UNPACKED_FREE + length * UNPACKED_FOR_BYTE;
        ok = gunzip(r->path, most < UNPACKED_MAX ? most : UNPACKED_MAX, &unpacked, &length, r->err);
        text = unpacked;
    }
    if (ok) {
        json_walk walk = json_walk_text(text, length);
        while (walk.at < walk.end && is_space(*walk.at)) walk.at++;
        if (walk.at == walk.end || *walk.at == '{' || *walk.at == '[') ok = read_json(r, text, length);
        else ok = read_csv(r, text, length);
    }
    free(unpacked);
    mapped_file_close(&map);
    return ok;
}

static bool is_batch(const char *name) {
    return strncmp(name, "batch-", 6) == 0 && (path_ends_with(name, ".json") || path_ends_with(name, ".jsonl") ||
                                               path_ends_with(name, ".json.gz") || path_ends_with(name, ".jsonl.gz"));
}

/* batch-2 before batch-10. */
static int by_number(const void *a, const void *b) {
    const char *x = *(char *const *)a, *y = *(char *const *)b;
    unsigned long long m = strtoull(x + 6, NULL, 10), n = strtoull(y + 6, NULL, 10);
    return m != n ? (m < n ? -1 : 1) : strcmp(x, y);
}

static bool read_folder(reader *r) {
    const char *folder = r->path;
    DIR *dir = opendir(folder);
    if (!dir) return scry_fail(r->err, "labels: %s: the folder cannot be read", folder);
    char **name = NULL;
    size_t count = 0;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!is_batch(entry->d_name)) continue;
        name = mem_resize(name, count + 1, sizeof *name);
        name[count++] = mem_copy_string(entry->d_name);
    }
    closedir(dir);
    if (count) qsort(name, count, sizeof *name, by_number);
    bool ok = count ||
              scry_fail(r->err, "labels: %s: found no batch-*.json, batch-*.jsonl or batch-*.jsonl.gz there", folder);
    for (size_t i = 0; i < count; i++) {
        char *path = mem_format("%s/%s", folder, name[i]);
        r->path = path;
        ok = ok && read_file(r);
        r->path = folder;
        free(path);
        free(name[i]);
    }
    free(name);
    return ok;
}

static void note(const reader *r, reason why, const char *text) {
    const ignored *i = &r->ignored[why];
    if (i->count)
        scry_notes_add(r->notes, "labels: %" PRIu64 " %s %s (the first: %s)", i->count,
                       i->count == 1 ? "record" : "records", text, i->first);
}

static bool add_notes(reader *r) {
    uint64_t useless = r->ignored[NO_LATENT].count + r->ignored[NO_TEXT].count + r->ignored[TOO_LONG].count;
    if (r->records && useless == r->records)
        return scry_fail(r->err,
                         "labels: %s: none of its %" PRIu64 " records has both a number (\"latent\", \"index\", "
                         "\"feature_index\", or \"custom_id\": \"latent-17\") and a text (\"label\", "
                         "\"description\", \"pos_str\" or an answer)",
                         r->path, r->records);
    if (!r->records) scry_notes_add(r->notes, "labels: %s: holds no records", r->path);
    char outside[80];
    snprintf(outside, sizeof outside, "ignored: latents here are below %" PRIu32, r->latents);
    note(r, NO_LATENT, "ignored: no number of a latent");
    note(r, NO_TEXT, "ignored: no text");
    note(r, OUTSIDE, outside);
    note(r, TOO_MANY, "ignored: the label is long enough");
    char most[80];
    snprintf(most, sizeof most, "ignored: the answer's label has more than %d bytes", LABEL_ANSWER_MOST);
    note(r, TOO_LONG, most);
    if (r->other)
        scry_notes_add(r->notes, "labels: %s: holds more than one layer (\"%.60s\", \"%.60s\"); their texts are joined",
                       r->path, r->source, r->other);
    return true;
}

bool labels_read(char **label, uint32_t latents, const char *path, scry_notes *notes, scry_error *err) {
    reader r = {.label = label, .latents = latents, .notes = notes, .err = err, .path = path};
    bool folder = path_is_directory(path);
    bool ok = (folder ? read_folder(&r) : read_file(&r)) && add_notes(&r);
    for (int i = 0; i < REASONS; i++) free(r.ignored[i].first);
    free(r.source);
    free(r.other);
    return ok;
}
