/* explore.c: scry STUDY: the explorer, on a terminal or by script. */
#include "explore.h"
#include "app.h"
#include "commands/out.h"
#include "commands/subject.h"
#include "terminal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The session that the options ask for. NULL and err when they ask for what is not there. */
static scry_session *make_session(const options *o, scry_index *index, scry_error *err) {
    size_t train;
    scry_condition source;
    scry_metric metric;
    scry_score score;
    uint32_t top;
    if (!subject_train(o, index, &train, err) || !subject_ranking(o, index, train, &source, &metric, err) ||
        !subject_score(o, index, &score, err) || !options_number("--top", o->top, 0, 100, &top, err))
        return NULL;
    scry_session *s = scry_session_new(index, train, source, metric, top, score, err);
    if (!s) return NULL;
    bool is_signed = o->is_signed || (scry_about(index)->is_signed && !o->is_absolute);
    bool ok = scry_session_set_scope(s, o->domains ? o->domains : "all", is_signed, err);
    if (ok && (o->set || o->latents || o->without || o->with)) {
        scry_set *set = subject_selection(o, index, scry_session_ranking(s), err);
        ok = set != NULL;
        if (ok) scry_session_adopt(s, set);
        scry_set_free(set);
    }
    if (ok) return s;
    scry_session_free(s);
    return NULL;
}

static bool screen_size(const options *o, int *rows, int *cols, scry_error *err) {
    *rows = 24;
    *cols = 80;
    char rest;
    if (!o->size || (sscanf(o->size, "%dx%d%c", rows, cols, &rest) == 2 && *rows > 0 && *cols > 0 && *rows <= 1000 &&
                     *cols <= 1000))
        return true;
    return scry_misuse(err, "--size: found \"%.40s\", expected ROWSxCOLUMNS such as 24x80", o->size);
}

/* Commands of the palette, a line each; # begins a comment. A command that fails ends the script. */
static int run_script(app *a, const char *path) {
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    scry_error err = {0};
    if (!f) {
        scry_fail(&err, "%s: cannot be opened: %s", path, strerror(errno));
        return out_error(&err);
    }
    char line[1024];
    int number = 0;
    while (!err.status && fgets(line, sizeof line, f)) {
        number++;
        line[strcspn(line, "\n")] = 0;
        if (!line[strspn(line, " \t")] || line[strspn(line, " \t")] == '#') continue;
        app_draw(a); /* as on a terminal: pages and places are those of the last frame */
        command_effect effect = app_command(a, line);
        if (a->message_is_error && a->message[0]) scry_fail(&err, "%s: line %d: %s", path, number, a->message);
        if (effect & DID_QUIT) break;
    }
    if (f != stdin) fclose(f);
    keep_save(a, true);
    return err.status ? out_error(&err) : 0;
}

/* What is kept of the tabs, or is to be. A selection that the options ask for is not what was kept, and a
 * script begins anew unless it names its session. */
static void take_up_sessions(app *a, const options *o) {
    const char *const chosen[] = {o->by,   o->metric, o->top,   o->set,     o->latents,   o->without,
                                  o->with, o->score,  o->fresh, o->domains, o->is_signed, o->is_absolute};
    bool anew = false;
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) anew = anew || chosen[i];
    if (o->script && !o->session) return;
    for (size_t i = a->tab_count; i-- > 0;) {
        keep_begin(a, a->tabs[i], o->session);
        if (!anew) keep_restore(a, a->tabs[i]);
    }
}

/* The figures that take milliseconds wait until no key has come for this long. */
enum { COMPANY_AFTER_MS = 40 };
/* Longer work is done in stretches of this length while no key is there, with a frame after each. */
static const double WORK_SECONDS = 0.008;

/* What one event does; the loop draws. */
static command_effect take(app *a, const event *e) {
    switch (e->kind) {
    case EVENT_KEY:
        return app_key(a, e->key);
    case EVENT_CLICK:
        return app_click(a, e->y, e->x, e->steps);
    case EVENT_WHEEL:
        return app_wheel(a, e->y, e->x, e->steps);
    case EVENT_RESIZE:
        app_resize(a, e->y, e->x);
        return DID_CHANGE | DID_REDRAW;
    default:
        return DID_NOTHING;
    }
}

/* Returns 0, or the signal that ended it. */
static int run_loop(app *a) {
    int effect = DID_CHANGE | DID_REDRAW;
    while (!(effect & DID_QUIT)) {
        if (effect) {
            app_draw(a);
            terminal_draw(a->grid, effect & DID_REDRAW);
        }
        effect = DID_NOTHING;
        bool ready = scry_session_company_ready(a->tab->session);
        bool working = latent_working(a);
        int due = keep_due(a), rest = ready ? -1 : COMPANY_AFTER_MS;
        event e = terminal_wait(working ? 0 : due >= 0 && (rest < 0 || due < rest) ? due : rest);
        if (keep_due(a) == 0) {
            keep_save(a, false);
        } else if (e.kind == EVENT_NONE && working) {
            latent_work(a, WORK_SECONDS);
            effect = DID_CHANGE;
        } else if (e.kind == EVENT_NONE && !ready) {
            scry_session_company(a->tab->session);
            effect = DID_CHANGE;
        }
        /* Everything that is waiting goes into one frame. */
        while (e.kind != EVENT_NONE && !(effect & DID_QUIT)) {
            if (e.kind == EVENT_SIGNAL) return e.number;
            int did = (int)take(a, &e);
            if (did) keep_touch(a);
            effect |= did;
            e = terminal_wait(0);
        }
    }
    return 0;
}

static int run_terminal(app *a, bool mouse) {
    scry_error err = {0};
    if (!terminal_open(mouse, &err)) return out_error(&err);
    int rows, cols;
    terminal_size(&rows, &cols);
    a->mono = terminal_colors() == COLOR_MONO;
    app_resize(a, rows, cols);
    int ended_by = run_loop(a);
    keep_save(a, true);
    terminal_close();
    return ended_by ? 128 + ended_by : 0;
}

/* UTF-8 is what we draw; where the locale has none, ASCII it is. */
static bool wants_ascii(const options *o) {
    if (o->ascii) return true;
    const char *locale = getenv("LC_ALL");
    if (!locale || !*locale) locale = getenv("LC_CTYPE");
    if (!locale || !*locale) locale = getenv("LANG");
    bool utf8 = locale && (strcasestr(locale, "utf-8") || strcasestr(locale, "utf8"));
    const char *term = getenv("TERM");
    return (!utf8 && !o->script) || (term && strcmp(term, "linux") == 0);
}

int explore(const options *o) {
    scry_error err = {0};
    int rows, cols;
    if (!screen_size(o, &rows, &cols, &err)) return out_error(&err);
    app *a = NULL;
    for (int i = 0; i < o->words; i++) {
        scry_index *index = subject_open_path(o, o->word[i], &err);
        scry_session *session = index ? make_session(o, index, &err) : NULL;
        if (!session) {
            scry_close(index);
            app_free(a);
            return out_error(&err);
        }
        const char *no_color = getenv("NO_COLOR");
        if (a) app_add_tab(a, index, session);
        else a = app_new(index, session, rows, cols, wants_ascii(o), no_color && *no_color);
    }
    a->tab = a->tabs[0];
    if (o->session && a->tab_count > 1) {
        app_free(a);
        scry_misuse(&err, "--session: found %d indexes, expected one", o->words);
        return out_error(&err);
    }
    take_up_sessions(a, o);
    int status = o->script ? run_script(a, o->script) : run_terminal(a, !o->no_mouse);
    app_free(a);
    return status;
}
