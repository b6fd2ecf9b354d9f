/* rank/ranking.h: the order of latents by size of their shift, for the engine's own files. */
#ifndef SCRY_RANK_RANKING_H
#define SCRY_RANK_RANKING_H

#include <stdint.h>

/* order[F]: latents by |shift[F]| descending, ties by latent ascending. Linear in F. */
void ranking_order(const double *shift, uint32_t F, uint32_t *order);

#endif
