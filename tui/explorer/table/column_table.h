/* column_table.h: the table's columns, one row each in column_table.c: to add one, add a row. What has values can be
 * sorted by and filtered by too. */
#ifndef SCRY_EXPLORER_TABLE_COLUMN_TABLE_H
#define SCRY_EXPLORER_TABLE_COLUMN_TABLE_H

#include "explorer/table/table.h"
#include "shell/config.h"

/* What a column's values depend on besides the index: sorted or filtered by it, rows change with these. */
enum { ON_RANKING = 1, ON_SELECTION = 2, ON_SCORE = 4, ON_MARKS = 8, ON_LABELS = 16 };

/* What else is special about a column. Each is of one column alone. */
enum {
    COLUMN_FIRST_SORT = 1, /* rows are sorted by it until another is chosen */
    COLUMN_TOGGLES = 2,    /* a click in it toggles the latent */
    COLUMN_OF_TOKEN = 4,   /* its values are what :fires-on found: neither it nor a filter by it is kept */
    COLUMN_WIDENS = 8,     /* takes a third of the room that is left over, up to a bar's width */
    COLUMN_FILLS = 16,     /* takes the rest of it */
};

/* A cell's place on the screen, and how its text is to look. */
typedef struct table_cell {
    int y, x, width;
    uint32_t latent;
    role look;
} table_cell;

/* A row of the table of columns; what is not given is 0, NULL or false. */
typedef struct table_column {
    const char *name;       /* as typed after :sort */
    const char *alias;      /* an earlier name, in scripts and kept sessions; NULL: none */
    const char *title;      /* NULL: the name. "short|long": the long one where there is room */
    const char *base_title; /* where base alone is ranked; NULL: the same */
    int width;              /* least columns; 0: as many as the largest latent's number, -1: one more */
    bool left;              /* aligned; numbers stand at the right */
    bool ascending;         /* smallest first when sorted by it */
    bool by_rank;           /* its order is the rank's */
    bool shown;             /* unless chosen otherwise */
    int keep;               /* lower ones go first where room is short */
    unsigned on;            /* ON_ */
    unsigned traits;        /* COLUMN_ */
    const char *help;
    /* out[n]: of the latents from `from` on, NaN where there is none. NULL: sorted as text. */
    void (*values)(app *a, uint32_t from, uint32_t n, double *out);
    void (*format)(double value, char *text, size_t size);          /* writes a value; NULL: `text` does */
    void (*text)(app *a, uint32_t latent, char *text, size_t size); /* NULL: the value, as `format` writes it */
    bool (*mute)(const app *a);                    /* has nothing to say now, and takes no room; NULL: never */
    role (*look)(bool selected, const char *text); /* NULL: plain where selected, else faint */
    /* Draws the cell; may change the text. NULL: the text, cut off or aligned. */
    void (*draw)(app *a, const table_cell *cell, char *text, size_t size);
} table_column;

extern const table_column columns[];
extern const int column_count;

/* A latent's cell as text. */
void column_text(app *a, int column, uint32_t latent, char *text, size_t size);
const char *column_title(const app *a, int column);
/* The column that has a trait, or -1. */
int column_with(unsigned trait);
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

/* What is so or not, as "sel:yes" in a filter. alias: as a column's. */
typedef struct table_flag {
    const char *name, *alias, *help;
    unsigned on;
    bool (*is)(app *a, uint32_t latent);
} table_flag;

extern const table_flag flags[];
extern const int flag_count;

/* The column, measure or flag of a name; -1: none. */
int column_find(const char *name);
int measure_find(const char *name);
int flag_find(const char *name);

/* Reads the columns that the table has into config.columns; reports others. For config_read. */
extern const config_key column_settings;

#endif
