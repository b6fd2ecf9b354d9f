/* explorer_keys.c: keys that act on the table and the score: toggling, moving, marks, history, sorting; the mouse. */
#include "explorer_driver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void test_toggle(void) {
    term *t = open_sample();
    int first = order[0], head = header_row(t);
    char options[64], message[64], number[2][32], bar[2][512], old_rho[32];
    char *before = picture(t, ROWS - 1, COLS);
    snprintf(old_rho, sizeof old_rho, "%s", rho(t));
    double what_if = table_number(t, head + 1, "what-if");
    domain_parts(t, "math", number[0], bar[0]);
    char *line = term_row(t, head + 1);
    snprintf(options, sizeof options, "--without %d", first);
    snprintf(message, sizeof message, "latent %d removed", first);
    facts f = shell_score(options);
    term_keys(t, "Space");
    /* The footer is the last line that a frame draws; nothing more is taken in below. */
    check(await_strictly(t, says, message), t, "space says what it did", "found \"%s\", expected \"%s\"", footer(t),
          message);
    check(count(t) == 99, t, "same frame: the count", "found %d, expected 99", count(t));
    check(strcmp(rho(t), old_rho) != 0, t, "same frame: rho moves", "found %s as before", rho(t));
    check_number(rho_value(t), f.pearson, 0.00051, t, "same frame: rho is the shell's");
    check_domains(t, &f, "same frame: each STS is the shell's");
    domain_parts(t, "math", number[1], bar[1]);
    check(strcmp(bar[0], bar[1]) != 0, t, "same frame: the bar of math moves", "found \"%s\" as before", bar[1]);
    check(strcmp(line, row(t, head + 1)) != 0, t, "same frame: the row's what-if and mark", "found \"%s\" as before",
          line);
    free(line);
    double back = table_number(t, head + 1, "what-if");
    check(fabs(back + what_if) < 0.0011 && back != 0, t, "same frame: what-if is the way back", "found %g, expected %g",
          back, -what_if);
    check(strchr("-", term_at(t, head + 1, 1).utf8[0]) != NULL, t, "same frame: the in column",
          "found \"%s\", expected -", term_at(t, head + 1, 1).utf8);
    term_keys(t, "Space");
    snprintf(message, sizeof message, "latent %d added", first);
    check(await_message(t, message), t, "space again says so", "found \"%s\"", footer(t));
    rest(t);
    char *after = picture(t, ROWS - 1, COLS);
    check(strcmp(before, after) == 0, t, "there and back gives the same screen, to the last cell", "found another one");
    free(before);
    free(after);
    leave(t);
}

static void moves_to(term *t, const char *keys, int rank, const char *what) {
    term_keys(t, keys);
    bool ok = await_current(t, order[rank]);
    check(ok, t, what, "found latent %d, expected %d", current(t), order[rank]);
}

void test_moving(void) {
    term *t = open_sample();
    moves_to(t, "j", 1, "j goes down");
    moves_to(t, "Down Down", 3, "Down goes down");
    moves_to(t, "k", 2, "k goes up");
    moves_to(t, "Up Up Up Up", 0, "Up goes up and stops at the first");
    moves_to(t, "G", latents - 1, "G goes to the last");
    check(find_row(t, "2048", 1) > 0 && find_row(t, "2048", 1) < latent_row(t), t, "the last rows are full",
          "found no rank 2048");
    moves_to(t, "j", latents - 1, "j stops at the last");
    moves_to(t, "g", 0, "g goes to the first");
    moves_to(t, "End", latents - 1, "End goes to the last");
    moves_to(t, "Home", 0, "Home goes to the first");
    int page = latent_row(t) - header_row(t) - 2;
    moves_to(t, "C-d", page, "^d goes a page down");
    moves_to(t, "PgDn", 2 * page, "PgDn goes a page down");
    moves_to(t, "C-u", page, "^u goes a page up");
    moves_to(t, "PgUp", 0, "PgUp goes a page up");
    command(t, "down 40");
    check(await_current(t, order[40]), t, ":down 40 goes 40 down", "found latent %d, expected %d", current(t),
          order[40]);
    term_keys(t, "g # 1 8 9 0 Enter");
    check(await_current(t, 1890), t, "# goes to a latent by number", "found %d, expected 1890", current(t));
    term_keys(t, "# 9 9 9 9 9 Enter");
    check(await_message(t, "expected a number from 0 to 2047"), t, "# refuses what does not exist", "found \"%s\"",
          footer(t));
    check(current(t) == 1890, t, "and stays where it was", "found %d, expected 1890", current(t));
    leave(t);
}

