/* postings.c: growing and joining posting streams. */
#include "index/postings.h"
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

void postings_append(posting_stream *to, posting_stream *from) {
    if (!from->count) return;
    posting_cursor c = postings_read(from->bytes, from->used);
    /* Only the first distance depends on what stands before it. */
    postings_next(&c);
    postings_add(to, c.token, c.activation);
    uint32_t rest = (uint32_t)(c.end - c.at);
    postings_reserve(to, rest);
    if (rest) memcpy(to->bytes + to->used, c.at, rest);
    to->used += rest;
    to->count += from->count - 1;
    to->last = from->last;
    from->used = from->count = from->last = 0;
}
