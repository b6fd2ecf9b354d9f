/* footer.c: the last line of the screen: a message, a job that is running, or keys. */
#include "explorer/panes/prompt.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <stdio.h>
#include <string.h>

enum { NEEDS_DOMAINS = 1, NEEDS_SOURCES };

/* Commands worth a reminder; their keys come from the table of commands. */
typedef struct hint {
    const char *name, *words;
    const char *join, *to; /* a second command, whose key ends a range or pair; NULL: none */
    bool to_last_score;    /* or that of the last row of the table of scores */
    enum {
        ALWAYS,
        ENLARGED,
        LISTS_LATENTS,
        OF_PAGE,
        ON_LATENT,
        ON_DOMAINS,
        NOT_LATENT,
        NOT_DOMAINS,
        SEVERAL_TABS
    } when;
    int needs; /* of the study: NEEDS_ */
    int least; /* columns that the screen must have */
    int keep;  /* where room is short, the lowest goes first, the last of equal ones */
} hint;

static const hint hints[] = {
    {.name = "open", .words = "back", .when = ENLARGED, .keep = 8},
    {.name = "jump", .words = "go there", .when = LISTS_LATENTS, .keep = 8},
    {.name = "page", .words = "page", .when = ON_LATENT, .keep = 7},
    {.name = "toggle", .words = "toggle", .when = NOT_DOMAINS, .keep = 7},
    {.name = "toggle", .words = "leave out", .when = ON_DOMAINS, .needs = NEEDS_DOMAINS, .keep = 7},
    {.name = "sort", .words = "sort", .when = ON_DOMAINS, .needs = NEEDS_DOMAINS, .keep = 6},
    {.name = "open", .words = "enlarge", .when = ON_DOMAINS, .keep = 5},
    {.when = OF_PAGE}, /* the hints of the latent's page */
    {.name = "edit-label", .words = "label", .when = ON_LATENT, .keep = 3},
    {.name = "capture", .words = "capture", .when = ON_LATENT, .least = 90, .keep = 2},
    {.name = "fewer", .words = "N", .join = " ", .to = "more", .when = NOT_LATENT, .keep = 4},
    {.name = "by-icl",
     .words = "rank by",
     .join = " ",
     .to = "by-trained",
     .when = NOT_LATENT,
     .needs = NEEDS_SOURCES,
     .keep = 4},
    {.name = "score-act",
     .words = "score",
     .join = "-",
     .to_last_score = true,
     .when = NOT_LATENT,
     .needs = NEEDS_DOMAINS,
     .keep = 4},
    {.name = "plot", .words = "plots", .when = NOT_LATENT, .keep = 6},
    {.name = "search", .words = "find", .when = NOT_LATENT, .keep = 3},
    {.name = "sort", .words = "sort", .when = NOT_DOMAINS, .least = 90, .keep = 2},
    {.name = "tab-back", .words = "indexes", .join = " ", .to = "tab", .when = SEVERAL_TABS, .keep = 1},
    {.name = "mark", .words = "mark", .least = 100, .keep = 1},
    {.name = "pane", .words = "pane", .least = 110},
    {.name = "export", .words = "export", .when = NOT_LATENT, .keep = 2},
    {.name = "undo", .words = "undo", .when = NOT_LATENT, .keep = 5},
    {.name = "palette", .words = "commands", .least = 120},
    {.name = "help", .words = "help", .keep = 9},
    {.name = "quit", .words = "quit", .keep = 10}};
#define SCORE(id, name, ...) "score-" #name,
static const char *const score_commands[] = {SCRY_SCORE_TABLE(SCORE)};
#undef SCORE

enum { HINTS = sizeof hints / sizeof *hints, HINTS_MOST = HINTS + 8 };

typedef struct placed_hint {
    hint of;
    int x, cols, key_cols; /* cols 0: no room */
    char key[40];
} placed_hint;

static bool lists_latents(const app *a) {
    return a->tab->focus == PANE_LATENT && a->tab->latent_pane->page->target;
}

static bool has_sources(const app *a) {
    scry_condition has[SCRY_CONDITIONS];
    return scry_train_sources(a->tab->index, scry_session_ranking(a->tab->session)->train, has) > 0;
}

static bool hint_applies(const app *a, const hint *h) {
    if (h->needs == NEEDS_DOMAINS && !a->tab->info->domains) return false;
    if (h->needs == NEEDS_SOURCES && !has_sources(a)) return false;
    if (a->layout.footer.cols < h->least) return false;
    switch (h->when) {
    case ENLARGED:
        return a->tab->enlarged >= 0;
    case LISTS_LATENTS:
        return lists_latents(a);
    case OF_PAGE:
    case ON_LATENT:
        return a->tab->focus == PANE_LATENT;
    case ON_DOMAINS: /* where the pane is enlarged already, Enter leads back */
        return a->tab->focus == PANE_DOMAINS && (strcmp(h->name, "open") != 0 || a->tab->enlarged < 0);
    case NOT_LATENT:
        return a->tab->focus != PANE_LATENT;
    case NOT_DOMAINS:
        return a->tab->focus != PANE_DOMAINS;
    case SEVERAL_TABS:
        return a->tab_count > 1;
    default:
        return true;
    }
}

/* The last of the table, but for estimates without their columns. */
static int last_score(const app *a) {
    int s = SCRY_SCORES - 1;
    while (s > 0 && scry_scores[s].is_effect && !scry_has_score(a->tab->index, (scry_score)s)) s--;
    return s;
}

