/* explorer_plots.c: full-screen plots, the cursor of the domains pane, and results that arrive from threads. */
#include "explorer_driver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {"scatter", "concentration", "sweep",      "bands",  "overlap",
                                    "mix",     "random",        "task-share", "repeats"};
static const char *const tabs[] = {"[scatter]", "[shift]",  "[N]",    "[bands]",  "[overlap]",
                                   "[mix]",     "[random]", "[task]", "[repeats]"};
enum { PLOTS = sizeof names / sizeof *names };

/* The plot of this tab stands there with all of its numbers. */
static bool is_shown(term *t, const void *tab) {
    return strstr(row(t, 1), tab) && !term_has(t, "computing") && !term_has(t, "p ..");
}

/* Waits for it. Halfway through a frame the new tab can stand above the plot before, so what holds is looked at again.
 */
static bool await_plot(term *t, const char *tab) {
    for (int i = 0; i < 5; i++)
        if (await(t, is_shown, tab)) return true;
    return false;
}

/* Lines that scry plot draws below the title and that the terminal's lacks: words, not the drawing, whose size differs.
 * Compares the notes, up to the first line without words. */
static void check_notes(term *t, const char *name, const char *options) {
    char what[160], wrong[400] = "";
    int status, lines = 0;
    char *text = shell(&status, "'%s' plot '%s' %s --size 21x80 %s", scry, study_index, name, options), *state = NULL;
    snprintf(what, sizeof what, "%s %s: title and notes are those of scry plot", name, options);
    for (char *line = strtok_r(text, "\n", &state); line && lines < 2; line = strtok_r(NULL, "\n", &state), lines++)
        if (!term_has(t, line) && !wrong[0]) snprintf(wrong, sizeof wrong, "%s", line);
    check(status == 0 && lines == 2 && !wrong[0], t, what, "found no line \"%s\"", wrong);
    free(text);
}

void test_plots(void) {
    term *t = open_sample();
    char *before = picture(t, ROWS, COLS);
    term_keys(t, "p");
    check(await_plot(t, tabs[0]), t, "p opens the scatter", "found none");
    check_notes(t, "scatter", "");
    for (int i = 1; i < PLOTS; i++) {
        char key[2] = {(char)('1' + i), 0}, what[80];
        term_keys(t, i % 2 ? key : "Tab");
        snprintf(what, sizeof what, "%s brings %s with its numbers", i % 2 ? key : "Tab", names[i]);
        check(await_plot(t, tabs[i]), t, what, "found \"%s\"", row(t, 1));
        check_notes(t, names[i], "");
    }
    term_keys(t, "S-Tab");
    check(await_plot(t, tabs[PLOTS - 2]), t, "S-Tab goes back", "found \"%s\"", row(t, 1));
    check_idle(t, "a plot");
    term_keys(t, "q");
    rest(t);
    char *after = picture(t, ROWS, COLS);
    check(strcmp(before, after) == 0, t, "q gives the panes back as they were", "found other cells");
    free(before);
    free(after);
    leave(t);
}

void test_plots_live(void) {
    term *t = open_sample();
    char options[64];
    term_keys(t, "p");
    await_plot(t, tabs[0]);
    term_keys(t, "j Space");
    await_text(t, "99 latents");
    await_plot(t, tabs[0]);
    snprintf(options, sizeof options, "--without %d", order[1]);
    check_notes(t, "scatter", options);
    check(term_has(t, "not in the score"), t, "the line below names the latent that was switched", "found none");
    term_keys(t, "u");
    await_text(t, "100 latents");
    term_keys(t, "x");
    await_text(t, "13 of 14 domains");
    await_plot(t, tabs[0]);
    check(term_has(t, "n 13") && term_has(t, "left out"), t, "x leaves out the domain that is pointed out",
          "found no n 13");
    term_keys(t, "x");
    check(await_text(t, "all domains"), t, "x takes it in again", "found none");
    term_keys(t, "3");
    await_plot(t, tabs[2]);
    term_keys(t, "Left Left");
    check(await_text(t, "N 90 rho"), t, "Left goes back along N", "found another N");
    term_keys(t, "Enter");
    check(await_text(t, "N 90  score"), t, "Enter takes that N", "found \"%s\"", row(t, 0));
    term_keys(t, "7");
    await_plot(t, tabs[6]);
    check_notes(t, "random", "--top 90");
    term_keys(t, "]");
    await_text(t, "random sets of 100");
    await_plot(t, tabs[6]);
    check_notes(t, "random", "");
    char path[600];
    snprintf(path, sizeof path, "svg %s/live.svg", work);
    command(t, path);
    check(await_text(t, "random written to"), t, ":svg writes the plot", "found \"%s\"", footer(t));
    char *differs = shell(NULL, "'%s' plot '%s' random -o - | cmp - '%s/live.svg' 2>&1", scry, study_index, work);
    check(!*differs, t, "which is what scry plot -o writes", "found: %s", differs);
    free(differs);
    term_keys(t, "q");
    leave(t);
}

