/* term.c: a program under test on a pty; libvterm draws what it writes. See term.h.
 *
 * The slave side stays open here, so that its modes can be read after the program is gone. The master then never
 * reports an end of file: waitpid tells when the program has ended. */
#include "term.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utmp.h>
#include <vterm.h>

#define TAIL         4096 /* bytes of raw output kept */
#define TICK_MS      10   /* how often a wait asks whether the program has ended */
#define ESC_LEAST_MS 50   /* silence after an Esc that the program has read: twice its ESCDELAY, */
#define ESC_MOST_MS  200  /* and this where it draws nothing on it */
#define PATIENCE     5000 /* ms that term_settle gives a program that never rests */

#define SIGNAL_QUIET    30 /* ms of rest that a program gets before Ctrl-C, Ctrl-Z, Ctrl-\ */
#define SIGNAL_PATIENCE 1000

struct term_session {
    int master, slave;
    struct termios before; /* modes before the program started */
    VTerm *vt;
    VTermScreen *screen;
    int rows, cols;
    bool in_tmux; /* TERM says tmux or screen */
    bool altscreen, cursor_visible;
    int mouse_mode;
    bool paste_mode;

    pid_t pid;   /* the program */
    pid_t child; /* whom we reap: the program, or a job's waiting parent */
    bool exited;
    int status; /* valid once exited: 0..255 or 128+signal */

    bool is_job, stopped;
    int events;  /* from the waiting parent, an event each; -1 without one */
    int control; /* to it: one byte continues the job; closing it ends the job */

    char *out; /* [out_len] typed, and not yet taken by the pty */
    size_t out_len, out_cap;
    bool esc_sent; /* the last key was a bare Esc */

    char tail[2 * TAIL + 1]; /* [tail_len] latest output; always NUL-terminated */
    size_t tail_len;
    long bytes;

    char modes[64]; /* [mode_len] the beginning of a CSI ? sequence, held back by feed_screen */
    size_t mode_len;
};

/* What the waiting parent tells about the job. */
typedef struct event {
    enum { EVENT_PID, EVENT_STOPPED, EVENT_CONTINUED } kind;
    pid_t pid;
} event;

/* ---- small things ---- */

static _Noreturn void die(const char *what, const char *detail) {
    fprintf(stderr, "term: %s: %s\n", what, detail);
    exit(99);
}

static void *grow(void *p, size_t size) {
    void *q = realloc(p, size);
    if (!q) die("realloc", "out of memory");
    return q;
}

