/* explorer_views.c: the first frame, the panes, other rankings and scores, search, the palette, help. */
#include "explorer_driver.h"
#include "scores.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void test_first_frame(void) {
    term *t = start(ROWS, COLS, NULL, study_index, NULL);
    check(rest(t), t, "the explorer opens", "found no whole frame, expected rho with its figures");
    check(term_altscreen(t) && !term_cursor_visible(t) && term_mouse_mode(t) == 1, t,
          "alternate screen, no cursor, mouse on", "found %d %d %d, expected 1 0 1", term_altscreen(t),
          term_cursor_visible(t), term_mouse_mode(t));
    const char *title = row(t, 0);
    check(strncmp(title, " scry  math -> 14 domains", 25) == 0 && strstr(title, "ranked by icl sq  N 100  score act"),
          t, "the title names the study, the ranking, N and the score", "found \"%s\"", title);
    check(term_at(t, 0, 0).bg == term_at(t, 0, COLS - 1).bg && term_at(t, 0, 0).bg != -1, t,
          "the title has its own ground", "found %d and %d", term_at(t, 0, 0).bg, term_at(t, 0, COLS - 1).bg);
    int head = header_row(t), pane = latent_row(t), domains = domains_row(t);
    check(head == 1 && pane > head + 3 && domains > pane + 2 && domains < ROWS - 6, t, "three panes below each other",
          "found rows %d, %d, %d", head, pane, domains);
    int wrong = 0;
    for (int i = 0; i + head + 1 < pane; i++)
        wrong += (int)table_number(t, head + 1 + i, "rank") != i + 1 ||
                 (int)table_number(t, head + 1 + i, "latent") != order[i];
    check(wrong == 0, t, "the table's rows are the shell's ranking", "found %d rows that differ, expected none", wrong);
    check(current(t) == order[0], t, "the cursor is on the first rank", "found latent %d, expected %d", current(t),
          order[0]);
    facts f = shell_score("--top 100");
    check(f.domains == 14, NULL, "the shell scores 14 domains", "found %d", f.domains);
    check_domains(t, &f, "each domain's STS is the shell's");
    check_number(rho_value(t), f.pearson, 0.00051, t, "rho is the shell's");
    check(strstr(footer(t), "space toggle") && strstr(footer(t), "? help") && strstr(footer(t), "q quit"), t,
          "the footer names the keys", "found \"%s\"", footer(t));
    int blank = 0;
    for (int y = 0; y < ROWS; y++) blank += !row(t, y)[0];
    check(blank == 0, t, "no row of 24 is wasted", "found %d blank rows, expected none", blank);
    leave(t);
}
/* The pane whose title is underlined: it has the keys. */
static int focus(term *t) {
    int rows_of[3] = {header_row(t), latent_row(t), domains_row(t)}, found = -1;
    for (int p = 0; p < 3; p++)
        for (int x = 0; x < COLS && rows_of[p] >= 0; x++)
            if (term_at(t, rows_of[p], x).underline) {
                if (found >= 0 && found != p) return -2;
                found = p;
            }
    return found;
}

static bool is_focus(term *t, const void *pane) {
    return focus(t) == *(const int *)pane;
}

static bool is_enlarged(term *t, const void *arg) {
    (void)arg;
    return strstr(row(t, 1), "[tokens]") && domains_row(t) < 0;
}

void test_panes(void) {
    term *t = open_sample();
    static const char *const keys[] = {"Tab", "Tab", "Tab", "S-Tab", "S-Tab"};
    static const int panes[] = {1, 2, 0, 2, 1};
    check(focus(t) == 0, t, "the table has the keys at first", "found pane %d", focus(t));
    for (int i = 0; i < 5; i++) {
        char what[64];
        term_keys(t, keys[i]);
        bool ok = await(t, is_focus, &panes[i]);
        snprintf(what, sizeof what, "%s gives the keys to pane %d", keys[i], panes[i]);
        check(ok, t, what, "found %d", focus(t));
    }
    term_keys(t, "j");
    term_settle(t, 60);
    check(current(t) == order[0], t, "j in the latent's pane scrolls it and moves no cursor", "found latent %d",
          current(t));
    term_keys(t, "k S-Tab");
    rest(t);
    char *before = picture(t, ROWS, COLS);
    int examples = domains_row(t) - latent_row(t);
    term_keys(t, "Enter");
    check(await(t, is_enlarged, NULL), t, "Enter enlarges the latent", "found \"%s\"", row(t, 1));
    int more = 0;
    for (int y = 2; y < ROWS - 1; y++) more += strstr(row(t, y), "[") != NULL;
    check(more > examples, t, "with more of its tokens", "found %d, expected more than %d", more, examples);
    term_keys(t, "Enter");
    rest(t);
    char *after = picture(t, ROWS, COLS);
    check(strcmp(before, after) == 0, t, "Enter again gives the same screen", "found another one");
    term_keys(t, "Enter");
    await(t, is_enlarged, NULL);
    term_keys(t, "Esc");
    check(await_text(t, "rho "), t, "Esc leaves the enlarged pane", "found \"%s\"", row(t, 1));
    free(before);
    free(after);
    leave(t);
}

