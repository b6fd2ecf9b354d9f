/* domain_effects.c: the domains' pane turned to causal: each domain's loss before and after the selection is taken out
 * of the model, and the difference. */
#include "explorer/causal/ablation_runs.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/sets/set_layer.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const effect_sorts[EFFECT_SORTS] = {"file", "diff", "before", "after", "se", "change", "name"};

/* The columns of numbers from the right, and the row's width from which each is shown. */
typedef struct effect_column {
    const char *head;
    int cols, from, sort;
} effect_column;
enum { ACCURACY_FROM = 92, WIDE_FROM = 62 };
static const effect_column columns[] = {
    {"acc. after", 11, ACCURACY_FROM, -1},     {"acc. before", 13, ACCURACY_FROM, -1},
    {"change", 8, 0, EFFECT_CHANGE},           {"SE", 8, WIDE_FROM, EFFECT_SE},
    {"diff", 9, WIDE_FROM, EFFECT_DIFFERENCE}, {"after", 8, WIDE_FROM, EFFECT_AFTER},
    {"before", 8, WIDE_FROM, EFFECT_BEFORE}};
enum { ACCURACY_AFTER, ACCURACY, CHANGE, SE, DIFFERENCE, AFTER, BEFORE, COLUMNS };

static const causal_figures *figures_of(const app *a) {
    return &a->tab->causal->figures;
}

double effect_sort_key(const app *a, size_t d) {
    double change = a->tab->info->domain[d].change[scry_session_scope(a->tab->session)->train];
    if (a->tab->causal->sort == EFFECT_CHANGE) return change;
    const scry_domain_effect e = causal_shown(a, d);
    const double keys[EFFECT_SORTS] = {[EFFECT_DIFFERENCE] = -e.difference,
                                       [EFFECT_BEFORE] = -e.loss,
                                       [EFFECT_AFTER] = -e.loss_ablated,
                                       [EFFECT_SE] = -e.se};
    return keys[a->tab->causal->sort];
}

const char *effect_row_heads(int cols, int room, char out[DOMAIN_HEADS]) {
    int used = 0, width = 0, first = 0;
    out[0] = 0;
    if (cols < WIDE_FROM) return out;
    for (; first < COLUMNS; first++) {
        if (cols < columns[first].from) continue;
        if (width + columns[first].cols > room) break;
        width += columns[first].cols;
    }
    for (int i = first; i-- > 0;)
        if (cols >= columns[i].from)
            used += snprintf(out + used, DOMAIN_HEADS - (size_t)used, "%*s", columns[i].cols, columns[i].head);
    return out;
}

int effect_row_head_at(int cols, int x) {
    int from = cols;
    for (int i = 0; i < COLUMNS && cols >= WIDE_FROM && x < cols; i++) {
        if (cols < columns[i].from) continue;
        from -= columns[i].cols;
        if (x >= from) return columns[i].sort;
    }
    return -1;
}

double effect_scale(const app *a) {
    double largest = 0;
    for (size_t d = 0; d < a->tab->info->domains; d++) {
        double difference = fabs(causal_shown(a, d).difference);
        if (difference > largest) largest = difference;
    }
    return largest;
}

/* Decimals that show two or more digits of the largest difference. */
static int decimals_of(double largest) {
    return largest >= 1 ? 3 : largest >= 0.1 || largest == 0 ? 4 : 5;
}

/* A fall of the loss is told from a rise by its shade. */
static void draw_bar(app *a, int y, int x, int cols, double difference, double scale, role look) {
    if (cols < 1 || !(scale > 0) || isnan(difference)) return;
    if (difference >= 0) {
        grid_bar(a->grid, y, x, cols, look, difference / scale, a->ascii);
        return;
    }
    int cells = (int)ceil(-difference / scale * cols - 1e-9);
    grid_fill(a->grid, y, x, cells > cols ? cols : cells, look, a->ascii ? '-' : 0x2591);
}

static void number(double value, const char *format, int decimals, char *text, size_t size) {
    if (isnan(value)) snprintf(text, size, "-");
    else if (*format == '+') snprintf(text, size, "%+.*f", decimals, value);
    else snprintf(text, size, "%.*f", decimals, value);
}

static void share(double value, char *text, size_t size) {
    if (isnan(value)) snprintf(text, size, "-");
    else snprintf(text, size, "%.1f%%", 100 * value);
}

