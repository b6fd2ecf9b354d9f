/* alternatives.c: "a, b or c" from the rows of a table, for messages. */
#include "base/alternatives.h"

#include <stdio.h>
#include <string.h>

void alternatives_add(char *text, size_t size, size_t i, size_t count, const char *name) {
    size_t used = i ? strlen(text) : 0;
    snprintf(text + used, size - used, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " or ", name);
}

const char *alternatives_quoted(char *text, size_t size, const char *const *first, size_t stride, size_t count,
                                const char *quote) {
    for (size_t i = 0; i < count; i++) {
        char name[100];
        snprintf(name, sizeof name, "%s%s%s", quote, *(const char *const *)((const char *)first + i * stride), quote);
        alternatives_add(text, size, i, count, name);
    }
    return text;
}

const char *alternatives(char *text, size_t size, const char *const *first, size_t stride, size_t count) {
    return alternatives_quoted(text, size, first, stride, count, "");
}
