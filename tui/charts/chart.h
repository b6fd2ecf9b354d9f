/* chart.h: the plots of a study: what each is made of, how its numbers are worked out, how it is drawn.
 *
 * The same for the explorer, where what takes long is worked out by a thread beside, and for scry plot:
 *
 *     chart_request    what to work out: a copy of all that it depends on
 *     chart_data   the numbers of it
 *     figure        the plot: the numbers, and what is pointed out at the moment */
#ifndef SCRY_CHARTS_CHART_H
#define SCRY_CHARTS_CHART_H

#include "analysis.h"
#include "plot/plot.h"

typedef enum chart_kind {
    CHART_SCATTER,
    CHART_CONCENTRATION,
    CHART_SWEEP,
    CHART_BANDS,
    CHART_OVERLAP,
    CHART_MIXTURE,
    CHART_RANDOM,
    CHART_TASK_SHARE,
    CHART_REPEATS,
    CHARTS
} chart_kind;

/* What a kind's numbers depend on, as bits. */
enum {
    OF_TRAIN = 1,   /* training set and metric */
    OF_RANKING = 2, /* OF_TRAIN and the source */
    OF_SCORE = 4,   /* the score and the domains that take part */
    OF_COUNT = 8,   /* how many latents are selected */
    OF_SET = 16,    /* which latents are selected */
};

enum { CHART_TOP = 1000, CHART_BAND = 100, CHART_BUDGET = 220, CHART_REPEATED = 200, CHART_TOKENS = 10000 };

/* Everything that a figure shows, all of it borrowed. */
typedef struct chart_view {
    const scry_index *index;
    const scry_ranking *ranking;
    const scry_set *set;
    const scry_scope *scope;
    const scry_result *result;
    scry_score score;
    uint32_t n;        /* of the ranking; 0: the set was made otherwise */
    bool company;      /* the result has it */
    bool dimensions;   /* concentration and overlap (sq) also show the residual stream's own dimensions */
    const char *words; /* of the scope: "all", "extremes:4" */
    scry_condition other;
    uint32_t top, band, budget, least, most; /* most 0: no limit */
    /* pointed out; a latent and a domain of -1, an N and a band of 0: none */
    long latent, domain;
    uint32_t at_n, at_band, at_label;
} chart_view;

typedef struct chart_request {
    chart_kind kind;
    const scry_index *index; /* borrowed */
    size_t train;
    scry_condition source, other;
    scry_metric metric;
    scry_score score;
    uint32_t top, band, count;
    bool dimensions;
    scry_scope scope; /* owned, as are the following */
    double *change;   /* [D] of the domains that take part and have a score, else NaN */
    scry_set *set;
} chart_request;

/* Numbers of one kind; what it has not is NULL or 0. */
typedef struct chart_data {
    size_t points;
    scry_sweep_point *sweep;         /* [points] */
    scry_overlap_point *overlap;     /* [points] */
    uint32_t *grid;                  /* [points] */
    double *share[SCRY_CONDITIONS];  /* [points] of the total shift, by source */
    size_t raw_points;               /* the same of the residual stream's own dimensions */
    scry_overlap_point *raw_overlap; /* [raw_points] */
    uint32_t *raw_grid;              /* [raw_points] */
    double *raw_share[SCRY_CONDITIONS];
    size_t widths;                     /* N's at which random sets were drawn */
    double *width, *low, *high, *mean; /* [widths] 5 %, 95 % and mean of their rho */
    double *rho;                       /* [rhos] of random sets, or of repeats; ascending */
    uint32_t rhos;
    scry_attribution *owners;
    char why[256]; /* there is nothing to show; "" otherwise */
} chart_data;

typedef struct chart {
    plot plot;
    plot_series series[6]; /* as many as look different */
    plot_rule rules[4];
    const char *notes[5];
    struct chart_block *blocks; /* owned: numbers and words that the plot points to */
} chart;

/* One row a kind. */
typedef struct chart_type {
    const char *name; /* in :plot and scry plot */
    const char *tab;  /* short */
    const char *help;
    const char *cursor; /* what Left and Right go along; NULL: nothing */
    int depends;        /* 0: at hand in every frame */
    /* False when stopped. */
    bool (*work)(const chart_request *ask, chart_data *data, const scry_cancel *stop);
    /* data NULL: not there yet. */
    void (*draw)(chart *f, const chart_view *v, const chart_data *data);
} chart_type;

extern const chart_type chart_types[CHARTS];
/* The kind of this name, or -1. */
int chart_find(const char *name);
/* "scatter, concentration, ..." */
void chart_names(char *text, size_t size);

/* A view of a selection with nothing pointed out, and the usual band and budget. ranking NULL: scores without latents.
 * n: how many of the ranking are selected, 0 where the selection was made otherwise. words: of the scope. */
chart_view figure_view_of(const scry_index *index, const scry_ranking *ranking, const scry_set *set,
                          const scry_scope *scope, const char *words, const scry_result *result, scry_score score,
                          uint32_t n);
/* How many ranks a plot looks at: enough for n, in decades, so that a step of n seldom asks for more. */
uint32_t figure_top(uint32_t n);

/* A copy of what the kind's numbers depend on. Owner: chart_request_free. */
chart_request *chart_request_new(chart_kind kind, const chart_view *v);
void chart_request_free(chart_request *ask);
/* Would both give the same numbers? */
bool chart_request_same(const chart_request *a, const chart_request *b);

/* NULL when stopped. Owner: chart_data_free. */
chart_data *chart_compute(const chart_request *ask, const scry_cancel *stop);
void chart_data_free(chart_data *data);

/* The plot. fresh false: data is of a state before, and the plot says so. Owner: chart_free. */
chart *chart_new(chart_kind kind, const chart_view *v, const chart_data *data, bool fresh);
void chart_free(chart *f);

/* Labels, by number: the owners' names, then mixed, then silent. Which one a latent has; and the label of
 * each row of the plot, [names + 2]: the task's, then those that hold most. The caller frees. */
size_t chart_label_of(const scry_attribution *owners, uint32_t latent);
size_t *chart_label_rows(const scry_attribution *owners, const char *task);

/* rho with its company as words, the most important first: `most` parts at most, in the fullest form
 * that fits in `columns` with two blanks between. Returns how many. ready false: what takes long reads "..". */
enum { RHO_STATISTICS = 9, RHO_STATISTIC_TEXT = 64 };
int rho_statistics_text(const scry_result *r, bool ready, int columns, char part[RHO_STATISTICS][RHO_STATISTIC_TEXT]);

#endif
