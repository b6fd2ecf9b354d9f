/* text.h: untrusted text made safe for a terminal, and its width there.
 *
 * Tokens and labels can hold escape sequences, control characters, invalid UTF-8 and bidirectional marks. None of
 * these reach the terminal: a line end becomes a visible sign, other controls and invalid bytes become \xNN, invisible
 * and direction-changing characters and emoji skin tones \u{N}. Joiners and variation selectors after a character are
 * left out, since terminals disagree about the width of the result. */
#ifndef SCRY_TEXT_TEXT_H
#define SCRY_TEXT_TEXT_H

#include "base/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns on a terminal: 0 for combining marks, 2 for wide characters, else 1. */
int text_width(uint32_t code);
int text_columns(const char *text);
/* True when the text begins with a combining mark. */
bool text_starts_with_mark(const char *text);

/* Writes a safe copy of `from` to out[size], cut there, always NUL-terminated. ascii: 7-bit characters only. Returns
 * its width in columns. */
int text_clean(const char *from, char *out, size_t size, bool ascii);

/* A message without "PATH: " in front, for a place that names the file already; path may be NULL. */
const char *text_without_path(const char *text, const char *path);

/* Bytes of the text that a line of so many columns takes, up to a blank where there is one. */
size_t text_break(const char *text, int columns);

/* Bytes of the text's characters that fit into so many columns. */
size_t text_bytes_of(const char *text, int columns);

/* Cuts `text` in place to at most `columns`; an ellipsis (ascii: ~) at the end shows the cut. */
void text_fit(char *text, int columns, bool ascii);
/* The same with the ellipsis in the middle, for names that differ at the end. */
void text_fit_middle(char *text, int columns, bool ascii);

#endif
