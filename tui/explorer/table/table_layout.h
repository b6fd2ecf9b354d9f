/* table_layout.h: where the table's columns stand in so much room, and how many find none. */
#ifndef SCRY_EXPLORER_TABLE_TABLE_LAYOUT_H
#define SCRY_EXPLORER_TABLE_TABLE_LAYOUT_H

#include "explorer/table/table.h"

enum { TABLE_MORE = 6 }; /* columns of " +12 >" */

typedef struct table_slot {
    int x, width; /* width 0: not shown */
} table_slot;

typedef struct table_layout {
    table_slot at[COLUMNS_MOST]; /* by the column's number in columns.c */
    int hidden;                  /* chosen columns for which there is no room */
} table_layout;

/* The column under the column cursor always has room, so that Left and Right reach each. */
void table_layout_make(const app *a, int cols, table_layout *places);
/* " +3 >", or nothing where all are shown; returns its columns. */
int table_layout_more(const table_layout *places, char text[TABLE_MORE + 1]);

#endif
