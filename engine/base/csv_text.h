/* base/csv_text.h: text in cells of CSV. A text that a spreadsheet would take for a formula (it begins with = + - @, a
 * tab or a carriage return) is written with an apostrophe in front, which spreadsheets show as text. */
#ifndef SCRY_BASE_CSV_TEXT_H
#define SCRY_BASE_CSV_TEXT_H

#include <stdio.h>

/* Write text as one quoted cell, with the apostrophe where it is needed. Errors stay in the file: see ferror. */
void csv_text_write(FILE *file, const char *text);
/* The cell's text without that apostrophe, inside cell. */
const char *csv_text_unguard(const char *cell);

#endif
