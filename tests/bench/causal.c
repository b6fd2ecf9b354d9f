/* causal.c: rows 12 and 13: the explorer with the causal pane on, on a pseudo-terminal: key to frame beside the pane
 * off, and an exact run after a toggle, both of the sample; and a language model of a usual size, whose runs take long:
 * keys meanwhile, and Esc. */
#include "explorer_pty.h"

#include "bench.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { KEYS = 220, TOGGLES = 4, RUNS = 7, TEXTS = 12, TEXT_BYTES = 300, PROMPT_BYTES = 60, PATIENCE_S = 120 };

static double milliseconds(times *t, double share) {
    return times_quantile(t->value, t->count, share);
}

/* In the pane's title, in the place of "another set", once a run after a toggle has ended. */
static const char finished[] = "without the set";

/* ---- the sample ----------------------------------------------------------------------------- */

/* A key's time to its frame, and of it the first thread's own and what it waited for a processor, which other programs
 * have too. */
typedef struct key_times {
    times all, own, waited;
} key_times;

static void measure(pty *p, key_times *t, const char *key) {
    pty_share before = pty_first_thread(p->pid);
    times_add(&t->all, pty_press(p, key));
    pty_share after = pty_first_thread(p->pid);
    times_add(&t->own, after.own - before.own);
    times_add(&t->waited, after.waited - before.waited);
}

static void say_parts(const char *what, key_times *t) {
    say("%s: %zu keys, slowest %.1f ms, %zu without a frame; of the first thread's time p99 %.2f ms on a processor, "
        "p50 "
        "%.2f p99 %.2f ms waiting for one",
        what, t->all.count, milliseconds(&t->all, 1), t->all.none, milliseconds(&t->own, 0.99),
        milliseconds(&t->waited, 0.5), milliseconds(&t->waited, 0.99));
}

/* Toggles at any moment, as a person types. */
static void toggles(pty *p, key_times *t, uint64_t seed) {
    for (int i = 0; i < KEYS; i++) {
        pty_rest(p, 10 + 110 * uniform(&seed));
        measure(p, t, " ");
        pty_press(p, "j");
    }
    pty_until_still(p, NULL);
}

static void row_of_toggles(pty *p, const char *what, key_times *t, key_times *off) {
    toggles(p, t, 5);
    double p99 = milliseconds(&t->all, 0.99);
    say_parts(what, t);
    row(text("12 toggle to frame: %s", what), text("p50 %.2f p99 %.2f ms", milliseconds(&t->all, 0.5), p99),
        off ? text("pane off p99 %.2f ms", milliseconds(&off->all, 0.99)) : "", text("%.2fx", p99 / 16), "p99 < 16 ms",
        p99 < 16 && t->all.none <= 2);
}

static void exact_runs(pty *p) {
    double seconds[RUNS], last[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double begun = now();
        p->seen_length = 0;
        if (write(p->master, "j ", 2) < 0) die("the explorer is gone");
        seconds[i] = pty_await(p, finished, PATIENCE_S) - begun;
        last[i] = pty_until_still(p, NULL) - begun;
        if (seconds[i] < 0) die("no exact run in %d s", PATIENCE_S);
    }
    double median = times_quantile(seconds, RUNS, 0.5), best = seconds[0];
    row("12 toggle to exact figures, 14 domains, N 100", text("best %.2f s", best),
        text("median of %d %.2f s, with rho's interval %.2f s", RUNS, median, times_quantile(last, RUNS, 0.5)),
        text("%.2fx", best / 3), "<= 3 s", best <= 3);
}

static void sample(void) {
    static pty p;
    static key_times off, on, score;
    char *index = path_in("causal.scry");
    char *build[] = {(char *)scry, "index", "sample_data/study.json", "-o", index, NULL};
    char *effects[] = {(char *)scry, "effects", index, NULL};
    char *argv[] = {(char *)scry, index, NULL};
    run(build, NULL, false);
    run(effects, NULL, false);
    pty_start(&p, argv);
    pty_frame(&p, "scry");
    pty_until_still(&p, NULL);
    pty_press(&p, "A");
    pty_until_still(&p, NULL);
    exact_runs(&p);
    pty_press(&p, "A");
    row_of_toggles(&p, "causal pane off", &off, NULL);
    pty_press(&p, "A");
    row_of_toggles(&p, "causal pane on", &on, &off);
    pty_press(&p, "6");
    row_of_toggles(&p, "causal pane on, score abl", &score, &off);
    pty_stop(&p);
    free(index);
}

/* ---- a language model of a usual size ------------------------------------------------------- */

/* The first texts of a file of this project. */
static char *texts_of(const char *source, const char *name) {
    char *path = path_in("%s.jsonl", name), *bytes = calloc(1, TEXTS * TEXT_BYTES + 1);
    FILE *from = fopen(source, "re"), *to = fopen(path, "we");
    if (!bytes || !from || !to) die("%s: cannot be read, or %s not written", source, path);
    size_t length = fread(bytes, 1, TEXTS * TEXT_BYTES, from);
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)bytes[i] >= 0x80) bytes[i] = '?';
    for (size_t at = 0; at + TEXT_BYTES <= length; at += TEXT_BYTES) {
        char part[TEXT_BYTES + 1] = {0};
        cJSON *line = cJSON_CreateObject();
        memcpy(part, bytes + at, PROMPT_BYTES);
        cJSON_AddStringToObject(line, "prompt", part);
        memset(part, 0, sizeof part);
        memcpy(part, bytes + at + PROMPT_BYTES, TEXT_BYTES - PROMPT_BYTES);
        cJSON_AddStringToObject(line, "response", part);
        char *printed = cJSON_PrintUnformatted(line);
        fprintf(to, "%s\n", printed);
        cJSON_free(printed);
        cJSON_Delete(line);
    }
    fclose(from);
    if (fclose(to)) die("%s: cannot be written", path);
    free(bytes);
    return path;
}