void test_views(void) {
    term *t = open_sample();
    facts f;
    term_keys(t, "2");
    check(await_message(t, "by sft sq: 100") && strstr(row(t, 0), "by sft sq"), t, "2 ranks by training",
          "found \"%s\"", row(t, 0));
    f = shell_score("--by sft");
    check_number(rho_value(t), f.pearson, 0.00051, t, "rho by sft is the shell's");
    check(current(t) == order[0], t, "the cursor stays on its latent", "found %d, expected %d", current(t), order[0]);
    term_keys(t, "1");
    check(await_message(t, "ranked by icl sq: 100") && strstr(row(t, 0), "by icl sq"), t, "1 ranks by demonstrations",
          "found \"%s\"", row(t, 0));
    static const char *const scores[] = {"act2", "icl", "act"}, *const keys[] = {"4", "5", "3"};
    for (int i = 0; i < 3; i++) {
        char what[64], options[32];
        snprintf(what, sizeof what, "score %s: ", scores[i]);
        term_keys(t, keys[i]);
        bool ok = await_message(t, what);
        snprintf(options, sizeof options, "--score %s", scores[i]);
        f = shell_score(options);
        snprintf(what, sizeof what, "%s is score %s", keys[i], scores[i]);
        check(ok, t, what, "found \"%s\"", row(t, 0));
        snprintf(what, sizeof what, "score %s is the shell's in every domain", scores[i]);
        check_domains(t, &f, what);
        snprintf(what, sizeof what, "rho of score %s is the shell's", scores[i]);
        check_number(rho_value(t), f.pearson, 0.00051, t, what);
    }
    for (int i = 0; i < 5; i++) {
        static const char *const metrics[] = {"abs", "mean", "rate", "d", "sq"};
        char words[64], what[64];
        snprintf(words, sizeof words, "metric %s", metrics[i]);
        command(t, words);
        snprintf(words, sizeof words, "ranked by icl %s: 100", metrics[i]);
        bool ok = await_message(t, words);
        snprintf(words, sizeof words, "--metric %s", metrics[i]);
        snprintf(what, sizeof what, ":metric %s, with the shell's rho", metrics[i]);
        check(ok && fabs(rho_value(t) - shell_score(words).pearson) < 0.00051, t, what, "found %g", rho_value(t));
    }
    command(t, "domains extremes:3");
    check(await_message(t, "extremes:3") && fabs(rho_value(t) - shell_score("--domains extremes:3").pearson) < 0.00051,
          t, ":domains narrows the correlation, as in the shell", "found %g", rho_value(t));
    command(t, "signed");
    check(await_text(t, "absolute change"), t, ":signed takes the size instead", "found \"%s\"",
          row(t, domains_row(t)));
    term_keys(t, "c");
    check(await_message(t, "tokens from train.base"), t, "c takes the tokens of the next capture", "found \"%s\"",
          footer(t));
    command(t, "capture law.icl");
    check(await_message(t, "tokens from law.icl"), t, ":capture takes a named one", "found \"%s\"", footer(t));
    int pane = find_row(t, "latent 1819", 1);
    check(pane > 0 && strstr(row(t, pane), "law.icl"), t, "the pane names the capture that its tokens are from",
          "found \"%s\"", row(t, pane));
    check(find_row(t, "law-", 1) > 0 && find_row(t, "train-math", 1) < 0, t, "and only those", "found others");
    command(t, "capture all");
    check(await_text(t, "c: all"), t, ":capture all", "found \"%s\"", footer(t));
    leave(t);
}
/* ---- search, palette, help -----------------------------------------------------------------------------------------
 */

