/* evaluate/harness_file.c: a result file of lm-evaluation-harness. */
#include "evaluate/harness_file.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/folder.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The metrics that are shares of right answers, and the filters of each, in order of choice. */
static const char *const known_metrics[] = {"acc",    "acc_norm",  "exact_match", "em", "prompt_level_strict_acc",
                                            "pass@1", "pass_at_1", "mc2",         "mc1"};
static const char *const known_filters[] = {
    "none", "", "custom-extract", "strict-match", "flexible-extract", "get-answer", "create_test"};
enum {
    MOST_TASKS = 10000,
    METRICS = sizeof known_metrics / sizeof *known_metrics,
    FILTERS = sizeof known_filters / sizeof *known_filters
};

/* ---- the file ------------------------------------------------------------------------------- */

static bool is_results_name(const char *name) {
    return strncmp(name, "results", 7) == 0 && path_ends_with(name, ".json");
}

/* The only results_*.json of a folder; NULL and err for none or several. The caller frees it. */
static char *results_in(const char *folder, scry_error *err) {
    DIR *dir = opendir(folder);
    char *found = NULL;
    int count = 0;
    for (const struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!is_results_name(entry->d_name)) continue;
        /* the last by name, which is the latest by its date, so that the message does not depend on the folder */
        if (!found || strcmp(entry->d_name, found) > 0) {
            free(found);
            found = mem_copy_string(entry->d_name);
        }
        count++;
    }
    if (dir) closedir(dir);
    if (count == 1) {
        char *path = path_join(folder, found);
        free(found);
        return path;
    }
    if (count > 1) {
        scry_fail(err, "%s: found %d result files, expected one; name the file, such as %s", folder, count, found);
    } else {
        char *what = folder_content(folder, "a results_*.json of lm-evaluation-harness", "name one of what it holds");
        scry_fail(err, "%s: %s", folder, what);
        free(what);
    }
    free(found);
    return NULL;
}

static uint64_t whole(const cJSON *item) {
    double value = cJSON_IsNumber(item) ? item->valuedouble : 0;
    return value >= 1 && value <= 9007199254740992.0 ? (uint64_t)value : 0;
}

/* Versions say it in three places. */
static uint64_t samples_of(const cJSON *root, const cJSON *task) {
    const cJSON *counts = cJSON_GetObjectItemCaseSensitive(root, "n-samples");
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(counts, task->string);
    uint64_t n = whole(cJSON_GetObjectItemCaseSensitive(count, "effective"));
    if (!n) n = whole(cJSON_GetObjectItemCaseSensitive(task, "sample_len"));
    return n ? n : whole(cJSON_GetObjectItemCaseSensitive(task, "samples"));
}

static const cJSON *subtasks_of(const cJSON *root, const char *name) {
    const cJSON *list =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "group_subtasks"), name);
    return cJSON_IsArray(list) && list->child ? list : NULL;
}

const harness_task *harness_task_find(const harness_file *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tasks[i].name, name) == 0) return &file->tasks[i];
    return NULL;
}

static bool read_tasks(harness_file *file, scry_error *err) {
    const cJSON *results = cJSON_GetObjectItemCaseSensitive(file->root, "results");
    if (!cJSON_IsObject(results))
        return scry_fail(err,
                         "%s: found no object \"results\", expected a result file of lm-evaluation-harness "
                         "(lm_eval --output_path)",
                         file->path);
    int count = cJSON_GetArraySize(results);
    if (count > MOST_TASKS)
        return scry_fail(err, "%s: results: found %d tasks, expected at most %d", file->path, count, (int)MOST_TASKS);
    file->tasks = mem_new((size_t)count, sizeof *file->tasks);
    const cJSON *item;
    cJSON_ArrayForEach (item, results) {
        const cJSON *alias = cJSON_GetObjectItemCaseSensitive(item, "alias");
        if (!cJSON_IsObject(item))
            return scry_fail(err, "%s: results.%.80s: expected an object of metrics", file->path, item->string);
        if (harness_task_find(file, item->string))
            return scry_fail(err, "%s: results.%.80s: found twice, expected once", file->path, item->string);
        file->tasks[file->count++] = (harness_task){.name = item->string,
                                                    .alias = cJSON_IsString(alias) ? alias->valuestring : NULL,
                                                    .metrics = item,
                                                    .n = samples_of(file->root, item),
                                                    .subtasks = subtasks_of(file->root, item->string)};
    }
    return file->count || scry_fail(err, "%s: results: found no task, expected one or more", file->path);
}

