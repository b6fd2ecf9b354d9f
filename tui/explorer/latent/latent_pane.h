/* latent_pane.h: the pane of the selected latent, and the table of its pages. */
#ifndef SCRY_EXPLORER_LATENT_LATENT_PANE_H
#define SCRY_EXPLORER_LATENT_LATENT_PANE_H

#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"

extern const view view_latent;

/* In the order in which they are shown. */
extern const latent_page *const latent_pages[];
extern const int latent_page_count;

/* Makes and frees the tab's state of the pane. */
void latent_open(tab *t);
void latent_close(tab *t);
/* The page of a name, in full or brief; NULL: none. */
const latent_page *latent_page_find(const char *name);
/* Show the page after (before) the one that is shown. */
void latent_turn_page(app *a, int by);
/* Keys of the pane when it has them. False: not one of them. */
bool latent_key(app *a, uint32_t key, command_effect *effect);
/* Work between frames: is there some, and do it for about this many seconds (0: to the end). */
bool latent_working(app *a);
void latent_work(app *a, double seconds);

/* Forget how tokens were paired, which depends on the tab's reference. */
void latent_forget_pairs(tab *t);

#endif
