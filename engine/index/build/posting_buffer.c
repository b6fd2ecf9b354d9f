/* posting_buffer.c: growing and joining posting streams. */
#include "index/build/posting_buffer.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>

void postings_reserve(posting_stream *s, uint32_t more) {
    if (s->room - s->used >= more) return;
    uint64_t room = ((uint64_t)s->used + more) * 3 / 2 + 32;
    if (room > UINT32_MAX) room = UINT32_MAX;
    if (room - s->used < more) {
        fprintf(stderr, "scry: a latent is active on more than 700 million tokens; index fewer captures\n");
        abort();
    }
    s->room = (uint32_t)room;
    s->bytes = mem_resize(s->bytes, s->room, 1);
}

void postings_append(posting_stream *to, uint32_t capture, posting_stream *from) {
    if (!from->count) return;
    postings_reserve(to, from->used + 2 * POSTING_MOST);
    postings_number(to, capture);
    postings_number(to, from->used);
    memcpy(to->bytes + to->used, from->bytes, from->used);
    to->used += from->used;
    to->count += from->count;
    from->used = from->count = from->last = 0;
}
