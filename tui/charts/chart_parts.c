/* chart_parts.c: what charts are made of: their memory, series, rules and notes. */
#include "charts/chart_internal.h"
#include "base/mem.h"
#include "text/number_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct chart_block {
    struct chart_block *next;
    double bytes[]; /* for any type */
};

static void *chart_bytes(chart *f, size_t size) {
    struct chart_block *b = mem_new(1, sizeof *b + size);
    b->next = f->blocks;
    f->blocks = b;
    return b->bytes;
}

double *chart_numbers(chart *f, size_t n) {
    return chart_bytes(f, n * sizeof(double));
}

const char **chart_strings(chart *f, size_t n) {
    return chart_bytes(f, n * sizeof(const char *));
}

const char *chart_text(chart *f, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return strcpy(chart_bytes(f, strlen(text) + 1), text);
}

void chart_free_blocks(chart *f) {
    for (struct chart_block *b = f->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
}

plot_series *chart_series(chart *f, plot_series s) {
    f->series[f->plot.series_count] = s;
    return &f->series[f->plot.series_count++];
}

plot_series *chart_line(chart *f, const char *name, size_t n, const double *x, const double *y) {
    return chart_series(f, (plot_series){.kind = PLOT_LINE, .name = name, .n = n, .x = x, .y = y});
}

plot_series *chart_band(chart *f, const char *name, size_t n, const double *x, const double *low, const double *high) {
    return chart_series(f, (plot_series){.kind = PLOT_BAND, .name = name, .n = n, .x = x, .y = high, .low = low});
}

plot_series *chart_bars(chart *f, const char *name, size_t n, const double *x, const char *const *names,
                        const char *const *texts) {
    return chart_series(f,
                        (plot_series){.kind = PLOT_BARS, .name = name, .n = n, .x = x, .names = names, .texts = texts});
}

void chart_cursor_at(chart *f, double x, const char *text) {
    f->plot.has_cursor = true;
    f->plot.cursor = x;
    f->plot.cursor_text = text;
}

void chart_rule(chart *f, plot_rule r) {
    f->rules[f->plot.rule_count++] = r;
}

void chart_note(chart *f, const char *text) {
    f->notes[f->plot.note_count++] = text;
}

const char *chart_quantity(scry_condition source) {
    return source == SCRY_BASE ? "activation" : "shift";
}

void chart_empty(chart_data *data, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(data->empty, sizeof data->empty, format, args);
    va_end(args);
}

static const char *rho_text(chart *f, double value, int decimals) {
    char text[32];
    format_rho(value, decimals, false, text, sizeof text);
    return chart_text(f, "%s", text);
}

const char *chart_rho(chart *f, double rho) {
    return rho_text(f, rho, 2);
}

const char *chart_small(chart *f, double value) {
    return rho_text(f, value, 3);
}

const char *chart_ranked(chart *f, const chart_view *v) {
    return chart_text(f, "%s %s",
                      scry_source_text(v->ranking->source, v->ranking->against, (char[SCRY_SOURCE_TEXT]){""}),
                      scry_metric_name(v->ranking->metric));
}