static int64_t now_ms(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t deadline_after(int timeout_ms) {
    const char *text = getenv("TERM_TIMEOUT_FACTOR");
    int factor = text ? atoi(text) : 1;
    if (factor < 1) factor = 1;
    if (factor > 100) factor = 100;
    return now_ms() + (int64_t)timeout_ms * factor;
}

/* ---- what the terminal tells us ---- */

static void queue_bytes(term *t, const char *bytes, size_t n) {
    if (t->out_cap - t->out_len < n) {
        t->out_cap = (t->out_len + n) * 2;
        t->out = grow(t->out, t->out_cap);
    }
    memcpy(t->out + t->out_len, bytes, n);
    t->out_len += n;
}

/* Keys, and answers to the program's questions. Called from inside vterm_input_write: only queue. */
static void on_output(const char *bytes, size_t n, void *user) {
    queue_bytes(user, bytes, n);
}

static int on_property(VTermProp prop, VTermValue *value, void *user) {
    term *t = user;
    switch (prop) {
    case VTERM_PROP_ALTSCREEN:
        t->altscreen = value->boolean;
        break;
    case VTERM_PROP_CURSORVISIBLE:
        t->cursor_visible = value->boolean;
        break;
    case VTERM_PROP_MOUSE:
        t->mouse_mode = value->number;
        break;
    default:
        break;
    }
    return 1;
}

static const VTermScreenCallbacks screen_callbacks = {.settermprop = on_property};

static void open_screen(term *t) {
    t->vt = vterm_new(t->rows, t->cols);
    if (!t->vt) die("vterm_new", "out of memory");
    vterm_set_utf8(t->vt, 1);
    vterm_output_set_callback(t->vt, on_output, t);
    t->screen = vterm_obtain_screen(t->vt);
    vterm_screen_set_callbacks(t->screen, &screen_callbacks, t);
    vterm_screen_enable_altscreen(t->screen, 1);
    vterm_screen_reset(t->screen, 1);
}

/* ---- bytes in and out ---- */

static void flush_output(term *t) {
    size_t done = 0;
    while (done < t->out_len) {
        ssize_t n = write(t->master, t->out + done, t->out_len - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) break; /* the program does not read: keep the rest for later */
        done += (size_t)n;
    }
    if (done) memmove(t->out, t->out + done, t->out_len - done);
    t->out_len -= done;
}

static void keep_tail(term *t, const char *bytes, size_t n) {
    if (n > TAIL) {
        bytes += n - TAIL;
        n = TAIL;
    }
    if (t->tail_len + n > 2 * TAIL) {
        memmove(t->tail, t->tail + t->tail_len - TAIL, TAIL);
        t->tail_len = TAIL;
    }
    memcpy(t->tail + t->tail_len, bytes, n);
    t->tail_len += n;
    t->tail[t->tail_len] = '\0';
}

/* libvterm 0.1.4 heeds only the first of the modes in "CSI ? 1006;1000 h", which is how ncurses switches the mouse on.
 * So such a sequence reaches it as several, a mode each; everything else passes as it is. */
static void feed_screen(term *t, const char *bytes, size_t n) {
    size_t from = 0; /* [from, i) is not passed on yet */
    for (size_t i = 0; i < n; i++) {
        char c = bytes[i];
        if (t->mode_len < 3) {
            if (c == "\033[?"[t->mode_len]) {
                if (t->mode_len == 0) {
                    vterm_input_write(t->vt, bytes + from, i - from);
                    from = i;
                }
                t->modes[t->mode_len++] = c;
                from++;
                continue;
            }
        } else if (((c >= '0' && c <= '9') || c == ';') && t->mode_len < sizeof t->modes - 1) {
            t->modes[t->mode_len++] = c;
            from++;
            continue;
        } else if (c == 'h' || c == 'l') {
            t->modes[t->mode_len] = '\0';
            char *state = NULL;
            for (char *mode = strtok_r(t->modes + 3, ";", &state); mode; mode = strtok_r(NULL, ";", &state)) {
                if (strcmp(mode, "2004") == 0) t->paste_mode = c == 'h';
                char one[sizeof t->modes + 4];
                int length = snprintf(one, sizeof one, "\033[?%s%c", mode, c);
                vterm_input_write(t->vt, one, (size_t)length);
            }
            t->mode_len = 0;
            from++;
            continue;
        }
        if (t->mode_len) { /* it is something else */
            vterm_input_write(t->vt, t->modes, t->mode_len);
            t->mode_len = 0;
            if (c == '\033') i--; /* which may begin one */
        }
    }
    vterm_input_write(t->vt, bytes + from, n - from);
}

/* Takes what lies ready; bounded, as a program may write without end. */
static void read_output(term *t) {
    for (int i = 0; i < 256; i++) {
        char buffer[8192];
        ssize_t n = read(t->master, buffer, sizeof buffer);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        keep_tail(t, buffer, (size_t)n);
        t->bytes += n;
        feed_screen(t, buffer, (size_t)n);
    }
}

static void note_exit(term *t) {
    int status;
    if (t->exited || waitpid(t->child, &status, WNOHANG) != t->child) return;
    t->exited = true;
    t->stopped = false;
    t->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void note_events(term *t) {
    event e;
    while (t->events >= 0 && read(t->events, &e, sizeof e) == (ssize_t)sizeof e) {
        if (e.kind == EVENT_PID) t->pid = e.pid;
        else t->stopped = e.kind == EVENT_STOPPED;
    }
}

/* Waits up to wait_ms for something to happen, then takes all of it in. The order makes a noted stop or exit mean that
 * what the program wrote before it is on the screen. */
static void pump(term *t, int64_t wait_ms) {
    flush_output(t);
    if (wait_ms > 0 && !t->exited) {
        struct pollfd fds[] = {{.fd = t->master, .events = POLLIN}, {.fd = t->events, .events = POLLIN}};
        if (t->out_len) fds[0].events |= POLLOUT;
        poll(fds, 2, wait_ms < TICK_MS ? (int)wait_ms : TICK_MS);
    }
    note_events(t);
    note_exit(t);
    read_output(t);
    flush_output(t);
}

/* ---- starting ---- */

static int set_flags(int fd) {
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0) return -1;
    return fd;
}

static void reset_signals(void) {
    static const int all[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGPIPE,  SIGALRM, SIGCHLD,
                              SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGUSR1, SIGUSR2};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) signal(all[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the child: becomes the program, or tells errno through report. */
static _Noreturn void become(const char *term_name, char *const argv[], char *const extra_env[], int report) {
    static const char *const gone[] = {"LINES", "COLUMNS", "COLORTERM", "NO_COLOR"};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) unsetenv(gone[i]);
    setenv("TERM", term_name ? term_name : "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("TZ", "UTC", 1);
    setenv("ESCDELAY", "25", 1);
    for (; extra_env && *extra_env; extra_env++) putenv(*extra_env);
    reset_signals();
    execvp(argv[0], argv);
    int error = errno;
    if (write(report, &error, sizeof error) < 0) _exit(126);
    _exit(127);
}

static void on_child(int sig) {
    (void)sig; /* only there to end ppoll */
}

/* The waiting parent of a job: a shell with one command. It tells events, and continues the job for each byte from
 * control. Its exit status is the job's. */
static _Noreturn void supervise(pid_t job, int events, int control, const sigset_t *open_mask) {
    for (;;) {
        int status;
        pid_t got;
        while ((got = waitpid(job, &status, WNOHANG | WUNTRACED | WCONTINUED)) == job) {
            if (WIFEXITED(status)) _exit(WEXITSTATUS(status));
            if (WIFSIGNALED(status)) _exit(128 + WTERMSIG(status));
            if (WIFSTOPPED(status)) tcsetpgrp(0, getpgrp());
            event e = {.kind = WIFSTOPPED(status) ? EVENT_STOPPED : EVENT_CONTINUED, .pid = job};
            if (write(events, &e, sizeof e) < 0) kill(-job, SIGKILL);
        }
        if (got < 0 && errno == ECHILD) _exit(125);
        struct pollfd fd = {.fd = control, .events = POLLIN};
        if (ppoll(&fd, 1, NULL, open_mask) <= 0) continue;
        char byte;
        if (read(control, &byte, 1) == 1) {
            tcsetpgrp(0, job);
            kill(-job, SIGCONT);
        } else {
            kill(-job, SIGKILL); /* the test is gone */
            waitpid(job, &status, 0);
            _exit(128 + SIGKILL);
        }
    }
}

/* In the child of term_start_job, a session leader on the terminal: starts the job and stays as its parent. */
static _Noreturn void become_job(const char *term_name, char *const argv[], char *const extra_env[], int report,
                                 int events, int control) {
    long most = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < 1024 && fd < most; fd++) /* no exec will close other tests' terminals here */
        if (fd != report && fd != events && fd != control) close(fd);
    static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) signal(ignored[i], SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    struct sigaction action = {.sa_handler = on_child};
    sigaction(SIGCHLD, &action, NULL);
    sigset_t mask, open_mask;
    sigemptyset(&open_mask);
    sigemptyset(&mask);
    sigaddset(&mask, SIGCHLD);
    sigprocmask(SIG_SETMASK, &mask, NULL);

    pid_t job = fork();
    if (job == 0) {
        setpgid(0, 0);
        tcsetpgrp(0, getpid()); /* SIGTTOU is still ignored */
        become(term_name, argv, extra_env, report);
    }
    event e = {.kind = EVENT_PID, .pid = job};
    if (job < 0 || write(events, &e, sizeof e) < 0) _exit(126);
    close(report);
    supervise(job, events, control, &open_mask);
}

static void pipe_cloexec(int fds[2]) {
    if (pipe2(fds, O_CLOEXEC) < 0) die("pipe2", strerror(errno));
}

static term *start(int rows, int cols, const char *term_name, char *const argv[], char *const extra_env[], bool job) {
    term *t = calloc(1, sizeof *t);
    if (!t) die("calloc", "out of memory");
    t->rows = rows;
    t->cols = cols;
    t->in_tmux = term_name && (strncmp(term_name, "tmux", 4) == 0 || strncmp(term_name, "screen", 6) == 0);
    t->is_job = job;
    t->events = t->control = -1;
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    if (openpty(&t->master, &t->slave, NULL, NULL, &size) < 0) die("openpty", strerror(errno));
    if (set_flags(t->master) < 0 || fcntl(t->slave, F_SETFD, FD_CLOEXEC) < 0) die("fcntl", strerror(errno));
    if (tcgetattr(t->slave, &t->before) < 0) die("tcgetattr", strerror(errno));

    int report[2], events[2] = {-1, -1}, control[2] = {-1, -1}; /* report: errno of exec, or closed by it */
    pipe_cloexec(report);
    if (job) {
        pipe_cloexec(events);
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0) die("socketpair", strerror(errno));
    }
    t->child = fork();
    if (t->child < 0) die("fork", strerror(errno));
    if (t->child == 0) {
        int tty = dup(t->slave); /* login_tty closes what it is given */
        if (tty < 0 || login_tty(tty) < 0) _exit(126);
        if (job) become_job(term_name, argv, extra_env, report[1], events[1], control[0]);
        become(term_name, argv, extra_env, report[1]);
    }
    close(report[1]);
    t->pid = t->child;
    if (job) {
        close(events[1]);
        close(control[0]);
        t->events = set_flags(events[0]);
        t->control = control[1];
    }
    open_screen(t);

    int error = 0;
    ssize_t n;
    do n = read(report[0], &error, sizeof error);
    while (n < 0 && errno == EINTR);
    close(report[0]);
    if (n > 0) {
        term_free(t);
        errno = error;
        return NULL;
    }
    if (job) note_events(t); /* EVENT_PID comes before the last writer of report goes */
    return t;
}

term *term_start(int rows, int cols, const char *term_name, char *const argv[], char *const extra_env[]) {
    return start(rows, cols, term_name, argv, extra_env, false);
}

term *term_start_job(int rows, int cols, const char *term_name, char *const argv[], char *const extra_env[]) {
    return start(rows, cols, term_name, argv, extra_env, true);
}

void term_free(term *t) {
    if (!t) return;
    note_events(t);
    note_exit(t);
    if (!t->exited) {
        if (t->is_job) close(t->control); /* its parent kills the job, reaps it and ends */
        else if (kill(-t->pid, SIGKILL) < 0) kill(t->pid, SIGKILL);
        while (waitpid(t->child, NULL, 0) < 0 && errno == EINTR) {}
    } else if (t->is_job) {
        close(t->control);
    }
    if (t->is_job) close(t->events);
    close(t->master);
    close(t->slave);
    vterm_free(t->vt);
    free(t->out);
    free(t);
}

/* ---- waiting ---- */

bool term_wait(term *t, bool (*pred)(term *t, void *arg), void *arg, int timeout_ms) {
    int64_t deadline = deadline_after(timeout_ms);
    pump(t, 0);
    for (;;) {
        if (pred(t, arg)) return true;
        int64_t left = deadline - now_ms();
        if (left <= 0 || t->exited) return false;
        pump(t, left);
    }
}

static bool has_text(term *t, void *needle) {
    return term_has(t, needle);
}

static bool lacks_text(term *t, void *needle) {
    return !term_has(t, needle);
}

bool term_wait_text(term *t, const char *needle, int timeout_ms) {
    return term_wait(t, has_text, (void *)(uintptr_t)needle, timeout_ms);
}

bool term_wait_gone(term *t, const char *needle, int timeout_ms) {
    return term_wait(t, lacks_text, (void *)(uintptr_t)needle, timeout_ms);
}

static bool has_exited(term *t, void *arg) {
    (void)arg;
    return t->exited;
}

int term_wait_exit(term *t, int timeout_ms) {
    return term_wait(t, has_exited, NULL, timeout_ms) ? t->status : -1;
}

/* Keys typed that the program has not read. In line mode the kernel counts only whole lines. */
static bool input_pending(const term *t) {
    int n = 0;
    return t->out_len || (ioctl(t->slave, FIONREAD, &n) == 0 && n > 0);
}

bool term_is_working(pid_t pid) {
    char path[40], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0) close(fd);
    text[n > 0 ? n : 0] = 0;
    const char *state = strrchr(text, ')'); /* "PID (NAME) STATE ..." */
    return state && (state[2] == 'R' || state[2] == 'D');
}

