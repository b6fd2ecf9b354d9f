/* table.h: what the latents' table keeps between frames. */
#ifndef SCRY_TABLE_VIEW_H
#define SCRY_TABLE_VIEW_H

#include "scry.h"

struct app;

typedef struct table_state {
    uint32_t *order; /* [F] latent at each row */
    uint32_t rows, cursor, top;
    int column; /* sorted by */
    bool reversed;
    scry_condition source; /* the ranking that order was made from */
    scry_metric metric;
    scry_set *marks;
    int page; /* rows shown when last drawn */
} table_state;

void table_refresh(struct app *a);             /* after a change of the ranking */
void table_go(struct app *a, uint32_t latent); /* cursor to a latent */
void table_go_row(struct app *a, uint32_t row);
int table_search(struct app *a, const char *text, int direction, bool from_here); /* row, or -1 */
/* The latent's label, or its key tokens where it has none; safe text. Returns whether labelled. */
bool table_label(const struct app *a, uint32_t latent, char *text, size_t size);

#endif
