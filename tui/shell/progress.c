/* progress.c: the progress of indexing on stderr; Ctrl-C, SIGTERM and SIGHUP. */
#include "shell/cli_context.h"
#include "base/clock.h"

#include <inttypes.h>
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

static void draw_bar(cli_progress *p, uint64_t done, uint64_t total, double t) {
    enum { WIDTH = 30 };
    char bar[WIDTH + 1];
    int full = total ? (int)((double)done / (double)total * WIDTH) : WIDTH;
    for (int i = 0; i < WIDTH; i++) bar[i] = i < full ? '#' : '.';
    bar[WIDTH] = 0;
    double elapsed = t - p->started, rate = elapsed > 0 ? (double)done / elapsed : 0;
    double left = rate > 0 ? (double)(total - done) / rate : 0;
    fprintf(stderr, "\r%-8s [%s] %3.0f%%  %.0f tokens/s  %.0f s left \x1b[K", p->step, bar,
            total ? 100.0 * (double)done / (double)total : 100.0, rate, left);
    fflush(stderr);
    p->bar_open = true;
}

bool cli_show_progress(void *context, const char *step, uint64_t done, uint64_t total) {
    cli_progress *p = context;
    double t = clock_seconds();
    bool terminal = isatty(STDERR_FILENO);
    if (!p->step || strcmp(p->step, step) != 0) {
        cli_end_progress(p);
        p->step = step;
        p->started = t;
        if (!terminal) fprintf(stderr, "scry: %s %" PRIu64 " tokens\n", step, total);
    }
    if (terminal && (t - p->drawn > 0.1 || done == total)) {
        p->drawn = t;
        draw_bar(p, done, total, t);
    }
    return !interrupted;
}

void cli_end_progress(cli_progress *p) {
    if (p->bar_open) fprintf(stderr, "\r\x1b[K");
    p->bar_open = false;
}
