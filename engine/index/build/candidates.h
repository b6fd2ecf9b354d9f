/* candidates.h: which latents the domains are encoded on, with options.candidates. */
#ifndef SCRY_INDEX_BUILD_CANDIDATES_H
#define SCRY_INDEX_BUILD_CANDIDATES_H

#include "index/build/statistics.h"

/* False and err when the study cannot be encoded on some latents only. */
bool candidates_allowed(const build_inputs *in);
/* Fill in->candidates from the statistics of all training sets. */
void candidates_choose(build_inputs *in, const statistics *s);

#endif
