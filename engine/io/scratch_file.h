/* scratch_file.h: scratch storage for inflated or re-sorted data: memory while it is small, else an unlinked
 * temporary file that is read through a map, so that it counts as memory no more than an input file does. */
#ifndef SCRY_IO_SCRATCH_FILE_H
#define SCRY_IO_SCRATCH_FILE_H

#include <stdint.h>
#include "base/error.h"

typedef struct scratch_file {
    uint8_t *data; /* [size]; NULL for a file before scratch_file_finish */
    uint64_t size;
    int fd;      /* of a file before scratch_file_finish, else -1 */
    bool mapped; /* data is a map of a file */
} scratch_file;

/* Creates an unlinked file in the folder, which leaves nothing however the program ends. Returns its
 * descriptor, which the caller closes, or -1 and err. folder ends with a slash. */
int scratch_file_unlinked(const char *folder, scry_error *err);

/* Makes room for `size` bytes, to be filled by scratch_file_write and then finished. folder NULL: in memory,
 * whatever the size. Owner: the caller, by scratch_file_close; on failure s needs no closing. */
bool scratch_file_new(scratch_file *s, const char *folder, uint64_t size, scry_error *err);
bool scratch_file_write(scratch_file *s, uint64_t at, const void *bytes, uint64_t size, scry_error *err);
bool scratch_file_read(const scratch_file *s, uint64_t at, void *bytes, uint64_t size, scry_error *err);
/* Cuts it to `size`; from here on data is readable, and nothing may be written. */
bool scratch_file_finish(scratch_file *s, uint64_t size, scry_error *err);
/* Drops the resident pages, as mapped_file_drop_pages does. */
void scratch_file_drop_pages(const scratch_file *s);
void scratch_file_close(scratch_file *s);

#endif
