/* plots.h: full-screen plots of an open index: what they keep between frames, and what a thread beside
 * works out for them. */
#ifndef SCRY_PLOTS_VIEW_H
#define SCRY_PLOTS_VIEW_H

#include "commands/commands.h"
#include "draw/grid.h"
#include "figures/figure.h"

struct app;
struct tab;

typedef struct plots_state {
    figure_data *data[FIGURES]; /* owned; NULL: not yet worked out */
    figure_ask *ask[FIGURES];   /* owned; what the data answers */
    uint32_t at_n, n_then;      /* cursor on N, and the session's N when it was put there; 0: on that */
    uint32_t at_band, at_label; /* from 1 */
    uint32_t budget;
} plots_state;

void plots_free(plots_state *s);

/* The plot that is shown needs numbers: what they depend on (owner: figure_ask_free). NULL: it does not. */
figure_ask *plots_need(struct app *a);
/* Takes what was worked out, and both ask and data. */
void plots_take(struct tab *t, figure_ask *ask, figure_data *data);
/* Works it out here and now, for a still picture. */
void plots_settle(struct app *a);
/* The plot as it stands. Owner: figure_free. */
figure *plots_figure(struct app *a);
/* Opens the layer on a kind, or what was shown last (-1). */
void plots_open(struct app *a, int kind);
/* Moves what the plot points out. */
void plots_point(struct app *a, long steps);
/* Sets N to what is pointed out, or goes to its latent. */
command_effect plots_take_pointed(struct app *a);

#endif
