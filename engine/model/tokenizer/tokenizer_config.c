/* tokenizer_config.c: what the files in the folder of a tokenizer.json say. */
#include "model/tokenizer/tokenizer_config.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file of the folder as text; *text is NULL where it does not exist. */
static bool read_text(const char *folder, const char *name, char **text, size_t *length, scry_error *err) {
    char *path = path_join(folder, name);
    *text = NULL;
    bool ok = true;
    if (access(path, F_OK) == 0) {
        mapped_file map;
        ok = mapped_file_open(&map, path, NULL, err);
        if (ok) {
            *length = (size_t)map.size;
            *text = mem_copy_bytes(map.size ? map.data : (const uint8_t *)"", *length);
            mapped_file_close(&map);
        }
    }
    free(path);
    return ok;
}

/* The same as an object; *item is NULL where the file does not exist. */
static bool read_object(const char *folder, const char *name, cJSON **item, scry_error *err) {
    char *text;
    size_t length;
    *item = NULL;
    if (!read_text(folder, name, &text, &length, err)) return false;
    if (!text) return true;
    *item = json_parse(text, length);
    free(text);
    if (cJSON_IsObject(*item)) return true;
    cJSON_Delete(*item);
    *item = NULL;
    char *path = path_join(folder, name);
    scry_fail(err, "%s: not JSON, or cut short; expected an object", path);
    free(path);
    return false;
}

/* "<s>" or {"content": "<s>", ...} */
static const char *token_text(const cJSON *item) {
    if (cJSON_IsObject(item)) item = cJSON_GetObjectItemCaseSensitive(item, "content");
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* A text, or the one that is named "default" (else the first) of [{"name": ..., "template": ...}, ...]. */
static const char *template_text(const cJSON *item) {
    if (cJSON_IsString(item)) return item->valuestring;
    const cJSON *row, *found = NULL;
    cJSON_ArrayForEach (row, item) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(row, "name");
        const cJSON *text = cJSON_GetObjectItemCaseSensitive(row, "template");
        bool wanted = cJSON_IsString(name) && strcmp(name->valuestring, "default") == 0;
        if (cJSON_IsString(text) && (!found || wanted)) found = text;
        if (wanted && found) break;
    }
    return found ? found->valuestring : NULL;
}

static int64_t id_number(const cJSON *item) {
    if (cJSON_IsArray(item)) item = cJSON_GetArrayItem(item, 0);
    if (!cJSON_IsNumber(item) || item->valuedouble < 0 || item->valuedouble >= UINT32_MAX) return -1;
    return (int64_t)item->valuedouble;
}

static bool read_own(tokenizer_config *config, const char *folder, scry_error *err) {
    cJSON *item;
    if (!read_object(folder, "tokenizer_config.json", &item, err)) return false;
    const char *bos = token_text(cJSON_GetObjectItemCaseSensitive(item, "bos_token"));
    const char *chat = template_text(cJSON_GetObjectItemCaseSensitive(item, "chat_template"));
    const cJSON *add = cJSON_GetObjectItemCaseSensitive(item, "add_bos_token");
    const char *eos = token_text(cJSON_GetObjectItemCaseSensitive(item, "eos_token"));
    if (eos) config->eos = mem_copy_string(eos);
    if (bos) config->bos = mem_copy_string(bos);
    if (chat) config->chat_template = mem_copy_string(chat);
    if (cJSON_IsBool(add)) config->add_bos = cJSON_IsTrue(add);
    cJSON_Delete(item);
    char *text;
    size_t length;
    if (!read_text(folder, "chat_template.jinja", &text, &length, err)) return false;
    if (!text) return true;
    free(config->chat_template);
    config->chat_template = text;
    return true;
}

bool tokenizer_config_read(tokenizer_config *config, const char *folder, scry_error *err) {
    *config = (tokenizer_config){.bos_id = -1, .add_bos = -1};
    bool ok = read_own(config, folder, err);
    static const char *const models[] = {"generation_config.json", "config.json"};
    for (size_t i = 0; ok && i < 2 && config->bos_id < 0; i++) {
        cJSON *item;
        ok = read_object(folder, models[i], &item, err);
        config->bos_id = id_number(cJSON_GetObjectItemCaseSensitive(item, "bos_token_id"));
        cJSON_Delete(item);
    }
    if (!ok) tokenizer_config_free(config);
    return ok;
}

void tokenizer_config_free(tokenizer_config *config) {
    free(config->bos);
    free(config->eos);
    free(config->chat_template);
    *config = (tokenizer_config){.bos_id = -1, .add_bos = -1};
}
