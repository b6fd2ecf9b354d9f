/* base/mem.c: allocation that never returns NULL. */
#include "base/mem.h"
#include "base/sudden_end.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p, size_t count, size_t size) {
    if (p) return p;
    if (count > 1) sudden_end("out of memory: asked for %zu x %zu bytes", count, size);
    sudden_end("out of memory: asked for %zu bytes", size);
}

void *mem_check(void *p) {
    if (!p) sudden_end("out of memory");
    return p;
}

FILE *mem_stream(char **text, size_t *size) {
    *text = NULL;
    return mem_check(open_memstream(text, size));
}

void mem_stream_end(FILE *stream, char *const *text) {
    bool whole = !ferror(stream);
    if (fclose(stream) != 0 || !whole || !*text) sudden_end("out of memory");
}

ssize_t mem_line(char **line, size_t *room, FILE *file) {
    errno = 0;
    ssize_t n = getline(line, room, file);
    if (n < 0 && errno == ENOMEM) sudden_end("out of memory");
    return n;
}

void *mem_new(size_t count, size_t size) {
    return checked(calloc(count ? count : 1, size ? size : 1), count, size);
}

void *mem_resize(void *old, size_t count, size_t size) {
    if (size && count > SIZE_MAX / size) checked(NULL, count, size);
    size_t bytes = count * size;
    return checked(realloc(old, bytes ? bytes : 1), count, size);
}

char *mem_copy_bytes(const void *bytes, size_t length) {
    char *copy = mem_new(length + 1, 1);
    if (length) memcpy(copy, bytes, length);
    return copy;
}

char *mem_copy_string(const char *text) {
    return mem_copy_bytes(text, strlen(text));
}

char *mem_format(const char *format, ...) {
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = mem_new((size_t)(n < 0 ? 0 : n) + 1, 1);
    if (n > 0) vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    return text;
}
