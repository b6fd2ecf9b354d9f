/* watch.h: the curves of a training run on the terminal, while this process trains, another does, or none any more. */
#ifndef SCRY_WATCH_WATCH_H
#define SCRY_WATCH_WATCH_H

#include "draw/theme.h"
#include "train.h"

#include <stdio.h>

typedef struct watch_run {
    const char *folder; /* its log; may not be there yet when `progress` is given */
    bool ascii;
    const theme *look; /* NULL: the usual one */
    /* NULL where another process trains: the log says all then. Called on this thread; false: the run has ended. */
    bool (*progress)(void *context, scry_train_progress *progress);
    void *context;
    int bell; /* something to read there: the run may have ended; -1: none */
} watch_run;

typedef enum watch_end {
    WATCH_ENDED,     /* `progress` said so */
    WATCH_LEFT,      /* by q, and without `progress` by ctrl-C */
    WATCH_STOPPED,   /* by ctrl-C */
    WATCH_SIGNALLED, /* SIGTERM, SIGHUP: in *number */
    WATCH_FAILED     /* there is no terminal to show it on, or no log; see err */
} watch_end;

/* Takes the terminal until the end, and gives it back as it was. */
watch_end watch(const watch_run *run, int *number, scry_error *err);

/* The curves as they are now, as text on a file, with the progress beneath. False and err without a log. */
bool watch_print(const char *folder, int rows, int cols, bool ascii, FILE *to, scry_error *err);

#endif
