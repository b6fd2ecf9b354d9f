/* train_watch.h: scry train --watch. */
#ifndef SCRY_SHELL_TRAIN_WATCH_H
#define SCRY_SHELL_TRAIN_WATCH_H

#include "shell/options.h"
#include "train.h"

/* Can the curves be drawn while a run trains: is standard output a terminal? */
bool train_watch_can(void);
/* scry_train on another thread, with its curves on the terminal until it ends or they are left; then with `show`,
 * for progress as without --watch: false stops. */
bool train_watched(const options *o, const scry_train_input *input, const scry_train_run *run,
                   scry_train_result *result, scry_notes *notes, scry_error *err);
/* scry train --watch DIR: a run that another process trains, or that is done. Returns the exit status. */
int train_watch_folder(const options *o);

#endif
