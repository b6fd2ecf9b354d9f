/* text.h: text from strangers made safe for a terminal, and its width there.
 *
 * Tokens and labels can hold escape sequences, control characters, broken UTF-8 and bidirectional
 * marks. Nothing of it reaches the terminal raw: a line end becomes a visible sign, other controls
 * and broken bytes \xNN, invisible and direction-changing characters \u{N}. So do skins of emoji; joiners and
 * styles behind a character are left out: terminals disagree about the columns of what they join. */
#ifndef SCRY_TEXT_TEXT_H
#define SCRY_TEXT_TEXT_H

#include "base/utf8.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns on a terminal: 0 for combining marks, 2 for wide characters, else 1. */
int text_width(uint32_t code);
int text_columns(const char *text);
/* Does it begin with a mark that combines with what stands before it? */
bool text_starts_with_mark(const char *text);

/* A safe copy of `from` in out[size], always closed. ascii: nothing beyond 7 bits. Returns its columns. */
int text_clean(const char *from, char *out, size_t size, bool ascii);

/* Cuts `text` in place so that it takes at most `columns`, with a mark at the end if it was cut. */
void text_fit(char *text, int columns, bool ascii);
/* The same, with the mark in the middle: the ends of names tell them apart. */
void text_fit_middle(char *text, int columns, bool ascii);

#endif
