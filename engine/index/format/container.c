/* container.c: the .scry file as named, checksummed sections. */
#include "index/format/container.h"
#include "base/mem.h"
#include "base/atomic_file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { HEADER = 64, ALIGN = 64, WRITE_PIECE = 1 << 16 };

typedef struct header {
    char magic[8];
    uint32_t version, byte_order; /* byte_order 0x01020304 as this machine writes it */
    uint64_t file_size, table_offset;
    uint32_t sections, reserved;
    uint64_t table_hash, unused;
    uint64_t header_hash; /* of the bytes before it */
} header;

_Static_assert(sizeof(header) == HEADER && sizeof INDEX_MAGIC - 1 == 8, "the header is 64 bytes, its magic 8");
_Static_assert(sizeof(container_section) == 64, "a table entry is 64 bytes");

const container_kind container_index = {INDEX_MAGIC, CONTAINER_VERSION, "index", "a scry index", "scry index"};

struct container_writer {
    const container_kind *kind;
    atomic_file to;
    char *buffer; /* of to.file, [WRITE_PIECE] */
    uint64_t at;
    container_section *section;
    uint32_t sections, room;
    XXH3_state_t *hash;
    int failed; /* errno of the first failure */
};

/* In small pieces: what one call writes can lie in the page cache as one block of up to 2 MB, and a process that maps
 * the file and reads one row then makes all of it resident. */
static void put(container_writer *w, const void *bytes, uint64_t size) {
    for (uint64_t done = 0; done < size && !w->failed;) {
        size_t piece = size - done < WRITE_PIECE ? (size_t)(size - done) : WRITE_PIECE;
        if (fwrite((const uint8_t *)bytes + done, 1, piece, w->to.file) != piece) w->failed = errno ? errno : EIO;
        done += piece;
    }
    w->at += size;
}

static void pad(container_writer *w) {
    static const char zero[ALIGN];
    put(w, zero, (ALIGN - w->at % ALIGN) % ALIGN);
}

bool container_writable(const char *path, scry_error *err) {
    struct stat st;
    if (atomic_file_is_direct(path))
        return scry_fail(err, "%s: found a %s, expected a regular file or a new name; give another place with -o", path,
                         stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? "directory" : "special file");
    char *place = atomic_file_target(path, err);
    if (!place) return false;
    char *folder = path_folder(place);
    bool ok = access(folder, W_OK) == 0 || scry_fail(err, "%s: cannot be written: %s: %s; give another place with -o",
                                                     path, folder, strerror(errno));
    free(folder);
    free(place);
    return ok;
}

container_writer *container_create_kind(const container_kind *kind, const char *path, scry_error *err) {
    if (!container_writable(path, err)) return NULL;
    container_writer *w = mem_new(1, sizeof *w);
    w->kind = kind;
    bool over = kind == &container_index;
    if (!(over ? atomic_file_begin_over_index(&w->to, path, err) : atomic_file_begin(&w->to, path, err))) {
        free(w);
        return NULL;
    }
    w->buffer = mem_resize(NULL, WRITE_PIECE, 1);
    setvbuf(w->to.file, w->buffer, _IOFBF, WRITE_PIECE);
    w->hash = mem_check(XXH3_createState());
    static const char zero[HEADER];
    put(w, zero, HEADER);
    return w;
}

container_writer *container_create(const char *path, scry_error *err) {
    return container_create_kind(&container_index, path, err);
}

static void end_section(container_writer *w) {
    if (!w->sections) return;
    container_section *s = &w->section[w->sections - 1];
    if (s->hash) return;
    s->size = w->at - s->offset;
    s->hash = XXH3_64bits_digest(w->hash);
    pad(w);
}

void container_begin(container_writer *w, const char *name) {
    end_section(w);
    if (w->sections == w->room) {
        w->room = w->room ? w->room * 2 : 32;
        w->section = mem_resize(w->section, w->room, sizeof *w->section);
    }
    container_section *s = &w->section[w->sections++];
    *s = (container_section){.offset = w->at};
    snprintf(s->name, sizeof s->name, "%s", name);
    XXH3_64bits_reset(w->hash);
}

void container_write(container_writer *w, const void *bytes, uint64_t size) {
    if (!size) return;
    XXH3_64bits_update(w->hash, bytes, (size_t)size);
    put(w, bytes, size);
}

static void release(container_writer *w) {
    free(w->buffer);
    XXH3_freeState(w->hash);
    free(w->section);
    free(w);
}

void container_abandon(container_writer *w) {
    if (!w) return;
    atomic_file_end(&w->to, false, NULL);
    release(w);
}

