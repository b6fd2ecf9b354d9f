/* json.h: JSON, as Python writes it, read in parts.
 *
 * Values are skipped by their quotes and brackets alone, so unused ones (a batch's activations, a
 * tokenizer's merges) cost no memory; the others are parsed with cJSON. */
#ifndef SCRY_IO_JSON_H
#define SCRY_IO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <cjson/cJSON.h>

/* The text of one value without blanks around it; a view, not NUL-terminated. */
typedef struct json_part {
    const char *at; /* NULL: no value */
    size_t length;
} json_part;

typedef struct json_walk {
    const char *at, *end;
    char close; /* '}', ']', or 0: values one after the other, as in JSON Lines */
    bool begun;
} json_walk;

typedef enum json_step { JSON_BROKEN = -1, JSON_END, JSON_ITEM } json_step;

/* Begins to walk over a text. */
json_walk json_walk_text(const char *text, size_t length);
/* Begins to walk over an object's members or a list's elements; false when the value is neither. */
bool json_walk_into(json_walk *walk, json_part value);
/* Moves to the next value. key may be NULL, and is empty outside objects. Only brackets and quotes are
 * checked: parsing the value may still fail. */
json_step json_next(json_walk *walk, json_part *key, json_part *value);

/* Longest text that json_parse takes; cJSON needs some 80 bytes for each value in it. */
#define JSON_PARSE_MAX ((size_t)64 << 20)

/* True where a text has so many values that parsing it would take more than ten times its bytes, and more than JSON of
 * its kind has: a million, and one for each eight bytes. json_parse and json_parse_prefix return NULL for it. */
bool json_is_dense(const char *text, size_t length);

/* Parses a text that is one value; NULL when it is not JSON. Bare NaN and Infinity become empty lists, which
 * are neither texts nor numbers; \u0000, where cJSON would cut the text, becomes U+2400, and half a surrogate
 * pair U+FFFD. The text is copied first: cJSON before 1.7.18 can read one byte past the end. */
cJSON *json_parse(const char *text, size_t length);
/* Longest text that json_parse_prefix takes; a safetensors header may have 100 MB. */
#define JSON_PREFIX_MAX ((size_t)128 << 20)

/* Parses the value that the text begins with, unmended; NULL when there is none or the text is too long. What follows
 * the value is not checked. *stop (stop may be NULL): the byte where parsing stopped. */
cJSON *json_parse_prefix(const char *text, size_t length, size_t *stop);
/* Returns the string of a text value, which the caller frees; NULL for any other value. */
char *json_text(json_part value);
/* The number that the four hexadecimal digits at `at` spell, or -1. */
long json_hex4(const char *at, const char *end);
/* Is the value spelled like this, such as "BPE" with its quotes? */
bool json_is(json_part value, const char *literal);

#endif
