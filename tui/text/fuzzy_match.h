/* text/fuzzy_match.h: how well a few typed letters fit a name. */
#ifndef SCRY_TEXT_FUZZY_MATCH_H
#define SCRY_TEXT_FUZZY_MATCH_H

#include <stdint.h>

/* 0 when the letters of `typed` are not all in `name` in this order (capitals alike), else more the better:
 * best the name itself, then its beginning, then letters that begin words or stand together, then short
 * names. letters (may be NULL): bit i for each byte i of the name that was matched. Of both, the first 63
 * bytes count. Nothing typed fits everything alike. */
int fuzzy_score(const char *typed, const char *name, uint64_t *letters);

#endif
