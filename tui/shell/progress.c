/* progress.c: the progress of indexing on stderr; Ctrl-C, SIGTERM and SIGHUP. */
#include "shell/cli_context.h"
#include "base/clock.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

/* Once the terminal is gone, writing to a pipe raises SIGPIPE, which must not interrupt saving. */
static void on_interrupt(int number) {
    if (number == SIGHUP) signal(SIGPIPE, SIG_IGN);
    interrupted = 1;
}

/* False when SIGHUP is ignored, as by nohup or a shell's trap, which then stays so. */
static bool hang_up_ends(void) {
    struct sigaction now;
    return sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != SIG_IGN;
}

void cli_catch_interrupt(void) {
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (hang_up_ends()) sigaction(SIGHUP, &action, NULL);
}

void cli_release_interrupt(void) {
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (hang_up_ends()) signal(SIGHUP, SIG_DFL);
}

bool cli_interrupted(void) {
    return interrupted != 0;
}

/* rate (may be ""): what stands between the share and the time left. */
static void draw_bar(cli_progress *p, double share, const char *rate, double t) {
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    int full = (int)(share * WIDTH);
    for (int i = 0; i < WIDTH; i++) bar[i] = i < full ? '#' : '.';
    bar[WIDTH] = 0;
    double left = share > 0 ? (t - p->started) * (1 - share) / share : 0;
    char line[200];
    snprintf(line, sizeof line, "%-8s [%s] %3.0f%%  %s%.0f s left ", p->step, bar, 100 * share, rate, left);
    output_progress(line, INT_MAX);
    p->bar_open = true;
}

/* Begins a step; rest: how its line goes on where stderr is no terminal. */
static void begin_step(cli_progress *p, const char *step, const char *rest, double t) {
    cli_end_progress(p);
    p->step = step;
    p->started = t;
    if (!isatty(STDERR_FILENO)) output_say("%s%s", step, rest);
}

static bool is_due(cli_progress *p, bool done, double t) {
    if (!isatty(STDERR_FILENO) || (t - p->drawn <= 0.1 && !done)) return false;
    p->drawn = t;
    return true;
}

bool cli_show_progress(void *context, const char *step, uint64_t done, uint64_t total) {
    cli_progress *p = context;
    double t = clock_seconds();
    char text[60] = "";
    if (total) snprintf(text, sizeof text, " %" PRIu64 " tokens", total);
    if (!p->step || strcmp(p->step, step) != 0) begin_step(p, step, text, t);
    if (is_due(p, done == total, t)) {
        double elapsed = t - p->started;
        *text = 0;
        if (total) snprintf(text, sizeof text, "%.0f tokens/s  ", elapsed > 0 ? (double)done / elapsed : 0);
        draw_bar(p, total ? (double)done / (double)total : 1, text, t);
    }
    return !interrupted;
}

static bool is_interrupted(void *context) {
    (void)context;
    return interrupted;
}

static void show_share(void *context, double share) {
    double t = clock_seconds();
    if (is_due(context, share >= 1, t)) draw_bar(context, share, "", t);
}

scry_cancel cli_cancel(cli_progress *p, const char *step) {
    begin_step(p, step, "", clock_seconds());
    return (scry_cancel){.is_cancelled = is_interrupted, .context = p, .report_progress = show_share};
}

void cli_end_progress(cli_progress *p) {
    if (p->bar_open) output_progress(NULL, 0);
    p->bar_open = false;
}
