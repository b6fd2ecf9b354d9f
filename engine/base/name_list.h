/* base/name_list.h: names in one text, with commas between them: law,"rights, civil",math.
 *
 * A name that holds a comma, begins or ends with a blank or a quote, or is a word of the option itself stands in
 * double quotes, or has a backslash before each comma. In both, \" \, and \\ stand for the sign behind the backslash;
 * any other backslash for itself. Blanks belong to the name; who looks it up may
 * try without those in front. */
#ifndef SCRY_BASE_NAME_LIST_H
#define SCRY_BASE_NAME_LIST_H

#include "base/error.h"

/* A name of the list. Owner: the caller, text by free. */
typedef struct scry_listed_name {
    char *text;
    bool plain; /* written without quotes and backslashes: a word such as all means what it says */
} scry_listed_name;

/* The name that begins at *at; moves *at behind it and its comma. False at the end of the list, or with err where a
 * quote is not closed or something stands behind it. */
bool scry_name_list_next(const char **at, scry_listed_name *word, scry_error *err);

/* The name as it is written in such a list. Caller frees. */
char *scry_name_list_quote(const char *name);

#endif
