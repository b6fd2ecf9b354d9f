/* config.c: the user's settings for every index. */
#include "shell/config.h"
#include "base/mem.h"
#include "base/text_file.h"
#include "base/user_files.h"
#include "draw/color.h"
#include "text/suggest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *config_path(void) {
    char *folder = scry_user_folder("XDG_CONFIG_HOME", ".config");
    char *path = mem_format("%s/config.json", folder);
    free(folder);
    return path;
}

struct config_reader {
    config *c;
    const char *path;
};

config *config_of(config_reader *r) {
    return r->c;
}

void config_wrong(config_reader *r, const char *key, const cJSON *found, const char *expected) {
    char *text = cJSON_PrintUnformatted(found);
    scry_notes_add(&r->c->wrong, "%s: \"%s\": found %.60s, expected %s", r->path, key, text ? text : "", expected);
    cJSON_free(text);
}

static void take_text(char **out, const char *text) {
    free(*out);
    *out = mem_copy_string(text);
}

static void read_theme(config_reader *r, const char *key, const cJSON *value) {
    const theme *t = cJSON_IsString(value) ? theme_find(value->valuestring) : NULL;
    if (t) r->c->theme = t;
    else config_wrong(r, key, value, "\"dark\", \"light\", \"contrast\" or \"mono\"");
}

static void read_switch(config_reader *r, const char *key, const cJSON *value) {
    int *out = strcmp(key, "ascii") == 0 ? &r->c->ascii : &r->c->mouse;
    if (cJSON_IsBool(value)) *out = cJSON_IsTrue(value);
    else config_wrong(r, key, value, "true or false");
}

static void read_top(config_reader *r, const char *key, const cJSON *value) {
    double n = cJSON_IsNumber(value) ? value->valuedouble : -1;
    char text[16];
    if (!(n >= 0 && n <= UINT32_MAX) || n != (double)(uint32_t)n) {
        config_wrong(r, key, value, "a whole number");
        return;
    }
    snprintf(text, sizeof text, "%u", (uint32_t)n);
    take_text(&r->c->top, text);
}

static void read_ranking(config_reader *r, const char *key, const cJSON *value) {
    const char *text = cJSON_IsString(value) ? value->valuestring : "";
    const struct {
        const char *key, *(*choices)(char out[SCRY_CHOICES], const char *quote);
        bool known;
        char **out;
    } rows[] = {{"score", scry_score_choices, scry_score_of(text) >= 0, &r->c->score},
                {"by", scry_condition_choices, scry_condition_of(text) >= SCRY_BASE, &r->c->by},
                {"metric", scry_metric_choices, scry_metric_of(text) >= 0, &r->c->metric}};
    size_t i = 0;
    while (strcmp(rows[i].key, key) != 0) i++;
    if (rows[i].known) take_text(rows[i].out, text);
    else config_wrong(r, key, value, rows[i].choices((char[SCRY_CHOICES]){""}, "\""));
}

static void read_keys(config_reader *r, const char *key, const cJSON *value) {
    const cJSON *item, *items = cJSON_IsObject(value) ? value : NULL;
    if (!items) config_wrong(r, key, value, "commands and their keys, such as {\"toggle\": \"Space x\"}");
    cJSON_ArrayForEach (item, items) {
        char name[80];
        scry_error err = {0};
        snprintf(name, sizeof name, "%s\": \"%.60s", key, item->string);
        if (!cJSON_IsString(item)) config_wrong(r, name, item, "keys such as \"x ^x Space Down\"");
        else if (!keymap_set(&r->c->keys, item->string, item->valuestring, &err))
            scry_notes_add(&r->c->wrong, "%s: \"%s\": %s", r->path, name, err.text);
    }
}

static int role_of(const char *name) {
    for (int i = 0; i < ROLES; i++)
        if (strcmp(role_names[i], name) == 0) return i;
    return -1;
}

