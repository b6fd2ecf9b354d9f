/* base/escape.h: text in cells of CSV, in quotes, and in lines of a file.
 *
 * A text that a spreadsheet would take for a formula (it begins with = + - @, a tab or a carriage return) is written to
 * CSV with an apostrophe in front, which spreadsheets show as text. In a line, a line feed is written as \n and a
 * backslash as \\; all other characters stay. */
#ifndef SCRY_BASE_ESCAPE_H
#define SCRY_BASE_ESCAPE_H

#include <stdio.h>

/* Write text as one quoted cell, with the apostrophe where it is needed. Errors stay in the file: see ferror. */
void csv_text_write(FILE *file, const char *text);
/* The same of a text that stays on one line: escaped as by line_escape. */
void csv_text_write_line(FILE *file, const char *text);
/* The cell's text without that apostrophe, inside cell. */
const char *csv_text_unguard(const char *cell);

/* Write text in double quotes, those within it as \"; all other characters stay. So " 2" and "2" are told apart. */
void quote_text(FILE *file, const char *text);

/* Write text to file as part of a line, escaped. Errors stay in the file: see ferror. */
void line_escape(FILE *file, const char *text);
/* Undo line_escape in place; a backslash before any other character stays. Returns text. */
char *line_unescape(char *text);

#endif
