/* formats.h: the readers of the tensor formats, one file each. */
#ifndef SCRY_IO_FORMATS_FORMATS_H
#define SCRY_IO_FORMATS_FORMATS_H

#include "io/tensor.h"

/* NAME_detect: is the content of this format, or of one that NAME_read refuses with a message of its own?
 * NAME_read: appends the tensors in the map of the file. */
#define TENSOR_FORMAT(name, endings, hint)                                                                             \
    bool name##_detect(const mapped_file *map);                                                                        \
    bool name##_read(tensor_file *file, const char *key, scry_error *err);
#include "io/formats/formats.def"
#undef TENSOR_FORMAT

/* .npy, as a file of its own or as a member of an .npz. Appends the array in the `size` bytes at data under the name,
 * "" for a file of its own. */
bool npy_parse(tensor_file *file, const char *name, const uint8_t *data, uint64_t size, const char *key,
               scry_error *err);

#endif
