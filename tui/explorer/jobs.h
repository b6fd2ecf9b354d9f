/* explorer/jobs.h: commands that take longer than a frame run in the background while the explorer accepts keys. A job
 * copies the state that it needs when it starts, so that its result belongs to that moment.
 *
 * In a script, in a macro and without a terminal, a command has to end before the next one starts: there a job runs
 * synchronously. */
#ifndef SCRY_EXPLORER_JOBS_H
#define SCRY_EXPLORER_JOBS_H

#include "base/cancel.h"
#include "explorer/app_services.h"

typedef struct jobs jobs;

enum { JOB_TITLE = 200 };

typedef struct job {
    char what[JOB_TITLE]; /* "report to out.html"; two of the same title do not run at once */
    bool page;            /* its result is the page on screen: leaving the page cancels the job */
    void (*work)(void *own, const scry_cancel *stop); /* on the background thread */
    /* On the explorer's thread, exactly once; frees own. whole: it was not cancelled. */
    void (*end)(app *a, void *own, bool whole);
    void *own;
} job;

/* bell: as in base/worker_thread.h. Owner: jobs_free. */
jobs *jobs_new(int bell);
/* Cancels all jobs and waits for the threads. */
void jobs_free(jobs *all);
/* From here on jobs run in the background; before, synchronously. */
void jobs_use_threads(jobs *all);
bool jobs_use_threads_now(const app *a); /* false within a macro */

/* For work that has something to show before it is done: worker_ring. */
int jobs_bell(const app *a);

/* Starts a job. False, with a message, when one of the same title is running; e->end then frees own. */
bool job_begin(app *a, const job *e);
/* The title of the newest running job, of a page or not, and its progress from 0 to 1; NULL when there is none. */
const char *job_running(const app *a, bool page, double *done);
/* Cancels the newest. False when there is none. */
bool job_cancel(app *a, bool page);
/* Cancels the one of this title, if it runs. */
void job_cancel_titled(app *a, const char *what);
/* Takes the results that have arrived, and wakes the loop for more. True when the screen has changed. */
bool jobs_collect(app *a);
/* Waits for all jobs. */
void jobs_finish(app *a);

#endif
