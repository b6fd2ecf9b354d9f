/* explorer_causal.c: what the selection does in the model: runs on a thread with progress, while keys are handled; Esc
 * gives up; a toggle drops the run under way and starts the next; figures are those of scry ablate. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *title(term *t) {
    int y = find_row(t, "\xe2\x94\x80 loss", 0);
    return y < 0 ? row(t, domains_row(t)) : row(t, y);
}

/* What scry ablate says: the difference of the first domain as the pane rounds it. */
static void difference_of(const char *options, char text[32]) {
    int status = 0;
    char *json = shell(&status, "'%s' ablate '%s' --by icl --top 100 %s --json 2>'%s/ablate.said'", scry, study_index,
                       options, work);
    const char *at = strstr(json, "\"difference\":");
    snprintf(text, 32, "%+.4f", at ? strtod(at + strlen("\"difference\":"), NULL) : 0);
    check(status == 0 && at, NULL, "scry ablate says each domain's difference", "found exit status %d", status);
    free(json);
}

static bool is_fresh(term *t, const void *number) {
    const char *at = title(t);
    return strstr(at, "loss without the set") && !strchr(at, '%') && !strstr(at, "waiting") &&
           (!number || term_has(t, number));
}

static bool is_elsewhere(term *t, const void *before) {
    return current(t) != *(const int *)before;
}

/* The first run opens the model: keys go on, Esc gives it up, and :causal run takes it up again. */
static void first_run(term *t, const char *number) {
    term_keys(t, "A");
    check(await_text(t, "opening"), t, "A opens the model", "found \"%s\"", title(t));
    int before = current(t);
    term_keys(t, "j");
    check(await(t, is_elsewhere, &before), t, "a key moves the cursor meanwhile", "found latent %d", current(t));
    term_keys(t, "k Esc");
    check(await_message(t, "ablation cancelled"), t, "Esc gives up", "found \"%s\"", footer(t));
    check(strstr(title(t), "cancelled") != NULL, t, "the pane says so", "found \"%s\"", title(t));
    term_settle(t, 300);
    check(strstr(title(t), "cancelled") != NULL, t, "and it is not run again by itself", "found \"%s\"", title(t));
    command(t, "causal run");
    check(await(t, is_fresh, number), t, "causal run runs it, to what scry ablate says", "found \"%s\"", title(t));
}

/* Two toggles, the second while the run of the first goes on. */
static void toggles(term *t, const char *first, const char *number) {
    term_keys(t, "Space");
    check(await_text(t, "another set (-1)"), t, "after a toggle the figures are of another set", "found \"%s\"",
          title(t));
    check(term_has(t, first), t, "and still there", "found \"%s\"", title(t));
    check(await_text(t, "running"), t, "the next run begins by itself", "found \"%s\"", title(t));
    term_keys(t, "j Space");
    check(await_text(t, "another set (-2)"), t, "another toggle is shown at once", "found \"%s\"", title(t));
    check(await(t, is_fresh, number), t, "the run that ends is of both", "found \"%s\"", title(t));
    term_keys(t, "u u");
    check(await_count(t, 100) && await(t, is_fresh, first), t, "undone: figures of the first set", "found \"%s\"",
          title(t));
    term_keys(t, "C-r C-r");
    await_count(t, 98);
    check(is_fresh(t, number), t, "those of a set that was run before come in the same frame", "found \"%s\"",
          title(t));
}

static bool shows_scores(term *t, const void *unused) {
    (void)unused;
    return strstr(title(t), "STS act") != NULL;
}

static void settings(term *t) {
    char number[32];
    difference_of("--without 1819,637 --value mean", number);
    command(t, "causal mean");
    check(await_text(t, number), t, "by means, as scry ablate says", "found \"%s\"", title(t));
    command(t, "causal zero");
    command(t, "causal purple");
    check(await_message(t, "expected on, off, run"), t, "a wrong word is refused", "found \"%s\"", footer(t));
    term_keys(t, "A");
    check(await(t, shows_scores, NULL), t, "A goes back to the scores", "found \"%s\"", title(t));
}

/* Leaving while a run goes on: no thread keeps the program. */
static void leave_while(term *t) {
    double took;
    term_keys(t, "A");
    await_text(t, "without the set");
    command(t, "causal 3 drop");
    await_text(t, "running");
    int status = end_by(t, "q", &took);
    check(status == 0 && took < 2, NULL, "q leaves while a set is run",
          "found status %d after %.2f s of processor time", status, took);
    check_restored(t, "and restores the terminal");
    term_free(t);
}

static void without_model(void) {
    char index[600];
    int status = 0;
    snprintf(index, sizeof index, "%s/no-model.scry", work);
    free(shell(&status, "'%s' index tests/specimens/bare/no-sources.json -o '%s' 2>&1", scry, index));
    if (!check(status == 0, NULL, "a study without a model is indexed", "found exit status %d", status)) return;
    term *t = start(ROWS, COLS, NULL, index, NULL);
    await_text(t, "what-if");
    term_keys(t, "A");
    check(await_text(t, "no model: name its folder with --model DIR"), t, "without a model it is said how to name one",
          "found \"%s\"", title(t));
    leave(t);
}

void test_causal(void) {
    char first[32], both[32];
    difference_of("", first);
    difference_of("--without 1819,637", both);
    term *t = open_sample();
    first_run(t, first);
    toggles(t, first, both);
    settings(t);
    leave_while(t);
    without_model();
}
