/* defaults.h: the settings that a run was not given, and what they come to. */
#ifndef SCRY_TRAIN_DEFAULTS_H
#define SCRY_TRAIN_DEFAULTS_H

#include "train.h"
#include "train/step.h"

enum {
#define SETTING(name, least, most, whole, words) SETTLE_##name,
#include "train/settings.def"
#undef SETTING
    SETTINGS
};

/* Names in the order of settings.def, and the numbers by that order. */
extern const char *const defaults_names[SETTINGS];
double defaults_get(const scry_train_settings *s, int which);

/* Decides what is undecided, for residuals of width d with `rows` rows to train on; `window` rows fit into memory.
 * False and err when a setting is out of its range or does not go with another. */
bool resolve_defaults(scry_train_settings *s, uint32_t d, uint64_t rows, uint64_t window, scry_error *err);

step_rules defaults_rules(const scry_train_settings *s);
/* Lengths of the first rows of W_enc and W_dec. */
void defaults_norms(const scry_train_settings *s, real *encoder, real *decoder);

#endif
