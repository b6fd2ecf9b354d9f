/* train/defaults.h: defaults of the settings, their ranges, and the loss rules that follow. */
#ifndef SCRY_TRAIN_DEFAULTS_H
#define SCRY_TRAIN_DEFAULTS_H

#include "train.h"
#include "train/step.h"

enum {
#define SETTING(name, least, most, whole, words) SETTING_##name,
    SCRY_TRAIN_SETTINGS(SETTING)
#undef SETTING
        SETTINGS
};

/* Names in the order of SCRY_TRAIN_SETTINGS, and the numbers by that order. */
extern const char *const setting_names[SETTINGS];
double setting_get(const scry_train_settings *s, int which);

/* Give every undecided setting its default for residuals of width d with `rows` training rows, of which `window` fit
 * into memory. False and err when a setting is out of range or does not go with another. */
bool resolve_defaults(scry_train_settings *s, uint32_t d, uint64_t rows, uint64_t window, scry_error *err);

step_rules rules_of_settings(const scry_train_settings *s);
/* Norms of the rows of W_enc and W_dec before the first step. */
void initial_norms(const scry_train_settings *s, real *encoder, real *decoder);

#endif
