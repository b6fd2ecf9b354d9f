/* residual_sums.h: what an index keeps of the residual stream's own dimensions, so that the SAE can be compared
 * with them (STS paper, tables 5 and 13, fig. 2a): for each capture of residuals three numbers a
 * dimension. d is d_model.
 *
 *     raw/sums   double [captures][RESIDUAL_SUMS][d], NaN where there is no such number; absent when no
 *                capture holds residuals
 *
 * The sums are taken while a tile is loaded, before the SAE's own preparation of its input, over all
 * kept tokens: every shard has the same ones. */
#ifndef SCRY_INDEX_BUILD_RESIDUAL_SUMS_H
#define SCRY_INDEX_BUILD_RESIDUAL_SUMS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Over the capture's kept tokens E x and E x^2; over its pairs with the base of its group
 * E (x - x_base)^2, by token or by means over samples as the study pairs. */
enum { RESIDUAL_MEAN, RESIDUAL_SQUARE, RESIDUAL_DIFFERENCE, RESIDUAL_SUMS };

struct builder;
struct container_writer;
struct scry_index;

/* Adds the residuals of the tile that was just read, then prepares them for the encoder. */
void residual_sums_add_tile(struct builder *b);
/* Memory that the sums take. */
uint64_t residual_sums_bytes(const struct builder *b);
void residual_sums_write(const struct builder *b, struct container_writer *w);
void residual_sums_free(struct builder *b);

/* Finds the section in an open index; false with err when its size is wrong. */
bool residual_sums_open(struct scry_index *x, struct scry_error *err);

#endif
