/* tile_load.h: fill a tile from files. */
#ifndef SCRY_INDEX_BUILD_TILE_LOAD_H
#define SCRY_INDEX_BUILD_TILE_LOAD_H

#include "index/build/tile.h"

/* Read tile->row: residuals to tile->X and tile->norm, features to tile->part. False and err when a file cannot be
 * read. */
bool tile_load(build_tile *tile);

#endif
