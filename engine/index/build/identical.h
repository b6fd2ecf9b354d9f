/* identical.h: which captures of a group hold the same numbers, bit for bit, on all rows that are paired. */
#ifndef SCRY_INDEX_BUILD_IDENTICAL_H
#define SCRY_INDEX_BUILD_IDENTICAL_H

#include "index/build/tile.h"

typedef struct identical_check {
    uint64_t compared[SCRY_CONDITIONS][SCRY_CONDITIONS]; /* rows (by sample: samples) of conditions a < b */
    bool differ[SCRY_CONDITIONS][SCRY_CONDITIONS];
    /* by sample: rows of the sample so far, and a hash of them that does not depend on where tiles end */
    uint64_t rows[SCRY_CONDITIONS], hash[SCRY_CONDITIONS];
} identical_check;

/* Compare the rows of the tile, as tile_load read them. {0} at the beginning of a group. */
void identical_add_tile(identical_check *check, const build_tile *tile);
/* True when rows of a and b were compared, and none differs. */
bool identical_result(const identical_check *check, int a, int b);

#endif
