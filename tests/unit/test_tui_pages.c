/* test_tui_pages.c: pages over the panes: wrapped lines and horizontal scrolling; the help leads back to the page below
 * it; the column cursor reaches table columns that have no room. */
#include "check.h"

#include "explorer_parts.h"
#include "terminal/keys.h"
#include "explorer/table/column_table.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/text_page.h"
#include "explorer/table/table.h"
#include "explorer/panes/view.h"

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
    check_is(l.count, 7, "words are wrapped into lines");
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
    check(shows(a, "raw                    dimensions") && !shows(a, "Spearman"), "the first columns are shown");
    for (int i = 0; i < 40; i++) app_key(a, 'l');
    check(shows(a, "raw                  <") && shows(a, "Spearman") && !shows(a, "dimensions  act"),
          "at the right end the first column has stayed");
    app_key(a, 'h');
    int left = a->page->left;
    app_command(a, "column-right");
    app_command(a, "column-right");
    check(a->page->left > left && shows(a, "     N"), "commands move it as keys do");
    app_resize(a, 24, 160);
    check(shows(a, "dimensions") && a->page->left == 0, "where all has room nothing is moved");
    app_key(a, 'q');
    check(a->layer == NULL, "q leads back to the panes");
    app_command(a, "info");
    check(shows(a, "decoder rows do not have norm 1") && shows(a, "train.sft"), "info shows warnings and captures");
    app_key(a, 27);
}

/* Rows that end with the sign for more. */
static int rows_with_more(const app *a) {
    int count = 0;
    for (int y = 2; y < a->grid->rows - 1; y++)
        count += a->grid->cells[(size_t)(y + 1) * (size_t)a->grid->cols - 1].code[0] == '>';
    return count;
}

/* At every width, and as far as one goes to the right, the sign stands where there is more and only there. */
static void more_at_the_right(app *a) {
    int wrong = 0, steps = 0;
    char where[60] = "none";
    app_command(a, "compare");
    for (int cols = 60; cols <= 160; cols++) {
        app_resize(a, 24, cols);
        app_command(a, "column-left"); /* back to the left end */
        for (int i = 0; i < 20; i++) app_key(a, 'h');
        for (int before = -1; before != a->page->left; steps++) {
            app_draw(a);
            bool sign = rows_with_more(a) > 0;
            before = a->page->left;
            app_key(a, 'l');
            app_draw(a);
            if (sign == (a->page->left > before)) continue;
            if (!wrong++) snprintf(where, sizeof where, "%d columns, %d to the right", cols, before);
        }
    }
    check(wrong == 0, "%d steps to the right: %d have a sign too few or too many, the first: %s", steps, wrong, where);
    app_key(a, 'q');
    app_resize(a, 24, 80);
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

/* At 24 rows there is no room for the first line of together: its rows begin a line further up. */
static void click_on_together(app *a) {
    app_command(a, "page together");
    app_draw(a);
    latent_work(a, 0);
    app_draw(a);
    rect r = a->layout.pane[PANE_LATENT];
    check(r.rows == 4, "the latent's pane has 4 lines, found %d", r.rows);
    app_click(a, r.y + 3, r.x + 10, 1);
    app_draw(a);
    const cell *row = &a->grid->cells[(size_t)(r.y + 3) * (size_t)a->grid->cols + (size_t)r.x + 10];
    check(row->flags & CELL_CURSOR, "a click on the second row of together puts the cursor there");
    app_command(a, "page tokens");
    app_command(a, "pane latents");
    app_draw(a);
}

/* A click on what the last line of a page names does what the key does. */
static int column_of(app *a, const char *words) {
    char line[400] = "";
    app_draw(a);
    for (int x = 0; x < a->grid->cols; x++) {
        uint32_t code = a->grid->cells[(size_t)(a->grid->rows - 1) * (size_t)a->grid->cols + (size_t)x].code[0];
        line[x] = code < 0x80 ? (char)code : '?';
    }
    const char *at = strstr(line, words);
    return at ? (int)(at - line) : -1;
}

static void clicks(app *a) {
    int last = a->grid->rows - 1;
    app_command(a, "help");
    app_click(a, last, column_of(a, "j k scroll"), 1);
    check(a->help->top == 1, "a click on j scrolls the help, found line %d", a->help->top);
    app_click(a, last, column_of(a, "j k scroll") + 2, 1);
    check(a->help->top == 0, "a click on k next to it: back, found line %d", a->help->top);
    app_click(a, last, column_of(a, "^d ^u") + 3 + 3, 1);
    app_click(a, last, column_of(a, "scroll"), 1);
    check(a->help->top > 0, "on the words as on the first key");
    app_click(a, last, column_of(a, "q back"), 1);
    check(!a->layer, "on q it leads back");
    app_command(a, "plot scatter");
    size_t domain = a->tab->domains->current;
    app_click(a, last, column_of(a, "? ? domain") + 2, 1);
    check(a->plot == CHART_SCATTER && a->tab->domains->current != domain, "an arrow moves what is pointed out");
    bool in = scry_set_has(scry_session_set(a->tab->session), app_latent(a));
    app_click(a, last, column_of(a, "space toggle"), 1);
    check(in != scry_set_has(scry_session_set(a->tab->session), app_latent(a)), "space switches the latent");
    app_key(a, 'u');
    app_click(a, last, column_of(a, "? back"), 1); /* what was said hid the hints: seen, and they are there again */
    app_click(a, last, column_of(a, "q back"), 1);
    check(!a->layer, "q leads back from the plots");
}

/* What has no room in one line is read to its end all the same, and the next key gives the lines back. */
static void long_words(app *a) {
    static const int size[][2] = {{24, 80}, {24, 60}, {50, 160}, {12, 60}, {10, 60}};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        app_resize(a, size[i][0], size[i][1]);
        app_command(a, "page nope");
        bool whole = shows(a, "no page \"nope\"") && shows(a, "together");
        check(whole || size[i][0] < 12, "at %dx%d the list of pages is shown to its end", size[i][0], size[i][1]);
        app_key(a, 'j');
        check(!shows(a, "no page"), "and the next key takes it away");
        app_key(a, 'k');
    }
    app_resize(a, 24, 80);
}

