/* commands.h: the table of commands (shell/commands.def), and the functions of the shell. */
#ifndef SCRY_SHELL_COMMANDS_H
#define SCRY_SHELL_COMMANDS_H

#include "shell/options.h"

typedef enum command_group { GROUP_FILES, GROUP_MOVE, GROUP_SELECT, GROUP_VIEW, GROUPS } command_group;

typedef struct command {
    const char *name, *keys, *arguments, *help;
    command_group group;
    bool shell, explorer; /* where it is known; its functions: tui/main.c, explorer/app_new.c */
} command;

extern const command commands[];
extern const size_t command_count;
extern const char *const command_group_names[GROUPS];

const command *command_find(const char *name);
/* True when the explorer's command writes a file: it asks before it overwrites one, and as NAME! does not. */
bool command_writes(const command *c);
/* The arguments in the shell (the first *length bytes), and in the explorer. */
const char *command_shell_arguments(const command *c, int *length);
const char *command_explorer_arguments(const command *c);
/* True when the word is a command of the shell. */
bool command_in_shell(const char *word);
/* The shell command nearest to a misspelt word, or NULL. */
const char *commands_nearest(const char *word);
void commands_list_shell(void);
void commands_usage(const char *name);

/* Returns row i of a list; false past the last. */
typedef bool (*help_row)(size_t i, const char **name, const char **help);
/* Sets the list below the explorer's commands in the manual page. The title is borrowed. */
void help_set_list(const char *title, help_row row);

/* The functions of the rows for the shell; they return the exit status. */
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help) int shell(const options *o);
#include "shell/commands.def"
#undef COMMAND

#endif
