/* explorer_pty.c: the explorer on a pseudo-terminal, and how long its frames take. */
#include "explorer_pty.h"

#include "bench.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

enum { ROWS = PTY_ROWS, COLS = PTY_COLS, REST_MS = 90, NO_FRAME_MS = 400, STILL_MS = 1000 };

void pty_start(pty *p, char *const argv[]) {
    struct winsize size = {ROWS, COLS, 0, 0};
    p->seen_length = 0;
    if (openpty(&p->master, &p->slave, NULL, NULL, &size) < 0) die("openpty: %s", strerror(errno));
    p->pid = fork();
    if (p->pid < 0) die("fork: %s", strerror(errno));
    if (p->pid) return;
    close(p->master);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("ESCDELAY", "25", 1);
    login_tty(p->slave);
    execv(argv[0], argv);
    _exit(127);
}

void pty_stop(pty *p) {
    if (write(p->master, "q", 1) < 0) die("the explorer is gone");
    int status;
    for (int i = 0; i < 200; i++) {
        struct pollfd in = {.fd = p->master, .events = POLLIN};
        char dropped[4096];
        if (poll(&in, 1, 10) > 0 && read(p->master, dropped, sizeof dropped) < 0) break;
        if (waitpid(p->pid, &status, WNOHANG) == p->pid) {
            p->pid = 0;
            break;
        }
    }
    if (p->pid) {
        kill(p->pid, SIGKILL);
        waitpid(p->pid, &status, 0);
    }
    close(p->master);
    close(p->slave);
}

/* Takes in what arrives within the time; true when something did. */
static bool take(pty *p, double seconds) {
    struct pollfd in = {.fd = p->master, .events = POLLIN};
    struct timespec limit = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    if (ppoll(&in, 1, &limit, NULL) <= 0) return false;
    size_t room = sizeof p->seen - p->seen_length;
    if (room < 4096) {
        p->seen_length = 0;
        room = sizeof p->seen;
    }
    ssize_t n = read(p->master, p->seen + p->seen_length, room);
    if (n <= 0) die("the explorer has ended");
    p->seen_length += (size_t)n;
    return true;
}

static bool asleep(const pty *p) {
    char path[64], line[512] = "";
    int unread = 0;
    if (ioctl(p->slave, FIONREAD, &unread) < 0 || unread) return false;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)p->pid);
    FILE *f = fopen(path, "re");
    if (!f || !fgets(line, sizeof line, f)) die("the explorer has ended");
    fclose(f);
    const char *state = strrchr(line, ')');
    return state && state[1] == ' ' && state[2] == 'S';
}

/* When the frame's last byte came; 0 when no frame comes. */
double pty_frame(pty *p, const char *holding) {
    double last = 0, begun = now();
    for (int quiet = 0;;) {
        if (take(p, 200e-6)) {
            last = now();
            quiet = 0;
            continue;
        }
        bool there = last > 0 && (!holding || memmem(p->seen, p->seen_length, holding, strlen(holding)));
        quiet = asleep(p) ? quiet + 1 : 0;
        if (there && quiet >= 2) return last;
        if (quiet >= 2 && now() - begun > NO_FRAME_MS * 1e-3) return 0;
        if (now() - begun > 60) die("no frame in a minute");
    }
}

double pty_await(pty *p, const char *holding, double seconds) {
    for (double begun = now(); now() - begun < seconds;)
        if (take(p, 20e-3) && memmem(p->seen, p->seen_length, holding, strlen(holding))) return now();
    return 0;
}

void pty_rest(pty *p, double milliseconds) {
    for (double until = now() + milliseconds * 1e-3, left; (left = until - now()) > 0;) take(p, left);
}

void pty_until_idle(pty *p) {
    for (double quiet = now(); now() - quiet < REST_MS * 1e-3;)
        if (take(p, 5e-3) || !asleep(p)) quiet = now();
}

/* Milliseconds from the key to its frame; NaN without one. */
double pty_press(pty *p, const char *key) {
    p->seen_length = 0;
    double t = now();
    if (write(p->master, key, strlen(key)) < 0) die("the explorer is gone");
    double at = pty_frame(p, NULL);
    return at > 0 ? (at - t) * 1e3 : (double)NAN;
}

/* ---- times -------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The share of values that is at most the result. */
double times_quantile(double *values, size_t n, double share) {
    qsort(values, n, sizeof *values, ascending);
    size_t at = (size_t)ceil(share * (double)n);
    return n ? values[at ? at - 1 : 0] : (double)NAN;
}

void times_add(times *t, double value) {
    if (isnan(value)) t->none++;
    else if (t->count < TIMES_MOST) t->value[t->count++] = value;
}

/* ---- the process -------------------------------------------------------------------------------- */

/* Megabytes of a line of /proc/PID/status. */
double pty_resident(pid_t pid, const char *key) {
    char path[64], line[256];
    double kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0) kilobytes = strtod(line + strlen(key), NULL);
    if (f) fclose(f);
    return kilobytes / 1024;
}

/* Processor time in clock ticks. */
unsigned long pty_ticks(pid_t pid) {
    char path[64], line[512] = "";
    unsigned long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "re");
    if (!f || !fgets(line, sizeof line, f)) die("the explorer has ended");
    fclose(f);
    const char *state = strrchr(line, ')');
    if (!state || sscanf(state + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        die("%s: not as expected", path);
    return user + system;
}

pty_share pty_first_thread(pid_t pid) {
    char path[64], line[128] = "";
    double own, waited;
    snprintf(path, sizeof path, "/proc/%d/task/%d/schedstat", (int)pid, (int)pid);
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(line, sizeof line, f) && sscanf(line, "%lf %lf", &own, &waited) == 2;
    if (f) fclose(f);
    return ok ? (pty_share){own * 1e-6, waited * 1e-6} : (pty_share){NAN, NAN};
}

double pty_until_still(pty *p, double *worked) {
    double last = 0, busy = now();
    for (unsigned long before = pty_ticks(p->pid), after; now() - busy < STILL_MS * 1e-3; before = after) {
        if (take(p, 5e-3)) last = now();
        after = pty_ticks(p->pid);
        if (after != before) busy = now();
    }
    if (worked) *worked = busy;
    return last;
}