static char *index_of(const char *model) {
    static const char *const sources[][2] = {
        {"README.md", "use"}, {"assets/ARCHITECTURE.md", "design"}, {"assets/CONTRIBUTING.md", "work"}};
    char *file[3], *study = path_in("large"), *manifest = path_in("large/study.json"), *sae = path_in("large/sae"),
                   *index = path_in("large.scry"), *domain[3];
    for (int i = 0; i < 3; i++) {
        file[i] = texts_of(sources[i][0], sources[i][1]);
        if (asprintf(&domain[i], "%s=%s", sources[i][1], file[i]) < 0) die("out of memory");
    }
    char *capture[] = {(char *)scry,
                       "capture",
                       "-o",
                       study,
                       "--model",
                       (char *)model,
                       "--hook",
                       "blocks.15.hook_resid_post",
                       "--train",
                       domain[0],
                       "--domain",
                       domain[0],
                       "--domain",
                       domain[1],
                       "--domain",
                       domain[2],
                       "--demos",
                       "1",
                       "--domain-demos",
                       "0",
                       NULL};
    char *train[] = {(char *)scry, "train",   manifest, "-o",     sae,      "--width",
                     "512",        "--steps", "30",     "--into", manifest, NULL};
    char *build[] = {(char *)scry, "index", manifest, "-o", index, NULL};
    run(capture, NULL, false);
    run(train, NULL, false);
    run(build, NULL, false);
    for (int i = 0; i < 3; i++) {
        free(file[i]);
        free(domain[i]);
    }
    free(study);
    free(manifest);
    free(sae);
    return index;
}

typedef struct meanwhile {
    key_times keys;
    size_t unasked; /* frames that no key asked for: progress */
    bool percent;   /* a share was among what was drawn */
} meanwhile;

static bool saw(const pty *p, const char *what) {
    return memmem(p->seen, p->seen_length, what, strlen(what)) != NULL;
}

/* Moves the cursor for so long, or until the run of another set has ended. */
static void keys_meanwhile(pty *p, meanwhile *m, double seconds) {
    uint64_t seed = 7;
    double begun = now();
    for (int i = 0; now() - begun < seconds; i++) {
        p->seen_length = 0;
        pty_rest(p, 10 + 110 * uniform(&seed));
        m->unasked += p->seen_length > 0;
        m->percent = m->percent || saw(p, "%");
        if (saw(p, finished)) return;
        measure(p, &m->keys, i % 2 ? "k" : "j");
        m->percent = m->percent || saw(p, "%");
        if (saw(p, finished)) return;
    }
}

/* Milliseconds from Esc to the end of all work. */
static double escape(pty *p) {
    double worked, begun = now();
    if (write(p->master, "\033", 1) < 0) die("the explorer is gone");
    pty_until_still(p, &worked);
    return (worked - begun) * 1e3;
}

static void large(void) {
    static pty p;
    static meanwhile m;
    const char *model = getenv("BENCH_MODEL");
    if (!model || !*model) {
        say("skipped: BENCH_MODEL names no model's folder, such as SmolLM2-135M's");
        row("13 causal pane on a large model", "skipped", "no BENCH_MODEL", "", "p99 < 16 ms", -1);
        return;
    }
    char *index = index_of(model), *argv[] = {(char *)scry, index, NULL};
    pty_start(&p, argv);
    pty_frame(&p, "scry");
    pty_until_still(&p, NULL);
    pty_press(&p, "A");
    keys_meanwhile(&p, &m, 1.5);
    double opening = escape(&p), begun = now();
    pty_press(&p, ":causal run\r");
    double whole = pty_until_still(&p, NULL) - begun, again = 0;
    for (int i = 0; i < TOGGLES; i++) {
        begun = now();
        pty_press(&p, "j ");
        keys_meanwhile(&p, &m, PATIENCE_S);
        again = now() - begun;
        pty_until_still(&p, NULL);
    }
    pty_press(&p, "j ");
    keys_meanwhile(&p, &m, fmin(1, again / 2));
    double running = escape(&p);
    pty_stop(&p);
    double p99 = milliseconds(&m.keys.all, 0.99), worse = fmax(opening, running);
    say_parts("while a large model runs", &m.keys);
    say("opened and run in %.1f s, another set in %.1f s", whole, again);
    row("13 key to frame while a large model runs", text("p50 %.2f p99 %.2f ms", milliseconds(&m.keys.all, 0.5), p99),
        "", text("%.2fx", p99 / 16), "p99 < 16 ms", p99 < 16 && m.keys.all.none <= 2);
    row("13 progress while it runs", text("%zu frames", m.unasked), m.percent ? "with a share" : "without a share", "",
        ">= 5", m.unasked >= 5 && m.percent);
    row("13 Esc to the end of its work", text("%.0f ms", worse),
        text("opening %.0f, running %.0f ms", opening, running), text("%.2fx", worse / 1000), "<= 1 s", worse <= 1000);
    free(index);
}

void bench_causal(void) {
    sample();
    large();
}
