/* tensor.h: named arrays in files, whatever the format.
 *
 * A tensor is a checked view: shape, strides and dtype were compared with the length of the bytes
 * before it was handed out. Owner of the bytes: the tensor_file (its map, or bytes set aside by it for
 * members that had to be inflated). */
#ifndef SCRY_IO_TENSOR_H
#define SCRY_IO_TENSOR_H

#include <stdint.h>
#include "base/error.h"
#include "io/mapped_file.h"
#include "io/scratch_file.h"

typedef enum tensor_dtype {
    TENSOR_F16,
    TENSOR_BF16,
    TENSOR_F32,
    TENSOR_F64,
    TENSOR_I8,
    TENSOR_U8,
    TENSOR_I16,
    TENSOR_U16,
    TENSOR_I32,
    TENSOR_U32,
    TENSOR_I64,
    TENSOR_U64,
    TENSOR_OTHER /* known to exist, not readable as numbers here */
} tensor_dtype;

enum { TENSOR_MAX_DIM = 8 };

typedef struct tensor {
    char *name; /* "" in formats that hold one array; "a.b", "a.0" for what lies in dicts and lists */
    tensor_dtype dtype;
    char dtype_name[24]; /* as the file spells it */
    bool big_endian;
    int dims;
    uint64_t shape[TENSOR_MAX_DIM];
    int64_t stride[TENSOR_MAX_DIM]; /* in elements; may be 0 or negative where the format can say so */
    const uint8_t *data;            /* of element [0, 0, ...] */
} tensor;

typedef struct tensor_sparse tensor_sparse; /* sparse.h */

typedef struct tensor_file {
    mapped_file map;
    tensor *tensors;
    size_t count;
    tensor_sparse *sparse;
    size_t sparse_count;
    const char *folder; /* where large ones of these go; NULL: they stay in memory */
    scratch_file *kept; /* inflated members and sorted matrices */
    size_t kept_count;
    uint64_t inflated; /* bytes in members that were inflated */
    mapped_file *maps; /* the shards of an .index.json */
    size_t map_count;
} tensor_file;

/* Opens .safetensors, .npy, .npz, .pt/.pth/.bin (zip), told apart by content, and sharded weights by
 * their .index.json. key: see mapped_file_open.
 *
 * What is a sparse matrix in several tensors is put together under the name "": scipy.sparse in an
 * .npz, delphi's locations and activations, and pairs of [N, k] tensors called indices and values or
 * top_indices and top_acts. */
bool tensor_file_open(tensor_file *file, const char *path, const char *key, scry_error *err);
void tensor_file_close(tensor_file *file);

/* The same; what is inflated or sorted and large goes to files without a name in the folder (its name
 * ends with a slash and lives as long as the file). With tensor_file_open it goes to memory. */
bool tensor_file_open_in(tensor_file *file, const char *path, const char *folder, const char *key, scry_error *err);
/* Gives back what was read of the file through maps, as mapped_file_drop_pages does. */
void tensor_file_release(const tensor_file *file);

/* By name, or NULL. */
const tensor *tensor_find(const tensor_file *file, const char *name);
const tensor_sparse *tensor_find_sparse(const tensor_file *file, const char *name);

/* The tensor called name, or with name NULL the sparse one called "", or else the only matrix of
 * floating-point numbers. Exactly one of *dense and *sparse is set. */
bool tensor_choose(const tensor_file *file, const char *name, const char *key, const tensor **dense,
                   const tensor_sparse **sparse, scry_error *err);

/* Bytes an element; 0 for TENSOR_OTHER. */
unsigned tensor_size(tensor_dtype dtype);
bool tensor_is_float(tensor_dtype dtype);

/* count elements from element `first` (an offset in elements from data, which negative strides make
 * negative), `step` apart, as float; integers too. Returns how many were NaN or infinite; those are
 * written as 0, as is everything of a TENSOR_OTHER. */
uint64_t tensor_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out);

/* The same of an integer tensor; false when it is none or a number does not fit. */
bool tensor_integers(const tensor *t, int64_t first, int64_t step, uint64_t count, int64_t *out);

/* As tensor_floats, with NaN and infinity as they are. */
void tensor_raw_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out);

/* One element of an integer tensor, at an offset in elements from data; false when it does not fit. */
bool tensor_integer(const tensor *t, int64_t at, int64_t *out);

/* "[3840, 192]" into text. */
const char *tensor_shape_text(const tensor *t, char *text, size_t size);

/* The formats, one file each; called by tensor_file_open with the map in place. */
bool safetensors_read(tensor_file *file, const char *key, scry_error *err);
bool npy_read(tensor_file *file, const char *key, scry_error *err);
bool npz_read(tensor_file *file, const char *key, scry_error *err);    /* zip with .npy members; scipy.sparse too */
bool torch_read(tensor_file *file, const char *key, scry_error *err);  /* zip with a data.pkl */
bool shards_read(tensor_file *file, const char *key, scry_error *err); /* {"weight_map": {tensor: file}} */

/* ---- for the formats ------------------------------------------------------------------------ */

/* scry_fail with "key: path: " before the message. */
bool tensor_fail(const tensor_file *file, const char *key, scry_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* What a tensor is made of. stride NULL: row-major, or column-major when fortran. data points at the
 * storage's first byte, offset (in elements) at element [0, 0, ...] in it. */
typedef struct tensor_spec {
    const char *name, *dtype_name;
    tensor_dtype dtype;
    bool big_endian, fortran;
    int dims;
    const uint64_t *shape;
    const int64_t *stride;
    uint64_t offset;
    const uint8_t *data;
    uint64_t room; /* bytes at data */
} tensor_spec;

/* Checks that every element that shape and strides can reach lies in the room, with overflow in
 * mind. The view has no name. */
bool tensor_view(tensor *t, const tensor_spec *spec, const tensor_file *file, const char *key, scry_error *err);
/* Appends a view under the name. */
void tensor_append(tensor_file *file, const tensor *t, const char *name);
/* Both. */
bool tensor_add(tensor_file *file, const tensor_spec *spec, const char *key, scry_error *err);
/* Index `at` of dimension `dim`: a view with one dimension less. at must be within the shape. */
tensor tensor_select(const tensor *t, int dim, uint64_t at);

/* Takes over bytes that tensors point into. */
void tensor_keep(tensor_file *file, const scratch_file *bytes);

#endif
