/* json_edits.h: JSON changed as JSON. */
#ifndef SCRY_TESTS_FUZZ_JSON_EDITS_H
#define SCRY_TESTS_FUZZ_JSON_EDITS_H

#include <cjson/cJSON.h>
#include <stddef.h>
#include <stdint.h>

/* A copy of the text, which is an object with something in it, after up to 16 edits: four bytes of data each say which
 * value is removed, doubled, or replaced by a number, a word, another kind of value or that of a namesake. The caller
 * frees it. */
char *json_edited(const char *text, const uint8_t *data, size_t size);

#endif
