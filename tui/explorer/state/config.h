/* config.h: what the user has set for every index: $XDG_CONFIG_HOME/scry/config.json (default ~/.config). It is read by
 * the explorer on a terminal; scripts and the shell's commands are the same for everyone.
 *
 *     {"theme": "light", "ascii": true, "mouse": false,
 *      "top": 200, "score": "act2", "by": "sft", "metric": "abs",
 *      "keys": {"toggle": "Space x"}, "colours": {"bar": "#ff8700", "error": "white on red"},
 *      "columns": ["rank", "latent", "label:40"],
 *      "start": ["sort rate", "capture math.icl"]}
 *
 * "columns" are the table's, in this order, some with a width; "start" are commands of the palette, run on an index
 * whose session is not restored, as the columns are. What is wrong is left out and said; the explorer opens all the
 * same. */
#ifndef SCRY_EXPLORER_STATE_CONFIG_H
#define SCRY_EXPLORER_STATE_CONFIG_H

#include "draw/theme.h"
#include "explorer/state/keymap.h"

typedef struct config {
    const theme *theme;              /* NULL: not set */
    theme_own own[ROLES];            /* colours of roles */
    int ascii, mouse;                /* 1, 0; -1: not set */
    char *top, *score, *by, *metric; /* as after the option of that name; NULL: not set */
    keymap keys;
    char *columns; /* as after :columns; NULL: not set */
    scry_notes start;
    scry_notes wrong; /* each: file, key, found, expected */
} config;

/* The file's path; caller frees. */
char *config_path(void);
/* No file: nothing is set. Owner: config_free. */
void config_read(config *c, const char *path);
void config_free(config *c);

#endif
