/* Every row of the table of commands that the explorer has is run on the sample study, by name, by
 * its keys and with words it must refuse. A row that is not in the list below fails the test. */
#include "check.h"

#include "app.h"
#include "keys.h"
#include "views/view.h"

#include <stdio.h>
#include <string.h>

/* What each command is given; more than one for those that have several forms. */
static const struct {
    const char *name, *argument;
} runs[] = {
    {"info", ""},
    {"export", "@/set.csv"},
    {"export", "@/set.safetensors"},
    {"export", "@/set.json"},
    {"import", "@/set.csv"},
    {"report", "@/report.html"},
    {"baselines", ""},
    {"compare", ""},
    {"screen", "@/screen.txt"},
    {"quit", ""},
    {"down", ""},
    {"down", "3"},
    {"up", ""},
    {"page-down", ""},
    {"page-up", ""},
    {"last", ""},
    {"first", ""},
    {"latent", "17"},
    {"search", "the"},
    {"search-next", ""},
    {"search-back", ""},
    {"pane", ""},
    {"pane", "domains"},
    {"pane-back", ""},
    {"tab", ""},
    {"tab", "1"},
    {"tab-back", ""},
    {"open", ""},
    {"toggle", ""},
    {"toggle", "3,17"},
    {"mark", ""},
    {"toggle-marked", ""},
    {"unmark", ""},
    {"more", ""},
    {"fewer", ""},
    {"top", "50"},
    {"undo", ""},
    {"redo", ""},
    {"by-icl", ""},
    {"by-trained", ""},
    {"score-act", ""},
    {"score-act2", ""},
    {"score-icl", ""},
    {"metric", "d"},
    {"domains", "extremes:4"},
    {"signed", ""},
    {"sort", ""},
    {"sort", "rate"},
    {"reverse", ""},
    {"capture", ""},
    {"capture", "math.icl"},
    {"palette", ""},
    {"help", ""},
    {"redraw", ""},
};
enum { RUNS = sizeof runs / sizeof *runs };

static app *open_sample(const char *index) {
    app *a = NULL;
    for (int i = 0; i < 2; i++) {
        scry_error err = {0};
        scry_index *x = scry_open(index, true, &err);
        scry_session *s = x ? scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err) : NULL;
        if (!check(s != NULL, "the sample opens %s", err.text)) return NULL;
        if (a) app_add_tab(a, x, s);
        else a = app_new(x, s, 24, 80, false, false);
    }
    app_draw(a);
    return a;
}

static void run_all(app *a) {
    for (int i = 0; i < RUNS; i++) {
        char line[1200];
        const char *at = runs[i].argument;
        snprintf(line, sizeof line, "%s %s", runs[i].name, *at == '@' ? scratch("%s", at + 2) : at);
        command_effect effect = app_command(a, line);
        app_draw(a);
        check(effect != DID_NOTHING && !(a->message_is_error && a->message[0]), "%s %s: done, %s", runs[i].name, at,
              a->message_is_error ? a->message : "");
        a->prompt.then = NULL;
        a->tab->focus = PANE_TABLE;
        a->layer = NULL;
    }
}

static bool listed(const char *name) {
    for (int i = 0; i < RUNS; i++)
        if (strcmp(runs[i].name, name) == 0) return true;
    return false;
}

/* The first key of a row does what the row's name does: it is found, and no other row has it. */
static void keys_of(const command *c) {
    for (size_t i = 0; i < command_count; i++) {
        if (&commands[i] == c || !commands[i].explorer) continue;
        char keys[64];
        snprintf(keys, sizeof keys, "%s", c->keys);
        for (char *key = strtok(keys, " "); key; key = strtok(NULL, " ")) {
            char padded[80], own[32];
            snprintf(padded, sizeof padded, " %s ", commands[i].keys);
            snprintf(own, sizeof own, " %s ", key);
            if (strstr(padded, own))
                check(false, "%s and %s: found both on %s, expected one", c->name, commands[i].name, key);
        }
    }
}

int main(void) {
    scry_error err = {0};
    const char *index = scratch("sample.scry");
    if (!check(scry_index_build("sample_data/study.json", index, NULL, NULL, NULL, &err), "the sample is indexed %s",
               err.text))
        return check_end();
    app *a = open_sample(index);
    if (!a) return check_end();
    run_all(a);
    for (size_t i = 0; i < command_count; i++) {
        const command *c = &commands[i];
        if (!c->explorer) continue;
        check(listed(c->name), "%s: has a line in this test", c->name);
        keys_of(c);
    }
    app_command(a, "no-such-command");
    check_says(a->message, SAYS("no command"), "a wrong word");
    app_free(a);
    return check_end();
}
