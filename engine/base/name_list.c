/* base/name_list.c: lists of names. */
#include "base/name_list.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool escapes(const char *at) {
    return at[0] == '\\' && at[1] && strchr("\",\\", at[1]);
}

/* Copy one name up to the character `end`, or to the text's end. Returns where it stopped. */
static const char *take(const char *from, char end, char *out, size_t *length, bool *plain) {
    while (*from && *from != end) {
        if (escapes(from)) {
            *plain = false;
            from++;
        }
        out[(*length)++] = *from++;
    }
    return from;
}

bool scry_name_list_next(const char **at, scry_listed_name *word, scry_error *err) {
    const char *from = *at;
    size_t length = 0;
    if (!*from) return false;
    bool quoted = *from == '"';
    *word = (scry_listed_name){.text = mem_new(strlen(from) + 1, 1), .plain = !quoted};
    const char *end = take(from + quoted, quoted ? '"' : ',', word->text, &length, &word->plain);
    const char *next = quoted && *end ? end + 1 : end;
    if (quoted && (!*end || (*next && *next != ','))) {
        scry_misuse(err, "\"%.60s\": found %s, expected names with commas between, such as a,\"b, c\"", *at,
                    *end ? "text after the closing quote" : "no closing quote");
        free(word->text);
        return false;
    }
    word->text[length] = 0;
    *at = next + (*next == ',');
    return true;
}

char *scry_name_list_quote(const char *name) {
    size_t length = strlen(name);
    bool bare = length && !strchr(" \"", name[0]) && !strchr(" \\", name[length - 1]) && !strchr(name, ',') &&
                strcmp(name, "all") != 0 && strncmp(name, "extremes:", 9) != 0;
    for (const char *at = name; *at && bare; at++) bare = !escapes(at);
    char *out = mem_new(2 * length + 3, 1), *to = out;
    if (!bare) *to++ = '"';
    for (; *name; name++) {
        if (!bare && (*name == '"' || *name == '\\')) *to++ = '\\';
        *to++ = *name;
    }
    if (!bare) *to++ = '"';
    *to = 0;
    return out;
}

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
