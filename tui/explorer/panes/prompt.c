/* prompt.c: the line that is typed at the bottom of the screen. */
#include "explorer/panes/prompt.h"
#include "base/utf8.h"
#include "explorer/table/filter.h"
#include "explorer/table/table.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>

/* A command whose effect is seen while it is typed. */
typedef struct live_preview {
    const char *command, *sign; /* sign: stands before what is typed */
    void (*typed)(app *a, const char *text);
    void (*left)(app *a);     /* by Esc */
    void (*complete)(app *a); /* by Tab; NULL: nothing to complete */
} live_preview;

/* From where the search began: the first match at or behind it. */
static void type_search(app *a, const char *text) {
    table_go_row(a, a->tab->table->find.row_before);
    a->tab->table->find.typed = text[0] != 0;
    if (text[0]) table_find_go(a, text, 1, true);
    else a->tab->table->find.text[0] = 0;
}

static void leave_search(app *a) {
    a->tab->table->find.text[0] = 0;
    a->tab->table->find.pending = a->tab->table->find.typed = false;
    table_go_row(a, a->tab->table->find.row_before);
}

static void type_filter(app *a, const char *text) {
    table_filter *f = &a->tab->table->filter;
    f->error_length = 0; /* names to choose from are no error */
    if (!filter_is_unfinished(text, f->error, sizeof f->error) &&
        !filter_completion_unfinished(a, text, f->error, sizeof f->error))
        table_filter_set(a, text);
}

static void complete_filter(app *a) {
    table_filter *f = &a->tab->table->filter;
    prompt *p = &a->prompt;
    char list[sizeof f->error] = "";
    if (filter_completion_apply(a, p->text, sizeof p->text, &p->at, list, sizeof list)) type_filter(a, p->text);
    if (!list[0]) return;
    memcpy(f->error, list, sizeof list);
    f->error_length = 0;
}

static void leave_filter(app *a) {
    table_state *t = a->tab->table;
    table_filter *f = &t->filter;
    table_filter_set(a, f->before);
    a->tab->latent = f->latent_before; /* where the filter still waits, this is gone to once it is there */
    if (f->next || table_go(a, f->latent_before)) return;
    table_go_row(a, order_row_of(&t->order, f->latent_before)); /* toggled since: the filter that was on hides it now */
}

static const live_preview all[] = {
    {"search", "/", type_search, leave_search, NULL},
    {"filter", "&", type_filter, leave_filter, complete_filter},
};

/* NULL: not one of them. */
static const live_preview *live_preview_find(const command *c) {
    for (size_t i = 0; c && i < sizeof all / sizeof *all; i++)
        if (strcmp(all[i].command, c->name) == 0) return &all[i];
    return NULL;
}

/* A command that takes any text: what was typed for it before is kept, and Up brings it back. */
static bool recalls(const command *c) {
    return live_preview_find(c) || (c && strcmp(command_explorer_arguments(c), "TEXT") == 0);
}

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
        if (recalls(p.then) && p.text[0]) history_add(&a->history, line);
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
 * those that have no list in any; what stands in the line already is passed over. */
static void go_back(app *a, int steps) {
    prompt *p = &a->prompt;
    bool back = recalls(p->then) || (is_palette(a) && (p->back || (!p->text[0] && p->pick < 0 && steps > 0)));
    const char *newest = back && !p->back && steps > 0 ? line_back(a, 1) : NULL;
    if (newest && strcmp(newest, p->text) == 0) p->back = 1;
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

void prompt_paste(app *a, const char *text) {
    prompt *p = &a->prompt;
    const live_preview *is_live = live_preview_find(p->then);
    line_insert(p->text, sizeof p->text, &p->at, text);
    p->pick = -1;
    p->back = 0;
    if (is_live && *text) is_live->typed(a, p->text);
}

bool prompt_click(app *a, int y, command_effect *effect) {
    if (!(is_palette(a) || a->prompt.listing) || !palette_click(a, y, a->layout.footer.y)) return false;
    *effect = accept(a);
    return true;
}
