/* term.h: one program under test on a pseudo-terminal, with libvterm as the terminal that its user would look at.
 *
 * Reading the screen (term_has, term_row, term_at, ...) looks at what has arrived so far. Only term_wait*, term_settle,
 * term_wait_exit and a key after Esc take in more, so a test reads: send, wait for what the user would see, look.
 * Rows and columns count from 0. Every timeout_ms is multiplied by $TERM_TIMEOUT_FACTOR (1 to 100; for valgrind, CI).
 * Out of memory, a failed pty call and a key name that does not exist end the test program with a message.
 *
 * What libvterm 0.1.4 cannot show: dim, conceal, palette changes (OSC 4), and colours written as 38:2::r:g:b.
 * Owner: term_free. No threads. Keep this folder out of -I: <term.h> is also a header of ncurses. */
#ifndef SCRY_TESTS_TERMINAL_TERM_H
#define SCRY_TESTS_TERMINAL_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct term_session term;

/* One cell as it is drawn. */
typedef struct term_cell {
    char utf8[25]; /* " " for an empty cell, "" for the right half of a wide one; combining marks included */
    int width;     /* 1, 2, or 0 for the right half of a wide cell and for a place off the screen */
    bool bold, underline, reverse;
    int fg, bg; /* palette index 0..255, -1 the terminal's default, -2 a direct (RGB) colour */
} term_cell;

/* Starts argv (found through PATH) as the session leader of a new terminal. term_name is TERM, NULL for xterm-256color.
 * The child also gets LC_ALL=C.UTF-8 TZ=UTC ESCDELAY=25, loses LINES COLUMNS COLORTERM NO_COLOR, and then takes
 * extra_env ("K=V", ends with NULL; or NULL). Signals are at their defaults and unblocked, as after a login.
 * NULL with errno set where the program cannot be run. Free with term_free. */
term *term_start(int rows, int cols, const char *term_name, char *const argv[], char *const extra_env[]);

/* The same, with the program as the foreground job of a small waiting parent (what a shell is), so that Ctrl-Z stops
 * it: a session leader has no one to wake it, and the kernel drops its SIGTSTP. */
term *term_start_job(int rows, int cols, const char *term_name, char *const argv[], char *const extra_env[]);

/* Kills the program's process group if it still runs (SIGKILL), reaps it, frees all. NULL is fine. */
void term_free(term *t);

/* Takes in output until pred(t, arg) holds. False at the timeout, and at once where the program has ended and its last
 * output did not make pred hold. pred may look at the screen; it must not wait. */
bool term_wait(term *t, bool (*pred)(term *t, void *arg), void *arg, int timeout_ms);

/* Waits until needle stands in one row of the screen, or in none. needle is compared as bytes of UTF-8. */
bool term_wait_text(term *t, const char *needle, int timeout_ms);
bool term_wait_gone(term *t, const char *needle, int timeout_ms);

bool term_has(term *t, const char *needle);
int term_find_row(term *t, const char *needle); /* topmost row that holds needle, -1 if none */

/* Takes in output until the program has read all keys, and for quiet_ms nothing arrived and its first thread
 * neither ran nor waited for a processor. It gives up after 5 seconds (times the factor) with a program that never
 * rests or reads. Prefer term_wait where there is a text to await.
 */
void term_settle(term *t, int quiet_ms);

/* True while the first thread of the process, which draws, runs or waits for a processor or a disk: on a loaded machine
 * silence is no rest. */
bool term_is_working(pid_t pid);

/* Text as UTF-8, for the caller to free. A row loses its trailing blanks; a screen is its rows joined by \n. A row that
 * is off the screen is "". */
char *term_row(term *t, int row);
char *term_screen(term *t);

term_cell term_at(term *t, int row, int col); /* off the screen: a cell of width 0 */
void term_cursor(term *t, int *row, int *col);
bool term_cursor_visible(term *t);
bool term_altscreen(term *t);
int term_mouse_mode(term *t); /* what the program asked for: 0 nothing, 1 clicks, 2 also drags, 3 all movement */

bool term_paste_mode(term *t); /* the program asked for bracketed paste */

/* Types bytes as they are. What the terminal has no room for yet goes out during later waits. */
void term_send(term *t, const char *bytes);

/* Presses keys, names separated by spaces: one character ("j", "?", "é"), or Space Enter Tab Backspace Esc Up Down Left
 * Right Home End PgUp PgDn Ins Del F1..F12; before any of them C- M- S- (Ctrl, Alt, Shift: "C-r", "S-Tab", "C-Right").
 * libvterm chooses the bytes of named keys, so arrows follow the mode that the program set; under tmux-* and screen-*
 * Home and End are theirs. An unknown name ends the test.
 * Two keys come when a person would press them. Whatever follows an Esc waits until the program has read it, twice
 * ESCDELAY has passed and the program has drawn (200 ms where it does not), so that the two do not read as one Alt key.
 * C-c, C-z and C-\ settle first (30 ms, at most 1 s): the kernel drops output that is still on its way when it sends
 * their signals, and curses ignores SIGTSTP while it draws. */
void term_keys(term *t, const char *names);

/* One mouse report in SGR (1006) form. button: 0 left, 1 middle, 2 right, 64 wheel up, 65 wheel down, +32 while moving;
 * the wheel is press only. Sends nothing while the program has the mouse switched off, as a terminal would. */
void term_mouse(term *t, int row, int col, int button, bool press);

/* Changes the window's size; the program gets SIGWINCH. */
void term_resize(term *t, int rows, int cols);

/* Exit status, 128+signal, or -1 at the timeout. All output has been taken in then. May be asked again. */
int term_wait_exit(term *t, int timeout_ms);

/* The last bytes received, up to 4096, with a NUL behind them; n (or NULL) is their count. Lasts until more arrives. */
const char *term_raw_tail(term *t, size_t *n);
long term_bytes(term *t); /* bytes received since the start */

pid_t term_pid(term *t); /* of the program, not of a job's parent; kill only while it runs */

/* True when the terminal's modes (echo, line mode, control characters, ...) are those from before the start. */
bool term_modes_restored(term *t);

/* Jobs (term_start_job) only. The waiting parent takes the terminal when the program stops, and leaves its modes alone;
 * so term_modes_restored tells what the program left. term_job_continue is the shell's fg. */
bool term_job_stopped(term *t);
bool term_wait_stopped(term *t, int timeout_ms);
void term_job_continue(term *t);

#endif
