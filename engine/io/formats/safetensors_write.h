/* safetensors_write.h: a safetensors file, streamed.
 *
 * What is in it is said first; the bytes then come in that order, in pieces of any size. */
#ifndef SCRY_IO_FORMATS_SAFETENSORS_WRITE_H
#define SCRY_IO_FORMATS_SAFETENSORS_WRITE_H

#include <stdint.h>
#include "base/atomic_file.h"
#include "io/tensor.h"

typedef struct safetensors_item {
    const char *name;
    tensor_dtype dtype; /* any but TENSOR_OTHER */
    int dims;
    uint64_t shape[TENSOR_MAX_DIM];
} safetensors_item;

typedef struct safetensors_writer {
    atomic_file to;
    uint64_t expected, written; /* bytes of data, without the header */
    uint64_t size;              /* of the whole file */
    int failed;                 /* the first errno */
} safetensors_writer;

/* False and err when the file cannot be made; otherwise to be ended by safetensors_finish or
 * safetensors_cancel. */
bool safetensors_create(safetensors_writer *w, const char *path, const safetensors_item *items, size_t count,
                        scry_error *err);
/* The same with metadata, pairs of UTF-8 texts. */
bool safetensors_create_about(safetensors_writer *w, const char *path, const safetensors_item *items, size_t count,
                              const char *const (*about)[2], size_t abouts, scry_error *err);
/* The next bytes, row-major and little-endian. What goes wrong is remembered for the end. */
void safetensors_put(safetensors_writer *w, const void *bytes, size_t size);
/* Syncs and renames. False and err when anything went wrong since the beginning, or when there were
 * more or fewer bytes than the shapes say; nothing is left then. */
bool safetensors_finish(safetensors_writer *w, scry_error *err);
void safetensors_cancel(safetensors_writer *w);

#endif
