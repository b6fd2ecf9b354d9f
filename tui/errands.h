/* errands.h: commands whose answer takes longer than a frame: they are worked out on threads beside, while the
 * explorer goes on taking keys. What an errand needs of the state is copied when it is begun, so that its answer is
 * of the moment at which it was asked for.
 *
 * In a script, in a macro and without a terminal a command is done when the next one begins: there an errand is run
 * at once. */
#ifndef SCRY_ERRANDS_H
#define SCRY_ERRANDS_H

#include "stop.h"

#include <stdbool.h>

struct app;
typedef struct errands errands;

enum { ERRAND_WORDS = 200 };

typedef struct errand {
    char what[ERRAND_WORDS]; /* "report to out.html"; two of the same words are not run at once */
    bool page;               /* its answer is the page that is shown: when the page is left, it is given up */
    void (*work)(void *own, const scry_stop *stop); /* on the thread beside */
    /* On the explorer's thread, exactly once; frees own. whole: it was not given up. */
    void (*end)(struct app *a, void *own, bool whole);
    void *own;
} errand;

/* bell: as in background.h. Owner: errands_free. */
errands *errands_new(int bell);
/* Gives all up, and waits until the threads have noticed. */
void errands_free(errands *all);
/* From here on they are run beside; before, at once. */
void errands_beside(errands *all);
bool errands_are_beside(const struct app *a); /* at this moment: not within a macro */

/* False, with the message said, when one of the same words is under way; own is then freed by e->end. */
bool errand_begin(struct app *a, const errand *e);
/* What is under way, the newest first: its words and how much is done, 0 to 1. NULL: none, of this kind. */
const char *errand_under_way(const struct app *a, bool page, double *done);
/* Gives the newest up. False: there is none. */
bool errand_give_up(struct app *a, bool page);
/* Takes what has come, and rings on; true: draw. */
bool errands_collect(struct app *a);
/* Waits for all of them. */
void errands_finish(struct app *a);

#endif
