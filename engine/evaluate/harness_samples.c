/* evaluate/harness_samples.c: what lm-evaluation-harness logs of each sample. */
#include "evaluate/harness_samples.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- finding the file ----------------------------------------------------------------------- */

/* The date in a name such as results_2024-04-02T10-38-22.166273.json: behind the last "_", without the ending; in the
 * caller's room. */
static void date_of(const char *path, char *out, size_t size) {
    const char *name = path_file_name(path), *bar = strrchr(name, '_');
    const char *from = bar ? bar + 1 : name, *dot = strrchr(from, '.');
    snprintf(out, size, "%.*s", (int)(dot ? (size_t)(dot - from) : strlen(from)), from);
}

/* A name as the harness writes it into file names: what Windows refuses becomes "_". */
static void file_word(const char *task, char *out, size_t size) {
    snprintf(out, size, "%s", task);
    for (char *at = out; *at; at++)
        if (strchr("\"<>:/|\\?*[]", *at)) *at = '_';
}

/* Is it samples_TASK.jsonl, or samples_TASK_DATE.jsonl? *dated: with this date. */
static bool names_samples(const char *name, const char *task, const char *date, bool *dated) {
    size_t length = strlen(task);
    if (strncmp(name, "samples_", 8) != 0 || strncmp(name + 8, task, length) != 0) return false;
    const char *rest = name + 8 + length;
    *dated =
        *rest == '_' && strncmp(rest + 1, date, strlen(date)) == 0 && strcmp(rest + 1 + strlen(date), ".jsonl") == 0;
    if (strcmp(rest, ".jsonl") == 0) return true;
    return *rest == '_' && !strchr(rest + 1, '_') && path_ends_with(rest, ".jsonl");
}

char *harness_samples_path(const harness_file *file, const char *place, const char *task) {
    if (place && !path_is_directory(place)) return mem_copy_string(place);
    char *folder = place ? mem_copy_string(place) : path_folder(file->path);
    char date[128], word[256], *found = NULL;
    date_of(file->path, date, sizeof date);
    file_word(task, word, sizeof word);
    DIR *dir = opendir(folder);
    size_t count = 0;
    bool exact = false;
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        bool dated;
        if (exact || !names_samples(entry->d_name, word, date, &dated)) continue;
        free(found);
        found = path_join(folder, entry->d_name);
        exact = dated;
        count++;
    }
    if (dir) closedir(dir);
    free(folder);
    if (exact || count == 1) return found;
    free(found);
    return NULL;
}

/* ---- reading it ----------------------------------------------------------------------------- */

typedef struct sample {
    double doc; /* doc_id */
    double value;
    json_part hash; /* in the file's text */
} sample;

typedef struct sample_list {
    sample *items;
    size_t count, room;
    mapped_file map;
    const char *path;
    bool open;
} sample_list;

static bool quoted_is(json_part key, const char *name) {
    size_t length = strlen(name);
    return key.length == length + 2 && memcmp(key.at + 1, name, length) == 0;
}

static double number_of(json_part value) {
    if (json_is(value, "true")) return 1;
    if (json_is(value, "false")) return 0;
    cJSON *item = value.length < 64 ? json_parse(value.at, value.length) : NULL;
    double number = cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
    cJSON_Delete(item);
    return number;
}

/* One line; *counts: it belongs to the metric's filter. */
static bool read_sample(json_part line, const harness_metric *metric, sample *out, bool *counts) {
    json_walk walk;
    json_part key, value;
    *out = (sample){.doc = NAN, .value = NAN};
    *counts = true;
    if (!line.at || *line.at != '{' || !json_walk_into(&walk, line)) return false;
    json_step step;
    while ((step = json_next(&walk, &key, &value)) == JSON_ITEM) {
        if (quoted_is(key, "doc_id")) out->doc = number_of(value);
        else if (quoted_is(key, "doc_hash")) out->hash = value;
        else if (quoted_is(key, metric->name)) out->value = number_of(value);
        else if (quoted_is(key, "filter") && *metric->filter) {
            char *filter = json_text(value);
            *counts = filter && strcmp(filter, metric->filter) == 0;
            free(filter);
        }
    }
    return step == JSON_END;
}

