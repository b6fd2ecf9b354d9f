/* base/name_list.h: comma-separated names: law,"rights, civil",math.
 *
 * A name that holds a comma, begins or ends with a blank or a quote, or equals a keyword of the option is written in
 * double quotes, or with a backslash before each comma. In both forms \" \, and \\ stand for the character after the
 * backslash; any other backslash for itself. Blanks belong to the name; a caller may look it up without leading ones.
 */
#ifndef SCRY_BASE_NAME_LIST_H
#define SCRY_BASE_NAME_LIST_H

#include "base/error.h"

/* One name of a list. The caller frees text. */
typedef struct scry_listed_name {
    char *text;
    bool plain; /* written without quotes and backslashes, so that a keyword such as all is one */
} scry_listed_name;

/* Read the name at *at and move *at past it and its comma. False at the end of the list, and false with err where a
 * quote is not closed or is followed by something other than a comma. */
bool scry_name_list_next(const char **at, scry_listed_name *word, scry_error *err);

/* The name as it is written in such a list. The caller frees it. */
char *scry_name_list_quote(const char *name);

#endif
