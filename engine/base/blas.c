/* base/blas.c: OpenBLAS among threads of our own. */
#include "base/blas.h"
#include "base/sudden_end.h"

#include <cblas.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/mman.h>

/* OpenBLAS calls it before a fork, and begins again when more than one thread is asked for. Not in every
 * build of it. */
extern int blas_thread_shutdown_(void) __attribute__((weak));

/* Its own threads are started with the library and turn idly for the first tens of milliseconds: as long as a
 * whole index may take, on a processor that is needed. */
/* OpenBLAS maps a buffer of at most this size in the first product on a thread, and asks for it again without end where
 * there is no room (its BUFFER_SIZE, 32 MiB to 128 MiB on x86-64). */
static const size_t BUFFER = (size_t)129 << 20; /* and some room around it */

bool blas_has_room(void) {
    static _Thread_local bool found;
    if (found) return true;
    void *room = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) return false;
    munmap(room, BUFFER);
    found = true;
    return true;
}

void blas_room(void) {
    if (!blas_has_room()) sudden_end("out of memory: OpenBLAS needs %zu MiB for a thread", BUFFER >> 20);
}

void blas_single(void) {
    blas_room(); /* its threads may be asking for theirs */
    openblas_set_num_threads(1);
    if (blas_thread_shutdown_) blas_thread_shutdown_();
}