static void settle(term *t, int quiet_ms, int patience_ms) {
    int64_t deadline = deadline_after(patience_ms), quiet_since = now_ms();
    for (;;) {
        long before = t->bytes;
        int64_t left = quiet_since + quiet_ms - now_ms();
        pump(t, left > 0 ? left : 0);
        int64_t now = now_ms();
        bool busy = !t->stopped && (input_pending(t) || term_is_working(t->pid));
        if (t->bytes != before || busy) quiet_since = now;
        if (t->exited || now >= deadline || (!busy && now - quiet_since >= quiet_ms)) return;
    }
}

void term_settle(term *t, int quiet_ms) {
    settle(t, quiet_ms, PATIENCE);
}

/* ---- the screen ---- */

static size_t put_utf8(char *to, uint32_t c) {
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | (c >> 18 & 0x07));
    to[1] = (char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

static int palette_index(const VTermColor *color, bool is_default) {
    if (is_default) return -1;
    return VTERM_COLOR_IS_INDEXED(color) ? color->indexed.idx : -2;
}

term_cell term_at(term *t, int row, int col) {
    term_cell cell = {.fg = -1, .bg = -1};
    VTermScreenCell from;
    if (row < 0 || col < 0 || row >= t->rows || col >= t->cols) return cell;
    if (!vterm_screen_get_cell(t->screen, (VTermPos){.row = row, .col = col}, &from)) return cell;
    cell.bold = from.attrs.bold;
    cell.underline = from.attrs.underline != VTERM_UNDERLINE_OFF;
    cell.reverse = from.attrs.reverse;
    cell.fg = palette_index(&from.fg, VTERM_COLOR_IS_DEFAULT_FG(&from.fg));
    cell.bg = palette_index(&from.bg, VTERM_COLOR_IS_DEFAULT_BG(&from.bg));
    if (from.chars[0] == UINT32_MAX) return cell; /* libvterm's mark for the right half */
    cell.width = from.width;
    size_t n = 0;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && from.chars[i]; i++) n += put_utf8(cell.utf8 + n, from.chars[i]);
    if (n == 0) cell.utf8[0] = ' ';
    return cell;
}

