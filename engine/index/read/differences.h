/* differences.h: two models' differences on the tokens of an open index, which its views share. */
#ifndef SCRY_INDEX_READ_DIFFERENCES_H
#define SCRY_INDEX_READ_DIFFERENCES_H

#include "index/format/diff_rows.h"
#include "index/read/index.h"

/* Those in use; NULL: none. What was replaced stays valid until the index is closed. Any thread. */
const diff_rows *index_differences(const scry_index *index);
/* Puts a file in use, for all views. False and err when it does not fit or is damaged; what was in use stays. One
 * thread at a time, while others may read. */
bool index_differences_attach(const scry_index *index, const char *path, bool verify, uint64_t fingerprint,
                              scry_error *err);
uint64_t index_differences_version(const scry_index *index);
/* Why a file that is there could not be put in use; NULL: no such problem. */
const char *index_differences_problem(const scry_index *index);
void index_differences_set_problem(const scry_index *index, const scry_error *problem);

#endif
