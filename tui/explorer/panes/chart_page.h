/* chart_page.h: full-screen charts of an open index: their state between frames, and the requests that a thread
 * computes for them. */
#ifndef SCRY_EXPLORER_PANES_CHART_PAGE_H
#define SCRY_EXPLORER_PANES_CHART_PAGE_H

#include "explorer/app_services.h"

/* All zero at first. Owner: chart_page_free. */
typedef struct chart_page_state {
    chart_data *data[CHARTS];       /* owned; NULL: not yet computed */
    chart_request *request[CHARTS]; /* owned; what the data answers */
    chart_data *part;               /* owned: of the request under way, what there is so far; NULL: nothing */
    const chart_request *part_of;   /* borrowed */
    uint32_t at_n, n_then;          /* the cursor's N, and the session's N when it was put there; 0: on that */
    uint32_t row[CHARTS];           /* the cursor's row, from 1; 0: the first */
    uint32_t budget;
} chart_page_state;

extern const layer layer_plots;

void chart_page_free(chart_page_state *s);

/* What the chart that is shown needs to be computed; NULL: nothing. Owner: chart_request_free. */
chart_request *chart_page_request(app *a);
/* Takes the numbers and the request that they answer. */
void chart_page_take(tab *t, chart_request *request, chart_data *data);
/* Takes a part of the numbers, and borrows the request until the next call; NULL: none any more. */
void chart_page_take_part(tab *t, const chart_request *request, chart_data *part);
/* Computes what the chart needs on this thread, for a still picture. */
void chart_page_finish(app *a);
/* The chart that is shown, from the numbers that are there. Owner: chart_free. */
chart *chart_page_chart(app *a);
/* Opens the page on a kind, or on the one that was shown last (-1). */
void chart_page_open(app *a, int kind);
/* Moves the cursor. */
void chart_page_move(app *a, long steps);
/* Sets N to the cursor's, or goes to the cursor's latent. */
command_effect chart_page_apply(app *a);

#endif
