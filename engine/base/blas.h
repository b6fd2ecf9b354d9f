/* base/blas.h: OpenBLAS among threads of our own. */
#ifndef SCRY_BASE_BLAS_H
#define SCRY_BASE_BLAS_H

/* From now on each call computes in the thread that makes it. */
void blas_single(void);

#endif
