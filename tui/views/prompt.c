/* prompt.c: the line of typing at the bottom, with the palette above it; and the footer. */
#include "draw/text.h"
#include "keys.h"
#include "views/view.h"
#include "words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- palette -------------------------------------------------------------------------------- */

/* Do the letters of `typed` appear in `name` in this order? */
static bool in_order(const char *typed, const char *name) {
    for (; *typed; typed++, name++) {
        name = strchr(name, *typed);
        if (!name) return false;
    }
    return true;
}

/* Commands that fit what is typed: those that begin with it, then those that hold its letters. */
static size_t matches(const char *typed, const command **out, size_t most) {
    size_t length = strcspn(typed, " "), n = 0;
    char word[64];
    snprintf(word, sizeof word, "%.*s", (int)(length < 60 ? length : 60), typed);
    bool whole = typed[length] == ' ';
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < command_count && n < most; i++) {
            if (!commands[i].explorer) continue;
            bool begins = strncmp(commands[i].name, word, strlen(word)) == 0;
            bool fits = whole       ? pass == 0 && strcmp(commands[i].name, word) == 0
                        : pass == 0 ? begins
                                    : !begins && in_order(word, commands[i].name);
            if (fits) out[n++] = &commands[i];
        }
    return n;
}

static void draw_palette(app *a, int bottom) {
    const command *found[8];
    size_t n = matches(a->prompt.text, found, a->grid->rows > 16 ? 8 : 4);
    for (size_t i = 0; i < n; i++) {
        int y = bottom - (int)n + (int)i;
        char left[64];
        snprintf(left, sizeof left, "%s %s", found[i]->name, command_explorer_arguments(found[i]));
        grid_fill(a->grid, y, 0, a->grid->cols, ROLE_TEXT, ' ');
        grid_put(a->grid, y, 1, 9, ROLE_KEY, found[i]->keys);
        grid_put(a->grid, y, 11, 28, i == 0 ? ROLE_PROMPT : ROLE_TEXT, left);
        char help[160];
        snprintf(help, sizeof help, "%s", found[i]->help);
        text_fit(help, a->grid->cols - 40, a->ascii);
        grid_put(a->grid, y, 39, a->grid->cols - 40, ROLE_FAINT, help);
        grid_flag(a->grid, y, 0, a->grid->cols, CELL_CURSOR);
    }
}

static bool is_palette(const app *a) {
    return strcmp(a->prompt.then->name, "palette") == 0;
}
static bool is_search(const app *a) {
    return strcmp(a->prompt.then->name, "search") == 0;
}

void prompt_draw(app *a) {
    rect r = a->layout.footer;
    char safe[TEXT_MOST];
    text_clean(a->prompt.text, safe, sizeof safe, a->ascii);
    grid_fill(a->grid, r.y, r.x, r.cols, ROLE_TEXT, ' ');
    int x = is_palette(a)  ? grid_put(a->grid, r.y, 0, 1, ROLE_PROMPT, ":")
            : is_search(a) ? grid_put(a->grid, r.y, 0, 1, ROLE_PROMPT, "/")
                           : grid_print(a->grid, r.y, 0, r.cols, ROLE_PROMPT, "%s %s: ", a->prompt.then->name,
                                        command_explorer_arguments(a->prompt.then));
    x += grid_put(a->grid, r.y, x, r.cols - x - 1, ROLE_TEXT, safe);
    grid_put(a->grid, r.y, x, 1, ROLE_PROMPT, a->ascii ? "_" : "\xe2\x96\x8f");
    int room = r.cols - x - 3, width = text_columns(a->message);
    if (a->message[0] && width <= room) grid_put_right(a->grid, r.y, x + 2, room, ROLE_MESSAGE, a->message);
    if (is_palette(a)) draw_palette(a, r.y);
}

/* ---- typing --------------------------------------------------------------------------------- */

static void delete_last(char *text) {
    size_t length = strlen(text);
    while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80) length--;
    if (length > 0) length--;
    text[length] = 0;
}

static void delete_word(char *text) {
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == ' ') length--;
    while (length > 0 && text[length - 1] != ' ') length--;
    text[length] = 0;
}

static void complete(app *a) {
    const command *found[1];
    if (is_palette(a) && matches(a->prompt.text, found, 1))
        snprintf(a->prompt.text, sizeof a->prompt.text, "%s%s", found[0]->name,
                 command_explorer_arguments(found[0])[0] ? " " : "");
}

