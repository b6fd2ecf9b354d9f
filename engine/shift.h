/* shift.h: the order of latents by size of their shift, for the engine's own files. */
#ifndef SCRY_SHIFT_H
#define SCRY_SHIFT_H

#include <stdint.h>

/* order[F]: latents by |shift[F]| descending, ties by latent ascending. Linear in F. */
void shift_order(const double *shift, uint32_t F, uint32_t *order);

#endif
