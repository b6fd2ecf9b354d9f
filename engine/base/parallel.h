/* base/parallel.h: a thread pool that runs one loop over independent pieces. */
#ifndef SCRY_BASE_PARALLEL_H
#define SCRY_BASE_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct parallel parallel;

/* threads 0: one for each processor that this process may use. Owner: parallel_stop. */
parallel *parallel_start(unsigned threads);
void parallel_stop(parallel *pool);
unsigned parallel_threads(const parallel *pool);

/* Call work(context, piece, worker) once for each piece from 0 to pieces - 1, on any thread and in any order; worker is
 * 0 to threads - 1. Returns when all are done. Pieces must not share what they write: results then do not depend on the
 * number of threads. Call it from one thread at a time. */
void parallel_for(parallel *pool, size_t pieces, void (*work)(void *context, size_t piece, unsigned worker),
                  void *context);

/* Run a slice of a long loop over `total` items, so that a caller can draw between slices: pieces of `block` items, 16
 * at a time, from item *next on, for about `seconds` (0: to the end). Piece p begins at item *next + p block. Moves
 * *next. True when all is done; the pool is then stopped and *pool NULL. */
bool parallel_stretch(parallel **pool, uint32_t *next, uint32_t total, uint32_t block, double seconds,
                      void (*work)(void *context, size_t piece, unsigned worker), void *context);

#endif
