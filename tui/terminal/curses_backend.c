/* terminal/curses_backend.c: the grid to the terminal, keys and mouse from it. The only file that includes curses. */
#include "terminal/terminal.h"
#include "base/clock.h"
#include "base/sudden_end.h"
#include "terminal/osc52.h"
#include "draw/color.h"
#include "terminal/input_decoder.h"
#include "text/charset.h"
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
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* The terminal's restore string and settings, which a crash writes back. With what was read of the input, the
 * only globals. */
static struct restore {
    int fd;
    size_t length;
    char text[512];
    struct termios settings;
    bool open, has_settings;
    sigset_t signals;      /* the signal mask before */
    struct sigaction stop; /* the handler of Ctrl-Z before */
    pthread_t thread;      /* the one that waits for signals */
    SCREEN *screen;
    FILE *tty;
    color_level colors;
    int pair[ROLES][2];
    style style[ROLES][2];
    bool has_mouse;          /* asked for: else its reports are leftovers of another program */
    bool can_paste, pasting; /* the terminal is one of ANSI's kind; pastes are bracketed now */
} restore;

/* What the terminal sent: bytes[at..end) are not decoded yet. */
static struct input {
    input_decoder decoder;
    unsigned char bytes[4096];
    size_t at, end;
    double last; /* seconds: when the last byte or silence was taken */
} input;

/* Signals are unblocked only while waiting, so that none is missed between the last check for keys and the wait. */
static volatile sig_atomic_t ended_by, interrupted, stop_asked, resized;

enum { DOUBLE_CLICK_MS = 400, CTRL_C = 3, CTRL_Z = 26, CTRL_BACKSLASH = 28 };

static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";

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
    if (is_here(number)) resized = 1;
}

