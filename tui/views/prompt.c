/* prompt.c: the line of typing at the bottom, with the palette above it; and the footer. */
#include "draw/text.h"
#include "keys.h"
#include "views/live.h"
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

void prompt_draw(app *a) {
    rect r = a->layout.footer;
    char safe[TEXT_MOST];
    text_clean(a->prompt.text, safe, sizeof safe, a->ascii);
    grid_fill(a->grid, r.y, r.x, r.cols, ROLE_TEXT, ' ');
    const live *is_live = live_find(a->prompt.then);
    int x = is_palette(a) ? grid_put(a->grid, r.y, 0, 1, ROLE_PROMPT, ":")
            : is_live     ? grid_put(a->grid, r.y, 0, 1, ROLE_PROMPT, is_live->sign)
                          : grid_print(a->grid, r.y, 0, r.cols, ROLE_PROMPT, "%s %s: ", a->prompt.then->name,
                                       command_explorer_arguments(a->prompt.then));
    x += grid_put(a->grid, r.y, x, r.cols - x - 1, ROLE_TEXT, safe);
    grid_put(a->grid, r.y, x, 1, ROLE_PROMPT, a->ascii ? "_" : "\xe2\x96\x8f");
    char said[TEXT_MOST * 2];
    int room = r.cols - x - 3, width = text_clean(a->message, said, sizeof said, a->ascii);
    if (said[0] && width <= room) grid_put_right(a->grid, r.y, x + 2, room, ROLE_MESSAGE, said);
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
        if (!p.text[0] && strcmp(p.then->name, "label") != 0) return DID_CHANGE; /* no label is one too */
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

void prompt_key(app *a, uint32_t key, command_effect *effect) {
    char *text = a->prompt.text, before[TEXT_MOST];
    memcpy(before, text, sizeof before);
    *effect = DID_CHANGE;
    if (key == 27 || key == 3) {
        const live *is_live = live_find(a->prompt.then);
        a->prompt.then = NULL;
        if (is_live) is_live->left(a);
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
    const live *is_live = live_find(a->prompt.then);
    if (is_live && strcmp(before, text) != 0) is_live->typed(a, text);
}

/* ---- footer --------------------------------------------------------------------------------- */

/* Commands worth a reminder; their keys come from the table. `to` names a second command whose key
 * ends a range or pair; `least` columns that the screen must have; `pane` that has the keys. */
enum { ANY = -1, NOT_LATENT = -2 };
typedef struct hint {
    const char *name, *join, *to, *words;
    int least, pane;
} hint;

static const hint hints[] = {{"open", "", NULL, "back", 0, ANY},             /* only where a pane fills the screen */
                             {"jump", "", NULL, "go there", 0, PANE_LATENT}, /* only where its page lists latents */
                             {"page", "", NULL, "pages", 0, PANE_LATENT},
                             {"toggle", "", NULL, "toggle", 0, ANY},
                             {"interval", "", NULL, "interval", 0, PANE_LATENT},
                             {"versus", "", NULL, "versus", 0, PANE_LATENT},
                             {"wrap", "", NULL, "wrap", 0, PANE_LATENT},
                             {"edit-label", "", NULL, "label", 0, PANE_LATENT},
                             {"capture", "", NULL, "capture", 90, PANE_LATENT},
                             {"fewer", " ", "more", "N", 0, NOT_LATENT},
                             {"by-icl", "-", "score-icl", "views", 0, NOT_LATENT},
                             {"plot", "", NULL, "plots", 0, NOT_LATENT},
                             {"search", "", NULL, "find", 0, NOT_LATENT},
                             {"sort", "", NULL, "sort", 90, ANY},
                             {"mark", "", NULL, "mark", 100, ANY},
                             {"pane", "", NULL, "pane", 110, ANY},
                             {"export", "", NULL, "CSV", 0, NOT_LATENT},
                             {"undo", "", NULL, "undo", 0, NOT_LATENT},
                             {"palette", "", NULL, "commands", 120, ANY},
                             {"help", "", NULL, "help", 0, ANY},
                             {"quit", "", NULL, "quit", 0, ANY}};
enum { HINTS = sizeof hints / sizeof *hints, KEPT = 2 }; /* the last two are shown whatever goes */

static void first_key(const char *name, char *key, size_t size) {
    const command *c = command_find(name);
    const char *keys = c ? c->keys : "";
    snprintf(key, size, "%.*s", (int)strcspn(keys, " "), keys);
    if (strcmp(key, "Space") == 0) snprintf(key, size, "space");
}

static bool lists_latents(const app *a) {
    return a->tab->focus == PANE_LATENT && a->tab->latent.page >= PAGE_NEIGHBOURS;
}

/* The keys of a hint; returns the columns that it takes with its words. */
static int hint_keys(const app *a, const hint *h, char key[40]) {
    char from[16], to[16] = "";
    first_key(h->name, from, sizeof from);
    if (h->to) first_key(h->to, to, sizeof to);
    /* Where Enter goes to another latent, Esc is what leads back. */
    if (h == &hints[1]) snprintf(from, sizeof from, "Enter");
    else if (h == hints && lists_latents(a)) snprintf(from, sizeof from, "Esc");
    snprintf(key, 40, "%s%s%s", from, h->join, to);
    return text_columns(key) + 1 + text_columns(h->words) + 2;
}

static bool hint_applies(const app *a, const hint *h) {
    if (a->layout.footer.cols < h->least || (h == hints && a->tab->enlarged < 0)) return false;
    if (h == &hints[1]) return lists_latents(a);
    if (h->pane == NOT_LATENT) return a->tab->focus != PANE_LATENT;
    return h->pane == ANY || h->pane == (int)a->tab->focus;
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
    char key[40];
    int x = r.x + 1, end = r.x + r.cols + 2, kept = 0;
    for (int i = HINTS - KEPT; i < HINTS; i++) kept += hint_keys(a, &hints[i], key);
    for (int i = 0; i < HINTS; i++) {
        if (!hint_applies(a, &hints[i])) continue;
        int width = hint_keys(a, &hints[i], key);
        if (i >= HINTS - KEPT) kept -= width;
        if (x + width + kept > end) continue;
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_KEY, key) + 1;
        x += grid_put(a->grid, r.y, x, r.cols, ROLE_FAINT, hints[i].words) + 2;
    }
}
