/* post_process.c: what a post_processor puts in front of a text. */
#include "model/tokenizer/post_process.h"
#include "base/mem.h"
#include "model/tokenizer/part_reader.h"

#include <stdlib.h>
#include <string.h>

/* Adds the ids of {"SpecialToken": {"id": NAME}} from special_tokens[NAME].ids. */
static bool add_special(front_tokens *front, const part_reader *r, const cJSON *part, const cJSON *name) {
    const cJSON *table = cJSON_GetObjectItemCaseSensitive(part, "special_tokens");
    const char *text = cJSON_IsString(name) ? name->valuestring : "";
    const cJSON *ids = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(table, text), "ids"), *id;
    if (!cJSON_IsArray(ids))
        return scry_fail(r->err, "%s: post_processor: TemplateProcessing: found no ids of \"%.60s\" in special_tokens",
                         r->path, text);
    cJSON_ArrayForEach (id, ids) {
        if (!cJSON_IsNumber(id) || id->valuedouble < 0 || id->valuedouble >= UINT32_MAX)
            return scry_fail(r->err, "%s: post_processor: TemplateProcessing: \"%.60s\": expected ids", r->path, text);
        front->ids = mem_resize(front->ids, front->count + 1, sizeof *front->ids);
        front->ids[front->count++] = (uint32_t)id->valuedouble;
    }
    return true;
}

static bool read_template(front_tokens *front, const part_reader *r, const cJSON *part) {
    const cJSON *single = part_list(r, part, "single"), *item;
    if (!single) return false;
    cJSON_ArrayForEach (item, single) {
        const cJSON *special = cJSON_GetObjectItemCaseSensitive(item, "SpecialToken");
        if (!special) break; /* the text */
        if (!add_special(front, r, part, cJSON_GetObjectItemCaseSensitive(special, "id"))) return false;
    }
    return true;
}

/* What a later part of a Sequence puts in front stands before what earlier ones put there. */
static bool read_part(front_tokens *front, const part_reader *r, const cJSON *part) { /* json_parse limits the depth */
    const char *type = part_type(r, part);
    if (!type) return false;
    if (strcmp(type, "ByteLevel") == 0) return true; /* trims offsets */
    if (strcmp(type, "TemplateProcessing") == 0) {
        front_tokens own = {0};
        bool ok = read_template(&own, r, part);
        if (ok && own.count) {
            own.ids = mem_resize(own.ids, own.count + front->count, sizeof *own.ids);
            if (front->count) memcpy(own.ids + own.count, front->ids, front->count * sizeof *own.ids);
            own.count += front->count;
            free(front->ids);
            *front = own;
        } else free(own.ids);
        return ok;
    }
    if (strcmp(type, "Sequence") != 0) return part_unknown(r, type, "TemplateProcessing, ByteLevel or Sequence");
    const cJSON *list = part_list(r, part, "processors"), *child;
    if (!list) return false;
    cJSON_ArrayForEach (child, list)
        if (!read_part(front, r, child)) return false;
    return true;
}

bool front_tokens_read(front_tokens *front, const cJSON *part, const char *path, scry_error *err) {
    const part_reader r = {path, "post_processor", err};
    *front = (front_tokens){0};
    if (!part || cJSON_IsNull(part) || read_part(front, &r, part)) return true;
    free(front->ids);
    *front = (front_tokens){0};
    return false;
}
