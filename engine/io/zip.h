/* zip.h: members of a zip archive that lies in memory. Stored members are read in place, deflated
 * ones through zlib. Nothing in the archive is believed before it was checked against its length. */
#ifndef SCRY_IO_ZIP_H
#define SCRY_IO_ZIP_H

#include <stdint.h>
#include "base/error.h"
#include "io/mapped_file.h"
#include "io/scratch_file.h"

typedef struct zip_entry {
    char *name;
    uint64_t begin; /* of its bytes in the file */
    uint64_t packed, size;
    uint32_t crc;
    uint16_t method; /* 0 stored, 8 deflated */
    bool encrypted;
    const uint8_t *inflated; /* once it was */
    scratch_file unpacked;   /* where that is: the archive's until zip_take */
} zip_entry;

typedef struct zip_archive {
    const mapped_file *map;
    const char *folder; /* where large members go when inflated, NULL: memory; set after zip_open */
    zip_entry *entries; /* by name */
    size_t count;
} zip_archive;

/* Does the map begin as a zip archive? */
bool zip_detect(const mapped_file *map);

/* Reads the directory. Members may not overlap and names may not repeat. The map must outlive it. */
bool zip_open(zip_archive *zip, const mapped_file *map, const char *key, scry_error *err);
void zip_close(zip_archive *zip);

/* By name, or NULL. */
zip_entry *zip_find(const zip_archive *zip, const char *name);

/* The member's bytes (entry->size of them), inflated on the first call; NULL and err when they
 * cannot be had. Those of a stored member live as long as the map. */
const uint8_t *zip_bytes(const zip_archive *zip, zip_entry *entry, const char *key, scry_error *err);

/* The bytes of an inflated member become the caller's to close; false for one read in place, or taken
 * before. zip_bytes goes on giving them. */
bool zip_take(zip_entry *entry, scratch_file *bytes);

#endif
