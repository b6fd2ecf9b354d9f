/* alternatives.h: "a, b or c" from the rows of a table, for messages. */
#ifndef SCRY_BASE_ALTERNATIVES_H
#define SCRY_BASE_ALTERNATIVES_H

#include <stddef.h>

/* Appends name number i of count to text, with ", " or " or " before it; number 0 begins the text. Cuts at size. */
void alternatives_add(char *text, size_t size, size_t i, size_t count, const char *name);

/* The same for all: first is the name in the first of count rows, each stride bytes after the one before. Returns
 * text. */
const char *alternatives(char *text, size_t size, const char *const *first, size_t stride, size_t count);

#endif
