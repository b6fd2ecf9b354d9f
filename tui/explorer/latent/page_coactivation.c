/* page_coactivation.c: latents that fire on the same tokens. */
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <stdio.h>

enum { COACTIVE_MOST = 50 };

typedef struct coactivation_state {
    scry_coactivation *count; /* owned; kept when done, for another order */
    bool done;
    uint32_t of;
    int capture; /* that was counted over */
    scry_coactive_order order;
    scry_coactive coactive[COACTIVE_MOST]; /* as many as list.count */
    latent_list list;
} coactivation_state;

static coactivation_state *together_of(const app *a) {
    return latent_page_state(a, &page_coactivation);
}

static bool is_counted(app *a) {
    const coactivation_state *s = together_of(a);
    return s->done && s->of == app_latent(a) && s->capture == state_of(a)->capture;
}

static bool working(app *a) {
    return !is_counted(a);
}

static void list_coactive(coactivation_state *s) {
    latent_list_set(&s->list, s->of, scry_coactivation_list(s->count, s->order, COACTIVE_MOST, s->coactive));
}

static void work(app *a, double seconds) {
    coactivation_state *s = together_of(a);
    uint32_t latent = app_latent(a);
    int capture = state_of(a)->capture;
    if (is_counted(a)) return;
    if (s->done || !s->count || s->of != latent || s->capture != capture) {
        scry_coactivation_free(s->count);
        s->count = scry_coactivation_start(a->tab->index, latent, capture, 0);
        s->of = latent;
        s->capture = capture;
        s->done = false;
    }
    s->done = scry_coactivation_work(s->count, seconds);
    if (s->done) list_coactive(s);
}

static void put_head(app *a, rect r) {
    const coactivation_state *s = together_of(a);
    char words[200], from[64];
    uint64_t fires, tokens = scry_coactivation_tokens(s->count, &fires);
    text_clean(s->capture < 0 ? "all base captures" : a->tab->info->capture[s->capture].name, from, sizeof from,
               a->ascii);
    snprintf(words, sizeof words, "fires on %llu of %llu tokens, %s; compared with all %u latents",
             (unsigned long long)fires, (unsigned long long)tokens, from, a->tab->info->d_sae);
    text_fit(words, r.cols - 2, a->ascii);
    grid_put(a->grid, r.y, r.x + 1, r.cols - 2, ROLE_FAINT, words);
}

static void draw_coactive(app *a, int y, int x, int cols, int row) {
    const scry_coactive *m = &together_of(a)->coactive[row];
    char text[32];
    int start = x;
    format_rho(m->jaccard, 3, false, text, sizeof text);
    grid_put_right(a->grid, y, x, 7, ROLE_TEXT, text);
    snprintf(text, sizeof text, "%u", m->both);
    grid_put_right(a->grid, y, x + 7, 8, ROLE_TEXT, text);
    x += 15;
    if (cols >= 60) {
        snprintf(text, sizeof text, "%u", m->fires);
        grid_put_right(a->grid, y, x, 9, ROLE_FAINT, text);
        snprintf(text, sizeof text, "%+.1f", m->pmi);
        grid_put_right(a->grid, y, x + 9, 6, ROLE_FAINT, text);
        x += 15;
    }
    latent_list_put(a, y, x + 1, start + cols - x - 1, m->latent);
}

static void draw_together(app *a, rect r) {
    coactivation_state *s = together_of(a);
    if (!is_counted(a)) {
        bool begun = s->count && s->of == app_latent(a) && s->capture == state_of(a)->capture;
        grid_print(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_FAINT, "counting over the activations of %u latents, %.0f%%",
                   a->tab->info->d_sae, begun ? 100 * scry_coactivation_share(s->count) : 0.0);
        return;
    }
    s->list.head = 1;
    if (r.rows >= 5) {
        put_head(a, r);
        s->list.head++;
        r.y++, r.rows--;
    }
    if (!s->list.count) {
        grid_put(a->grid, r.y, r.x + 2, r.cols - 2, ROLE_FAINT, "no other latent fires on any of its tokens");
        return;
    }
    bool wide = r.cols - 1 >= 60;
    grid_print(a->grid, r.y, r.x + 1, r.cols - 1, ROLE_HEADER, "jaccard    both%s   latent%s",
               wide ? "    fires   pmi" : "", r.cols - 1 - (wide ? 31 : 16) >= 34 ? "   rank" : "");
    latent_list_draw(a, (rect){r.y + 1, r.x + 1, r.rows - 1, r.cols - 1}, &s->list, draw_coactive);
}

static void move_together(app *a, move kind, long steps) {
    latent_list_move(&together_of(a)->list, kind, steps);
}

static bool target(app *a, uint32_t *latent) {
    const coactivation_state *s = together_of(a);
    *latent = s->coactive[s->list.cursor].latent;
    return is_counted(a) && s->list.count;
}

static void click(app *a, int line, UNUSED int x, UNUSED int cols) {
    latent_list *l = &together_of(a)->list;
    if (is_counted(a)) latent_list_click(a, l, line, l->top, l->count);
}

static void note(app *a, char *text, size_t size) {
    snprintf(text, size, "sorted by %s", scry_coactive_order_name[together_of(a)->order]);
}

static bool sort_together(app *a, const char *name, char *wrong, size_t size) {
    coactivation_state *s = together_of(a);
    int next = latent_choose(scry_coactive_order_name, SCRY_COACTIVE_ORDERS, (int)s->order, name, wrong, size);
    if (next < 0) return false;
    static const char *const said[] = {
        "jaccard: tokens on which both fire, divided by those on which either fires", "both: tokens on which both fire",
        ("pmi: log2 of how much likelier together than by chance, in bits; with 5 or more "
         "common tokens")};
    s->order = (scry_coactive_order)next;
    s->list.cursor = 0;
    if (s->done) list_coactive(s);
    app_say(a, "%s", said[next]);
    return true;
}

static void write_together(const app *a, FILE *f) {
    const coactivation_state *s = together_of(a);
    if (s->order) fprintf(f, "together %s\n", scry_coactive_order_name[s->order]);
}

static void free_together(void *state) {
    scry_coactivation_free(((coactivation_state *)state)->count);
}

const latent_page page_coactivation = {.name = "together",
                                       .brief = "with",
                                       .note = note,
                                       .draw = draw_together,
                                       .move = move_together,
                                       .sort = sort_together,
                                       .target = target,
                                       .click = click,
                                       .working = working,
                                       .work = work,
                                       .state_size = sizeof(coactivation_state),
                                       .free = free_together,
                                       .write = write_together};
