/* base/parallel.h: one loop over independent pieces, shared by all cores. */
#ifndef SCRY_BASE_PARALLEL_H
#define SCRY_BASE_PARALLEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct parallel parallel;

/* threads 0: as many as there are processors that this process may use. Owner: the caller. */
parallel *parallel_start(unsigned threads);
void parallel_stop(parallel *pool);
unsigned parallel_threads(const parallel *pool);

/* Calls work(context, piece, worker) once for each piece in 0..pieces-1, on any thread, in any
 * order; worker is 0..threads-1. Returns when all are done. Pieces must not share what they write,
 * so that results do not depend on the number of threads. */
void parallel_for(parallel *pool, size_t pieces, void (*work)(void *context, size_t piece, unsigned worker),
                  void *context);

/* A stretch of a long loop over `total` items: pieces of `block` items, 16 at a time, from item *next on, for about
 * `seconds` (0: to the end), so that whoever draws frames can go on drawing them. Piece p begins at item
 * *next + p block. True when all is done; the pool is stopped then and becomes NULL. */
bool parallel_stretch(parallel **pool, uint32_t *next, uint32_t total, uint32_t block, double seconds,
                      void (*work)(void *context, size_t piece, unsigned worker), void *context);

#endif