/* Enter in the palette also takes the first match: ":und" is undo. */
static command_effect accept(app *a) {
    prompt p = a->prompt;
    a->prompt.then = NULL;
    if (strcmp(p.then->name, "palette") != 0) {
        if (!p.text[0]) return DID_CHANGE;
        return p.then->explorer(a, p.text);
    }
    size_t length = strcspn(p.text, " ");
    char word[64], line[TEXT_MOST + 64];
    snprintf(word, sizeof word, "%.*s", (int)(length < 60 ? length : 60), p.text);
    const command *found[1];
    if (!word[0]) return DID_CHANGE;
    if (!command_find(word) && matches(word, found, 1)) snprintf(word, sizeof word, "%s", found[0]->name);
    snprintf(line, sizeof line, "%s%s", word, p.text + length);
    return app_command(a, line);
}

/* Search as you type: the first match from where the search began. */
static void preview(app *a) {
    if (!is_search(a)) return;
    a->tab->table.cursor = a->prompt.cursor_before;
    int row = a->prompt.text[0] ? table_search(a, a->prompt.text, 1, true) : -1;
    if (row >= 0) table_go_row(a, (uint32_t)row);
    if (row < 0 && a->prompt.text[0]) app_say(a, "no match");
}

void prompt_key(app *a, uint32_t key, command_effect *effect) {
    char *text = a->prompt.text;
    *effect = DID_CHANGE;
    if (key == 27 || key == 3) {
        if (is_search(a)) a->tab->table.cursor = a->prompt.cursor_before;
        a->prompt.then = NULL;
        return;
    }
    if (key == '\r' || key == '\n') {
        *effect = accept(a);
        return;
    }
    if (key == '\t') complete(a);
    else if (key == KEY_CODE_BACKSPACE || key == 8 || key == 127) {
        if (!text[0]) a->prompt.then = NULL;
        else delete_last(text);
    } else if (key == ('u' & 0x1f)) text[0] = 0;
    else if (key == ('w' & 0x1f)) delete_word(text);
    else if (key >= ' ' && key < 0x110000) {
        char bytes[5];
        int n = text_encode(key, bytes);
        if (strlen(text) + (size_t)n < TEXT_MOST) strcat(text, bytes);
    }
    if (a->prompt.then) preview(a);
}

/* ---- footer --------------------------------------------------------------------------------- */

/* Commands worth a reminder; their keys come from the table. `to` names a second command whose key
 * ends a range or pair; `least` columns that the screen must have. */
static const struct {
    const char *name, *join, *to, *words;
    int least;
} hints[] = {
    {"open", "", NULL, "back", 0}, /* only where a pane fills the screen */
    {"toggle", "", NULL, "toggle", 0}, {"fewer", " ", "more", "N", 0},         {"by-icl", "-", "score-icl", "views", 0},
    {"plot", "", NULL, "plots", 0},    {"search", "", NULL, "find", 0},        {"sort", "", NULL, "sort", 90},
    {"mark", "", NULL, "mark", 100},   {"pane", "", NULL, "pane", 110},        {"export", "", NULL, "CSV", 0},
    {"undo", "", NULL, "undo", 0},     {"palette", "", NULL, "commands", 120}, {"help", "", NULL, "help", 0},
    {"quit", "", NULL, "quit", 0}};

static void first_key(const char *name, char *key, size_t size) {
    const command *c = command_find(name);
    const char *keys = c ? c->keys : "";
    snprintf(key, size, "%.*s", (int)strcspn(keys, " "), keys);
    if (strcmp(key, "Space") == 0) snprintf(key, size, "space");
}

void footer_draw(app *a) {
    rect r = a->layout.footer;
    if (a->message[0]) {
        char safe[TEXT_MOST * 2];
        text_clean(a->message, safe, sizeof safe, a->ascii);
        text_fit(safe, r.cols - 1, a->ascii);
        grid_put(a->grid, r.y, r.x, r.cols, a->message_is_error ? ROLE_ERROR : ROLE_MESSAGE, safe);
        return;
    }
    if (plots_footer(a, r)) return;
    int x = r.x + 1;
    for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
        char from[16], to[16] = "", key[40];
        if (r.cols < hints[i].least || (i == 0 && a->tab->enlarged < 0)) continue;
        first_key(hints[i].name, from, sizeof from);
        const char *words = hints[i].words;
        if (a->tab->focus == PANE_DOMAINS && strcmp(hints[i].name, "toggle") == 0) words = "in/out";
        if (hints[i].to) first_key(hints[i].to, to, sizeof to);
        snprintf(key, sizeof key, "%s%s%s", from, hints[i].join, to);
        if (x + text_columns(key) + 1 + text_columns(words) > r.x + r.cols) break;
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_KEY, key) + 1;
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_FAINT, words) + 2;
    }
}
