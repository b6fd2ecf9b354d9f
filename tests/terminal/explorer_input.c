/* explorer_input.c: what a terminal sends: reports that nobody asked for change nothing, whole, early, and in two
 * pieces at each place; bracketed pastes go into prompts alone; keys in the form of CSI u act. */
#include "explorer_driver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ST "\033\\"
static const struct {
    const char *bytes, *what;
} reports[] = {{"\033[I\033[O", "focus in and out"},
               {"\033[12;40R", "a cursor position report"},
               {"\033[?12;40;1R", "an extended cursor position report"},
               {"\033[?62;22c", "primary device attributes"},
               {"\033[>0;10;1c", "secondary device attributes"},
               {"\033P!|7E565445" ST, "tertiary device attributes"},
               {"\033P>|XTerm(367) q:q" ST, "XTVERSION"},
               {"\033P1+r544e=78" ST, "XTGETTCAP"},
               {"\033[?2026;2$y", "DECRPM"},
               {"\033[?1u", "the keyboard's flags"},
               {"\033[8;24;80t", "the size of the window"},
               {"\033]11;rgb:1e1e/1e1e/2e2e\a", "OSC 11, ended by BEL"},
               {"\033]4;1;rgb:cd/00/00" ST, "OSC 4, ended by ST"},
               {"\033]l q:quit j" ST, "the title of the window"},
               {"\033_Gi=1;OK q" ST, "APC"},
               {"\033^q q" ST, "PM"},
               {"\033Xq q" ST, "SOS"},
               {"\033Oj", "SS3"},
               {"\033[1;5C", "an arrow with Ctrl"},
               {"\033[106;3u", "Alt-j as CSI u"},
               {"\033[106;1:3u", "j that was let go of"},
               {"\033[?9;8;7;6!&x", "an unknown control sequence"},
               {"\033[99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99;99q", "a long one"},
               {"\xc2\x9b"
                "12;40R",
                "a report in C1 characters"}};
enum { REPORTS = sizeof reports / sizeof *reports };

/* The second piece comes while the program still waits for it; under load that cannot be had, and the first is left
 * alone then. False: it came too late. */
static bool send_in_two(term *t, const char *bytes, size_t cut) {
    char first[200];
    double begun = seconds();
    snprintf(first, sizeof first, "%.*s", (int)cut, bytes);
    term_send(t, first);
    term_settle(t, 30);
    bool in_time = seconds() - begun < 0.6;
    if (in_time) term_send(t, bytes + cut);
    else term_settle(t, 1300);
    return in_time;
}

void test_reports(void) {
    term *t = open_sample();
    term_keys(t, "j j");
    await_current(t, order[2]);
    rest(t);
    char *before = picture(t, ROWS, COLS), what[160];
    for (int i = 0; i < REPORTS; i++) {
        size_t size = strlen(reports[i].bytes), late = 0;
        term_send(t, reports[i].bytes);
        for (size_t cut = 1; cut<size; cut += size> 40 ? 7 : 1) late += !send_in_two(t, reports[i].bytes, cut);
        term_settle(t, 60);
        if (late) printf("# %zu pieces of %zu could not be sent in time\n", late, size);
        char *after = picture(t, ROWS, COLS);
        snprintf(what, sizeof what, "%s, whole and in two, changes nothing", reports[i].what);
        if (!check(strcmp(before, after) == 0, t, what, "found another screen")) i = REPORTS;
        free(after);
    }
    term_send(t, "\033[12;4");
    term_settle(t, 1300);
    term_keys(t, "k");
    check(await_current(t, order[1]), t, "a report without an end is given up, and k is a key", "found %d", current(t));
    term_send(t, "\033]11;rgb:\033[B");
    check(await_current(t, order[2]), t, "an arrow ends an OSC without an end, and acts", "found %d", current(t));
    term_keys(t, "Enter");
    check(await_text(t, "Enter back"), t, "the pane is enlarged", "found \"%s\"", footer(t));
    term_keys(t, "Esc");
    check(await_text(t, "space toggle"), t, "and a lone Esc is still Esc", "found \"%s\"", footer(t));
    leave(t);
    t = start(ROWS, COLS, NULL, study_index, NULL);
    for (int i = 0; i < REPORTS; i++) term_send(t, reports[i].bytes); /* answers to a shell that has gone */
    term_keys(t, "j j");
    await_current(t, order[2]);
    rest(t);
    char *after = picture(t, ROWS, COLS);
    check(strcmp(before, after) == 0, t, "all of them before the first frame change nothing", "found another screen");
    free(after);
    free(before);
    leave(t);
}

/* ---- pastes -------------------------------------------------------------------------------------------------------
 */

#define PASTE(text) "\033[200~" text "\033[201~"

static bool lasts(term *t) {
    return term_wait_exit(t, 0) == -1 && !term_job_stopped(t);
}

