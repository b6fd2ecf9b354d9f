/* plot.c: commands that show plots and write them. */
#include "draw/image_file.h"
#include "explorer/async_results.h"
#include "explorer/panes/chart_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

command_effect do_plot(app *a, const char *argument) {
    char names[400];
    int kind = *argument ? chart_find(argument) : -1;
    chart_names(names, sizeof names);
    if (*argument && kind < 0) return app_fail(a, "no plot \"%.40s\"; expected %s", argument, names);
    chart_page_open(a, kind);
    return DID_CHANGE;
}

static command_effect show(app *a, chart_kind kind) {
    if (chart_needs_domains(chart_type_of(kind)) && !app_has_domains(a)) return DID_CHANGE;
    chart_page_open(a, (int)kind);
    return DID_CHANGE;
}

command_effect do_sweep(app *a, const char *argument) {
    if (strcmp(argument, "bands") == 0) return show(a, CHART_BANDS);
    if (strcmp(argument, "random") == 0) return show(a, CHART_RANDOM);
    if (*argument && strcmp(argument, "n") != 0)
        return app_fail(a, "sweep \"%.40s\": expected n, bands or random", argument);
    return show(a, CHART_SWEEP);
}

command_effect do_overlap(app *a, UNUSED const char *argument) {
    return show(a, CHART_OVERLAP);
}

command_effect do_task_share(app *a, UNUSED const char *argument) {
    return show(a, CHART_TASK_SHARE);
}

command_effect do_budget(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "budget", "");
    char *end;
    unsigned long long budget = strtoull(argument, &end, 10);
    if (*argument < '0' || *argument > '9' || *end || budget < 1 || budget > UINT32_MAX)
        return app_fail(a, "budget \"%.40s\": expected a whole number of 1 or more", argument);
    a->tab->plots->budget = (uint32_t)budget;
    return show(a, CHART_MIXTURE);
}

command_effect do_mix(app *a, const char *argument) {
    return *argument ? do_budget(a, argument) : show(a, CHART_MIXTURE);
}

command_effect do_point(app *a, const char *argument) {
    long steps = *argument ? strtol(argument, NULL, 10) : 1;
    if (a->layer != &layer_plots) return app_fail(a, "no plot is shown; p opens them");
    if (!steps) return app_fail(a, "point \"%.40s\": expected a number of steps, below 0 to go back", argument);
    chart_page_move(a, steps);
    return DID_CHANGE;
}

command_effect do_take(app *a, UNUSED const char *argument) {
    return a->layer == &layer_plots ? chart_page_apply(a) : app_fail(a, "no plot is shown; p opens them");
}

command_effect do_svg(app *a, const char *argument) {
    if (a->layer != &layer_plots) return app_fail(a, "no plot is shown; p opens them");
    char name[48];
    snprintf(name, sizeof name, "%s.svg", chart_type_of(a->plot)->name);
    if (!*argument) return app_ask(a, "svg", name);
    scry_error err = {0};
    if (!image_file_check(argument, &err)) return app_fail(a, "%s", err.text);
    if (!app_may_write(a, argument, argument, argument) || async_run_when_ready(a, "svg", argument)) return DID_CHANGE;
    async_finish_all(a); /* a still picture waits for all of its numbers */
    chart *now = chart_page_chart(a);
    bool ok = chart_write(now, argument, &err);
    chart_free(now);
    if (!ok) return app_fail(a, "%s", err.text);
    return app_say(a, "%s written to %s", chart_type_of(a->plot)->name, argument);
}
