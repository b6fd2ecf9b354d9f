/* json.c: JSON, as Python writes it, read in parts. */
#include "io/json.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* cJSON leaves out of an object or a text what it could not allocate, and some of its callers crash; so its allocations
 * end the program like all others. Before main, as threads may parse at once. */
static void *allocate(size_t size) {
    return mem_resize(NULL, size, 1);
}
__attribute__((constructor)) static void set_hooks(void) {
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = allocate, .free_fn = free});
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end) {
    while (at < end && is_blank(*at)) at++;
    return at;
}

/* Returns the end of the text, after its closing quote; NULL when there is none. */
static const char *skip_text(const char *at, const char *end) {
    for (at++; at < end; at++) {
        if (*at == '"') return at + 1;
        if (*at == '\\' && ++at == end) break;
    }
    return NULL;
}

/* Returns the end of the value; NULL when there is no value or it does not end. */
static const char *skip_value(const char *at, const char *end) {
    if (at == end) return NULL;
    if (*at == '"') return skip_text(at, end);
    if (*at != '{' && *at != '[') {
        const char *start = at;
        while (at < end && !is_blank(*at) && !strchr(",:{}[]\"", *at)) at++;
        return at == start ? NULL : at;
    }
    size_t depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = skip_text(at, end);
            if (!at) return NULL;
            continue;
        }
        if (*at == '{' || *at == '[') depth++;
        if (*at == '}' || *at == ']') depth--;
        at++;
        if (depth == 0) return at;
    }
    return NULL;
}

json_walk json_walk_text(const char *text, size_t length) {
    bool marked = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0; /* a byte order mark */
    return (json_walk){.at = length ? text + (marked ? 3 : 0) : NULL, .end = length ? text + length : NULL};
}

bool json_walk_into(json_walk *walk, json_part value) {
    if (!value.at || value.length < 2 || (*value.at != '{' && *value.at != '[')) return false;
    *walk = (json_walk){.at = value.at + 1, .end = value.at + value.length, .close = *value.at == '{' ? '}' : ']'};
    return true;
}

json_step json_next(json_walk *walk, json_part *key, json_part *value) {
    const char *at = skip_blanks(walk->at, walk->end), *end = walk->end;
    if (key) *key = (json_part){0};
    if (at == end) return walk->close ? JSON_BROKEN : JSON_END;
    if (walk->close) {
        if (*at == walk->close) return JSON_END;
        if (walk->begun && *at != ',') return JSON_BROKEN;
        if (walk->begun) at = skip_blanks(at + 1, end);
    }
    walk->begun = true;
    if (walk->close == '}') {
        if (at == end || *at != '"') return JSON_BROKEN;
        const char *behind = skip_text(at, end);
        if (!behind) return JSON_BROKEN;
        if (key) *key = (json_part){at, (size_t)(behind - at)};
        at = skip_blanks(behind, end);
        if (at == end || *at != ':') return JSON_BROKEN;
        at = skip_blanks(at + 1, end);
    }
    const char *behind = skip_value(at, end);
    if (!behind) return JSON_BROKEN;
    *value = (json_part){at, (size_t)(behind - at)};
    walk->at = behind;
    return JSON_ITEM;
}

long json_hex4(const char *at, const char *end) {
    long unit = 0;
    if (end - at < 4) return -1;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

/* The four hexadecimal digits behind \u, or -1. */
static long code_unit(const char *at, const char *end) {
    return end - at < 6 || at[0] != '\\' || at[1] != 'u' ? -1 : json_hex4(at + 2, end);
}

/* Mends the escape at `at` in place; returns its last byte. */
static char *mend_escape(char *at, const char *end) {
    long unit = code_unit(at, end);
    if (unit < 0) return at + 1;
    if (unit == 0) memcpy(at + 2, "2400", 4);
    if (unit >= 0xd800 && unit <= 0xdfff) {
        long second = code_unit(at + 6, end);
        if (unit <= 0xdbff && second >= 0xdc00 && second <= 0xdfff) return at + 11;
        memcpy(at + 2, "fffd", 4);
    }
    return at + 5;
}

static void mend(char *text, size_t length) {
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    const char *end = text + length;
    bool quoted = false;
    for (char *at = text; at < end; at++) {
        if (*at == '"') quoted = !quoted;
        if (quoted && *at == '\\') at = mend_escape(at, end);
        if (quoted || (*at != 'N' && *at != 'I' && *at != '-')) continue;
        for (size_t w = 0; w < sizeof words / sizeof *words; w++) {
            size_t size = strlen(words[w]);
            if ((size_t)(end - at) < size || memcmp(at, words[w], size) != 0) continue;
            memset(at, ' ', size);
            memcpy(at, "[]", 2);
        }
    }
}

enum { VALUES_FREE = 1 << 20, BYTES_FOR_VALUE = 8 };

bool json_is_dense(const char *text, size_t length) {
    size_t values = 1, most = length / BYTES_FOR_VALUE;
    if (most < VALUES_FREE) most = VALUES_FREE;
    if (length / 2 < most) return false; /* a value has two bytes at least */
    bool quoted = false;
    for (size_t i = 0; i < length && values <= most; i++) {
        const char c = text[i];
        if (quoted && c == '\\') i++;
        else if (c == '"') quoted = !quoted;
        else if (!quoted) values += c == ',' || c == '[' || c == '{';
    }
    return values > most;
}

/* Frees the copy, which ends with a NUL at [length]. */
static cJSON *parse_copy(char *copy, size_t length, size_t *stop) {
    const char *at = NULL;
    cJSON *item = cJSON_ParseWithLengthOpts(copy, length, &at, false);
    *stop = at && at > copy ? (size_t)(at - copy) : 0;
    free(copy);
    return item;
}

cJSON *json_parse_prefix(const char *text, size_t length, size_t *stop) {
    size_t unused;
    if (!stop) stop = &unused;
    *stop = 0;
    return length && length <= JSON_PREFIX_MAX && !json_is_dense(text, length)
               ? parse_copy(mem_copy_bytes(text, length), length, stop)
               : NULL;
}

cJSON *json_parse(const char *text, size_t length) {
    if (length == 0 || length > JSON_PARSE_MAX || memchr(text, 0, length) || json_is_dense(text, length)) return NULL;
    char *copy = mem_copy_bytes(text, length);
    mend(copy, length);
    size_t stop;
    cJSON *item = parse_copy(copy, length, &stop);
    if (item && skip_blanks(text + stop, text + length) == text + length) return item;
    cJSON_Delete(item);
    return NULL;
}

char *json_text(json_part value) {
    if (!value.at || value.length < 2 || *value.at != '"') return NULL;
    if (!memchr(value.at, '\\', value.length) && !memchr(value.at, 0, value.length))
        return mem_copy_bytes(value.at + 1, value.length - 2);
    cJSON *item = json_parse(value.at, value.length);
    char *text = cJSON_IsString(item) ? mem_copy_string(item->valuestring) : NULL;
    cJSON_Delete(item);
    return text;
}

bool json_is(json_part value, const char *literal) {
    return value.at && value.length == strlen(literal) && memcmp(value.at, literal, value.length) == 0;
}
