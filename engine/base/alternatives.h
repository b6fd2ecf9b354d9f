/* alternatives.h: "a, b or c" from the rows of a table, for messages. */
#ifndef SCRY_BASE_ALTERNATIVES_H
#define SCRY_BASE_ALTERNATIVES_H

#include <stddef.h>

/* Room for all names of a table in engine/. */
enum { SCRY_CHOICES = 200 };

/* Appends name number i of count to text, with ", " or " or " before it; number 0 begins the text. Cuts at size. */
void alternatives_add(char *text, size_t size, size_t i, size_t count, const char *name);

/* The same for all: first is the name in the first of count rows, each stride bytes after the one before. Returns
 * text. */
const char *alternatives(char *text, size_t size, const char *const *first, size_t stride, size_t count);
/* The same with each name between quotes (which may be ""). */
const char *alternatives_quoted(char *text, size_t size, const char *const *first, size_t stride, size_t count,
                                const char *quote);

#endif
