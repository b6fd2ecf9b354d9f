/* background.h: work on a thread of its own, one job at a time, so that no frame waits for it.
 *
 * All functions are called from one thread, the explorer's. A job works on what its context holds and
 * on what nobody changes meanwhile; its end is told on the explorer's thread, so that results need no lock. */
#ifndef SCRY_BACKGROUND_H
#define SCRY_BACKGROUND_H

#include "analysis.h"

typedef struct background background;

typedef struct background_job {
    /* On the worker's thread. Asks `stop` often enough that nobody waits for it when it is given up. */
    void (*work)(void *context, const scry_stop *stop);
    /* On the caller's thread, exactly once: takes the result and frees the context. whole: the work
     * came to its end and was not cancelled; else it may not even have begun. */
    void (*end)(void *context, bool whole);
    void *context;
} background_job;

/* bell: a byte is written to this file whenever a job has ended or gone on by a hundredth, for a loop that waits for it
 * (-1: none). No thread is there before the first job. Owner: background_free, which cancels and waits. */
background *background_new(int bell);
void background_free(background *b);

/* Cancels what there is and does this next; never waits. */
void background_begin(background *b, background_job job);
void background_cancel(background *b);
/* A job is under way, or its end has not been told. */
bool background_busy(background *b);
/* How much of the job is done, 0 to 1, as its work has told; 0 when none is under way. */
double background_share(background *b);
/* Tells the end of the jobs that have ended; never waits. True when one of them was whole. */
bool background_collect(background *b);
/* Waits until all has ended, then as background_collect. */
bool background_finish(background *b);

#endif
