/* table.c: the table of commands, made from commands.def. */
#include "commands/commands.h"
#include "words.h"

#include <stdio.h>
#include <string.h>

#define NO_SHELL    NULL
#define NO_EXPLORER NULL
const command commands[] = {
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help)                                               \
    {name, keys, arguments, help, GROUP_##group, shell, explorer},
#include "commands.def"
#undef COMMAND
};
const size_t command_count = sizeof commands / sizeof *commands;
const char *const command_group_names[GROUPS] = {"files", "moving", "the selection", "what is shown"};

const command *command_find(const char *name) {
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

bool command_in_shell(const char *word) {
    const command *c = command_find(word);
    return c && c->shell;
}

const char *commands_nearest(const char *word) {
    const char *names[sizeof commands / sizeof *commands];
    size_t n = 0;
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].shell) names[n++] = commands[i].name;
    return words_nearest(word, names, n);
}

void commands_list_shell(void) {
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].shell) {
            char left[80];
            snprintf(left, sizeof left, "%s %s", commands[i].name, commands[i].arguments);
            printf("  %-42s  %s\n", left, commands[i].help);
        }
}

void commands_usage(const char *name) {
    const command *c = command_find(name);
    if (c) printf("scry %s %s\n  %s\n\n", c->name, c->arguments, c->help);
}
