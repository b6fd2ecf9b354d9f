/* base/worker_thread.h: jobs on a thread of their own, one at a time, so that no frame waits for them.
 *
 * Call all functions from one thread, the owner. A job reads its context and what no other thread changes meanwhile;
 * its end is called on the owner's thread, so that results need no lock. */
#ifndef SCRY_BASE_WORKER_THREAD_H
#define SCRY_BASE_WORKER_THREAD_H

#include "base/cancel.h"

typedef struct worker_thread worker_thread;

typedef struct worker_job {
    /* Runs on the worker's thread. Polls `stop` often, so that cancelling does not wait. */
    void (*work)(void *context, const scry_cancel *stop);
    /* Runs on the owner's thread, exactly once: takes the result and frees the context. whole: the work ended and was
     * not cancelled; otherwise it may not have begun. */
    void (*end)(void *context, bool whole);
    void *context;
} worker_job;

/* bell: a file descriptor to which a byte is written whenever a job ends or advances by a hundredth, to wake an event
 * loop (-1: none). The thread starts with the first job. Owner: worker_free, which cancels and waits. */
worker_thread *worker_new(int bell);
void worker_free(worker_thread *b);

/* Wake the event loop of a bell, from any thread; -1: nothing. */
void worker_ring(int bell);

/* Cancel the current jobs and run this one next; never waits. */
void worker_begin(worker_thread *b, worker_job job);
void worker_cancel(worker_thread *b);
/* True while a job runs or waits, or its end has not been called. */
bool worker_is_busy(worker_thread *b);
/* The share of the running job that is done, 0 to 1, as it last reported; 0 when none runs. */
double worker_progress(worker_thread *b);
/* Call the end of every job that has ended; never waits. True when one of them was not cancelled. */
bool worker_collect(worker_thread *b);
/* Wait until all jobs have ended, then as worker_collect. */
bool worker_finish(worker_thread *b);

#endif
