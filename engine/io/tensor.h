/* tensor.h: the named arrays of a file, dense and sparse, whatever the format.
 *
 * A tensor is a checked view: shape, strides and dtype were compared with the length of the bytes
 * before it was handed out. Owner of the bytes: the tensor_file (its map, or its scratch storage for
 * members that had to be inflated). sparse.h reads sparse matrices. */
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
    char *name; /* "" in formats that hold one array; "a.b", "a.0" for items of dicts and lists */
    tensor_dtype dtype;
    char dtype_name[24]; /* as the file spells it */
    bool big_endian;
    int dims;
    uint64_t shape[TENSOR_MAX_DIM];
    int64_t stride[TENSOR_MAX_DIM]; /* in elements; may be 0 or negative where the format allows it */
    const uint8_t *data;            /* of element [0, 0, ...] */
} tensor;

/* A sparse matrix. Every index was compared with rows and cols when the file was opened. Owner: the
 * tensor_file. */
typedef struct tensor_sparse {
    char *name;
    uint64_t rows, cols;
    bool cols_inferred;           /* the format states no width: cols is the largest column seen plus one */
    bool split;                   /* one of several files, each with the columns from first_col on (delphi) */
    uint64_t first_col;           /* added to every number in index */
    uint64_t entries, widest;     /* of all rows, and of the row that has most */
    tensor index, value;          /* column and number of each entry: [entries], or [rows, k] where all rows have k */
    tensor begin;                 /* [rows + 1] where each row begins in [entries], unless the file has no such list: */
    uint64_t *start;              /* the same, owned */
    struct sparse_list *unsorted; /* owned: entries still to be sorted, so that no row can be read; else NULL */
} tensor_sparse;

typedef struct tensor_file {
    mapped_file map;
    tensor *tensors;
    size_t count;
    tensor_sparse *sparse;
    size_t sparse_count;
    const char *folder;    /* of large scratch files; NULL: scratch storage stays in memory */
    scratch_file *scratch; /* inflated members and sorted matrices */
    size_t scratch_count;
    uint64_t inflated; /* bytes of members that were inflated */
    mapped_file *maps; /* the shards of an .index.json */
    size_t map_count;
} tensor_file;

/* Opens a file of one of the formats in formats/formats.def, told apart by content, or sharded weights
 * by their .index.json. key: see mapped_file_open. On failure nothing is left open.
 *
 * A sparse matrix that is stored as several tensors is put together under the name "": scipy.sparse in an
 * .npz, delphi's locations and activations, and pairs of [N, k] tensors called indices and values or
 * top_indices and top_acts. */
bool tensor_file_open(tensor_file *file, const char *path, const char *key, scry_error *err);

/* The same, with large scratch storage in unlinked files in the folder (its name ends with a slash and
 * must outlive the tensor_file), where tensor_file_open keeps it in memory. */
bool tensor_file_open_in(tensor_file *file, const char *path, const char *folder, const char *key, scry_error *err);

void tensor_file_close(tensor_file *file);

/* Does the path end as the files of some tensor format do? */
bool tensor_file_named(const char *path);

/* ---- what a file holds ------------------------------------------------------------------------ */

/* By name, or NULL. */
const tensor *tensor_find(const tensor_file *file, const char *name);
const tensor_sparse *tensor_find_sparse(const tensor_file *file, const char *name);

/* The tensor called name, or with name NULL the sparse one called "", or else the only matrix of
 * floating-point numbers, or, where there is none, the only [samples, positions, width] of them. Sets exactly one of
 * *dense and *sparse. */
bool tensor_choose(const tensor_file *file, const char *name, const char *key, const tensor **dense,
                   const tensor_sparse **sparse, scry_error *err);

/* Bytes of all its files, and of what was inflated from them: no list in it can have more entries. */
uint64_t tensor_file_bytes(const tensor_file *file);
/* Drops the resident pages of all its maps, as mapped_file_drop_pages does. */
void tensor_file_drop_pages(const tensor_file *file);

/* ---- elements --------------------------------------------------------------------------------- */

/* Bytes an element; 0 for TENSOR_OTHER. */
unsigned tensor_size(tensor_dtype dtype);
bool tensor_is_float(tensor_dtype dtype);
/* Product of the shape. */
uint64_t tensor_elements(const tensor *t);

/* Converts count elements from element `first` on (an offset in elements from data, negative under
 * negative strides), `step` apart, to float; integers too. Returns how many were NaN or infinite; those are
 * written as 0, as is everything of a TENSOR_OTHER. */
uint64_t tensor_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out);

/* As tensor_floats, with NaN and infinity as they are. */
void tensor_raw_floats(const tensor *t, uint64_t first, int64_t step, uint64_t count, float *out);

/* The same for an integer tensor; false when it is of another dtype or a number does not fit. */
bool tensor_integers(const tensor *t, int64_t first, int64_t step, uint64_t count, int64_t *out);

/* One element of an integer tensor, at an offset in elements from data; false when it does not fit. */
bool tensor_integer(const tensor *t, int64_t at, int64_t *out);

/* Writes "[3840, 192]" into text and returns it. */
const char *tensor_shape_text(const tensor *t, char *text, size_t size);

/* ---- for the formats -------------------------------------------------------------------------- */

/* scry_fail with "key: path: " before the message; key may be NULL. */
bool tensor_fail(const tensor_file *file, const char *key, scry_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Where a format found a tensor. stride NULL: row-major, or column-major when fortran. data points at the
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

/* Makes a view without a name, after checking that every element that shape and strides can reach lies
 * in the room, that nothing overflows, and that strides do not make a tensor of many bytes from few stored ones. */
bool tensor_view(tensor *t, const tensor_spec *spec, const tensor_file *file, const char *key, scry_error *err);
/* Appends a copy of the view or the matrix under a copy of the name. */
void tensor_append(tensor_file *file, const tensor *t, const char *name);
tensor_sparse *tensor_append_sparse(tensor_file *file, const tensor_sparse *s, const char *name);
/* tensor_view, then tensor_append. */
bool tensor_add(tensor_file *file, const tensor_spec *spec, const char *key, scry_error *err);
/* The view with dimension `dim` fixed at index `at`, which must be within the shape: one dimension less. */
tensor tensor_select(const tensor *t, int dim, uint64_t at);

/* Takes over storage that tensors point into. */
void tensor_append_scratch(tensor_file *file, const scratch_file *bytes);

#endif
