/* spill.c: posting streams that no longer fit in memory. */
#include "index/build/spill.h"
#include "base/mem.h"
#include "base/path.h"
#include "io/scratch_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void spill_open(spill *s, const char *beside, uint32_t latents) {
    *s = (spill){.fd = -1, .latents = latents, .folder = path_folder(beside)};
}

static bool write_all(int fd, const uint8_t *bytes, size_t size) {
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

bool spill_write(spill *s, posting_stream *streams, scry_error *err) {
    if (s->fd < 0) s->fd = scratch_file_unlinked(s->folder, err);
    if (s->fd < 0) return false;
    s->used = mem_resize(s->used, s->rounds + 1, sizeof *s->used);
    s->start = mem_resize(s->start, s->rounds + 1, sizeof *s->start);
    uint32_t *used = s->used[s->rounds] = mem_new(s->latents, sizeof *used);
    s->start[s->rounds++] = s->size;
    enum { BUFFER = 1 << 20 };
    uint8_t *buffer = mem_new(BUFFER, 1);
    size_t held = 0;
    bool ok = true;
    for (uint32_t j = 0; j < s->latents && ok; j++) {
        posting_stream *stream = &streams[j];
        used[j] = stream->used;
        s->size += stream->used;
        if (held + stream->used > BUFFER) {
            ok = write_all(s->fd, buffer, held);
            held = 0;
        }
        if (stream->used > BUFFER) ok = ok && write_all(s->fd, stream->bytes, stream->used);
        else if (stream->used) {
            memcpy(buffer + held, stream->bytes, stream->used);
            held += stream->used;
        }
        free(stream->bytes);
        stream->bytes = NULL;
        stream->used = stream->room = 0;
    }
    ok = ok && write_all(s->fd, buffer, held);
    free(buffer);
    return ok || scry_fail(err, "%s: what does not fit in memory cannot be written: %s", s->folder, strerror(errno));
}

uint64_t spill_size(const spill *s, uint32_t latent) {
    uint64_t total = 0;
    for (size_t i = 0; i < s->rounds; i++) total += s->used[i][latent];
    return total;
}

void spill_begin(spill_reader *r, spill *s) {
    *r = (spill_reader){.s = s, .at = mem_new(s->rounds, sizeof *r->at)};
    for (size_t i = 0; i < s->rounds; i++) r->at[i] = s->start[i];
}

bool spill_restore(spill_reader *r, uint32_t latent, posting_stream *stream, scry_error *err) {
    uint64_t total = spill_size(r->s, latent);
    if (!total) return true;
    if (total + stream->used > UINT32_MAX)
        return scry_fail(err, "latent %u has more than 4 GiB of postings; index fewer captures", latent);
    uint8_t *bytes = mem_new((size_t)total + stream->used, 1);
    size_t at = 0;
    for (size_t i = 0; i < r->s->rounds; i++) {
        size_t size = r->s->used[i][latent];
        for (size_t done = 0; done < size;) {
            ssize_t n = pread(r->s->fd, bytes + at + done, size - done, (off_t)(r->at[i] + done));
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) {
                free(bytes);
                return scry_fail(err, "%s: what was set aside cannot be read again: %s", r->s->folder, strerror(errno));
            }
            done += (size_t)n;
        }
        r->at[i] += size;
        at += size;
    }
    if (stream->used) memcpy(bytes + at, stream->bytes, stream->used);
    free(stream->bytes);
    stream->bytes = bytes;
    stream->used = stream->room = (uint32_t)(total + stream->used);
    return true;
}

void spill_end(spill_reader *r) {
    free(r->at);
    *r = (spill_reader){0};
}

void spill_close(spill *s) {
    if (s->fd >= 0) close(s->fd);
    for (size_t i = 0; i < s->rounds; i++) free(s->used[i]);
    free(s->used);
    free(s->start);
    free(s->folder);
    *s = (spill){.fd = -1};
}
