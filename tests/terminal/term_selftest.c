/* term_selftest.c: checks of term.h against programs whose behaviour is known: sh, cat, and the curses program at the
 * end of this file, which is this binary started again as `term_selftest --app`. */
#include "term.h"

#define NCURSES_WIDECHAR 1 /* wint_t and get_wch, also with musl */
#include <curses.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WAIT 5000 /* ms; only a failing check takes that long */

static int passed, failed;
static const char *self; /* path of this binary */

static void check(bool ok, const char *name, term *t) {
    printf("%s - %s\n", ok ? "ok" : "not ok", name);
    if (ok) passed++;
    else failed++;
    if (ok || !t) return;
    char *screen = term_screen(t);
    printf("# the screen was:\n%s\n", screen);
    free(screen);
}

static bool row_is(term *t, int row, const char *want) {
    char *text = term_row(t, row);
    bool same = strcmp(text, want) == 0;
    if (!same) printf("# row %d is \"%s\", not \"%s\"\n", row, text, want);
    free(text);
    return same;
}

static term *start_sh(const char *script) {
    char *argv[] = {"sh", "-c", (char *)script, NULL};
    term *t = term_start(6, 40, NULL, argv, NULL);
    if (!t) {
        perror("sh");
        exit(1);
    }
    return t;
}

static term *start_app(bool job, const char *term_name) {
    char *argv[] = {(char *)self, "--app", NULL};
    term *t = (job ? term_start_job : term_start)(12, 60, term_name, argv, NULL);
    if (!t) {
        perror(self);
        exit(1);
    }
    return t;
}

static bool tail_has(term *t, const char *needle) {
    size_t n;
    const char *tail = term_raw_tail(t, &n);
    return memmem(tail, n, needle, strlen(needle)) != NULL;
}

