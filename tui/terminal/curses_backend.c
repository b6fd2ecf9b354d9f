/* terminal/curses_backend.c: the grid to the terminal, keys and mouse from it. The only file that includes curses. */
#include "terminal/terminal.h"
#include "base/clock.h"
#include "terminal/osc52.h"
#include "draw/color.h"
#include "text/text.h"
#include "terminal/keys.h"

#define NCURSES_WIDECHAR 1 /* declares cchar_t, also where _GNU_SOURCE does not, as with musl */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* The terminal's restore string and settings, which a crash writes back. The only globals. */
static struct restore {
    int fd;
    size_t length;
    char text[512];
    struct termios settings;
    bool open, has_settings;
    sigset_t signals;      /* the signal mask before */
    struct sigaction stop; /* the handler of Ctrl-Z before */
    void (*resized)(int);  /* curses' own handler */
    pthread_t thread;      /* the one that waits for signals */
    SCREEN *screen;
    FILE *tty;
    color_level colors;
    int pair[ROLES][2];
    style style[ROLES][2];
} restore;

/* Signals are unblocked only while waiting, so that none is missed between the last check for keys and the wait. */
static volatile sig_atomic_t ended_by, interrupted, stop_asked;

enum { DOUBLE_CLICK_MS = 400 };

/* OpenBLAS starts threads before main(), which block no signals: one that they receive is forwarded to the waiting
 * thread, which it would not wake otherwise. */
static bool is_here(int number) {
    if (pthread_equal(pthread_self(), restore.thread)) return true;
    pthread_kill(restore.thread, number);
    return false;
}

static void on_end(int number) {
    if (is_here(number)) ended_by = number;
}
static void on_interrupt(int number) {
    if (is_here(number)) interrupted = 1;
}
static void on_stop(int number) {
    if (is_here(number)) stop_asked = 1;
}
static void on_resize(int number) {
    if (is_here(number)) restore.resized(number);
}

static void on_crash(int number) {
    if (restore.open) {
        ssize_t ignored = write(restore.fd, restore.text, restore.length);
        (void)ignored;
        if (restore.has_settings) tcsetattr(restore.fd, TCSANOW, &restore.settings);
    }
    raise(number); /* SA_RESETHAND: now by the default handler */
}

static void append(const char *capability) {
    if (!capability || capability == (char *)-1) return;
    size_t length = strlen(capability);
    if (restore.length + length > sizeof restore.text) return;
    memcpy(restore.text + restore.length, capability, length);
    restore.length += length;
}

/* Collects the sequences that switch off every mode that could be left on. */
static void make_restore_string(void) {
    static const char *const off[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};
    static const char mouse_off[] = "\033[?1006;1000l";
    restore.length = 0;
    const char *mouse = tigetstr("XM");
    append(mouse && mouse != (char *)-1 ? tiparm(mouse, 0) : mouse_off);
    for (size_t i = 0; i < sizeof off / sizeof *off; i++) append(tigetstr(off[i]));
}

/* Called before curses starts, which then leaves Ctrl-Z alone: its own handler draws and allocates in the middle of
 * anything, on any thread, and ignores Ctrl-Z while it draws a frame. */
static void catch_stop(void) {
    struct sigaction stop = {.sa_handler = on_stop};
    restore.thread = pthread_self();
    sigaction(SIGTSTP, NULL, &restore.stop);
    if (restore.stop.sa_handler != SIG_IGN) sigaction(SIGTSTP, &stop, NULL);
}

static void release_stop(void) {
    sigaction(SIGTSTP, &restore.stop, NULL);
}

static void catch_resize(void) {
    struct sigaction resize;
    sigaction(SIGWINCH, NULL, &resize);
    if (resize.sa_handler == SIG_DFL || resize.sa_handler == SIG_IGN || resize.sa_handler == on_resize) return;
    restore.resized = resize.sa_handler;
    resize.sa_handler = on_resize;
    sigaction(SIGWINCH, &resize, NULL);
}

static void catch_signals(void) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGQUIT};
    struct sigaction crash = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
    struct sigaction end = {.sa_handler = on_end}, stop = {.sa_handler = on_interrupt};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++) sigaction(crashes[i], &crash, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &end, NULL);
    sigaction(SIGINT, &stop, NULL);
    catch_resize();
    static const int waited[] = {SIGTERM, SIGHUP, SIGINT, SIGWINCH, SIGTSTP};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof waited / sizeof *waited; i++) sigaddset(&held, waited[i]);
    sigprocmask(SIG_BLOCK, &held, &restore.signals);
}

static color_level find_colors(void) {
    const char *no_color = getenv("NO_COLOR");
    if ((no_color && *no_color) || !has_colors()) return COLOR_MONO;
    return COLORS >= 256 ? COLOR_256 : COLORS >= 8 ? COLOR_16 : COLOR_MONO;
}

/* On direct-colour terminals a number is an RGB value instead of a place in the palette, except for the first 8. */
static int number_of(short color) {
    return tigetflag("RGB") > 0 && color > 7 ? (int)color_rgb(color) : color;
}

