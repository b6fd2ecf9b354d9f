/* explorer/event_loop.c: scry STUDY: the explorer, on a terminal or by script. */
#include "base/text_file.h"
#include "explorer/event_loop.h"
#include "base/sudden_end.h"
#include "explorer/app.h"
#include "explorer/async_results.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/lens/lens_page.h"
#include "explorer/table/column_table.h"
#include "explorer/state/script.h"
#include "explorer/state/session_autosave.h"
#include "explorer/table/table.h"
#include "shell/cli_context.h"
#include "shell/output.h"
#include "shell/config.h"
#include "terminal/terminal.h"
#include "text/charset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Makes the session of the options. NULL and err when the index lacks what they ask for. */
static scry_session *make_session(const options *o, scry_index *index, scry_error *err) {
    size_t train;
    scry_condition source;
    scry_metric metric;
    scry_score score;
    uint32_t top;
    const char *spec;
    bool is_signed;
    if (!cli_train(o, index, &train, err) || !cli_ranking(o, index, train, &source, &metric, err) ||
        !cli_score(o, index, &score, err) || !cli_top(o, index, 0, 100, &top, err) ||
        !cli_scope_spec(o, index, &spec, &is_signed, err))
        return NULL;
    scry_session *s = scry_session_new(index, train, source, metric, top, score, err);
    if (!s) return NULL;
    bool ok = scry_session_set_scope(s, spec, is_signed, err);
    if (ok && (o->set || o->latents || o->without || o->with)) {
        scry_set *set = cli_selection(o, index, scry_session_ranking(s), err);
        ok = set != NULL;
        if (ok) scry_session_adopt(s, set);
        scry_set_free(set);
    }
    if (ok) return s;
    scry_session_free(s);
    return NULL;
}

/* A command that fails ends the script. */
static int run_script(app *a, const char *path) {
    scry_error err = {0};
    FILE *f = strcmp(path, "-") == 0 ? stdin : text_file_open(path, &err);
    bool quit = false;
    if (f) script_run(a, f, path, &quit, &err);
    if (f && f != stdin) fclose(f);
    if (f) autosave_save(a, true);
    if (f && !err.status && autosave_error(a)) scry_fail(&err, "the session is not saved: %s", autosave_error(a));
    return err.status ? output_error(&err) : 0;
}

/* The commands that the user's settings give for an index without a session. */
static void start_anew(app *a, tab *t, const config *c) {
    tab *shown = a->tab;
    char said[TEXT_MOST] = "", wrong[64];
    if (c->columns) table_columns_read(t, c->columns, wrong); /* errors were reported when the file was read */
    if (!c->start.count) return;
    snprintf(said, sizeof said, "%s", a->message);
    bool error = a->message_is_error;
    a->tab = t;
    for (size_t i = 0; i < c->start.count && !error; i++) {
        app_draw(a);
        app_command(a, c->start.text[i]);
        a->prompt.then = NULL;
        error = a->message_is_error && a->message[0];
        if (error) snprintf(said, sizeof said, "start: %.200s: %.200s", c->start.text[i], a->message);
    }
    a->tab = shown;
    if (error) app_fail(a, "%s", said);
    else app_say(a, "%s", said);
}

/* Returns to the training set of the options, where the saved session has another. */
static void change_train(app *a, tab *t, size_t train) {
    tab *shown = a->tab;
    a->tab = t;
    if (scry_session_train_on(t->session, train, NULL)) table_refresh(a);
    a->tab = shown;
}

/* Restores the tabs' sessions and saves them from then on. Options that name a selection start a new session, and so
 * does a script unless it names its session. */
static void take_up_sessions(app *a, const options *o, const config *c) {
    const char *const chosen[] = {o->by,   o->metric, o->top,   o->set,     o->latents,   o->without,
                                  o->with, o->score,  o->fresh, o->domains, o->is_signed, o->is_absolute};
    bool anew = false;
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) anew = anew || chosen[i];
    if (o->script && !o->session) return;
    for (size_t i = a->tab_count; i-- > 0;) {
        autosave_begin(a, a->tabs[i], o->session);
        size_t asked = scry_session_ranking(a->tabs[i]->session)->train;
        bool restored = !anew && autosave_restore(a, a->tabs[i]);
        if (!restored) start_anew(a, a->tabs[i], c);
        else if (o->train) change_train(a, a->tabs[i], asked);
    }
}

