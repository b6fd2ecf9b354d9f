/* capture_config.c: see capture_config.h. */
#include "shell/capture_config.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/path.h"
#include "text/suggest.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 128, MOST_BYTES = 16 << 20 };

typedef struct reader {
    capture_config *config;
    const char *path;
    char *folder;
    options *o;
    scry_error *err;
} reader;

/* Options whose argument is a file or folder. */
static bool is_path(const char *name) {
    static const char *const paths[] = {"-o",    "--model", "--tuned",  "--adapter",   "--rl",
                                        "--sae", "--train", "--domain", "--demos-file"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(paths[i], name) == 0) return true;
    return false;
}

static const char *key_of(const option_row *row) {
    return strcmp(row->name, "-o") == 0 ? "out" : row->name + strlen("--");
}

static const option_row *row_of(const char *key) {
    for (size_t i = 0; i < option_count; i++)
        if (options_apply(option_rows[i].commands, "capture") && strcmp(key_of(&option_rows[i]), key) == 0)
            return &option_rows[i];
    return NULL;
}

static bool unknown_key(const reader *r, const char *key) {
    const char *names[NAMES];
    size_t n = 0;
    for (size_t i = 0; i < option_count && n < NAMES; i++)
        if (options_apply(option_rows[i].commands, "capture")) names[n++] = key_of(&option_rows[i]);
    const char *near = suggest_nearest(key, names, n);
    return scry_misuse(r->err,
                       "%s: \"%.60s\": unknown key%s%s%s; scry capture --help lists the options, which are the keys",
                       r->path, key, near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static bool wrong(const reader *r, const char *key, const cJSON *found, const char *expected) {
    char *text = cJSON_PrintUnformatted(found);
    scry_misuse(r->err, "%s: \"%s\": found %.60s, expected %s", r->path, key, text ? text : "", expected);
    cJSON_free(text);
    return false;
}

/* Takes over text. */
static bool add(reader *r, const option_row *row, char *text) {
    capture_config *c = r->config;
    c->text = mem_resize(c->text, c->count + 1, sizeof *c->text);
    c->text[c->count++] = text;
    *(const char **)(void *)((char *)r->o + row->offset) = text;
    if (r->o->given_count == OPTIONS_WORDS)
        return scry_misuse(r->err, "%s: found more than %d options, expected at most as many", r->path, OPTIONS_WORDS);
    r->o->given[r->o->given_count][0] = row->name;
    r->o->given[r->o->given_count++][1] = text;
    return true;
}

/* NAME=F has its file joined to the folder. */
static char *joined(const reader *r, const char *name, const char *text) {
    if (!is_path(name)) return mem_copy_string(text);
    const char *equals = strcmp(name, "--train") == 0 || strncmp(name, "--d", 3) == 0 ? strchr(text, '=') : NULL;
    if (!equals) return path_join(r->folder, text);
    char *file = path_join(r->folder, equals + 1), *out = mem_format("%.*s=%s", (int)(equals - text), text, file);
    free(file);
    return out;
}

static bool add_value(reader *r, const option_row *row, const char *key, const cJSON *value, const char *before) {
    char *text;
    if (cJSON_IsString(value)) text = mem_format("%s%s", before, value->valuestring);
    else if (cJSON_IsNumber(value)) text = mem_format("%s%.15g", before, value->valuedouble);
    else return wrong(r, key, value, row->argument);
    char *whole = joined(r, row->name, text);
    free(text);
    return add(r, row, whole);
}

static bool add_key(reader *r, const option_row *row, const cJSON *value) {
    const char *key = key_of(row);
    const cJSON *item;
    bool ok = true, repeated = strcmp(row->name, "--domain") == 0 || strcmp(row->name, "--demos-file") == 0;
    if (!row->argument) {
        if (!cJSON_IsBool(value)) return wrong(r, key, value, "true or false");
        return !cJSON_IsTrue(value) || add(r, row, mem_copy_string(""));
    }
    if (repeated && cJSON_IsArray(value)) {
        cJSON_ArrayForEach (item, value) ok = ok && add_value(r, row, key, item, "");
        return ok;
    }
    if (!repeated || !cJSON_IsObject(value)) return add_value(r, row, key, value, "");
    cJSON_ArrayForEach (item, value) {
        char *before = mem_format("%s=", item->string);
        ok = ok && add_value(r, row, key, item, before);
        free(before);
    }
    return ok;
}

static bool was_given(const options *given, const char *name) {
    for (int i = 0; i < given->given_count; i++)
        if (strcmp(given->given[i][0], name) == 0) return true;
    return false;
}

static cJSON *parse_file(const char *path, scry_error *err) {
    size_t length;
    FILE *f = text_file_open(path, err);
    char *text = f ? text_file_read(f, path, MOST_BYTES - 1, &length, err) : NULL;
    if (f) fclose(f);
    if (!text) return NULL;
    cJSON *json = memchr(text, 0, length) ? NULL : cJSON_Parse(text);
    free(text);
    if (cJSON_IsObject(json)) return json;
    cJSON_Delete(json);
    scry_fail(err, "%s: is not a JSON object, expected one whose keys are the options of scry capture", path);
    return NULL;
}

bool capture_config_read(capture_config *config, const char *path, options *o, scry_error *err) {
    *config = (capture_config){0};
    cJSON *json = parse_file(path, err);
    if (!json) return false;
    const options given = *o;
    reader r = {.config = config, .path = path, .folder = path_folder(path), .o = o, .err = err};
    if (strcmp(r.folder, "./") == 0) *r.folder = 0;
    bool ok = true;
    const cJSON *item;
    cJSON_ArrayForEach (item, json) {
        const option_row *row = row_of(item->string);
        if (ok && !row) ok = unknown_key(&r, item->string);
        if (ok && !was_given(&given, row->name)) ok = add_key(&r, row, item);
    }
    free(r.folder);
    cJSON_Delete(json);
    return ok;
}

void capture_config_free(capture_config *config) {
    for (size_t i = 0; i < config->count; i++) free(config->text[i]);
    free(config->text);
    *config = (capture_config){0};
}
