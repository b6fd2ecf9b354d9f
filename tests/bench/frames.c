/* frames.c: rows 6 and 7: the explorer on a pseudo-terminal, with 1,048,576 latents: start to first frame, key to
 * frame.
 *
 * A frame is complete when the program has read all keys, has written something, sleeps, and has nothing left to write;
 * its time is that of its last byte. Keys are pressed while the program rests, and also at any moment, as a person
 * types: then work between frames can delay a key, and counts. */
#include "explorer_pty.h"

#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STARTS = 12 };

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
    if (*k->before) pty_press(p, k->before);
    pty_until_idle(p);
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
        if (any) pty_rest(p, 10 + 110 * uniform(&state));
        else pty_until_idle(p);
        double ms = pty_press(p, key);
        if (ms > most[any]) {
            most[any] = ms;
            snprintf(worst[any], sizeof worst[any], "%s", key);
        }
        times_add(any ? &at_any : &at_rest, ms);
        if (k->between) pty_press(p, k->between);
    }
    pty_until_idle(p);
    pty_press(p, "\033"); /* out of a line that is still open */
    pty_until_idle(p);
    if (*k->after) pty_press(p, k->after);
    double p50 = times_quantile(at_any.value, at_any.count, 0.5),
           p99 = times_quantile(at_any.value, at_any.count, 0.99);
    double rest50 = times_quantile(at_rest.value, at_rest.count, 0.5),
           rest99 = times_quantile(at_rest.value, at_rest.count, 0.99);
    double worse = fmax(p99, rest99);
    say("%s: %zu keys at rest, %zu at any moment, %zu without a frame; slowest %.1f ms, key %s", k->name, at_rest.count,
        at_any.count, at_rest.none + at_any.none, fmax(most[0], most[1]), shown(worst[most[1] > most[0]]));
    row(text("7 key to frame: %s", k->name), text("p50 %.2f p99 %.2f ms", p50, p99),
        text("at rest p50 %.2f p99 %.2f ms", rest50, rest99), text("%.2fx", worse / 16), "p99 < 16 ms",
        worse < 16 && at_any.none + at_rest.none <= 2);
}

/* ---- start --------------------------------------------------------------------------------------- */

static void rows_after(pty *p) {
    pty_until_idle(p);
    pty_rest(p, 500);
    unsigned long before = pty_ticks(p->pid);
    pty_rest(p, 2000);
    unsigned long taken = pty_ticks(p->pid) - before;
    row("7 idle, after all of it", text("%lu ticks", taken), "in 2 s", text("%lux", taken), "0 ticks", taken == 0);
    double peak = pty_resident(p->pid, "VmHWM:"), left = pty_resident(p->pid, "VmRSS:"),
           own = pty_resident(p->pid, "RssAnon:");
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
        pty_start(&p, argv);
        first[i] = (pty_frame(&p, "scry") - t) * 1e3;
        vm = pty_resident(p.pid, "VmRSS:");
        anonymous = pty_resident(p.pid, "RssAnon:");
        file = pty_resident(p.pid, "RssFile:");
        if (i < STARTS - 1) pty_stop(&p);
    }
    pty_until_idle(&p);
    double later = pty_resident(p.pid, "VmRSS:");
    double slowest = first[0]; /* the first start can find the file outside the page cache */
    double p50 = times_quantile(first, STARTS, 0.5);
    say("%d starts on %d x %d, first %.1f ms, best %.1f, median %.1f; anonymous %.1f MB, of files %.1f MB; %.1f MB "
        "after the figures that come later",
        STARTS, PTY_ROWS, PTY_COLS, slowest, first[0], p50, anonymous, file, later);
    row("6 open 1,048,576 latents to the first frame", text("best %.1f ms", first[0]),
        text("median %.1f, first %.1f ms", p50, slowest), text("%.2fx", first[0] / 50), "< 50 ms", first[0] < 50);
    row("6 resident at the first frame", text("%.1f MB", vm), text("own %.1f, mapped %.1f MB", anonymous, file),
        text("%.2fx", vm / 100), "< 100 MB", vm < 100);
    for (size_t i = 0; i < KINDS; i++) keys_of(&p, &kinds[i]);
    rows_after(&p);
    pty_stop(&p);
    free(index);
}
