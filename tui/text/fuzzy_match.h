/* text/fuzzy_match.h: fuzzy matching of a few typed letters with names. */
#ifndef SCRY_TEXT_FUZZY_MATCH_H
#define SCRY_TEXT_FUZZY_MATCH_H

#include <stdint.h>

/* Scores how well `typed` abbreviates `name`; 0 when its letters do not all occur in the name in this order, ignoring
 * case. The name itself scores highest, then a prefix, then letters that begin words or are adjacent, then short
 * names. letters (may be NULL): bit i is set for each matched byte i of the name. Only the first 63 bytes of both
 * count. An empty `typed` scores 1 for every name. */
int fuzzy_score(const char *typed, const char *name, uint64_t *letters);

#endif