void test_marks(void) {
    term *t = open_sample();
    char options[64], old_rho[32];
    snprintf(old_rho, sizeof old_rho, "%s", rho(t));
    term_keys(t, "m m");
    check(await_message(t, "2 marked") && current(t) == order[2], t, "m marks and goes on", "found \"%s\"", footer(t));
    int head = header_row(t);
    check(strcmp(term_at(t, head + 1, 0).utf8, "m") == 0 && strcmp(term_at(t, head + 2, 0).utf8, "m") == 0, t,
          "marks are shown", "found \"%s\" \"%s\"", term_at(t, head + 1, 0).utf8, term_at(t, head + 2, 0).utf8);
    term_keys(t, "T");
    check(await_count(t, 98), t, "T switches all marked in one step", "found %d, expected 98", count(t));
    snprintf(options, sizeof options, "--without %d,%d", order[0], order[1]);
    await_message(t, "rho");
    check_number(rho_value(t), shell_score(options).pearson, 0.00051, t, "rho without the marked is the shell's");
    term_keys(t, "u");
    check(await_count(t, 100), t, "u takes the one step back", "found %d, expected 100", count(t));
    term_keys(t, "T");
    await_count(t, 98);
    term_keys(t, "T");
    check(await_count(t, 100) && await_message(t, old_rho), t, "T again switches back", "found %d", count(t));
    term_keys(t, "M");
    check(await_message(t, "marks removed") && strcmp(term_at(t, head + 1, 0).utf8, " ") == 0, t,
          "M takes the marks away", "found \"%s\"", footer(t));
    term_keys(t, "T");
    check(await_message(t, "nothing is marked"), t, "T without marks says so", "found \"%s\"", footer(t));
    leave(t);
}

void test_history(void) {
    term *t = open_sample();
    double at_100 = rho_value(t);
    term_keys(t, "]");
    check(await_count(t, 110), t, "] grows N", "found %d, expected 110", count(t));
    await_message(t, "N 110");
    double at_110 = rho_value(t);
    check_number(at_110, shell_score("--top 110").pearson, 0.00051, t, "rho at N 110 is the shell's");
    term_keys(t, "[ [");
    check(await_count(t, 90), t, "[ shrinks N", "found %d, expected 90", count(t));
    term_keys(t, "u");
    check(await_count(t, 100), t, "u goes a step back", "found %d, expected 100", count(t));
    await_message(t, "undone");
    check_number(rho_value(t), at_100, 0, t, "with the same rho");
    term_keys(t, "u u u");
    check(await_message(t, "nothing to undo") && count(t) == 100, t, "u stops at the beginning", "found \"%s\"",
          footer(t));
    term_keys(t, "C-r");
    check(await_count(t, 110), t, "^r goes a step forward", "found %d, expected 110", count(t));
    check_number(rho_value(t), at_110, 0, t, "with the same rho");
    term_keys(t, "C-r C-r C-r");
    check(await_message(t, "nothing to redo") && count(t) == 90, t, "^r stops at the end", "found \"%s\"", footer(t));
    command(t, "top 3");
    check(await_count(t, 3), t, ":top sets N", "found %d, expected 3", count(t));
    term_keys(t, "[ [ [ [");
    check(await_count(t, 0) && await_text(t, "no rho"), t, "no latents: no rho, and it says why", "found %d", count(t));
    term_keys(t, "]");
    check(await_count(t, 1), t, "] below 20 goes one at a time", "found %d, expected 1", count(t));
    leave(t);
}
/* ---- sorting and the mouse -----------------------------------------------------------------------------------------
 */

/* A click as a person makes it. */
static void click(term *t, int y, int x) {
    term_mouse(t, y, x, 0, true);
    term_settle(t, 3);
    term_mouse(t, y, x, 0, false);
}

/* One whose press and release come together, as over a network that stutters. */
static void click_at_once(term *t, int y, int x) {
    char bytes[2][40];
    snprintf(bytes[0], sizeof bytes[0], "\033[<0;%d;%dM", x + 1, y + 1);
    snprintf(bytes[1], sizeof bytes[1], "\033[<0;%d;%dm", x + 1, y + 1);
    struct timespec moment = {0, 1};
    term_send(t, bytes[0]);
    nanosleep(&moment, NULL); /* some 50 us: the release comes while the press is being read */
    term_send(t, bytes[1]);
}

/* Clicks of which everything comes in one read: at rows y, y + step, .. of a column. */
static void clicks_in_one_read(term *t, int y, int step, int x, int times) {
    char bytes[400] = "";
    for (int i = 0; i < times; i++, y += step)
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), "\033[<0;%d;%dM\033[<0;%d;%dm", x + 1, y + 1,
                 x + 1, y + 1);
    term_send(t, bytes);
}

