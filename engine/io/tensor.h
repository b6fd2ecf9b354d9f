/* tensor.h: named arrays in files, whatever the format.
 *
 * A tensor is a checked view into a mapped file: shape, strides and dtype were compared with the
 * file's length before it was handed out. Owner of the bytes: the tensor_file. */
#ifndef SCRY_TENSOR_H
#define SCRY_TENSOR_H

#include <stdint.h>
#include "base/error.h"
#include "io/map.h"

typedef enum tensor_dtype {
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_F32,
    TENSOR_F64,
    TENSOR_OTHER /* known to exist, not readable as numbers here */
} tensor_dtype;

enum { TENSOR_MAX_DIM = 8 };

typedef struct tensor {
    char *name; /* "" in formats that hold one array */
    tensor_dtype dtype;
    char dtype_name[16]; /* as the file spells it */
    int dims;
    uint64_t shape[TENSOR_MAX_DIM];
    int64_t stride[TENSOR_MAX_DIM]; /* in elements */
    const uint8_t *data;
} tensor;

typedef struct tensor_file {
    file_map map;
    tensor *tensors;
    size_t count;
} tensor_file;

/* Opens .safetensors or .npy, told apart by content. key: see map_open. */
bool tensor_file_open(tensor_file *file, const char *path, const char *key, scry_error *err);
void tensor_file_close(tensor_file *file);

/* By name, or NULL. */
const tensor *tensor_find(const tensor_file *file, const char *name);

/* The tensor called name, or with name NULL the only one with two dimensions. */
const tensor *tensor_choose(const tensor_file *file, const char *name, const char *key, scry_error *err);

/* Bytes an element; 0 for TENSOR_OTHER. */
unsigned tensor_size(tensor_dtype dtype);

/* count elements from element `first`, `step` apart, as float. Returns how many were NaN or
 * infinite; those are written as 0. */
uint64_t tensor_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out);

/* "[3840, 192]" into text. */
const char *tensor_shape_text(const tensor *t, char *text, size_t size);

/* The formats, one file each; called by tensor_file_open with the map in place. */
bool safetensors_read(tensor_file *file, const char *key, scry_error *err);
bool npy_read(tensor_file *file, const char *key, scry_error *err);

/* For the formats: appends a tensor after checking that every element lies in `room` bytes at
 * data, with overflow in mind. Strides are row-major, or column-major when fortran. */
bool tensor_add(tensor_file *file, const char *name, const char *dtype_name, tensor_dtype dtype, int dims,
                const uint64_t *shape, bool fortran, const uint8_t *data, uint64_t room, const char *key,
                scry_error *err);

#endif
