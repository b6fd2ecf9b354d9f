/* explorer/async_results.h: what the explorer has worked out beside its frames: rho's company, the numbers of the plot
 * that is shown, and errands (explorer/jobs.h). */
#ifndef SCRY_EXPLORER_ASYNC_RESULTS_H
#define SCRY_EXPLORER_ASYNC_RESULTS_H

#include "explorer/jobs.h"

struct app;
typedef struct async_results async_results;

async_results *async_new(void);
/* Cancels, and waits until the threads have noticed: before the indexes that they read are closed. */
void async_free(async_results *w);

jobs *async_jobs(async_results *w);

/* A file that can be read from when something has come. */
int async_wake_fd(const async_results *w);
/* Something that is shown is neither there nor under way. What is under way for a state that has gone is
 * cancelled here. */
bool async_is_due(struct app *a);
/* Begins all that is due. */
void async_begin(struct app *a);
/* Takes what has come; true: draw. */
bool async_collect(struct app *a);
/* Is all there that this screen shows? */
bool async_is_current(struct app *a);
/* A command that shows what is worked out beside is done again when all of it is there: true. False: it is there, or
 * nothing is worked out beside (a script), and the command goes on. */
bool async_run_when_ready(struct app *a, const char *name, const char *argument);
bool async_drop_waiting(struct app *a); /* true: there was one */
/* Gives all of it up, and waits until the threads have noticed: before an index that they may read is closed. */
void async_cancel_all(struct app *a);
/* Works out all that this screen shows, here and now. */
void async_finish_all(struct app *a);

#endif
