/* index/read/find_capture.c: captures by group and condition, or by name. */
#include "index/read/index.h"

#include <string.h>

int scry_find_capture(const scry_index *x, int group, scry_condition condition) {
    for (size_t i = 0; i < x->info.captures; i++)
        if (x->info.capture[i].group == group && x->info.capture[i].condition == condition) return (int)i;
    return -1;
}

int scry_find_capture_named(const scry_index *x, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < x->info.captures; i++)
        if (strcmp(x->info.capture[i].name, name) == 0) return (int)i;
    for (size_t i = 0; i < x->info.captures; i++) { /* "math" is math.base */
        const char *full = x->info.capture[i].name;
        if (strncmp(full, name, length) == 0 && strcmp(full + length, ".base") == 0) return (int)i;
    }
    return -1;
}
