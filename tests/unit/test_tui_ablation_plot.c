/* test_tui_ablation_plot.c: the plot of the loss against N in the explorer: its points are shown as they come, and
 * belong to one request; what it covers. Random sets of the causal pane. */
#include "ablation_specimen.h"
#include "explorer/async_results.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/panes/chart_page.h"
#include "explorer_parts.h"

#include <math.h>
#include <string.h>

static app *app_of(scry_index *index) {
    scry_error err = {0};
    scry_session *s = scry_session_new(index, 0, SCRY_BASE, SCRY_MEAN, 40, SCRY_ACT, &err);
    app *a = s ? app_new(index, s, 24, 80, false, false) : NULL;
    check(a != NULL, "the explorer opens: %s", err.text);
    return a;
}

static bool shows(app *a, const char *text) {
    char *drawn = NULL;
    size_t length;
    FILE *f = open_memstream(&drawn, &length);
    app_draw(a);
    grid_write(a->grid, f, false);
    fclose(f);
    bool has = strstr(drawn, text) != NULL;
    free(drawn);
    return has;
}

enum { MOST = 64 };
typedef struct parts {
    chart_data *part[MOST];
    size_t count;
} parts;

static void keep(void *context, chart_data *part) {
    parts *p = context;
    if (p->count < MOST) p->part[p->count++] = part;
    else chart_data_free(part);
}

static void test_parts(app *a) {
    parts p = {0};
    size_t points, rising = 0;
    app_command(a, "plot ablation");
    check(shows(a, "computing .."), "before there are points it says that it computes");
    chart_request *ask = chart_page_request(a);
    if (!check(ask && ask->top == 40, "it covers all of few latents")) return;
    ask->take_part = keep;
    ask->context = &p;
    chart_data *whole = chart_compute(ask, NULL);
    free(scry_sweep_grid(ask->top, &points));
    for (size_t i = 0; i < p.count; i++) rising += fabs(p.part[i]->done - (double)(i + 1) / (double)points) < 1e-12;
    check(whole && whole->done == 0 && p.count == points - 1 && rising == p.count, "all N but the last are told of");
    check(chart_page_request(a) != NULL, "a part is no result");
    chart_page_take_part(a->tab, ask, p.part[4]);
    p.part[4] = NULL;
    check(shows(a, text_of("computing .. %.0f%%", 500.0 / (double)points)) && shows(a, "3 random sets"),
          "what there is so far is drawn, with how far it is");
    app_command(a, "metric abs");
    chart_request *other = chart_page_request(a);
    check(other && !chart_request_same(other, ask) && !shows(a, "%"), "not in the plot of another ranking");
    chart_request_free(other);
    app_command(a, "undo");
    check(shows(a, "%"), "back at the first it is there again");
    chart_page_take_part(a->tab, NULL, NULL);
    chart_page_take(a->tab, ask, whole);
    check(!shows(a, "computing"), "the whole replaces it");
    check(chart_page_request(a) == NULL, "and nothing is missing");
    app_command(a, "top 7");
    check(chart_page_request(a) == NULL && shows(a, "N 7 "), "another N moves the cursor, without a run");
    app_command(a, "toggle 3");
    check(chart_page_request(a) == NULL, "and so does a toggle");
    const char *name = a->tab->info->domain[1].name;
    app_command(a, text_of("leave-out %s", name));
    chart_request *fewer = chart_page_request(a);
    check(fewer && !fewer->scope.use[1] && fewer->scope.use[0], "without a domain it is another plot");
    chart_request_free(fewer);
    app_command(a, text_of("leave-out %s", name));
    for (size_t i = 0; i < p.count; i++) chart_data_free(p.part[i]);
}

/* The thread's points reach the page, and leaving the page drops them. */
static void test_thread(app *a) {
    app_command(a, "plot ablation");
    app_command(a, "domains math,law");
    check(async_is_due(a), "the plot of two domains is due");
    async_begin(a);
    a->layer = NULL;
    async_is_due(a);
    check(a->tab->plots->part == NULL, "leaving the page drops what there was");
    async_cancel_all(a);
    app_command(a, "plot ablation");
    check(chart_page_request(a) != NULL, "and it is due when the page comes back");
    async_finish_all(a);
    check(chart_page_request(a) == NULL && shows(a, "mean over 2 domains"), "then it is computed");
}

/* Random sets of the causal pane: only when asked, given up without losing the run, kept with the set. */
static void test_random(app *a) {
    a->layer = NULL;
    app_command(a, "domains all");
    app_command(a, "top 8");
    app_command(a, "causal manual run");
    causal_runs_finish(a);
    causal_state *s = a->tab->causal;
    check(causal_is_fresh(a) && s->figures.random == 0 && !shows(a, "of 50 random sets)"),
          "nobody asked for random sets");
    app_command(a, "causal random");
    check(causal_runs_due(a), "then they are due");
    causal_runs_begin(a);
    check(causal_give_up(a) && !causal_runs_due(a) && causal_is_fresh(a), "given up, the run of the set stays");
    causal_runs_cancel(a);
    app_command(a, "causal random");
    causal_runs_finish(a);
    check(s->figures.random == CAUSAL_RANDOM_SETS && !causal_runs_due(a) && shows(a, "of 50 random sets)"),
          "then the pane shows where rho stands");
    double p = s->figures.result.context.random_tail;
    app_command(a, "top 9");
    app_command(a, "causal run");
    causal_runs_finish(a);
    check(causal_is_fresh(a) && s->figures.random == 0, "another set was not compared");
    app_command(a, "undo");
    app_draw(a);
    causal_runs_finish(a);
    check(s->figures.random == CAUSAL_RANDOM_SETS && s->figures.result.context.random_tail == p,
          "the first one's are kept");
}

int main(void) {
    setenv("XDG_DATA_HOME", scratch("data"), 1);
    app *a = app_of(index_of("as_is"));
    if (a) {
        test_parts(a);
        test_thread(a);
        test_random(a);
    }
    app_free(a);
    return check_end();
}
