/* tensor_file.h: opens a tensor file of any format. */
#ifndef SCRY_IO_TENSOR_FILE_H
#define SCRY_IO_TENSOR_FILE_H

#include "io/tensor.h"

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

#endif
