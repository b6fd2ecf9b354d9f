/* terminal/terminal.h: the terminal as the explorer sees it, implemented by terminal/curses_backend.c alone. */
#ifndef SCRY_TERMINAL_TERMINAL_H
#define SCRY_TERMINAL_TERMINAL_H

#include "base/error.h"
#include "draw/grid.h"
#include "draw/theme.h"

typedef enum event_kind {
    EVENT_NONE,
    EVENT_KEY,
    EVENT_CLICK,
    EVENT_WHEEL,
    EVENT_PASTE,
    EVENT_RESIZE,
    EVENT_SIGNAL,
    EVENT_BELL
} event_kind;

typedef struct event {
    event_kind kind;
    uint32_t key; /* EVENT_KEY: terminal/keys.h */
    int y, x;     /* EVENT_CLICK, EVENT_WHEEL; EVENT_RESIZE: rows, columns */
    int steps;    /* EVENT_WHEEL: lines, negative for up; EVENT_CLICK: 2 for a double click, else 1 */
    int number;   /* EVENT_SIGNAL: SIGTERM or SIGHUP */
    /* EVENT_PASTE: one line of UTF-8 without control characters; valid until the next terminal_wait */
    const char *text;
} event;

/* Opens the terminal: standard input and output, or /dev/tty where these are not a terminal. From then on a crash
 * restores its settings too. False and err when it cannot be used. */
bool terminal_open(bool mouse, scry_error *err);
/* Restores the terminal and the blocked signals, but not the handlers of SIGTERM, SIGHUP and SIGINT: callers set
 * theirs. */
void terminal_close(void);
void terminal_size(int *rows, int *cols);
color_level terminal_colors(void);
/* Sets the theme and the number of colours from the next frame on. */
void terminal_look(const theme *t, color_level colors);
/* Shows the grid; whole: redraws every cell instead of those that changed. */
void terminal_draw(const grid *g, bool whole);
/* Copies a text to the terminal's clipboard, if it has one. */
void terminal_copy(const char *text);
/* Waits up to timeout_ms (-1: forever) for the next event: a key, the mouse, a pasted text, a resize, a signal, or
 * (EVENT_BELL) the file descriptor `also` becoming readable. EVENT_NONE after the timeout. */
event terminal_wait(int timeout_ms, int also);

#endif
