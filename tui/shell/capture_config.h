/* capture_config.h: options from a JSON file whose keys are their names. */
#ifndef SCRY_SHELL_CAPTURE_CONFIG_H
#define SCRY_SHELL_CAPTURE_CONFIG_H

#include "shell/options.h"

/* The texts that the options borrow. */
typedef struct capture_config {
    char **text;
    size_t count;
} capture_config;

/* Reads the file into o, but for options that were given, which stay. A key is an option without its dashes; a list
 * stands for an option given several times, and so does an object, of NAME=F; true for one without argument. Files and
 * folders are relative to that of the JSON file. False and err for an unknown key, or a value of another kind. Owner:
 * capture_config_free, also after an error. */
bool capture_config_read(capture_config *config, const char *path, options *o, scry_error *err);
void capture_config_free(capture_config *config);

#endif
