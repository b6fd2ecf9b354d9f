/* chart_page.h: full-screen plots of an open index: what they keep between frames, and what a thread beside
 * works out for them. */
#ifndef SCRY_EXPLORER_PANES_CHART_PAGE_H
#define SCRY_EXPLORER_PANES_CHART_PAGE_H

#include "explorer/app_services.h"

typedef struct chart_page_state {
    chart_data *data[CHARTS];   /* owned; NULL: not yet worked out */
    chart_request *ask[CHARTS]; /* owned; what the data answers */
    uint32_t at_n, n_then;      /* cursor on N, and the session's N when it was put there; 0: on that */
    uint32_t at_band, at_label; /* from 1 */
    uint32_t budget;
} chart_page_state;

extern const layer layer_plots;

/* Owner: chart_page_free. */
chart_page_state *chart_page_new(void);
void chart_page_free(chart_page_state *s);

/* The plot that is shown needs numbers: what they depend on (owner: chart_request_free). NULL: it does not. */
chart_request *chart_page_request(app *a);
/* Takes what was worked out, and both ask and data. */
void chart_page_take(tab *t, chart_request *ask, chart_data *data);
/* Works it out here and now, for a still picture. */
void chart_page_finish(app *a);
/* The plot as it stands. Owner: chart_free. */
chart *chart_page_chart(app *a);
/* Opens the layer on a kind, or what was shown last (-1). */
void chart_page_open(app *a, int kind);
/* Moves what the plot points out. */
void chart_page_move(app *a, long steps);
/* Sets N to what is pointed out, or goes to its latent. */
command_effect chart_page_apply(app *a);

#endif
