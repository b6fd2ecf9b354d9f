/* npy.h: NumPy's .npy, as a file of its own or as a member of an .npz. */
#ifndef SCRY_IO_FORMATS_NPY_H
#define SCRY_IO_FORMATS_NPY_H

#include "io/tensor.h"

/* Appends the array in the `size` bytes at data under the name, "" for a file of its own. */
bool npy_parse(tensor_file *file, const char *name, const uint8_t *data, uint64_t size, const char *key,
               scry_error *err);

#endif
