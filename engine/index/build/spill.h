/* spill.h: posting streams that no longer fit in memory, kept in a file without a name until the
 * index is written. A latent's stream is what was spilled of it, in order, then what is still in
 * memory. */
#ifndef SCRY_INDEX_BUILD_SPILL_H
#define SCRY_INDEX_BUILD_SPILL_H

#include "base/error.h"
#include "index/build/posting_buffer.h"

typedef struct spill {
    char *folder; /* where the file goes: beside the index */
    int fd;       /* -1: nothing was spilled */
    uint64_t size;
    uint32_t latents;
    size_t rounds;
    uint32_t **used; /* [rounds][latents] bytes of each latent */
    uint64_t *start; /* [rounds] place in the file */
} spill;

void spill_open(spill *s, const char *beside, uint32_t latents);
/* Moves all streams to the file and frees their bytes; counts stay. */
bool spill_write(spill *s, posting_stream *streams, scry_error *err);

/* Bytes of a latent's stream that are in the file. */
uint64_t spill_size(const spill *s, uint32_t latent);

/* Reads latents in ascending order; one reader. */
typedef struct spill_reader {
    spill *s;
    uint64_t *at; /* [rounds] place of the next latent */
} spill_reader;

void spill_begin(spill_reader *r, spill *s);
/* Puts what was spilled of this latent in front of what `stream` holds. */
bool spill_restore(spill_reader *r, uint32_t latent, posting_stream *stream, scry_error *err);
void spill_end(spill_reader *r);
void spill_close(spill *s);

#endif
