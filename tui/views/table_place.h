/* table_place.h: where the table's columns stand in so much room, and how many find none. */
#ifndef SCRY_TABLE_PLACE_H
#define SCRY_TABLE_PLACE_H

#include "app.h"

enum { TABLE_MORE = 6 }; /* columns of " +12 >" */

typedef struct table_place {
    int x, width; /* width 0: not shown */
} table_place;

typedef struct table_places {
    table_place at[COLUMNS_MOST]; /* by the column's number in columns.c */
    int hidden;                   /* chosen columns for which there is no room */
} table_places;

/* The column under the column cursor always has room, so that Left and Right reach each. */
void table_places_make(const app *a, int cols, table_places *places);
/* " +3 >", or nothing where all are shown; returns its columns. */
int table_places_more(const table_places *places, char text[TABLE_MORE + 1]);

#endif