static char *row_text(term *t, int row, bool cut) {
    char *text = grow(NULL, (size_t)t->cols * sizeof((term_cell){0}.utf8) + 1);
    size_t n = 0;
    for (int col = 0; row >= 0 && row < t->rows && col < t->cols; col++) {
        term_cell cell = term_at(t, row, col);
        size_t length = strlen(cell.utf8);
        memcpy(text + n, cell.utf8, length);
        n += length;
    }
    while (cut && n > 0 && text[n - 1] == ' ') n--;
    text[n] = '\0';
    return text;
}

char *term_row(term *t, int row) {
    return row_text(t, row, true);
}

char *term_screen(term *t) {
    char *text = NULL;
    size_t n = 0;
    for (int row = 0; row < t->rows; row++) {
        char *line = term_row(t, row);
        size_t length = strlen(line);
        text = grow(text, n + length + 2);
        if (row) text[n++] = '\n';
        memcpy(text + n, line, length + 1);
        n += length;
        free(line);
    }
    return text;
}

int term_find_row(term *t, const char *needle) {
    for (int row = 0; row < t->rows; row++) {
        char *text = row_text(t, row, false);
        bool found = strstr(text, needle) != NULL;
        free(text);
        if (found) return row;
    }
    return -1;
}

bool term_has(term *t, const char *needle) {
    return term_find_row(t, needle) >= 0;
}

