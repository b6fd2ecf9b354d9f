/* csv_table.c: a CSV file in memory, read through libcsv. */
#include "io/csv_table.h"
#include "base/mem.h"
#include "io/mapped_file.h"

#include <csv.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct collector {
    csv_table *t;
    size_t in_row;
    bool header_done;
    uint64_t long_row; /* number of the first row with more cells than the header, 0: none */
} collector;

/* Closes the row before `row`: its cells end here. */
static void begin_row(csv_table *t, uint64_t row, uint64_t cell) {
    if (row == t->first_room) {
        t->first_room = t->first_room ? t->first_room * 2 : 64;
        t->first = mem_resize(t->first, t->first_room, sizeof *t->first);
    }
    t->first[row] = cell;
}

static void add_cell(csv_table *t, const char *text, size_t length) {
    uint64_t cell = t->first[t->rows + 1]++;
    if (cell == t->room) {
        t->room = t->room ? t->room * 2 : 256;
        t->cell = mem_resize(t->cell, t->room, sizeof *t->cell);
    }
    if (length >= t->text_room - t->text_size) {
        t->text_room = (t->text_size + length + 1) * 2;
        t->text = mem_resize(t->text, t->text_room, 1);
    }
    t->cell[cell] = t->text_size;
    if (length) memcpy(t->text + t->text_size, text, length);
    t->text_size += length;
    t->text[t->text_size++] = 0;
}

static void on_field(void *field, size_t length, void *context) {
    collector *c = context;
    csv_table *t = c->t;
    if (!c->header_done) {
        t->header = mem_resize(t->header, t->columns + 1, sizeof *t->header);
        t->header[t->columns++] = mem_copy_bytes(field, length);
    } else if (c->in_row < t->columns) {
        if (!c->in_row) begin_row(t, t->rows + 1, t->first[t->rows]);
        add_cell(t, field, length);
    } else if (!c->long_row) {
        c->long_row = t->rows + 2;
    }
    c->in_row++;
}

static void on_row(int ending, void *context) {
    (void)ending;
    collector *c = context;
    if (c->header_done && c->in_row) c->t->rows++;
    if (c->in_row) c->header_done = true;
    c->in_row = 0;
}

bool csv_table_read(csv_table *t, const char *path, const char *key, scry_error *err) {
    *t = (csv_table){0};
    mapped_file map;
    if (!mapped_file_open(&map, path, key, err)) return false;
    bool ok = csv_table_parse(t, (const char *)map.data, (size_t)map.size, path, err);
    mapped_file_close(&map);
    return ok;
}

bool csv_table_parse(csv_table *t, const char *text, size_t length, const char *path, scry_error *err) {
    *t = (csv_table){0};
    begin_row(t, 0, 0);
    collector c = {.t = t};
    struct csv_parser parser;
    bool ok = true;
    csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);                                 /* cannot fail */
    if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) text += 3, length -= 3; /* as spreadsheets write it */
    if (csv_parse(&parser, text, length, on_field, on_row, &c) != length ||
        csv_fini(&parser, on_field, on_row, &c) != 0)
        ok = scry_fail(err, "%s: row %" PRIu64 ": not CSV: %s", path, t->rows + 2, csv_strerror(csv_error(&parser)));
    else if (c.long_row)
        ok = scry_fail(err, "%s: row %" PRIu64 ": more cells than the header's %zu", path, c.long_row, t->columns);
    csv_free(&parser);
    if (!ok) csv_table_free(t);
    return ok;
}

void csv_table_free(csv_table *t) {
    for (size_t i = 0; i < t->columns; i++) free(t->header[i]);
    free(t->first);
    free(t->cell);
    free(t->text);
    free(t->header);
    *t = (csv_table){0};
}

int csv_table_column(const csv_table *t, const char *name) {
    for (size_t i = 0; i < t->columns; i++)
        if (strcmp(t->header[i], name) == 0) return (int)i;
    return -1;
}
