/* base/atomic_file.c: atomic file replacement: write a temporary file, fsync, rename; files that grow in place. */
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/printable.h"
#include "base/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool begins_with(const char *text, const char *start) {
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_stdout(const char *path) {
    return strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

bool atomic_file_is_direct(const char *path) {
    struct stat st;
    return is_stdout(path) || begins_with(path, "/dev/std") || begins_with(path, "/dev/fd/") ||
           begins_with(path, "/proc/") || (stat(path, &st) == 0 && !S_ISREG(st.st_mode));
}

/* Opens a descriptor's name at its current position, so that what was written before stays. */
static FILE *open_direct(const char *path) {
    int open_as = begins_with(path, "/dev/stderr") ? STDERR_FILENO : -1;
    if (sscanf(path, "/dev/fd/%d", &open_as) != 1) sscanf(path, "/proc/self/fd/%d", &open_as);
    if (open_as < 0) return fopen(path, "ae");
    int copy = fcntl(open_as, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? NULL : fdopen(copy, "w");
}

static bool failed(const char *path, int why, scry_error *err) {
    return scry_fail(err, "%s: cannot be written: %s", is_stdout(path) ? "standard output" : path, strerror(why));
}

/* A link that somebody else put at path, to a file that is not theirs, is no way to write that file. */
static bool link_is_trusted(const struct stat *link, const char *path) {
    struct stat st;
    if (link->st_uid == geteuid() || link->st_uid == 0) return true;
    return stat(path, &st) == 0 && st.st_uid == link->st_uid;
}

char *atomic_file_target(const char *path, scry_error *err) {
    struct stat st;
    if (lstat(path, &st) != 0 || !S_ISLNK(st.st_mode)) return mem_copy_string(path);
    if (!link_is_trusted(&st, path)) {
        scry_fail(err,
                  "%s: is a link of another user (number %ld), which is not followed; remove it or write elsewhere",
                  path, (long)st.st_uid);
        return NULL;
    }
    char *behind = realpath(path, NULL);
    return behind ? behind : mem_copy_string(path);
}

bool atomic_file_is_index(const char *path) {
    char head[INDEX_MAGIC_SIZE];
    FILE *f = text_file_open(path, NULL); /* which waits for no pipe */
    if (!f) return false;
    bool is = fread(head, 1, sizeof head, f) == sizeof head && memcmp(head, INDEX_MAGIC, sizeof head) == 0;
    fclose(f);
    return is;
}

bool atomic_file_begin_over_index(atomic_file *w, const char *path, scry_error *err) {
    *w = (atomic_file){.direct = atomic_file_is_direct(path)};
    w->path = w->direct ? mem_copy_string(path) : atomic_file_target(path, err);
    if (!w->path) return false;
    int why = 0;
    if (w->direct) {
        w->file = is_stdout(path) ? stdout : open_direct(path);
        why = errno;
        if (w->file) w->file = printable_guard(w->file); /* it may be a terminal */
    } else {
        why = temporary_file_begin(&w->temporary, w->path);
        w->file = w->temporary.file;
    }
    if (w->file) return true;
    failed(path, why, err);
    free(w->path);
    *w = (atomic_file){0};
    return false;
}

bool atomic_file_begin(atomic_file *w, const char *path, scry_error *err) {
    struct stat st;
    bool regular = stat(path, &st) == 0 && S_ISREG(st.st_mode); /* reading from a pipe would take its bytes away */
    if (regular && atomic_file_is_index(path))
        return scry_fail(err, "%s: is an index, which would be lost; expected another name to write to", path);
    return atomic_file_begin_over_index(w, path, err);
}

bool atomic_file_end(atomic_file *w, bool ok, scry_error *err) {
    errno = 0;
    bool written = fflush(w->file) == 0 && !ferror(w->file) && (w->direct || fsync(fileno(w->file)) == 0);
    int why = errno;
    if (w->file != stdout && fclose(w->file) != 0 && written) {
        written = false;
        why = errno;
    }
    if (ok && written && !w->direct) {
        why = temporary_file_rename(&w->temporary, w->path);
        written = !why;
    }
    if (!w->direct) temporary_file_end(&w->temporary);
    if (ok && !written) failed(w->path, why ? why : EIO, err);
    free(w->path);
    *w = (atomic_file){0};
    return ok && written;
}

bool atomic_file_write(const char *path, const void *bytes, size_t size, scry_error *err) {
    atomic_file w;
    if (!atomic_file_begin(&w, path, err)) return false;
    fwrite(bytes, 1, size, w.file); /* atomic_file_end looks for errors */
    return atomic_file_end(&w, true, err);
}

FILE *atomic_file_append(const char *path, bool empty, scry_error *err) {
    char *target = atomic_file_target(path, err);
    if (!target) return NULL;
    int fd =
        open(target, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (empty ? O_TRUNC : 0), 0666);
    struct stat st;
    int why = fd < 0 ? errno : fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? 0 : EINVAL;
    FILE *file = why ? NULL : fdopen(fd, "a");
    if (!file) {
        if (!why) why = errno;
        if (fd >= 0) close(fd);
        failed(path, why, err);
    }
    free(target);
    return file;
}
