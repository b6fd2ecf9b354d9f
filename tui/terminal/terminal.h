/* terminal/terminal.h: the terminal as the explorer needs it; terminal/curses_backend.c is the only file behind it. */
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
    EVENT_RESIZE,
    EVENT_SIGNAL,
    EVENT_BELL
} event_kind;

typedef struct event {
    event_kind kind;
    uint32_t key; /* EVENT_KEY: terminal/keys.h */
    int y, x;     /* EVENT_CLICK, EVENT_WHEEL; EVENT_RESIZE: rows, columns */
    int steps;    /* EVENT_WHEEL; EVENT_CLICK: 2 for the second of two at one place */
    int number;   /* EVENT_SIGNAL: SIGTERM or SIGHUP */
} event;

/* Opens the terminal: standard input and output, or /dev/tty where they are not one. From here on
 * a crash restores it too. */
bool terminal_open(bool mouse, scry_error *err);
/* Signals come as they did, though who wants other than to hear of them through events sets what they do. */
void terminal_close(void);
void terminal_size(int *rows, int *cols);
color_level terminal_colors(void);
/* From the next frame on, roles look so. */
void terminal_look(const theme *t, color_level colors);
/* Shows the grid; whole: draw every cell again. */
void terminal_draw(const grid *g, bool whole);
/* Into the terminal's clipboard, where it has one. */
void terminal_copy(const char *text);
/* Waits up to timeout_ms (-1: without end) for what comes next: a key, or (EVENT_BELL) something to
 * read from the file `also`. */
event terminal_wait(int timeout_ms, int also);

#endif
