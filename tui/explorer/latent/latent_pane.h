/* latent_pane.h: what the latent's pane keeps between frames. Pages: latent_page.h. */
#ifndef SCRY_EXPLORER_LATENT_LATENT_PANE_H
#define SCRY_EXPLORER_LATENT_LATENT_PANE_H

#include "latent.h"

struct app;
struct layer;

enum { EXAMPLES_MOST = 200, NEIGHBOURS_MOST = 20, COACTIVE_MAX = 50, JUMPS_MOST = 32 };

/* In the order in which they are shown; latent_page.h has the table of them. */
typedef enum latent_page_number {
    PAGE_TOKENS,
    PAGE_HISTOGRAM,
    PAGE_PROFILE,
    PAGE_SOURCES,
    PAGE_NEIGHBOURS,
    PAGE_COACTIVATION,
    LATENT_PAGES
} latent_page_number;

typedef struct tokens_state {
    scry_example_query pick; /* choice, part and seed; the rest is set when the examples are made */
    bool versus;             /* base, icl, sft and rl below each other */
    bool wrap;               /* the whole sample over several lines */
    int top, line;           /* first example shown, and its first line */
    int rows, cols;          /* of the page when last drawn */
    /* the examples, and what they belong to */
    bool filled;
    uint32_t latent;
    scry_example_query made_by;
    scry_example example[EXAMPLES_MOST];
    size_t examples;
} tokens_state;

/* A list of latents with a cursor: neighbours, together. */
typedef struct latent_list {
    uint32_t of; /* cursor and top belong to this latent */
    int cursor, top, rows;
} latent_list;

typedef struct neighbours_state {
    scry_decoder_neighbours *search; /* owned; NULL: not begun, or done */
    bool made;                       /* near, far or why are those of `of` */
    uint32_t of;
    scry_neighbour near[NEIGHBOURS_MOST], far[NEIGHBOURS_MOST];
    size_t nears, fars;
    scry_error why; /* why there are none */
    latent_list list;
} neighbours_state;

typedef struct coactivation_state {
    scry_coactivation *count; /* owned; kept when done, for another order */
    bool done;
    uint32_t of;
    int capture; /* that was counted over */
    scry_coactive_order order;
    scry_coactive mate[COACTIVE_MAX];
    size_t mates;
    latent_list list;
} coactivation_state;

typedef struct latent_state {
    int capture; /* tokens from this one, -1: all */
    latent_page_number page;
    scry_token_pairing *pairs;      /* owned */
    scry_latent_activations *fires; /* owned: of the latent shown when last drawn */
    float strongest;                /* its largest activation anywhere */
    tokens_state tokens;
    bool logarithmic; /* bins of the histogram */
    int profile_top, profile_rows, profile_sort;
    bool profile_reversed;
    int sources_top;
    neighbours_state neighbours;
    coactivation_state together;
    uint32_t jump[JUMPS_MOST]; /* latents that were jumped from */
    int jumps;
} latent_state;

void latent_free(latent_state *s);
/* The order of the profile, as typed after :profile. */
const char *latent_profile_order(const latent_state *s);
/* Keys of the pane when it has them. False: not one of them. */
bool latent_key(struct app *a, uint32_t key, int *effect);
/* What goes on between frames: is there some, and work for about so many seconds (0: to the end). */
bool latent_working(struct app *a);
void latent_work(struct app *a, double seconds);

#endif
