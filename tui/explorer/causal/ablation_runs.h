/* explorer/causal/ablation_runs.h: what the selection does in the model: ablations of a tab (ablate.h), run on a
 * thread, and what the panes show of them.
 *
 * The figures on screen are always those of one set and one way of taking it out. After a toggle they are of another
 * set (they are stale) until the run of the new one ends; sets that were run before have theirs at once. */
#ifndef SCRY_EXPLORER_CAUSAL_ABLATION_RUNS_H
#define SCRY_EXPLORER_CAUSAL_ABLATION_RUNS_H

#include "ablation_cache.h"
#include "explorer/app_services.h"

/* A set, and what becomes of it in the model. */
typedef struct causal_subject {
    scry_set *set; /* owned; NULL: none */
    scry_ablation how;
} causal_subject;

/* What came of it. */
typedef struct causal_figures {
    causal_subject of;
    scry_domain_effect *domain; /* [D] owned */
    scry_scope scope;           /* owned: of the result */
    scry_result result;         /* of the differences: rho with the measured change; owned */
    bool statistics;            /* the result has its statistics */
    uint32_t random;            /* and is compared with so many random sets */
} causal_figures;

typedef enum causal_stop { CAUSAL_GIVEN_UP, CAUSAL_FAILED } causal_stop;

/* A tab's. Owner: causal_close. */
typedef struct causal_state {
    bool on;     /* the domains' pane shows it */
    bool manual; /* sets are run when asked, not after each toggle */
    bool asked;  /* run the selection now */
    bool random; /* and compare it with random sets */
    scry_ablation how;
    scry_ablation_cache *cache; /* owned; NULL before it is needed */
    causal_figures figures;
    /* Between exact runs: the score abl around the session's anchor, which is the set that was last run exactly. */
    bool estimated;                   /* what is shown is the following, not the figures */
    double *estimate;                 /* [D] owned */
    scry_result likely;               /* of the estimate; owned */
    scry_scorer *scorer;              /* owned; NULL: none yet */
    uint64_t columns;                 /* the version of the columns that it sums */
    uint64_t seen_version, seen_runs; /* of the session, and of `runs`, when the figures were last looked for */
    scry_ablation seen_how;
    uint64_t runs;          /* that ended */
    causal_subject stopped; /* not run again by itself */
    causal_stop stop;       /* why */
    char error[1024];       /* CAUSAL_FAILED: of the selection */
    long alone;             /* the latent whose own run was asked for, -1: none */
    char alone_error[1024]; /* of the last one; "": it did not fail */
    int sort;               /* of the pane */
    bool reversed;
} causal_state;

typedef struct causal_runs causal_runs;

void causal_open(tab *t);
void causal_close(causal_state *s);

/* bell: as in base/worker_thread.h. Owner: causal_runs_free, which cancels and waits. */
causal_runs *causal_runs_new(int bell);
void causal_runs_free(causal_runs *r);

/* Take the figures of the selection where there are some. Call it before drawing them. */
void causal_refresh(app *a);
/* The tab's runs, and the model behind them. */
scry_ablation_cache *causal_cache(app *a);
/* What is shown of a domain: the figures, or while they are of another set its estimate, without errors and accuracies.
 * All NaN: nothing yet. */
scry_domain_effect causal_shown(const app *a, size_t domain);
/* True when the figures are of the selection as it is, by the settings as they are. */
bool causal_is_fresh(const app *a);
/* True when the selection is not run by itself, and why. */
bool causal_is_stopped(const app *a, causal_stop *why);
/* True while the tab's selection (latent -1), or that latent alone, is being run; *done: how far, 0 to 1; *opening: the
 * model is being opened. Both may be NULL. */
bool causal_is_running(const app *a, long latent, double *done, bool *opening);
/* The figures [D] of a latent alone, by the settings; false where it was not run. */
bool causal_alone(app *a, uint32_t latent, scry_domain_effect *out);
void causal_run_alone(app *a, uint32_t latent);
/* Run the selection now, also after it was given up. */
void causal_run(app *a);
/* The same, and then random sets of its size. */
enum { CAUSAL_RANDOM_SETS = 50 };
void causal_run_random(app *a);
/* Forget that the selection was given up or failed. */
void causal_retry(app *a);
/* Gives up the run under way. False: there is none. */
bool causal_give_up(app *a);

/* For explorer/async_results.h: as async_is_due, async_begin, async_collect, async_is_current, async_cancel_all and
 * async_finish_all. */
bool causal_runs_due(app *a);
void causal_runs_begin(app *a);
bool causal_runs_collect(app *a);
bool causal_runs_current(app *a);
void causal_runs_cancel(app *a);
void causal_runs_finish(app *a);

#endif
