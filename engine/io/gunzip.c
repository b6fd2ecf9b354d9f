/* gunzip.c: a gzip file unpacked into memory. */
#include "io/gunzip.h"
#include "base/mem.h"

#include <string.h>
#include <zlib.h>

bool is_gzip(const void *bytes, size_t length) {
    return length >= 2 && memcmp(bytes, "\x1f\x8b", 2) == 0;
}

bool gunzip(const char *path, const char *key, size_t most, char **text, size_t *length, scry_error *err) {
    *text = NULL;
    *length = 0;
    gzFile file = gzopen(path, "rb");
    if (!file) return scry_fail(err, "%s: %s: cannot be opened", key, path);
    size_t room = 0;
    int got = 1;
    while (got > 0 && *length <= most) {
        if (*length == room) *text = mem_resize(*text, room = room ? room * 2 : 1 << 16, 1);
        size_t want = room - *length;
        got = gzread(file, *text + *length, (unsigned)(want < 1 << 30 ? want : 1 << 30));
        if (got > 0) *length += (size_t)got;
    }
    int status = Z_OK;
    gzerror(file, &status);
    bool complete = gzclose(file) == Z_OK && got == 0 && status == Z_OK;
    if (*length > most)
        return scry_fail(err, "%s: %s: unpacks to more than %zu bytes; unpack it with gunzip and name that file", key,
                         path, most);
    return complete || scry_fail(err, "%s: %s: the gzip data are damaged or cut short", key, path);
}
