/* Pages over the panes: their lines, wrapped and moved sideways; the help that leads back to them; and the table's
 * columns for which there is no room, which the column cursor reaches. */
#include "check.h"

#include "app.h"
#include "keys.h"
#include "views/columns.h"
#include "views/page_lines.h"
#include "views/table_place.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *line_of(const page_lines *l, size_t i) {
    static char text[400];
    page_line_text(&l->line[i], text, sizeof text);
    return text;
}

static void words(void) {
    const char *text = "warning   one two three four five six\nshort\n\nunbreakable_and_long_word";
    page_lines l = page_lines_of(text, 20);
    static const char *const expected[] = {"warning   one two",    "three four", "five six", "short", "",
                                           "unbreakable_and_long", "_word"};
    static const int indents[] = {0, 10, 10, 0, 0, 0, 0};
    check_is(l.count, 7, "words are wrapped into so many lines");
    for (size_t i = 0; i < l.count && i < 7; i++)
        check(strcmp(line_of(&l, i), expected[i]) == 0 && l.line[i].indent == indents[i], "line %zu is \"%s\" at %d", i,
              line_of(&l, i), l.line[i].indent);
    page_lines_free(&l);
}

static void tables(void) {
    const char *text =
        "before\n\n\fname        rho     p\nfirst one  -0.5  0.01\nb\xc3\xa9          1.0  0.20\n\nafter it";
    page_lines l = page_lines_of(text, 60);
    check_is((uint64_t)l.tables, 1, "one table");
    check(l.table[0].cells == 3 && l.table[0].at[1] == 11 && l.table[0].at[2] == 17 && l.table[0].end == 21,
          "its cells begin where all rows are blank before: %d cells, at %d and %d, to %d", l.table[0].cells,
          l.table[0].at[1], l.table[0].at[2], l.table[0].end);
    check(l.line[2].names && l.line[2].table == 0 && l.line[4].table == 0 && l.line[5].table < 0 && !l.line[3].names,
          "its first line is the names, an empty one ends it");
    page_lines_free(&l);
}

/* The caller frees. */
static char *screen(app *a) {
    char *all = NULL;
    size_t size;
    FILE *f = open_memstream(&all, &size);
    if (!f) abort();
    app_draw(a);
    grid_write(a->grid, f, false);
    fclose(f);
    return all;
}

static bool shows(app *a, const char *text) {
    char *all = screen(a);
    bool found = strstr(all, text) != NULL;
    free(all);
    return found;
}

static void sideways(app *a) {
    app_resize(a, 24, 80);
    app_command(a, "baselines");
    check(shows(a, "raw               dimensions") && !shows(a, "Spearman"), "the first columns are shown");
    for (int i = 0; i < 40; i++) app_key(a, 'l');
    check(shows(a, "raw             <") && shows(a, "Spearman") && !shows(a, "dimensions  act"),
          "at the right end the first column has stayed");
    app_key(a, 'h');
    int left = a->page.left;
    app_command(a, "column-right");
    app_command(a, "column-right");
    check(a->page.left > left && shows(a, "     N"), "commands move it as keys do");
    app_resize(a, 24, 160);
    check(shows(a, "dimensions") && a->page.left == 0, "where all has room nothing is moved");
    app_key(a, 'q');
    check(a->layer == NULL, "q leads back to the panes");
    app_command(a, "info");
    check(shows(a, "decoder rows do not have norm 1") && shows(a, "train.sft"), "info shows warnings and captures");
    app_key(a, 27);
}

static void help_leads_back(app *a) {
    static const char *const pages[] = {"plot mix", "sets", "baselines", "compare", "info"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        app_command(a, pages[i]);
        const layer *page = a->layer;
        app_key(a, '?');
        check(a->layer == &layer_help && shows(a, "on the page that is open"), "? on %s shows its keys", pages[i]);
        app_key(a, i % 2 ? 'q' : '?');
        check(page && a->layer == page, "and leads back to it");
        app_key(a, 'q');
        check(a->layer == NULL, "from which q leads to the panes");
    }
    app_key(a, '?');
    check(a->layer == &layer_help && !shows(a, "on the page that is open"), "from the panes there is no page");
    app_key(a, '?');
    check(a->layer == NULL, "? leads back to the panes");
}

