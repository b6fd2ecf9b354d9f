/* explorer/app_services.c: messages, commands, the prompt, focus and theme. */
#include "explorer/app_services.h"
#include "text/suggest.h"
#include "text/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

command_effect app_say(app *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(a->message, sizeof a->message, format, args);
    va_end(args);
    a->message_is_error = false;
    return DID_CHANGE;
}

command_effect app_fail(app *a, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(a->message, sizeof a->message, format, args);
    va_end(args);
    a->message_is_error = true;
    return DID_CHANGE;
}

command_effect app_run(app *a, const command *c, const char *argument) {
    const command *before = a->command;
    if (strcmp(c->name, "quit") != 0) a->asked_to_leave = false;
    a->command = c;
    command_effect effect = a->functions[c - commands](a, argument);
    a->command = before;
    app_record(a, c->name, argument);
    return effect;
}

void app_record(app *a, const char *name, const char *argument) {
    bool asks = a->prompt.then != NULL; /* it will run again, with the text typed */
    if (!asks && !(a->message_is_error && a->message[0])) recording_add(&a->recording, name, argument);
}

void app_record_mouse(app *a, const char *name, const char *format, ...) {
    char argument[TEXT_MOST];
    va_list args;
    va_start(args, format);
    vsnprintf(argument, sizeof argument, format, args);
    va_end(args);
    app_record(a, name, argument);
}

static command_effect no_such_command(app *a, const char *word) {
    const char *names[256];
    size_t n = 0;
    for (size_t i = 0; i < command_count && n < 256; i++)
        if (commands[i].explorer) names[n++] = commands[i].name;
    const char *near = suggest_nearest(word, names, n);
    return app_fail(a, "no command \"%s\"; %s%s%s", word, near ? "did you mean " : ":help lists them all",
                    near ? near : "", near ? "?" : "");
}

command_effect app_command(app *a, const char *line) {
    while (*line == ' ') line++;
    size_t length = strcspn(line, " ");
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(length < 60 ? length : 60), line);
    const char *argument = line + length;
    while (*argument == ' ') argument++;
    a->message[0] = 0;
    if (word[0] && !word[strspn(word, "0123456789")]) { /* ":123" */
        argument = line;
        snprintf(word, sizeof word, "latent");
    }
    const command *c = command_find(word);
    if (c && c->explorer) return app_run(a, c, argument);
    if (c) return app_fail(a, "%s is a command of the shell; scry %s --help there", c->name, c->name);
    return no_such_command(a, word);
}

command_effect app_ask(app *a, const char *name, const char *text) {
    a->prompt = (prompt){.then = command_find(name), .pick = -1};
    snprintf(a->prompt.text, sizeof a->prompt.text, "%s", text);
    a->prompt.at = strlen(a->prompt.text);
    return DID_CHANGE;
}

void app_fit_text(const app *a, const char *text, int cols, char *out, size_t size) {
    text_clean(text, out, size, a->ascii);
    text_fit(out, cols, a->ascii);
}

uint32_t app_latent(const app *a) {
    return a->tab->latent;
}

void app_focus(app *a, pane p) {
    a->tab->focus = p;
    if (a->tab->enlarged >= 0) a->tab->enlarged = (int)p;
}

void app_look(app *a, const theme *t, color_level colors) {
    theme_own own[ROLES];
    memcpy(own, a->theme.own, sizeof own);
    a->theme = *t;
    memcpy(a->theme.own, own, sizeof own);
    a->colors = colors;
    a->mono = t->look[colors] == t->look[COLOR_MONO];
}
