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

#endif
