/* zip.h: members of a mapped zip archive. Stored members are read in place, deflated ones through zlib. Every
 * number in the archive is checked against its length before it is used. */
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
    const uint8_t *inflated; /* after the first zip_bytes of a deflated member */
    scratch_file unpacked;   /* its storage; owned until zip_take */
} zip_entry;

typedef struct zip_archive {
    const mapped_file *map;
    const char *folder; /* of scratch files for inflated members, NULL: memory; set by the caller after zip_open */
    zip_entry *entries; /* [count] by name */
    size_t count;
} zip_archive;

/* Does the map begin as a zip archive? */
bool zip_detect(const mapped_file *map);

/* Reads the directory; members that overlap and repeated names are errors. The map must outlive the archive.
 * On failure nothing is left to close. */
bool zip_open(zip_archive *zip, const mapped_file *map, const char *key, scry_error *err);
void zip_close(zip_archive *zip);

/* By name, or NULL. */
zip_entry *zip_find(const zip_archive *zip, const char *name);

/* Returns the member's bytes, entry->size of them, inflated on the first call; NULL and err when they are
 * damaged. Those of a stored member live as long as the map, inflated ones as long as their scratch storage. */
const uint8_t *zip_bytes(const zip_archive *zip, zip_entry *entry, const char *key, scry_error *err);

/* Hands the storage of an inflated member to the caller, who closes it; false for a stored member, or one
 * taken before. zip_bytes still returns the bytes. */
bool zip_take(zip_entry *entry, scratch_file *bytes);

#endif
