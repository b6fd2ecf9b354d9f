/* write.h: write an index from what was computed. */
#ifndef SCRY_INDEX_BUILD_WRITE_H
#define SCRY_INDEX_BUILD_WRITE_H

#include "index/build/statistics.h"
#include "index/format/table.h"

/* Write the sections post/... and key/... Empties the store. False and err when spilled postings cannot be read. */
bool write_postings(const build_inputs *in, posting_store *store, const active_rows *rows, container_writer *w);

/* Write the index at path. Empties the store. False and err when writing failed or was interrupted; path then holds
 * what it held before. */
bool write_index(const build_inputs *in, const statistics *s, const residual_sums *residuals, posting_store *store,
                 const char *path);

#endif
