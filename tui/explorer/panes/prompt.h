/* prompt.h: the last line of the screen: the prompt, with the list of completions above it, or a message or keys. */
#ifndef SCRY_EXPLORER_PANES_PROMPT_H
#define SCRY_EXPLORER_PANES_PROMPT_H

#include "explorer/app_services.h"

/* All while the prompt is open (a->prompt.then). */
void prompt_draw(app *a);
void prompt_key(app *a, uint32_t key, command_effect *effect);
/* Insert a text at the cursor, as much of it as there is room for. */
void prompt_paste(app *a, const char *text);
/* A click on the list above the prompt. False: not on it. */
bool prompt_click(app *a, int y, command_effect *effect);

/* line_editor.c: does to text[size] and the place *at (in bytes, between characters) what the key says: a character is
 * put in; Left Right ^b ^f, Home End ^a ^e move; Backspace Delete ^h ^d, ^w (word), ^u (to the beginning), ^k (to the
 * end) take away. False: not one of its keys. */
bool line_key(char *text, size_t size, size_t *at, uint32_t key);
/* Inserts as many characters as there is room for. */
void line_insert(char *text, size_t size, size_t *at, const char *more);

/* completion.c: what a command's argument can be, from the words of the table of commands: "[CAPTURE|all]" takes a
 * capture's name or "all". */
enum { COMPLETE_MOST = 48, COMPLETE_TEXT = 200 };

typedef struct candidate {
    char text[COMPLETE_TEXT]; /* a folder's name ends with '/' */
    uint64_t letters;         /* that were typed: text/fuzzy_match.h */
    int score;
} candidate;

/* What could stand in the place of typed[from..to], best first. */
typedef struct completion {
    size_t from, to, count;
    candidate candidate[COMPLETE_MOST];
} completion;

/* arguments: as the table has them, "[NAME] [TIMES]"; typed: what stands after the command's word, the cursor at
 * byte `at` of it. */
void completion_find(app *a, const char *arguments, const char *typed, size_t at, completion *out);
/* What Enter makes of a beginning: "wha" is "what-if" where no other column begins so. Not for files, sets and macros.
 * False: typed is as it was. */
bool completion_rest(app *a, const char *arguments, char *typed, size_t size);

/* palette.c: what could be meant by what is typed: commands, then their arguments. Draws it above row `bottom`. */
void palette_draw(app *a, int bottom);
/* To the next or previous of the list. */
void palette_move(app *a, int steps);
/* Tab: what is picked, or as much as all have in common, takes the place of what is typed. */
void palette_complete(app *a);
/* Enter in the palette: the whole line, with the first command that fits the word. */
void palette_line(app *a, char *line, size_t size);
/* A click on row y of the screen; false: it is not in the list. */
bool palette_click(app *a, int y, int bottom);
bool is_palette(const app *a);

/* footer.c: a message that is longer than the last line begins up to this many less one above it. */
enum { MESSAGE_LINES = 3 };

void footer_draw(app *a);
/* Run the command that the footer names at a column, or take the message away. *key: a key of the layer or the pane
 * that is named there instead, for the caller to press; else 0. */
command_effect footer_click(app *a, int x, uint32_t *key);

#endif
