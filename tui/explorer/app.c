/* explorer/app.c: the explorer's state: turns keys into commands, and draws the state into the grid. */
#include "explorer/app.h"
#include "base/mem.h"
#include "explorer/async_results.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/chart_page.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/prompt.h"
#include "explorer/panes/text_page.h"
#include "explorer/panes/view.h"
#include "explorer/diff/diff_page.h"
#include "explorer/lens/lens_page.h"
#include "explorer/prompts/prompt_page.h"
#include "explorer/sets/set_layer.h"
#include "explorer/state/session_autosave.h"
#include "explorer/table/table.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYER_ROW = 1 }; /* below the title */

static tab *tab_new(scry_index *index, scry_session *session) {
    tab *t = mem_new(1, sizeof *t);
    t->index = index;
    t->info = scry_index_info(index);
    t->session = session;
    t->enlarged = -1;
    t->rho_before = NAN;
    table_open(t);
    latent_open(t);
    t->domains = mem_new(1, sizeof *t->domains);
    sets_open(t);
    t->plots = mem_new(1, sizeof *t->plots);
    t->prompts = prompt_page_new();
    t->lens = lens_page_new();
    t->diff = diff_page_new();
    causal_open(t);
    t->autosave = autosave_new();
    return t;
}

static void tab_free(tab *t) {
    causal_close(t->causal);
    chart_page_free(t->plots);
    prompt_page_free(t->prompts);
    lens_page_free(t->lens);
    diff_page_free(t->diff);
    sets_close(t);
    free(t->domains);
    latent_close(t);
    autosave_free(t->autosave);
    table_close(t);
    scry_session_free(t->session);
    scry_close(t->index);
    free(t);
}

void app_add_tab(app *a, scry_index *index, scry_session *session) {
    tab **tabs = mem_resize(a->tabs, a->tab_count + 1, sizeof *tabs);
    a->tabs = tabs;
    a->tab = a->tabs[a->tab_count++] = tab_new(index, session);
    table_remake(a);
    table_go_row(a, 0);
}

/* Cancels all work, and lets none follow it. */
static void cancel_work(app *a) {
    for (size_t i = 0; i < a->tab_count; i++) {
        a->tabs[i]->lens->again = a->tabs[i]->diff->again = false;
        prompt_models_forget(a, a->tabs[i], &a->tabs[i]->prompts->models);
    }
    async_cancel_all(a);
}

void app_drop_tab(app *a) {
    tab *gone = a->tab;
    size_t i = 0;
    while (a->tabs[i] != gone) i++;
    autosave_save(a, true);
    cancel_work(a);
    a->tab_count--;
    memmove(&a->tabs[i], &a->tabs[i + 1], (a->tab_count - i) * sizeof(tab *));
    a->tab = a->tabs[i < a->tab_count ? i : i - 1];
    tab_free(gone);
}

void app_free(app *a) {
    if (!a) return;
    cancel_work(a);
    jobs_free(a->jobs);
    causal_runs_free(a->causal_runs);
    async_free(a->async);
    grid_free(a->grid);
    grid_free(a->scratch);
    for (size_t i = 0; i < a->tab_count; i++) tab_free(a->tabs[i]);
    free(a->tabs);
    history_free(&a->history);
    keymap_free(&a->keys);
    recording_clear(&a->recording);
    free(a->page->text);
    free(a->page);
    free(a->help);
    free(a->copied);
    free(a);
}

static void drop_question(app *a) {
    if (a->question.command) a->message[0] = 0;
    a->question.command = NULL;
}

/* y, n and Esc answer. Any other key takes the question away, which is no longer shown then; but for that of the
 * palette, where :yes and :no are typed. */
static bool answer_key(app *a, uint32_t key, command_effect *effect) {
    const command *c = keymap_command(&a->keys, key);
    bool no = key == 'n' || key == 27 || key == 3;
    if (key == 'y' || no) *effect = app_command(a, no ? "no" : "yes");
    else if (!c || strcmp(c->name, "palette") != 0) drop_question(a);
    return key == 'y' || no;
}

