/* base/error.h: errors as values, and notes: warnings collected during work.
 *
 * A message names the file, the place in it, what was found, what was expected and what to do. The caller owns the
 * scry_error; nothing here allocates for it. */
#ifndef SCRY_BASE_ERROR_H
#define SCRY_BASE_ERROR_H

#include <stdbool.h>
#include <stddef.h>

typedef struct scry_error {
    int status;      /* exit status of the shell: 1 failure, 2 usage error; 0: no error */
    char text[1024]; /* the message; empty without an error */
} scry_error;

/* Fill err (may be NULL) with status 1, failure, and the message. Always returns false. */
bool scry_fail(scry_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same with status 2, usage error: the request itself cannot be met. */
bool scry_misuse(scry_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A list of warnings; {0} is empty. Owner: scry_notes_free. */
typedef struct scry_notes {
    char **text;
    size_t count, room;
} scry_notes;

void scry_notes_add(scry_notes *notes, const char *format, ...) __attribute__((format(printf, 2, 3)));
void scry_notes_free(scry_notes *notes);

#endif
