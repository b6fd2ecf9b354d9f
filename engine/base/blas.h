/* base/blas.h: OpenBLAS in a program with its own threads. */
#ifndef SCRY_BASE_BLAS_H
#define SCRY_BASE_BLAS_H

/* Make every later BLAS call run in its calling thread alone. */
void blas_single(void);

#endif
