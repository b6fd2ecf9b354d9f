/* chart.h: the charts of a study: how their numbers are computed, and how they are drawn.
 *
 *     chart_request    what to compute: a copy of everything that the numbers depend on
 *     chart_data       the numbers
 *     chart            the plot of them, with a cursor where the explorer's cursor is
 *
 * A request may be computed on any thread, as long as its index stays open. */
#ifndef SCRY_CHARTS_CHART_H
#define SCRY_CHARTS_CHART_H

#include "analysis.h"
#include "plot/plot.h"

/* clang-format off */
typedef enum chart_kind {
#define CHART(id, ...) CHART_##id,
#include "charts/charts.def"
#undef CHART
    CHARTS
} chart_kind;
/* clang-format on */

/* What a chart's numbers depend on, as bits. */
enum {
    OF_METRIC = 1,      /* the metric of the shift */
    OF_SOURCE = 2,      /* the source that ranks */
    OF_OTHER = 4,       /* the source that is compared with it */
    OF_TOP = 8,         /* the number of ranks that it covers */
    OF_BAND = 16,       /* the width of a band of ranks */
    OF_DIMENSIONS = 32, /* whether dimensions of the residual stream are shown too */
    OF_SCORE = 64,      /* the score, and the domains that take part */
    OF_COUNT = 128,     /* the number of selected latents */
    OF_SET = 256,       /* which latents are selected */
    OF_MODEL = 512,     /* the model, and the texts of the domains that take part */
};

/* Further properties of a chart, as bits. */
enum {
    CHART_OF_SCORES = 1,       /* needs no latents: a study of scores alone has it too */
    CHART_HAS_STATISTICS = 2,  /* shows the statistics of rho, which scry_result_finish adds */
    CHART_OF_FIRST_N = 4,      /* is of the first N of the ranking, even where the selection was made otherwise */
    CHART_FIXED_TOP = 8,       /* covers the first CHART_TOP ranks in the explorer, whatever N is */
    CHART_NEEDS_MODEL = 32,    /* runs the model, which takes long: covers few ranks, shows numbers as they come */
    CHART_STAYS_ON_ENTER = 16, /* Enter goes to a latent without closing the chart: the next Enter goes to another */
};

/* What Left and Right move along. */
typedef enum chart_cursor {
    CURSOR_NONE,
    CURSOR_DOMAIN,     /* domains in the study's order, a row each */
    CURSOR_DOMAIN_STS, /* domains in the order of their STS */
    CURSOR_RANK,       /* ranks; Enter goes to the latent */
    CURSOR_N,          /* N on the grid of a sweep; Enter takes it */
    CURSOR_ROW         /* rows of the chart's own; Enter goes to a latent of the row */
} chart_cursor;

enum { CHART_TOP = 1000, CHART_BAND = 100, CHART_BUDGET = 220, CHART_REPEATED = 200, CHART_TOKENS = 10000 };
enum { CHART_TEXTS = 4, CHART_SETS = 3, CHART_MODEL_TOP = 100 }; /* of charts that run the model */

/* What a chart shows. Everything in it is borrowed. */
typedef struct chart_view {
    const scry_index *index;
    const scry_ranking *ranking;
    const scry_set *set;
    const scry_scope *scope;
    const scry_result *result;
    scry_score score;
    uint32_t n;                         /* of the ranking; 0: the selection was made otherwise */
    bool statistics_ready;              /* the result has the statistics of rho */
    const scry_best_baseline *baseline; /* NULL: not there yet, or not looked for */
    uint32_t switches;                  /* as in rho_view */
    bool dimensions;                    /* concentration and overlap (sq) also show dimensions of the residual stream */
    const char *scope_spec;             /* "all", "extremes:4" */
    scry_condition other;               /* the source that overlap compares with */
    uint32_t top, band;                 /* ranks covered; ranks per band */
    uint32_t budget, least, most;       /* examples of a mixture: in all, and bounds per domain; most 0: no limit */
    const char *model;                  /* the model's folder; NULL: the study's */
    uint32_t texts, sets;               /* of a domain at most; random sets of each size; of charts of the model */
    unsigned threads;                   /* as in scry_causal_options, as is the following */
    uint64_t memory, seed;
    /* where the cursor is; -1 for a latent and a domain, 0 for an N and a row: nowhere */
    long latent, domain;
    uint32_t at_n, row;
} chart_view;

typedef struct chart_data {
    chart_kind kind;
    void *numbers;   /* of the chart's own type, freed by its free_numbers */
    double done;     /* share of the work that the numbers are of; 0: all */
    char empty[600]; /* why there is nothing to show; "": there is something */
} chart_data;

/* Fields that a chart does not depend on are 0. */
typedef struct chart_request {
    chart_kind kind;
    const scry_index *index; /* borrowed */
    size_t train;
    scry_condition source, other;
    scry_metric metric;
    scry_score score;
    uint32_t top, band, count;
    bool dimensions;
    uint32_t texts, sets;
    unsigned threads; /* without consequence for the numbers, as is memory */
    uint64_t memory, seed;
    scry_scope scope; /* owned, as are the following */
    double *change;   /* [D] of the domains that take part and have a score, else NaN */
    scry_set *set;
    char *model; /* NULL: the study's */
    /* Called on the computing thread with what there is so far, which it then owns (chart_data_free); NULL: nobody
     * looks. */
    void (*take_part)(void *context, chart_data *part);
    void *context;
} chart_request;

