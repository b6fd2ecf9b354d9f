/* base/blas.h: OpenBLAS in a program with its own threads. */
#ifndef SCRY_BASE_BLAS_H
#define SCRY_BASE_BLAS_H

#include <stdbool.h>

/* Make every later BLAS call run in its calling thread alone. */
void blas_single(void);
/* Ends the program with a message where this thread has no room for OpenBLAS's buffer: to be called before a product,
 * which would ask for it without end. After the first call on a thread it costs nothing. */
void blas_room(void);
/* Whether there is that room. Where there is none, OpenBLAS's own threads may be asking for it, and exit() waits for
 * them. */
bool blas_has_room(void);

#endif
