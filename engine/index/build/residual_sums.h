/* residual_sums.h: sums over the residual stream's own dimensions, for the section raw/sums (format/layout.h), so
 * that the SAE can be compared with them. Taken while a tile is loaded, over all kept tokens. */
#ifndef SCRY_INDEX_BUILD_RESIDUAL_SUMS_H
#define SCRY_INDEX_BUILD_RESIDUAL_SUMS_H

#include "index/build/tile.h"
#include "index/format/container.h"

typedef struct residual_sums residual_sums;

/* Add the residuals that tile_load read, then prepare them for the encoder. *sums is made at the first
 * residuals; NULL before. */
void residual_sums_add_tile(residual_sums **sums, const build_tile *tile);
/* Memory that the sums take. */
uint64_t residual_sums_bytes(const build_inputs *in);
/* Write the section; nothing for NULL. */
void residual_sums_write(const residual_sums *sums, container_writer *w);
void residual_sums_free(residual_sums *sums);

#endif
