/* watch.c: the curves of a training run on the terminal. */
#include "watch/watch.h"
#include "terminal/keys.h"
#include "terminal/terminal.h"
#include "watch/curves.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Between reads of the log: often enough to look live, seldom enough not to slow the training. */
enum { LOOK_MS = 250, STILL_SECONDS = 30 };

typedef struct watching {
    const watch_run *run;
    scry_train_log *log;
    scry_train_progress progress;
    char state[64];
    curves_screen screen;
    grid *g;
    size_t lines; /* drawn */
    uint64_t step;
    bool changed, whole;
} watching;

static const char *const hints_training[][2] = {{"q", "leave; training continues"},
                                                {"^C", "save and stop"},
                                                {"Tab 1-4", "one curve"},
                                                {"0", "all"},
                                                {"l", "linear"}};
static const char *const hints_following[][2] = {
    {"q", "leave"}, {"Tab 1-4", "one curve"}, {"0", "all"}, {"l", "linear loss"}};

/* Seconds since the log last grew, if it is overdue; else 0. */
static double stands_still(const watching *w) {
    char path[4096];
    struct stat st;
    size_t count;
    const scry_train_line *line = scry_train_log_lines(w->log, &count);
    double usual = count > 1 ? line[count - 1].seconds - line[count - 2].seconds : 0;
    int length = snprintf(path, sizeof path, "%s/train.jsonl", w->run->folder);
    if (length < 0 || (size_t)length >= sizeof path || stat(path, &st) != 0) return 0;
    double still = difftime(time(NULL), st.st_mtime);
    return still > fmax(STILL_SECONDS, 5 * usual) ? still : 0;
}

static void describe(watching *w, char *out, size_t size) {
    const scry_train_progress *p = &w->progress;
    *out = 0;
    if (p->steps && p->step >= p->steps) snprintf(out, size, "%s", w->run->progress ? "saving, measuring" : "done");
    else if (!w->run->progress) {
        double still = stands_still(w);
        if (still > 0)
            snprintf(out, size, "no line for %.0f %s", still < 600 ? still : still / 60, still < 600 ? "s" : "min");
    }
}

/* Reads new lines. False when the run has ended. */
static bool look(watching *w) {
    scry_error ignored = {0};
    char state[sizeof w->state];
    size_t count = 0;
    bool goes_on = true;
    if (!w->log) w->log = scry_train_log_open(w->run->folder, &ignored);
    else scry_train_log_read(w->log, &ignored); /* earlier lines stay */
    if (w->run->progress) goes_on = w->run->progress(w->run->context, &w->progress);
    else w->progress = curves_progress(w->log);
    if (w->log) scry_train_log_lines(w->log, &count);
    describe(w, state, sizeof state);
    w->changed = w->changed || count != w->lines || w->progress.step != w->step || strcmp(state, w->state) != 0;
    w->lines = count;
    w->step = w->progress.step;
    memcpy(w->state, state, sizeof state);
    return goes_on;
}

static void draw(watching *w) {
    w->screen.log = w->log;
    w->screen.progress = &w->progress;
    w->screen.state = w->state[0] ? w->state : NULL;
    curves_draw(w->g, &w->screen);
    terminal_draw(w->g, w->whole);
    w->changed = w->whole = false;
}

/* Handles a key; true: leave. */
static bool take_key(watching *w, uint32_t key) {
    curves_screen *s = &w->screen;
    w->changed = true;
    if (key == 'q' || key == 'Q') return true;
    if (key == '\t') s->only = s->only + 1 < CURVES ? s->only + 1 : -1;
    else if (key == KEY_CODE_BACK_TAB) s->only = s->only < 0 ? CURVES - 1 : s->only - 1;
    else if (key >= '1' && key < '1' + CURVES) s->only = (int)(key - '1');
    else if (key == '0' || key == 27) s->only = -1;
    else if (key == 'l') s->linear = !s->linear;
    else if (key == 12) w->whole = true;
    return false;
}

/* Handles an event; true: leave, by *end. */
static bool take(watching *w, const event *e, watch_end *end, int *number) {
    if (e->kind == EVENT_SIGNAL) {
        *number = e->number;
        *end = WATCH_SIGNALLED;
        return true;
    }
    if (e->kind == EVENT_RESIZE) {
        grid_resize(w->g, e->y, e->x);
        w->changed = w->whole = true;
    }
    if (e->kind != EVENT_KEY) return false;
    *end = e->key == 3 && w->run->progress ? WATCH_STOPPED : WATCH_LEFT;
    return e->key == 3 || take_key(w, e->key);
}

static watch_end loop(watching *w, int *number) {
    watch_end end = WATCH_ENDED;
    for (;;) {
        if (!look(w)) return WATCH_ENDED;
        if (w->changed) draw(w);
        event e = terminal_wait(LOOK_MS, w->run->bell);
        while (e.kind != EVENT_NONE && e.kind != EVENT_BELL) {
            if (take(w, &e, &end, number)) return end;
            e = terminal_wait(0, -1);
        }
    }
}

watch_end watch(const watch_run *run, int *number, scry_error *err) {
    watching w = {.run = run, .screen = {.name = run->folder, .only = -1, .ascii = run->ascii}, .changed = true};
    int rows, cols;
    if (!run->progress && !(w.log = scry_train_log_open(run->folder, err))) return WATCH_FAILED;
    if (!terminal_open(false, err)) {
        scry_train_log_close(w.log);
        return WATCH_FAILED;
    }
    w.screen.hints = run->progress ? hints_training : hints_following;
    w.screen.hint_count = run->progress ? sizeof hints_training / sizeof *hints_training
                                        : sizeof hints_following / sizeof *hints_following;
    terminal_look(run->look ? run->look : theme_usual(), terminal_colors());
    terminal_size(&rows, &cols);
    w.g = grid_new(rows, cols);
    watch_end end = loop(&w, number);
    terminal_close();
    grid_free(w.g);
    scry_train_log_close(w.log);
    return end;
}

bool watch_print(const char *folder, int rows, int cols, bool ascii, FILE *to, scry_error *err) {
    scry_train_log *log = scry_train_log_open(folder, err);
    if (!log) return false;
    curves_screen screen = {.name = folder, .log = log, .only = -1, .ascii = ascii};
    grid *g = grid_new(rows, cols);
    curves_draw(g, &screen);
    grid_write(g, to, false);
    grid_free(g);
    scry_train_log_close(log);
    return true;
}