void terminal_look(const theme *t, color_level colors) {
    for (int r = 0; r < ROLES; r++)
        for (int cursor = 0; cursor < 2; cursor++) {
            style s = theme_style(t, colors, (role)r, cursor ? CELL_CURSOR : 0);
            int pair = (s.fg < 0 && s.bg < 0) || !has_colors() ? 0 : alloc_pair(number_of(s.fg), number_of(s.bg));
            restore.style[r][cursor] = s;
            restore.pair[r][cursor] = pair < 0 ? 0 : pair;
        }
}

/* TERM=xterm with COLORTERM=truecolor has more colours than its name says: returns the name of its 256-colour
 * description, or NULL where there is none. */
static const char *more_colors(void) {
    static char name[64];
    const char *term = getenv("TERM"), *color = getenv("COLORTERM");
    int found;
    if (!term || !color || strchr(term, '-') || (strcmp(color, "truecolor") != 0 && strcmp(color, "24bit") != 0))
        return NULL;
    snprintf(name, sizeof name, "%.50s-256color", term);
    if (setupterm(name, restore.fd, &found) != OK) return NULL;
    del_curterm(cur_term);
    return name;
}

static bool unusable(const char *why, scry_error *err) {
    const char *name = getenv("TERM");
    release_stop();
    return scry_fail(err, "TERM=%s: this terminal cannot %s; set TERM, for example to xterm-256color", name ? name : "",
                     why);
}

