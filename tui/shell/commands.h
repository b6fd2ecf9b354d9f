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
/* What follows the word in the shell (its length in *length), and in the explorer. */
const char *command_shell_arguments(const command *c, int *length);
const char *command_explorer_arguments(const command *c);
/* Is this word a command of the shell? */
bool command_in_shell(const char *word);
/* The shell's command that is nearest to a wrong word, or NULL. */
const char *commands_nearest(const char *word);
void commands_list_shell(void);
void commands_usage(const char *name);

/* The i-th row of a list; false: there are no more. */
typedef bool (*help_row)(size_t i, const char **name, const char **help);
/* Sets the list that the manual page has below the explorer's commands. Its title is borrowed. */
void help_set_list(const char *title, help_row row);

/* The functions that the rows name for the shell; they return the exit status. */
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help) int shell(const options *o);
#include "shell/commands.def"
#undef COMMAND

#endif