static void columns_reached(app *a) {
    app_resize(a, 24, 80);
    app_command(a, "by-trained"); /* else nothing has moved, and its column has nothing to say */
    app_command(a, "columns all");
    table_places places;
    table_places_make(a, 80, &places);
    int hidden = places.hidden, chosen = a->tab->table.columns.count, reached = 0, unseen = 0;
    char mark[16];
    check(hidden > 0, "%d of %d columns have no room", hidden, chosen);
    snprintf(mark, sizeof mark, "+%d >", hidden);
    check(shows(a, mark), "the header says so: %s", mark);
    for (int i = 0; i < 2 * chosen; i++) app_key(a, KEY_CODE_LEFT);
    for (int before = -1; a->tab->table.columns.cursor != before; reached++) {
        before = a->tab->table.columns.cursor;
        table_places_make(a, 80, &places);
        unseen += places.at[before].width == 0;
        app_key(a, KEY_CODE_RIGHT);
    }
    check(unseen == 0, "Right reaches %d columns, each is shown under the cursor", reached);
    check_is((uint64_t)reached, (uint64_t)chosen, "that is all of them");
    app_key(a, 27);
    app_draw(a);
    app_click(a, a->layout.pane[PANE_TABLE].y, 78, 1);
    check(a->tab->table.columns.cursor >= 0, "a click on the sign chooses a column");
    app_command(a, "columns default");
    app_resize(a, 24, 160);
    table_places_make(a, 160, &places);
    check(places.hidden == 0 && !shows(a, " >\n"), "where all have room there is no sign");
}

static char *screen_after(app *a, const char *line) {
    app_command(a, line);
    return screen(a);
}

static size_t wrong_screen(app *a, const char *line, const char *expected, size_t *wrong) {
    char *found = screen_after(a, line);
    *wrong += strcmp(found, expected) != 0;
    free(found);
    return 1;
}

/* However far a move is said to go, it ends at the last or first row. */
static void far_moves(app *a) {
    static const char *const far[] = {"2147483647", "2147483648", "4294967297", "9223372036854775807",
                                      "99999999999999999999"};
    static const char *const down[] = {"down", "page-down"}, *const up[] = {"up", "page-up"};
    static const char *const where[] = {"pane latents",  "pane domains", "page tokens",
                                        "page profile",  "page sources", "page neighbours",
                                        "page together", "help",         "info"};
    app_resize(a, 14, 80);
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        size_t wrong = 0, moves = 0;
        app_command(a, strncmp(where[i], "page", 4) == 0 ? "pane latent" : "pane latents");
        app_command(a, where[i]);
        app_draw(a);
        while (latent_working(a)) latent_work(a, 0);
        char *first = screen_after(a, "first"), *last = screen_after(a, "last");
        for (size_t k = 0; k < 2 * sizeof far / sizeof *far; k++) {
            char line[60];
            snprintf(line, sizeof line, "%s %s", down[k % 2], far[k / 2]);
            moves += wrong_screen(a, line, last, &wrong);
            moves += wrong_screen(a, line, last, &wrong);
            snprintf(line, sizeof line, "%s %s", up[k % 2], far[k / 2]);
            moves += wrong_screen(a, line, first, &wrong);
            moves += wrong_screen(a, line, first, &wrong);
        }
        check(strcmp(first, last) != 0, "%s: the last row is not the first", where[i]);
        check(!wrong, "%s: %zu moves beyond all rows end at the last or first, %zu elsewhere", where[i], moves, wrong);
        free(first);
        free(last);
        if (a->layer) app_key(a, 'q');
    }
    app_resize(a, 24, 80);
}

int main(void) {
    scry_error err = {0};
    words();
    tables();
    const char *index = scratch("sample.scry");
    if (!check(scry_index_build("sample_data/study.json", index, NULL, NULL, NULL, &err), "the sample is indexed %s",
               err.text))
        return check_end();
    scry_index *x = scry_open(index, true, &err);
    scry_session *s = x ? scry_session_new(x, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err) : NULL;
    if (!check(s != NULL, "it opens %s", err.text)) return check_end();
    app *a = app_new(x, s, 24, 80, false, false);
    sideways(a);
    help_leads_back(a);
    columns_reached(a);
    far_moves(a);
    app_free(a);
    return check_end();
}
