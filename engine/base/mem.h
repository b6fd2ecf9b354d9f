/* mem.h: allocation that cannot fail quietly.
 *
 * Out of memory ends the program with a message: sizes that come from a file are checked against
 * that file's length before they reach an allocation, so a stranger's file cannot ask for more
 * than it holds. Everything returned is released with free(). */
#ifndef SCRY_BASE_MEM_H
#define SCRY_BASE_MEM_H

#include <stddef.h>

void *mem_new(size_t count, size_t size);               /* zeroed */
void *mem_resize(void *old, size_t count, size_t size); /* grown part is not zeroed */
char *mem_copy_string(const char *text);
char *mem_copy_bytes(const void *bytes, size_t length); /* NUL-terminated */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