/* The tabs' words name a plot as its command does. */
static void plots_by_name(app *a) {
    app_command(a, "plot concentration");
    chart_kind kind = a->plot;
    app_command(a, "plot mix");
    app_command(a, "plot shift");
    check(a->plot == kind && kind == CHART_CONCENTRATION, "plot shift is plot concentration");
    app_command(a, "plot N");
    check(a->plot == CHART_SWEEP, "plot N is plot sweep");
    app_key(a, 'q');
}

/* What one goes on typing on a page, as if a command had been begun, must not work the panes beneath. */
static void other_keys(app *a) {
    static const char *const pages[] = {"help", "info"};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        app_command(a, pages[i]);
        const layer *page = a->layer;
        app_key(a, '\t');
        check(page && a->layer == page && strstr(a->message, "q goes back"), "Tab does not leave %s, it says so: %s",
              pages[i], a->message);
        app_key(a, 'j');
        check(!a->message[0], "and what was said goes with the next key");
        app_key(a, ':');
        check(!a->layer && a->prompt.then, ": leaves %s and begins a command", pages[i]);
        app_key(a, 27);
    }
}

/* On the sets a key does nothing to rows that the page hides; undo and T act as everywhere. */
static void keys_of_panes(app *a) {
    static const char *const pages[] = {"sets", "against top50"};
    static const uint32_t keys[] = {'s', 'S', '/', '-', ' '};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        app_command(a, "first");
        uint32_t latent = app_latent(a), count = scry_session_set(a->tab->session)->count;
        app_command(a, pages[i]);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) app_key(a, keys[k]);
        check(a->layer == &layer_sets && strstr(a->message, "acts on the panes"), "on %s: %s", pages[i], a->message);
        check(app_latent(a) == latent && scry_session_set(a->tab->session)->count == count && !a->prompt.then,
              "and they did nothing");
        app_key(a, 'T');
        check(!strstr(a->message, "acts on the panes"), "T is no such key: %s", a->message);
        app_key(a, 27);
        app_key(a, 27);
    }
    check(!a->layer, "Esc leads back");
}

static void columns_reached(app *a) {
    app_resize(a, 24, 80);
    app_command(a, "by-trained"); /* else nothing has moved, and its column has nothing to say */
    app_command(a, "columns all");
    table_layout places;
    table_layout_make(a, 80, &places);
    int hidden = places.hidden, chosen = a->tab->table->columns.count, reached = 0, unseen = 0;
    char mark[16];
    check(hidden > 0, "%d of %d columns have no room", hidden, chosen);
    snprintf(mark, sizeof mark, "+%d >", hidden);
    check(shows(a, mark), "the header says so: %s", mark);
    for (int i = 0; i < 2 * chosen; i++) app_key(a, KEY_CODE_LEFT);
    for (int before = -1; a->tab->table->columns.cursor != before; reached++) {
        before = a->tab->table->columns.cursor;
        table_layout_make(a, 80, &places);
        unseen += places.at[before].width == 0;
        app_key(a, KEY_CODE_RIGHT);
    }
    check(unseen == 0, "Right reaches %d columns, each is shown under the cursor", reached);
    int mute = 0; /* have nothing to say here, such as those of two models' differences */
    for (int i = 0; i < column_count; i++) mute += table_column_is_mute(a, i);
    check_is((uint64_t)reached + (uint64_t)mute, (uint64_t)chosen, "that and the mute ones are all of them");
    app_key(a, 27);
    app_draw(a);
    app_click(a, a->layout.pane[PANE_TABLE].y, 78, 1);
    check(a->tab->table->columns.cursor >= 0, "a click on the sign chooses a column");
    app_command(a, "columns default");
    app_resize(a, 24, 160);
    table_layout_make(a, 160, &places);
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
    more_at_the_right(a);
    other_keys(a);
    keys_of_panes(a);
    clicks(a);
    click_on_together(a);
    plots_by_name(a);
    long_words(a);
    columns_reached(a);
    far_moves(a);
    app_free(a);
    return check_end();
}
