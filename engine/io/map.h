/* map.h: a whole file, read-only, in memory; and its bytes copied from the file, for who passes over
 * all of them once: a copy into a buffer that stays in the cache is several times faster than the page
 * faults of as many mapped pages. Owner: the file_map; views into it die with it. */
#ifndef SCRY_MAP_H
#define SCRY_MAP_H

#include <stdint.h>
#include "base/error.h"

typedef struct file_map {
    char *path;
    const uint8_t *data; /* NULL when the file is empty */
    uint64_t size;
    uint64_t device, inode; /* which file it is, for map_begin */
    int fd;                 /* between map_begin and map_rest, else -1; of no use while data is NULL */
} file_map;

/* key names the place that asked for the file ("train.base.residual"), NULL if a person did. */
bool map_open(file_map *map, const char *path, const char *key, scry_error *err);
void map_close(file_map *map);
/* Opens the file again for map_read, unless its name is another file's by now or too many are open:
 * map_read then copies from memory. A file is not held open for longer than it is read, so that a study
 * may have thousands. */
void map_begin(file_map *map);
/* Copies `size` bytes from `at`, which must lie within the file's size. False when they cannot be had
 * (errno), or are no longer there (errno 0). Any number of threads at once. */
bool map_read(const file_map *map, uint64_t at, void *to, size_t size);
void map_rest(file_map *map);
/* Gives the pages read so far back: they are read again if asked for. Keeps what is resident small
 * while a file larger than memory is walked. */
void map_release(const file_map *map);

#endif
