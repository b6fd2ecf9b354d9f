/* residual_sums.h: sums over the residual stream's own dimensions, for the section raw/sums (format/layout.h), so
 * that the SAE can be compared with them. Taken while a tile is loaded, over all kept tokens. */
#ifndef SCRY_INDEX_BUILD_RESIDUAL_SUMS_H
#define SCRY_INDEX_BUILD_RESIDUAL_SUMS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct builder;
struct container_writer;

/* Adds the residuals of the tile that was just read, then prepares them for the encoder. */
void residual_sums_add_tile(struct builder *b);
/* Memory that the sums take. */
uint64_t residual_sums_bytes(const struct builder *b);
void residual_sums_write(const struct builder *b, struct container_writer *w);
void residual_sums_free(struct builder *b);

#endif