void test_search(void) {
    term *t = open_sample();
    term_keys(t, "/");
    check(await(t, says, "/"), t, "/ opens the prompt", "found \"%s\"", footer(t));
    char number[16];
    snprintf(number, sizeof number, "%d", order[4]);
    term_keys(t, "u r o");
    check(await_current(t, order[2]), t, "the search goes along with the typing", "found latent %d, expected %d",
          current(t), order[2]);
    term_keys(t, "Esc");
    check(await_current(t, order[0]), t, "Esc goes back to where it began", "found latent %d, expected %d", current(t),
          order[0]);
    term_keys(t, "/ u r o Enter");
    check(await_current(t, order[2]) && await_message(t, "\"uro\": 1 of "), t, "Enter stays at the match",
          "found latent %d, expected %d", current(t), order[2]);
    term_keys(t, "/ x y z z y");
    term_settle(t, 60);
    check(term_has(t, "no match") && term_has(t, "xyzzy"), t, "what matches nothing is said to, while it is typed",
          "found \"%s\"", footer(t));
    term_keys(t, "Esc");
    term_settle(t, 60);
    check(current(t) == order[2], t, "and the cursor stays", "found latent %d, expected %d", current(t), order[2]);
    term_keys(t, "g / =");
    term_keys(t, "Enter");
    await_text(t, "space toggle");
    int seen[3] = {current(t), 0, 0};
    term_keys(t, "n");
    term_settle(t, 60);
    seen[1] = current(t);
    term_keys(t, "n");
    term_settle(t, 60);
    seen[2] = current(t);
    check(seen[0] == order[0] && seen[1] != seen[0] && seen[2] != seen[1], t, "n goes to the next match",
          "found %d %d %d", seen[0], seen[1], seen[2]);
    term_keys(t, "N");
    check(await_current(t, seen[1]), t, "N goes to the one before", "found %d, expected %d", current(t), seen[1]);
    term_keys(t, "/");
    type_line(t, number);
    check(await_current(t, order[4]), t, "a number finds its latent", "found %d, expected %d", current(t), order[4]);
    term_keys(t, "/ q q q q Enter");
    check(await_message(t, "is in no label"), t, "what is nowhere is said to be", "found \"%s\"", footer(t));
    leave(t);
}

void test_filter(void) {
    term *t = open_sample();
    int head = header_row(t);
    term_keys(t, "j j &");
    check(await_text(t, "e.g. rank<=500"), t, "& says what can be typed", "found no example");
    type_line(t, "rank<=5");
    check(await_text(t, "filter rank<=5  5 of 2048") && current(t) == order[2], t,
          "the filter is on and the cursor on its latent", "found latent %d", current(t));
    term_keys(t, "G");
    check(await_current(t, order[4]), t, "the last row is the last that passes", "found %d", current(t));
    term_keys(t, "& Space r a n k > 3");
    check(await_text(t, "rank<=5 rank>3  2 of 2048"), t, "counted while it is typed", "found \"%s\"", row(t, head + 3));
    term_keys(t, "Space s h");
    check(await_text(t, "shift  share"), t, "a name that is begun is not searched for", "found \"%s\"", footer(t));
    term_keys(t, "x t > 1");
    check(await_text(t, "at 16: no column \"shxt\"; did you mean shift?"), t, "what is wrong and where", "found \"%s\"",
          footer(t));
    term_keys(t, "Esc");
    check(await_text(t, "filter rank<=5  5 of 2048"), t, "Esc goes back to the filter before", "found it not");
    term_keys(t, "# 1 8 9 0 Enter");
    check(await_message(t, "the filter hides latent 1890"), t, "a hidden latent is said to be", "found \"%s\"",
          footer(t));
    term_keys(t, "\\");
    check(await_current(t, 1890), t, "and \\ shows all, and it", "found %d", current(t));
    term_keys(t, "g Right Right");
    check(await_message(t, "latent: number"), t, "Right chooses a column", "found \"%s\"", footer(t));
    term_keys(t, "s");
    check(await_message(t, "sorted by latent") && await_current(t, 0), t, "s sorts by it", "found \"%s\"", footer(t));
    term_keys(t, "-");
    check(await_message(t, "latent hidden") && !strstr(row(t, head), "latent"), t, "- hides it", "found \"%s\"",
          row(t, head));
    leave(t);
}

