/* zip.c: members of a mapped zip archive (PKWARE APPNOTE.TXT 6.3, with ZIP64). */
#include "io/zip.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    END_SIZE = 22,     /* end of central directory */
    END64_SIZE = 56,   /* the same in ZIP64 */
    LOCATOR_SIZE = 20, /* of the offset of that */
    CENTRAL_SIZE = 46, /* a member in the directory */
    LOCAL_SIZE = 30    /* a member's own header */
};
/* Where members are inflated in memory, not in a folder: bytes for each that is stored, and for any. */
enum { MEMORY_FOR_BYTE = 64, MEMORY_FREE = 256 << 20 };
static const uint64_t most_inflated = (uint64_t)1 << 40;

static uint16_t u16(const uint8_t *p) {
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t u32(const uint8_t *p) {
    return (uint32_t)u16(p) | (uint32_t)u16(p + 2) << 16;
}

static uint64_t u64(const uint8_t *p) {
    return (uint64_t)u32(p) | (uint64_t)u32(p + 4) << 32;
}

static bool fail(const mapped_file *map, const char *key, scry_error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static bool fail(const mapped_file *map, const char *key, scry_error *err, const char *format, ...) {
    char text[700];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return scry_fail(err, "%s%s%s: %s", key ? key : "", key ? ": " : "", map->path, text);
}

typedef struct directory {
    uint64_t at, size, count;
} directory;

/* The end record is the last thing in the file but for a comment, whose length it states. */
static bool find_end(const mapped_file *map, uint64_t *at) {
    if (map->size < END_SIZE) return false;
    for (uint64_t back = END_SIZE; back <= map->size && back <= END_SIZE + 65535u; back++) {
        const uint8_t *p = map->data + map->size - back;
        if (u32(p) != 0x06054b50 || u16(p + 20) != back - END_SIZE) continue;
        *at = map->size - back;
        return true;
    }
    return false;
}

static bool find_directory(const mapped_file *map, directory *dir, const char *key, scry_error *err) {
    uint64_t end;
    if (!find_end(map, &end))
        return fail(map, key, err,
                    "zip archive without its end record in %" PRIu64 " bytes; the file is cut, copy or write it again",
                    map->size);
    const uint8_t *p = map->data + end;
    if (u16(p + 4) != u16(p + 6) || u16(p + 8) != u16(p + 10))
        return fail(map, key, err, "zip archive in several parts, expected one file");
    *dir = (directory){.at = u32(p + 16), .size = u32(p + 12), .count = u16(p + 10)};
    if (end >= LOCATOR_SIZE && u32(p - LOCATOR_SIZE) == 0x07064b50) {
        uint64_t at = u64(p - LOCATOR_SIZE + 8);
        if (end < LOCATOR_SIZE + END64_SIZE || at > end - LOCATOR_SIZE - END64_SIZE ||
            u32(map->data + at) != 0x06064b50)
            return fail(map, key, err, "zip archive: ZIP64 end record expected at byte %" PRIu64 ", not found there",
                        at);
        p = map->data + at;
        *dir = (directory){.at = u64(p + 48), .size = u64(p + 40), .count = u64(p + 32)};
        end = at;
    }
    if (dir->at > end || dir->size > end - dir->at || dir->count > dir->size / CENTRAL_SIZE)
        return fail(map, key, err,
                    "zip directory of %" PRIu64 " members in %" PRIu64 " bytes at byte %" PRIu64 ", but only %" PRIu64
                    " bytes come before its end record; the file is damaged",
                    dir->count, dir->size, dir->at, end);
    return true;
}

/* Numbers too large for the directory's fields: 8 bytes each in extra field 1, in this order. */
static bool read_zip64(const uint8_t *extra, uint64_t length, zip_entry *e, uint64_t *local) {
    uint64_t *wanted[3];
    unsigned count = 0;
    if (e->size == UINT32_MAX) wanted[count++] = &e->size;
    if (e->packed == UINT32_MAX) wanted[count++] = &e->packed;
    if (*local == UINT32_MAX) wanted[count++] = local;
    while (count && length >= 4) {
        uint64_t part = u16(extra + 2);
        if (part > length - 4) return false;
        if (u16(extra) == 1) {
            if (part < 8 * (uint64_t)count) return false;
            for (unsigned i = 0; i < count; i++) *wanted[i] = u64(extra + 4 + 8 * (uint64_t)i);
            return true;
        }
        extra += 4 + part;
        length -= 4 + part;
    }
    return true; /* a length of exactly 2^32 - 1 needs no extra field */
}

/* Where the member's bytes begin: after its own header, which must name the same member. */
static bool find_bytes(const mapped_file *map, const directory *dir, zip_entry *e, const uint8_t *name, uint64_t length,
                       uint64_t local) {
    if (local > dir->at || dir->at - local < LOCAL_SIZE) return false;
    const uint8_t *p = map->data + local;
    uint64_t head = LOCAL_SIZE + (uint64_t)u16(p + 26) + u16(p + 28);
    if (u32(p) != 0x04034b50 || u16(p + 26) != length || head > dir->at - local) return false;
    if (memcmp(p + LOCAL_SIZE, name, (size_t)length) != 0) return false;
    e->begin = local + head;
    return e->packed <= dir->at - e->begin;
}

/* Reads the member at *at in the directory and moves on. */
static bool read_entry(zip_archive *zip, const directory *dir, uint64_t *at, const char *key, scry_error *err) {
    const mapped_file *map = zip->map;
    uint64_t left = dir->at + dir->size - *at;
    const uint8_t *p = map->data + *at;
    if (left < CENTRAL_SIZE || u32(p) != 0x02014b50)
        return fail(map, key, err, "zip directory: no member at byte %" PRIu64 "; the file is damaged", *at);
    uint64_t name = u16(p + 28), extra = u16(p + 30), comment = u16(p + 32), local = u32(p + 42);
    if (name + extra + comment > left - CENTRAL_SIZE || memchr(p + CENTRAL_SIZE, 0, (size_t)name))
        return fail(map, key, err, "zip directory: names or lengths of the member at byte %" PRIu64 " are wrong", *at);
    zip_entry *e = &zip->entries[zip->count++];
    *e = (zip_entry){.packed = u32(p + 20), .size = u32(p + 24), .crc = u32(p + 16), .method = u16(p + 10)};
    e->unpacked.fd = -1;
    e->encrypted = u16(p + 8) & 1;
    e->name = mem_copy_bytes(p + CENTRAL_SIZE, (size_t)name);
    if (!read_zip64(p + CENTRAL_SIZE + name, extra, e, &local) ||
        !find_bytes(map, dir, e, p + CENTRAL_SIZE, name, local))
        return fail(map, key, err,
                    "zip member \"%.80s\": %" PRIu64 " bytes at byte %" PRIu64
                    " are not there as the directory says; the file is cut or damaged",
                    e->name, e->packed, local);
    *at += CENTRAL_SIZE + name + extra + comment;
    return true;
}

static int by_place(const void *a, const void *b) {
    const zip_entry *x = a, *y = b;
    return x->begin != y->begin ? (x->begin > y->begin) - (x->begin < y->begin)
                                : (x->packed > y->packed) - (x->packed < y->packed);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const zip_entry *)a)->name, ((const zip_entry *)b)->name);
}

