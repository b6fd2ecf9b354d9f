/* merge_logits.h: the texts of logits of several shards as one list. */
#ifndef SCRY_INDEX_BUILD_MERGE_LOGITS_H
#define SCRY_INDEX_BUILD_MERGE_LOGITS_H

#include "index/format/container.h"

/* Writes the bytes of "logit/id", "logit/at" or "logit/text" for the ids of all the shards' files to the open section:
 * each id once, ascending. False and err where a shard's own are missing or damaged. */
bool merge_logit_texts(const container *const *files, size_t count, const char *name, container_writer *w,
                       scry_error *err);

#endif
