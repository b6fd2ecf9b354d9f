/* base/parallel.c: a thread pool that runs one loop over independent pieces.
 *
 * Loops often follow each other closely, a forward pass is some hundred short ones, and to put a thread to sleep and
 * wake it takes longer than the wait: whoever waits looks for a moment before sleeping. */
#include "base/parallel.h"
#include "base/clock.h"
#include "base/mem.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct worker {
    parallel *pool;
    pthread_t thread;
    unsigned number;
} worker;

struct parallel {
    unsigned threads; /* the calling thread is worker 0 */
    worker *workers;
    pthread_mutex_t lock;
    pthread_cond_t begin, done;
    atomic_ulong round; /* counts calls of parallel_for; a worker waits for the next. Changed under lock */
    atomic_uint busy;   /* workers that have not ended the round */
    atomic_bool quit;
    size_t pieces;
    atomic_size_t next;
    void (*work)(void *, size_t, unsigned);
    void *context;
};

static void take_pieces(parallel *pool, unsigned number) {
    for (;;) {
        size_t piece = atomic_fetch_add(&pool->next, 1);
        if (piece >= pool->pieces) return;
        pool->work(pool->context, piece, number);
    }
}

enum { LOOKS = 2000 }; /* some 50 microseconds */

static void pause_a_little(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/* Waits for a round after `seen`, or the end. */
static void await_round(parallel *pool, unsigned long seen) {
    for (int i = 0; i < LOOKS; i++, pause_a_little())
        if (atomic_load(&pool->round) != seen) return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->round) == seen && !atomic_load(&pool->quit)) pthread_cond_wait(&pool->begin, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void await_workers(parallel *pool) {
    for (int i = 0; i < LOOKS; i++, pause_a_little())
        if (atomic_load(&pool->busy) == 0) return;
    pthread_mutex_lock(&pool->lock);
    while (atomic_load(&pool->busy)) pthread_cond_wait(&pool->done, &pool->lock);
    pthread_mutex_unlock(&pool->lock);
}

static void *run(void *argument) {
    worker *me = argument;
    parallel *pool = me->pool;
    for (unsigned long seen = 0;; seen++) {
        await_round(pool, seen);
        if (atomic_load(&pool->round) == seen) return NULL; /* the end */
        take_pieces(pool, me->number);
        if (atomic_fetch_sub(&pool->busy, 1) > 1) continue;
        pthread_mutex_lock(&pool->lock);
        pthread_cond_signal(&pool->done);
        pthread_mutex_unlock(&pool->lock);
    }
}

parallel *parallel_start(unsigned threads) {
    if (threads == 0) {
        cpu_set_t allowed;
        threads = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? (unsigned)CPU_COUNT(&allowed) : 1;
    }
    parallel *pool = mem_new(1, sizeof *pool);
    pool->threads = threads;
    pool->workers = mem_new(threads, sizeof *pool->workers);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->begin, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (unsigned i = 1; i < threads; i++) {
        pool->workers[i] = (worker){.pool = pool, .number = i};
        if (pthread_create(&pool->workers[i].thread, NULL, run, &pool->workers[i]) != 0) {
            pool->threads = i; /* fewer threads: slower, not wrong */
            break;
        }
    }
    return pool;
}

void parallel_stop(parallel *pool) {
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->quit, true);
    pthread_cond_broadcast(&pool->begin);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 1; i < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->begin);
    pthread_cond_destroy(&pool->done);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

unsigned parallel_threads(const parallel *pool) {
    return pool->threads;
}

void parallel_for(parallel *pool, size_t pieces, void (*work)(void *, size_t, unsigned), void *context) {
    pool->pieces = pieces;
    pool->work = work;
    pool->context = context;
    atomic_store(&pool->next, 0);
    if (pool->threads > 1 && pieces > 1) {
        atomic_store(&pool->busy, pool->threads - 1);
        pthread_mutex_lock(&pool->lock);
        atomic_fetch_add(&pool->round, 1);
        pthread_cond_broadcast(&pool->begin);
        pthread_mutex_unlock(&pool->lock);
        take_pieces(pool, 0);
        await_workers(pool);
    } else {
        take_pieces(pool, 0);
    }
}

bool parallel_stretch(parallel **pool, uint32_t *next, uint32_t total, uint32_t block, double seconds,
                      void (*work)(void *, size_t, unsigned), void *context) {
    enum { ROUND = 16 }; /* pieces between two looks at the clock */
    double until = clock_seconds() + seconds;
    while (*next < total) {
        uint32_t left = total - *next, items = left < block * ROUND ? left : block * ROUND;
        parallel_for(*pool, (items + block - 1) / block, work, context);
        *next += items;
        if (seconds > 0 && clock_seconds() >= until) break;
    }
    if (*next < total) return false;
    parallel_stop(*pool);
    *pool = NULL;
    return true;
}
