/* safetensors_write.h: streams a safetensors file.
 *
 * The list of tensors comes first, then their bytes in that order, in pieces of any size. The file replaces
 * the path atomically at the end. */
#ifndef SCRY_IO_FORMATS_SAFETENSORS_WRITE_H
#define SCRY_IO_FORMATS_SAFETENSORS_WRITE_H

#include <stdint.h>
#include "base/atomic_file.h"
#include "io/tensor.h"

/* The format's names of dtypes. */
extern const char *const safetensors_dtypes[TENSOR_OTHER];

typedef struct safetensors_item {
    const char *name;
    tensor_dtype dtype; /* any but TENSOR_OTHER */
    int dims;
    uint64_t shape[TENSOR_MAX_DIM];
} safetensors_item;

typedef struct safetensors_writer {
    atomic_file out;
    uint64_t expected, written; /* bytes of data, without the header */
    uint64_t size;              /* of the whole file */
    int failed;                 /* errno of the first failed write */
    char *header;               /* its text, for safetensors_amend */
} safetensors_writer;

/* Begins a file with these tensors. On success it has to be ended by safetensors_finish or
 * safetensors_cancel. */
bool safetensors_create(safetensors_writer *w, const char *path, const safetensors_item *items, size_t count,
                        scry_error *err);
/* The same with metadata: pairs of UTF-8 texts. */
bool safetensors_create_about(safetensors_writer *w, const char *path, const safetensors_item *items, size_t count,
                              const char *const (*about)[2], size_t abouts, scry_error *err);
/* Appends bytes, row-major and little-endian. Errors are reported at the end. */
void safetensors_put(safetensors_writer *w, const void *bytes, size_t size);
/* Replaces `from`, which the header holds once, by a text of the same length: metadata that are known only once the
 * data are, such as their hash. Nothing may be put after it. */
void safetensors_amend(safetensors_writer *w, const char *from, const char *to);
/* Syncs the file and replaces the path. False and err when anything failed since the beginning, or there were
 * more or fewer bytes than the shapes need; the path is then as it was. */
bool safetensors_finish(safetensors_writer *w, scry_error *err);
/* Leaves the path as it was. */
void safetensors_cancel(safetensors_writer *w);

#endif
