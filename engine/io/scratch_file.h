/* scratch_file.h: bytes set aside: what no input file holds as they are needed, such as an inflated member or a sparse
 * matrix in the order of its rows: in memory while they are few, else in a file without a name that
 * is read through a map, so that they count as memory no more than an input file does. */
#ifndef SCRY_IO_SCRATCH_FILE_H
#define SCRY_IO_SCRATCH_FILE_H

#include <stdint.h>
#include "base/error.h"

typedef struct scratch_file {
    uint8_t *data; /* [size], of a file only after scratch_file_finish */
    uint64_t size;
    int fd;      /* of a file until scratch_file_finish, else -1 */
    bool mapped; /* data is a file's */
} scratch_file;

/* A new file in the folder that has no name, so that nothing is left however the program ends; its
 * descriptor, or -1 and err. */
int scratch_file_unlinked(const char *folder, scry_error *err);

/* Room for `size` bytes, to be filled by scratch_file_write and then finished. folder NULL: in memory,
 * whatever the size. */
bool scratch_file_new(scratch_file *s, const char *folder, uint64_t size, scry_error *err);
bool scratch_file_write(scratch_file *s, uint64_t at, const void *bytes, uint64_t size, scry_error *err);
bool scratch_file_read(const scratch_file *s, uint64_t at, void *bytes, uint64_t size, scry_error *err);
/* Cuts it to `size`; from here on data may be read, and nothing written. */
bool scratch_file_finish(scratch_file *s, uint64_t size, scry_error *err);
/* Gives the pages read so far back, as mapped_file_drop_pages does. */
void scratch_file_drop_pages(const scratch_file *s);
void scratch_file_close(scratch_file *s);

#endif
