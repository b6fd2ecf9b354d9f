/* exact_map.c: replaces engine/io/mapped_file.c when fuzzing under a sanitizer: reads a file into a block of exactly
 * its size, so that a read past its end is detected; after the end of a real map comes the rest of a page. */
#include "base/mem.h"
#include "io/mapped_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

bool mapped_file_open(mapped_file *map, const char *path, const char *key, scry_error *err) {
    *map = (mapped_file){.fd = -1};
    struct stat st;
    FILE *f = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "re") : NULL;
    if (!f) return scry_fail(err, "%s: %s: cannot be opened: %s", key ? key : "", path, strerror(errno));
    void *data = NULL;
    map->size = (uint64_t)st.st_size;
    if (map->size && posix_memalign(&data, 64, (size_t)map->size) != 0) abort();
    if (map->size && fread(data, 1, (size_t)map->size, f) != map->size) abort();
    fclose(f);
    map->data = data;
    map->device = (uint64_t)st.st_dev;
    map->inode = (uint64_t)st.st_ino;
    map->path = mem_copy_string(path);
    return true;
}

void mapped_file_open_fd(mapped_file *map) {
    (void)map;
}

bool mapped_file_read(const mapped_file *map, uint64_t at, void *to, size_t size) {
    memcpy(to, map->data + at, size);
    return true;
}

void mapped_file_close_fd(mapped_file *map) {
    (void)map;
}

void mapped_file_drop_pages(const mapped_file *map) {
    (void)map;
}

void mapped_file_close(mapped_file *map) {
    free((void *)(uintptr_t)map->data);
    free(map->path);
    *map = (mapped_file){0};
}

/* Linked with --wrap=madvise: what is let go of comes back from a file, but not from a block. */
int __wrap_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice) {
    (void)at;
    (void)size;
    (void)advice;
    return 0;
}
