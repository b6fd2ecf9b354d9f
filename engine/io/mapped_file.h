/* mapped_file.h: a file mapped read-only into memory, and reads of its bytes into a buffer. To pass over all
 * bytes once, reading into a buffer that stays in the cache is several times faster than the page faults of
 * the mapped pages. Owner: the mapped_file; views into it end with it. */
#ifndef SCRY_IO_MAPPED_FILE_H
#define SCRY_IO_MAPPED_FILE_H

#include <stdint.h>
#include "base/error.h"

typedef struct mapped_file {
    char *path;
    const uint8_t *data; /* NULL when the file is empty */
    uint64_t size;
    uint64_t device, inode;   /* its identity, for mapped_file_open_fd */
    struct sudden_map *watch; /* where the file becomes shorter, the program ends with its name */
    int fd;                   /* -1 outside mapped_file_open_fd and mapped_file_close_fd; unused while data is NULL */
} mapped_file;

/* Maps the regular file at path. key: the manifest's key that names the file ("train.base.residual"), for
 * messages; NULL when the user gave the path. On failure nothing is left open. */
bool mapped_file_open(mapped_file *map, const char *path, const char *key, scry_error *err);
/* The same for a file that need not be there: then true, and map->path is NULL. One that is there and cannot be read is
 * an error, never the same as none. */
bool mapped_file_open_if_there(mapped_file *map, const char *path, const char *key, scry_error *err);
void mapped_file_close(mapped_file *map);
/* Opens the file again for mapped_file_read. Where the path names another file by now, or too many files are
 * open, mapped_file_read copies from the map instead. Files are open only while they are read, so that a study
 * may have thousands. */
void mapped_file_open_fd(mapped_file *map);
/* Copies `size` bytes from offset `at`, which must lie within the file's size. False when reading fails
 * (errno), or the file has become shorter (errno 0). Thread-safe. */
bool mapped_file_read(const mapped_file *map, uint64_t at, void *to, size_t size);
void mapped_file_close_fd(mapped_file *map);
/* Drops the resident pages; they are read again on the next access. Bounds resident memory while a file
 * larger than memory is passed over. */
void mapped_file_drop_pages(const mapped_file *map);

#endif
