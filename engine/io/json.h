/* json.h: JSON read in parts, as Python writes it.
 *
 * A value is passed over by its quotes and brackets alone, so what nobody looks at (a batch's
 * activations, a tokenizer's merges) costs no memory; what is looked at goes through cJSON. */
#ifndef SCRY_IO_JSON_H
#define SCRY_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>

/* The text of one value, no blanks around it; a view, not NUL-terminated. */
typedef struct json_part {
    const char *at; /* NULL: there is none */
    size_t length;
} json_part;

typedef struct json_walk {
    const char *at, *end;
    char close; /* '}', ']', or 0: values one after the other, as in JSON Lines */
    bool begun;
} json_walk;

typedef enum json_step { JSON_BROKEN = -1, JSON_END, JSON_ITEM } json_step;

/* Over a whole text. */
json_walk json_walk_text(const char *text, size_t length);
/* Over an object's members or a list's elements; false when the value is neither. */
bool json_walk_into(json_walk *walk, json_part value);
/* The next one; key may be NULL and is empty where there are no keys. Only brackets and quotes
 * are checked: a value may still turn out not to be JSON when parsed. */
json_step json_next(json_walk *walk, json_part *key, json_part *value);

/* Longest text that json_parse takes; cJSON needs up to forty times as much. */
#define JSON_PARSE_MAX ((size_t)64 << 20)

/* NULL when not JSON. Bare NaN and Infinity become empty lists, which are neither texts nor
 * numbers; \u0000, where cJSON would cut the text, becomes U+2400, and half a surrogate pair
 * U+FFFD. The text is copied first: cJSON before 1.7.18 can look one byte past the end. */
cJSON *json_parse(const char *text, size_t length);
/* Longest text that json_parse_prefix takes; a safetensors header may have 100 MB. */
#define JSON_PREFIX_MAX ((size_t)128 << 20)

/* Parses the value that the text begins with, unmended; NULL when there is none or the text is too long. What follows
 * the value is not checked. *stop (stop may be NULL): the byte where parsing stopped. */
cJSON *json_parse_prefix(const char *text, size_t length, size_t *stop);
/* A text value's bytes, allocated; NULL when it is not one. */
char *json_text(json_part value);
/* Is the value this plain word, such as "BPE" with its quotes. */
bool json_is(json_part value, const char *literal);

#endif