/* Members that share bytes are how a small file claims to be a huge one. Leaves them by name. */
static bool check_entries(zip_archive *zip, const char *key, scry_error *err) {
    zip_entry *e = zip->entries;
    qsort(e, zip->count, sizeof *e, by_place);
    for (size_t i = 1; i < zip->count; i++)
        if (e[i - 1].packed > e[i].begin - e[i - 1].begin)
            return fail(zip->map, key, err, "zip members \"%.80s\" and \"%.80s\" overlap; the file is not trusted",
                        e[i - 1].name, e[i].name);
    qsort(e, zip->count, sizeof *e, by_name);
    for (size_t i = 1; i < zip->count; i++)
        if (strcmp(e[i - 1].name, e[i].name) == 0)
            return fail(zip->map, key, err, "zip member \"%.80s\" is there twice; the file is not trusted", e[i].name);
    return true;
}

bool zip_detect(const mapped_file *map) {
    return map->size >= 4 && (memcmp(map->data, "PK\3\4", 4) == 0 || memcmp(map->data, "PK\5\6", 4) == 0);
}

bool zip_open(zip_archive *zip, const mapped_file *map, const char *key, scry_error *err) {
    *zip = (zip_archive){.map = map};
    directory dir = {0};
    if (!find_directory(map, &dir, key, err)) return false;
    zip->entries = mem_new((size_t)dir.count, sizeof *zip->entries);
    bool ok = true;
    for (uint64_t i = 0, at = dir.at; i < dir.count && ok; i++) ok = read_entry(zip, &dir, &at, key, err);
    ok = ok && check_entries(zip, key, err);
    if (!ok) zip_close(zip);
    return ok;
}