bool terminal_open(bool mouse, scry_error *err) {
    bool direct = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    restore.tty = direct ? stdout : fopen("/dev/tty", "r+");
    if (!restore.tty) return scry_fail(err, "no terminal: %s; --script FILE runs without one", strerror(errno));
    restore.fd = fileno(restore.tty);
    restore.has_settings = tcgetattr(restore.fd, &restore.settings) == 0;
    catch_stop();
    restore.screen = newterm(more_colors(), restore.tty, direct ? stdin : restore.tty);
    if (!restore.screen) return unusable("be used", err);
    set_term(restore.screen);
    const char *move = tigetstr("cup");
    if (!move || move == (char *)-1) {
        endwin();
        delscreen(restore.screen);
        return unusable("move its cursor", err);
    }
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    curs_set(0);
    if (mouse) {
        /* releases too, or they would part the presses; no clicks, or curses would merge those that come in one read */
        mousemask(BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
        mouseinterval(0);
    }
    if (has_colors()) {
        start_color();
        use_default_colors();
    }
    restore.colors = find_colors();
    terminal_look(&themes[0], restore.colors);
    make_restore_string();
    restore.open = true;
    catch_signals();
    return true;
}

void terminal_close(void) {
    if (!restore.open) return;
    restore.open = false;
    endwin();
    delscreen(restore.screen);
    if (restore.tty != stdout) fclose(restore.tty);
    release_stop();
    sigprocmask(SIG_SETMASK, &restore.signals, NULL);
}

void terminal_size(int *rows, int *cols) {
    *rows = LINES;
    *cols = COLS;
}

color_level terminal_colors(void) {
    return restore.colors;
}

static void draw_cell(const cell *c, int y, int x) {
    bool cursor = c->flags & CELL_CURSOR;
    style s = restore.style[c->role][cursor];
    attr_t attributes = (s.bold ? A_BOLD : 0) | (s.underline ? A_UNDERLINE : 0) | (s.reverse ? A_REVERSE : 0);
    wchar_t text[CELL_CODES + 1] = {0};
    for (int i = 0; i < CELL_CODES; i++) text[i] = (wchar_t)c->code[i];
    int pair = restore.pair[c->role][cursor];
    cchar_t out;
    if (setcchar(&out, text, attributes, 0, &pair) == OK) mvadd_wch(y, x, &out);
}

void terminal_draw(const grid *g, bool whole) {
    if (whole) clearok(curscr, TRUE);
    erase();
    for (int y = 0; y < g->rows && y < LINES; y++)
        for (int x = 0; x < g->cols && x < COLS; x++) {
            const cell *c = &g->cells[(size_t)y * (size_t)g->cols + (size_t)x];
            if (c->width) draw_cell(c, y, x);
        }
    refresh();
}

void terminal_copy(const char *text) {
    const char *name = getenv("TERM");
    size_t length, done = 0;
    if (name && strncmp(name, "linux", 5) == 0) return; /* the Linux console has no clipboard */
    char *sequence = osc52_sequence(text, &length);
    while (done < length) {
        ssize_t n = write(restore.fd, sequence + done, length - done);
        if (n < 0 && errno != EINTR) break;
        if (n > 0) done += (size_t)n;
    }
    free(sequence);
}

static uint32_t key_of(wint_t code) {
    switch (code) {
    case KEY_UP:
        return KEY_CODE_UP;
    case KEY_DOWN:
        return KEY_CODE_DOWN;
    case KEY_LEFT:
        return KEY_CODE_LEFT;
    case KEY_RIGHT:
        return KEY_CODE_RIGHT;
    case KEY_PPAGE:
        return KEY_CODE_PAGE_UP;
    case KEY_NPAGE:
        return KEY_CODE_PAGE_DOWN;
    case KEY_HOME:
        return KEY_CODE_HOME;
    case KEY_END:
        return KEY_CODE_END;
    case KEY_BTAB:
        return KEY_CODE_BACK_TAB;
    case KEY_DC:
        return KEY_CODE_DELETE;
    case KEY_BACKSPACE:
        return KEY_CODE_BACKSPACE;
    case KEY_ENTER:
        return '\r';
    default:
        return code >= KEY_F(1) && code <= KEY_F(12) ? KEY_CODE_F1 + (uint32_t)code - KEY_F(1) : 0;
    }
}

/* 2 for the second click within DOUBLE_CLICK_MS at one place, else 1. Curses' own detection would delay the first
 * click. */
static int clicks_at(int y, int x) {
    static double last;
    static int last_y = -1, last_x;
    double now = clock_seconds();
    bool second = y == last_y && x == last_x && (now - last) * 1000 < DOUBLE_CLICK_MS;
    last = now;
    last_y = second ? -1 : y;
    last_x = x;
    return second ? 2 : 1;
}

/* The next event of the mouse; arrived: curses has new ones, all that came in one read, of which it hands out the
 * newest first. */
static event mouse_event(bool arrived) {
    static MEVENT waiting[8]; /* as many as curses keeps */
    static size_t count;
    if (arrived) count = 0; /* those before were taken first */
    while (arrived && count < sizeof waiting / sizeof *waiting && getmouse(&waiting[count]) == OK) count++;
    while (count) {
        const MEVENT *m = &waiting[--count];
        event e = {.y = m->y, .x = m->x};
        if (m->bstate & BUTTON4_PRESSED) e.kind = EVENT_WHEEL, e.steps = -3;
        else if (m->bstate & BUTTON5_PRESSED) e.kind = EVENT_WHEEL, e.steps = 3;
        else if (m->bstate & BUTTON1_PRESSED) e.kind = EVENT_CLICK, e.steps = clicks_at(m->y, m->x);
        if (e.kind != EVENT_NONE) return e;
    }
    return (event){.kind = EVENT_NONE};
}

/* Stops the process on Ctrl-Z until the shell continues it; the next frame takes the terminal again. */
static void stop(void) {
    struct sigaction own, usual = {.sa_handler = SIG_DFL};
    sigset_t only, before;
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    stop_asked = 0;
    endwin();
    sigaction(SIGTSTP, &usual, &own);
    raise(SIGTSTP); /* blocked: stops the process when it is unblocked */
    pthread_sigmask(SIG_UNBLOCK, &only, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTSTP, &own, NULL);
    def_shell_mode(); /* keeps settings that were changed meanwhile */
}

/* The next pending event; EVENT_NONE when there is none. */
static event look(void) {
    if (ended_by) return (event){.kind = EVENT_SIGNAL, .number = ended_by};
    if (stop_asked) {
        stop();
        return (event){.kind = EVENT_RESIZE, .y = LINES, .x = COLS};
    }
    if (interrupted) {
        interrupted = 0;
        return (event){.kind = EVENT_KEY, .key = 3};
    }
    event mouse = mouse_event(false);
    if (mouse.kind != EVENT_NONE) return mouse;
    wint_t code = 0;
    int kind = get_wch(&code);
    if (kind == ERR) return (event){.kind = EVENT_NONE};
    if (kind == OK) return (event){.kind = EVENT_KEY, .key = (uint32_t)code};
    if (code == KEY_RESIZE) return (event){.kind = EVENT_RESIZE, .y = LINES, .x = COLS};
    if (code == KEY_MOUSE) return mouse_event(true);
    return (event){.kind = EVENT_KEY, .key = key_of(code)};
}

event terminal_wait(int timeout_ms, int also) {
    event e = look();
    if (e.kind != EVENT_NONE) return e;
    struct pollfd in[2] = {{.fd = restore.tty == stdout ? STDIN_FILENO : restore.fd, .events = POLLIN},
                           {.fd = also, .events = POLLIN}};
    struct timespec limit = {timeout_ms / 1000, (long)(timeout_ms % 1000) * 1000000};
    sigset_t none;
    sigprocmask(SIG_SETMASK, NULL, &none);
    sigdelset(&none, SIGTERM);
    sigdelset(&none, SIGHUP);
    sigdelset(&none, SIGINT);
    sigdelset(&none, SIGWINCH);
    sigdelset(&none, SIGTSTP);
    int ready = ppoll(in, 2, timeout_ms < 0 ? NULL : &limit, &none);
    const bool gone = ready > 0 && in[0].revents & (POLLHUP | POLLERR | POLLNVAL);
    e = look();
    /* a closed terminal stays readable without ever giving a byte, and its SIGHUP may have gone to a shell that has
     * exited */
    if (gone && e.kind == EVENT_NONE) return (event){.kind = EVENT_SIGNAL, .number = SIGHUP};
    if (e.kind == EVENT_NONE && ready > 0 && in[1].revents & POLLIN) e.kind = EVENT_BELL;
    return e;
}
