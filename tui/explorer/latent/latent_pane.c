/* latent_pane.c: the selected latent: its title with the names of its pages. */
#include "explorer/latent/latent_pane.h"
#include "base/mem.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "terminal/keys.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_ROW(name) &page_##name,
const latent_page *const latent_pages[] = {LATENT_PAGES(PAGE_ROW)};
#undef PAGE_ROW
const int latent_page_count = sizeof latent_pages / sizeof *latent_pages;
_Static_assert(sizeof latent_pages / sizeof *latent_pages <= LATENT_PAGES_MOST, "more pages than there is room for");

static const latent_page *page_of(app *a) {
    return state_of(a)->page;
}

void latent_open(tab *t) {
    t->latent_pane = mem_new(1, sizeof *t->latent_pane);
    t->latent_pane->capture = -1;
    t->latent_pane->page = latent_pages[0];
}

void latent_close(tab *t) {
    latent_state *s = t->latent_pane;
    scry_latent_activations_free(s->activations);
    scry_token_pairing_free(s->pairing);
    for (int i = 0; i < LATENT_PAGES_MOST && s->pages[i].page; i++) {
        if (s->pages[i].page->free) s->pages[i].page->free(s->pages[i].state);
        free(s->pages[i].state);
    }
    free(s);
}

void latent_forget_pairs(tab *t) {
    scry_token_pairing_free(t->latent_pane->pairing);
    t->latent_pane->pairing = NULL;
}

const latent_page *latent_page_find(const char *name) {
    for (int i = 0; i < latent_page_count; i++)
        if (strcmp(latent_pages[i]->name, name) == 0 || strcmp(latent_pages[i]->brief, name) == 0)
            return latent_pages[i];
    return NULL;
}

void latent_turn_page(app *a, int by) {
    int at = 0;
    while (latent_pages[at] != page_of(a)) at++;
    state_of(a)->page = latent_pages[(at + by + latent_page_count) % latent_page_count];
}

static int names_width(bool brief) {
    int width = 2; /* the brackets around the one that is shown */
    for (int i = 0; i < latent_page_count; i++)
        width += text_columns(brief ? latent_pages[i]->brief : latent_pages[i]->name) + (i > 0);
    return width;
}

/* The page shown stands in brackets, so that it is told without colour. Where y is a click's, returns
 * the page there, else -1. */
static int put_names(app *a, rect r, int x, bool brief, bool focus, int click) {
    int hit = -1;
    for (int i = 0; i < latent_page_count; i++) {
        bool shown = latent_pages[i] == page_of(a);
        char text[32];
        const char *name = brief ? latent_pages[i]->brief : latent_pages[i]->name;
        snprintf(text, sizeof text, shown ? "[%s]" : "%s", name);
        int width = text_columns(text);
        if (click >= x && click < x + width) hit = i;
        if (click < 0) {
            grid_put(a->grid, r.y, x, width, shown ? (focus ? ROLE_FOCUS : ROLE_HEADER) : ROLE_FAINT, text);
            if (i + 1 < latent_page_count) grid_put(a->grid, r.y, x + width, 1, ROLE_TEXT, " ");
        }
        x += width + 1;
    }
    return hit;
}

typedef struct title_plan {
    bool brief, noted;
    int label; /* columns for it */
    int names; /* column where the names begin */
} title_plan;

/* The number and the names always; the note where there is room; the label has the rest. */
static title_plan plan_title(rect r, int number, int note) {
    title_plan p = {0};
    int room = r.cols - 5 - number; /* "-- ", "latent N", one blank on each side */
    p.brief = room - names_width(false) - note < 14;
    int names = names_width(p.brief);
    p.noted = note > 0 && room - names - note - 2 >= 2;
    p.label = room - names - (p.noted ? note + 2 : 0) - 4;
    if (p.label > 24) p.label = 24;
    if (p.label < 4) p.label = 0;
    return p;
}

static title_plan draw_title(app *a, rect r, bool focus, int click) {
    char label[128], note[128] = "", number[24];
    uint32_t latent = app_latent(a);
    page_of(a)->note(a, note, sizeof note);
    snprintf(number, sizeof number, "latent %u", latent);
    if (r.cols - 5 - text_columns(number) < names_width(true)) snprintf(number, sizeof number, "%u", latent);
    title_plan p = plan_title(r, text_columns(number), text_columns(note));
    table_label(a, latent, label, sizeof label);
    text_fit(label, p.label, a->ascii);
    if (!label[0]) p.label = 0;
    int x = r.x + 4 + text_columns(number) + (p.label ? 2 + text_columns(label) : 0) + 1;
    p.names = x + 1;
    if (click >= 0) return p;
    view_title(a, r, focus, "%s%s%s", number, p.label ? "  " : "", label);
    grid_put(a->grid, r.y, x, 1, ROLE_TEXT, " ");
    put_names(a, r, p.names, p.brief, focus, -1);
    int end = p.names + names_width(p.brief);
    grid_put(a->grid, r.y, end, 1, ROLE_TEXT, " ");
    if (!p.noted) return p;
    char padded[140];
    snprintf(padded, sizeof padded, " %s ", note);
    grid_put_right(a->grid, r.y, end + 1, r.x + r.cols - end - 1, ROLE_FAINT, padded);
    return p;
}

static rect below_title(rect r) {
    return (rect){r.y + 1, r.x, r.rows - 1, r.cols};
}

static void draw_latent(app *a, rect r, bool focus) {
    latent_activations(a);
    draw_title(a, r, focus, -1);
    if (r.rows > 1) page_of(a)->draw(a, below_title(r));
}

static void move_latent(app *a, move kind, long steps) {
    page_of(a)->move(a, kind, steps);
}

static bool sort_latent(app *a, const char *name, char *wrong, size_t size) {
    if (page_of(a)->sort) return page_of(a)->sort(a, name, wrong, size);
    snprintf(wrong, size, "nothing: this page has one order");
    return false;
}

static void reverse_latent(app *a) {
    if (page_of(a)->reverse) page_of(a)->reverse(a);
    else app_say(a, "this page has one order");
}

static void click_latent(app *a, rect r, int y, int x) {
    if (y == r.y) {
        title_plan p = draw_title(a, r, true, x);
        int page = put_names(a, r, p.names, p.brief, true, x);
        if (page >= 0) state_of(a)->page = latent_pages[page];
        if (page >= 0) app_record_mouse(a, "page", "%s", latent_pages[page]->name);
    } else if (page_of(a)->click) {
        page_of(a)->click(a, y - r.y - 1, x - r.x, r.cols);
    }
}

bool latent_key(app *a, uint32_t key, command_effect *effect) {
    int step = key_in("Right", key) ? 1 : key_in("Left", key) ? -1 : 0;
    if (step) {
        latent_turn_page(a, step);
        a->message[0] = 0;
        app_record(a, "page", page_of(a)->name); /* the key is the pane's own */
        *effect = DID_CHANGE;
        return true;
    }
    if (!key_in("Enter", key) || !page_of(a)->target) return false;
    *effect = app_command(a, "jump");
    return true;
}

bool latent_working(app *a) {
    return !a->layer && !a->layout.too_small && a->layout.pane[PANE_LATENT].rows && page_of(a)->working &&
           page_of(a)->working(a);
}

void latent_work(app *a, double seconds) {
    if (page_of(a)->work) page_of(a)->work(a, seconds);
}

const view view_latent = {"latent", draw_latent, move_latent, sort_latent, reverse_latent, click_latent};