static bool falls(term *t, const char *title, bool rises) {
    int head = header_row(t), end = latent_row(t);
    if (end < head + 3) return false; /* nothing to compare */
    for (int y = head + 1; y + 1 < end; y++) {
        double a = table_number(t, y, title), b = table_number(t, y + 1, title);
        if (rises ? a > b : a < b) return false;
    }
    return true;
}

void test_sorting(void) {
    term *t = open_sample();
    int head = header_row(t);
    check(sorted_by(t, "rank"), t, "the header says that it is sorted by rank", "found \"%s\"", row(t, head));
    term_keys(t, "s");
    check(await_message(t, "sorted by latent") && sorted_by(t, "latent") && await_current(t, 0), t,
          "s sorts by the next column", "found \"%s\"", footer(t));
    click(t, head, title_column(t, "rate") + 1);
    check(await_message(t, "sorted by rate"), t, "a click on a header sorts by it", "found \"%s\"", footer(t));
    check(sorted_by(t, "rate"), t, "and the header says so", "found \"%s\", expected an arrow at rate", row(t, head));
    double largest = table_number(t, head + 1, "rate");
    check(largest > 0 && falls(t, "rate", false), t, "largest rate first", "found %g on top", largest);
    click(t, head, title_column(t, "rate") + 1);
    check(await_text(t, "space toggle") && falls(t, "rate", true) && table_number(t, head + 1, "rate") == 0, t,
          "a click again turns the order around", "found %g on top", table_number(t, head + 1, "rate"));
    term_keys(t, "S");
    term_settle(t, 60);
    check(table_number(t, head + 1, "rate") == largest, t, "S turns it around", "found %g on top, expected %g",
          table_number(t, head + 1, "rate"), largest);
    char unsaid[200] = "";
    for (int i = 0; i < 10; i++) {
        static const char *const names[] = {"sel",       "rank", "latent", "shift",   "share",
                                            "cum-share", "mean", "rate",   "what-if", "label"};
        char words[40];
        snprintf(words, sizeof words, "sort %s", names[i]);
        command(t, words);
        snprintf(words, sizeof words, "sorted by %s:", names[i]);
        if (!await_message(t, words) || !sorted_by(t, strcmp(names[i], "cum-share") == 0 ? "cum." : names[i]))
            snprintf(unsaid + strlen(unsaid), sizeof unsaid - strlen(unsaid), " %s", names[i]);
    }
    check(!unsaid[0], t, "any column sorts, and its header says so", "found no arrow at%s", unsaid);
    command(t, "sort rank");
    check(await_current(t, order[0]), t, ":sort rank", "found latent %d, expected %d", current(t), order[0]);
    command(t, "sort nonsense");
    check(await_message(t, "expected sel, rank, moved"), t, ":sort of no column names the right ones", "found \"%s\"",
          footer(t));
    term_keys(t, "Tab Tab s");
    check(await_text(t, "by sts"), t, "s in the domains' pane sorts the domains", "found \"%s\"",
          row(t, domains_row(t)));
    int top = domains_row(t) + 3; /* below two lines of rho */
    check(strstr(row(t, top), " math ") == row(t, top) || strncmp(row(t, top), " math ", 6) == 0, t,
          "largest STS first", "found \"%s\"", row(t, top));
    leave(t);
}
static int column_of(term *t, int y, const char *text) {
    const char *line = row(t, y), *at = strstr(line, text);
    int x = 0;
    for (const char *c = line; at && c < at; c++) x += ((unsigned char)*c & 0xc0) != 0x80;
    return at ? x : -1;
}

/* Clicks at one place until two of them were a double click: on a loaded machine they may come too far apart. */
static bool double_click(term *t, int y, int x, bool enlarges) {
    for (int i = 0; i < 50; i++) {
        click(t, y, x);
        term_settle(t, 15);
        if (i && (latent_row(t) == 1) == enlarges) return true;
    }
    return false;
}

