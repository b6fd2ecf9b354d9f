/* base/line_escape.h: text in one line of a file: a line feed is written as \n and a backslash as \\; all other
 * characters stay. */
#ifndef SCRY_BASE_LINE_ESCAPE_H
#define SCRY_BASE_LINE_ESCAPE_H

#include <stdio.h>

/* Write text to file, escaped. Errors stay in the file: see ferror. */
void line_escape(FILE *file, const char *text);
/* Undo line_escape in place; a backslash before any other character stays. Returns text. */
char *line_unescape(char *text);

#endif
