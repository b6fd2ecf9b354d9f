/* csv_table.h: a CSV file in memory, read through libcsv. */
#ifndef SCRY_IO_CSV_TABLE_H
#define SCRY_IO_CSV_TABLE_H

#include <stdint.h>
#include "base/error.h"

typedef struct csv_table {
    uint64_t rows; /* without the header */
    size_t columns;
    char **header;   /* [columns] */
    char *text;      /* of all cells, NUL after each: a cell of a byte or two has no block of its own */
    uint64_t *cell;  /* where each begins in text, row after row */
    uint64_t *first; /* [rows + 1] cell at which each row begins; a row may have fewer cells than columns */
    uint64_t room, first_room, text_size, text_room;
} csv_table;

/* Reads a file whose first row is the header. key: see mapped_file_open. Owner: the caller, by csv_table_free;
 * on failure t is empty. */
bool csv_table_read(csv_table *t, const char *path, const char *key, scry_error *err);
/* The same for text in memory; path names it in messages. */
bool csv_table_parse(csv_table *t, const char *text, size_t length, const char *path, scry_error *err);
void csv_table_free(csv_table *t);
/* Number of the column, or -1. */
int csv_table_column(const csv_table *t, const char *name);
/* The cell's text, "" where the row is shorter. Lives as long as the table. */
static inline const char *csv_table_cell(const csv_table *t, uint64_t row, int column) {
    uint64_t at = t->first[row] + (uint64_t)column;
    return at < t->first[row + 1] ? t->text + t->cell[at] : "";
}

#endif