/* Hints of the footer, rows of the palette, headers; and two clicks at one place. */
static void clicks_on_words(void) {
    term *t = open_sample();
    int head = header_row(t), head_x = title_column(t, "rate");
    click(t, head, head_x + 1);
    check(await_message(t, "sorted by rate") && sorted_by(t, "rate"), t, "a click on a header sorts", "found \"%s\"",
          footer(t));
    command(t, "sort rank");
    term_keys(t, "Esc");
    await_text(t, "space toggle");
    click(t, ROWS - 1, column_of(t, ROWS - 1, "toggle"));
    check(await_count(t, 99), t, "a click on a hint of the footer does what it says", "found N %d", count(t));
    click(t, ROWS - 1, 3); /* the message goes */
    await_text(t, "space toggle");
    click(t, ROWS - 1, column_of(t, ROWS - 1, "undo"));
    check(await_count(t, 100), t, "each of them", "found N %d", count(t));
    term_keys(t, "Esc : u n d");
    await_text(t, "take the last step back");
    term_keys(t, "C-u b y -");
    await_text(t, "by-trained");
    click(t, find_row(t, "by-trained", 1), 20);
    check(await_text(t, "by sft"), t, "a click on a row of the palette runs it", "found \"%s\"", row(t, 0));
    int latent = latent_row(t);
    double_click(t, latent + 2, 30, true);
    check(await_text(t, "Enter back") && latent_row(t) == 1, t, "two clicks enlarge a pane", "found \"%s\"", row(t, 1));
    check(strstr(footer(t), "q quit") != NULL, t, "an enlarged pane still says how to quit", "found \"%s\"", footer(t));
    double_click(t, 5, 30, false);
    check(await_text(t, "rho ") && latent_row(t) > 1, t, "and two more go back", "found \"%s\"", row(t, 1));
    await_text(t, "q quit");
    click(t, ROWS - 1, column_of(t, ROWS - 1, "quit"));
    int status = term_wait_exit(t, WAIT);
    check(status == 0, t, "a click on quit quits", "found status %d", status);
    term_free(t);
}

static bool is_another_count(term *t, const void *was) {
    return count(t) != *(const int *)was;
}

void test_mouse(void) {
    term *t = open_sample();
    int head = header_row(t);
    term_mouse(t, head + 2, 20, 65, true);
    check(await_current(t, order[3]), t, "the wheel moves the cursor", "found %d, expected %d", current(t), order[3]);
    term_mouse(t, head + 2, 20, 64, true);
    check(await_current(t, order[0]), t, "and back", "found %d, expected %d", current(t), order[0]);
    click(t, head + 3, 30);
    check(await_current(t, order[2]), t, "a click selects", "found %d, expected %d", current(t), order[2]);
    click(t, head + 2, 1);
    check(await_count(t, 99) && current(t) == order[1], t, "a click on the first column switches", "found %d of %d",
          count(t), current(t));
    click(t, head + 2, 1);
    check(await_count(t, 100), t, "and back", "found %d, expected 100", count(t));
    int lost = 0;
    for (int i = 0; i < 30; i++) {
        int was = count(t);
        click_at_once(t, head + 1 + i % 5, 1);
        lost += !await(t, is_another_count, &was);
    }
    check(!lost, t, "clicks whose press and release come together count, each once", "found %d of 30 without effect",
          lost);
    command(t, "top 99");
    command(t, "top 100");
    await_message(t, "N 100");
    clicks_in_one_read(t, head + 1, 1, 1, 3);
    check(await_count(t, 97), t, "clicks on three rows that come in one read all count", "found %d, expected 97",
          count(t));
    clicks_in_one_read(t, head + 1, 0, 1, 3);
    check(await_count(t, 98), t, "and three on one row", "found %d, expected 98", count(t));
    clicks_in_one_read(t, latent_row(t) + 2, 0, 30, 2);
    check(await_text(t, "Enter back") && latent_row(t) == 1, t, "two that come in one read are a double click",
          "found \"%s\"", row(t, 1));
    clicks_in_one_read(t, 5, 0, 30, 2);
    check(await_text(t, "rho ") && latent_row(t) > 1, t, "and two more go back", "found \"%s\"", row(t, 1));
    command(t, "top 99");
    command(t, "top 100");
    await_message(t, "N 100");
    int pane = latent_row(t);
    char *first = term_row(t, pane + 1);
    int under = current(t);
    term_mouse(t, pane + 1, 20, 65, true);
    term_settle(t, 60);
    check(strcmp(first, row(t, pane + 1)) != 0 && current(t) == under, t, "the wheel over the tokens scrolls them",
          "found \"%s\"", row(t, pane + 1));
    free(first);
    click(t, 0, 5);
    click(t, ROWS - 1, 0);
    term_settle(t, 60);
    check(term_wait_exit(t, 0) == -1 && term_has(t, "rho "), t, "clicks on title and footer do no harm",
          "found it gone");
    leave(t);
    clicks_on_words();

    char *argv[] = {(char *)scry, (char *)"--no-mouse", study_index, NULL};
    forget_sessions();
    t = term_start(ROWS, COLS, NULL, argv, NULL);
    rest(t);
    check(term_mouse_mode(t) == 0, t, "--no-mouse leaves the mouse to the terminal", "found mode %d",
          term_mouse_mode(t));
    char *before = picture(t, ROWS, COLS);
    term_send(t, "\033[<0;2;4M\033[<0;2;4m\033[<65;2;4M\033[M !#\033[Ma!#"); /* another program left it on */
    term_settle(t, 60);
    char *after = picture(t, ROWS, COLS);
    check(strcmp(before, after) == 0, t, "and what it still reports changes nothing", "found another screen");
    free(before);
    free(after);
    leave(t);
}
