/* prompt.c: the line of typing at the bottom; and the footer. */
#include "text/text.h"
#include "terminal/keys.h"
#include "explorer/panes/completion.h"
#include "explorer/panes/line_editor.h"
#include "explorer/panes/live_preview.h"
#include "explorer/panes/palette.h"
#include "explorer/panes/view.h"

#include <stdio.h>
#include <string.h>

/* ---- drawing -------------------------------------------------------------------------------- */

/* The text, moved to the left where the cursor would be off the screen, and the cursor: on a character, or a bar
 * behind the last. Returns the column behind it. */
static int draw_text(app *a, int y, int x) {
    const prompt *p = &a->prompt;
    int room = a->grid->cols - x - 1;
    char before[TEXT_MOST], safe[4 * TEXT_MOST];
    snprintf(before, sizeof before, "%.*s", (int)p->at, p->text);
    int at = text_clean(before, safe, sizeof safe, a->ascii), skip = 0;
    text_clean(p->text, safe, sizeof safe, a->ascii);
    const char *from = safe;
    while (at - skip > room && *from) skip += text_width(utf8_next(&from));
    int end = x + grid_put(a->grid, y, x, room, ROLE_TEXT, from);
    if (p->text[p->at]) {
        grid_flag(a->grid, y, x + at - skip, 1, CELL_CURSOR);
        return end;
    }
    grid_put(a->grid, y, end, 1, ROLE_PROMPT, a->ascii ? "_" : "\xe2\x96\x8f");
    return end;
}

void prompt_draw(app *a) {
    rect r = a->layout.footer;
    grid_fill(a->grid, r.y, r.x, r.cols, ROLE_TEXT, ' ');
    const live_preview *is_live = live_preview_find(a->prompt.then);
    int x = is_palette(a) ? grid_put(a->grid, r.y, 0, 1, ROLE_PROMPT, ":")
            : is_live     ? grid_put(a->grid, r.y, 0, 1, ROLE_PROMPT, is_live->sign)
                          : grid_print(a->grid, r.y, 0, r.cols, ROLE_PROMPT, "%s %s: ", a->prompt.then->name,
                                       command_explorer_arguments(a->prompt.then));
    x = draw_text(a, r.y, x);
    char said[TEXT_MOST * 2];
    int room = r.cols - x - 3, width = text_clean(a->message, said, sizeof said, a->ascii);
    if (said[0] && width <= room) grid_put_right(a->grid, r.y, x + 2, room, ROLE_MESSAGE, said);
    if (is_palette(a) || a->prompt.listing) palette_draw(a, r.y);
}

/* ---- typing --------------------------------------------------------------------------------- */

/* Enter in the palette also takes the first match: ":und" is undo. */
static command_effect accept(app *a) {
    char line[TEXT_MOST + 64];
    if (!is_palette(a)) {
        if (a->prompt.pick >= 0) palette_complete(a);
        else if (!live_preview_find(a->prompt.then))
            completion_rest(a, command_explorer_arguments(a->prompt.then), a->prompt.text, sizeof a->prompt.text);
        prompt p = a->prompt;
        a->prompt.then = NULL;
        if (!p.text[0] && strcmp(p.then->name, "label") != 0) return DID_CHANGE; /* no label is one too */
        snprintf(line, sizeof line, "%s %s", p.then->name, p.text);
        if (live_preview_find(p.then)) history_add(&a->history, line);
        return app_run(a, p.then, p.text);
    }
    palette_line(a, line, sizeof line);
    a->prompt.then = NULL;
    if (!line[strspn(line, " ")]) return DID_CHANGE;
    history_add(&a->history, line);
    return app_command(a, line);
}

static void set_text(prompt *p, const char *text) {
    snprintf(p->text, sizeof p->text, "%s", text);
    p->at = strlen(p->text);
    p->pick = -1;
}

