/* columns.h: the table's columns, one row each in columns.c: to add one, add a row. What has values can be sorted by
 * and filtered by too. */
#ifndef SCRY_COLUMNS_H
#define SCRY_COLUMNS_H

#include "app.h"

/* What a column's values depend on, beside the index: sorted or filtered by it, rows change with these. */
enum { ON_RANKING = 1, ON_SELECTION = 2, ON_SCORE = 4, ON_MARKS = 8, ON_LABELS = 16 };

typedef struct table_column {
    const char *name;  /* as typed after :sort */
    const char *title; /* "short|long": the long one where there is room */
    int width;         /* least columns; 0: as many as the largest latent's number, -1: one more */
    bool right;        /* aligned */
    bool ascending;    /* smallest first when sorted by it */
    bool by_rank;      /* its order is the rank's */
    bool shown;        /* unless chosen otherwise */
    int keep;          /* lower ones go first where room is short */
    unsigned on;
    const char *help;
    /* out[n]: of the latents from `from` on, NaN where there is none. NULL: sorted as text. */
    void (*values)(app *a, uint32_t from, uint32_t n, double *out);
    void (*text)(app *a, uint32_t latent, char *text, size_t size);
} table_column;

extern const table_column columns[];
extern const int column_count;

int column_find(const char *name);
/* The names of all columns, for saying which there are; returns how many. */
int column_names(const char *names[COLUMNS_MOST]);

/* Measures of one domain, as "fires:law" in a filter. */
typedef struct domain_measure {
    const char *name, *help;
    unsigned on;
    bool slow; /* found out a little at a time, and kept */
    void (*values)(app *a, size_t domain, uint32_t from, uint32_t n, double *out);
} domain_measure;

extern const domain_measure domain_measures[];
extern const int domain_measure_count;

/* What is so or not, as "in:yes" in a filter. */
typedef struct table_flag {
    const char *name, *help;
    unsigned on;
    bool (*is)(app *a, uint32_t latent);
} table_flag;

extern const table_flag flags[];
extern const int flag_count;

#endif
