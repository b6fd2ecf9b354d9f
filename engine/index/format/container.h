/* container.h: the .scry file as named, checksummed sections.
 *
 *     0    magic "SCRYIDX\n", version, byte-order mark, file size, section count, header checksum
 *     64   the sections, each begun at a multiple of 64 bytes
 *     end  the section table: name, offset, size, checksum (XXH3-64) of each
 *
 * Replaced atomically (base/atomic_file.h): the file at the final name is always complete.
 * Read by mmap; every offset and size is checked against the file before it is used. */
#ifndef SCRY_INDEX_FORMAT_CONTAINER_H
#define SCRY_INDEX_FORMAT_CONTAINER_H

#include <stdint.h>
#include "base/error.h"
#include "io/mapped_file.h"

enum { CONTAINER_VERSION = 4, CONTAINER_NAME = 40 };

/* What a container is: an index, or a file that belongs to one. */
typedef struct container_kind {
    char magic[9];
    uint32_t version;
    const char *noun, *article, *command; /* for messages: "index", "a scry index", "scry index" */
} container_kind;
extern const container_kind container_index;

typedef struct container_writer container_writer;

/* True when an index can be written at this path; otherwise false and err. Ask before hours of work, not after. */
bool container_writable(const char *path, scry_error *err);
/* Begin an index at path. NULL and err when it cannot be made; otherwise container_finish or container_abandon must
 * follow. */
container_writer *container_create(const char *path, scry_error *err);
/* The same of another kind, which does not take the place of an index. */
container_writer *container_create_kind(const container_kind *kind, const char *path, scry_error *err);
/* Begin a section, which the next begin or finish ends, and append bytes to it. Errors are kept for the end. */
void container_begin(container_writer *w, const char *name);
void container_write(container_writer *w, const void *bytes, uint64_t size);
/* Complete the file. False and err when anything failed since the beginning; path then holds what it held before.
 * Frees w either way. */
bool container_finish(container_writer *w, scry_error *err);
/* Drop the file and free w, which may be NULL. */
void container_abandon(container_writer *w);

typedef struct container_section {
    char name[CONTAINER_NAME];
    uint64_t offset, size, hash;
} container_section;

typedef struct container {
    const container_kind *kind;
    mapped_file map;
    const container_section *section;
    uint32_t sections;
} container;

/* Map the file and check its header and section table; with verify also every section's checksum. False and err when
 * it is no index, cut or damaged; nothing is left open then. */
bool container_open(container *c, const char *path, bool verify, scry_error *err);
bool container_open_kind(container *c, const container_kind *kind, const char *path, bool verify, scry_error *err);
void container_close(container *c);
/* The section's bytes, exactly `size` long; NULL and err otherwise. */
const void *container_get(const container *c, const char *name, uint64_t size, scry_error *err);
/* The section's bytes, whatever their length; NULL without err when there is none. */
const void *container_find(const container *c, const char *name, uint64_t *size);
/* Drop the pages of [at, at + size), which may lie in the file or not; they are read again when needed. For use after a
 * pass over all latents, so that only what is looked at stays resident. */
void container_drop_pages(const container *c, const void *at, uint64_t size);
/* Ask the system to read them, without waiting. */
void container_prefetch(const container *c, const void *at, uint64_t size);
/* Compare one section's checksum; true when there is no such section. */
bool container_check(const container *c, const char *name, scry_error *err);

#endif
