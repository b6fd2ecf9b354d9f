/* explorer_watch.c: scry train --watch: curves during training, and every way to leave them. */
#include "explorer_driver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[600];

/* A run on the sample study into a new folder; steps: how long. */
static term *train(const char *name, const char *steps, const char *more) {
    snprintf(folder, sizeof folder, "%s/%s", work, name);
    char *argv[] = {(char *)scry,
                    (char *)"train",
                    (char *)"sample_data/study.json",
                    (char *)"-o",
                    folder,
                    (char *)"--watch",
                    (char *)"--width",
                    (char *)"128",
                    (char *)"--batch",
                    (char *)"256",
                    (char *)"--steps",
                    (char *)steps,
                    (char *)"--log-every",
                    (char *)"20",
                    (char *)more,
                    NULL};
    term *t = term_start(ROWS, COLS, NULL, argv, NULL);
    if (!t) exit(1);
    return t;
}

static bool in_folder(const char *file) {
    char path[700];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return access(path, F_OK) == 0;
}

/* All four curves, the progress and the keys. */
static bool is_complete(term *t, const void *arg) {
    (void)arg;
    return term_altscreen(t) && strncmp(row(t, 1), "loss ", 5) == 0 && term_has(t, "explained variance .") &&
           term_has(t, "L0 32.0") && term_has(t, "dead latents ") && term_has(t, " of ") && term_has(t, "tokens/s") &&
           strstr(footer(t), "q leave; training continues  ^C save and stop");
}

/* Cells of braille with dots: what is drawn. */
static int dots(term *t) {
    int n = 0;
    for (int y = 0; y < height(t); y++)
        for (int x = 0; x < COLS; x++) {
            const unsigned char *c = (const unsigned char *)term_at(t, y, x).utf8;
            n += c[0] == 0xe2 && c[1] >= 0xa0 && c[1] <= 0xa3 && !(c[1] == 0xa0 && c[2] == 0x80);
        }
    return n;
}

static bool is_drawn_long(term *t, const void *arg) {
    (void)arg;
    return dots(t) > 30;
}

static void check_end(term *t, int expected, const char *what) {
    char line[120];
    int status = term_wait_exit(t, 10 * WAIT);
    snprintf(line, sizeof line, "%s: exit status %d", what, expected);
    check(status == expected, t, line, "found %d", status);
    snprintf(line, sizeof line, "%s: the terminal is as it was", what);
    check_restored(t, line);
}

/* Lines that are wider than the terminal are broken anywhere, so blanks do not count: text has none. */
static bool has_said(term *t, const char *text) {
    char *screen = term_screen(t), *to = screen;
    for (const char *from = screen; *from; from++)
        if (*from != ' ' && *from != '\n') *to++ = *from;
    *to = 0;
    bool has = strstr(screen, text) != NULL;
    free(screen);
    return has;
}

static void test_to_the_end(void) {
    term *t = train("watch-end", "6000", NULL);
    check(await_strictly(t, is_complete, NULL), t, "train --watch: four curves at 80x24", "found others");
    check(await_strictly(t, is_drawn_long, NULL), t, "which grow", "found %d cells of braille", dots(t));
    term_keys(t, "2");
    check(term_wait_gone(t, "dead latents", WAIT) && term_has(t, "explained variance"), t, "2 enlarges one",
          "found others");
    term_keys(t, "Tab");
    check(term_wait_text(t, "L0 32.0", WAIT) && !term_has(t, "explained variance"), t, "Tab the next", "found another");
    term_keys(t, "0");
    check(await_strictly(t, is_complete, NULL), t, "0 shows all again", "found others");
    term_resize(t, 8, 30);
    check(term_wait_gone(t, "dead latents", WAIT) && term_wait_text(t, "% ", WAIT), t,
          "a small window holds what it can", "found \"%s\"", row(t, 0));
    term_resize(t, ROWS, COLS);
    check(await_strictly(t, is_complete, NULL), t, "and all of it again", "found others");
    check_end(t, 0, "train --watch, to its end");
    check(has_said(t, "on1280held-outtokens:explainedvariance0.8") && in_folder("cfg.json"), t,
          "it ends with the figures and an SAE", "found none");
    check(term_has(t, "step 6000 of 6000") && dots(t) > 60, t, "and leaves its curves behind",
          "found %d cells of braille", dots(t));
    term_free(t);
}

