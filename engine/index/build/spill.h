/* spill.h: the postings of all latents: in memory, and past a limit in an unlinked file until the index is written. A
 * latent's stream is what was spilled of it, in order, then what is still in memory. */
#ifndef SCRY_INDEX_BUILD_SPILL_H
#define SCRY_INDEX_BUILD_SPILL_H

#include "base/error.h"
#include "index/build/posting_buffer.h"

typedef struct posting_store {
    uint32_t latents;
    posting_stream *streams; /* [latents] what is in memory */
    uint64_t limit;          /* bytes of streams above which they are spilled */
    char *folder;            /* of the file */
    int fd;                  /* -1: nothing was spilled */
    uint64_t size;
    size_t rounds;
    uint32_t **used; /* [rounds][latents] bytes of each latent */
    uint64_t *start; /* [rounds] place in the file */
} posting_store;

/* folder: where the file goes, copied. posting_store_free must follow. */
void posting_store_new(posting_store *s, const char *folder, uint32_t latents, uint64_t limit);
void posting_store_free(posting_store *s);
/* Move all streams to the file and free their bytes; counts stay. */
bool posting_store_spill(posting_store *s, scry_error *err);
/* Bytes of a latent's stream that are in the file. */
uint64_t posting_store_spilled(const posting_store *s, uint32_t latent);

/* Reads latents in ascending order. */
typedef struct spill_reader {
    posting_store *s;
    uint64_t *at; /* [rounds] place of the next latent */
} spill_reader;

void spill_begin(spill_reader *r, posting_store *s);
/* Put what was spilled of this latent before what is in memory. False and err when it cannot be read. */
bool spill_restore(spill_reader *r, uint32_t latent, scry_error *err);
void spill_end(spill_reader *r);

#endif
