/* explorer/jobs.h: commands whose answer takes longer than a frame: they run in the background while the
 * explorer goes on taking keys. What a job needs of the state is copied when it is begun, so that its answer is of
 * the moment at which it was asked for.
 *
 * In a script, in a macro and without a terminal a command is done when the next one begins: there a job is run
 * at once. */
#ifndef SCRY_EXPLORER_JOBS_H
#define SCRY_EXPLORER_JOBS_H

#include "base/cancel.h"
#include "explorer/app_services.h"

typedef struct jobs jobs;

enum { JOB_TITLE = 200 };

typedef struct job {
    char what[JOB_TITLE]; /* "report to out.html"; two of the same words are not run at once */
    bool page;            /* its answer is the page that is shown: when the page is left, it is given up */
    void (*work)(void *own, const scry_cancel *stop); /* on the background thread */
    /* On the explorer's thread, exactly once; frees own. whole: it was not given up. */
    void (*end)(app *a, void *own, bool whole);
    void *own;
} job;

/* bell: as in base/worker_thread.h. Owner: jobs_free. */
jobs *jobs_new(int bell);
/* Gives all up, and waits until the threads have noticed. */
void jobs_free(jobs *all);
/* From here on run them in the background; before, at once. */
void jobs_use_threads(jobs *all);
bool jobs_use_threads_now(const app *a); /* at this moment: not within a macro */

/* False, with the message said, when one of the same words is under way; own is then freed by e->end. */
bool job_begin(app *a, const job *e);
/* What is under way, the newest first: its words and how much is done, 0 to 1. NULL: none, of this kind. */
const char *job_running(const app *a, bool page, double *done);
/* Gives the newest up. False: there is none. */
bool job_cancel(app *a, bool page);
/* Takes what has come, and rings on; true: draw. */
bool jobs_collect(app *a);
/* Waits for all of them. */
void jobs_finish(app *a);

#endif