void term_cursor(term *t, int *row, int *col) {
    VTermPos pos;
    vterm_state_get_cursorpos(vterm_obtain_state(t->vt), &pos);
    *row = pos.row;
    *col = pos.col;
}

bool term_cursor_visible(term *t) {
    return t->cursor_visible;
}

bool term_altscreen(term *t) {
    return t->altscreen;
}

int term_mouse_mode(term *t) {
    return t->mouse_mode;
}

bool term_paste_mode(term *t) {
    return t->paste_mode;
}

void term_resize(term *t, int rows, int cols) {
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols};
    pump(t, 0); /* what was drawn for the old size */
    t->rows = rows;
    t->cols = cols;
    vterm_set_size(t->vt, rows, cols);
    if (ioctl(t->master, TIOCSWINSZ, &size) < 0) die("TIOCSWINSZ", strerror(errno));
}

/* ---- typing ---- */

/* An Esc and a key right behind it read as Alt and that key. A program that has drawn something since it took the Esc
 * is done with it; one that draws nothing gets the longer time. */
static void wait_after_esc(term *t) {
    if (!t->esc_sent) return;
    t->esc_sent = false;
    int64_t deadline = deadline_after(PATIENCE);
    while (input_pending(t) && !t->exited && !t->stopped && now_ms() < deadline) pump(t, 1);
    int64_t least = now_ms() + ESC_LEAST_MS, most = deadline_after(ESC_MOST_MS);
    for (long before = t->bytes; !t->exited;) {
        int64_t now = now_ms();
        if (now >= most || (now >= least && t->bytes != before)) return;
        pump(t, now < least ? least - now : most - now);
    }
}

