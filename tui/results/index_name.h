/* index_name.h: what an open index is called where it is one of several. */
#ifndef SCRY_RESULTS_INDEX_NAME_H
#define SCRY_RESULTS_INDEX_NAME_H

#include "scry.h"

/* Writes the name of all[which]: its study's; where another of all[count] has the same one, also what tells them apart:
 * the file's name before it, or behind it the hook where the file lies in the cache, under a key that nobody knows. */
void index_name(const scry_info *const *all, size_t count, size_t which, char *out, size_t size);
/* The same of an index alone: its study's name, or its file's where the study has none. */
const char *index_name_alone(const scry_info *info);

#endif
