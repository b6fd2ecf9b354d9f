/* scratch_file.c: scratch storage in memory or in an unlinked temporary file. */
#include "io/scratch_file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const uint64_t least_file = 1u << 20; /* bytes; less stays in memory */

int scratch_file_unlinked(const char *folder, scry_error *err) {
    char *name = mem_format("%sscry-scratch-XXXXXX", folder);
    int fd = mkostemp(name, O_CLOEXEC);
    if (fd >= 0) unlink(name);
    else
        scry_fail(err, "%s: no temporary file for data that does not fit in memory: %s; expected a writable folder",
                  name, strerror(errno));
    free(name);
    return fd;
}

bool scratch_file_new(scratch_file *s, const char *folder, uint64_t size, scry_error *err) {
    *s = (scratch_file){.fd = -1, .size = size};
    if (folder && size >= least_file) {
        s->fd = scratch_file_unlinked(folder, err);
        return s->fd >= 0;
    }
    s->data = malloc(size ? (size_t)size : 1); /* an untrusted file can ask for a thousand times its length */
    return s->data || scry_fail(err, "%" PRIu64 " bytes of scratch storage do not fit in memory", size);
}

static bool failed(const char *action, scry_error *err) {
    return scry_fail(err, "the temporary file in the index's folder cannot be %s: %s; expected enough free space there",
                     action, errno ? strerror(errno) : "it is cut short");
}

bool scratch_file_write(scratch_file *s, uint64_t at, const void *bytes, uint64_t size, scry_error *err) {
    if (s->fd < 0) {
        if (size) memcpy(s->data + at, bytes, (size_t)size);
        return true;
    }
    for (uint64_t done = 0; done < size;) {
        ssize_t n = pwrite(s->fd, (const uint8_t *)bytes + done, (size_t)(size - done), (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed("written", err);
        done += (uint64_t)n;
    }
    return true;
}

bool scratch_file_read(const scratch_file *s, uint64_t at, void *bytes, uint64_t size, scry_error *err) {
    if (s->fd < 0) {
        if (size) memcpy(bytes, s->data + at, (size_t)size);
        return true;
    }
    for (uint64_t done = 0; done < size;) {
        errno = 0;
        ssize_t n = pread(s->fd, (uint8_t *)bytes + done, (size_t)(size - done), (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return failed("read again", err);
        done += (uint64_t)n;
    }
    return true;
}

bool scratch_file_finish(scratch_file *s, uint64_t size, scry_error *err) {
    s->size = size;
    if (s->fd < 0) {
        s->data = mem_resize(s->data, (size_t)size, 1);
        return true;
    }
    /* the file must have its full length, or reading through the map would raise SIGBUS */
    if (ftruncate(s->fd, (off_t)size) != 0) return failed("written", err);
    void *data = size ? mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, s->fd, 0) : NULL;
    if (data == MAP_FAILED) return failed("mapped", err);
    close(s->fd); /* the map keeps the file */
    *s = (scratch_file){.data = data, .size = size, .fd = -1, .mapped = true};
    return true;
}

void scratch_file_drop_pages(const scratch_file *s) {
    if (s->mapped && s->data) madvise(s->data, (size_t)s->size, MADV_DONTNEED);
}

void scratch_file_close(scratch_file *s) {
    if (s->fd >= 0) close(s->fd);
    if (!s->mapped) free(s->data);
    else if (s->data) munmap(s->data, (size_t)s->size);
    *s = (scratch_file){.fd = -1};
}
