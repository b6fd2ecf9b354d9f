/* explorer_jobs.c: commands that run as jobs: keys are handled meanwhile, the result appears when it is ready, and Esc,
 * Ctrl-C and q cancel. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Files in the folder that begin so, temporary ones too. */
static int files(const char *name) {
    char *text = shell(NULL, "ls -d '%s/'%s* 2>/dev/null | wc -l", work, name);
    int n = atoi(text);
    free(text);
    return n;
}

static bool file_is_there(term *t, const void *path) {
    (void)t;
    return access(path, F_OK) == 0;
}

static bool is_elsewhere(term *t, const void *before) {
    return current(t) != *(const int *)before;
}

static term *open_large(void) {
    char index[600];
    int status = 0;
    snprintf(index, sizeof index, "%s/jobs.scry", work);
    if (access(index, F_OK) != 0)
        free(shell(&status,
                   "'%s' synth -o '%s/jobs' --width 262144 --domain-count 48 --tokens-each 8 2>&1 && '%s' index "
                   "'%s/jobs/study.json' -o '%s' 2>&1",
                   scry, work, scry, work, index));
    if (!check(status == 0, NULL, "a study of 262,144 latents, of which an export takes seconds",
               "found exit status %d", status))
        return NULL;
    term *t = start(ROWS, COLS, NULL, index, NULL);
    rest(t);
    return t;
}

static void file_jobs(term *t) {
    char line[700];
    command(t, "top 200000");
    await_text(t, "N 200000");
    int before = current(t);
    snprintf(line, sizeof line, "export %s/long.csv", work);
    command(t, line);
    check(await_text(t, "Esc cancels"), t, "an export of 200,000 latents is under way", "found \"%s\"", footer(t));
    term_keys(t, "j");
    check(await(t, is_elsewhere, &before) && says(t, "Esc cancels"), t, "a key moves the cursor meanwhile",
          "found latent %d, \"%s\"", current(t), footer(t));
    term_keys(t, "q");
    check(await_message(t, "q again quits without it"), t, "q asks first", "found \"%s\"", footer(t));
    term_keys(t, "Esc");
    check(await_message(t, "long.csv: cancelled"), t, "Esc cancels it", "found \"%s\"", footer(t));
    term_settle(t, 100);
    check(files("long.csv") == 0, t, "and nothing of it is left", "found %d files", files("long.csv"));
    command(t, "top 100");
    await_text(t, "N 100 ");
    command(t, line);
    check(await_message(t, "100 latents written to"), t, "a short one is written", "found \"%s\"", footer(t));
    char *differs = shell(NULL, "'%s' export '%s/jobs.scry' 2>/dev/null | cmp - '%s/long.csv' 2>&1", scry, work, work);
    check(!*differs, t, "as the shell writes it", "found: %s", differs);
    free(differs);
}

static void page_jobs(term *t) {
    command(t, "baselines");
    check(await_text(t, "computing"), t, "baselines say how far they are", "found \"%s\"", row(t, 3));
    term_keys(t, "q");
    check(await_message(t, "cancelled") && !term_has(t, "computing"), t, "q cancels them", "found \"%s\"", footer(t));
    command(t, "baselines");
    await_text(t, "computing");
    term_keys(t, "C-c");
    check(await_message(t, "cancelled") && term_has(t, "rho "), t, "ctrl-C does too", "found \"%s\"", footer(t));
    command(t, "baselines");
    check(await_text(t, "training similarity"), t, "and they come by themselves", "found \"%s\"", row(t, 3));
    char *shown = shell(
        NULL, "'%s' baselines '%s/jobs.scry' --json | grep -o '\"pearson\":[^,]*' | head -1 | cut -d: -f2", scry, work);
    char number[16];
    snprintf(number, sizeof number, "%.3f", strtod(shown, NULL));
    check(term_has(t, number), t, "with the shell's rho", "found no %s", number);
    free(shown);
    term_keys(t, "q");
    check(await_text(t, "what-if"), t, "q goes back to the panes", "found \"%s\"", row(t, 1));
    command(t, "compare");
    check(await_text(t, "rho act"), t, "a comparison comes too", "found \"%s\"", row(t, 3));
    term_keys(t, "q");
    await_text(t, "what-if");
}

static void report_job(term *t) {
    char line[700], path[600];
    snprintf(path, sizeof path, "%s/job.html", work);
    snprintf(line, sizeof line, "report %s", path);
    command(t, line);
    check(await_text(t, "Esc cancels"), t, "a report is under way", "found \"%s\"", footer(t));
    command(t, "label while it is written");
    check(await_message(t, "while it is written"), t, "labels are given meanwhile", "found \"%s\"", footer(t));
    check(await(t, file_is_there, path), t, "the report is written", "found no %s", path);
    char *last = shell(NULL, "tail -c 8 '%s'", path);
    check(strstr(last, "</html>") != NULL, t, "to its end", "found \"%s\"", last);
    free(last);
}

/* Leaving with ctrl-C and q while something works: no thread keeps the program, and nothing half is left. */
static void leave_while(term *t) {
    char line[700];
    command(t, "top 200000");
    await_text(t, "N 200000");
    snprintf(line, sizeof line, "export %s/left.csv", work);
    command(t, line);
    await_text(t, "Esc cancels");
    double took;
    int status = end_by(t, "q q", &took);
    check(status == 0 && took < 1, NULL, "q q leaves while a file is written",
          "found status %d after %.2f s of processor time", status, took);
    check_restored(t, "and restores the terminal");
    check(files("left.csv") == 0, NULL, "nothing half is left", "found %d files", files("left.csv"));
    term_free(t);
}

void test_jobs(void) {
    term *t = open_large();
    if (!t) return;
    file_jobs(t);
    page_jobs(t);
    report_job(t);
    leave_while(t);
}
