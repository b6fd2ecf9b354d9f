/* command_table.c: the table of commands, made from shell/commands.def. */
#include "shell/commands.h"
#include "text/suggest.h"

#include <stdio.h>
#include <string.h>

/* IS_THERE: true for a function's name; for these two their second word, false, stands where it looks. */
#define NO_SHELL          ~, false
#define NO_EXPLORER       ~, false
#define IS_THERE(...)     SECOND(__VA_ARGS__, true, ~)
#define SECOND(a, b, ...) b
const command commands[] = {
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help)                                               \
    {name, keys, arguments, help, GROUP_##group, IS_THERE(shell), IS_THERE(explorer)},
#include "shell/commands.def"
#undef COMMAND
};
const size_t command_count = sizeof commands / sizeof *commands;
const char *const command_group_names[GROUPS] = {"files", "navigation", "selection", "display"};

/* Older names of commands, which are still understood. */
static const char *const aliases[][2] = {{"labels", "task-share"}, {"versus", "conditions"}};

const command *command_find(const char *name) {
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++)
        if (strcmp(aliases[i][0], name) == 0) name = aliases[i][1];
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].name, name) == 0) return &commands[i];
    return NULL;
}

bool command_writes(const command *c) {
    static const char *const writers[] = {"export", "export-labels", "report", "svg", "screen", "record", "keep"};
    for (size_t i = 0; i < sizeof writers / sizeof *writers; i++)
        if (strcmp(writers[i], c->name) == 0) return true;
    return false;
}

const char *command_shell_arguments(const command *c, int *length) {
    const char *text = c->arguments, *bar = strstr(text, " | ");
    *length = bar ? (int)(bar - text) : (int)strlen(text);
    return text;
}

const char *command_explorer_arguments(const command *c) {
    const char *text = c->arguments, *bar = strstr(text, " | ");
    return bar ? bar + 3 : text;
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
    return suggest_nearest(word, names, n);
}

void commands_list_shell(void) {
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].shell) {
            char left[80];
            int length;
            const char *arguments = command_shell_arguments(&commands[i], &length);
            snprintf(left, sizeof left, "%s %.*s", commands[i].name, length, arguments);
            print_definition(left, commands[i].help);
        }
}

void commands_usage(const char *name) {
    const command *c = command_find(name);
    int length = 0;
    const char *arguments = c ? command_shell_arguments(c, &length) : "";
    if (c) printf("scry %s %.*s\n  %s\n\n", c->name, length, arguments, c->help);
}
