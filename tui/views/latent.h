/* latent.h: what the latent's pane keeps between frames. */
#ifndef SCRY_LATENT_VIEW_H
#define SCRY_LATENT_VIEW_H

#include "scry.h"

enum { EXAMPLES_MOST = 200 };

typedef struct latent_state {
    int capture; /* tokens from this one, -1: all */
    int top;
    /* what the examples below belong to */
    bool filled;
    uint32_t latent;
    int filled_capture;
    scry_example example[EXAMPLES_MOST];
    size_t examples;
    int page;
} latent_state;

#endif
