/* base/mem.h: allocation that never returns NULL.
 *
 * Out of memory ends the program with a message (base/sudden_end.h). Check a size that comes from a file against that
 * file's length before it reaches an allocation, so that a damaged file cannot ask for more than it holds. Release what
 * is returned with free(). Any thread may call these. */
#ifndef SCRY_BASE_MEM_H
#define SCRY_BASE_MEM_H

#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

void *mem_new(size_t count, size_t size);               /* zeroed */
void *mem_resize(void *old, size_t count, size_t size); /* the added part is not zeroed; old may be NULL */
char *mem_copy_string(const char *text);
char *mem_copy_bytes(const void *bytes, size_t length); /* with a NUL appended */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns p, the result of another library's allocation; ends the program where it is NULL. */
void *mem_check(void *p);

/* A stream that collects what is written to it in *text, *size bytes and a NUL. Both are set by
 * mem_stream_end, which closes it; the caller then frees *text. */
FILE *mem_stream(char **text, size_t *size);
void mem_stream_end(FILE *stream);
/* getline: the length of the next line, -1 at the end of the file and after errors (ferror). */
ssize_t mem_line(char **line, size_t *room, FILE *file);

#endif