static bool never(term *t, void *arg) {
    (void)t;
    (void)arg;
    return false;
}

/* Toggles faster than anything can be worked out: what stands there in the end is of the last state. */
void test_plots_storm(void) {
    term *t = open_sample();
    term_keys(t, "p 9");
    for (int i = 0; i < 40; i++) {
        term_send(t, i % 4 == 3 ? "][ u" : " j 797 k");
        if (i % 10 == 9) term_wait(t, never, NULL, 45); /* long enough for work to begin, not for it to end */
    }
    term_keys(t, "9");
    check(await_plot(t, tabs[8]), t, "after a storm of toggles the repeats stand there", "found \"%s\"", row(t, 1));
    char file[600], options[700];
    snprintf(file, sizeof file, "export %s/storm.csv", work);
    command(t, file);
    await_text(t, "written to");
    snprintf(options, sizeof options, "--set '%s/storm.csv'", work);
    check_notes(t, "repeats", options);
    check_idle(t, "after a storm");
    term_keys(t, "q");
    leave(t);
}

static bool is_under_way(term *t, const void *tab) {
    return strstr(row(t, 1), tab) && term_has(t, "computing");
}

/* Left while threads work: at once, and the terminal as it was. */
void test_plots_leave(void) {
    char index[600];
    int status;
    snprintf(index, sizeof index, "%s/large.scry", work);
    free(shell(&status,
               "'%s' synth -o '%s/large' --width 131072 --tokens-each 8 2>&1 && '%s' index '%s/large/study.json' -o "
               "'%s' 2>&1",
               scry, work, scry, work, index));
    if (!check(status == 0, NULL, "a study of 131,072 latents", "found exit status %d", status)) return;
    term *t = start(ROWS, COLS, NULL, index, NULL);
    rest(t);
    type_line(t, ":top 100000"); /* a thousand random sets of that many take seconds */
    await_text(t, "N 100000");
    term_keys(t, "p 7");
    check(await_text(t, "computing"), t, "what takes long is marked as under way", "found none");
    term_keys(t, "6 j k 7");
    check(await_strictly(t, is_under_way, "[random]"), t, "keys are taken meanwhile, before it is there",
          "found \"%s\"", row(t, 1));
    double took;
    status = end_by(t, "q q", &took);
    check(status == 0 && took < 2, NULL, "q leaves while threads work",
          "found status %d after %.2f s of processor time", status, took);
    check_restored(t, "and restores the terminal");
    term_free(t);
}

void test_domain_cursor(void) {
    term *t = open_sample();
    term_keys(t, "Tab Tab j j Space");
    check(await_text(t, "chemistry left out"), t, "space in the domains' pane leaves the domain out", "found \"%s\"",
          footer(t));
    rest(t);
    check(term_has(t, "n 13"), t, "rho is of 13 domains", "found another n");
    int status;
    char *text = shell(&status,
                       "'%s' score '%s' --json --domains "
                       "'biology,business,computer science,economics,engineering,health,history,law,math,other,"
                       "philosophy,physics,psychology' | grep -o '\"pearson\":[^,]*' | cut -d: -f2",
                       scry, study_index);
    check_number(rho_value(t), strtod(text, NULL), 0.00051, t, "and that of the shell without it");
    free(text);
    term_keys(t, "Space");
    check(await_text(t, "chemistry takes part"), t, "space takes it in again", "found \"%s\"", footer(t));
    rest(t);
    check(term_has(t, "n 14"), t, "rho is of all 14", "found another n");
    leave(t);
}
