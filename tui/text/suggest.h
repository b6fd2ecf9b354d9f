/* text/suggest.h: the nearest right word to a wrong one, and rows of a list. */
#ifndef SCRY_TEXT_SUGGEST_H
#define SCRY_TEXT_SUGGEST_H

#include <stddef.h>

/* The word among count that is nearest to `wrong`, or NULL when none is near. */
const char *suggest_nearest(const char *wrong, const char *const *word, size_t count);

/* A row of a list on standard output: what it is about, and its text in a second column that ends before column 80;
 * below it where the first is too long. */
void print_definition(const char *about, const char *text);

#endif