void test_palette(void) {
    term *t = open_sample();
    term_keys(t, ":");
    check(await(t, says, ":") && term_has(t, "what an index holds"), t, ": opens the palette", "found \"%s\"",
          footer(t));
    term_keys(t, "u n d");
    check(await_text(t, "undo the last step"), t, "it lists what fits, with its help", "found no help on undo");
    term_keys(t, "Tab");
    check(await_text(t, ":undo"), t, "Tab completes", "found \"%s\"", footer(t));
    term_keys(t, "Esc");
    check(await_text(t, "space toggle"), t, "Esc leaves it", "found \"%s\"", footer(t));
    command(t, "by-tr");
    check(await_text(t, "by sft"), t, "Enter takes the first that fits", "found \"%s\"", row(t, 0));
    command(t, "exprot x");
    check(await_message(t, "did you mean export?"), t, "an unknown command: the nearest word", "found \"%s\"",
          footer(t));
    command(t, "qqqqqq");
    check(await_message(t, "no command \"qqqqqq\""), t, "nothing near: no guess", "found \"%s\"", footer(t));
    check(!strstr(footer(t), "did you mean"), t, "no guess at all", "found \"%s\"", footer(t));
    term_keys(t, "Y");
    check(await_message(t, "no command has that key"), t, "a key without a command says so", "found \"%s\"", footer(t));
    term_keys(t, ": a b c C-w Backspace");
    check(await_text(t, "space toggle"), t, "Backspace on nothing leaves the palette", "found \"%s\"", footer(t));
    term_keys(t, ": a t e n t C-a l Right C-k t e n t");
    check(await_text(t, ":latent"), t, "the line is edited as in a shell", "found \"%s\"", footer(t));
    type_line(t, " 17");
    check(await_current(t, 17), t, "and runs", "found latent %d", current(t));
    term_keys(t, ": Up");
    check(await_text(t, ":latent 17"), t, "Up in an empty palette: the line before", "found \"%s\"", footer(t));
    term_keys(t, "Esc");
    await_text(t, "space toggle");
    term_keys(t, ": c a p Tab l a w . i Tab Enter");
    check(await_message(t, "tokens from law.icl"), t, "Tab completes a command and its argument", "found \"%s\"",
          footer(t));
    leave(t);
}
static const struct {
    const char *name, *explorer;
} all_commands[] = {
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help) {name, #explorer},
#include "shell/commands.def"
#undef COMMAND
};

void test_help(void) {
    term *t = open_sample();
    char *before = picture(t, ROWS, COLS);
    bool seen[sizeof all_commands / sizeof *all_commands] = {0};
    static const char *const keys[] = {"F1", "h", "?"};
    for (int i = 0; i < 3; i++) {
        term_keys(t, keys[i]);
        check(await_text(t, "keys and commands"), t, i == 2 ? "? shows help" : "so do F1 and h", "found \"%s\"",
              row(t, 1));
        if (i < 2) term_keys(t, "q");
        if (i < 2) await_message(t, "space toggle");
    }
    for (int page = 0; page < 12; page++) {
        term_settle(t, 40);
        for (size_t i = 0; i < sizeof all_commands / sizeof *all_commands; i++) {
            char word[40];
            snprintf(word, sizeof word, " %s ", all_commands[i].name);
            if (find_row(t, word, 2) > 0) seen[i] = true;
        }
        term_keys(t, "Space");
    }
    char missing[400] = "";
    for (size_t i = 0; i < sizeof all_commands / sizeof *all_commands; i++)
        if (!seen[i] && strcmp(all_commands[i].explorer, "NO_EXPLORER") != 0)
            snprintf(missing + strlen(missing), sizeof missing - strlen(missing), " %s", all_commands[i].name);
    check(!missing[0], t, "help names every command", "found no%s", missing);
    term_keys(t, "g /");
    term_send(t, "demonstr");
    check(await_text(t, "with \"demonstr") && term_has(t, "by-icl") && !term_has(t, "unmark"), t,
          "/ in the help finds words", "found \"%s\"", row(t, 1));
    term_keys(t, "Enter Esc");
    check(await_text(t, "1 to 21 of") && term_has(t, "unmark"), t, "Esc shows all of it again", "found \"%s\"",
          row(t, 1));
    term_keys(t, "g j k ?");
    check(await_text(t, "space toggle") && await_text(t, "rho "), t, "? goes back", "found \"%s\"", row(t, 1));
    rest(t);
    char *after = picture(t, ROWS, COLS);
    check(strcmp(before, after) == 0, t, "to the same screen", "found another one");
    term_keys(t, "?");
    await_text(t, "keys and commands");
    term_keys(t, "q");
    check(await_text(t, "rho ") && term_wait_exit(t, 0) == -1, t, "q in help goes back and does not quit",
          "found it gone");
    free(before);
    free(after);
    leave(t);
}
