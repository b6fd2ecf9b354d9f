/* test_tui_commands.c: runs every explorer command of the table on the sample study, by name, by its keys and with
 * arguments that it must refuse. A command that is missing in the list below fails the test. */
#include "check.h"
#include "effect_example.h"
#include "effects.h"
#include "sample_app.h"

#include "explorer/app.h"
#include "terminal/keys.h"
#include "explorer/panes/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What each command is given; more than one for those that have several forms. */
static const struct {
    const char *name, *argument;
} runs[] = {
    {"info", ""},
    {"fires-on", "the"},
    {"prompt", "2 + 2 ="},
    {"continue", "3"},
    {"steer", "12:2"},
    {"steer", "lens:1"},
    {"temperature", ".5"},
    {"seed", "3"},
    {"amplify", "2"},
    {"continue", ""},
    {"amplify", ""},
    {"steer", "off"},
    {"diff", ""},
    {"diff", "law"},
    {"lens", ""},
    {"lens", "icl math"},
    {"export", "@/set.csv"},
    {"export", "@/set.safetensors"},
    {"export", "@/set.json"},
    {"export", "@/top.csv of top20"},
    {"import", "@/set.csv"},
    {"report", "@/report.html"},
    {"baselines", ""},
    {"rho", ""},
    {"compare", ""},
    {"screen", "@/screen.txt"},
    {"record", "twice"},
    {"down", ""},
    {"record", ""},
    {"play", "twice 2"},
    {"macros", ""},
    {"copy", ""},
    {"copy", "set"},
    {"session", "@/own.session"},
    {"quit", ""},
    {"down", ""},
    {"down", "3"},
    {"up", ""},
    {"page-down", ""},
    {"page-up", ""},
    {"last", ""},
    {"first", ""},
    {"latent", "17"},
    {"latent", "random"},
    {"search", "the"},
    {"search-next", ""},
    {"search-back", ""},
    {"pane", ""},
    {"pane", "domains"},
    {"pane-back", ""},
    {"tab", ""},
    {"tab", "1"},
    {"tab-back", ""},
    {"add", "@/sample.scry"},
    {"add", "@/second.scry"},
    {"close", ""},
    {"open", ""},
    {"toggle", ""},
    {"toggle", "3,17"},
    {"mark", ""},
    {"mark", "5,9-12"},
    {"copy", "marked"},
    {"toggle-marked", ""},
    {"unmark", ""},
    {"more", ""},
    {"fewer", ""},
    {"top", "50"},
    {"keep", "core"},
    {"keep", "other top20 - 3"},
    {"sets", ""},
    {"choose", "core & top50"},
    {"against", "other"},
    {"forget", "other"},
    {"undo", ""},
    {"redo", ""},
    {"reset", ""},
    {"by-base", ""},
    {"by-icl", ""},
    {"by-trained", ""},
#define SCORE(id, name, ...) {"score-" #name, ""},
    SCRY_SCORE_TABLE(SCORE)
#undef SCORE
        {"train-set", "math"},
    {"metric", "d"},
    {"reference", "base"},
    {"against", "base"},
    {"domains", "extremes:4"},
    {"signed", ""},
    {"sort", ""},
    {"sort", "rate"},
    {"reverse", ""},
    {"plot", ""},
    {"svg", "@/plot.svg"},
    {"plot", "scatter"},
    {"plot", "concentration"},
    {"plot", "sweep"},
    {"plot", "bands"},
    {"plot", "overlap"},
    {"plot", "mix"},
    {"plot", "random"},
    {"plot", "labels"},
    {"plot", "repeats"},
    {"sweep", ""},
    {"sweep", "bands"},
    {"sweep", "random"},
    {"overlap", ""},
    {"mix", ""},
    {"mix", "100"},
    {"budget", "220"},
    {"task-share", ""},
    {"plot", "sweep"},
    {"point", ""},
    {"point", "-2"},
    {"take", ""},
    {"leave-out", ""},
    {"leave-out", "law"},
    {"capture", ""},
    {"capture", "math.icl"},
    {"palette", ""},
    {"help", ""},
    {"help", "undo"},
    {"theme", ""},
    {"theme", "light"},
    {"tokens", ""},
    {"tokens", "moved"},
    {"export-labels", "@/labels.csv"},
    {"wrap", ""},
    {"label", "a name"},
    {"edit-label", ""},
    {"page", ""},
    {"page", "profile"},
    {"histogram", "log"},
    {"profile", ""},
    {"sources", ""},
    {"neighbours", ""},
    {"together", "pmi"},
    {"logits", ""},
    {"label-prompts", "@/prompts.jsonl"},
    {"import-labels", "@/labels.csv"},
    {"interval", "q2"},
    {"interval", "0.5-2"},
    {"conditions", ""},
    {"versus", ""},
    {"against", "top50"},
    {"against", "top50 versus core"},
    {"mark", ""},
    {"down", "3"},
    {"mark-to", ""},
    {"mark-rows", "1-20"},
    {"mark-invert", ""},
    {"causal", "manual"},
    {"causal", "on mean drop"},
    {"causal", "zero keep 2"},
    {"causal", "off auto"},
    {"effect", ""},
    {"filter", "rank<=100"},
    {"mark-all", ""},
    {"unmark", ""},
    {"unfilter", ""},
    {"resort", ""},
    {"column-right", ""},
    {"column-left", ""},
    {"columns", "rank,latent,shift:20,label"},
    {"columns", "default"},
    {"column-hide", "share"},
    {"column-show", "share"},
    {"column-right", ""},
    {"column-on", ""},
    {"column-back", ""},
    {"column-move", "rate 3"},
    {"narrower", ""},
    {"wider", ""},
    {"column-width", "label 30"},
    {"domain", "law"},
    {"redraw", ""},
};
enum { RUNS = sizeof runs / sizeof *runs };

