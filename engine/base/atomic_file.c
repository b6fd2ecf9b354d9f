/* base/atomic_file.c: a file that is there whole or not at all. */
#include "base/atomic_file.h"
#include "base/mem.h"
#include "scry.h"

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

FILE *atomic_file_open_direct(const char *path) {
    int open_as = begins_with(path, "/dev/stderr") ? STDERR_FILENO : -1;
    if (sscanf(path, "/dev/fd/%d", &open_as) != 1) sscanf(path, "/proc/self/fd/%d", &open_as);
    if (open_as < 0) return fopen(path, "ae");
    int copy = fcntl(open_as, F_DUPFD_CLOEXEC, 0);
    return copy < 0 ? NULL : fdopen(copy, "w");
}

char *atomic_file_target(const char *path) {
    struct stat st;
    bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
    char *behind = link ? realpath(path, NULL) : NULL;
    return behind ? behind : mem_copy_string(path);
}

static bool failed(const char *path, int why, scry_error *err) {
    return scry_fail(err, "%s: cannot be written: %s", is_stdout(path) ? "standard output" : path, strerror(why));
}

bool atomic_file_spares_index(const char *path, scry_error *err) {
    struct stat st;
    bool regular = stat(path, &st) == 0 && S_ISREG(st.st_mode); /* a pipe is not to be read from */
    return !regular || !scry_is_index(path) ||
           scry_fail(err, "%s: is an index, which would be lost; expected another name to write to", path);
}

bool atomic_file_begin(atomic_file *w, const char *path, scry_error *err) {
    *w = (atomic_file){0};
    if (!atomic_file_spares_index(path, err)) return false;
    w->special = atomic_file_is_direct(path);
    w->path = w->special ? mem_copy_string(path) : atomic_file_target(path);
    w->temporary = w->special ? mem_copy_string(path) : mem_format("%s.tmp.%ld", w->path, (long)getpid());
    w->file = is_stdout(path) ? stdout : w->special ? atomic_file_open_direct(path) : fopen(w->temporary, "we");
    if (w->file) return true;
    failed(path, errno, err);
    free(w->path);
    free(w->temporary);
    *w = (atomic_file){0};
    return false;
}

bool atomic_file_end(atomic_file *w, bool ok, scry_error *err) {
    errno = 0;
    bool written = fflush(w->file) == 0 && !ferror(w->file) && (w->special || fsync(fileno(w->file)) == 0);
    int why = errno;
    if (w->file != stdout && fclose(w->file) != 0 && written) {
        written = false;
        why = errno;
    }
    if (ok && written && !w->special && rename(w->temporary, w->path) != 0) {
        written = false;
        why = errno;
    }
    if (!(ok && written) && !w->special) unlink(w->temporary);
    if (ok && !written) failed(w->path, why ? why : EIO, err);
    free(w->path);
    free(w->temporary);
    *w = (atomic_file){0};
    return ok && written;
}