static void test_leaving(void) {
    term *t = train("watch-left", "1500", "--ascii");
    check(await_strictly(t, is_complete, NULL) && dots(t) == 0, t, "train --watch --ascii: no braille",
          "found %d cells", dots(t));
    term_keys(t, "q");
    check(term_wait_text(t, "scry: training continues", WAIT), t, "q says that training continues", "found nothing");
    check_restored(t, "q: the terminal is as it was");
    check_end(t, 0, "left by q, to its end");
    check(in_folder("cfg.json"), t, "and it trained to the end", "found no cfg.json");
    term_free(t);
}

static void test_stopping(void) {
    term *t = train("watch-stopped", "20000", NULL);
    await_strictly(t, is_complete, NULL);
    term_keys(t, "C-c");
    check_end(t, 1, "Ctrl-C among the curves");
    check(has_said(t, "goonwith:scrytrain--resume"), t, "it says how to go on", "found nothing");
    check(in_folder("checkpoint.safetensors"), NULL, "and saved a checkpoint", "found none");
    term_free(t);
    t = train("watch-left-stopped", "20000", NULL);
    await_strictly(t, is_complete, NULL);
    term_keys(t, "q");
    term_wait_text(t, "scry: training continues", WAIT);
    term_settle(t, 50);
    term_keys(t, "C-c");
    check_end(t, 1, "Ctrl-C after q");
    check(in_folder("checkpoint.safetensors"), NULL, "saved a checkpoint too", "found none");
    term_free(t);
}

static void test_ends(void) {
    static const struct {
        int number, status;
        const char *name;
        bool saves;
    } ends[] = {{SIGTERM, 1, "SIGTERM", true}, {SIGHUP, 1, "SIGHUP", true}, {SIGSEGV, 139, "SIGSEGV", false}};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char name[64];
        snprintf(name, sizeof name, "watch-%s", ends[i].name);
        term *t = train(name, "20000", NULL);
        await_strictly(t, is_complete, NULL);
        kill(term_pid(t), ends[i].number);
        check_end(t, ends[i].status, ends[i].name);
        snprintf(name, sizeof name, "%s among the curves: a checkpoint", ends[i].name);
        if (ends[i].saves) check(in_folder("checkpoint.safetensors"), NULL, name, "found none");
        term_free(t);
    }
}

static void append(const char *path, const char *lines) {
    free(shell(NULL, "sed -n '%s' tests/specimens/watch/train.jsonl >>'%s'", lines, path));
}

/* A run of another process, of which only the log is there: lines come one after the other. */
static void test_following(void) {
    char path[700];
    snprintf(folder, sizeof folder, "%s/watch-other", work);
    snprintf(path, sizeof path, "%s/train.jsonl", folder);
    free(shell(NULL, "mkdir -p '%s'", folder));
    append(path, "1,30p");
    char *argv[] = {(char *)scry, (char *)"train", (char *)"--watch", folder, NULL};
    term *t = term_start(ROWS, COLS, NULL, argv, NULL);
    if (!t) exit(1);
    check(term_wait_text(t, "step 145 of 400", WAIT), t, "train --watch DIR: a run under way", "found another step");
    append(path, "31,50p");
    check(term_wait_text(t, "step 245 of 400", WAIT), t, "it grows with the log", "found another step");
    free(shell(NULL, "head -20 '%s' >'%s.new' && mv '%s.new' '%s'", path, path, path, path));
    check(term_wait_text(t, "step 95 of 400", WAIT), t, "a log that was cut is read anew", "found another step");
    append(path, "21,81p");
    check(term_wait_text(t, "done", WAIT), t, "and says when it is done", "found nothing");
    term_keys(t, "q");
    check_end(t, 0, "train --watch DIR: q");
    term_free(t);
}

void test_watch(void) {
    test_to_the_end();
    test_leaving();
    test_stopping();
    test_ends();
    test_following();
}
