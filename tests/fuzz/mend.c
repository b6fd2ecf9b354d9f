/* mend.c: repairs checksums, so that damage behind them is reached. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static uint64_t field(const uint8_t *at, size_t width) {
    uint64_t value = 0;
    memcpy(&value, at, width);
    return value;
}

/* One entry of the directory: its member's checksum, where it is stored and lies in the file. */
static void mend_member(uint8_t *data, size_t size, uint8_t *entry) {
    uint64_t packed = field(entry + 20, 4), at = field(entry + 42, 4);
    if (field(entry + 10, 2) != 0 || at > size || size - at < 30) return;
    uint64_t begin = at + 30 + field(data + at + 26, 2) + field(data + at + 28, 2);
    if (begin > size || packed > size - begin) return;
    uint32_t sum = (uint32_t)crc32(0, data + begin, (uInt)packed);
    memcpy(entry + 16, &sum, 4);
    memcpy(data + at + 14, &sum, 4);
}

static void mend_zip(uint8_t *data, size_t size) {
    for (size_t at = 0; at + 46 <= size; at++)
        if (memcmp(data + at, "PK\1\2", 4) == 0) mend_member(data, size, data + at);
}

/* As engine/index/format/container.h has it: the header of 64 bytes, sections of 64 bytes each in the table at the end.
 */
static size_t mend_index(uint8_t *data, size_t size) {
    enum { HEADER = 64, ENTRY = 64, NAME = 40 };
    size &= ~(size_t)7;
    if (size < HEADER) return size;
    uint64_t whole = size, table = field(data + 24, 8);
    uint32_t sections = (uint32_t)field(data + 32, 4);
    if (table < HEADER || table > size || table % 8 || (size - table) % ENTRY) {
        if (sections > (size - HEADER) / ENTRY) sections = (uint32_t)((size - HEADER) / ENTRY);
        table = size - (uint64_t)sections * ENTRY;
    }
    sections = (uint32_t)((size - table) / ENTRY);
    for (uint32_t i = 0; i < sections; i++) {
        uint8_t *entry = data + table + (size_t)i * ENTRY;
        uint64_t at = field(entry + NAME, 8), length = field(entry + NAME + 8, 8);
        if (at > size || length > size - at) continue;
        uint64_t sum = XXH3_64bits(data + at, (size_t)length);
        memcpy(entry + NAME + 16, &sum, 8);
    }
    uint64_t sum = XXH3_64bits(data + table, size - table);
    memcpy(data + 16, &whole, 8);
    memcpy(data + 24, &table, 8);
    memcpy(data + 32, &sections, 4);
    memcpy(data + 40, &sum, 8);
    sum = XXH3_64bits(data, 56);
    memcpy(data + 56, &sum, 8);
    return size;
}

void fuzz_write(const char *path, const uint8_t *data, size_t size, fuzz_mending mending) {
    uint8_t *copy = malloc(size + 1);
    if (!copy) abort();
    if (size) memcpy(copy, data, size);
    if (mending == FUZZ_ZIP) mend_zip(copy, size);
    else size = mend_index(copy, size);
    write_bytes(path, copy, size);
    free(copy);
}
