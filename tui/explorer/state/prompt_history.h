/* prompt_history.h: lines typed into the palette, for Up; saved between runs. */
#ifndef SCRY_EXPLORER_STATE_PROMPT_HISTORY_H
#define SCRY_EXPLORER_STATE_PROMPT_HISTORY_H

#include <stddef.h>

/* All zero: empty, and not kept. */
typedef struct history {
    char **line; /* owned, oldest first, each once */
    size_t count;
    char *path; /* owned; NULL: not kept */
} history;

/* Reads what was kept in $XDG_STATE_HOME/scry/history, and keeps new lines there. */
void history_begin(history *h);
/* Adds a line as the newest. Where the file cannot be written, it is kept for this run only. */
void history_add(history *h, const char *line);
/* The `back`th newest line, from 1; NULL past the oldest. */
const char *history_at(const history *h, size_t back);
void history_free(history *h);

#endif