/* Where the program ends at once. */
static void give_back(void *context) {
    (void)context;
    if (!restore.open) return;
    ssize_t ignored = write(restore.fd, restore.text, restore.length);
    (void)ignored;
    if (restore.has_settings) tcsetattr(restore.fd, TCSANOW, &restore.settings);
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
    if (restore.can_paste) append(paste_off);
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

/* The window's size, where it is not that of curses: of the kernel, unless the environment has one. */
static bool size_differs(int *rows, int *cols) {
    struct winsize w;
    if (ioctl(restore.fd, TIOCGWINSZ, &w) != 0 || !w.ws_row || !w.ws_col) return false;
    const char *own_rows = getenv("LINES"), *own_cols = getenv("COLUMNS");
    *rows = own_rows && atoi(own_rows) > 0 ? LINES : w.ws_row;
    *cols = own_cols && atoi(own_cols) > 0 ? COLS : w.ws_col;
    return *rows != LINES || *cols != COLS;
}

/* Batch systems and limits send the latter four. */
static const int ends[] = {SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU};
static const int others[] = {SIGINT, SIGWINCH, SIGTSTP};
enum { ENDS = sizeof ends / sizeof *ends, OTHERS = sizeof others / sizeof *others };

static void catch_signals(void) {
    struct sigaction end = {.sa_handler = on_end}, stop = {.sa_handler = on_interrupt}, now;
    struct sigaction resize = {.sa_handler = on_resize};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < ENDS; i++) {
        sigaddset(&held, ends[i]);
        bool ignored = sigaction(ends[i], NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN;
        if (!ignored) sigaction(ends[i], &end, NULL);
    }
    for (size_t i = 0; i < OTHERS; i++) sigaddset(&held, others[i]);
    sigaction(SIGINT, &stop, NULL);
    sigaction(SIGWINCH, &resize, NULL);
    resized = 1; /* or it may have changed before */
    sudden_end_set(SUDDEN_TERMINAL, give_back, NULL);
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

/* The keys of the terminal's description. */
static void begin_input(void) {
    static const struct {
        const char *name;
        uint32_t key;
    } keys[] = {{"kcuu1", KEY_CODE_UP},     {"kcud1", KEY_CODE_DOWN},    {"kcub1", KEY_CODE_LEFT},
                {"kcuf1", KEY_CODE_RIGHT},  {"kpp", KEY_CODE_PAGE_UP},   {"knp", KEY_CODE_PAGE_DOWN},
                {"khome", KEY_CODE_HOME},   {"kend", KEY_CODE_END},      {"kcbt", KEY_CODE_BACK_TAB},
                {"kdch1", KEY_CODE_DELETE}, {"kbs", KEY_CODE_BACKSPACE}, {"kent", '\r'}};
    input_begin(&input.decoder, charset_is_utf8());
    input.at = input.end = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *bytes = tigetstr(keys[i].name);
        if (bytes != (char *)-1) input_add_key(&input.decoder, bytes, keys[i].key);
    }
    for (uint32_t i = 1; i <= 12; i++) {
        char name[8];
        snprintf(name, sizeof name, "kf%u", i);
        const char *bytes = tigetstr(name);
        if (bytes != (char *)-1) input_add_key(&input.decoder, bytes, KEY_CODE_F1 + i - 1);
    }
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
    restore.can_paste = strncmp(move, "\033[", 2) == 0;
    raw(); /* Ctrl-C and Ctrl-Z as bytes: in a pasted text they are none of ours */
    noecho();
    nonl();
    typeahead(-1);
    keypad(stdscr, TRUE); /* curses switches keypad and mouse on and off; it reads nothing */
    curs_set(0);
    restore.has_mouse = mouse;
    if (mouse) mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    begin_input();
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

/* Sends bytes past curses, which has sent all of its own by the end of a frame. */
static void send(const char *bytes, size_t length) {
    for (size_t done = 0; done < length;) {
        ssize_t n = write(restore.fd, bytes + done, length - done);
        if (n < 0 && errno != EINTR) return;
        if (n > 0) done += (size_t)n;
    }
}

static void bracket_pastes(bool on) {
    if (!restore.can_paste || restore.pasting == on) return;
    send(on ? paste_on : paste_off, sizeof paste_on - 1);
    restore.pasting = on;
}

void terminal_close(void) {
    if (!restore.open) return;
    restore.open = false;
    sudden_end_set(SUDDEN_TERMINAL, NULL, NULL);
    bracket_pastes(false);
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
    bracket_pastes(true);
}

void terminal_copy(const char *text) {
    const char *name = getenv("TERM");
    size_t length;
    if (name && strncmp(name, "linux", 5) == 0) return; /* the Linux console has no clipboard */
    char *sequence = osc52_sequence(text, &length);
    send(sequence, length);
    free(sequence);
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

/* Stops the process until the shell continues it; the next frame takes the terminal again. group: its whole process
 * group, as the kernel does on Ctrl-Z. */
static void stop(bool group) {
    struct sigaction own, usual = {.sa_handler = SIG_DFL};
    sigset_t only, before;
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    stop_asked = 0;
    bracket_pastes(false);
    endwin();
    sigaction(SIGTSTP, &usual, &own);
    if (group) kill(0, SIGTSTP);
    else raise(SIGTSTP); /* blocked: stops the process when it is unblocked */
    pthread_sigmask(SIG_UNBLOCK, &only, &before);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    sigaction(SIGTSTP, &own, NULL);
    def_shell_mode(); /* keeps settings that were changed meanwhile */
    input_reset(&input.decoder);
    input.at = input.end = 0;
}

/* Takes the window's size. */
static event resize(void) {
    int rows, cols;
    resized = 0;
    if (size_differs(&rows, &cols)) resizeterm(rows, cols);
    return (event){.kind = EVENT_RESIZE, .y = LINES, .x = COLS};
}

static event key_event(uint32_t key) {
    bool stops = restore.stop.sa_handler != SIG_IGN;
    if (key == CTRL_Z && stops) {
        stop(true);
        return resize();
    }
    if (key == CTRL_BACKSLASH) kill(0, SIGQUIT);
    if (key == CTRL_BACKSLASH || key == CTRL_Z) return (event){.kind = EVENT_NONE};
    return (event){.kind = EVENT_KEY, .key = key};
}

static event mouse_event(const input_event *m) {
    event e = {.y = m->y, .x = m->x};
    if (!m->press || !restore.has_mouse) return e;
    if (m->button == 64) e.kind = EVENT_WHEEL, e.steps = -3;
    else if (m->button == 65) e.kind = EVENT_WHEEL, e.steps = 3;
    else if (m->button == 0) e.kind = EVENT_CLICK, e.steps = clicks_at(m->y, m->x);
    return e;
}

/* Reads what is there without waiting. False: nothing. */
static bool fill(void) {
    struct pollfd in = {.fd = restore.tty == stdout ? STDIN_FILENO : restore.fd, .events = POLLIN};
    ssize_t n = 0;
    if (poll(&in, 1, 0) > 0 && in.revents & POLLIN) n = read(in.fd, input.bytes, sizeof input.bytes);
    if (n <= 0) return false;
    input.at = 0;
    input.end = (size_t)n;
    input.last = clock_seconds();
    return true;
}

/* Milliseconds until the silence means something; -1: never. */
static int silence_left(void) {
    int patience = input_patience(&input.decoder);
    if (patience < 0) return -1;
    double left = patience - (clock_seconds() - input.last) * 1000;
    return left > 0 ? (int)left + 1 : 0;
}

/* The next event of keys and mouse; EVENT_NONE when there is none. */
static event next_input(void) {
    for (;;) {
        input_event i;
        while (input_next(&input.decoder, &i)) {
            event e = i.kind == INPUT_KEY     ? key_event(i.key)
                      : i.kind == INPUT_MOUSE ? mouse_event(&i)
                                              : (event){.kind = EVENT_PASTE, .text = input_pasted(&input.decoder)};
            if (e.kind != EVENT_NONE) return e;
        }
        if (input.at < input.end) {
            input_take(&input.decoder, input.bytes[input.at++]);
        } else if (!fill()) {
            if (silence_left() != 0) return (event){.kind = EVENT_NONE};
            input_silence(&input.decoder);
            input.last = clock_seconds();
        }
    }
}

/* The next pending event; EVENT_NONE when there is none. */
static event look(void) {
    int rows, cols;
    if (ended_by) return (event){.kind = EVENT_SIGNAL, .number = ended_by};
    if (stop_asked) {
        stop(false);
        return resize();
    }
    if (interrupted) {
        interrupted = 0;
        input_reset(&input.decoder);
        return (event){.kind = EVENT_KEY, .key = CTRL_C};
    }
    if (resized) {
        if (size_differs(&rows, &cols)) return resize();
        resized = 0;
    }
    return next_input();
}

event terminal_wait(int timeout_ms, int also) {
    double end = clock_seconds() + timeout_ms / 1000.0;
    struct pollfd in[2] = {{.fd = restore.tty == stdout ? STDIN_FILENO : restore.fd, .events = POLLIN},
                           {.fd = also, .events = POLLIN}};
    sigset_t none;
    sigprocmask(SIG_SETMASK, NULL, &none);
    for (size_t i = 0; i < ENDS; i++) sigdelset(&none, ends[i]);
    for (size_t i = 0; i < OTHERS; i++) sigdelset(&none, others[i]);
    for (event e = look();; e = look()) {
        if (e.kind != EVENT_NONE) return e;
        int left = timeout_ms > 0 ? (int)((end - clock_seconds()) * 1000 + 1) : timeout_ms, silence = silence_left();
        if (timeout_ms > 0 && left < 0) left = 0;
        bool until_silence = silence >= 0 && (left < 0 || silence < left);
        if (until_silence) left = silence;
        struct timespec limit = {left / 1000, (long)(left % 1000) * 1000000};
        int ready = ppoll(in, 2, left < 0 ? NULL : &limit, &none);
        const bool gone = ready > 0 && in[0].revents & (POLLHUP | POLLERR | POLLNVAL);
        e = look();
        if (e.kind != EVENT_NONE) return e;
        /* a closed terminal stays readable without ever giving a byte, and its SIGHUP may have gone to a shell that has
         * exited */
        if (gone) return (event){.kind = EVENT_SIGNAL, .number = SIGHUP};
        if (ready > 0 && in[1].revents & POLLIN) return (event){.kind = EVENT_BELL};
        if (ready < 0 || (ready == 0 && !until_silence) || timeout_ms == 0) return e;
    }
}