command_effect app_key(app *a, uint32_t key) {
    command_effect effect = DID_NOTHING;
    if (a->prompt.then) {
        a->message[0] = 0;
        prompt_key(a, key, &effect);
        if (!a->prompt.then && !a->message[0]) a->question.command = NULL;
        return effect;
    }
    if (a->question.command && answer_key(a, key, &effect)) return effect;
    if (a->layer) a->message[0] = 0; /* it would cover the page's keys */
    if (a->layer && a->layer->key(a, key, &effect)) return effect;
    if (!a->layer && a->tab->focus == PANE_LATENT && latent_key(a, key, &effect)) return effect;
    const command *c = keymap_command(&a->keys, key);
    if (c) return app_command(a, c->name);
    if ((key == 27 || key == 3) && !a->layer) {
        const char *what = job_running(a, false, NULL);
        if (what) app_say(a, "%s: cancelled", what);
        if (async_drop_waiting(a) || job_cancel(a, false)) return DID_CHANGE;
        if (causal_give_up(a)) return app_say(a, "ablation cancelled; :causal run runs it");
    }
    if (key == 27 || key == 3) { /* Esc and Ctrl-C leave any state */
        a->layer = NULL;
        a->tab->enlarged = -1;
        table_escape(a);
        a->message[0] = 0;
        return DID_CHANGE;
    }
    char help[40];
    keymap_first(&a->keys, "help", help, sizeof help);
    return app_fail(a, "no command has that key; %s lists all keys", help[0] ? help : ":help");
}

command_effect app_paste(app *a, const char *text) {
    if (a->prompt.then) {
        a->message[0] = 0;
        prompt_paste(a, text);
        return DID_CHANGE;
    }
    return a->layer && a->layer->paste && a->layer->paste(a, text) ? DID_CHANGE : DID_NOTHING;
}

static bool inside(rect r, int y, int x) {
    return y >= r.y && y < r.y + r.rows && x >= r.x && x < r.x + r.cols;
}

command_effect app_click(app *a, int y, int x, int clicks) {
    command_effect effect = DID_NOTHING;
    if (a->layout.too_small) return DID_NOTHING;
    if (a->prompt.then) {
        prompt_click(a, y, &effect);
        return effect;
    }
    drop_question(a);
    if (y == a->layout.footer.y) {
        uint32_t key = 0;
        effect = footer_click(a, x, &key);
        return key ? app_key(a, key) : effect;
    }
    if (a->layer) return a->layer->click ? a->layer->click(a, y - LAYER_ROW, x, clicks) : DID_NOTHING;
    for (int p = 0; p < PANES; p++) {
        if (!a->layout.pane[p].rows || !inside(a->layout.pane[p], y, x)) continue;
        a->message[0] = 0;
        if (a->tab->focus != (pane)p) app_record_mouse(a, "pane", "%s", views[p]->name);
        a->tab->focus = (pane)p;
        bool switches = p == PANE_TABLE && table_switches_at(a, a->layout.pane[p], x); /* each click there */
        if (clicks == 2 && !switches && y > a->layout.pane[p].y) return app_command(a, "open");
        if (views[p]->click) views[p]->click(a, a->layout.pane[p], y, x);
        return DID_CHANGE;
    }
    return DID_NOTHING;
}

command_effect app_wheel(app *a, int y, int x, int steps) {
    drop_question(a);
    if (a->layer) {
        if (a->layer->wheel) a->layer->wheel(a, steps);
        return DID_CHANGE;
    }
    for (int p = 0; p < PANES && !a->layout.too_small; p++)
        if (a->layout.pane[p].rows && inside(a->layout.pane[p], y, x)) {
            bool other = a->tab->focus != (pane)p;
            a->message[0] = 0;
            views[p]->move(a, MOVE_STEP, steps);
            if (other) app_record_mouse(a, "pane", "%s", views[p]->name);
            app_record_mouse(a, steps < 0 ? "up" : "down", "%d", steps < 0 ? -steps : steps);
            if (other) app_record_mouse(a, "pane", "%s", views[a->tab->focus]->name);
            return DID_CHANGE;
        }
    return DID_NOTHING;
}

void app_resize(app *a, int rows, int cols) {
    grid_resize(a->grid, rows, cols);
}