/* What was typed the `back`th time before, for the palette or for this command alone. */
static const char *line_back(const app *a, size_t back) {
    const char *name = a->prompt.then->name, *line;
    size_t length = strlen(name), found = 0;
    if (is_palette(a)) return history_at(&a->history, back);
    for (size_t i = 1; back && (line = history_at(&a->history, i)) != NULL; i++)
        if (strncmp(line, name, length) == 0 && line[length] == ' ' && ++found == back) return line + length + 1;
    return NULL;
}

/* Up and Down: through what was typed before, or through what fits. The palette begins the first in an empty line,
 * searches and filters, which have no list, in any. */
static void go_back(app *a, int steps) {
    prompt *p = &a->prompt;
    bool has_no_list = live_preview_find(p->then) != NULL;
    bool back = has_no_list || (is_palette(a) && (p->back || (!p->text[0] && p->pick < 0 && steps > 0)));
    const char *line = back ? line_back(a, p->back + (size_t)steps) : NULL;
    if (!back) palette_move(a, -steps);
    else if (line) {
        set_text(p, line);
        p->back += (size_t)steps;
    } else if (steps < 0 && p->back) {
        set_text(p, "");
        p->back = 0;
    }
}

void prompt_key(app *a, uint32_t key, command_effect *effect) {
    prompt *p = &a->prompt;
    const live_preview *is_live = live_preview_find(p->then);
    bool rubs = key == KEY_CODE_BACKSPACE || key == 8 || key == 127;
    char before[TEXT_MOST];
    memcpy(before, p->text, sizeof before);
    *effect = DID_CHANGE;
    if (key == 27 || key == 3 || (rubs && !p->text[0])) {
        p->then = NULL;
        if (is_live) is_live->left(a);
        return;
    }
    if (key == '\r' || key == '\n') {
        *effect = accept(a);
        return;
    }
    if (key == '\t') {
        if (!is_live) palette_complete(a);
        else if (is_live->complete) is_live->complete(a);
    } else if (key == KEY_CODE_UP || key == KEY_CODE_DOWN) {
        go_back(a, key == KEY_CODE_UP ? 1 : -1);
    } else if (line_key(p->text, sizeof p->text, &p->at, key)) {
        p->pick = -1;
        p->back = 0;
    }
    if (is_live && key != '\t' && strcmp(before, p->text) != 0) is_live->typed(a, p->text);
}

bool prompt_click(app *a, int y, command_effect *effect) {
    if (!(is_palette(a) || a->prompt.listing) || !palette_click(a, y, a->layout.footer.y)) return false;
    *effect = accept(a);
    return true;
}

/* ---- footer --------------------------------------------------------------------------------- */

/* Commands worth a reminder; their keys come from the table. `to` names a second command whose key
 * ends a range or pair; `least` columns that the screen must have; `pane` that has the keys; where room
 * is short, what has the lowest `keep` goes first, the last of those alike. */
enum { ANY = -1, NOT_LATENT = -2, NOT_DOMAINS = -3, TOKENS = -4 }; /* TOKENS: the latent's first page */
typedef struct hint {
    const char *name, *join, *to, *words;
    int least, pane, keep;
} hint;

