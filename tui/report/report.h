/* report.h: everything about one selection on one page: HTML without a script, to send to someone without a
 * terminal. */
#ifndef SCRY_REPORT_REPORT_H
#define SCRY_REPORT_REPORT_H

#include "results/results.h"

#include <stdio.h>

typedef struct report {
    const selection_context *s; /* its score is that of the residuals and sweeps */
    const scry_scope *scope;    /* the domains that take part */
    const char *scope_spec;     /* "all", "extremes:4" */
    const char *selection;      /* describes the selection */
    uint32_t top;               /* of the ranking: listed, and taken by overlap and baselines */
    unsigned threads;
    const scry_cancel *cancel; /* NULL: not cancellable */
} report;

/* False with err when the name ends as an image or a PDF: a report is HTML. */
bool report_check(const char *path, scry_error *err);
/* Writes the page, replacing the file atomically. False with err, or without err when cancelled. */
bool report_write(const report *r, const char *path, scry_error *err);

/* Its parts, one file each. other: another score's result, drawn next to the chosen one's; NULL: none. */
void report_plots(FILE *f, const report *r, const scry_result *result, const scry_result *other,
                  scry_score other_score);
void report_shift_plots(FILE *f, const report *r, const scry_result *result);
void report_mix_plot(FILE *f, const report *r, const scry_result *result);
void report_tokens(FILE *f, const report *r);
void report_how(FILE *f, const report *r);

#endif
