/* table.h: a CSV file row by row, through libcsv. */
#ifndef SCRY_IO_CSV_TABLE_H
#define SCRY_IO_CSV_TABLE_H

#include <stdint.h>
#include "base/error.h"

typedef struct csv_table {
    char **cell;   /* [rows * columns], "" where a row is shorter */
    uint64_t rows; /* without the header */
    size_t columns;
    char **header; /* [columns] */
} csv_table;

/* The first row is the header. key: see mapped_file_open. Owner: table_free. */
bool csv_table_read(csv_table *t, const char *path, const char *key, scry_error *err);
/* The same of text that is in memory; path: where it is from, for messages. */
bool csv_table_parse(csv_table *t, const char *text, size_t length, const char *path, scry_error *err);
void csv_table_free(csv_table *t);
/* Number of the column, or -1. */
int csv_table_column(const csv_table *t, const char *name);
static inline const char *csv_table_cell(const csv_table *t, uint64_t row, int column) {
    return t->cell[row * t->columns + (size_t)column];
}

#endif
