/* whole.c: a file that is there whole or not at all. */
#include "whole.h"
#include "base/mem.h"
#include "scry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(const char *path, int why, scry_error *err) {
    return scry_fail(err, "%s: cannot be written: %s", strcmp(path, "-") == 0 ? "standard output" : path,
                     strerror(why));
}

bool whole_spares_index(const char *path, scry_error *err) {
    struct stat st;
    bool regular = stat(path, &st) == 0 && S_ISREG(st.st_mode); /* a pipe is not to be read from */
    return !regular || !scry_is_index(path) ||
           scry_fail(err, "%s: is an index, which would be lost; expected another name to write to", path);
}

bool whole_begin(whole_file *w, const char *path, scry_error *err) {
    struct stat st;
    *w = (whole_file){0};
    if (!whole_spares_index(path, err)) return false;
    *w = (whole_file){.special = stat(path, &st) == 0 && !S_ISREG(st.st_mode)};
    bool is_stdout = strcmp(path, "-") == 0;
    w->special = w->special || is_stdout;
    w->temporary = w->special ? mem_copy_string(path) : mem_format("%s.tmp.%ld", path, (long)getpid());
    w->file = is_stdout ? stdout : fopen(w->temporary, "we");
    if (w->file) {
        w->path = mem_copy_string(path);
        return true;
    }
    failed(path, errno, err);
    free(w->temporary);
    *w = (whole_file){0};
    return false;
}

bool whole_end(whole_file *w, bool ok, scry_error *err) {
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
    *w = (whole_file){0};
    return ok && written;
}
