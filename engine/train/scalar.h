/* train/scalar.h: the number that training computes in.
 *
 * Single precision; the test of the gradients compiles the same files in double precision, where
 * finite differences can be told from rounding. */
#ifndef SCRY_TRAIN_SCALAR_H
#define SCRY_TRAIN_SCALAR_H

#include "base/cpu_dispatch.h"

#include <cblas.h>

#ifdef TRAIN_DOUBLE
typedef double real;
#define REAL_GEMM cblas_dgemm
#define REAL_SQRT sqrt
#else
typedef float real;
#define REAL_GEMM cblas_sgemm
#define REAL_SQRT sqrtf
#endif

#endif
