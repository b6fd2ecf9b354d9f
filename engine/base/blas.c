/* base/blas.c: OpenBLAS among threads of our own. */
#include "base/blas.h"

#include <cblas.h>

/* OpenBLAS calls it before a fork, and begins again when more than one thread is asked for. Not in every
 * build of it. */
extern int blas_thread_shutdown_(void) __attribute__((weak));

/* Its own threads are started with the library and turn idly for the first tens of milliseconds: as long as a
 * whole index may take, on a processor that is needed. */
void blas_single(void) {
    openblas_set_num_threads(1);
    if (blas_thread_shutdown_) blas_thread_shutdown_();
}
