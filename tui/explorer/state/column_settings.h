/* column_settings.h: the key "columns" of the user's settings. */
#ifndef SCRY_EXPLORER_STATE_COLUMN_SETTINGS_H
#define SCRY_EXPLORER_STATE_COLUMN_SETTINGS_H

#include "shell/config.h"

/* Reads the columns that the table has into config.columns; reports others. For config_read. */
extern const config_key column_settings;

#endif
