/* base/line_escape.h: any text as part of one line of a file. A line feed is written as \n and a backslash as \\;
 * everything else stays as it is. */
#ifndef SCRY_BASE_LINE_ESCAPE_H
#define SCRY_BASE_LINE_ESCAPE_H

#include <stdio.h>

void line_escape(FILE *file, const char *text);
/* Undoes it in place; a backslash before any other character stays. Returns text. */
char *line_unescape(char *text);

#endif
