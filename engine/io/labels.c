/* labels.c: text for latents. */
#include "io/labels.h"
#include "base/mem.h"
#include "io/map.h"
#include "io/table.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void give(char **label, uint32_t latents, double latent, const char *text, const char *path, uint64_t line,
                 scry_notes *notes) {
    if (!(latent >= 0 && latent < latents) || latent != (double)(uint32_t)latent) {
        scry_notes_add(notes, "%s: line %" PRIu64 ": latent %.17g is not in 0..%" PRIu32 ", label ignored", path, line,
                       latent, latents - 1);
        return;
    }
    char **place = &label[(uint32_t)latent];
    free(*place);
    *place = mem_copy_string(text);
}

static bool read_csv(char **label, uint32_t latents, const char *path, scry_notes *notes, scry_error *err) {
    table t;
    if (!table_read(&t, path, "labels", err)) return false;
    int latent = table_column(&t, "latent"), text = table_column(&t, "label");
    bool ok = latent >= 0 && text >= 0;
    if (!ok) scry_fail(err, "labels: %s: expected a header with latent,label", path);
    for (uint64_t r = 0; r < t.rows && ok; r++) {
        char *end;
        const char *cell = table_cell(&t, r, latent);
        double number = strtod(cell, &end);
        if (!*cell || *end) ok = scry_fail(err, "labels: %s: row %" PRIu64 ": latent is not a number", path, r + 2);
        else if (*table_cell(&t, r, text)) give(label, latents, number, table_cell(&t, r, text), path, r + 2, notes);
    }
    table_free(&t);
    return ok;
}

static bool read_jsonl(char **label, uint32_t latents, const char *path, scry_notes *notes, scry_error *err) {
    file_map map;
    if (!map_open(&map, path, "labels", err)) return false;
    bool ok = true;
    uint64_t line = 0;
    for (uint64_t at = 0; at < map.size && ok;) {
        const char *start = (const char *)map.data + at;
        const char *end = memchr(start, '\n', (size_t)(map.size - at));
        size_t length = end ? (size_t)(end - start) : (size_t)(map.size - at);
        at += length + 1;
        line++;
        if (length == 0 || (length == 1 && *start == '\r')) continue;
        cJSON *item = cJSON_ParseWithLength(start, length);
        const cJSON *latent = cJSON_GetObjectItemCaseSensitive(item, "latent");
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(item, "label");
        if (!cJSON_IsNumber(latent) || !cJSON_IsString(text))
            ok = scry_fail(err, "labels: %s: line %" PRIu64 ": expected {\"latent\": number, \"label\": text}", path,
                           line);
        else give(label, latents, latent->valuedouble, text->valuestring, path, line, notes);
        cJSON_Delete(item);
    }
    map_close(&map);
    return ok;
}

bool labels_read(char **label, uint32_t latents, const char *path, scry_notes *notes, scry_error *err) {
    size_t length = strlen(path);
    if (length > 4 && strcmp(path + length - 4, ".csv") == 0) return read_csv(label, latents, path, notes, err);
    return read_jsonl(label, latents, path, notes, err);
}
