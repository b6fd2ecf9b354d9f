/* gunzip.h: a gzip'd text file, unpacked into memory. */
#ifndef SCRY_IO_GUNZIP_H
#define SCRY_IO_GUNZIP_H

#include "base/error.h"

bool is_gzip(const void *bytes, size_t length);
/* The whole file, of at most `most` bytes; several members follow each other. *text is the caller's to
 * free, also on failure. key: the place in the manifest, for messages. */
bool gunzip(const char *path, const char *key, size_t most, char **text, size_t *length, scry_error *err);

#endif
