/* keymap.h: which keys run which command: those of the table of commands, but for what the user set. */
#ifndef SCRY_SHELL_KEYMAP_H
#define SCRY_SHELL_KEYMAP_H

#include "shell/commands.h"

/* All zero: the table's keys. */
typedef struct keymap {
    char **keys; /* owned [command_count]; NULL: the table's */
} keymap;

/* The keys of a command as the table writes them, "j Down"; "" for none. Lasts as long as the map. */
const char *keymap_keys(const keymap *m, const command *c);
/* The first of them, as words show it ("space"); "" for none. */
void keymap_first(const keymap *m, const char *command, char *key, size_t size);
/* Gives a command these keys instead, and takes them from all others. False with err for a word that is no
 * command of the explorer, or no key. */
bool keymap_set(keymap *m, const char *command, const char *keys, scry_error *err);
/* The command that a key runs, or NULL. */
const command *keymap_command(const keymap *m, uint32_t key);
void keymap_free(keymap *m);

#endif
