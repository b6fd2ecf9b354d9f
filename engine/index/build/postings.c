/* postings.c: posting streams, and the file for those that do not fit in memory. */
#include "index/build/postings.h"
#include "base/mem.h"
#include "io/scratch_file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

bool postings_reserve(posting_stream *s, uint32_t more) {
    if (s->room - s->used >= more) return true;
    uint64_t room = ((uint64_t)s->used + more) * 3 / 2 + 32;
    if (room > UINT32_MAX) room = UINT32_MAX;
    if (room - s->used < more) {
        s->full = true;
        return false;
    }
    s->room = (uint32_t)room;
    s->bytes = mem_resize(s->bytes, s->room, 1);
    return true;
}

void postings_append(posting_stream *to, uint32_t capture, posting_stream *from) {
    if (!from->count) return;
    to->full = to->full || from->full;
    if (!to->full && postings_reserve(to, from->used + 2 * POSTING_MOST)) {
        postings_number(to, capture);
        postings_number(to, from->used);
        memcpy(to->bytes + to->used, from->bytes, from->used);
        to->used += from->used;
        to->count += from->count;
    }
    from->used = from->count = from->last = 0;
}

void posting_store_new(posting_store *s, const char *folder, uint32_t latents, uint64_t limit) {
    *s = (posting_store){.latents = latents, .limit = limit, .folder = mem_copy_string(folder), .fd = -1};
    s->streams = mem_new(latents, sizeof *s->streams);
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

bool posting_store_spill(posting_store *s, scry_error *err) {
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
        posting_stream *stream = &s->streams[j];
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
    return ok || scry_fail(err, "%s: the scratch file cannot be written: %s", s->folder, strerror(errno));
}

uint64_t posting_store_spilled(const posting_store *s, uint32_t latent) {
    uint64_t total = 0;
    for (size_t i = 0; i < s->rounds; i++) total += s->used[i][latent];
    return total;
}

void spill_begin(spill_reader *r, posting_store *s) {
    *r = (spill_reader){.s = s, .at = mem_new(s->rounds, sizeof *r->at)};
    for (size_t i = 0; i < s->rounds; i++) r->at[i] = s->start[i];
}

bool spill_restore(spill_reader *r, uint32_t latent, scry_error *err) {
    posting_stream *stream = &r->s->streams[latent];
    uint64_t total = posting_store_spilled(r->s, latent);
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
                return scry_fail(err, "%s: the scratch file cannot be read: %s", r->s->folder, strerror(errno));
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

void posting_store_free(posting_store *s) {
    for (uint32_t j = 0; s->streams && j < s->latents; j++) free(s->streams[j].bytes);
    if (s->folder && s->fd >= 0) close(s->fd);
    for (size_t i = 0; i < s->rounds; i++) free(s->used[i]);
    void *owned[] = {s->streams, s->folder, s->used, s->start};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    *s = (posting_store){.fd = -1};
}
