/* table.h: a CSV file row by row, through libcsv. */
#ifndef SCRY_TABLE_H
#define SCRY_TABLE_H

#include <stdint.h>
#include "base/error.h"

typedef struct table {
    char **cell;   /* [rows * columns], "" where a row is shorter */
    uint64_t rows; /* without the header */
    size_t columns;
    char **header; /* [columns] */
} table;

/* The first row is the header. key: see map_open. Owner: table_free. */
bool table_read(table *t, const char *path, const char *key, scry_error *err);
/* The same of text that is in memory; path: where it is from, for messages. */
bool table_parse(table *t, const char *text, size_t length, const char *path, scry_error *err);
void table_free(table *t);
/* Number of the column, or -1. */
int table_column(const table *t, const char *name);
static inline const char *table_cell(const table *t, uint64_t row, int column) {
    return t->cell[row * t->columns + (size_t)column];
}

#endif
