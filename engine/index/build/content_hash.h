/* content_hash.h: a hash of all that an index is made from. */
#ifndef SCRY_INDEX_BUILD_CONTENT_HASH_H
#define SCRY_INDEX_BUILD_CONTENT_HASH_H

#include "study/study.h"

/* Hash the manifest, every file that it names, and the versions of scry and of the index format, to 16 digits. Large
 * files by parts. False and err when a file cannot be read. */
bool content_hash(const scry_study *study, char text[20], scry_error *err);

#endif
