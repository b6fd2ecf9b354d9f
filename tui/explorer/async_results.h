/* explorer/async_results.h: the explorer's background work: rho's statistics, the numbers of the plot
 * that is shown, and jobs (explorer/jobs.h). */
#ifndef SCRY_EXPLORER_ASYNC_RESULTS_H
#define SCRY_EXPLORER_ASYNC_RESULTS_H

#include "explorer/app_services.h"

typedef struct async_results async_results;

async_results *async_new(void);
/* Cancels all work and waits for the threads. Call it before closing the indexes that they read. */
void async_free(async_results *w);

/* The file descriptor that becomes readable when a result has arrived, and the one that threads write to. */
int async_wake_fd(const async_results *w);
int async_bell(const async_results *w);
/* True when a result on screen is missing and not being computed. Cancels computations for an outdated state. */
bool async_is_due(app *a);
/* Starts computing all missing results. */
void async_begin(app *a);
/* Takes the results that have arrived. True when the screen has changed. */
bool async_collect(app *a);
/* True when every result on screen is up to date. */
bool async_is_current(app *a);
/* Postpones a command until every result that it shows is ready, and returns true. False when they are ready, or
 * nothing is computed in the background (a script): the command continues. */
bool async_run_when_ready(app *a, const char *name, const char *argument);
bool async_drop_waiting(app *a); /* cancels a postponed command; true: there was one */
/* Cancels all work on the open indexes and waits for the threads. Call it before closing an index. */
void async_cancel_all(app *a);
/* Computes every result on screen on this thread. */
void async_finish_all(app *a);

#endif
