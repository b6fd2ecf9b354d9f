/* live.h: commands whose effect is seen while they are typed. */
#ifndef SCRY_LIVE_H
#define SCRY_LIVE_H

#include "app.h"

typedef struct live {
    const char *command, *sign; /* sign: stands before what is typed */
    void (*typed)(app *a, const char *text);
    void (*left)(app *a);     /* by Esc */
    void (*complete)(app *a); /* by Tab; NULL: nothing to complete */
} live;

const live *live_find(const command *c); /* NULL: not one of them */

#endif
