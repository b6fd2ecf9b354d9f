/* topk.h: which latents a TopK SAE keeps. */
#ifndef SCRY_INDEX_BUILD_TOPK_H
#define SCRY_INDEX_BUILD_TOPK_H

#include "index/build/tile.h"

/* Encode the residuals tile->X to tile->pre, and put what the SAE keeps of them in tile->part. */
void topk_choose(build_tile *tile);

#endif
