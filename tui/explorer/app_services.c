/* explorer/app_services.c: messages, commands, the prompt, focus and theme. */
#include "explorer/app_services.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "results/index_name.h"
#include "text/suggest.h"
#include "text/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

bool app_has_domains(app *a) {
    scry_error err = {0};
    if (scry_require_domains(a->tab->index, &err)) return true;
    app_fail(a, "%s", err.text);
    return false;
}

/* These leave a question as it is. */
static bool answers(const command *c) {
    return strcmp(c->name, "yes") == 0 || strcmp(c->name, "no") == 0 || strcmp(c->name, "palette") == 0;
}

command_effect app_run(app *a, const command *c, const char *argument) {
    const command *before = a->command;
    if (!answers(c)) a->question.command = NULL;
    if (strcmp(c->name, "quit") != 0) a->asked_to_leave = false;
    a->command = c;
    command_effect effect = a->functions[c - commands](a, argument);
    a->command = before;
    char forced[64];
    snprintf(forced, sizeof forced, "%s!", c->name);
    app_record(a, a->overwrites && command_writes(c) ? forced : c->name, argument);
    return effect;
}

bool app_may_write(app *a, const char *path, const char *what, const char *argument) {
    /* A pipe or a device is not replaced, and an index is refused by whoever writes. */
    if (!a->can_ask || a->overwrites || access(path, F_OK) != 0 || atomic_file_is_direct(path) ||
        atomic_file_is_index(path))
        return true;
    if (a->recording.depth) {
        app_fail(a, "%s exists; %s! overwrites it without asking", what, a->command->name);
        return false;
    }
    a->question.command = a->command;
    snprintf(a->question.argument, sizeof a->question.argument, "%s", argument);
    app_say(a, "%s exists: overwrite? :yes or :no (y n)", what);
    return false;
}

void app_record(app *a, const char *name, const char *argument) {
    bool asks = a->prompt.then || a->question.command; /* it will run again, with the text typed, or after yes */
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
    size_t end = strlen(word);
    bool forced = end > 1 && word[end - 1] == '!';
    if (forced) word[end - 1] = 0;
    const command *c = command_find(word);
    if (forced && c && !command_writes(c)) return app_fail(a, "%s overwrites no file: expected it without !", c->name);
    if (c && c->explorer) {
        bool before = a->overwrites;
        a->overwrites = forced;
        command_effect effect = app_run(a, c, argument);
        a->overwrites = before;
        return effect;
    }
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

const char *app_tuned_name(const app *a, char *out, size_t size) {
    if (app_amplifies(a)) snprintf(out, size, "tuned x %g", a->amplify);
    else snprintf(out, size, "tuned");
    return out;
}

uint32_t app_latent(const app *a) {
    return a->tab->latent;
}

void app_tab_name(const app *a, const tab *t, char *out, size_t size) {
    const scry_info **all = mem_new(a->tab_count, sizeof *all);
    size_t which = 0;
    for (size_t i = 0; i < a->tab_count; i++) {
        all[i] = a->tabs[i]->info;
        if (a->tabs[i] == t) which = i;
    }
    index_name(all, a->tab_count, which, out, size);
    free(all);
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
