/* posting_buffer.c: growing and joining posting streams. */
#include "index/build/posting_buffer.h"
#include "base/mem.h"

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