void test_paste(void) {
    static const char *const pastes[] = {PASTE("q:quit"), PASTE("\n"),          PASTE(":quit\rq\n"),
                                         PASTE("\003q"),  PASTE("\032\034j x"), PASTE("q\033[201q\033q")};
    char *argv[] = {(char *)scry, study_index, NULL}, what[120];
    term *t = term_start_job(ROWS, COLS, NULL, argv, NULL);
    if (!t) exit(1);
    rest(t);
    check(term_paste_mode(t), t, "pastes are asked for in brackets", "found that they are not");
    char *before = picture(t, ROWS, COLS);
    for (size_t i = 0; i < sizeof pastes / sizeof *pastes; i++) {
        term_send(t, pastes[i]);
        for (size_t cut = 2; cut < strlen(pastes[i]); cut++) send_in_two(t, pastes[i], cut);
        term_settle(t, 60);
        char *after = picture(t, ROWS, COLS);
        snprintf(what, sizeof what, "paste %zu into the table, whole and in two, changes nothing", i);
        check(strcmp(before, after) == 0 && lasts(t), t, what, "found another screen, or it gone");
        free(after);
    }
    free(before);
    term_keys(t, ":");
    term_send(t, PASTE("q:quit\r\n"));
    check(await_text(t, ":q:quit") && lasts(t), t, "into the palette its text is put in", "found \"%s\"", footer(t));
    term_send(t, PASTE("\n\003\032x\ty"));
    check(await_text(t, ":q:quitx y") && lasts(t), t, "control characters and line breaks do nothing there",
          "found \"%s\"", footer(t));
    term_keys(t, "C-u");
    term_send(t, PASTE("toggle\n"));
    term_keys(t, "Enter");
    check(await_count(t, 99), t, "and a pasted command runs by Enter", "found %d, expected 99", count(t));
    term_keys(t, "&");
    term_send(t, PASTE("rank<=3"));
    check(await_text(t, "&rank<=3") && await_text(t, "3 of 2048"), t, "a pasted filter is seen at once", "found \"%s\"",
          footer(t));
    term_keys(t, "Esc ?");
    await_text(t, "keys and commands");
    term_send(t, PASTE("undo"));
    term_settle(t, 60);
    check(!term_has(t, "with \"undo"), t, "a paste into the help does nothing", "found \"%s\"", row(t, 1));
    term_keys(t, "/");
    term_send(t, PASTE("undo"));
    check(await_text(t, "with \"undo"), t, "but goes into its filter", "found \"%s\"", row(t, 1));
    term_keys(t, "Esc q");
    await_text(t, "space toggle");
    term_keys(t, "C-z");
    check(term_wait_stopped(t, WAIT) && !term_paste_mode(t), t, "Ctrl-Z leaves pastes as they were", "found brackets");
    term_job_continue(t);
    rest(t);
    check(term_paste_mode(t), t, "fg asks for brackets again", "found that they are not asked for");
    leave(t);
}

/* ---- keys in other forms ------------------------------------------------------------------------------------------
 */

void test_csi_u(void) {
    static const struct {
        const char *form, *plain, *back, *what;
    } keys[] = {{"\033[106u", "j", "k", "j"},
                {"\033[106;1:1u", "j", "k", "j, pressed"},
                {"\033[103;2u", "G", "g", "G"},
                {"\033[27;2;71~", "G", "g", "G as modifyOtherKeys"},
                {"\033[100;5u", "\004", "g", "Ctrl-d"},
                {"\033[27;5;100~", "\004", "g", "Ctrl-d as modifyOtherKeys"},
                {"\033[106;5u", "\n", "\033[27u\033[Z", "Ctrl-j"},
                {"\033[27;5;106~", "\n", "\033[27u\033[Z", "Ctrl-j as modifyOtherKeys"},
                {"\033[13u", "\r", "\033[27u\033[Z", "Enter"},
                {"\033[9u", "\t", "\033[Z", "Tab"},
                {"\033[9u", "\t", "\033[9;2u", "Tab and Shift-Tab"},
                {"\033[58u", ":", "\033[99;5u", "the palette, and Ctrl-c"},
                {"\033[57420u", "j", "k", "Down of the keypad"}};
    term *t = open_sample();
    char *before = picture(t, ROWS, COLS), what[120];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        term_send(t, keys[i].plain);
        term_settle(t, 80);
        char *plain = picture(t, ROWS, COLS);
        term_send(t, keys[i].back);
        term_settle(t, 80);
        char *back = picture(t, ROWS, COLS);
        term_send(t, keys[i].form);
        term_settle(t, 80);
        char *form = picture(t, ROWS, COLS);
        term_send(t, keys[i].back);
        term_settle(t, 80);
        snprintf(what, sizeof what, "%s as ESC %s is that key", keys[i].what, keys[i].form + 1);
        check(strcmp(form, plain) == 0 && strcmp(plain, before) != 0 && strcmp(back, before) == 0, t, what,
              "found another screen, or none that changed");
        free(plain);
        free(back);
        free(form);
    }
    free(before);
    term_send(t, "\033[32u");
    check(await_count(t, 99), t, "Space as CSI u switches", "found %d, expected 99", count(t));
    term_send(t, ":\033[117u\033[110u\033[100u\033[111u\033[13u");
    check(await_count(t, 100), t, "a command is typed and run so", "found %d, expected 100", count(t));
    term_send(t, "\033[113u");
    check(term_wait_exit(t, WAIT) == 0, t, "and q quits", "found it running");
    term_free(t);
}
