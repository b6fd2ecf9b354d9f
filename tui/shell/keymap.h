/* keymap.h: the keys of commands: those of the table of commands, unless the user set others. */
#ifndef SCRY_SHELL_KEYMAP_H
#define SCRY_SHELL_KEYMAP_H

#include "shell/commands.h"

/* All zero: the table's keys. */
typedef struct keymap {
    char **keys; /* owned [command_count]; NULL: the table's */
} keymap;

/* The keys of a command in the table's form, "j Down"; "" for none. Valid as long as the map. */
const char *keymap_keys(const keymap *m, const command *c);
/* The first of them in the form for messages ("space"); "" for none. */
void keymap_first(const keymap *m, const char *command, char *key, size_t size);
/* Replaces a command's keys, and removes them from all other commands. False with err for an unknown command of the
 * explorer or an unknown key. */
bool keymap_set(keymap *m, const char *command, const char *keys, scry_error *err);
/* The command that a key runs, or NULL. */
const command *keymap_command(const keymap *m, uint32_t key);
void keymap_free(keymap *m);

#endif