/* The rename itself must survive a loss of power too. */
static void sync_folder(const char *path) {
    char *folder = path_folder(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
    free(folder);
}

bool container_finish(container_writer *w, scry_error *err) {
    end_section(w);
    header h = {.version = w->kind->version, .byte_order = 0x01020304, .table_offset = w->at, .sections = w->sections};
    memcpy(h.magic, w->kind->magic, sizeof h.magic);
    uint64_t table = (uint64_t)w->sections * sizeof *w->section;
    put(w, w->section, table);
    h.table_hash = XXH3_64bits(w->section, (size_t)table);
    h.file_size = w->at;
    h.header_hash = XXH3_64bits(&h, offsetof(header, header_hash));
    if (!w->failed && (fseeko(w->to.file, 0, SEEK_SET) != 0 || fwrite(&h, sizeof h, 1, w->to.file) != 1))
        w->failed = errno ? errno : EIO;
    if (w->failed) {
        scry_fail(err, "%s: cannot be written: %s", w->to.path, strerror(w->failed));
        container_abandon(w);
        return false;
    }
    char *path = mem_copy_string(w->to.path);
    bool ok = atomic_file_end(&w->to, true, err);
    if (ok) sync_folder(path);
    free(path);
    release(w);
    return ok;
}

static bool section_hash_right(const container *c, const container_section *s, scry_error *err) {
    if (XXH3_64bits(c->map.data + s->offset, (size_t)s->size) == s->hash) return true;
    return scry_fail(err, "%s: section \"%s\" does not match its checksum; the %s is damaged, make it again with %s",
                     c->map.path, s->name, c->kind->noun, c->kind->command);
}

static bool check_header(const container *c, const header *h, scry_error *err) {
    const char *path = c->map.path, *noun = c->kind->noun, *command = c->kind->command;
    if (c->map.size < HEADER || memcmp(h->magic, c->kind->magic, sizeof h->magic) != 0)
        return scry_fail(err, "%s: not %s (it does not begin with %.7s); expected a file made by %s", path,
                         c->kind->article, c->kind->magic, command);
    if (h->byte_order != 0x01020304)
        return scry_fail(err, "%s: written on a machine of the other byte order; make it again here", path);
    if (h->version != c->kind->version)
        return scry_fail(err, "%s: %s version %" PRIu32 ", expected %" PRIu32 "; make it again with %s", path, noun,
                         h->version, c->kind->version, command);
    if (XXH3_64bits(h, offsetof(header, header_hash)) != h->header_hash)
        return scry_fail(err, "%s: the header does not match its checksum; the %s is damaged, make it again", path,
                         noun);
    if (h->file_size != c->map.size)
        return scry_fail(err, "%s: found %" PRIu64 " bytes, expected %" PRIu64 "; the %s is cut, make it again", path,
                         c->map.size, h->file_size, noun);
    if (h->table_offset > c->map.size || h->table_offset % 8 ||
        (uint64_t)h->sections * sizeof(container_section) != c->map.size - h->table_offset)
        return scry_fail(err, "%s: the section table does not fit the file; make the %s again", path, noun);
    return true;
}

/* The bytes between sections are zero, so that no byte of the file goes unchecked. */
static bool padding_right(const container *c, const container_section *s, scry_error *err) {
    for (uint64_t at = s->offset + s->size; at % ALIGN && at < c->map.size; at++)
        if (c->map.data[at])
            return scry_fail(err,
                             "%s: byte %" PRIu64 ", after section \"%s\", is not 0; the %s is damaged, make it again",
                             c->map.path, at, s->name, c->kind->noun);
    return true;
}

bool container_open_kind(container *c, const container_kind *kind, const char *path, bool verify, scry_error *err) {
    *c = (container){.kind = kind};
    if (!mapped_file_open(&c->map, path, NULL, err)) return false;
    const header *h = (const header *)(const void *)c->map.data;
    bool ok = check_header(c, h, err);
    if (ok) {
        c->section = (const container_section *)(const void *)(c->map.data + h->table_offset);
        c->sections = h->sections;
        uint64_t table = (uint64_t)h->sections * sizeof *c->section;
        if (XXH3_64bits(c->section, (size_t)table) != h->table_hash)
            ok = scry_fail(err, "%s: the section table does not match its checksum; make the %s again", path,
                           kind->noun);
    }
    for (uint32_t i = 0; i < c->sections && ok; i++) {
        const container_section *s = &c->section[i];
        if (s->offset % ALIGN || s->offset > c->map.size || s->size > c->map.size - s->offset ||
            s->name[CONTAINER_NAME - 1])
            ok =
                scry_fail(err, "%s: section %" PRIu32 " lies outside the file; make the %s again", path, i, kind->noun);
        else if (verify) ok = section_hash_right(c, s, err) && padding_right(c, s, err);
    }
    if (!ok) container_close(c);
    return ok;
}

bool container_open(container *c, const char *path, bool verify, scry_error *err) {
    return container_open_kind(c, &container_index, path, verify, err);
}

void container_close(container *c) {
    mapped_file_close(&c->map);
    *c = (container){0};
}

static const container_section *find(const container *c, const char *name) {
    for (uint32_t i = 0; i < c->sections; i++)
        if (strcmp(c->section[i].name, name) == 0) return &c->section[i];
    return NULL;
}

const void *container_find(const container *c, const char *name, uint64_t *size) {
    const container_section *s = find(c, name);
    *size = s ? s->size : 0;
    return s ? c->map.data + s->offset : NULL;
}

const void *container_get(const container *c, const char *name, uint64_t size, scry_error *err) {
    const container_section *s = find(c, name);
    if (!s) {
        scry_fail(err, "%s: section \"%s\" is missing; make the %s again", c->map.path, name, c->kind->noun);
        return NULL;
    }
    if (s->size != size) {
        scry_fail(err, "%s: section \"%s\": found %" PRIu64 " bytes, expected %" PRIu64 "; make the %s again",
                  c->map.path, name, s->size, size, c->kind->noun);
        return NULL;
    }
    return c->map.data + s->offset;
}

static void advise(const container *c, const void *at, uint64_t size, int advice) {
    const uint8_t *from = at, *end = from + size;
    if (!c->map.data || from < c->map.data || end > c->map.data + c->map.size) return;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uintptr_t begin = (uintptr_t)from / page * page;
    madvise((void *)begin, (uintptr_t)end - begin, advice);
}

void container_drop_pages(const container *c, const void *at, uint64_t size) {
    advise(c, at, size, MADV_DONTNEED);
}

void container_prefetch(const container *c, const void *at, uint64_t size) {
    advise(c, at, size, MADV_WILLNEED);
}

bool container_check(const container *c, const char *name, scry_error *err) {
    const container_section *s = find(c, name);
    return !s || section_hash_right(c, s, err);
}
