/* watch.h: the curves of a training run on the terminal: of this process, of another, or of a finished one. */
#ifndef SCRY_WATCH_WATCH_H
#define SCRY_WATCH_WATCH_H

#include "draw/theme.h"
#include "train.h"

#include <stdio.h>

typedef struct watch_run {
    const char *folder; /* holds the log; with `progress` the log may not exist yet */
    bool ascii;
    const theme *look; /* NULL: the default theme */
    /* NULL where another process trains; then only the log is read. Called on this thread; false: the run has ended. */
    bool (*progress)(void *context, scry_train_progress *progress);
    void *context;
    int bell; /* a file descriptor that becomes readable when the run may have ended; -1: none */
} watch_run;

typedef enum watch_end {
    WATCH_ENDED,     /* `progress` returned false */
    WATCH_LEFT,      /* by q, and without `progress` by ctrl-C */
    WATCH_STOPPED,   /* by ctrl-C */
    WATCH_SIGNALLED, /* SIGTERM, SIGHUP: in *number */
    WATCH_FAILED     /* no terminal, or no log; see err */
} watch_end;

/* Draws the curves until the run ends or the user leaves, then restores the terminal. */
watch_end watch(const watch_run *run, int *number, scry_error *err);

/* Prints the current curves and the progress as text to a file. False and err without a log. */
bool watch_print(const char *folder, int rows, int cols, bool ascii, FILE *to, scry_error *err);

#endif