/* A change that may be none has the sign of doubt, as among the scores. */
static void change_text(const app *a, size_t d, char *text, size_t size) {
    size_t train = scry_session_scope(a->tab->session)->train;
    const scry_domain_info *of = &a->tab->info->domain[d];
    if (isnan(of->change[train])) snprintf(text, size, "-");
    else snprintf(text, size, "%+.2f%s", of->change[train], domain_change_is_in_doubt(a, d) ? "~" : "");
}

static void cell_text(const app *a, const scry_domain_effect *e, size_t d, int column, int decimals, char *text,
                      size_t size) {
    if (column == ACCURACY_AFTER) share(e->accuracy_ablated, text, size);
    else if (column == ACCURACY) share(e->accuracy, text, size);
    else if (column == CHANGE) change_text(a, d, text, size);
    else if (column == SE) number(e->se, "", decimals, text, size);
    else if (column == DIFFERENCE) number(e->difference, "+", decimals, text, size);
    else number(column == AFTER ? e->loss_ablated : e->loss, "", 4, text, size);
}

/* "+0.0871±.0062", where there are no columns for both. */
static void difference_text(const app *a, const scry_domain_effect *e, int decimals, char *text, size_t size) {
    char difference[24], se[24];
    number(e->difference, "+", decimals > 4 ? decimals - 1 : decimals, difference, sizeof difference);
    number(e->se, "", decimals > 4 ? decimals - 1 : decimals, se, sizeof se);
    if (isnan(e->se)) snprintf(text, size, "%s", difference);
    else snprintf(text, size, "%s%s%s", difference, a->ascii ? "+-" : "\xc2\xb1", se[0] == '0' ? se + 1 : se);
}

enum { PAIR_COLS = 15 };

static void draw_numbers(app *a, int y, int x, int cols, size_t d, const scry_domain_effect *e, int decimals,
                         role main) {
    char text[64];
    int at = x + cols;
    for (int i = 0; i < COLUMNS; i++) {
        if (cols < columns[i].from) continue;
        at -= columns[i].cols;
        cell_text(a, e, d, i, decimals, text, sizeof text);
        role look = i == DIFFERENCE ? main : i == CHANGE ? ROLE_TEXT : ROLE_FAINT;
        grid_put_right(a->grid, y, at, columns[i].cols, look, text);
    }
    if (cols >= WIDE_FROM) return;
    difference_text(a, e, decimals, text, sizeof text);
    grid_put_right(a->grid, y, at - PAIR_COLS, PAIR_COLS, main, text);
}

static int numbers_cols(int cols) {
    int sum = cols < WIDE_FROM ? PAIR_COLS : 0;
    for (int i = 0; i < COLUMNS; i++) sum += cols >= columns[i].from ? columns[i].cols : 0;
    return sum;
}

void effect_row_draw(app *a, int y, int x, int cols, size_t d, int name_width, double scale) {
    const scry_domain_effect shown = causal_shown(a, d), *e = &shown;
    bool used = !isnan(scry_session_result(a->tab->session)->change[d]);
    bool fresh = causal_is_fresh(a) || a->tab->causal->estimated;
    char text[128];
    int numbers = numbers_cols(cols), bar = cols - name_width - 1 - numbers;
    if (bar < 0) name_width += bar;
    app_fit_text(a, a->tab->info->domain[d].name, name_width, text, sizeof text);
    grid_put(a->grid, y, x, name_width, used ? ROLE_TEXT : ROLE_FAINT, text);
    grid_put(a->grid, y, x + name_width, 1, ROLE_FAINT, used ? " " : a->ascii ? "x" : "\xc3\x97");
    role look = !fresh ? ROLE_FAINT : used ? ROLE_BAR : ROLE_BAR_OUT;
    if (bar >= 3) draw_bar(a, y, x + name_width + 1, bar - 1, e->difference, scale, look);
    draw_numbers(a, y, x, cols, d, e, decimals_of(scale), fresh ? ROLE_TEXT : ROLE_FAINT);
}

/* ---- words ------------------------------------------------------------------------------------ */

/* "+2 -1": latents that were switched in and out since. */
static void unlike_words(const scry_set *then, const scry_set *now, char *text, size_t size) {
    uint32_t in = 0, out = 0;
    for (size_t w = 0; w < scry_set_words(now->latents); w++) {
        in += (uint32_t)__builtin_popcountll(now->bits[w] & ~then->bits[w]);
        out += (uint32_t)__builtin_popcountll(then->bits[w] & ~now->bits[w]);
    }
    text[0] = 0;
    if (in) snprintf(text, size, "+%u", in);
    if (out) snprintf(text + strlen(text), size - strlen(text), "%s-%u", in ? " " : "", out);
}

