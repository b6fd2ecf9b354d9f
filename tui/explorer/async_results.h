/* explorer/async_results.h: what the explorer computes in the background: rho's statistics, the numbers of the plot
 * that is shown, and jobs (explorer/jobs.h). */
#ifndef SCRY_EXPLORER_ASYNC_RESULTS_H
#define SCRY_EXPLORER_ASYNC_RESULTS_H

#include "explorer/app_services.h"

typedef struct async_results async_results;

async_results *async_new(void);
/* Cancels, and waits until the threads have noticed: before the indexes that they read are closed. */
void async_free(async_results *w);

/* The file descriptor that is readable when something has come, and the one for threads to write to. */
int async_wake_fd(const async_results *w);
int async_bell(const async_results *w);
/* Something that is shown is neither there nor under way. What is under way for a state that has gone is
 * cancelled here. */
bool async_is_due(app *a);
/* Begins all that is due. */
void async_begin(app *a);
/* Takes what has come; true: draw. */
bool async_collect(app *a);
/* Is all there that this screen shows? */
bool async_is_current(app *a);
/* Run a command that shows such numbers again once all of them are there: true. False: they are there, or nothing is
 * computed in the background (a script), and the command goes on. */
bool async_run_when_ready(app *a, const char *name, const char *argument);
bool async_drop_waiting(app *a); /* true: there was one */
/* Gives all of it up, and waits until the threads have noticed: before an index that they may read is closed. */
void async_cancel_all(app *a);
/* Works out all that this screen shows, here and now. */
void async_finish_all(app *a);

#endif
