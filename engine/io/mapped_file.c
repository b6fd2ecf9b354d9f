/* mapped_file.c: a file mapped read-only into memory. */
#include "io/mapped_file.h"
#include "base/mem.h"
#include "base/sudden_end.h"
#include "io/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What git checks out of a large file when Git LFS is not installed (git-lfs, docs/spec.md). */
static bool is_lfs_pointer(const mapped_file *map) {
    static const char *const firsts[] = {"version https://git-lfs.github.com/spec/",
                                         "version https://hawser.github.com/spec/"};
    for (size_t i = 0; i < sizeof firsts / sizeof *firsts && map->size < 1024; i++) {
        size_t length = strlen(firsts[i]);
        if (map->size > length && memcmp(map->data, firsts[i], length) == 0) return true;
    }
    return false;
}

bool mapped_file_open(mapped_file *map, const char *path, const char *key, scry_error *err) {
    *map = (mapped_file){.fd = -1};
    const char *for_key = key ? key : "", *colon = key ? ": " : "";
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe is refused, not waited for */
    if (fd < 0)
        return scry_fail(err, "%s%s%s: cannot be opened: %s; expected a readable file", for_key, colon, path,
                         strerror(errno));
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        char *what = S_ISDIR(st.st_mode) ? folder_content(path, "a regular file", "name one of what it holds")
                                         : mem_copy_string("a special file, expected a regular file");
        close(fd);
        scry_fail(err, "%s%s%s: found %s", for_key, colon, path, what);
        free(what);
        return false;
    }
    map->size = (uint64_t)st.st_size;
    map->device = (uint64_t)st.st_dev;
    map->inode = (uint64_t)st.st_ino;
    if (map->size) {
        void *data = mmap(NULL, (size_t)map->size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (data == MAP_FAILED) {
            int why = errno;
            close(fd);
            return scry_fail(err, "%s%s%s: cannot be mapped: %s", for_key, colon, path, strerror(why));
        }
        map->data = data;
    }
    close(fd);
    map->path = mem_copy_string(path);
    if (map->data) map->watch = sudden_end_map(map->data, (size_t)map->size, map->path);
    if (!is_lfs_pointer(map)) return true;
    mapped_file_close(map);
    return scry_fail(
        err,
        "%s%s%s: found a Git LFS pointer, which stands for the file, expected the file; run git lfs pull in "
        "its repository",
        for_key, colon, path);
}

bool mapped_file_open_if_there(mapped_file *map, const char *path, const char *key, scry_error *err) {
    struct stat st;
    *map = (mapped_file){.fd = -1};
    if (stat(path, &st) != 0 && (errno == ENOENT || errno == ENOTDIR)) return true;
    return mapped_file_open(map, path, key, err);
}

void mapped_file_open_fd(mapped_file *map) {
    if (!map->data || map->fd >= 0) return;
    struct stat st;
    int fd = open(map->path, O_RDONLY | O_CLOEXEC);
    bool same =
        fd >= 0 && fstat(fd, &st) == 0 && (uint64_t)st.st_dev == map->device && (uint64_t)st.st_ino == map->inode;
    if (same) map->fd = fd;
    else if (fd >= 0) close(fd);
}

bool mapped_file_read(const mapped_file *map, uint64_t at, void *to, size_t size) {
    if (map->fd < 0) {
        memcpy(to, map->data + at, size);
        return true;
    }
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(map->fd, (uint8_t *)to + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n == 0) errno = 0;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

void mapped_file_close_fd(mapped_file *map) {
    if (map->data && map->fd >= 0) close(map->fd);
    map->fd = -1;
}

void mapped_file_drop_pages(const mapped_file *map) {
    if (map->data) madvise((void *)(uintptr_t)map->data, (size_t)map->size, MADV_DONTNEED);
}

void mapped_file_close(mapped_file *map) {
    mapped_file_close_fd(map);
    sudden_end_unmap(map->watch);
    if (map->data) munmap((void *)(uintptr_t)map->data, (size_t)map->size);
    free(map->path);
    *map = (mapped_file){0};
}