/* What is going on: ", running 40%". */
static void running_words(const app *a, bool brief, char *text, size_t size) {
    double done;
    bool opening;
    causal_stop why;
    text[0] = 0;
    if (causal_is_running(a, -1, &done, &opening))
        snprintf(text, size, ", %s %.0f%%", opening ? (brief ? "opening" : "opening the model") : "running",
                 100 * done);
    else if (causal_is_fresh(a)) text[0] = 0;
    else if (causal_is_stopped(a, &why)) snprintf(text, size, why == CAUSAL_FAILED ? ", failed" : ", cancelled");
    else snprintf(text, size, a->tab->causal->manual ? ", not run" : ", waiting");
}

/* What became of the set: "loss without the set", "loss with the set x2", "loss with the set's mean". */
static void settings_words(const scry_ablation *how, bool brief, char *text, size_t size) {
    if (how->value == SCRY_VALUE_MEAN) snprintf(text, size, "loss with the set's mean");
    else if (how->scale != 0) snprintf(text, size, "loss with the set x%.4g", how->scale);
    else snprintf(text, size, "loss without the set");
    if (how->drop_error || !brief)
        snprintf(text + strlen(text), size - strlen(text), ", error %s", how->drop_error ? "dropped" : "kept");
}

/* What the anchored set is called among the named sets: "" where it is none of them. */
static void anchor_name(const app *a, const scry_set *set, int cols, char *text, size_t size) {
    const char *name = scry_named_sets_name_of(a->tab->sets->kept, set);
    text[0] = 0;
    if (name) app_fit_text(a, name, cols, text, size);
}

void effect_title_words(const app *a, bool brief, char *text, size_t size) {
    const causal_figures *f = figures_of(a);
    char what[80], unlike[40], running[60];
    running_words(a, brief, running, sizeof running);
    if (a->tab->causal->estimated) {
        const scry_anchor *anchor = scry_session_anchor(a->tab->session);
        unlike_words(anchor->set, scry_session_set(a->tab->session), unlike, sizeof unlike);
        anchor_name(a, anchor->set, brief ? 10 : 30, what, sizeof what);
        if (brief)
            snprintf(text, size, "loss, estimated (anchor %s%s%s)%s", what, what[0] && unlike[0] ? " " : "",
                     unlike[0] ? unlike
                     : what[0] ? ""
                               : "here",
                     running);
        else
            snprintf(text, size, "loss, estimated around %s%s%s%s%s",
                     what[0]     ? what
                     : unlike[0] ? "another set"
                                 : "this set",
                     unlike[0] ? " (" : "", unlike, unlike[0] ? ")" : "", running);
        return;
    }
    if (f->of.set && !scry_set_equal(f->of.set, scry_session_set(a->tab->session))) {
        unlike_words(f->of.set, scry_session_set(a->tab->session), unlike, sizeof unlike);
        snprintf(text, size, "%sanother set (%s)%s", brief ? "loss, " : "loss without ", unlike, running);
        return;
    }
    bool of_these = !f->of.set || scry_ablation_same(&f->of.how, &a->tab->causal->how);
    settings_words(of_these ? &a->tab->causal->how : &f->of.how, brief, what, sizeof what);
    snprintf(text, size, "%s%s%s", of_these ? "" : "other settings: ", what, running);
}

void effect_domain_words(const app *a, size_t d, int room, char *text, size_t size) {
    const scry_domain_effect shown = causal_shown(a, d), *e = &shown;
    char name[64], before[16], after[16];
    app_fit_text(a, a->tab->info->domain[d].name, 16, name, sizeof name);
    if (isnan(e->loss)) {
        snprintf(text, size, figures_of(a)->domain ? " %s: no text that the model can read " : " %s ", name);
        return;
    }
    share(e->accuracy, before, sizeof before);
    share(e->accuracy_ablated, after, sizeof after);
    snprintf(text, size, " %s: loss %.3f -> %.3f, accuracy %s -> %s ", name, e->loss, e->loss_ablated, before, after);
    if (text_columns(text) < room && !isnan(e->accuracy_ablated)) return;
    snprintf(text, size, " %s: loss %.3f -> %.3f ", name, e->loss, e->loss_ablated);
    if (text_columns(text) >= room) snprintf(text, size, " %.3f -> %.3f ", e->loss, e->loss_ablated);
}
