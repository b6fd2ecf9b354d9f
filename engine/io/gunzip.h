/* gunzip.h: a gzip file unpacked into memory. */
#ifndef SCRY_IO_GUNZIP_H
#define SCRY_IO_GUNZIP_H

#include "base/error.h"

bool is_gzip(const void *bytes, size_t length);
/* Unpacks all members of the file, an error above `most` bytes. The caller frees *text, also on failure.
 * key: the manifest's key, for messages. */
bool gunzip(const char *path, const char *key, size_t most, char **text, size_t *length, scry_error *err);

#endif
