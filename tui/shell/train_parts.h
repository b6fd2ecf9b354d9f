/* train_parts.h: the parts of scry train: the settings of a run from its options, and --watch. */
#ifndef SCRY_SHELL_TRAIN_PARTS_H
#define SCRY_SHELL_TRAIN_PARTS_H

#include "shell/options.h"
#include "train.h"

/* Reads the settings of a run. False and err for an invalid value, or an option that the architecture does not use. */
bool train_options_read(const options *o, scry_train_settings *settings, scry_error *err);
/* The first option given that sets something of a run, "--lr"; NULL: none. */
const char *train_options_first(const options *o);

/* True when the curves can be drawn while a run trains: standard output is a terminal. */
bool train_watch_can(void);
/* scry_train on another thread, with its curves on the terminal until it ends or they are left; then with `show`,
 * for progress as without --watch: false stops. */
bool train_watched(const options *o, const scry_train_input *input, const scry_train_run *run,
                   scry_train_result *result, scry_notes *notes, scry_error *err);
/* scry train --watch DIR: a run that another process trains, or that is done. Returns the exit status. */
int train_watch_folder(const options *o);

#endif
