/* test_tui_session_autosave.c: after any commands, the saved session restores the same screen, the same history and the
 * same file; damaged, foreign and unwritable files do no harm. */
#include "base/clock.h"
#include "check.h"
#include "odd_names.h"
#include "sample_app.h"

#include "explorer/app.h"
#include "synth.h"
#include "explorer/table/column_table.h"
#include "explorer/panes/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *sample;

static app *open_app(const char *kept, bool restore) {
    app *a = sample_app(sample, 80);
    if (kept) autosave_begin(a, a->tab, kept);
    if (kept && restore) autosave_restore(a, a->tab);
    return a;
}

/* The screen without what is of the moment: the scroll, the message, the step of rho, the bars' full length. */
static const grid *screen_of(app *a) {
    a->tab->table->top = 0;
    a->tab->domains->top = 0;
    for (int i = 0; i < latent_page_count; i++) latent_pages[i]->move(a, MOVE_FIRST, 0);
    a->tab->domains->scale = 0;
    a->tab->rho_before = (double)NAN;
    a->message[0] = 0;
    app_draw(a);
    if (latent_working(a)) latent_work(a, 0);
    app_draw(a);
    return a->grid;
}

static bool same_screen(app *a, app *b) {
    const grid *x = screen_of(a), *y = screen_of(b);
    return memcmp(x->cells, y->cells, (size_t)(x->rows * x->cols) * sizeof *x->cells) == 0;
}

/* Not "sort in" or "what-if": the table is not sorted again when the selection changes. */
static const char *const words[] = {"toggle",
                                    "toggle",
                                    "down 7",
                                    "toggle 3,17,90-120",
                                    "more",
                                    "fewer 30",
                                    "undo",
                                    "undo",
                                    "redo",
                                    "by-trained",
                                    "by-icl",
                                    "metric d",
                                    "metric sq",
                                    "score-act2",
                                    "score-act",
                                    "signed",
                                    "domains extremes:3",
                                    "domains all",
                                    "mark",
                                    "unmark",
                                    "toggle-marked",
                                    "sort rate",
                                    "sort label",
                                    "sort rank",
                                    "reverse",
                                    "pane",
                                    "pane-back",
                                    "open",
                                    "capture",
                                    "latent 1890",
                                    "last",
                                    "first",
                                    "mark 0,63-65,2047",
                                    "capture all",
                                    "sort sts",
                                    "top 0",
                                    "page",
                                    "conditions",
                                    "wrap",
                                    "interval q2",
                                    "interval top",
                                    "histogram log",
                                    "profile sts",
                                    "together pmi",
                                    "neighbours"};
enum { WORDS = sizeof words / sizeof *words };

static void any_commands(void) {
    const char *first = scratch("a.session"), *second = scratch("b.session");
    app *a = open_app(first, false);
    uint64_t state = 5;
    size_t screens = 0, files = 0, histories = 0, rounds = SANITIZED ? 20 : 60;
    for (size_t round = 0; round < rounds; round++) {
        for (int i = 0; i < 12; i++) {
            app_command(a, words[roll_below(&state, WORDS)]);
            app_draw(a);
        }
        autosave_save(a, true);
        size_t undo, redo, undo_b, redo_b, size;
        uint8_t *bytes = read_bytes(first, &size);
        write_bytes(second, bytes, size);
        free(bytes);
        app *b = open_app(second, true);
        screens += !same_screen(a, b);
        scry_session_history(a->tab->session, &undo, &redo);
        scry_session_history(b->tab->session, &undo_b, &redo_b);
        histories += undo != undo_b || redo != redo_b;
        /* changed and changed back, it is written again from what was read */
        app_command(b, "capture");
        autosave_save(b, true);
        char back[80];
        int capture = a->tab->latent_pane->capture;
        snprintf(back, sizeof back, "capture %s", capture < 0 ? "all" : a->tab->info->capture[capture].name);
        app_command(b, back);
        autosave_save(b, true);
        files += !same_content(first, second);
        app_free(b);
    }
    check_is(screens, 0, "after any 12 commands, the screen comes back: %zu rounds", rounds);
    check_is(histories, 0, "and all of the history");
    check_is(files, 0, "and the same bytes are written again");
    app_free(a);
}

