/* config.h: the user's settings for every index: $XDG_CONFIG_HOME/scry/config.json (default ~/.config). The explorer
 * and the curves of a training run read them on a terminal; scripts and the shell's commands are the same for everyone.
 *
 *     {"theme": "light", "ascii": true, "mouse": false,
 *      "top": 200, "score": "act2", "by": "sft", "metric": "abs",
 *      "keys": {"toggle": "Space x"}, "colours": {"bar": "#ff8700", "error": "white on red"},
 *      "columns": ["rank", "latent", "label:40"],
 *      "start": ["sort rate", "capture math.icl"]}
 *
 * "columns" are the table's, in this order, some with a width; "start" has commands of the palette. Both apply where no
 * session is restored. Invalid settings are ignored and reported. */
#ifndef SCRY_SHELL_CONFIG_H
#define SCRY_SHELL_CONFIG_H

#include "draw/theme.h"
#include "shell/keymap.h"

#include <cjson/cJSON.h>

typedef struct config {
    const theme *theme;              /* NULL: not set */
    theme_own own[ROLES];            /* colours of roles */
    int ascii, mouse;                /* 1, 0; -1: not set */
    char *top, *score, *by, *metric; /* as the argument of the option of that name; NULL: not set */
    keymap keys;
    char *columns; /* as the argument of :columns; NULL: not set */
    scry_notes start;
    scry_notes wrong; /* each: file, key, found, expected */
} config;

/* The file's path. The caller frees it. */
char *config_path(void);

/* A key that another folder defines, with the function that reads its value. */
typedef struct config_reader config_reader;
typedef struct config_key {
    const char *name;
    void (*read)(config_reader *r, const char *key, const cJSON *value);
} config_key;
/* The settings that are being read. */
config *config_of(config_reader *r);
/* Adds to config.wrong that a key's value is not as expected. */
void config_wrong(config_reader *r, const char *key, const cJSON *found, const char *expected);

/* Reads the file; without one nothing is set. columns: the explorer's key; NULL: ignore its value. Owner:
 * config_free. */
void config_read(config *c, const char *path, const config_key *columns);
void config_free(config *c);

#endif
