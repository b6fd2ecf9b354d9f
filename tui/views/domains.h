/* domains.h: what the domains' pane keeps between frames. */
#ifndef SCRY_DOMAINS_VIEW_H
#define SCRY_DOMAINS_VIEW_H

#include "scry.h"

typedef struct domains_state {
    int sort;
    bool reversed;
    int top, page;
    double scale; /* STS of a full bar: fixed while latents are toggled, so that movement shows */
    scry_score scale_score;
    uint32_t scale_n;
} domains_state;

const char *domains_sort_name(const domains_state *d); /* as typed after :sort */

#endif
