/* container.h: the .scry file as named, checksummed sections.
 *
 *     0    magic "SCRYIDX\n", version, byte-order mark, file size, section count, header checksum
 *     64   the sections, each begun at a multiple of 64 bytes
 *     end  the section table: name, offset, size, checksum (XXH3-64) of each
 *
 * Written under a temporary name, synced and renamed: the file at the final name is always whole.
 * Read by mmap; every offset and size is checked against the file before it is used. */
#ifndef SCRY_INDEX_FORMAT_CONTAINER_H
#define SCRY_INDEX_FORMAT_CONTAINER_H

#include <stdint.h>
#include "base/error.h"
#include "io/mapped_file.h"

enum { CONTAINER_VERSION = 4, CONTAINER_NAME = 40 };

typedef struct container_writer container_writer;

/* Can an index be put at this path? Asked before hours of work, not after. */
bool container_writable(const char *path, scry_error *err);
container_writer *container_create(const char *path, scry_error *err);
/* A section is begun, written in any number of pieces, and ended by the next begin or finish. */
void container_begin(container_writer *w, const char *name);
void container_write(container_writer *w, const void *bytes, uint64_t size);
/* Syncs and renames; on any failure so far removes the temporary file. Frees w either way. */
bool container_finish(container_writer *w, scry_error *err);
/* Removes the temporary file and frees w. */
void container_abandon(container_writer *w);

typedef struct container_section {
    char name[CONTAINER_NAME];
    uint64_t offset, size, hash;
} container_section;

typedef struct container {
    mapped_file map;
    const container_section *section;
    uint32_t sections;
} container;

/* verify: compare every section's checksum too. */
bool container_open(container *c, const char *path, bool verify, scry_error *err);
void container_close(container *c);
/* The section's bytes, exactly `size` long; NULL and err otherwise. */
const void *container_get(const container *c, const char *name, uint64_t size, scry_error *err);
/* The section's bytes, whatever their length; NULL without err when there is none. */
const void *container_find(const container *c, const char *name, uint64_t *size);
/* Lets go of the pages of [at, at + size), which may lie in the file or not: they are mapped again when they
 * are next read. After a pass over all latents, so that what is resident stays what is looked at. */
void container_drop_pages(const container *c, const void *at, uint64_t size);
/* Asks the system to read them, and does not wait. */
void container_prefetch(const container *c, const void *at, uint64_t size);
/* Compares one section's checksum. */
bool container_check(const container *c, const char *name, scry_error *err);

#endif
