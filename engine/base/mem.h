/* base/mem.h: allocation that never returns NULL.
 *
 * Out of memory ends the program with a message. Check a size that comes from a file against that file's length before
 * it reaches an allocation, so that a damaged file cannot ask for more than it holds. Release what is returned with
 * free(). Any thread may call these. */
#ifndef SCRY_BASE_MEM_H
#define SCRY_BASE_MEM_H

#include <stddef.h>

void *mem_new(size_t count, size_t size);               /* zeroed */
void *mem_resize(void *old, size_t count, size_t size); /* the added part is not zeroed; old may be NULL */
char *mem_copy_string(const char *text);
char *mem_copy_bytes(const void *bytes, size_t length); /* with a NUL appended */
char *mem_format(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Returns p, the result of another library's allocation; ends the program where it is NULL. */
void *mem_check(void *p);

#endif
