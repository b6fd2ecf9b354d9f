/* works.h: what the explorer has worked out beside its frames: rho's company, and the numbers of the plot
 * that is shown. */
#ifndef SCRY_WORKS_H
#define SCRY_WORKS_H

#include <stdbool.h>

struct app;
typedef struct works works;

works *works_new(void);
/* Cancels, and waits until the threads have noticed: before the indexes that they read are closed. */
void works_free(works *w);

/* A file that can be read from when something has come. */
int works_bell(const works *w);
/* Something that is shown is neither there nor under way. What is under way for a state that has gone is
 * cancelled here. */
bool works_due(struct app *a);
/* Begins all that is due. */
void works_begin(struct app *a);
/* Takes what has come; true: draw. */
bool works_collect(struct app *a);
/* Works out all that this screen shows, here and now. */
void works_settle(struct app *a);

#endif
