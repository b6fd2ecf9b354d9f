/* frames.c: rows 6 and 7: the explorer on a pseudo-terminal, with 1,048,576 latents: start to first frame, key to
 * frame.
 *
 * A frame is complete when the program has read all keys, has written something, sleeps, and has nothing left to write;
 * its time is that of its last byte. Keys are pressed while the program rests, and also at any moment, as a person
 * types: then work between frames can delay a key, and counts. */
#include "bench.h"

#include "base/random.h"

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

enum { ROWS = 50, COLS = 160, STARTS = 12, REST_MS = 90, NO_FRAME_MS = 400, MOST = 4096 };

typedef struct pty {
    int master, slave;
    pid_t pid;
    char seen[1 << 16]; /* since the last key */
    size_t seen_length;
} pty;

static void start(pty *p, char *const argv[]) {
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

static void stop(pty *p) {
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
static double frame(pty *p, const char *holding) {
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

static void rest(pty *p, double milliseconds) {
    for (double until = now() + milliseconds * 1e-3, left; (left = until - now()) > 0;) take(p, left);
}

static void until_idle(pty *p) {
    for (double quiet = now(); now() - quiet < REST_MS * 1e-3;)
        if (take(p, 5e-3) || !asleep(p)) quiet = now();
}

/* Milliseconds from the key to its frame; NaN without one. */
static double press(pty *p, const char *key) {
    p->seen_length = 0;
    double t = now();
    if (write(p->master, key, strlen(key)) < 0) die("the explorer is gone");
    double at = frame(p, NULL);
    return at > 0 ? (at - t) * 1e3 : (double)NAN;
}

/* ---- kinds of keys ------------------------------------------------------------------------------ */

typedef struct kind {
    const char *name;
    const char *before;      /* pressed once, not measured */
    const char *const *keys; /* measured, in turns; NULL ends */
    const char *between;     /* pressed after each, not measured; NULL: nothing */
    const char *after;
} kind;

static const char *const moves[] = {"j", "j", "\x04", "j", "k", "j", "\x15", "G", "k", "g", "j", NULL};
static const char *const toggles[] = {" ", NULL};
static const char *const sorts[] = {"s", "s", "S", NULL};
static const char *const by_value[] = {
    ":sort rate\r", ":sort mean\r", ":sort share\r", ":sort in\r", ":sort count\r", "S", NULL};
static const char *const by_label[] = {":sort label\r", ":sort rank\r", "S", NULL};
static const char *const by_what_if[] = {":sort what-if\r", "S", ":sort step\r", NULL};
static const char *const filters[] = {"&", "r", "a", "t", "e", "<",  "1",  "%", " ", "s", "h",  "i",  "f",
                                      "t", ">", ".", "0", "1", "\r", "\\", "&", "l", "a", "b",  "e",  "l",
                                      "~", "r", "a", "n", "k", " ",  "w",  "h", "a", "t", "-",  "i",  "f",
                                      ">", ".", "8", "|", "m", "e",  "a",  "n", "<", "0", "\r", "\\", NULL};
static const char *const misses[] = {"/", "q", "u", "x", "z", "\r", "\x04", NULL};
/* moves while a job reads all postings for the contexts */
static const char *const contexts[] = {"/", "s", "u", "m", " ", "r", "\r", "j",  "\x04", "k", "n", "j",
                                       "/", "e", "a", "c", "h", " ", "n",  "\r", "G",    "k", "N", NULL};
static const char *const sources[] = {"2", "1", NULL};
static const char *const score_keys[] = {"4", "5", "3", NULL};
/* "/" opens the line; words that are there several times, one that is nowhere, a number; Enter leaves it */
static const char *const typed[] = {"/", "r", "a",  "n", "k", " ", "9", "9", "\r", "n", "/",  "q",
                                    "u", "x", "\r", "/", "1", "0", "4", "8", "5",  "7", "\r", NULL};
static const kind kinds[] = {
    {"move", "", moves, NULL, "g"},
    {"toggle", "", toggles, "j", "g"},
    {"search typing", "", typed, NULL, "g"},
    {"source switch", "", sources, NULL, "1"},
    {"score switch", "", score_keys, NULL, "3"},
    {"search miss", "", misses, NULL, "g"},
    {"search contexts", "", contexts, NULL, "g"},
    {"filter typing", "", filters, NULL, "\\"},
    {"sort, next column", "", sorts, NULL, ":sort rank\r"},
    {"sort, by value", "", by_value, NULL, ":sort rank\r"},
    {"sort, by label", "", by_label, NULL, ":sort rank\r"},
    {"sort, by what-if", "", by_what_if, NULL, ":sort rank\r"},
    {"toggle, sorted by what-if", ":sort what-if\r", toggles, "j", ":sort rank\r"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The share of values that is at most the result. */
static double quantile(double *values, size_t n, double share) {
    qsort(values, n, sizeof *values, ascending);
    size_t at = (size_t)ceil(share * (double)n);
    return n ? values[at ? at - 1 : 0] : (double)NAN;
}

typedef struct times {
    double value[MOST];
    size_t count, none;
} times;

static void add(times *t, double value) {
    if (isnan(value)) t->none++;
    else if (t->count < MOST) t->value[t->count++] = value;
}

/* A key without what a terminal would act on. */
static const char *shown(const char *key) {
    static char safe[64];
    size_t n = 0;
    for (; *key && n + 3 < sizeof safe; key++) {
        if ((unsigned char)*key < ' ') safe[n++] = '^', safe[n++] = (char)(*key + '@');
        else safe[n++] = *key;
    }
    safe[n] = 0;
    return safe;
}

static void keys_of(pty *p, const kind *k) {
    static times at_rest, at_any;
    static char worst[2][24];
    double most[2] = {0};
    uint64_t state = 3;
    const double half = scale.key_seconds / 2.0; /* long enough for a 99th in a hundred that is not the slowest key */
    at_rest.count = at_rest.none = at_any.count = at_any.none = 0;
    if (*k->before) press(p, k->before);
    until_idle(p);
    double begun = now();
    bool any = false;
    for (uint32_t i = 0, next = 0; i < scale.keys; i++) {
        if (!any && (i >= scale.keys / 2 || now() - begun > half)) {
            any = true;
            i = scale.keys / 2;
            begun = now();
        }
        if (any && now() - begun > half) break;
        const char *key = k->keys[next++];
        if (!k->keys[next]) next = 0;
        if (any) rest(p, 10 + 110 * uniform(&state));
        else until_idle(p);
        double ms = press(p, key);
        if (ms > most[any]) {
            most[any] = ms;
            snprintf(worst[any], sizeof worst[any], "%s", key);
        }
        add(any ? &at_any : &at_rest, ms);
        if (k->between) press(p, k->between);
    }
    until_idle(p);
    press(p, "\033"); /* out of a line that is still open */
    until_idle(p);
    if (*k->after) press(p, k->after);
    double p50 = quantile(at_any.value, at_any.count, 0.5), p99 = quantile(at_any.value, at_any.count, 0.99);
    double rest50 = quantile(at_rest.value, at_rest.count, 0.5), rest99 = quantile(at_rest.value, at_rest.count, 0.99);
    double worse = fmax(p99, rest99);
    say("%s: %zu keys at rest, %zu at any moment, %zu without a frame; slowest %.1f ms, key %s", k->name, at_rest.count,
        at_any.count, at_rest.none + at_any.none, fmax(most[0], most[1]), shown(worst[most[1] > most[0]]));
    row(text("7 key to frame: %s", k->name), text("p50 %.2f p99 %.2f ms", p50, p99),
        text("at rest p50 %.2f p99 %.2f ms", rest50, rest99), text("%.2fx", worse / 16), "p99 < 16 ms",
        worse < 16 && at_any.none + at_rest.none <= 2);
}

/* ---- start --------------------------------------------------------------------------------------- */

/* Megabytes of a line of /proc/PID/status. */
static double resident(pid_t pid, const char *key) {
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
static unsigned long ticks(pid_t pid) {
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

static void rows_after(pty *p) {
    until_idle(p);
    rest(p, 500);
    unsigned long before = ticks(p->pid);
    rest(p, 2000);
    unsigned long taken = ticks(p->pid) - before;
    row("7 idle, after all of it", text("%lu ticks", taken), "in 2 s", text("%lux", taken), "0 ticks", taken == 0);
    double peak = resident(p->pid, "VmHWM:"), left = resident(p->pid, "VmRSS:"), own = resident(p->pid, "RssAnon:");
    row("7 peak resident while browsing", text("%.0f MB", peak), text("at the end %.0f, own %.0f MB", left, own),
        text("%.2fx", peak / 300), "< 300 MB", peak < 300);
}

void bench_frames(void) {
    char *index = path_in("wide.scry");
    char *argv[] = {(char *)scry, index, NULL};
    double first[STARTS], vm = 0, anonymous = 0, file = 0;
    static pty p;
    for (int i = 0; i < STARTS; i++) {
        double t = now();
        start(&p, argv);
        first[i] = (frame(&p, "scry") - t) * 1e3;
        vm = resident(p.pid, "VmRSS:");
        anonymous = resident(p.pid, "RssAnon:");
        file = resident(p.pid, "RssFile:");
        if (i < STARTS - 1) stop(&p);
    }
    until_idle(&p);
    double later = resident(p.pid, "VmRSS:");
    double slowest = first[0]; /* the first start can find the file outside the page cache */
    double p50 = quantile(first, STARTS, 0.5);
    say("%d starts on %d x %d, first %.1f ms, best %.1f, median %.1f; anonymous %.1f MB, of files %.1f MB; %.1f MB "
        "after the figures that come later",
        STARTS, ROWS, COLS, slowest, first[0], p50, anonymous, file, later);
    row("6 open 1,048,576 latents to the first frame", text("best %.1f ms", first[0]),
        text("median %.1f, first %.1f ms", p50, slowest), text("%.2fx", first[0] / 50), "< 50 ms", first[0] < 50);
    row("6 resident at the first frame", text("%.1f MB", vm), text("own %.1f, mapped %.1f MB", anonymous, file),
        text("%.2fx", vm / 100), "< 100 MB", vm < 100);
    for (size_t i = 0; i < KINDS; i++) keys_of(&p, &kinds[i]);
    rows_after(&p);
    stop(&p);
    free(index);
}
