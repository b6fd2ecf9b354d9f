/* base/worker_thread.h: work on a thread of its own, one job at a time, so that no frame waits for it.
 *
 * All functions are called from one thread, the explorer's. A job works on what its context holds and
 * on what nobody changes meanwhile; its end is told on the explorer's thread, so that results need no lock. */
#ifndef SCRY_BASE_WORKER_THREAD_H
#define SCRY_BASE_WORKER_THREAD_H

#include "base/cancel.h"

typedef struct worker_thread worker_thread;

typedef struct worker_job {
    /* On the worker's thread. Asks `stop` often enough that nobody waits for it when it is given up. */
    void (*work)(void *context, const scry_cancel *stop);
    /* On the caller's thread, exactly once: takes the result and frees the context. whole: the work
     * came to its end and was not cancelled; else it may not even have begun. */
    void (*end)(void *context, bool whole);
    void *context;
} worker_job;

/* bell: a byte is written to this file whenever a job has ended or gone on by a hundredth, for a loop that waits for it
 * (-1: none). No thread is there before the first job. Owner: worker_free, which cancels and waits. */
worker_thread *worker_new(int bell);
void worker_free(worker_thread *b);

/* Cancels what there is and does this next; never waits. */
void worker_begin(worker_thread *b, worker_job job);
void worker_cancel(worker_thread *b);
/* A job is under way, or its end has not been told. */
bool worker_is_busy(worker_thread *b);
/* How much of the job is done, 0 to 1, as its work has told; 0 when none is under way. */
double worker_progress(worker_thread *b);
/* Tells the end of the jobs that have ended; never waits. True when one of them was whole. */
bool worker_collect(worker_thread *b);
/* Waits until all has ended, then as worker_collect. */
bool worker_finish(worker_thread *b);

#endif
