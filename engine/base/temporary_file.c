/* base/temporary_file.c: makes, locks and clears away temporary files next to their targets. */
#include "base/temporary_file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/sudden_end.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static const char middle[] = ".tmp.";
enum { DIGITS = 16, ADDED = sizeof middle - 1 + DIGITS, TRIES = 100 };

/* What the names of all temporary files for target begin with, in its folder; a name too long for the added part is
 * cut. The caller frees it. */
static char *start_of_name(const char *target) {
    const char *name = path_file_name(target);
    size_t most = NAME_MAX - ADDED, length = strlen(name);
    return mem_format("%.*s%s", (int)(length < most ? length : most), name, middle);
}

static bool is_of(const char *name, const char *start) {
    size_t length = strlen(start);
    if (strncmp(name, start, length) != 0 || strlen(name) != length + DIGITS) return false;
    return strspn(name + length, "0123456789abcdef") == DIGITS;
}

/* Removes one that is ours and that nobody holds. */
static void clear_one(int folder, const char *name) {
    struct stat st;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid()) return;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) unlinkat(folder, name, 0);
    close(fd);
}

void temporary_file_clear(const char *target) {
    char *folder = path_folder(target), *start = start_of_name(target);
    DIR *dir = opendir(folder);
    for (const struct dirent *entry; dir && (entry = readdir(dir));)
        if (is_of(entry->d_name, start)) clear_one(dirfd(dir), entry->d_name);
    if (dir) closedir(dir);
    free(start);
    free(folder);
}

/* An open file that is locked and still has its name: clearing may take it away before the lock is there. */
static int make(char **path, const char *folder, const char *start, mode_t mode, int *why) {
    for (int i = 0; i < TRIES; i++) {
        uint64_t digits;
        if (getrandom(&digits, sizeof digits, 0) != sizeof digits) break;
        *path = mem_format("%s%s%016" PRIx64, folder, start, digits);
        int fd = open(*path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        *why = errno;
        struct stat st;
        bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
        if (fd >= 0 && !held && fstat(fd, &st) == 0 && st.st_nlink > 0) return fd;
        if (fd >= 0) {
            unlink(*path);
            close(fd);
        }
        free(*path);
        if (fd < 0 && *why != EEXIST) return -1;
    }
    if (!*why) *why = EAGAIN;
    return -1;
}

int temporary_file_begin(temporary_file *t, const char *target) {
    int why = 0;
    struct stat st;
    temporary_file_clear(target);
    char *folder = path_folder(target), *start = start_of_name(target);
    struct sudden_file *sudden = sudden_end_reserve();
    int fd = make(&t->path, folder, start, 0666, &why);
    free(folder);
    free(start);
    if (fd < 0) {
        sudden_end_forget(sudden);
        return why;
    }
    t->sudden = sudden;
    sudden_end_remove(sudden, t->path);
    if (stat(target, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid()) fchmod(fd, st.st_mode & 0777);
    t->file = fdopen(fd, "w");
    if (t->file) return 0;
    why = errno;
    close(fd);
    temporary_file_end(t);
    return why;
}

int temporary_file_rename(temporary_file *t, const char *target) {
    if (rename(t->path, target) != 0) return errno;
    sudden_end_forget(t->sudden);
    t->sudden = NULL;
    return 0;
}

void temporary_file_end(temporary_file *t) {
    if (t->sudden) unlink(t->path);
    sudden_end_forget(t->sudden);
    free(t->path);
    *t = (temporary_file){0};
}
