/* text_page_lines.h: the lines of a page of text as they are shown in so many columns. */
#ifndef SCRY_EXPLORER_PANES_TEXT_PAGE_LINES_H
#define SCRY_EXPLORER_PANES_TEXT_PAGE_LINES_H

#include <stdbool.h>
#include <stddef.h>

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
/* The line's own text, in text[size]. */
void page_line_text(const page_line *l, char *text, size_t size);

#endif