static const hint hints[] = {{"open", "", NULL, "back", 0, ANY, 8},             /* only where a pane fills the screen */
                             {"jump", "", NULL, "go there", 0, PANE_LATENT, 8}, /* only where its page lists latents */
                             {"page", "", NULL, "pages", 0, PANE_LATENT, 7},
                             {"toggle", "", NULL, "toggle", 0, NOT_DOMAINS, 7},
                             {"toggle", "", NULL, "leave out", 0, PANE_DOMAINS, 7},
                             {"sort", "", NULL, "sort", 0, PANE_DOMAINS, 6},
                             {"open", "", NULL, "enlarge", 0, PANE_DOMAINS, 5},
                             {"interval", "", NULL, "interval", 0, TOKENS, 6},
                             {"versus", "", NULL, "versus", 0, TOKENS, 5},
                             {"wrap", "", NULL, "wrap", 0, TOKENS, 4},
                             {"edit-label", "", NULL, "label", 0, PANE_LATENT, 3},
                             {"capture", "", NULL, "capture", 90, PANE_LATENT, 2},
                             {"fewer", " ", "more", "N", 0, NOT_LATENT, 4},
                             {"by-icl", "-", "score-icl", "views", 0, NOT_LATENT, 3},
                             {"plot", "", NULL, "plots", 0, NOT_LATENT, 6},
                             {"search", "", NULL, "find", 0, NOT_LATENT, 6},
                             {"sort", "", NULL, "sort", 90, NOT_DOMAINS, 2},
                             {"tab-back", " ", "tab", "indexes", 0, ANY, 1}, /* only where several are open */
                             {"mark", "", NULL, "mark", 100, ANY, 1},
                             {"pane", "", NULL, "pane", 110, ANY, 0},
                             {"export", "", NULL, "CSV", 0, NOT_LATENT, 2},
                             {"undo", "", NULL, "undo", 0, NOT_LATENT, 5},
                             {"palette", "", NULL, "commands", 120, ANY, 0},
                             {"help", "", NULL, "help", 0, ANY, 9},
                             {"quit", "", NULL, "quit", 0, ANY, 10}};
enum { HINTS = sizeof hints / sizeof *hints };

typedef struct placed_hint {
    int x, cols, key_cols; /* cols 0: not shown */
    char key[40];
} placed_hint;

static bool lists_latents(const app *a) {
    return a->tab->focus == PANE_LATENT && a->tab->latent.page >= PAGE_NEIGHBOURS;
}

static bool hint_applies(const app *a, const hint *h) {
    if (a->layout.footer.cols < h->least || (h == hints && a->tab->enlarged < 0)) return false;
    if (strcmp(h->name, "tab-back") == 0) return a->tab_count > 1;
    if (h == &hints[1]) return lists_latents(a);
    if (h->pane == TOKENS) return a->tab->focus == PANE_LATENT && a->tab->latent.page == PAGE_TOKENS;
    if (h->pane == NOT_LATENT) return a->tab->focus != PANE_LATENT;
    if (h->pane == NOT_DOMAINS) return a->tab->focus != PANE_DOMAINS;
    if (h != hints && strcmp(h->name, "open") == 0 && a->tab->enlarged >= 0) return false;
    return h->pane == ANY || h->pane == (int)a->tab->focus;
}

/* The keys of a hint, and the columns that it takes with its words. */
static void measure_hint(const app *a, const hint *h, placed_hint *p) {
    char from[16], to[16] = "";
    keymap_first(&a->keys, h->name, from, sizeof from);
    if (h->to) keymap_first(&a->keys, h->to, to, sizeof to);
    /* Where Enter goes to another latent, Esc is what leads back. */
    if (h == &hints[1]) snprintf(from, sizeof from, "Enter");
    else if (h == hints && lists_latents(a)) snprintf(from, sizeof from, "Esc");
    snprintf(p->key, sizeof p->key, "%s%s%s", from, h->join, to);
    p->key_cols = text_columns(p->key);
    p->cols = from[0] ? p->key_cols + 1 + text_columns(h->words) : 0;
}

static void place_hints(const app *a, placed_hint *place) {
    rect r = a->layout.footer;
    int total = 1;
    for (int i = 0; i < HINTS; i++) {
        place[i].cols = 0;
        if (hint_applies(a, &hints[i])) measure_hint(a, &hints[i], &place[i]);
        total += place[i].cols ? place[i].cols + 2 : 0;
    }
    while (total - 2 > r.cols) {
        int least = -1;
        for (int i = 0; i < HINTS; i++)
            if (place[i].cols && (least < 0 || hints[i].keep <= hints[least].keep)) least = i;
        if (least < 0) break;
        total -= place[least].cols + 2;
        place[least].cols = 0;
    }
    for (int i = 0, x = r.x + 1; i < HINTS; i++) {
        place[i].x = x;
        if (place[i].cols) x += place[i].cols + 2;
    }
}

