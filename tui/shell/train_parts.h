/* train_parts.h: the parts of scry train: the settings of a run from its options, and --watch. */
#ifndef SCRY_SHELL_TRAIN_PARTS_H
#define SCRY_SHELL_TRAIN_PARTS_H

#include "shell/options.h"
#include "train.h"

/* False and err where a word is wrong, or does not go with the architecture. */
bool train_options_read(const options *o, scry_train_settings *settings, scry_error *err);
/* The first option given that sets something of a run, "--lr"; NULL: none. */
const char *train_options_first(const options *o);

/* Can the curves be drawn while a run trains: is standard output a terminal? */
bool train_watch_can(void);
/* scry_train on another thread, with its curves on the terminal until it ends or they are left; then with `show`,
 * for progress as without --watch: false stops. */
bool train_watched(const options *o, const scry_train_input *input, const scry_train_run *run,
                   scry_train_result *result, scry_notes *notes, scry_error *err);
/* scry train --watch DIR: a run that another process trains, or that is done. Returns the exit status. */
int train_watch_folder(const options *o);

#endif
