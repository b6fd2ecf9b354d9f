/* base/printable.h: text from outside, such as names, tokens, labels and paths, made safe to show.
 *
 * Escape sequences, control characters, broken UTF-8, marks that change the direction of writing and characters without
 * width are spelt out, and long runs of combining marks are cut, in every form; the forms differ in what stands for
 * such a character. Everything that shows text goes through here: text_clean of the interface for tables, messages and
 * the explorer, svg_text for reports and images, the other functions below for what may be a terminal. */
#ifndef SCRY_BASE_PRINTABLE_H
#define SCRY_BASE_PRINTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    PRINTABLE_MARKS = 8, /* combining marks after one character; Unicode's languages need fewer */
    PRINTABLE_PIECE = 16 /* bytes of what stands for one character, with its NUL */
};

typedef enum printable_form {
    PRINTABLE_TEXT,  /* \x1b, \u{202e}; a line end is a visible sign; joiners and selectors are left out */
    PRINTABLE_ASCII, /* the same in 7-bit characters alone */
    PRINTABLE_LINES, /* as PRINTABLE_TEXT, but line ends stay */
    PRINTABLE_LINES_ASCII,
    PRINTABLE_STREAM, /* \u001b, \u202e, as JSON spells them; line ends and tabs stay */
    PRINTABLE_STREAM_ASCII,
    PRINTABLE_MARKUP /* \x1b, \u{202e}; line ends, tabs, joiners, selectors and skin tones stay */
} printable_form;

typedef struct printable_run {
    bool begun;     /* a character came before */
    unsigned marks; /* combining marks since the last that is none */
} printable_run;

/* Columns on a terminal: 0 for combining marks, 2 for wide characters, else 1. Codes are those of utf8_next. */
int printable_width(uint32_t code);

/* True for what never reaches a terminal as it is: controls, invalid bytes, and characters that are invisible or change
 * the direction of writing. */
bool printable_is_hidden(uint32_t code);

/* Write to piece what stands for the code point, which follows those that *run has seen; "" where it is left out. *run
 * begins as {0}. */
void printable_piece(printable_run *run, uint32_t code, printable_form form, char piece[PRINTABLE_PIECE]);

/* Write text[size] to the file in that form. Errors stay in the file: see ferror. */
void printable_write(FILE *to, const char *text, size_t size, printable_form form);
/* Write data, such as JSON: in form PRINTABLE_STREAM where the file is a terminal, the exact bytes elsewhere. */
void printable_write_data(FILE *to, const char *text, size_t size);

/* A stream to write to instead of `to` where that is a terminal: it passes everything on in form PRINTABLE_STREAM, or
 * PRINTABLE_STREAM_ASCII where the locale in force has no UTF-8. `to` itself elsewhere. fclose ends it, and closes `to`
 * with it unless that is standard output. Ends the program where there is no memory. */
FILE *printable_guard(FILE *to);

/* True when the character set of the locale in force (LC_CTYPE) is UTF-8. */
bool printable_is_utf8(void);

#endif