bool harness_file_open(harness_file *file, const char *path, scry_error *err) {
    *file = (harness_file){0};
    file->path = path_is_directory(path) ? results_in(path, err) : mem_copy_string(path);
    mapped_file map;
    if (!file->path || !mapped_file_open(&map, file->path, NULL, err)) return false;
    file->root = json_parse((const char *)map.data, (size_t)map.size);
    uint64_t size = map.size;
    mapped_file_close(&map);
    if (size > JSON_PARSE_MAX)
        return scry_fail(err, "%s: found %llu bytes, expected at most %zu in a result file", file->path,
                         (unsigned long long)size, JSON_PARSE_MAX);
    if (!cJSON_IsObject(file->root))
        return scry_fail(err,
                         "%s: not a JSON object; expected a result file of lm-evaluation-harness, {\"results\": {...}}",
                         file->path);
    return read_tasks(file, err);
}

void harness_file_close(harness_file *file) {
    cJSON_Delete(file->root);
    free(file->tasks);
    free(file->path);
    *file = (harness_file){0};
}

/* ---- metrics -------------------------------------------------------------------------------- */

/* Splits a key at its comma. False where it is too long, is a standard error, or has no value that is a number. */
static bool split(const cJSON *item, harness_metric *out) {
    const char *comma = strchr(item->string, ',');
    size_t length = comma ? (size_t)(comma - item->string) : strlen(item->string);
    if (!cJSON_IsNumber(item) || strlen(item->string) >= HARNESS_METRIC) return false;
    snprintf(out->key, sizeof out->key, "%s", item->string);
    snprintf(out->name, sizeof out->name, "%.*s", (int)length, item->string);
    snprintf(out->filter, sizeof out->filter, "%s", comma ? comma + 1 : "");
    return !path_ends_with(out->name, "_stderr") && strcmp(out->name, "sample_len") != 0 &&
           strcmp(out->name, "samples") != 0;
}

static int place(const char *const *list, int count, const char *text) {
    int i = 0;
    while (i < count && strcmp(list[i], text) != 0) i++;
    return i;
}

/* How good a choice is: smaller is better; -1: none. */
static int choice_rank(const harness_metric *metric, const char *wanted) {
    if (wanted && strcmp(wanted, metric->key) == 0) return 0;
    int m = place(known_metrics, METRICS, metric->name);
    if (wanted ? strcmp(wanted, metric->name) != 0 : m == METRICS) return -1;
    return 1 + (wanted ? 0 : m * (FILTERS + 1)) + place(known_filters, FILTERS, metric->filter);
}

bool harness_metric_choose(const harness_task *a, const harness_task *b, const char *wanted, harness_metric *out) {
    int best = -1;
    const cJSON *item;
    cJSON_ArrayForEach (item, a->metrics) {
        harness_metric metric;
        int rank = split(item, &metric) ? choice_rank(&metric, wanted) : -1;
        if (rank < 0 || (best >= 0 && rank >= best)) continue;
        if (!cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(b->metrics, metric.key))) continue;
        best = rank;
        *out = metric;
    }
    return best >= 0;
}

bool harness_metric_value(const harness_file *file, const harness_task *task, const harness_metric *metric,
                          double *value, double *se, scry_error *err) {
    *value = cJSON_GetObjectItemCaseSensitive(task->metrics, metric->key)->valuedouble;
    if (!(*value >= 0 && *value <= 1))
        return scry_fail(err,
                         "%s: results.%.80s.%.80s: found %g, expected a share from 0 to 1; choose another metric "
                         "(--metric), such as acc",
                         file->path, task->name, metric->key, *value);
    char key[2 * HARNESS_METRIC + 16];
    snprintf(key, sizeof key, "%s_stderr%s%s", metric->name, *metric->filter ? "," : "", metric->filter);
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(task->metrics, key);
    *se = cJSON_IsNumber(error) && error->valuedouble >= 0 ? error->valuedouble : (double)NAN;
    return true;
}

bool harness_higher_is_better(const harness_file *file, const harness_task *task, const harness_metric *metric) {
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(file->root, "higher_is_better");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(all, task->name);
    return !cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(own, metric->name));
}

void harness_metric_list(const harness_task *task, char *out, size_t size) {
    size_t used = 0;
    const cJSON *item;
    *out = 0;
    cJSON_ArrayForEach (item, task->metrics) {
        harness_metric metric;
        if (split(item, &metric) && used + strlen(metric.key) + 3 < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", metric.key);
    }
}