/* The right side of the top line: ranking, N and score. full: 2 to 0, the shortest. */
static void describe_session(const app *a, int full, char *text, size_t size) {
    const scry_session *s = a->tab->session;
    const scry_ranking *ranking = scry_session_ranking(s);
    uint32_t added, removed;
    char edits[48] = "", by[80];
    scry_session_edits(s, &added, &removed);
    if (added) snprintf(edits, sizeof edits, " +%u", added);
    if (removed) snprintf(edits + strlen(edits), sizeof edits - strlen(edits), " -%u", removed);
    if (edits[0]) snprintf(edits + strlen(edits), sizeof edits - strlen(edits), " = %u", scry_session_set(s)->count);
    view_ranking(ranking->source, ranking->against, ranking->metric, full == 2, by, sizeof by);
    snprintf(text, size, "  %s  N %u%s%s%s ", full ? by : by + strlen("ranked "), scry_session_n(s), edits,
             a->tab->info->domains ? "  score " : "",
             a->tab->info->domains ? scry_score_name(scry_session_score(s)) : "");
}

/* The top line. Its right side changes, so it is placed first, in the fullest form that leaves room for the left. The
 * study's name gives way before "ranked" does; a file's name, which tells tabs apart, does not. */
static void draw_title(app *a) {
    rect r = a->layout.title;
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    char right[160], left[400], facts[400], name[400], which[48] = "scry";
    for (size_t i = 0; a->tab_count > 1 && i < a->tab_count; i++)
        if (a->tabs[i] == a->tab) snprintf(which, sizeof which, "%zu/%zu", i + 1, a->tab_count);
    int used = snprintf(left, sizeof left, "%.200s", a->tab->info->train[ranking->train].name);
    if (a->tab->info->domains)
        used += snprintf(left + used, sizeof left - (size_t)used, " -> %zu domain%s", a->tab->info->domains,
                         plural_s(a->tab->info->domains));
    if (r.cols >= 100 || !a->tab->info->domains)
        snprintf(left + used, sizeof left - (size_t)used, "  %u latents", a->tab->info->d_sae);
    text_clean(left, facts, sizeof facts, a->ascii);
    char called[400];
    app_tab_name(a, a->tab, called, sizeof called);
    bool by_file = a->tab_count > 1 || !a->tab->info->name[0];
    text_clean(called, name, sizeof name, a->ascii);
    int most = text_columns(name) < 24 ? text_columns(name) : 24, taken = 5 + text_columns(which) + text_columns(facts);
    int full = 3, width;
    do {
        describe_session(a, --full, right, sizeof right);
        width = text_columns(right);
    } while (full > 0 && r.cols - width < taken + (full == 2 || by_file ? most : 0));
    int room = r.cols - width;
    grid_fill(a->grid, r.y, r.x, r.cols, ROLE_TITLE, ' ');
    grid_put(a->grid, r.y, room, width, ROLE_TITLE, right);
    text_fit(name, room - taken, a->ascii);
    grid_print(a->grid, r.y, 0, room, ROLE_TITLE, " %s  %s%s%s", which, facts, name[0] ? "  " : "", name);
}

static void draw_too_small(app *a) {
    grid_print(a->grid, 0, 0, a->grid->cols, ROLE_TEXT, "scry needs %d x %d", LAYOUT_COLS, LAYOUT_ROWS);
    grid_print(a->grid, 1, 0, a->grid->cols, ROLE_TEXT, "here: %d x %d", a->grid->cols, a->grid->rows);
    grid_put(a->grid, 2, 0, a->grid->cols, ROLE_TEXT, "resize, or q");
}

void app_draw(app *a) {
    grid_clear(a->grid);
    a->layout = layout_make(a->grid->rows, a->grid->cols, a->tab->enlarged, (int)a->tab->info->domains);
    if (a->layout.too_small) {
        draw_too_small(a);
        return;
    }
    draw_title(a);
    if (a->layer) {
        a->layer->draw(a, (rect){LAYER_ROW, 0, a->grid->rows - 2, a->grid->cols});
    } else {
        for (int p = 0; p < PANES; p++)
            if (a->layout.pane[p].rows) views[p]->draw(a, a->layout.pane[p], a->tab->focus == (pane)p);
        if (a->layout.side_by_side)
            for (int y = 1; y < a->grid->rows - 1; y++)
                grid_fill(a->grid, y, a->layout.pane[PANE_LATENT].x - 1, 1, ROLE_FAINT, a->ascii ? '|' : 0x2502);
    }
    if (a->prompt.then) prompt_draw(a);
    else footer_draw(a);
}
