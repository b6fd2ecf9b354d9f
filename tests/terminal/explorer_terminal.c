/* explorer_terminal.c: terminal size, exits, signals, Ctrl-Z and fg, TERM and colours. */
#include "explorer_driver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void resize(term *t, int rows, int cols) {
    int size[2] = {rows, cols};
    term_resize(t, rows, cols);
    await(t, is_drawn, size);
    term_settle(t, 80);
}

void test_resize(void) {
    term *t = open_sample();
    static const char *const places[] = {"g", "j j j", "G"};
    for (int i = 0; i < 3; i++) {
        char what[80];
        term_keys(t, places[i]);
        rest(t);
        char *before = picture(t, ROWS, COLS);
        resize(t, 60, 200);
        const char *title = row(t, 0);
        if (i == 0)
            check(strstr(title, "Original questions on a pocket Llama, fine-tuned on math") && strlen(title) > 190, t,
                  "200x60 is filled", "found title \"%s\"", title);
        resize(t, ROWS, COLS);
        char *after = picture(t, ROWS, COLS);
        snprintf(what, sizeof what, "80x24, 200x60, 80x24: the same screen (cursor after %s)", places[i]);
        check(strcmp(before, after) == 0, t, what, "found another one");
        free(before);
        free(after);
    }
    char *before = picture(t, ROWS, COLS);
    term_resize(t, 8, 30);
    check(await_text(t, "scry needs 60 x 12") && await_text(t, "30 x 8"), t, "30x8 says what it needs", "found \"%s\"",
          row(t, 0));
    term_keys(t, "j Space");
    term_mouse(t, 2, 2, 0, true);
    term_settle(t, 60);
    term_keys(t, "u G");
    resize(t, ROWS, COLS);
    rest(t);
    int size[2] = {ROWS, COLS};
    check(is_drawn(t, size), t, "and back", "found \"%s\"", row(t, 0));
    resize(t, 12, 60);
    check(header_row(t) == 1 && domains_row(t) > 0, t, "60x12 holds all panes", "found \"%s\"", row(t, 0));
    term_resize(t, 1, 1);
    term_settle(t, 60);
    term_resize(t, 300, 500);
    term_settle(t, 100);
    resize(t, ROWS, COLS);
    check(is_drawn(t, size) && term_wait_exit(t, 0) == -1, t, "1x1 and 500x300 do no harm", "found it gone");
    free(before);
    leave(t);
}

void test_quit(void) {
    term *t = open_sample();
    term_keys(t, "q");
    int status = term_wait_exit(t, WAIT);
    check(status == 0, t, "q: exit status 0", "found %d", status);
    check_restored(t, "q: the terminal is as it was");
    check_restore_bytes(t, "q: mouse off, cursor on, screen back");
    term_free(t);

    t = open_sample();
    command(t, "quit");
    status = term_wait_exit(t, WAIT);
    check(status == 0, t, ":quit: exit status 0", "found %d", status);
    term_free(t);
}

void test_signals(void) {
    static const struct {
        int number, status;
        const char *name;
    } ends[] = {{SIGTERM, 143, "SIGTERM"}, {SIGHUP, 129, "SIGHUP"},   {SIGSEGV, 139, "SIGSEGV"},
                {SIGBUS, 135, "SIGBUS"},   {SIGABRT, 134, "SIGABRT"}, {SIGFPE, 136, "SIGFPE"},
                {SIGILL, 132, "SIGILL"},   {SIGQUIT, 131, "SIGQUIT"}};
    char what[80];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        term *t = start(ROWS, COLS, NULL, study_index, NULL);
        rest(t);
        kill(term_pid(t), ends[i].number);
        int status = term_wait_exit(t, WAIT);
        snprintf(what, sizeof what, "%s: exit status %d", ends[i].name, ends[i].status);
        check(status == ends[i].status, t, what, "found %d", status);
        snprintf(what, sizeof what, "%s: the terminal is as it was", ends[i].name);
        check_restored(t, what);
        snprintf(what, sizeof what, "%s: the restore sequence was written", ends[i].name);
        check_restore_bytes(t, what);
        term_free(t);
    }
    term *t = open_sample();
    term_keys(t, "C-\\");
    int quit = term_wait_exit(t, WAIT);
    check(quit == 131, t, "Ctrl-\\: exit status 131", "found %d", quit);
    check_restored(t, "Ctrl-\\: the terminal is as it was");
    term_free(t);
    t = open_sample();
    term_keys(t, "C-c");
    term_settle(t, 100);
    check(term_wait_exit(t, 0) == -1 && term_has(t, "rho "), t, "Ctrl-C does not quit", "found it gone");
    term_keys(t, ": u n d");
    await_text(t, ":und");
    term_keys(t, "C-c");
    check(await_text(t, "space toggle"), t, "Ctrl-C leaves the palette", "found \"%s\"", footer(t));
    term_keys(t, "Enter");
    term_settle(t, 60);
    term_keys(t, "C-c");
    check(await_text(t, "rho "), t, "Ctrl-C leaves the enlarged pane", "found \"%s\"", row(t, 1));
    leave(t);
}

