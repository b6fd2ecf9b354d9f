/* explorer_latent.c: the latent's pane: pages, examples, a jump to a neighbour and back, labels. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_page(term *t, const void *name) {
    int y = latent_row(t);
    return y >= 0 && strstr(row(t, y), name);
}

static bool has_page(term *t, const char *name) {
    return await(t, is_page, name);
}

/* The latent in the first row of a list, as the shell says; -1 where it says none. */
static int first_of(int latent, const char *page) {
    int status, found = -1;
    char *text = shell(&status, "'%s' latent '%s' %d --page %s --list 1 --json", scry, study_index, latent, page);
    const char *list = strstr(text, page), *at = strstr(list ? list : text, "[{");
    at = at ? strstr(at, "\"latent\":") : NULL;
    if (at) sscanf(at, "\"latent\":%d", &found);
    free(text);
    return found;
}

void test_pages(void) {
    term *t = open_sample();
    check(has_page(t, "[tokens]"), t, "the first page is the tokens'", "found \"%s\"", row(t, latent_row(t)));
    term_keys(t, "Right");
    term_settle(t, 60);
    check(is_page(t, "[tokens]"), t, "Right in the table turns no page", "found \"%s\"", row(t, latent_row(t)));
    term_keys(t, "Tab");
    static const char *const forth[] = {"[hist", "[prof", "[src]", "[near", "[with]", "[log", "[eff", "[tokens]"};
    for (size_t i = 0; i < sizeof forth / sizeof *forth; i++) {
        term_keys(t, i % 2 ? "Right" : "v");
        check(has_page(t, forth[i]), t, "v and Right go through the pages", "found \"%s\", expected %s",
              row(t, latent_row(t)), forth[i]);
    }
    for (int i = 0; i < 3; i++) term_keys(t, "Left");
    check(has_page(t, "[with]"), t, "Left goes back", "found \"%s\"", row(t, latent_row(t)));
    int expected = first_of(order[0], "together");
    term_keys(t, "Enter");
    check(await_current(t, expected), t, "Enter goes to the latent that fires most with it, as the shell says",
          "found %d, expected %d", current(t), expected);
    command(t, "neighbours");
    check(has_page(t, "[near"), t, "a page by its name", "found \"%s\"", row(t, latent_row(t)));
    int near = first_of(expected, "neighbours");
    await_text(t, "nearest");
    term_keys(t, "Enter");
    check(await_current(t, near), t, "Enter goes to the nearest, as the shell says", "found %d, expected %d",
          current(t), near);
    term_keys(t, "C-o");
    bool one = await_current(t, expected);
    term_keys(t, "C-o");
    check(one && await_current(t, order[0]), t, "^o goes back, twice", "found %d, expected %d", current(t), order[0]);
    term_keys(t, "C-o");
    check(await_message(t, "no jump to go back from"), t, "and then says that it cannot", "found \"%s\"", footer(t));
    term_keys(t, "x");
    check(has_page(t, "[tokens]") && await_text(t, "q5, c: all"), t, "x takes the next interval", "found \"%s\"",
          row(t, latent_row(t)));
    command(t, "interval moved");
    check(await_text(t, "moved by icl"), t, "moved names its source", "found \"%s\"", row(t, latent_row(t)));
    term_keys(t, "b");
    check(await_message(t, "under every condition") && strstr(row(t, latent_row(t) + 2), " icl "), t,
          "b sets the conditions below each other", "found \"%s\"", row(t, latent_row(t) + 2));
    term_keys(t, "w");
    check(await_message(t, "full samples"), t, "w wraps", "found \"%s\"", footer(t));
    /* a click on a name in the title */
    int y = latent_row(t);
    const char *title = row(t, y), *name = strstr(title, "prof");
    int x = 0;
    for (const char *at = title; name && at < name; at++) x += ((unsigned char)*at & 0xc0) != 0x80;
    term_mouse(t, y, x + 1, 0, true);
    check(name && has_page(t, "[prof"), t, "a click on its name shows a page", "found \"%s\"", row(t, latent_row(t)));
    leave(t);
}

void test_labels(void) {
    term *t = open_sample();
    char file[600], text[200], path[600];
    snprintf(file, sizeof file, "%s/explorer.labels.jsonl", work);
    term_keys(t, "l");
    check(await(t, says, "label TEXT:"), t, "l asks for a label", "found \"%s\"", footer(t));
    type_line(t, "signs \xe4\xbd\xa0 of operators");
    snprintf(text, sizeof text, "latent %d: signs", order[0]);
    check(await_message(t, text), t, "and says it", "found \"%s\"", footer(t));
    check(strstr(row(t, header_row(t) + 1), "signs") != NULL, t, "it stands in the table", "found \"%s\"",
          row(t, header_row(t) + 1));
    check(strstr(row(t, latent_row(t)), "signs") != NULL, t, "and in the pane's title", "found \"%s\"",
          row(t, latent_row(t)));
    int status;
    char *kept = shell(&status, "cat '%s'", file);
    snprintf(text, sizeof text, "{\"latent\":%d,\"label\":\"signs \xe4\xbd\xa0 of operators\"}\n", order[0]);
    check_text(kept, text, t, "it is in the label file at once");
    free(kept);
    char *said = shell(&status, "'%s' rank '%s' --top 1 --csv", scry, study_index);
    check(strstr(said, "signs \xe4\xbd\xa0 of operators") != NULL, NULL, "the shell knows it", "found %s", said);
    free(said);
    leave(t);
    t = open_sample();
    check(strstr(row(t, header_row(t) + 1), "signs") != NULL, t, "it is there when the index is opened again",
          "found \"%s\"", row(t, header_row(t) + 1));
    snprintf(path, sizeof path, "export-labels %s/explorer labels.csv", work);
    command(t, path);
    check(await_message(t, "1 labels written"), t, ":export-labels writes them all", "found \"%s\"", footer(t));
    term_keys(t, "l");
    await(t, says, "signs");
    term_keys(t, "C-u");
    term_keys(t, "Enter");
    check(await_message(t, "has no label"), t, "an empty text takes it away", "found \"%s\"", footer(t));
    kept = shell(&status, "cat '%s' 2>&1", file);
    check(status != 0, NULL, "and the file with the last of them", "found %s", kept);
    free(kept);
    leave(t);
}