static app *open_sample(const char *path) {
    app *a = sample_app(path, 80);
    scry_index *index;
    scry_session *s = sample_session(path, &index);
    app_add_tab(a, index, s);
    app_draw(a);
    return a;
}

/* These work on the plot that the line before shows. */
static bool of_plot(const char *name) {
    return strcmp(name, "svg") == 0 || strcmp(name, "point") == 0 || strcmp(name, "take") == 0;
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
        if (i + 1 < RUNS && !of_plot(runs[i + 1].name)) a->layer = NULL;
    }
}

/* Commands that need a place: the latent that a list shows. */
static void run_jumps(app *a) {
    static const char *const lines[] = {"pane latent", "latent 1819", "together", "down", "jump", "back"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        app_command(a, lines[i]);
        if (latent_working(a)) latent_work(a, 0);
        app_draw(a);
        check(!(a->message_is_error && a->message[0]), "%s: done, %s", lines[i], a->message_is_error ? a->message : "");
    }
}

/* A picture over an older one takes its place whole: what a second name holds is the older one to the end; where it
 * cannot be written it is said, and nothing is left. */
static void run_pictures(app *a, const char *name, const char *file) {
    char kept[200] = "";
    const char *old = text_of("%s of before", file), *path = scratch("%s", file), *link_to = scratch("old-%s", file);
    write_text(path, "%s", old);
    check(link(path, link_to) == 0, "%s has a second name", file);
    if (strcmp(name, "svg") == 0) app_command(a, "plot scatter");
    app_command(a, text_of("%s %s", name, path));
    FILE *f = fopen(link_to, "r");
    bool read = f && fgets(kept, sizeof kept, f);
    if (f) fclose(f);
    struct stat st = {0};
    bool there = stat(path, &st) == 0;
    check(read && strcmp(kept, old) == 0 && there && st.st_size > 1000,
          "%s: another file of %ld bytes has taken its place", name, (long)st.st_size);
    static const char *const full[] = {"/dev/full", "nowhere/at/all"};
    for (size_t i = 0; i < 2; i++) {
        app_command(a, text_of("%s %s", name, full[i]));
        check(a->message_is_error && strstr(a->message, "cannot be written"), "%s %s: %s", name, full[i], a->message);
    }
    check(system(text_of("test \"$(ls '%s' | grep -c tmp)\" = 0", scratch("."))) == 0, "%s: nothing is left behind",
          name);
    a->layer = NULL;
}

/* Labels have no undo: what one was can be typed again. */
static void run_labels(app *a) {
    app_command(a, "label a first name");
    app_command(a, "label a second name");
    check_says(a->message, SAYS("a second name; it was: a first name"), "a label over another");
    app_command(a, "label");
    check_says(a->message, SAYS("no label; it was: a second name"), "a label taken away");
}

static bool listed(const char *name) {
    if (strcmp(name, "jump") == 0 || strcmp(name, "back") == 0) return true; /* run_jumps */
    if (strcmp(name, "yes") == 0 || strcmp(name, "no") == 0) return true;    /* test_tui_overwrite.c */
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

/* The score abl needs effect columns. */
static void write_effects(const char *sample) {
    scry_error err = {0};
    scry_index *x = scry_open(sample, false, &err);
    char *path = x ? scry_effects_path(x) : NULL;
    effect_example e = {0};
    check(path && effect_example_write(&e, x, path, SIZE_MAX, 0.2, 5, &err), "effect columns %s", err.text);
    effect_example_free(&e);
    free(path);
    scry_close(x);
}

int main(void) {
    setenv("XDG_DATA_HOME", scratch("data"), 1);
    const char *sample = sample_index();
    check(system(text_of("cp '%s' '%s'", sample, scratch("second.scry"))) == 0, "copied");
    write_effects(sample);
    app *a = open_sample(sample);
    run_all(a);
    run_jumps(a);
    run_labels(a);
    run_pictures(a, "screen", "over.txt");
    run_pictures(a, "svg", "over.svg");
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
