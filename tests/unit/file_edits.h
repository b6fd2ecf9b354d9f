/* file_edits.h: copies of specimens in the scratch folder, and changes to their JSON and safetensors headers. */
#ifndef SCRY_TESTS_UNIT_FILE_EDITS_H
#define SCRY_TESTS_UNIT_FILE_EDITS_H

#include "base/mem.h"
#include "check.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A fresh copy of a folder as scratch("NAME"); lives until check_end. */
static inline const char *copy_folder(const char *from, const char *name) {
    const char *to = scratch("%s", name);
    char *line = mem_format("rm -rf '%s' && cp -r '%s' '%s'", to, from, to);
    if (system(line) != 0) abort();
    free(line);
    return to;
}

/* Sets a key such as "trainer.k" of an object to JSON; value NULL takes it away. */
static inline void set_json_key(cJSON *json, const char *key, const char *value) {
    const char *dot;
    while ((dot = strchr(key, '.')) && !cJSON_HasObjectItem(json, key)) {
        char part[100];
        snprintf(part, sizeof part, "%.*s", (int)(dot - key), key);
        json = cJSON_GetObjectItemCaseSensitive(json, part);
        key = dot + 1;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(json, key);
    if (value) cJSON_AddItemToObject(json, key, cJSON_Parse(value));
}

/* The same in a file. */
static inline void set_json_setting(const char *path, const char *key, const char *value) {
    size_t size;
    char *text = (char *)read_bytes(path, &size);
    cJSON *json = cJSON_Parse(text);
    if (!json) abort();
    set_json_key(json, key, value);
    char *out = cJSON_PrintUnformatted(json);
    write_bytes(path, out, strlen(out));
    cJSON_Delete(json);
    free(out);
    free(text);
}

/* Changes one tensor's entry in the header of a safetensors file: its shape or dtype to JSON, or (field NULL) its name
 * to `value`, or (value NULL too) takes it away. The data stay. */
static inline void set_tensor_entry(const char *path, const char *tensor, const char *field, const char *value) {
    size_t size;
    char *bytes = (char *)read_bytes(path, &size);
    uint64_t length;
    memcpy(&length, bytes, 8);
    cJSON *json = cJSON_ParseWithLength(bytes + 8, length);
    cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(json, tensor);
    if (!item) {
        fprintf(stderr, "%s has no tensor %s\n", path, tensor);
        abort();
    }
    if (field) set_json_key(item, field, value);
    if (field || value) cJSON_AddItemToObject(json, field ? tensor : value, item);
    else cJSON_Delete(item);
    char *header = cJSON_PrintUnformatted(json), *out = mem_new(size + strlen(header), 1);
    uint64_t written = strlen(header);
    memcpy(out, &written, 8);
    memcpy(out + 8, header, written);
    memcpy(out + 8 + written, bytes + 8 + length, size - 8 - length);
    write_bytes(path, out, 8 + written + size - 8 - length);
    cJSON_Delete(json);
    free(header);
    free(out);
    free(bytes);
}

/* Damage to a file: SETTING, a key of its JSON (value NULL: taken away); of a safetensors file SHAPE and DTYPE of
 * tensor `key`, its name (RENAME) or the tensor itself (DROP), NOT_FINITE: the first number; TEXT, other contents; CUT,
 * half of it; REMOVE. */
typedef enum file_edit { SETTING, SHAPE, DTYPE, RENAME, DROP, TEXT, CUT, REMOVE, NOT_FINITE } file_edit;

static inline void edit_file(file_edit edit, const char *path, const char *key, const char *value) {
    size_t size;
    uint8_t *bytes;
    uint64_t head;
    switch (edit) {
    case SETTING:
        set_json_setting(path, key, value);
        break;
    case SHAPE:
        set_tensor_entry(path, key, "shape", value);
        break;
    case DTYPE:
        set_tensor_entry(path, key, "dtype", value);
        break;
    case RENAME:
    case DROP:
        set_tensor_entry(path, key, NULL, value);
        break;
    case TEXT:
        write_text(path, "%s", value);
        break;
    case REMOVE:
        remove(path);
        break;
    case CUT:
        bytes = read_bytes(path, &size);
        write_bytes(path, bytes, size / 2);
        free(bytes);
        break;
    case NOT_FINITE:
        bytes = read_bytes(path, &size);
        memcpy(&head, bytes, 8);
        memset(bytes + 8 + head, 0xff, 4);
        write_bytes(path, bytes, size);
        free(bytes);
        break;
    }
}

#endif