void term_send(term *t, const char *bytes) {
    wait_after_esc(t);
    queue_bytes(t, bytes, strlen(bytes));
    flush_output(t);
}

static const struct {
    const char *name;
    VTermKey key;
} key_names[] = {
    {"Enter", VTERM_KEY_ENTER},
    {"Tab", VTERM_KEY_TAB},
    {"Backspace", VTERM_KEY_BACKSPACE},
    {"Esc", VTERM_KEY_ESCAPE},
    {"Up", VTERM_KEY_UP},
    {"Down", VTERM_KEY_DOWN},
    {"Left", VTERM_KEY_LEFT},
    {"Right", VTERM_KEY_RIGHT},
    {"Home", VTERM_KEY_HOME},
    {"End", VTERM_KEY_END},
    {"PgUp", VTERM_KEY_PAGEUP},
    {"PgDn", VTERM_KEY_PAGEDOWN},
    {"PageUp", VTERM_KEY_PAGEUP},
    {"PageDown", VTERM_KEY_PAGEDOWN},
    {"Ins", VTERM_KEY_INS},
    {"Insert", VTERM_KEY_INS},
    {"Del", VTERM_KEY_DEL},
    {"Delete", VTERM_KEY_DEL},
};

static VTermKey find_key(const char *name) {
    for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++)
        if (strcmp(name, key_names[i].name) == 0) return key_names[i].key;
    if (name[0] == 'F' && name[1]) {
        char *end;
        long n = strtol(name + 1, &end, 10);
        if (*end == '\0' && n >= 1 && n <= 12) return VTERM_KEY_FUNCTION_0 + (VTermKey)n;
    }
    return VTERM_KEY_NONE;
}