static void undo_to_the_start(void) {
    const char *path = scratch("undo.session");
    app *a = open_app(path, false);
    app_command(a, "toggle");
    app_command(a, "toggle 5-9");
    app_command(a, "by-trained");
    app_command(a, "undo");
    autosave_save(a, true);
    app_free(a);
    app *b = open_app(path, true), *fresh = open_app(NULL, false);
    check_says(b->message, SAYS("session of 20", "restored", "--fresh"), "it says what it did");
    app_command(b, "redo");
    check(scry_session_ranking(b->tab->session)->source == SCRY_SFT, "what was undone can be done again");
    for (int i = 0; i < 3; i++) app_command(b, "undo");
    check(scry_set_equal(scry_session_set(b->tab->session), scry_session_set(fresh->tab->session)),
          "undone to the start, the selection is the first one");
    app_free(b);
    app_free(fresh);
}

/* Each line left out, and the file cut after each: as before, or a message; never another selection. */
static void damaged(void) {
    const char *path = scratch("whole.session"), *bad = scratch("bad.session");
    app *a = open_app(path, false);
    app_command(a, "toggle 3,4");
    app_command(a, "more");
    app_command(a, "sort rate");
    autosave_save(a, true);
    size_t size, said = 0, lines = 0, wrong = 0;
    char *text = (char *)read_bytes(path, &size);
    for (size_t from = 0; from < size; lines++) {
        size_t length = strcspn(text + from, "\n") + 1;
        for (int cut = 0; cut < 2; cut++) {
            write_text(bad, "%.*s%s", (int)from, text, cut ? "" : text + from + length);
            app *b = open_app(bad, true);
            bool whole = scry_set_equal(scry_session_set(a->tab->session), scry_session_set(b->tab->session));
            said += b->message_is_error;
            wrong += b->message_is_error == whole;
            app_free(b);
        }
        from += length;
    }
    check(said > lines && wrong == 0, "%zu damaged files: %zu are said to be, %zu gave another selection", 2 * lines,
          said, wrong);
    write_text(bad, "%sno-such-command 5\nexport %s\nquit\nsort no-such-column\nsort latent\n", text,
               scratch("stolen.csv"));
    app *b = open_app(bad, true);
    check(!b->message_is_error && strcmp(columns[b->tab->table->column].name, "latent") == 0,
          "lines that fail are skipped, found \"%s\"", b->message);
    check(!file_exists(scratch("stolen.csv")), "a session writes no files");
    free(text);
    app_free(a);
    app_free(b);
}

static double test_now = 1000;

static double test_clock(void) {
    return test_now;
}

