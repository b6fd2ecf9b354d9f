/* progress.c: the progress of indexing on stderr; Ctrl-C, SIGTERM and SIGHUP. */
#include "shell/cli_context.h"
#include "base/clock.h"
#include "base/sudden_end.h"

#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Of the user, of a terminal that is gone, and of batch systems before they end a job. */
static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGXCPU, SIGALRM};
enum { ENDING = sizeof ending / sizeof *ending };

/* One key or one manager may send a signal to the program and again through what started it. */
static const double AT_ONCE_SECONDS = 0.2;

static volatile sig_atomic_t interrupted;
static volatile double interrupted_at;

static bool asks_to_end(int number) {
    return number == SIGINT || number == SIGTERM || number == SIGHUP;
}

/* Once the terminal is gone, writing to a pipe raises SIGPIPE, which must not interrupt saving. The second time the
 * program ends at once; past the limit of processor time SIGXCPU comes every second. */
static void on_interrupt(int number) {
    double now = clock_seconds();
    if (interrupted && asks_to_end(number) && now - interrupted_at > AT_ONCE_SECONDS) sudden_end_by(number);
    if (number == SIGHUP) signal(SIGPIPE, SIG_IGN);
    if (!interrupted) interrupted_at = now;
    interrupted = 1;
}

/* False when a signal is ignored, as SIGHUP by nohup or a shell's trap, which then stays so. SIGINT and SIGTERM always
 * end: shells ignore the former for what they start in the background. */
static bool is_ignored(int number) {
    struct sigaction now;
    if (number == SIGINT || number == SIGTERM) return false;
    return sigaction(number, NULL, &now) == 0 && !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_IGN;
}

void cli_catch_interrupt(void) {
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    interrupted = 0;
    for (size_t i = 0; i < ENDING; i++)
        if (!is_ignored(ending[i])) sigaction(ending[i], &action, NULL);
}

void cli_release_interrupt(void) {
    for (size_t i = 0; i < ENDING; i++)
        if (!is_ignored(ending[i])) sudden_end_catch_again(ending[i]);
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