/* Work that takes longer than a frame is started in the background when no key has come for this long. */
enum { WORK_AFTER_MS = 40 };
/* Other long work is done in slices of this length while no key is pending, with a frame after each. */
static const double WORK_SECONDS = 0.008;

/* Handles one event; the loop draws. */
static command_effect take(app *a, const event *e) {
    switch (e->kind) {
    case EVENT_KEY:
        return app_key(a, e->key);
    case EVENT_PASTE:
        return app_paste(a, e->text);
    case EVENT_CLICK:
        return app_click(a, e->y, e->x, e->steps);
    case EVENT_WHEEL:
        return app_wheel(a, e->y, e->x, e->steps);
    case EVENT_RESIZE:
        app_resize(a, e->y, e->x);
        return DID_CHANGE | DID_REDRAW;
    case EVENT_BELL:
        return async_collect(a) ? DID_CHANGE : DID_NOTHING;
    default:
        return DID_NOTHING;
    }
}

/* Runs until the user quits. Returns 0, or the signal that ended it. */
static int run_loop(app *a) {
    int effect = DID_CHANGE | DID_REDRAW;
    bool resting = false;
    while (!(effect & DID_QUIT)) {
        if (effect) {
            if (effect & DID_REDRAW) terminal_look(&a->theme, a->colors);
            app_draw(a);
            terminal_draw(a->grid, effect & DID_REDRAW);
            if (a->copied) terminal_copy(a->copied);
            free(a->copied);
            a->copied = NULL;
        }
        effect = DID_NOTHING;
        bool due = async_is_due(a), lens = lens_page_working(a), working = lens || latent_working(a);
        int waits = table_waits(a), save = autosave_due(a), rest = due || waits ? WORK_AFTER_MS : -1;
        bool now = working || waits == 2 || resting;
        event e = terminal_wait(now                                      ? 0
                                : save >= 0 && (rest < 0 || save < rest) ? save
                                                                         : rest,
                                async_wake_fd(a->async));
        resting = false;
        if (autosave_due(a) == 0) {
            effect = autosave_save(a, false) ? DID_CHANGE : DID_NOTHING;
        } else if (e.kind == EVENT_NONE && waits == 2) {
            effect = table_work(a) ? DID_CHANGE : DID_NOTHING;
        } else if (e.kind == EVENT_NONE && working) {
            if (!lens) latent_work(a, WORK_SECONDS); /* the lens works while it is drawn */
            effect = DID_CHANGE;
        } else if (e.kind == EVENT_NONE && due) {
            async_begin(a);
        } else if (e.kind == EVENT_NONE && waits) { /* no need to wait for the next slice */
            effect = table_work(a) ? DID_CHANGE : DID_NOTHING;
            resting = table_waits(a) != 0;
        }
        /* Handle all pending events before the next frame. */
        while (e.kind != EVENT_NONE && !(effect & DID_QUIT)) {
            if (e.kind == EVENT_SIGNAL) return e.number;
            int did = (int)take(a, &e);
            if (did) autosave_mark_dirty(a);
            effect |= did;
            e = terminal_wait(0, async_wake_fd(a->async));
        }
    }
    return 0;
}

/* colors: the largest number of colours; -1: as many as the terminal has. */
static int run_terminal(app *a, bool mouse, int colors) {
    scry_error err = {0};
    if (!terminal_open(mouse, &err)) return output_error(&err);
    int rows, cols;
    terminal_size(&rows, &cols);
    app_look(a, &a->theme, colors >= 0 && colors < (int)terminal_colors() ? (color_level)colors : terminal_colors());
    app_resize(a, rows, cols);
    jobs_use_threads(a->jobs);
    a->can_ask = true;
    sudden_end_set(SUDDEN_SESSION, autosave_rescue, a);
    int ended_by = run_loop(a);
    autosave_save(a, true);
    sudden_end_set(SUDDEN_SESSION, NULL, NULL);
    terminal_close();
    const char *trouble = autosave_error(a);
    if (trouble) scry_fail(&err, "the session is lost: %s", trouble);
    int status = trouble ? output_error(&err) : 0;
    return ended_by ? 128 + ended_by : status;
}

/* Makes the session of the options, with the user's settings as defaults. Settings that this index cannot follow are
 * ignored and reported. */
