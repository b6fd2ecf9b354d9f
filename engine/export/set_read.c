/* export/set_read.c: a set of latents from a file: a list of numbers, CSV, or the JSON that scry writes. */
#include "export/set_file.h"
#include "io/json.h"
#include "io/mapped_file.h"
#include "scry.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers ---- */

static bool read_range(const set_file *f, const char *word, const char *place, scry_error *err) {
    const char *dash = strchr(word, '-');
    if (!dash || dash == word) return set_file_put(f, word, true, place, err);
    char first[24];
    snprintf(first, sizeof first, "%.*s", (int)(dash - word), word);
    if (!set_file_put(f, first, true, place, err) || !set_file_put(f, dash + 1, true, place, err)) return false;
    unsigned long from = strtoul(first, NULL, 10), to = strtoul(dash + 1, NULL, 10);
    if (to < from) return scry_fail(err, "%s: %s: the range %.40s runs backwards", f->path, place, word);
    for (unsigned long j = from; j <= to; j++)
        if (!set_file_put_number(f, j, true, place, err)) return false;
    return true;
}

/* True where every line of two or more is a number and then 0 or 1: CSV that has lost its header. */
static bool lacks_header(const char *text, size_t length) {
    size_t lines = 0;
    for (const char *at = text, *end = text + length; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        char line[64], flag = 0, rest;
        int size = (int)((stop ? stop : end) - at);
        snprintf(line, sizeof line, "%.*s", size < 63 ? size : 63, at);
        at += size + 1;
        if (!line[strspn(line, " \t\r")]) continue;
        if (sscanf(line, " %*[0-9] , %c %c", &flag, &rest) != 1 || (flag != '0' && flag != '1')) return false;
        lines++;
    }
    return lines > 1;
}

/* Between commas or blanks; ranges such as 90-120 too. */
static bool read_numbers(const set_file *f, const char *text, size_t length, scry_error *err) {
    static const char between[] = ", \t\r\n";
    const char *end = text + length;
    uint64_t line = 1;
    for (const char *at = text; at < end;) {
        if (*at && strchr(between, *at)) {
            line += *at++ == '\n';
            continue;
        }
        const char *from = at;
        while (at < end && !(*at && strchr(between, *at))) at++;
        char word[48], place[40];
        snprintf(word, sizeof word, "%.*s", (int)(at - from < 47 ? at - from : 47), from);
        snprintf(place, sizeof place, "line %" PRIu64, line);
        if (!read_range(f, word, place, err)) return false;
    }
    return true;
}

/* ---- JSON ---- */

/* A list's key in scry's own JSON, and the key of the number in its items; NULL: the items are numbers. */
static const char *const lists[] = {"latents", "features"};
static const char *const numbers[] = {"latent", "index"};

static bool read_item(const set_file *f, const cJSON *item, const char *place, scry_error *err) {
    const cJSON *value = item, *included = NULL;
    for (size_t i = 0; i < 2 && cJSON_IsObject(item); i++) {
        const cJSON *of = cJSON_GetObjectItemCaseSensitive(item, numbers[i]);
        if (of) value = of;
        if (of) included = cJSON_GetObjectItemCaseSensitive(item, "included");
    }
    bool in = !included || !(cJSON_IsFalse(included) || (cJSON_IsNumber(included) && included->valuedouble == 0));
    if (cJSON_IsString(value)) return set_file_put(f, value->valuestring, in, place, err);
    double number = cJSON_IsNumber(value) ? value->valuedouble : (double)NAN;
    if (number >= 0 && number < 0x1p53 && floor(number) == number)
        return set_file_put_number(f, (uint64_t)number, in, place, err);
    if (cJSON_IsNumber(value))
        return scry_fail(err, "%s: %s: latent: found %g, expected a whole number", f->path, place, number);
    return scry_fail(err, "%s: %s: found no latent; expected a whole number, or one under \"latent\" or \"index\"",
                     f->path, place);
}

static bool read_list(const set_file *f, const cJSON *list, const char *name, scry_error *err) {
    const cJSON *item;
    uint64_t i = 0;
    cJSON_ArrayForEach (item, list) {
        char place[60];
        snprintf(place, sizeof place, "%s[%" PRIu64 "]", name, i++);
        if (!read_item(f, item, place, err)) return false;
    }
    return true;
}

/* What scry sets --json gives: named sets, each with its latents as text. */
static bool read_named_sets(const set_file *f, const cJSON *sets, scry_error *err) {
    int count = cJSON_GetArraySize(sets);
    const cJSON *list = count == 1 ? cJSON_GetObjectItemCaseSensitive(sets->child, "list") : NULL;
    if (count != 1)
        return scry_fail(err, "%s: holds %d named sets, expected one; --latents NAME and :choose NAME select one",
                         f->path, count);
    if (!cJSON_IsString(list)) return set_file_unknown(f, "sets[0] has no \"list\"", err);
    return read_numbers(f, list->valuestring, strlen(list->valuestring), err);
}

static bool read_json(const set_file *f, const char *text, size_t length, scry_error *err) {
    cJSON *root = length <= JSON_PARSE_MAX ? json_parse(text, length) : NULL;
    const cJSON *list = cJSON_IsArray(root) ? root : NULL, *sets = NULL;
    const char *name = "";
    for (size_t i = 0; i < 2 && root && !list; i++) {
        const cJSON *of = cJSON_GetObjectItemCaseSensitive(root, lists[i]);
        if (cJSON_IsArray(of)) list = of, name = lists[i];
    }
    if (root && !list) sets = cJSON_GetObjectItemCaseSensitive(root, "sets");
    bool ok = !root                 ? set_file_unknown(f, "not JSON", err)
              : list                ? read_list(f, list, name, err)
              : cJSON_IsArray(sets) ? read_named_sets(f, sets, err)
                                    : set_file_unknown(f, "JSON without a list of latents", err);
    cJSON_Delete(root);
    return ok;
}

/* ---- any of them ---- */

bool scry_set_read(scry_set *set, scry_set *listed, const char *path, scry_error *err) {
    const set_file f = {set, listed, path};
    mapped_file map;
    if (!mapped_file_open(&map, path, NULL, err)) return false;
    const char *text = (const char *)map.data, *end = text + map.size;
    if (map.size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3; /* as spreadsheets write it */
    const char *first = text;
    while (first < end && isspace((unsigned char)*first)) first++;
    size_t length = (size_t)(end - text);
    bool ok;
    if (first == end) ok = set_file_unknown(&f, "is empty", err);
    else if (*first == '{' || *first == '[') ok = read_json(&f, first, (size_t)(end - first), err);
    else if (isdigit((unsigned char)*first) && lacks_header(text, length))
        ok = set_file_unknown(&f, "every line is a number and 0 or 1, without the header latent,included", err);
    else if (isdigit((unsigned char)*first)) ok = read_numbers(&f, text, length, err);
    else ok = set_csv_read(&f, text, length, err);
    mapped_file_close(&map);
    return ok;
}
