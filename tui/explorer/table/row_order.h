/* row_order.h: the rows of a table in the order of a measure, a million of them within a frame.
 *
 * Each latent has a key; rows are put in place only where they are asked for, by finding the keys at both ends of the
 * window, and all of them when there is time. Ties go by latent, NaN comes last in both directions. */
#ifndef SCRY_EXPLORER_TABLE_ROW_ORDER_H
#define SCRY_EXPLORER_TABLE_ROW_ORDER_H

#include "base/sort.h"

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
    const uint32_t *key;   /* [latents] smallest first; own_key or borrowed */
    const uint32_t *rest;  /* [latents] what decides between equal keys; NULL: nothing but the latent */
    const uint32_t *given; /* [latents] the latents in this order, where all are rows; borrowed; NULL: unknown */
    uint32_t *own_key, *own_rest;
    radix_item *room; /* [room_size] */
    size_t room_size;
    uint32_t *counts; /* of halves of the keys */
} row_order;

void order_new(row_order *o, uint32_t latents);
void order_free(row_order *o);

/* Sorts by these values; down: largest first. */
void order_by(row_order *o, order_values values, void *context, bool down);
/* Sorts by whole numbers, all different: number[latents], smallest first, and given[latents], the latents in that
 * order (may be NULL). Both are borrowed until the next call. down: largest first. */
void order_by_place(row_order *o, const uint32_t *number, const uint32_t *given, bool down);
/* Which latents are rows; list[rows] is borrowed until the next call. */
void order_list(row_order *o, const uint32_t *list, uint32_t rows);

/* The latent of a row; puts the rows around it in place if they are not. */
uint32_t order_at(row_order *o, uint32_t row);
/* Puts all rows in place. */
void order_finish(row_order *o);
/* The row of a latent; of one that is not in the list, the row before which it would stand. */
uint32_t order_row_of(const row_order *o, uint32_t latent);

/* Does a stand before b? */
static inline bool order_before(const row_order *o, uint32_t a, uint32_t b) {
    if (o->key[a] != o->key[b]) return o->key[a] < o->key[b];
    if (o->rest && o->rest[a] != o->rest[b]) return o->rest[a] < o->rest[b];
    return a < b;
}

#endif
