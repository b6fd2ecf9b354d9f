/* order.h: the rows of a table in the order of a measure, a million of them within a frame.
 *
 * Each latent has a key of 32 bits; rows are put in place only where they are asked for, by finding the keys at both
 * ends of the window, and all of them when there is time. Ties go by latent, NaN comes last in both directions. */
#ifndef SCRY_ORDER_H
#define SCRY_ORDER_H

#include "base/radix.h"

#include <stdbool.h>

#define NO_ROW UINT32_MAX

/* out[n]: what is sorted by, of the latents from `from` on. */
typedef void (*order_values)(void *context, uint32_t from, uint32_t n, double *out);

/* Owner of its arrays: order_free. */
typedef struct row_order {
    uint32_t latents, rows;
    const uint32_t *list; /* [rows] the latents that are rows, ascending; borrowed; NULL: all */
    uint32_t *latent;     /* [latents] of each row; right in from..to */
    uint32_t from, to;
    uint32_t *key; /* [latents] smallest first */
    bool down;     /* largest value first */
    bool exact;    /* equal keys are equal values */
    order_values values;
    void *context;
    radix_item *room; /* [2 * latents] */
    uint32_t *counts; /* of the leading halves of the keys */
} row_order;

void order_new(row_order *o, uint32_t latents);
void order_free(row_order *o);

/* Sorts by these values. They must stay what they are until the next call. */
void order_by(row_order *o, order_values values, void *context, bool down);
/* Which latents are rows; list[rows] must live as long as it is in use. */
void order_list(row_order *o, const uint32_t *list, uint32_t rows);

/* The latent of a row; puts the rows around it in place if they are not. */
uint32_t order_at(row_order *o, uint32_t row);
/* All rows; true when there was something to do. */
bool order_finish(row_order *o);
/* The row of a latent; of one that is not in the list, the row before which it would stand. */
uint32_t order_row_of(const row_order *o, uint32_t latent);
/* Does a stand before b? */
bool order_before(const row_order *o, uint32_t a, uint32_t b);

#endif
