/* domain_pane.h: the state of the domains' pane between frames. */
#ifndef SCRY_EXPLORER_PANES_DOMAIN_PANE_H
#define SCRY_EXPLORER_PANES_DOMAIN_PANE_H

#include "explorer/panes/view.h"

/* All zero at first. */
typedef struct domains_state {
    int sort;
    bool reversed;
    int top, page;
    size_t current; /* the domain under the cursor, which stays on it when the order changes */
    double scale;   /* STS of a full bar: fixed while latents are toggled, so that movement shows */
    scry_score scale_score;
    uint32_t scale_n;
    scry_reference scale_against;
} domains_state;

enum { SORT_FILE, SORT_STS, SORT_CHANGE, SORT_RESIDUAL, SORT_LATENT, SORT_NAME, DOMAIN_SORTS };

extern const view view_domains;

/* The domain under the cursor. */
size_t domains_current(const app *a);
void domains_go(app *a, size_t domain);
/* The domain of a name; as many as there are, and the message says so, where there is none. */
size_t domains_find(app *a, const char *name);

/* domain_list_row.c: one domain in `cols` columns: name, bar, STS, what of it is the selected latent's,
 * change, and the line's residual, as many as there is room for; what they are sorted by stands in the place of the
 * change where there is none. */
void domain_row_draw(app *a, int y, int x, int cols, size_t domain, int name_width);
/* The heads of the numbers in such a row; "" where there is no room for heads. */
enum { DOMAIN_HEADS = 160 };
const char *domain_row_heads(const app *a, int cols, char out[DOMAIN_HEADS]);
/* What the head at a column of the row sorts by; -1: no head there. */
int domain_row_head_at(const app *a, int cols, int x);
/* What the table's latent contributes to a domain's score, or would if it were in it. */
double domain_part(const app *a, size_t domain);
/* Change less what the fitted line gives at the domain's STS; held_out: the line was fitted without it, so that this
 * is how well the others foretell it. NaN: no change was measured, or there is no line. */
double domain_off_line(const app *a, size_t domain, bool *held_out);
/* A score in at most 6 columns, and a latent's part of one in at most 7, next to bars of which a full one is `scale`.
 */
void domain_number(double value, double scale, char *text, size_t size);
void domain_part_text(double part, double scale, char *text, size_t size);
extern const char *const domain_sorts[DOMAIN_SORTS]; /* as typed after :sort */
/* True when the measured change may be none, by its error. */
bool domain_change_is_in_doubt(const app *a, size_t domain);

/* domain_rho.c: rho with its statistics, as much as fits into the lines from y on; an error's words. */
void domain_rho_draw(app *a, rect r, int y, int lines);
void domain_error_draw(app *a, rect r, int y, int lines, const char *error);

/* domain_effects.c: the same turned to causal (explorer/causal/ablation_runs.h): loss before, after, difference, its
 * standard error and the change. scale: the difference of a full bar. */
enum {
    EFFECT_FILE,
    EFFECT_DIFFERENCE,
    EFFECT_BEFORE,
    EFFECT_AFTER,
    EFFECT_SE,
    EFFECT_CHANGE,
    EFFECT_NAME,
    EFFECT_SORTS
};
extern const char *const effect_sorts[EFFECT_SORTS];
void effect_row_draw(app *a, int y, int x, int cols, size_t domain, int name_width, double scale);
/* The heads of the last numbers of a row, as many as fit into `room` columns. */
const char *effect_row_heads(int cols, int room, char out[DOMAIN_HEADS]);
int effect_row_head_at(int cols, int x);
/* What rows are sorted by, in ascending order; NaN last. */
double effect_sort_key(const app *a, size_t domain);
double effect_scale(const app *a);
/* "loss without the set: zero, error kept, running 40%": what the figures are of, and what is going on. */
void effect_title_words(const app *a, bool brief, char *text, size_t size);
/* The domain under the cursor, in fewer than `room` columns. */
void effect_domain_words(const app *a, size_t domain, int room, char *text, size_t size);

#endif
