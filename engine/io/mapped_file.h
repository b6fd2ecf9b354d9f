/* mapped_file.h: a whole file, read-only, in memory; and its bytes copied from the file, for who passes over
 * all of them once: a copy into a buffer that stays in the cache is several times faster than the page
 * faults of as many mapped pages. Owner: the mapped_file; views into it die with it. */
#ifndef SCRY_IO_MAPPED_FILE_H
#define SCRY_IO_MAPPED_FILE_H

#include <stdint.h>
#include "base/error.h"

typedef struct mapped_file {
    char *path;
    const uint8_t *data; /* NULL when the file is empty */
    uint64_t size;
    uint64_t device, inode; /* which file it is, for mapped_file_open_fd */
    int fd; /* between mapped_file_open_fd and mapped_file_close_fd, else -1; of no use while data is NULL */
} mapped_file;

/* key names the place that asked for the file ("train.base.residual"), NULL if a person did. */
bool mapped_file_open(mapped_file *map, const char *path, const char *key, scry_error *err);
void mapped_file_close(mapped_file *map);
/* Opens the file again for mapped_file_read, unless its name is another file's by now or too many are open:
 * mapped_file_read then copies from memory. A file is not held open for longer than it is read, so that a study
 * may have thousands. */
void mapped_file_open_fd(mapped_file *map);
/* Copies `size` bytes from `at`, which must lie within the file's size. False when they cannot be had
 * (errno), or are no longer there (errno 0). Any number of threads at once. */
bool mapped_file_read(const mapped_file *map, uint64_t at, void *to, size_t size);
void mapped_file_close_fd(mapped_file *map);
/* Gives the pages read so far back: they are read again if asked for. Keeps what is resident small
 * while a file larger than memory is walked. */
void mapped_file_drop_pages(const mapped_file *map);

#endif
