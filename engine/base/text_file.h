/* base/text_file.h: small text files that a person names: scripts, macros, prompts, settings, sessions.
 *
 * A directory, a device or a named pipe is refused instead of read as nothing or waited for; descriptors, such as
 * /dev/stdin or what a shell makes of <(command), and /dev/null may be read. (Data are read by way of
 * io/mapped_file.h.) */
#ifndef SCRY_BASE_TEXT_FILE_H
#define SCRY_BASE_TEXT_FILE_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/* Longest line that text_file_line takes. */
enum { TEXT_FILE_LINE = 1 << 20 };

/* Open a file for reading. NULL with errno, and err (which may be NULL), when it is missing, may not be read or is of
 * another kind. */
FILE *text_file_open(const char *path, scry_error *err);
/* Read the next line, with its line end, into *line [*room], which the caller frees. False at the end, and with err,
 * whose status is 0 before, when it cannot be read, holds NUL bytes or is longer than TEXT_FILE_LINE; path and number,
 * which counts from 1, are for messages. */
bool text_file_line(FILE *file, char **line, size_t *room, const char *path, unsigned number, scry_error *err);
/* Read at most `most` bytes into a new text, with a NUL behind them; *length (may be NULL) becomes their number. What
 * follows is left. NULL and err when it cannot be read. The caller frees it. */
char *text_file_read(FILE *file, const char *path, size_t most, size_t *length, scry_error *err);

#endif
