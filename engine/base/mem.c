/* base/mem.c: allocation that never returns NULL. */
#include "base/mem.h"
#include "base/sudden_end.h"

#include <errno.h>
#include <stdarg.h>
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

/* open_memstream loses what it has no memory for, and some C libraries do not even say so. */
typedef struct collected {
    char *bytes, **text;
    size_t used, room, *size;
    char buffer[4096]; /* of the stream */
} collected;

static ssize_t collect(void *cookie, const char *bytes, size_t size) {
    collected *c = cookie;
    if (c->room - c->used <= size) {
        c->room = 2 * c->room + size + 1;
        c->bytes = mem_resize(c->bytes, c->room, 1);
    }
    memcpy(c->bytes + c->used, bytes, size);
    c->used += size;
    return (ssize_t)size;
}

static int give(void *cookie) {
    collected *c = cookie;
    c->bytes = mem_resize(c->bytes, c->used + 1, 1);
    c->bytes[c->used] = 0;
    *c->text = c->bytes;
    *c->size = c->used;
    free(c);
    return 0;
}

FILE *mem_stream(char **text, size_t *size) {
    collected *c = mem_new(1, sizeof *c);
    c->text = text;
    c->size = size;
    FILE *stream = mem_check(fopencookie(c, "w", (cookie_io_functions_t){.write = collect, .close = give}));
    setvbuf(stream, c->buffer, _IOFBF, sizeof c->buffer);
    return stream;
}

void mem_stream_end(FILE *stream) {
    fclose(stream);
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
