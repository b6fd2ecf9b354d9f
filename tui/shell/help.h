/* help.h: what the manual page lists besides commands and options. */
#ifndef SCRY_SHELL_HELP_H
#define SCRY_SHELL_HELP_H

#include <stdbool.h>
#include <stddef.h>

/* The i-th row of a list; false: there are no more. */
typedef bool (*help_row)(size_t i, const char **name, const char **help);
/* Sets the list below the explorer's commands. Its title is borrowed. */
void help_set_list(const char *title, help_row row);

#endif
