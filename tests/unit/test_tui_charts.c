/* test_tui_charts.c: the explorer's plots: their keys, and their messages where there is little to plot. */
#include "table_fixture.h"

#include "explorer/panes/chart_page.h"

enum { LATENTS = 600 };

static bool notes(app *a, const char *what) {
    async_finish_all(a);
    chart *f = chart_page_chart(a);
    bool has = f->plot.empty && strstr(f->plot.empty, what);
    for (size_t i = 0; i < f->plot.note_count; i++) has |= strstr(f->plot.notes[i], what) != NULL;
    chart_free(f);
    return has;
}

static void test_keys(app *a) {
    say_command(a, "plot scatter");
    type_keys(a, "s");
    check(scry_session_score(a->tab->session) == SCRY_ACT2, "s takes the next score");
    for (int i = 1; i < SCRY_SCORES; i++)
        if (scry_has_score(a->tab->index, (scry_score)i)) type_keys(a, "s");
    check(scry_session_score(a->tab->session) == SCRY_ACT, "and comes around");
    type_keys(a, "b");
    check(scry_session_ranking(a->tab->session)->source == SCRY_SFT, "b takes the next source");
    type_keys(a, "b");
    check(scry_session_ranking(a->tab->session)->source == SCRY_ICL && a->layer == &layer_plots, "and comes around");
    type_keys(a, "3s");
    check(a->plot == CHART_SWEEP && scry_session_score(a->tab->session) == SCRY_ACT2, "digits choose plots");
    say_command(a, "score-act");
}

static void test_left_out(app *a) {
    const char *name = a->tab->info->domain[1].name;
    say_command(a, "plot scatter");
    say_command(a, text_of("domain %s", name));
    check(notes(a, "residual") && !notes(a, "left out"), "a domain that takes part has its residual");
    say_command(a, text_of("leave-out %s", name));
    check(notes(a, "left out"), "one that does not is said to be left out");
    say_command(a, "domains all");
    say_command(a, "top 0");
    check(!notes(a, "left out") && notes(a, "all scores are equal"), "where there is no line, none is left out");
    say_command(a, "plot bands");
    say_command(a, "top 50");
    check(!notes(a, "are equal"), "bands have rho");
    say_command(a, text_of("domains %s", a->tab->info->domain[0].name));
    check(notes(a, "fewer than 3 domains"), "or say why they have none");
    say_command(a, "domains all");
}

int main(void) {
    app *a = open_table(LATENTS);
    if (a) {
        test_keys(a);
        test_left_out(a);
    }
    app_free(a);
    return check_end();
}