static bool add_sample(sample_list *list, json_part line, size_t number, const harness_metric *metric,
                       scry_error *err) {
    sample one;
    bool counts;
    if (!read_sample(line, metric, &one, &counts))
        return scry_fail(err, "%s: sample %zu: not a JSON object; expected {\"doc_id\": ..., ...}", list->path, number);
    if (!counts) return true;
    if (isnan(one.doc))
        return scry_fail(err, "%s: sample %zu: found no number \"doc_id\", expected one", list->path, number);
    if (isnan(one.value))
        return scry_fail(err, "%s: sample %zu: found no number \"%s\", expected one", list->path, number, metric->name);
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 256;
        list->items = mem_resize(list->items, list->room, sizeof *list->items);
    }
    list->items[list->count++] = one;
    return true;
}

static int by_doc(const void *a, const void *b) {
    double x = ((const sample *)a)->doc, y = ((const sample *)b)->doc;
    return x < y ? -1 : x > y;
}

/* JSON Lines, or (before 0.4.3) a list. */
static bool read_list(sample_list *list, const char *path, const harness_metric *metric, scry_error *err) {
    list->path = path;
    if (!mapped_file_open(&list->map, path, NULL, err)) return false;
    list->open = true;
    json_walk walk = json_walk_text((const char *)list->map.data, (size_t)list->map.size), inner;
    json_part line;
    json_step step = json_next(&walk, NULL, &line);
    size_t number = 0;
    if (step == JSON_ITEM && *line.at == '[' && json_walk_into(&inner, line)) {
        walk = inner;
        step = json_next(&walk, NULL, &line);
    }
    for (; step == JSON_ITEM; step = json_next(&walk, NULL, &line))
        if (!add_sample(list, line, ++number, metric, err)) return false;
    if (step == JSON_BROKEN) return scry_fail(err, "%s: sample %zu: not JSON", path, number + 1);
    qsort(list->items, list->count, sizeof *list->items, by_doc);
    for (size_t i = 1; i < list->count; i++)
        if (list->items[i].doc == list->items[i - 1].doc)
            return scry_fail(err, "%s: found doc_id %.0f twice, expected each once", path, list->items[i].doc);
    return list->count || scry_fail(err, "%s: found no sample of %s, expected some", path, metric->key);
}

static void free_list(sample_list *list) {
    free(list->items);
    if (list->open) mapped_file_close(&list->map);
}

static bool same_hash(json_part a, json_part b) {
    return !a.at || !b.at || (a.length == b.length && memcmp(a.at, b.at, a.length) == 0);
}

static bool pair(const sample_list *base, const sample_list *tuned, harness_pairs *out, scry_error *err) {
    if (base->count != tuned->count)
        return scry_fail(err, "%s has %zu samples, %s has %zu; expected the same ones", base->path, base->count,
                         tuned->path, tuned->count);
    out->difference = mem_new(base->count, sizeof *out->difference);
    for (size_t i = 0; i < base->count; i++) {
        const sample *a = &base->items[i], *b = &tuned->items[i];
        if (a->doc != b->doc)
            return scry_fail(err, "doc_id %.0f is in %s alone; expected the same samples in both",
                             a->doc < b->doc ? a->doc : b->doc, a->doc < b->doc ? base->path : tuned->path);
        if (!same_hash(a->hash, b->hash))
            return scry_fail(err, "doc_id %.0f is not the same document in %s and %s (doc_hash)", a->doc, base->path,
                             tuned->path);
        out->difference[out->n++] = b->value - a->value;
        out->base += a->value;
        out->tuned += b->value;
    }
    out->base /= (double)out->n;
    out->tuned /= (double)out->n;
    return true;
}

bool harness_pairs_read(const char *base, const char *tuned, const harness_metric *metric, harness_pairs *out,
                        scry_error *err) {
    *out = (harness_pairs){0};
    sample_list lists[2] = {{0}};
    bool ok = read_list(&lists[0], base, metric, err) && read_list(&lists[1], tuned, metric, err) &&
              pair(&lists[0], &lists[1], out, err);
    free_list(&lists[0]);
    free_list(&lists[1]);
    return ok;
}

void harness_pairs_free(harness_pairs *pairs) {
    free(pairs->difference);
    *pairs = (harness_pairs){0};
}