static bool is_one_character(const char *s) {
    size_t n = 0; /* bytes that begin a character */
    for (; *s; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
    return n == 1;
}

/* Characters with Ctrl are sent as xterm sends them; libvterm would write C-i, C-j, C-m and C-[ in a newer coding. */
static bool type_character(term *t, const char *c, unsigned mod) {
    if (!is_one_character(c) || (mod & VTERM_MOD_SHIFT)) return false;
    char control = '\0';
    if (mod & VTERM_MOD_CTRL) {
        if (*c == '?') control = 0x7F;
        else if (*c == ' ') control = '\0';
        else if ((*c >= '@' && *c <= '_') || (*c >= 'a' && *c <= 'z')) control = (char)(*c & 0x1F);
        else return false;
    }
    if (mod & VTERM_MOD_ALT) queue_bytes(t, "\033", 1);
    if (mod & VTERM_MOD_CTRL) queue_bytes(t, &control, 1);
    else queue_bytes(t, c, strlen(c));
    return true;
}

/* libvterm is an xterm; tmux and screen differ in two keys. */
static bool press_as_tmux(term *t, const char *name, unsigned mod) {
    bool home = strcmp(name, "Home") == 0;
    if (!t->in_tmux || mod != VTERM_MOD_NONE || (!home && strcmp(name, "End") != 0)) return false;
    term_send(t, home ? "\033[1~" : "\033[4~");
    return true;
}

static void press(term *t, const char *name) {
    const char *rest = name;
    unsigned mod = VTERM_MOD_NONE;
    for (; rest[0] && rest[1] == '-' && rest[2]; rest += 2) {
        if (rest[0] == 'C') mod |= VTERM_MOD_CTRL;
        else if (rest[0] == 'M') mod |= VTERM_MOD_ALT;
        else if (rest[0] == 'S') mod |= VTERM_MOD_SHIFT;
        else break;
    }
    wait_after_esc(t);
    if (mod == VTERM_MOD_CTRL && strlen(rest) == 1 && strchr("cCzZ\\", *rest)) settle(t, SIGNAL_QUIET, SIGNAL_PATIENCE);
    if (press_as_tmux(t, rest, mod)) return;
    VTermKey key = find_key(rest);
    if (key != VTERM_KEY_NONE) vterm_keyboard_key(t->vt, key, (VTermModifier)mod);
    else if (!type_character(t, strcmp(rest, "Space") == 0 ? " " : rest, mod)) die("no such key", name);
    t->esc_sent = key == VTERM_KEY_ESCAPE || (mod == VTERM_MOD_CTRL && strcmp(rest, "[") == 0);
    flush_output(t);
}

void term_keys(term *t, const char *names) {
    char *copy = strdup(names), *state = NULL;
    if (!copy) die("strdup", "out of memory");
    for (char *name = strtok_r(copy, " ", &state); name; name = strtok_r(NULL, " ", &state)) press(t, name);
    free(copy);
}

void term_mouse(term *t, int row, int col, int button, bool is_press) {
    pump(t, 0);
    if (!t->mouse_mode) return;
    char bytes[64];
    snprintf(bytes, sizeof bytes, "\033[<%d;%d;%d%c", button, col + 1, row + 1, is_press ? 'M' : 'm');
    term_send(t, bytes);
}

/* ---- the program and its terminal ---- */

const char *term_raw_tail(term *t, size_t *n) {
    size_t length = t->tail_len < TAIL ? t->tail_len : TAIL;
    if (n) *n = length;
    return t->tail + t->tail_len - length;
}

long term_bytes(term *t) {
    return t->bytes;
}

pid_t term_pid(term *t) {
    return t->pid;
}

bool term_modes_restored(term *t) {
    struct termios now;
    if (tcgetattr(t->slave, &now) < 0) return false;
    return now.c_iflag == t->before.c_iflag && now.c_oflag == t->before.c_oflag && now.c_cflag == t->before.c_cflag &&
           now.c_lflag == t->before.c_lflag && memcmp(now.c_cc, t->before.c_cc, sizeof now.c_cc) == 0;
}

bool term_job_stopped(term *t) {
    return t->stopped;
}

static bool has_stopped(term *t, void *arg) {
    (void)arg;
    return t->stopped;
}

bool term_wait_stopped(term *t, int timeout_ms) {
    return term_wait(t, has_stopped, NULL, timeout_ms);
}

void term_job_continue(term *t) {
    if (!t->is_job) die("term_job_continue", "started without a waiting parent (use term_start_job)");
    t->stopped = false;
    if (send(t->control, "c", 1, MSG_NOSIGNAL) < 0 && errno != EPIPE) die("term_job_continue", strerror(errno));
}