void zip_close(zip_archive *zip) {
    for (size_t i = 0; i < zip->count; i++) {
        free(zip->entries[i].name);
        scratch_file_close(&zip->entries[i].unpacked);
    }
    free(zip->entries);
    *zip = (zip_archive){0};
}

zip_entry *zip_find(const zip_archive *zip, const char *name) {
    size_t low = 0, high = zip->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(zip->entries[middle].name, name);
        if (order == 0) return &zip->entries[middle];
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

/* Pages read through the map count as memory: they are dropped every DROP_BYTES. */
enum { DROP_BYTES = 8 << 20, PIECE = 256 << 10 };

/* Inflates into entry->unpacked; zlib counts in unsigned int, so input and output go in pieces. *right: the
 * result has exactly the size and the checksum that the directory states. */
static bool inflate_all(const zip_archive *zip, zip_entry *e, bool *right, scry_error *err) {
    z_stream z = {0};
    *right = false;
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) return true;
    uint8_t *out = mem_resize(NULL, PIECE, 1);
    uint64_t read = 0, written = 0, dropped = 0;
    uint32_t crc = (uint32_t)crc32_z(0, NULL, 0);
    int state = Z_OK;
    bool ok = true;
    while (state == Z_OK && ok) { /* ends with Z_BUF_ERROR when the bytes do too early */
        uInt in_now = (uInt)(e->packed - read < PIECE ? e->packed - read : PIECE);
        z.next_in = (Bytef *)(uintptr_t)(zip->map->data + e->begin + read);
        z.avail_in = in_now;
        z.next_out = out;
        z.avail_out = PIECE;
        state = inflate(&z, Z_NO_FLUSH);
        read += in_now - z.avail_in;
        uint64_t made = PIECE - z.avail_out;
        if (made > e->size - written) break;
        ok = scratch_file_write(&e->unpacked, written, out, made, err);
        crc = (uint32_t)crc32_z(crc, out, (size_t)made);
        written += made;
        if (read - dropped < DROP_BYTES) continue;
        mapped_file_drop_pages(zip->map);
        dropped = read;
    }
    inflateEnd(&z);
    free(out);
    *right = state == Z_STREAM_END && written == e->size && read == e->packed && crc == e->crc;
    return ok;
}

const uint8_t *zip_bytes(const zip_archive *zip, zip_entry *e, const char *key, scry_error *err) {
    const mapped_file *map = zip->map;
    if (e->encrypted || (e->method != 0 && e->method != 8)) {
        fail(map, key, err, "zip member \"%.80s\": found %s %u, expected stored (0) or deflated (8)", e->name,
             e->encrypted ? "encryption and method" : "compression method", e->method);
        return NULL;
    }
    if (e->method == 0) {
        if (e->packed == e->size) return map->data + e->begin;
        fail(map, key, err, "zip member \"%.80s\": stored, but its two lengths differ (%" PRIu64 " and %" PRIu64 ")",
             e->name, e->packed, e->size);
        return NULL;
    }
    if (e->inflated) return e->inflated;
    /* deflate makes at most 1032 bytes of one */
    if (e->size > most_inflated || e->size / 1032 > e->packed) {
        fail(map, key, err,
             "zip member \"%.80s\": says that %" PRIu64 " bytes inflate to %" PRIu64
             ", expected at most 1032 for one and 2^40 in all",
             e->name, e->packed, e->size);
        return NULL;
    }
    if (!zip->folder && e->size > MEMORY_FREE && e->size / MEMORY_FOR_BYTE > e->packed) {
        fail(map, key, err,
             "zip member \"%.80s\": %" PRIu64 " bytes would inflate to %" PRIu64
             " in memory, expected at most %d for one above %d MB; save it without compression",
             e->name, e->packed, e->size, MEMORY_FOR_BYTE, MEMORY_FREE >> 20);
        return NULL;
    }
    bool right = false;
    bool ok = scratch_file_new(&e->unpacked, zip->folder, e->size, err) && inflate_all(zip, e, &right, err) &&
              (!right || scratch_file_finish(&e->unpacked, e->size, err));
    if (ok && right) return e->inflated = e->unpacked.data;
    scratch_file_close(&e->unpacked);
    if (ok)
        fail(map, key, err,
             "zip member \"%.80s\": does not inflate to the %" PRIu64
             " bytes and the checksum that the directory states; the file is damaged",
             e->name, e->size);
    return NULL;
}

bool zip_take(zip_entry *e, scratch_file *bytes) {
    if (!e->unpacked.data) return false;
    *bytes = e->unpacked;
    e->unpacked = (scratch_file){.fd = -1};
    return true;
}