static long long milliseconds(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* ---- plain programs ---- */

static void test_text(void) {
    term *t = start_sh(
        "printf 'hello   \\n  w\\303\\266rld\\n\\nend'; read x; printf '\\033[2J\\033[Hgot %s' \"$x\"; read y");
    check(term_wait_text(t, "end", WAIT), "term_wait_text sees printed text", t);
    check(row_is(t, 0, "hello") && row_is(t, 1, "  wörld") && row_is(t, 2, ""), "term_row cuts trailing blanks", t);
    char *screen = term_screen(t);
    check(strcmp(screen, "hello\n  wörld\n\nend\n\n") == 0, "term_screen joins rows", t);
    free(screen);
    check(term_find_row(t, "wörld") == 1 && term_find_row(t, "none") == -1, "term_find_row", t);
    check(term_has(t, "hello ") && !term_has(t, "helloworld"), "term_has", t);
    int row, col;
    term_cursor(t, &row, &col);
    check(row == 3 && col == 3, "term_cursor", t);
    check(row_is(t, -1, "") && row_is(t, 6, "") && term_at(t, 0, 40).width == 0, "off the screen is empty", t);
    long before = term_bytes(t);
    check(before == (long)strlen("hello   \r\n  wörld\r\n\r\nend"), "term_bytes counts the output", t);
    term_send(t, "some words\n");
    check(term_wait_gone(t, "hello", WAIT), "term_wait_gone", t);
    check(term_wait_text(t, "got some words", WAIT), "term_send types bytes", t);
    check(term_bytes(t) > before, "term_bytes grows", t);
    term_keys(t, "Enter");
    check(term_wait_exit(t, WAIT) == 0 && term_wait_exit(t, 0) == 0, "term_wait_exit gives 0, again too", t);
    check(term_has(t, "got some words"), "the screen outlives the program", t);
    term_free(t);
    term_free(NULL);
}

static void test_cells(void) {
    term *t =
        start_sh("printf '\\033[1mB\\033[22;4mU\\033[24;7mR\\033[0;31;44mC\\033[38;5;208mP\\033[38;2;1;2;3mD\\033[0mN'"
                 "'\\r\\n\\346\\227\\245x e\\314\\201z\\033[?25l'; read x");
    check(term_wait_text(t, "z", WAIT), "cells: drawn", t);
    term_settle(t, 20);
    term_cell b = term_at(t, 0, 0), u = term_at(t, 0, 1), r = term_at(t, 0, 2), n = term_at(t, 0, 6);
    check(b.bold && !b.underline && !b.reverse && strcmp(b.utf8, "B") == 0 && b.width == 1, "term_at: bold", t);
    check(u.underline && !u.bold && r.reverse && !r.underline, "term_at: underline, reverse", t);
    check(b.fg == -1 && b.bg == -1 && n.fg == -1 && n.bg == -1 && !n.reverse, "term_at: default colours", t);
    term_cell c = term_at(t, 0, 3), p = term_at(t, 0, 4), d = term_at(t, 0, 5);
    check(c.fg == 1 && c.bg == 4 && p.fg == 208 && p.bg == 4, "term_at: palette colours", t);
    check(d.fg == -2 && d.bg == 4, "term_at: direct colour", t);
    term_cell wide = term_at(t, 1, 0), right = term_at(t, 1, 1);
    check(strcmp(wide.utf8, "日") == 0 && wide.width == 2 && right.width == 0 && !right.utf8[0], "term_at: wide", t);
    check(strcmp(term_at(t, 1, 4).utf8, "e\xCC\x81") == 0 && term_at(t, 1, 4).width == 1, "term_at: combining mark", t);
    check(strcmp(term_at(t, 5, 39).utf8, " ") == 0 && term_at(t, 5, 39).width == 1, "term_at: empty cell", t);
    check(row_is(t, 1, "日x e\xCC\x81z"), "term_row with wide and combining characters", t);
    check(!term_cursor_visible(t), "term_cursor_visible: hidden", t);
    term_free(t);
}

static bool is_shown(term *t, void *arg) {
    return term_cursor_visible(t) == *(bool *)arg;
}

static void test_mode_lists(void) {
    bool yes = true, no = false;
    term *t = start_sh("stty -echo; echo up; read x; printf '\\033[?7;2'; read x; printf '5;1000l'; read x;"
                       "printf '\\033[?\\033[?12;25h'; read x; printf '\\033[?6;\\tnot \\033[?25\\0332one'; read x");
    check(term_wait_text(t, "up", WAIT) && term_cursor_visible(t), "mode lists: up", t);
    term_keys(t, "Enter");
    term_settle(t, 50);
    check(term_cursor_visible(t), "mode lists: half of one", t);
    term_keys(t, "Enter");
    check(term_wait(t, is_shown, &no, WAIT), "mode lists: the second mode of a list counts", t);
    term_keys(t, "Enter");
    check(term_wait(t, is_shown, &yes, WAIT), "mode lists: one that begins inside another", t);
    term_keys(t, "Enter");
    check(term_wait_text(t, "one", WAIT) && term_cursor_visible(t), "mode lists: something else", t);
    term_free(t);
}

static void test_environment(void) {
    setenv("LINES", "99", 1);
    setenv("COLUMNS", "99", 1);
    setenv("COLORTERM", "truecolor", 1);
    setenv("NO_COLOR", "1", 1);
    setenv("TERM_SELFTEST", "kept", 1);
    char *argv[] = {"sh", "-c",
                    "echo $TERM,$LC_ALL,$TZ,$ESCDELAY,$TERM_SELFTEST,$EXTRA; "
                    "echo [${LINES-}${COLUMNS-}${COLORTERM-}${NO_COLOR-}]; stty size; read x",
                    NULL};
    char *extra[] = {"EXTRA=1 2", "TZ=CET", NULL};
    term *t = term_start(7, 50, "tmux-256color", argv, extra);
    check(t && term_wait_text(t, "7 50", WAIT), "environment: drawn, with the size asked for", t);
    check(row_is(t, 0, "tmux-256color,C.UTF-8,CET,25,kept,1 2"), "environment: set, kept and extra", t);
    check(row_is(t, 1, "[]"), "environment: taken away", t);
    term_free(t);
    for (const char **name = (const char *[]){"LINES", "COLUMNS", "COLORTERM", "NO_COLOR", NULL}; *name; name++)
        unsetenv(*name);
}

static bool never(term *t, void *arg) {
    (void)t;
    ++*(int *)arg;
    return false;
}

static void test_waiting(void) {
    term *t = start_sh("echo up; exec sleep 1000");
    int calls = 0;
    check(term_wait_text(t, "up", WAIT), "waiting: up", t);
    long long since = milliseconds();
    check(!term_wait(t, never, &calls, 100) && calls > 0 && milliseconds() - since >= 100, "term_wait times out", t);
    check(!term_wait_gone(t, "up", 50), "term_wait_gone times out", t);
    check(term_wait_exit(t, 50) == -1, "term_wait_exit gives -1 at the timeout", t);
    setenv("TERM_TIMEOUT_FACTOR", "4", 1);
    since = milliseconds();
    check(!term_wait_text(t, "never", 50) && milliseconds() - since >= 200, "TERM_TIMEOUT_FACTOR", t);
    unsetenv("TERM_TIMEOUT_FACTOR");
    pid_t pid = term_pid(t);
    check(kill(pid, 0) == 0, "term_pid is alive", t);
    since = milliseconds();
    term_free(t);
    check(kill(pid, 0) < 0 && errno == ESRCH && milliseconds() - since < 1000, "term_free kills and reaps", NULL);

    t = start_sh("echo last words");
    since = milliseconds();
    check(!term_wait_text(t, "more", WAIT) && milliseconds() - since < WAIT / 2, "a wait ends with the program", t);
    check(term_has(t, "last words"), "last words are taken in", t);
    term_free(t);

    t = start_sh("for i in 1 2 3 4 5; do sleep 0.05; echo tick $i; done; read x");
    term_settle(t, 400);
    check(term_has(t, "tick 5"), "term_settle waits for quiet", t);
    term_free(t);

    t = start_sh("i=0; while [ $i -lt 3000 ]; do echo line $i of many; i=$((i+1)); done; echo done");
    check(term_wait_exit(t, WAIT) == 0 && term_has(t, "done") && term_has(t, "line 2999"), "much output", t);
    size_t n;
    const char *tail = term_raw_tail(t, &n);
    check(n == 4096 && tail[n] == '\0' && strcmp(tail + n - 6, "done\r\n") == 0, "term_raw_tail is the last 4096 bytes",
          t);
    term_free(t);
}

static void test_exit(void) {
    term *t = start_sh("exit 7");
    check(term_wait_exit(t, WAIT) == 7, "exit status", t);
    term_free(t);
    t = start_sh("kill -TERM $$");
    check(term_wait_exit(t, WAIT) == 128 + SIGTERM, "exit by a signal", t);
    term_free(t);
    signal(SIGINT, SIG_IGN);
    t = start_sh("echo up; exec sleep 1000");
    term_wait_text(t, "up", WAIT);
    term_keys(t, "C-c");
    check(term_wait_exit(t, WAIT) == 128 + SIGINT, "Ctrl-C interrupts, even where the test ignores SIGINT", t);
    signal(SIGINT, SIG_DFL);
    term_free(t);
    char *argv[] = {"/nonexistent/program", NULL};
    check(!term_start(6, 40, NULL, argv, NULL) && errno == ENOENT, "term_start: no such program", NULL);
    check(!term_start_job(6, 40, NULL, argv, NULL) && errno == ENOENT, "term_start_job: no such program", NULL);
}

static void test_modes(void) {
    term *t = start_sh("echo up; read x; stty -echo -icanon; echo raw; read y; stty echo icanon; echo sane");
    check(term_wait_text(t, "up", WAIT) && term_modes_restored(t), "modes: untouched", t);
    term_keys(t, "Enter");
    check(term_wait_text(t, "raw", WAIT) && !term_modes_restored(t), "modes: changed", t);
    term_keys(t, "C-j");
    check(term_wait_exit(t, WAIT) == 0 && term_has(t, "sane") && term_modes_restored(t), "modes: read after the end",
          t);
    term_free(t);

    t = start_sh("stty -echo");
    check(term_wait_exit(t, WAIT) == 0 && !term_modes_restored(t), "modes: left changed", t);
    term_free(t);
}

static void test_typing_ahead(void) {
    term *t = start_sh("stty raw -echo; echo up; read go; dd bs=1 count=100000 2>/dev/null | wc -c; exit 5");
    check(term_wait_text(t, "up", WAIT), "typing ahead: up", t);
    char *many = malloc(100001);
    if (!many) exit(1);
    memset(many, 'x', 100000);
    many[100000] = '\0';
    term_keys(t, "C-j");
    term_send(t, many); /* more than the pty holds */
    free(many);
    check(term_wait_text(t, "100000", WAIT) && term_wait_exit(t, WAIT) == 5, "100000 bytes typed arrive", t);
    term_free(t);

    t = start_sh("stty raw -echo; printf '\\033[6n'; dd bs=1 count=6 2>/dev/null | od -An -c; read x");
    check(term_wait_text(t, "033   [   1   ;   1   R", WAIT), "the terminal answers questions", t);
    term_free(t);

    t = start_sh("stty raw -echo; echo up; exec cat -vt");
    check(term_wait_text(t, "up", WAIT), "raw keys: up", t);
    term_keys(t, "C-Space C-a C-i C-m C-] C-? M-x é S-Tab");
    check(term_wait_text(t, "^@^A^I^M^]^?^[xM-CM-)^[[Z", WAIT), "raw keys", t);
    term_free(t);
}

/* ---- the curses program ---- */

static const struct {
    const char *keys, *shown;
} key_checks[] = {
    {"j", "key j"},
    {"Space", "key  ."},
    {"Enter", "key ^M"},
    {"Tab", "key ^I"},
    {"Backspace", "key KEY_BACKSPACE"},
    {"Up", "key KEY_UP"},
    {"Down", "key KEY_DOWN"},
    {"Left", "key KEY_LEFT"},
    {"Right", "key KEY_RIGHT"},
    {"PgDn", "key KEY_NPAGE"},
    {"PgUp", "key KEY_PPAGE"},
    {"Home", "key KEY_HOME"},
    {"End", "key KEY_END"},
    {"Ins", "key KEY_IC"},
    {"Del", "key KEY_DC"},
    {"F1", "key KEY_F(1)"},
    {"F5", "key KEY_F(5)"},
    {"F12", "key KEY_F(12)"},
    {"C-r", "key ^R"},
    {"C-Space", "key ^@"},
    {"S-Tab", "key KEY_BTAB"},
    {"C-Right", "key kRIT5"},
    {"S-Up", "key KEY_SR"},
    {"é", "key é"},
    {"日", "key 日"},
    {"?", "key ?"},
    {"-", "key -"},
    {"Esc", "key ^["},
    {"M-x", "key ^[ x"},
};

static void test_keys(const char *term_name) {
    term *t = start_app(false, term_name);
    char name[100];
    check(term_wait_text(t, "size 12x60", WAIT), "app: up", t);
    for (size_t i = 0; i < sizeof key_checks / sizeof *key_checks; i++) {
        bool modified = strcmp(key_checks[i].keys, "C-Right") == 0;
        if (strcmp(term_name, "xterm") == 0 && modified) continue; /* not in that description's base names */
        term_keys(t, key_checks[i].keys);
        snprintf(name, sizeof name, "key %s in %s", key_checks[i].keys, term_name);
        check(term_wait_text(t, key_checks[i].shown, WAIT), name, t);
        term_keys(t, "0");
        term_wait_text(t, "key 0", WAIT);
    }
    term_keys(t, "Esc j");
    check(term_wait_text(t, "before ^[ key j", WAIT), "Esc j is two keys", t);
    term_keys(t, "Esc");
    term_keys(t, "k");
    check(term_wait_text(t, "before ^[ key k", WAIT), "Esc and k are two keys", t);
    term_keys(t, "g g j k l 1 2 3 Down");
    check(term_wait_text(t, "before 3 key KEY_DOWN", WAIT), "many keys in one call", t);
    term_keys(t, "q");
    check(term_wait_exit(t, WAIT) == 7, "app: ends", t);
    term_free(t);
}

static void test_screen_state(void) {
    term *t = start_app(false, NULL);
    check(term_wait_text(t, "corner", WAIT), "state: up", t);
    check(term_altscreen(t) && !term_cursor_visible(t), "altscreen on, cursor hidden", t);
    check(term_mouse_mode(t) > 0 && !term_modes_restored(t), "mouse on, modes changed", t);
    term_cell bold = term_at(t, 1, 0), colour = term_at(t, 1, 2), reverse = term_at(t, 1, 4);
    check(bold.bold && colour.fg == 208 && colour.bg == -1 && reverse.reverse, "curses attributes", t);
    check(strcmp(term_at(t, 1, 6).utf8, "─") == 0, "curses line drawing", t);
    term_keys(t, "q");
    check(term_wait_exit(t, WAIT) == 7, "state: ends", t);
    check(!term_altscreen(t) && term_cursor_visible(t) && term_mouse_mode(t) == 0 && term_modes_restored(t),
          "all restored", t);
    check(tail_has(t, "\033[?1006;1000l") && tail_has(t, "\033[?1049l"), "the restore sequence is in term_raw_tail", t);
    term_free(t);

    t = start_app(false, NULL);
    term_wait_text(t, "corner", WAIT);
    term_keys(t, "X");
    check(term_wait_exit(t, WAIT) == 3, "an app that leaves without endwin", t);
    check(term_altscreen(t) && !term_cursor_visible(t) && term_mouse_mode(t) > 0 && !term_modes_restored(t),
          "nothing restored", t);
    term_free(t);

    t = start_app(false, NULL);
    term_wait_text(t, "corner", WAIT);
    kill(term_pid(t), SIGKILL);
    check(term_wait_exit(t, WAIT) == 128 + SIGKILL, "an app that is killed", t);
    term_free(t);
}

static void test_mouse(void) {
    term *t = start_app(false, NULL);
    check(term_wait_text(t, "size 12x60", WAIT), "mouse: up", t);
    term_mouse(t, 5, 17, 0, true);
    check(term_wait_text(t, "mouse 5,17 press1", WAIT), "mouse: press", t);
    term_mouse(t, 5, 18, 0, false);
    check(term_wait_text(t, "mouse 5,18 release1", WAIT), "mouse: release", t);
    term_mouse(t, 2, 3, 2, true);
    check(term_wait_text(t, "mouse 2,3 press3", WAIT), "mouse: right button", t);
    term_mouse(t, 7, 1, 64, true);
    check(term_wait_text(t, "mouse 7,1 wheelup", WAIT), "mouse: wheel up", t);
    term_mouse(t, 8, 1, 65, true);
    check(term_wait_text(t, "mouse 8,1 wheeldown", WAIT), "mouse: wheel down", t);
    term_keys(t, "m");
    check(term_wait_text(t, "key m", WAIT) && term_mouse_mode(t) == 0, "mouse: switched off by the app", t);
    long before = term_bytes(t);
    term_mouse(t, 1, 1, 0, true);
    term_settle(t, 50);
    check(term_bytes(t) == before, "mouse: off, a click sends nothing", t);
    term_free(t);
}

static bool has_corner(term *t, void *row) {
    return term_find_row(t, "corner") == *(int *)row;
}

static void test_resize(void) {
    term *t = start_app(false, NULL);
    check(term_wait_text(t, "size 12x60", WAIT), "resize: up", t);
    term_resize(t, 30, 100);
    check(term_wait_text(t, "size 30x100", WAIT) && term_wait_text(t, "key KEY_RESIZE", WAIT), "resize: larger", t);
    int last = 29;
    check(term_wait(t, has_corner, &last, WAIT), "resize: drawn to the corner", t);
    check(strcmp(term_at(t, 29, 99).utf8, "r") == 0, "resize: the last cell", t);
    term_resize(t, 5, 30);
    last = 4;
    check(term_wait_text(t, "size 5x30", WAIT) && term_wait(t, has_corner, &last, WAIT), "resize: smaller", t);
    int sizes[][2] = {{1, 1}, {24, 80}, {3, 10}, {50, 200}, {24, 80}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) term_resize(t, sizes[i][0], sizes[i][1]);
    check(term_wait_text(t, "size 24x80", WAIT), "resize: many in a row", t);
    term_keys(t, "q");
    check(term_wait_exit(t, WAIT) == 7, "resize: ends", t);
    term_free(t);
}

/* ---- jobs ---- */

static void test_job(void) {
    term *t = start_app(true, NULL);
    check(term_wait_text(t, "size 12x60", WAIT), "job: up", t);
    check(!term_job_stopped(t) && term_altscreen(t), "job: runs", t);
    for (int round = 0; round < 2; round++) {
        term_keys(t, "C-z");
        check(term_wait_stopped(t, WAIT) && term_job_stopped(t), "job: Ctrl-Z stops it", t);
        check(!term_altscreen(t) && term_cursor_visible(t) && term_modes_restored(t), "job: stopped with all restored",
              t);
        check(term_wait_exit(t, 30) == -1, "job: stopped is not ended", t);
        if (round == 1) term_resize(t, 15, 70); /* SIGWINCH goes to the foreground: the waiting parent */
        const char *size = round ? "size 15x70" : "size 12x60";
        term_job_continue(t);
        check(term_wait_text(t, size, WAIT) && term_altscreen(t) && !term_job_stopped(t), "job: continued", t);
        term_keys(t, round ? "b" : "a");
        check(term_wait_text(t, round ? "key b" : "key a", WAIT), "job: has the keyboard again", t);
    }
    term_keys(t, "q");
    check(term_wait_exit(t, WAIT) == 7 && term_modes_restored(t), "job: exit status", t);
    term_job_continue(t); /* harmless */
    term_free(t);

    t = start_app(true, NULL);
    term_wait_text(t, "size 12x60", WAIT);
    kill(term_pid(t), SIGKILL); /* SIGTERM would be curses' own: endwin and exit status 1 */
    check(term_wait_exit(t, WAIT) == 128 + SIGKILL, "job: term_pid is the program's", t);
    term_free(t);

    t = start_app(true, NULL);
    term_wait_text(t, "size 12x60", WAIT);
    kill(term_pid(t), SIGSTOP);
    check(term_wait_stopped(t, WAIT) && term_altscreen(t), "job: SIGSTOP stops without a restore", t);
    pid_t pid = term_pid(t);
    term_free(t);
    check(kill(pid, 0) < 0 && errno == ESRCH, "job: term_free ends a stopped job", NULL);

    t = start_app(false, NULL);
    term_wait_text(t, "size 12x60", WAIT);
    term_keys(t, "C-z");
    term_settle(t, 50); /* curses leaves the screen and comes back at once; a key that comes in between is lost */
    term_keys(t, "a");
    check(term_wait_text(t, "key a", WAIT) && !term_job_stopped(t), "no job: Ctrl-Z stops nothing", t);
    term_free(t);
}

static void test_two(void) {
    term *a = start_app(true, NULL), *b = start_sh("cat"), *c = start_app(false, NULL);
    check(term_wait_text(a, "size 12x60", WAIT) && term_wait_text(c, "size 12x60", WAIT), "three terminals: up", a);
    term_send(b, "to b\n");
    term_keys(a, "a");
    term_keys(c, "c");
    check(term_wait_text(a, "key a", WAIT) && term_wait_text(b, "to b", WAIT) && term_wait_text(c, "key c", WAIT),
          "three terminals: apart", a);
    term_free(a);
    term_keys(b, "C-d");
    check(term_wait_exit(b, WAIT) == 0, "three terminals: the second ends", b);
    term_free(c);
    term_free(b);
}

/* ---- the curses program itself ---- */

static void describe_key(char *to, size_t size, int kind, wint_t c) {
    if (kind == KEY_CODE_YES) snprintf(to, size, "%s", keyname((int)c));
    else if (c < 32 || c == 127) snprintf(to, size, "%s", keyname((int)c));
    else if (c == ' ') snprintf(to, size, " .");
    else snprintf(to, size, "%lc", c);
}

static void describe_mouse(char *to, size_t size) {
    MEVENT e;
    if (getmouse(&e) != OK) return;
    const char *what = e.bstate & BUTTON1_PRESSED    ? "press1"
                       : e.bstate & BUTTON1_RELEASED ? "release1"
                       : e.bstate & BUTTON3_PRESSED  ? "press3"
                       : e.bstate & BUTTON4_PRESSED  ? "wheelup"
                       : e.bstate & BUTTON5_PRESSED  ? "wheeldown"
                                                     : "other";
    snprintf(to, size, "mouse %d,%d %s", e.y, e.x, what);
}

static void draw_app(const char *before, const char *key, const char *mouse) {
    erase();
    mvprintw(0, 0, "size %dx%d", LINES, COLS);
    attron(A_BOLD);
    mvaddstr(1, 0, "B");
    attroff(A_BOLD);
    attron(COLOR_PAIR(1));
    mvaddstr(1, 2, "C");
    attroff(COLOR_PAIR(1));
    attron(A_REVERSE);
    mvaddstr(1, 4, "R");
    attroff(A_REVERSE);
    mvaddch(1, 6, ACS_HLINE);
    mvprintw(2, 0, "before %s key %s", before, key);
    mvaddstr(3, 0, mouse);
    if (LINES > 4 && COLS > 6) mvaddstr(LINES - 1, COLS - 6, "corner");
    refresh();
}

/* Echoes keys, mouse and sizes. q: ends with 7. X: leaves without endwin, 3. m: mouse off. */
static int run_app(void) {
    char before[32] = "", key[64] = "", mouse[64] = "";
    setlocale(LC_ALL, "");
    initscr();
    cbreak();
    nonl();
    noecho();
    keypad(stdscr, TRUE);
    curs_set(0);
    start_color();
    use_default_colors();
    init_pair(1, COLORS > 208 ? 208 : 1, -1);
    mouseinterval(0);
    mousemask(ALL_MOUSE_EVENTS, NULL);
    nodelay(stdscr, TRUE);
    /* SIGWINCH only inside ppoll: one that comes between the last get_wch and a plain poll would go unseen. */
    sigset_t winch, open_mask;
    sigemptyset(&winch);
    sigaddset(&winch, SIGWINCH);
    sigprocmask(SIG_BLOCK, &winch, &open_mask);
    for (;;) {
        wint_t c;
        int kind = get_wch(&c);
        if (kind == ERR) {
            draw_app(before, key, mouse);
            struct pollfd fd = {.fd = 0, .events = POLLIN};
            ppoll(&fd, 1, NULL, &open_mask);
            continue;
        }
        if (kind == KEY_CODE_YES && c == KEY_MOUSE) {
            describe_mouse(mouse, sizeof mouse);
            continue;
        }
        if (kind == OK && c == 'X') _exit(3);
        if (kind == OK && c == 'm') mousemask(0, NULL);
        if (kind == OK && c == 'q') break;
        snprintf(before, sizeof before, "%.20s", key);
        describe_key(key, sizeof key, kind, c);
        if (kind == OK && c == 27 && get_wch(&c) == OK) snprintf(key, sizeof key, "^[ %lc", c); /* Alt */
    }
    endwin();
    return 7;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--app") == 0) return run_app();
    char path[4096];
    self = realpath(argv[0], path);
    if (!self) {
        perror(argv[0]);
        return 1;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int lowest = dup(0); /* the lowest free descriptor, now and at the end */
    close(lowest);
    test_text();
    test_cells();
    test_mode_lists();
    test_environment();
    test_waiting();
    test_exit();
    test_modes();
    test_typing_ahead();
    test_keys("xterm-256color");
    test_keys("xterm");
    test_keys("tmux-256color");
    test_screen_state();
    test_mouse();
    test_resize();
    test_job();
    test_two();
    int lowest_now = dup(0);
    check(lowest_now == lowest && waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD, "no descriptor or child left",
          NULL);
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
