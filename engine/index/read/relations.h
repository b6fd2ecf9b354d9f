/* relations.h: relations between the fields of an index that its readers rely on; relations.c lists them. */
#ifndef SCRY_INDEX_READ_RELATIONS_H
#define SCRY_INDEX_READ_RELATIONS_H

#include "index/read/index.h"

enum { INDEX_FIELD = 160 };

/* Fail with the file, the field of its meta data and what is wrong. Always false. */
__attribute__((format(printf, 4, 5))) bool index_refuse(const scry_index *index, scry_error *err, const char *field,
                                                        const char *format, ...);
/* "captures[5] (law.base)" */
const char *index_capture_field(size_t number, const char *name, char out[INDEX_FIELD]);

/* Check what info says of captures, training sets and domains, for info.against; those that do not depend on it once,
 * for base. False and err, which names the field, where one does not hold. */
bool index_relations_check(const scry_index *index, scry_error *err);
/* Check where the groups of postings begin. */
bool index_postings_check(const scry_index *index, scry_error *err);

#endif
