/* map.h: a whole file, read-only, in memory. Owner: the file_map; views into it die with it. */
#ifndef SCRY_MAP_H
#define SCRY_MAP_H

#include <stdint.h>
#include "base/error.h"

typedef struct file_map {
    char *path;
    const uint8_t *data; /* NULL when the file is empty */
    uint64_t size;
} file_map;

/* key names the place that asked for the file ("train.base.residual"), NULL if a person did. */
bool map_open(file_map *map, const char *path, const char *key, scry_error *err);
void map_close(file_map *map);
/* Gives the pages read so far back: they are read again if asked for. Keeps what is resident small
 * while a file larger than memory is walked. */
void map_release(const file_map *map);

#endif
