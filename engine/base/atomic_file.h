/* base/atomic_file.h: atomic file replacement: write a temporary file next to the target, fsync, rename.
 *
 * Pipes, devices and open descriptors are written directly: a rename would replace them. An index takes hours to make,
 * so only atomic_file_begin_over_index may replace one. */
#ifndef SCRY_BASE_ATOMIC_FILE_H
#define SCRY_BASE_ATOMIC_FILE_H

#include "base/error.h"
#include "base/temporary_file.h"

#include <stdio.h>

/* The first bytes of an index (index/format/container.h). */
#define INDEX_MAGIC "SCRYIDX\n"
enum { INDEX_MAGIC_SIZE = sizeof INDEX_MAGIC - 1 };

typedef struct atomic_file {
    FILE *file; /* to write to */
    char *path;
    temporary_file temporary; /* unused where direct */
    bool direct;              /* written without a temporary file */
} atomic_file;

/* True for "-", pipes, devices, and names of open files such as /dev/stdout. */
bool atomic_file_is_direct(const char *path);
/* The file that path leads to, past links, so that a rename keeps the link. NULL and err for a link that another user
 * made to a file that is not theirs. The caller frees it. */
char *atomic_file_target(const char *path, scry_error *err);
/* True when the file begins with INDEX_MAGIC; false when it cannot be read. */
bool atomic_file_is_index(const char *path);

/* Open a file to write; path is copied, "-" is standard output. False with err when it cannot be opened or is an
 * index; otherwise atomic_file_end must follow. */
bool atomic_file_begin(atomic_file *w, const char *path, scry_error *err);
/* The same for a writer whose file may take the place of an index. */
bool atomic_file_begin_over_index(atomic_file *w, const char *path, scry_error *err);
/* Sync and rename when `ok` and everything was written; otherwise remove the temporary file and leave what path held.
 * err is filled only when writing failed. Returns whether the file was replaced. */
bool atomic_file_end(atomic_file *w, bool ok, scry_error *err);

/* Opens a regular file that grows in place, such as a log: made where there is none, emptied where asked. Links are
 * followed as by atomic_file_target. NULL and err when it cannot be opened; the caller closes it. */
FILE *atomic_file_append(const char *path, bool empty, scry_error *err);

/* Write size bytes as the whole file. */
bool atomic_file_write(const char *path, const void *bytes, size_t size, scry_error *err);

#endif
