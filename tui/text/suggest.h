/* text/suggest.h: suggestions for misspelt words, and rows of a definition list. */
#ifndef SCRY_TEXT_SUGGEST_H
#define SCRY_TEXT_SUGGEST_H

#include <stddef.h>

/* Returns the word of word[count] that is nearest to `wrong` by edit distance, or NULL when none is near. Borrowed. */
const char *suggest_nearest(const char *wrong, const char *const *word, size_t count);

/* Prints a term and its description to standard output: the description in a second column that ends before column
 * 80, on the next line where the term is too long. */
void print_definition(const char *about, const char *text);

#endif
