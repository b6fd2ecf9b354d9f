/* write_sections.h: write an index from what was computed. */
#ifndef SCRY_INDEX_BUILD_WRITE_SECTIONS_H
#define SCRY_INDEX_BUILD_WRITE_SECTIONS_H

#include "index/build/residual_sums.h"
#include "index/build/spill.h"
#include "index/build/statistics.h"

/* Write the index at path. Empties the store. False and err when writing failed or was interrupted; path then holds
 * what it held before. */
bool write_index(const build_inputs *in, const statistics *s, const residual_sums *residuals, posting_store *store,
                 const char *path);

#endif