/* The keys of a hint, and the columns that it takes with its words. */
static placed_hint measure_hint(const app *a, const hint *h) {
    placed_hint p = {.of = *h};
    char from[16], to[16] = "";
    if (h->to_last_score) p.of.to = score_commands[last_score(a)];
    keymap_first(&a->keys, h->name, from, sizeof from);
    if (p.of.to) keymap_first(&a->keys, p.of.to, to, sizeof to);
    /* Where Enter goes to another latent, Esc is what leads back. */
    if (h->when == LISTS_LATENTS) snprintf(from, sizeof from, "Enter");
    else if (h->when == ENLARGED && lists_latents(a)) snprintf(from, sizeof from, "Esc");
    snprintf(p.key, sizeof p.key, "%s%s%s", from, h->join ? h->join : "", to);
    p.key_cols = text_columns(p.key);
    p.cols = from[0] ? p.key_cols + 1 + text_columns(h->words) : 0;
    return p;
}

/* The hints that apply now, as many as have room; returns how many there are in place[HINTS_MOST]. */
static int place_hints(const app *a, placed_hint *place) {
    rect r = a->layout.footer;
    int total = 1, n = 0;
    for (int i = 0; i < HINTS; i++) {
        if (!hint_applies(a, &hints[i])) continue;
        const page_hint *of_page = hints[i].when == OF_PAGE ? a->tab->latent_pane->page->hints : NULL;
        if (hints[i].when != OF_PAGE) place[n++] = measure_hint(a, &hints[i]);
        for (; of_page && of_page->command && n < HINTS_MOST - HINTS + i; of_page++)
            place[n++] =
                measure_hint(a, &(hint){.name = of_page->command, .words = of_page->words, .keep = of_page->keep});
    }
    for (int i = 0; i < n; i++) total += place[i].cols ? place[i].cols + 2 : 0;
    while (total - 2 > r.cols) {
        int least = -1;
        for (int i = 0; i < n; i++)
            if (place[i].cols && (least < 0 || place[i].of.keep <= place[least].of.keep)) least = i;
        if (least < 0) break;
        total -= place[least].cols + 2;
        place[least].cols = 0;
    }
    for (int i = 0, x = r.x + 1; i < n; i++) {
        place[i].x = x;
        if (place[i].cols) x += place[i].cols + 2;
    }
    return n;
}

/* What one line has no room for begins in the lines above: a list of what was expected is of no use without its end. */
static void draw_message(app *a, rect r) {
    char safe[TEXT_MOST * 2], part[TEXT_MOST * 2];
    size_t from[MESSAGE_LINES + 1] = {0};
    int lines = 0, most = a->grid->rows < 12 ? 1 : MESSAGE_LINES;
    role look = a->message_is_error ? ROLE_ERROR : ROLE_MESSAGE;
    text_clean(a->message, safe, sizeof safe, a->ascii);
    while (safe[from[lines]] && lines < most) {
        size_t end = from[lines] + text_break(safe + from[lines], r.cols - 1);
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

/* What is going on, in the place of the keys. False: nothing. */
static bool draw_running(app *a, rect r) {
    char key[40], safe[2 * JOB_TITLE];
    double done;
    const char *what = a->layer ? NULL : job_running(a, false, &done);
    if (a->recording.name[0]) {
        keymap_first(&a->keys, "record", key, sizeof key);
        grid_print(a->grid, r.y, r.x + 1, r.cols, ROLE_MESSAGE, "recording %s; %s ends it", a->recording.name,
                   key[0] ? key : ":record");
        return true;
    }
    if (!what) return false;
    app_fit_text(a, what, r.cols > 36 ? r.cols - 26 : 10, safe, sizeof safe);
    grid_print(a->grid, r.y, r.x + 1, r.cols, ROLE_MESSAGE, "%s: %.0f%%; Esc cancels", safe, 100 * done);
    return true;
}

void footer_draw(app *a) {
    rect r = a->layout.footer;
    placed_hint place[HINTS_MOST];
    if (a->message[0]) {
        draw_message(a, r);
    } else if (draw_running(a, r)) {
        return;
    } else if (a->layer) {
        a->layer->footer(a, r);
    } else {
        int n = place_hints(a, place);
        for (int i = 0; i < n; i++) {
            if (!place[i].cols) continue;
            grid_put(a->grid, r.y, place[i].x, place[i].key_cols, ROLE_KEY, place[i].key);
            grid_put(a->grid, r.y, place[i].x + place[i].key_cols + 1, r.cols, ROLE_FAINT, place[i].of.words);
        }
    }
}

command_effect footer_click(app *a, int x, uint32_t *key) {
    placed_hint place[HINTS_MOST];
    bool named = !a->message[0] && !a->recording.name[0];
    *key = a->layer && named ? view_hint_key(a, x) : 0;
    if (*key) return DID_NOTHING;
    int n = a->layer || !named ? 0 : place_hints(a, place);
    for (int i = 0; i < n; i++) {
        const placed_hint *p = &place[i];
        if (!p->cols || x < p->x || x >= p->x + p->cols) continue;
        bool second = p->of.to && x > p->x && x < p->x + p->key_cols;
        if (p->of.when == LISTS_LATENTS) *key = '\r';
        else if (p->of.when == ENLARGED && lists_latents(a)) *key = 27;
        return *key ? DID_NOTHING : app_command(a, second ? p->of.to : p->of.name);
    }
    a->message[0] = 0; /* a click on a message: seen */
    return DID_CHANGE;
}
