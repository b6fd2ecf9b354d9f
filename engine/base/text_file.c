/* base/text_file.c: see text_file.h. */
#include "base/text_file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Names of what this process has open already, which opening does not wait for. */
static bool is_open_already(const char *path) {
    return strcmp(path, "/dev/stdin") == 0 || strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/", 6) == 0;
}

static const char *kind_of(mode_t mode) {
    return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a named pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

FILE *text_file_open(const char *path, scry_error *err) {
    const bool known = is_open_already(path) || strcmp(path, "/dev/null") == 0;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | (known ? 0 : O_NONBLOCK)); /* a pipe is refused, not waited for */
    if (fd < 0 || fstat(fd, &st) != 0) {
        const int why = errno;
        if (err) scry_fail(err, "%s: cannot be opened: %s", path, strerror(why));
        if (fd >= 0) close(fd);
        errno = why;
        return NULL;
    }
    FILE *file = S_ISREG(st.st_mode) || (known && !S_ISDIR(st.st_mode)) ? mem_check(fdopen(fd, "r")) : NULL;
    if (file) return file;
    if (err) scry_fail(err, "%s: found %s, expected a text file", path, kind_of(st.st_mode));
    close(fd);
    errno = EINVAL;
    return NULL;
}

bool text_file_line(FILE *file, char **line, size_t *room, const char *path, unsigned number, scry_error *err) {
    size_t length = 0;
    int c = 0;
    errno = 0;
    while (c != '\n' && (c = getc_unlocked(file)) != EOF) {
        if (length + 2 > *room) *line = mem_resize(*line, *room = *room ? *room * 2 : 256, 1);
        if (!c) return scry_fail(err, "%s: line %u: found a byte of 0, expected text", path, number);
        if (length == TEXT_FILE_LINE)
            return scry_fail(err, "%s: line %u: is longer than %d bytes", path, number, TEXT_FILE_LINE);
        (*line)[length++] = (char)c;
    }
    if (ferror(file)) return scry_fail(err, "%s: line %u: cannot be read: %s", path, number, strerror(errno));
    if (!length) return false;
    (*line)[length] = 0;
    return true;
}

char *text_file_read(FILE *file, const char *path, size_t most, size_t *length, scry_error *err) {
    char *text = mem_new(most + 1, 1);
    errno = 0;
    const size_t n = fread(text, 1, most, file);
    if (length) *length = n;
    if (!ferror(file)) return text;
    scry_fail(err, "%s: cannot be read: %s", path, strerror(errno));
    free(text);
    return NULL;
}