void test_stop(void) {
    char *argv[] = {(char *)scry, study_index, NULL};
    term *t = term_start_job(ROWS, COLS, NULL, argv, NULL);
    if (!t) exit(1);
    rest(t);
    term_keys(t, "j Space");
    await_count(t, 99);
    rest(t);
    char *before = picture(t, ROWS, COLS);
    term_keys(t, "C-z");
    check(term_wait_stopped(t, WAIT), t, "Ctrl-Z stops it", "found it running");
    check_restored(t, "Ctrl-Z: the terminal is as it was");
    term_job_continue(t);
    int size[2] = {ROWS, COLS};
    check(await(t, is_drawn, size), t, "fg draws it again", "found no frame");
    rest(t);
    char *after = picture(t, ROWS, COLS);
    check(strcmp(before, after) == 0 && term_altscreen(t) && !term_cursor_visible(t), t, "the same screen as before",
          "found another one");
    check(term_paste_mode(t), t, "fg: pastes are bracketed again", "found that they are not");
    check(term_mouse_mode(t) == 1, t, "fg: the mouse is on again", "found mode %d, expected 1", term_mouse_mode(t));
    term_keys(t, "k");
    check(await_current(t, order[0]), t, "and the keys work", "found latent %d", current(t));
    term_keys(t, "C-z");
    term_wait_stopped(t, WAIT);
    term_resize(t, 30, 100);
    term_job_continue(t);
    int larger[2] = {30, 100};
    term_settle(t, 100);
    check(is_drawn(t, larger) && strlen(row(t, 0)) > 90, t, "a window resized while stopped is filled after fg",
          "found \"%s\"", row(t, 0));
    free(before);
    free(after);
    leave(t);
}

/* Ctrl-Z in the middle of a frame, at another place each time. */
void test_stop_storm(void) {
    enum { ROUNDS = 150 };
    char *argv[] = {(char *)scry, study_index, NULL};
    term *t = term_start_job(ROWS, COLS, NULL, argv, NULL);
    if (!t) exit(1);
    rest(t);
    int stopped = 0;
    for (int i = 0; i < ROUNDS && stopped == i; i++) {
        int size[2] = {ROWS + i % 7, COLS + i % 11};
        term_send(t, i % 2 ? "jjjjjjjjjjjj" : "kkkkkkkkkkkkG");
        term_settle(t, 0);
        const struct timespec wait = {0, 40000L * (i % 50)};
        nanosleep(&wait, NULL);
        kill(term_pid(t), SIGTSTP);
        stopped += term_wait_stopped(t, WAIT);
        term_resize(t, size[0], size[1]);
        term_job_continue(t);
        if (!await(t, is_drawn, size)) break;
    }
    check(stopped == ROUNDS, t, "stopped within frames, resized and continued", "found %d of %d", stopped, ROUNDS);
    resize(t, ROWS, COLS);
    rest(t);
    char *before = picture(t, ROWS, COLS);
    term_keys(t, "C-l");
    rest(t);
    char *after = picture(t, ROWS, COLS);
    check(strcmp(before, after) == 0, t, "and the screen is what is drawn anew", "found another one");
    free(before);
    free(after);
    leave(t);
}