typedef struct chart {
    plot plot;
    plot_series series[6]; /* as many as look different */
    plot_rule rules[4];
    const char *notes[5];
    chart_data *data;           /* owned; NULL unless chart_make computed it */
    struct chart_block *blocks; /* owned: numbers and text that the plot points to */
} chart;

/* A chart's operations; NULL: the chart has no such operation. */
typedef struct chart_functions {
    /* Computes data->numbers, or says in data->empty why there are none. False when cancelled. NULL: the chart is drawn
     * from the view alone. */
    bool (*compute)(const chart_request *request, chart_data *data, const scry_cancel *cancel);
    void (*free_numbers)(void *numbers);
    /* data NULL: not computed yet, or empty. */
    void (*draw)(chart *f, const chart_view *v, const chart_data *data);
    /* CURSOR_ROW: how many rows there are, and the latent that Enter goes to, -1 for none. data may be NULL. */
    size_t (*rows)(const chart_view *v, const chart_data *data);
    long (*row_latent)(const chart_view *v, const chart_data *data);
} chart_functions;

/* A chart's row of the table; absent values are 0 or NULL. */
typedef struct chart_type {
    const char *name;  /* in :plot and scry plot */
    const char *alias; /* an older name that is understood too */
    const char *tab;   /* short, for the explorer's tabs; understood too */
    const char *help;
    chart_cursor cursor;
    const char *row_name; /* of CURSOR_ROW: what a row is */
    int depends;          /* OF_ */
    int traits;           /* CHART_ */
    const chart_functions *functions;
} chart_type;

/* The table, by kind. */
const chart_type *chart_type_of(chart_kind kind);
/* What a ranking by this source is of: "shift", or of base alone "activation". */
const char *chart_quantity(scry_condition source);
/* True when it is about scores, and so has nothing to show in a study without domains. */
bool chart_needs_domains(const chart_type *type);
/* The chart of this name, or -1. */
int chart_find(const char *name);
/* Writes the names of all charts, "scatter, concentration, ...". */
void chart_names(char *text, size_t size);
/* What the cursor moves along, "domain"; NULL: the chart has none. */
const char *chart_cursor_name(const chart_type *type);

/* A view of a selection without a cursor, with the usual band and budget. ranking NULL: scores without latents. n: how
 * many of the ranking are selected, 0 where the selection was made otherwise. */
chart_view chart_view_of(const scry_index *index, const scry_ranking *ranking, const scry_set *set,
                         const scry_scope *scope, const char *scope_spec, const scry_result *result, scry_score score,
                         uint32_t n);
/* The number of ranks that a chart covers: at least n and `least`, rounded up to a decade, so that steps of n seldom
 * need more. */
uint32_t chart_top(uint32_t n, uint32_t least);

/* Copies what the chart's numbers depend on. Owner: chart_request_free. */
chart_request *chart_request_new(chart_kind kind, const chart_view *v);
void chart_request_free(chart_request *request);
/* True when both give the same numbers. */
bool chart_request_same(const chart_request *a, const chart_request *b);

/* NULL when cancelled. Owner: chart_data_free. */
chart_data *chart_compute(const chart_request *request, const scry_cancel *cancel);
void chart_data_free(chart_data *data);

/* Draws a chart from data, which it borrows; NULL: not computed yet. fresh false: the data is of an earlier state, and
 * the chart says so. Owner: chart_free. */
chart *chart_new(chart_kind kind, const chart_view *v, const chart_data *data, bool fresh);
/* Computes and draws a chart; when cancelled, it is empty. Owner: chart_free. */
chart *chart_make(chart_kind kind, const chart_view *v, const scry_cancel *cancel);
void chart_free(chart *f);
/* Writes a chart as an image of the kind that the name says (draw/image_file.h), replacing the file. False with err. */
bool chart_write(const chart *f, const char *path, scry_error *err);

/* rho and its context, as far as they are computed. */
typedef struct rho_view {
    const scry_info *info;
    const scry_result *result;
    const scry_best_baseline *baseline; /* NULL: not there yet */
    uint32_t switches;                  /* latents in which the selection differs from the untouched top N */
    bool ready;                         /* the result has its statistics */
    bool of_values;                     /* of what is no score: nothing is said of other selections */
    bool ascii;
} rho_view;

/* Room for text: lines of so many columns, of the first only what is left of it. */
typedef struct rho_room {
    int first, columns, lines;
} rho_room;

/* Writes rho's statistics as text, the most important first: as many as fit with two blanks before each, none broken
 * over lines, each as full as fits. Returns how many. What takes long and is not there yet reads "..". */
enum { RHO_STATISTICS = 16, RHO_STATISTIC_TEXT = 80 };
int rho_statistics_text(const rho_view *v, rho_room room, char part[RHO_STATISTICS][RHO_STATISTIC_TEXT]);

#endif