static scry_session *first_session(const options *o, scry_index *index, config *c, scry_error *err) {
    options set = *o;
    if (!set.top) set.top = c->top;
    if (!set.score) set.score = c->score;
    if (!set.by) set.by = c->by;
    if (!set.metric) set.metric = c->metric;
    scry_error unfit = {0};
    scry_session *s = make_session(&set, index, &unfit);
    if (s) return s;
    s = make_session(o, index, err);
    if (s) scry_notes_add(&c->wrong, "settings: %s", unfit.text);
    return s;
}

/* Opens every index as a tab. NULL and err when one cannot be opened. */
static app *open_tabs(const options *o, config *c, int rows, int cols, scry_error *err) {
    app *a = NULL;
    for (int i = 0; i < o->words; i++) {
        scry_index *index = cli_open_path(o, o->word[i], err);
        scry_session *session = index ? first_session(o, index, c, err) : NULL;
        if (!session) {
            scry_close(index);
            app_free(a);
            return NULL;
        }
        const char *no_color = getenv("NO_COLOR");
        bool ascii = o->script ? o->ascii != NULL : output_is_ascii(o) || c->ascii == 1; /* a script writes files */
        if (a) app_add_tab(a, index, session);
        else a = app_new(index, session, rows, cols, ascii, no_color && *no_color);
    }
    a->tab = a->tabs[0];
    return a;
}

/* Applies theme, colours and keys. */
static void set_up(app *a, config *c, const theme *asked, int colors) {
    memcpy(a->theme.own, c->own, sizeof c->own);
    const theme *t = asked ? asked : c->theme ? c->theme : theme_usual();
    app_look(a, t, colors >= 0 && colors < (int)a->colors ? (color_level)colors : a->colors);
    a->keys = c->keys;
    c->keys = (keymap){0};
}

/* Shows the first error of the settings instead of another message. */
static void say_wrong(app *a, const config *c) {
    size_t n = c->wrong.count;
    if (n == 1) app_fail(a, "%s", c->wrong.text[0]);
    if (n > 1) app_fail(a, "%s (and %zu more)", c->wrong.text[0], n - 1);
}

static void say_locale(app *a, const options *o) {
    char text[200];
    if (!o->script && !o->ascii && !a->message_is_error && charset_problem(text, sizeof text)) app_say(a, "%s", text);
}

/* Checks the options before anything is opened. */
static bool read_options(const options *o, int *rows, int *cols, const theme **asked, int *colors, scry_error *err) {
    *colors = o->colors ? color_level_of(o->colors) : -1;
    *asked = o->theme ? theme_find(o->theme) : NULL;
    if (o->colors && *colors < 0)
        return scry_misuse(err, "--colors: found \"%.40s\", expected mono, 16 or 256", o->colors);
    if (o->theme && !*asked)
        return scry_misuse(err, "--theme: found \"%.40s\", expected dark, light, contrast or mono", o->theme);
    if (o->session && o->words > 1) return scry_misuse(err, "--session: found %d indexes, expected one", o->words);
    *rows = 24;
    *cols = 80;
    return options_size(o->size, 1, 1, rows, cols, err) && (!o->session || autosave_may_replace(o->session, err));
}

int event_loop_run(const options *o) {
    scry_error err = {0};
    int rows, cols, colors;
    const theme *asked;
    if (!read_options(o, &rows, &cols, &asked, &colors, &err)) return output_error(&err);
    scry_build_options limits = {0};
    if (!cli_build_options(o, &limits, &err)) return output_error(&err);
    config c = {.ascii = -1, .mouse = -1};
    if (!o->script) {
        char *path = config_path();
        config_read(&c, path, &column_settings);
        free(path);
    }
    app *a = open_tabs(o, &c, rows, cols, &err);
    if (a) {
        a->model = o->model;
        a->tuned = o->tuned;
        a->sae = o->sae;
        a->threads = limits.threads;
        a->memory = limits.memory;
        set_up(a, &c, asked, colors);
        if (!o->script) history_begin(&a->history);
        take_up_sessions(a, o, &c);
        if (o->script && a->message_is_error) output_warning(a->message);
        say_locale(a, o);
        say_wrong(a, &c);
    }
    int status = !a          ? output_error(&err)
                 : o->script ? run_script(a, o->script)
                             : run_terminal(a, !o->no_mouse && c.mouse != 0, colors);
    config_free(&c);
    app_free(a);
    return status;
}
