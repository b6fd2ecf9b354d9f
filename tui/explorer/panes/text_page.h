/* text_page.h: a page of text over the panes: a command's table, as the shell prints it, and words on it. */
#ifndef SCRY_EXPLORER_PANES_TEXT_PAGE_H
#define SCRY_EXPLORER_PANES_TEXT_PAGE_H

#include "explorer/app_services.h"
#include "explorer/jobs.h"

/* Begins the first line of a table: its names. Lines up to the next empty one are its rows. */
#define PAGE_TABLE "\f"

typedef struct page_state {
    char *text; /* lines, cleaned already. Owner: the app, until the next page or app_free */
    char title[80];
    int top, left;          /* lines above; cells of tables at the left that are passed over */
    bool scrolls, sideways; /* when it was last drawn: there is more than fits */
    bool waits;             /* for a job: text is not there yet */
} page_state;

/* Shows it; takes text. Rows of tables move sideways, all but their first column; other lines are wrapped. */
void page_show(app *a, const char *title, char *text);
/* The same of a text that is worked out first, by a job: work, end and own as there. While it is under way the
 * page says how far it is; when the page is left it is given up. */
void page_work(app *a, const char *title, void (*work)(void *own, const scry_cancel *stop),
               void (*end)(app *a, void *own, bool whole), void *own);
extern const layer layer_page;

typedef struct page_line {
    const char *text; /* in the page's text */
    int bytes;
    int indent;        /* blanks before it: the rest of a wrapped line */
    int table;         /* number of its table, -1: words */
    bool names, label; /* a table's first line; a word before two blanks, with which a line of words begins */
} page_line;

enum { PAGE_CELLS = 40, PAGE_TABLES = 8 };

typedef struct page_table {
    int cells, end;
    int at[PAGE_CELLS]; /* the column at which each cell begins; the last ends at `end` */
} page_table;

typedef struct page_lines {
    page_line *line; /* [count], owned: page_lines_free */
    size_t count;
    page_table table[PAGE_TABLES];
    int tables;
} page_lines;

page_lines page_lines_of(const char *text, int cols);
void page_lines_free(page_lines *l);
/* Draws words of any origin, made safe, in lines as wide as r, as many as fit. */
void page_draw_words(app *a, rect r, const char *text, role as);
/* The line's own text, in text[size]. */
void page_line_text(const page_line *l, char *text, size_t size);

#endif