void test_terminals(void) {
    static const struct {
        const char *name, *env, *what;
        int most; /* highest colour */
    } kinds[] = {{"xterm", NULL, "TERM=xterm (8 colours)", 7},
                 {"xterm-16color", NULL, "TERM=xterm-16color", 15},
                 {"vt100", NULL, "TERM=vt100 (mono)", -1},
                 {"xterm-256color", "NO_COLOR=1", "NO_COLOR=1", -1},
                 {"screen", NULL, "TERM=screen", 7},
                 {"tmux-256color", NULL, "TERM=tmux-256color", 255},
                 /* ncurses loads libgpm there, which leaks 10 bytes of its own */
                 {"linux", "ASAN_OPTIONS=detect_leaks=0", "TERM=linux", 7}};
    char what[120];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *path = shell(NULL, "infocmp %s >/dev/null 2>&1 && echo yes", kinds[i].name);
        bool known = path[0];
        free(path);
        if (!known) {
            printf("skip - %s is not in this machine's terminfo\n", kinds[i].what);
            continue;
        }
        char *env[] = {(char *)kinds[i].env, NULL};
        term *t = start(ROWS, COLS, kinds[i].name, study_index, env);
        bool ok = rest(t);
        int size[2] = {ROWS, COLS};
        check(ok && is_drawn(t, size) && domains_row(t) > 0, t, kinds[i].what, "found no whole frame");
        int highest = -1, direct = 0, looks = 0;
        for (int y = 0; y < ROWS; y++)
            for (int x = 0; x < COLS; x++) {
                term_cell c = term_at(t, y, x);
                if (c.fg > highest) highest = c.fg;
                if (c.bg > highest) highest = c.bg;
                direct += c.fg == -2 || c.bg == -2;
                looks += c.bold || c.reverse || c.underline;
            }
        snprintf(what, sizeof what, "%s: only its colours", kinds[i].what);
        check(highest <= kinds[i].most && !direct, t, what, "found colour %d, expected at most %d", highest,
              kinds[i].most);
        snprintf(what, sizeof what, "%s: bold, underline and reverse", kinds[i].what);
        check(looks > 80, t, what, "found %d cells", looks);
        /* The line under the cursor must be told from its neighbours. */
        term_cell cursor = term_at(t, 2, 30), other = term_at(t, 3, 30);
        snprintf(what, sizeof what, "%s: the cursor shows", kinds[i].what);
        check(cursor.reverse != other.reverse || cursor.bg != other.bg, t, what, "found no difference");
        term_keys(t, "j Space");
        snprintf(what, sizeof what, "%s: keys work", kinds[i].what);
        check(await_count(t, 99) && current(t) == order[1], t, what, "found %d", count(t));
        term_keys(t, "q");
        int status = term_wait_exit(t, WAIT);
        snprintf(what, sizeof what, "%s: quits and leaves the terminal as it was", kinds[i].what);
        const char *wrong = left_over(t);
        check(status == 0 && (!wrong || (strcmp(kinds[i].name, "vt100") == 0 && term_modes_restored(t))), t, what,
              "found status %d, %s", status, wrong ? wrong : "");
        term_free(t);
    }
    static const char *const bad[] = {"dumb", "no-such-terminal", ""};
    for (int i = 0; i < 3; i++) {
        term *t = start(ROWS, COLS, bad[i], study_index, NULL);
        int status = term_wait_exit(t, 1500);
        snprintf(what, sizeof what, "TERM=%s is a clean error", bad[i]);
        check(status == 1 && term_has(t, "TERM="), t, what,
              "found status %d (-1: still running), expected 1 and a word on TERM", status);
        snprintf(what, sizeof what, "TERM=%s: the modes are as they were", bad[i]);
        if (status >= 0) check(term_modes_restored(t), t, what, "found others");
        term_free(t);
    }
}