static void files(void) {
    const char *state = scratch_folder("state");
    setenv("XDG_STATE_HOME", state, 1);
    app *a = open_app("", false);
    autosave_free(a->tab->autosave);
    a->tab->autosave = autosave_new();
    autosave_begin(a, a->tab, NULL);
    char *path = strdup(a->tab->autosave->path), name[40];
    snprintf(name, sizeof name, "-%016llx.session", (unsigned long long)scry_fingerprint(a->tab->index));
    check_says(path, SAYS(state, "/scry/sessions/Original-questions", name), "the file is named by the index");
    autosave_save(a, true);
    check(!file_exists(path), "nothing done, nothing written");
    app_command(a, "toggle 9");
    autosave_mark_dirty(a);
    check(autosave_due(a) == AUTOSAVE_AFTER_MS, "a change is due to be saved in %d ms", autosave_due(a));
    test_now += 0.75;
    autosave_mark_dirty(a);
    check(autosave_due(a) == AUTOSAVE_AFTER_MS - 750, "another does not put it off: in %d ms", autosave_due(a));
    test_now += 0.75;
    check(autosave_due(a) == 0, "and when that is over, now");
    autosave_save(a, false);
    autosave_save(a, true);
    check(file_exists(path) && autosave_due(a) == -1, "and then it is");

    /* a second explorer on the same index, begun anew */
    app *b = open_app(NULL, false);
    autosave_begin(b, b->tab, NULL);
    app_command(b, "toggle 10");
    autosave_save(b, true);
    char old[600];
    snprintf(old, sizeof old, "%s.old", path);
    check(file_exists(old), "a fresh start backs up the earlier session");
    app_command(a, "toggle 11");
    autosave_save(a, true);
    app *c = open_app(path, true);
    const scry_set *set = scry_session_set(c->tab->session);
    bool before = scry_set_has(scry_session_set(a->tab->session), 9);
    check(scry_set_has(set, 9) == before && scry_set_equal(set, scry_session_set(a->tab->session)),
          "of two explorers on one index the last to write wins");
    check_is(count_names(scratch("state/scry/sessions"), "tmp"), 0, "nothing half written is left");
    free(path);
    app_free(a);
    app_free(b);
    app_free(c);

    a = open_app("/dev/null/x.session", false);
    check(autosave_error(a) == NULL, "no trouble before anything is written");
    app_command(a, "toggle");
    autosave_save(a, true);
    check_says(autosave_error(a) ? autosave_error(a) : "", SAYS("cannot be written"),
               "a place that cannot be written is said to be");
    check_says(a->message, SAYS("session ", "cannot be written", ":session FILE"),
               "on the screen too, with what to do");
    app_say(a, "else");
    autosave_save(a, true);
    check_says(a->message, SAYS("else"), "once");
    app_command(a, "info");
    check_says(a->message, SAYS("cannot be written", ":session FILE"), ":info says so");
    a->can_ask = true;
    check(!(app_command(a, "quit") & DID_QUIT), "to quit has to be asked for twice");
    check_says(a->message, SAYS("cannot be written", "q again quits"), "and says why");
    app_command(a, "session");
    const char *elsewhere = scratch("elsewhere.session"), *taken = scratch("taken");
    write_text(taken, "something else");
    app_command(a, text_of("session %s", taken));
    check_says(a->message, SAYS("not a session"), "another file is not overwritten");
    app_command(a, text_of("session %s", elsewhere));
    check_says(a->message, SAYS("saved to", "elsewhere.session"), ":session saves it elsewhere");
    check(!autosave_error(a) && file_exists(elsewhere), "and it is there");
    check(app_command(a, "quit") & DID_QUIT, "so that one may quit");
    app *d = open_app(elsewhere, true);
    check(scry_set_equal(scry_session_set(d->tab->session), scry_session_set(a->tab->session)), "and go on from it");
    app_free(d);
    app_free(a);
}

static void identity(void) {
    scry_error err = {0};
    const char *twin = scratch("twin.scry"), *other = scratch("other.scry");
    size_t size;
    uint8_t *bytes = read_bytes(sample, &size);
    write_bytes(twin, bytes, size);
    free(bytes);
    synth_options small = {.latents = 64, .domains = 3, .tokens = 16, .rho = 0.5};
    bool made = scry_synth(scratch("synth"), &small, NULL, &err) &&
                scry_index_build(scratch("synth/study.json"), other, NULL, NULL, NULL, &err);
    if (!check(made, "another study is made %s", err.text)) return;
    const char *paths[] = {sample, twin, other};
    uint64_t id[3];
    for (int i = 0; i < 3; i++) {
        scry_index *x = scry_open(paths[i], false, &err);
        id[i] = scry_fingerprint(x);
        scry_close(x);
    }
    check(id[0] == id[1], "a copy has the same identity");
    check(id[0] != id[2], "another index has another");
}

/* A name with a line break is not read as a command of its own. */
static void odd(void) {
    const char *path = odd_index(), *kept = scratch("odd.session");
    app *a[2];
    for (int i = 0; i < 2; i++) {
        a[i] = sample_app(path, 80);
        autosave_begin(a[i], a[i]->tab, kept);
        if (i) check(autosave_restore(a[i], a[i]->tab), "a session with odd names is restored: %s", a[i]->message);
        else
            a[i]->tab->domains->current = 2, a[i]->tab->latent_pane->capture = 8, autosave_mark_dirty(a[i]),
            autosave_save(a[i], true);
    }
    check_is(a[1]->tab->domains->current, 2, "the domain is found again");
    check_is((uint64_t)a[1]->tab->latent_pane->capture, 8, "and the capture");
    check_is(a[1]->tab->table->marks->count, 0, "and what follows a line break in a name is no command");
    app_free(a[0]);
    app_free(a[1]);
}

int main(void) {
    clock_replace(test_clock);
    sample = sample_index();
    any_commands();
    undo_to_the_start();
    damaged();
    files();
    identity();
    odd();
    return check_end();
}