/* Bytes of the text that a line of so many columns takes, up to a blank where there is one. */
static size_t line_of(const char *text, int cols) {
    int used = 0;
    size_t blank = 0;
    for (const char *at = text; *at;) {
        size_t here = (size_t)(at - text);
        bool is_blank = *at == ' ';
        used += text_width(utf8_next(&at));
        if (is_blank) blank = here;
        if (used > cols) return blank ? blank : here;
    }
    return strlen(text);
}

/* What one line has no room for begins in the lines above: a list of what was expected is of no use without its end. */
static void draw_message(app *a, rect r) {
    char safe[TEXT_MOST * 2], part[TEXT_MOST * 2];
    size_t from[MESSAGE_LINES + 1] = {0};
    int lines = 0, most = a->grid->rows < 12 ? 1 : MESSAGE_LINES;
    role look = a->message_is_error ? ROLE_ERROR : ROLE_MESSAGE;
    text_clean(a->message, safe, sizeof safe, a->ascii);
    while (safe[from[lines]] && lines < most) {
        size_t end = from[lines] + line_of(safe + from[lines], r.cols - 1);
        while (safe[end] == ' ') end++;
        from[++lines] = end;
    }
    if (lines) from[lines] = strlen(safe);
    for (int i = 0; i < lines; i++) {
        int y = r.y - lines + 1 + i;
        snprintf(part, sizeof part, "%.*s", (int)(from[i + 1] - from[i]), safe + from[i]);
        text_fit(part, r.cols - 1, a->ascii);
        grid_fill(a->grid, y, r.x, r.cols, ROLE_TEXT, ' ');
        grid_put(a->grid, y, r.x, r.cols, look, part);
    }
}

void footer_draw(app *a) {
    rect r = a->layout.footer;
    if (a->message[0]) {
        draw_message(a, r);
        return;
    }
    placed_hint place[HINTS];
    place_hints(a, place);
    if (a->recording.name[0]) {
        keymap_first(&a->keys, "record", place[0].key, sizeof place[0].key);
        grid_print(a->grid, r.y, r.x + 1, r.cols, ROLE_MESSAGE, "recording %s; %s ends it", a->recording.name,
                   place[0].key[0] ? place[0].key : ":record");
        return;
    }
    double done;
    const char *what = a->layer ? NULL : job_running(a, false, &done);
    if (what) {
        char safe[2 * JOB_TITLE];
        text_clean(what, safe, sizeof safe, a->ascii);
        text_fit(safe, r.cols > 36 ? r.cols - 26 : 10, a->ascii);
        grid_print(a->grid, r.y, r.x + 1, r.cols, ROLE_MESSAGE, "%s: %.0f%%; Esc gives it up", safe, 100 * done);
        return;
    }
    if (a->layer) a->layer->footer(a, r);
    for (int i = 0; i < HINTS && !a->layer; i++) {
        if (!place[i].cols) continue;
        grid_put(a->grid, r.y, place[i].x, place[i].key_cols, ROLE_KEY, place[i].key);
        grid_put(a->grid, r.y, place[i].x + place[i].key_cols + 1, r.cols, ROLE_FAINT, hints[i].words);
    }
}

/* As if the key were pressed: in the latent's pane some are its own. */
command_effect footer_click(app *a, int x) {
    placed_hint place[HINTS];
    bool named = !a->message[0] && !a->recording.name[0];
    uint32_t key = a->layer && named ? view_hint_key(a, x) : 0;
    if (key) return app_key(a, key);
    place_hints(a, place);
    for (int i = 0; i < HINTS && !a->layer && named; i++) {
        if (!place[i].cols || x < place[i].x || x >= place[i].x + place[i].cols) continue;
        bool second = hints[i].to && x > place[i].x && x < place[i].x + place[i].key_cols;
        if (i < 2 && lists_latents(a)) return app_key(a, i ? '\r' : 27);
        return app_command(a, second ? hints[i].to : hints[i].name);
    }
    a->message[0] = 0; /* a click on a message: seen */
    return DID_CHANGE;
}