static void read_colours(config_reader *r, const char *key, const cJSON *value) {
    const cJSON *item, *items = cJSON_IsObject(value) ? value : NULL;
    if (!items) config_wrong(r, key, value, "roles and their colours, such as {\"bar\": \"#ff8700\"}");
    cJSON_ArrayForEach (item, items) {
        char name[80];
        int which = role_of(item->string);
        theme_own own = {.set = true, .fg = -1, .bg = -1};
        snprintf(name, sizeof name, "%s\": \"%.60s", key, item->string);
        if (which < 0) {
            const char *near = suggest_nearest(item->string, role_names, ROLES);
            char expected[80];
            snprintf(expected, sizeof expected, "a role%s%s%s", near ? " such as \"" : " such as \"bar\" or \"in\"",
                     near ? near : "", near ? "\"" : "");
            config_wrong(r, name, item, expected);
        } else if (!cJSON_IsString(item) || !color_read(item->valuestring, &own.fg, &own.bg)) {
            config_wrong(r, name, item, "a colour: \"red\", \"208\", \"#ff8700\", \"white on blue\"");
        } else {
            r->c->own[which] = own;
        }
    }
}

static void read_start(config_reader *r, const char *key, const cJSON *value) {
    const cJSON *item, *items = cJSON_IsArray(value) ? value : NULL;
    if (!items) config_wrong(r, key, value, "a list of commands, such as [\"sort rate\"]");
    cJSON_ArrayForEach (item, items) {
        if (cJSON_IsString(item)) scry_notes_add(&r->c->start, "%s", item->valuestring);
        else config_wrong(r, key, item, "a command of the palette");
    }
}

static const config_key known[] = {{"theme", read_theme},    {"ascii", read_switch},  {"mouse", read_switch},
                                   {"top", read_top},        {"score", read_ranking}, {"by", read_ranking},
                                   {"metric", read_ranking}, {"keys", read_keys},     {"colours", read_colours},
                                   {"colors", read_colours}, {"start", read_start}};
enum { KNOWN = sizeof known / sizeof *known };

static void read_item(config_reader *r, const cJSON *item, const config_key *columns) {
    static const char *const of_explorer = "columns";
    const char *names[KNOWN + 1] = {of_explorer};
    if (strcmp(of_explorer, item->string) == 0) {
        if (columns) columns->read(r, item->string, item);
        return;
    }
    for (int i = 0; i < KNOWN; i++) {
        names[i + 1] = known[i].name;
        if (strcmp(known[i].name, item->string) != 0) continue;
        known[i].read(r, item->string, item);
        return;
    }
    const char *near = suggest_nearest(item->string, names, KNOWN + 1);
    scry_notes_add(&r->c->wrong, "%s: found the key \"%.40s\", expected %s%s%s", r->path, item->string,
                   near ? "\"" : "theme, ascii, mouse, top, score, by, metric, keys, colours, columns or start",
                   near ? near : "", near ? "\"" : "");
}

enum { MOST = 1 << 20 };

/* The file's text, NUL-terminated, which the caller frees. NULL: no file, or it cannot be read, which is noted. */
static char *read_text(config_reader *r) {
    scry_error why = {0};
    FILE *f = text_file_open(r->path, &why);
    if (!f) {
        if (errno != ENOENT && errno != ENOTDIR) scry_notes_add(&r->c->wrong, "%s", why.text);
        return NULL;
    }
    char *text = mem_new(MOST + 1, 1);
    size_t length = fread(text, 1, MOST + 1, f);
    bool ok = !ferror(f) && length <= MOST;
    if (!ok) scry_notes_add(&r->c->wrong, "%s: cannot be read, or is more than 1 MiB", r->path);
    else text[length] = 0;
    fclose(f);
    if (ok) return text;
    free(text);
    return NULL;
}

void config_read(config *c, const char *path, const config_key *columns) {
    *c = (config){.ascii = -1, .mouse = -1};
    config_reader r = {c, path};
    char *text = read_text(&r);
    if (!text) return;
    const char *end = NULL;
    cJSON *all = cJSON_ParseWithOpts(text, &end, 1);
    if (!all) {
        int line = 1;
        for (const char *at = text; at < end && *at; at++) line += *at == '\n';
        scry_notes_add(&c->wrong, "%s: line %d: found \"%.20s\", expected JSON", path, line, end ? end : "");
    } else if (!cJSON_IsObject(all)) {
        scry_notes_add(&c->wrong, "%s: found no object, expected {\"theme\": ...}", path);
    } else {
        for (const cJSON *item = all->child; item; item = item->next) read_item(&r, item, columns);
    }
    cJSON_Delete(all);
    free(text);
}

void config_free(config *c) {
    char *const owned[] = {c->top, c->score, c->by, c->metric, c->columns};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    keymap_free(&c->keys);
    scry_notes_free(&c->start);
    scry_notes_free(&c->wrong);
    *c = (config){0};
}
