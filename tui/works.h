/* works.h: what the explorer has worked out beside its frames: rho's company, the numbers of the plot that is shown,
 * and errands (errands.h). */
#ifndef SCRY_WORKS_H
#define SCRY_WORKS_H

#include "errands.h"

struct app;
typedef struct works works;

works *works_new(void);
/* Cancels, and waits until the threads have noticed: before the indexes that they read are closed. */
void works_free(works *w);

errands *works_errands(works *w);

/* A file that can be read from when something has come. */
int works_bell(const works *w);
/* Something that is shown is neither there nor under way. What is under way for a state that has gone is
 * cancelled here. */
bool works_due(struct app *a);
/* Begins all that is due. */
void works_begin(struct app *a);
/* Takes what has come; true: draw. */
bool works_collect(struct app *a);
/* Is all there that this screen shows? */
bool works_ready(struct app *a);
/* A command that shows what is worked out beside is done again when all of it is there: true. False: it is there, or
 * nothing is worked out beside (a script), and the command goes on. */
bool works_later(struct app *a, const char *name, const char *argument);
bool works_forget_later(struct app *a); /* true: there was one */
/* Gives all of it up, and waits until the threads have noticed: before an index that they may read is closed. */
void works_halt(struct app *a);
/* Works out all that this screen shows, here and now. */
void works_settle(struct app *a);

#endif
