/* commands.h: the table of commands (shell/commands.def), and the functions behind its rows. */
#ifndef SCRY_SHELL_COMMANDS_H
#define SCRY_SHELL_COMMANDS_H

#include "shell/options.h"

struct app;

/* The effect of an explorer command, as bits, by which the event loop decides what to do next. */
typedef enum command_effect { DID_NOTHING = 0, DID_CHANGE = 1, DID_QUIT = 2, DID_REDRAW = 4 } command_effect;

typedef enum command_group { GROUP_FILES, GROUP_MOVE, GROUP_SELECT, GROUP_VIEW, GROUPS } command_group;

typedef struct command {
    const char *name, *keys, *arguments, *help;
    command_group group;
    int (*shell)(const options *o); /* exit status */
    command_effect (*explorer)(struct app *app, const char *argument);
} command;

extern const command commands[];
extern const size_t command_count;
extern const char *const command_group_names[GROUPS];

const command *command_find(const char *name);
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

/* The functions of the rows. */
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help)                                               \
    int shell(const options *o);                                                                                       \
    command_effect explorer(struct app *app, const char *argument);
#include "shell/commands.def"
#undef COMMAND

#endif
