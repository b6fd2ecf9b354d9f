/* aside.h: bytes set aside: what no input file holds as they are needed, such as an inflated member or a sparse
 * matrix in the order of its rows: in memory while they are few, else in a file without a name that
 * is read through a map, so that they count as memory no more than an input file does. */
#ifndef SCRY_ASIDE_H
#define SCRY_ASIDE_H

#include <stdint.h>
#include "base/error.h"

typedef struct aside {
    uint8_t *data; /* [size], of a file only after aside_finish */
    uint64_t size;
    int fd;      /* of a file until aside_finish, else -1 */
    bool mapped; /* data is a file's */
} aside;

/* The folder in which the file lies, with the slash at its end; the caller frees it. */
char *aside_folder(const char *file);
/* A new file in the folder that has no name, so that nothing is left however the program ends; its
 * descriptor, or -1 and err. */
int aside_file(const char *folder, scry_error *err);

/* Room for `size` bytes, to be filled by aside_write and then finished. folder NULL: in memory,
 * whatever the size. */
bool aside_new(aside *s, const char *folder, uint64_t size, scry_error *err);
bool aside_write(aside *s, uint64_t at, const void *bytes, uint64_t size, scry_error *err);
bool aside_read(const aside *s, uint64_t at, void *bytes, uint64_t size, scry_error *err);
/* Cuts it to `size`; from here on data may be read, and nothing written. */
bool aside_finish(aside *s, uint64_t size, scry_error *err);
/* Gives the pages read so far back, as map_release does. */
void aside_release(const aside *s);
void aside_close(aside *s);

#endif
