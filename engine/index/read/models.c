/* models.c: what an index says of models: where they and the SAE are, how the captures were made, and what was
 * measured.
 */
#include "base/mem.h"
#include "base/path.h"
#include "index/read/index.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char *own(scry_index *x, char *text) {
    x->made.text = mem_resize(x->made.text, x->made.count + 1, sizeof *x->made.text);
    return x->made.text[x->made.count++] = text;
}

char *index_find_path(const scry_index *x, const char *path) {
    const char *folder = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(x->meta, "folder"));
    char *own_folder = path_folder(x->info.path), *second = path_join(own_folder, path);
    free(own_folder);
    if (!folder) return second;
    char *first = path_join(folder, path);
    struct stat st;
    bool moved = stat(first, &st) != 0 && stat(second, &st) == 0;
    free(moved ? first : second);
    return moved ? second : first;
}

static const char *find_folder(scry_index *x, const cJSON *item, const char *key) {
    const char *path = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, key));
    return path && *path ? own(x, index_find_path(x, path)) : "";
}

static double figure_of(const cJSON *item, const char *key) {
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(item, key);
    return cJSON_IsNumber(number) ? number->valuedouble : (double)NAN;
}

static uint64_t count_of(const cJSON *item, const char *key) {
    double count = figure_of(item, key);
    return count >= 0 && count < 0x1p63 ? (uint64_t)count : 0;
}

static void read_measured(scry_index *x, const cJSON *item, scry_domain_info *domain) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(item, "measured"), *of = cJSON_GetArrayItem(list, 0);
    if (!cJSON_IsArray(list)) return;
    domain->measured = mem_new(x->info.trains * SCRY_MEASURES, sizeof *domain->measured);
    for (size_t t = 0; t < x->info.trains; t++, of = of ? of->next : NULL)
        for (int m = 0; m < SCRY_MEASURES; m++) {
            const cJSON *figures = cJSON_GetObjectItemCaseSensitive(of, scry_measures[m].name);
            domain->measured[t * SCRY_MEASURES + (size_t)m] = (scry_measured){
                .base = figure_of(figures, "base"),
                .tuned = figure_of(figures, "tuned"),
                .change = figure_of(figures, "change"),
                .base_se = NAN,
                .tuned_se = NAN,
                .change_se = figure_of(figures, "se"),
                .n = count_of(figures, "n"),
                .samples = count_of(figures, "samples"),
            };
        }
}

void index_read_models(scry_index *x) {
    const cJSON *item, *capture = cJSON_GetObjectItemCaseSensitive(x->meta, "capture");
    x->info.model_path = find_folder(x, x->meta, "model_path");
    x->info.sae_path = find_folder(x, x->meta, "sae_path");
    const char *format = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(x->meta, "sae_format"));
    x->info.sae_format = format ? format : "";
    char *settings = cJSON_IsObject(capture) ? cJSON_PrintUnformatted(capture) : NULL;
    x->info.capture_settings = own(x, mem_copy_string(settings ? settings : ""));
    cJSON_free(settings);
    size_t t = 0, d = 0;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(x->meta, "trains")) {
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            char key[40];
            snprintf(key, sizeof key, "%s_path", scry_condition_name((scry_condition)c));
            x->info.train[t].tuned_path[c] = find_folder(x, item, key);
        }
        t++;
    }
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(x->meta, "domains"))
        read_measured(x, item, &x->info.domain[d++]);
}

void index_models_free(scry_index *x) {
    for (size_t d = 0; x->info.domain && d < x->info.domains; d++) free(x->info.domain[d].measured);
    for (size_t i = 0; i < x->made.count; i++) free(x->made.text[i]);
    free(x->made.text);
}
