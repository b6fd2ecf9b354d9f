/* json_edits.c: JSON changed as JSON: what comes out parses, so that what lies behind the parser is reached. */
#include "fuzz.h"
#include "json_edits.h"

#include <stdlib.h>
#include <string.h>

static const double numbers[] = {-1,     0,      1,     2,      3,          5,       1.5,          -2,
                                 255,    256,    65535, 65536,  2147483647, -0x1p31, 4294967295.0, 4294967296.0,
                                 0x1p53, 0x1p63, 1e300, -1e300, 0.1,        100,     1000,         63,
                                 64};
static const char *const words[] = {"",      "base", "icl",    "sft",     "rl",      "control",
                                    "token", "row",  "sample", "float16", "x\033[2J"};

enum { NUMBERS = sizeof numbers / sizeof *numbers, WORDS = sizeof words / sizeof *words, EDIT = 4 };

static size_t nodes_of(cJSON *item) {
    size_t n = 1;
    for (cJSON *child = item->child; child; child = child->next) n += nodes_of(child);
    return n;
}

/* Node number *at in order of the text, with its parent. */
static cJSON *node_at(cJSON *item, cJSON *above, size_t *at, cJSON **parent) {
    if (!(*at)--) {
        *parent = above;
        return item;
    }
    for (cJSON *child = item->child; child; child = child->next) {
        cJSON *found = node_at(child, item, at, parent);
        if (found) return found;
    }
    return NULL;
}

/* Where another node of the same name stands in a list of objects, as captures' groups do: the next of them. */
static cJSON *namesake(cJSON *root, const cJSON *item, const char *name, bool *passed) {
    for (cJSON *child = root->child; child; child = child->next) {
        if (child == item) *passed = true;
        else if (*passed && child->string && strcmp(child->string, name) == 0) return child;
        cJSON *found = namesake(child, item, name, passed);
        if (found) return found;
    }
    return NULL;
}

static cJSON *value_of(unsigned kind, unsigned value, const cJSON *old) {
    switch (kind % 8) {
    case 0:
    case 1:
        return cJSON_CreateNumber(numbers[value % NUMBERS]);
    case 2:
        return cJSON_CreateNumber((cJSON_IsNumber(old) ? old->valuedouble : 0) + (double)value - 127);
    case 3:
        return cJSON_CreateString(words[value % WORDS]);
    case 4:
        return value % 2 ? cJSON_CreateTrue() : cJSON_CreateFalse();
    case 5:
        return cJSON_CreateNull();
    case 6:
        return cJSON_CreateArray();
    default:
        return cJSON_CreateObject();
    }
}

static void edit(cJSON *root, const uint8_t by[EDIT]) {
    size_t at = 1 + (size_t)(by[0] | by[1] << 8) % (nodes_of(root) - 1);
    cJSON *parent, *item = node_at(root, NULL, &at, &parent), *other;
    bool passed = false;
    switch (by[2] % 16) {
    case 0:
        cJSON_Delete(cJSON_DetachItemViaPointer(parent, item));
        return;
    case 1: /* once more */
        other = cJSON_Duplicate(item, true);
        if (cJSON_IsArray(parent)) cJSON_AddItemToArray(parent, other);
        else cJSON_AddItemToObject(parent, words[by[3] % WORDS], other);
        return;
    case 2:
    case 3:
    case 4: /* the value of a namesake */
        other = item->string ? namesake(root, item, item->string, &passed) : NULL;
        other = other ? cJSON_Duplicate(other, true) : value_of(0, by[3], item);
        break;
    default:
        other = value_of(by[2] >> 4, by[3], item);
    }
    if (!item->string) {
        cJSON_ReplaceItemViaPointer(parent, item, other);
        return;
    }
    char *name = strdup(item->string);
    cJSON_ReplaceItemInObjectCaseSensitive(parent, name, other);
    free(name);
}

char *json_edited(const char *text, const uint8_t *data, size_t size) {
    cJSON *root = cJSON_Parse(text);
    if (!root) abort();
    for (size_t i = 0; i + EDIT <= size && i < (size_t)16 * EDIT && root->child; i += EDIT) edit(root, data + i);
    char *out = cJSON_PrintUnformatted(root);
    if (!out) abort();
    cJSON_Delete(root);
    return out;
}
