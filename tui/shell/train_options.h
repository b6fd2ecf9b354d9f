/* train_options.h: the words of scry train to the settings of a run. */
#ifndef SCRY_SHELL_TRAIN_OPTIONS_H
#define SCRY_SHELL_TRAIN_OPTIONS_H

#include "shell/options.h"
#include "train.h"

/* False and err where a word is wrong, or does not go with the architecture. */
bool train_options_read(const options *o, scry_train_settings *settings, scry_error *err);
/* The first option given that sets something of a run, "--lr"; NULL: none. */
const char *train_options_first(const options *o);

#endif
