/* columns.h: the table's columns, one row each in columns.c: to add one, add a row. */
#ifndef SCRY_COLUMNS_H
#define SCRY_COLUMNS_H

#include "app.h"

typedef struct column {
    const char *name; /* as typed after :sort */
    const char *title;
    int width;      /* least columns */
    bool right;     /* aligned */
    bool ascending; /* smallest first when sorted by it */
    int keep;       /* lower ones go first where room is short */
    const char *help;
    double (*value)(app *a, uint32_t latent); /* sorts by it; NaN last */
    void (*text)(app *a, uint32_t latent, char *text, size_t size);
} column;

extern const column columns[];
extern const int column_count;

int column_find(const char *name);

#endif
