/* base/user_files.c: folders and files that scry keeps for a user. */
#include "base/user_files.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

char *scry_user_folder(const char *variable, const char *under_home) {
    const char *set = getenv(variable), *home = getenv("HOME");
    if (set && set[0] == '/') return mem_format("%s/scry", set);
    return mem_format("%s/%s/scry", home ? home : "/tmp", under_home);
}

bool scry_make_folder(const char *path, const char *advice, scry_error *err) {
    char *part = mem_copy_string(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(part, 0777);
        *slash = '/';
    }
    free(part);
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    return scry_fail(err, "%s: cannot be made: %s; %s", path, strerror(errno), advice);
}

int scry_lock_folder(const char *path) {
    enum { TRIES = 300 };
    static const struct timespec pause = {0, 10000000};
    char *folder = path_folder(path);
    scry_make_folder(folder, "", NULL);
    int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), tries = 0;
    free(folder);
    while (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK && tries++ < TRIES) {
            nanosleep(&pause, NULL);
            continue;
        }
        close(lock);
        lock = -1;
    }
    return lock;
}

void scry_unlock_folder(int lock) {
    if (lock >= 0) close(lock);
}

bool scry_write_atomically(const char *path, bool (*write)(FILE *file, const void *context), const void *context,
                           scry_error *err) {
    char *folder = path_folder(path);
    bool made = scry_make_folder(
        folder, "expected a folder that can be written (XDG_STATE_HOME for sessions, XDG_DATA_HOME for the rest)", err);
    free(folder);
    atomic_file w;
    if (!made || !atomic_file_begin(&w, path, err)) return false;
    errno = 0;
    bool ok = write(w.file, context);
    if (!ok && !ferror(w.file)) scry_fail(err, "%s: cannot be written: %s", path, strerror(errno ? errno : EIO));
    return atomic_file_end(&w, ok || ferror(w.file), err) && ok;
}
