/* write_postings.h: postings and key pieces to the index. */
#ifndef SCRY_INDEX_BUILD_WRITE_POSTINGS_H
#define SCRY_INDEX_BUILD_WRITE_POSTINGS_H

#include "index/build/inputs.h"
#include "index/build/spill.h"
#include "index/format/active_rows.h"

/* Write the sections post/... and key/... Empties the store. False and err when spilled postings cannot be read. */
bool write_postings(const build_inputs *in, posting_store *store, const active_rows *rows, container_writer *w);

#endif
