/* base/name_list.h: lists of names: law,"rights, civil",math in an option, and "a, b or c" in a message.
 *
 * In an option, a name that holds a comma, begins or ends with a blank or a quote, or equals a keyword of the option is
 * written in double quotes, or with a backslash before each comma. In both forms \" \, and \\ stand for the character
 * after the backslash; any other backslash for itself. Blanks belong to the name; a caller may look it up without
 * leading ones. */
#ifndef SCRY_BASE_NAME_LIST_H
#define SCRY_BASE_NAME_LIST_H

#include "base/error.h"

#include <stddef.h>

/* One name of a list. The caller frees text. */
typedef struct scry_listed_name {
    char *text;
    bool plain; /* written without quotes and backslashes, so that a keyword such as all is one */
} scry_listed_name;

/* Read the name at *at of an option's list and move *at past it and its comma. False at the end of the list, and false
 * with err where a quote is not closed or is followed by something other than a comma. */
bool scry_name_list_next(const char **at, scry_listed_name *word, scry_error *err);

/* The name as it is written in such a list. The caller frees it. */
char *scry_name_list_quote(const char *name);

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
