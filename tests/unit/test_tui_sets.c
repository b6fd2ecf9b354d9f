/* test_tui_sets.c: comparing two sets: the latents of each page, marks and export, and the measured change. */
#include "table_fixture.h"

#include "text/text.h"
#include "explorer/sets/set_layer.h"

enum { LATENTS = 600 };

static char *screen_of(app *a) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    grid_write(a->grid, f, false);
    fclose(f);
    return text;
}

static bool shows(app *a, const char *what) {
    char *text = screen_of(a);
    bool has = strstr(text, what) != NULL;
    free(text);
    return has;
}

/* The latents between two sets, by rank, against a plain loop; the marks are them too. */
static void test_page(app *a, const char *keys, const bool *wanted, const char *what) {
    const scry_ranking *ranking = scry_session_ranking(a->tab->session);
    say_command(a, "against two versus one"); /* the first is two */
    type_keys(a, keys);
    uint32_t rows = 0, right = 0, count = 0;
    for (uint32_t i = 0; i < LATENTS; i++) {
        uint32_t latent = ranking->order[i];
        if (!wanted[latent]) continue;
        count++;
        if (rows == 12) continue;
        char line[40];
        snprintf(line, sizeof line, "%8u%9u ", i + 1, latent);
        right += shows(a, line);
        rows++;
    }
    check(count > 0 && right == rows, "%s: %u of the first %u latents by rank are listed", what, right, rows);
    type_keys(a, "M");
    const scry_set *marks = a->tab->table->marks;
    uint32_t same = 0;
    for (uint32_t j = 0; j < LATENTS; j++) same += scry_set_has(marks, j) == wanted[j];
    check(same == LATENTS && marks->count == count, "%s: M marks these %u (%u of %d agree)", what, count, same,
          LATENTS);
    type_keys(a, "qq");
}

static void test_pages(app *a) {
    bool first[LATENTS], second[LATENTS], wanted[LATENTS];
    say_command(a, "keep one 20-60,90");
    say_command(a, "keep two 40-99,200-204");
    for (uint32_t j = 0; j < LATENTS; j++) {
        second[j] = (j >= 20 && j <= 60) || j == 90;
        first[j] = (j >= 40 && j <= 99) || (j >= 200 && j <= 204);
    }
    for (uint32_t j = 0; j < LATENTS; j++) wanted[j] = first[j] && !second[j];
    test_page(a, "\t", wanted, "only in the first");
    for (uint32_t j = 0; j < LATENTS; j++) wanted[j] = second[j] && !first[j];
    test_page(a, "\t\t", wanted, "only in the second");
    for (uint32_t j = 0; j < LATENTS; j++) wanted[j] = second[j] && first[j];
    test_page(a, "\t\t\t", wanted, "in both");
}

/* rho takes the change's size; what was measured is shown with its sign. */
static void test_change(app *a) {
    char change[24];
    say_command(a, "against one");
    uint32_t shown = 0;
    for (size_t d = 0; d < a->tab->info->domains; d++) {
        snprintf(change, sizeof change, "%+9.2f", a->tab->info->domain[d].change[0]);
        shown += shows(a, change);
    }
    check(shown == a->tab->info->domains && a->tab->info->domain[0].change[0] < 0, "%u changes stand with their sign",
          shown);
    check(shows(a, "the selection versus one"), "the title names both");
    type_keys(a, "qq");
}

static void test_switch(app *a) {
    say_command(a, "choose two");
    uint32_t before = scry_session_set(a->tab->session)->count;
    say_command(a, "against one");
    type_keys(a, "\t ");
    check_is(scry_session_set(a->tab->session)->count, before - 1, "space takes the latent under the cursor out");
    check(a->layer == &layer_sets, "and the page stays");
    type_keys(a, "\t\r");
    check(!a->layer && a->tab->latent >= 20 && a->tab->latent < 40, "Enter goes to a latent of the page: %u",
          a->tab->latent);
    say_command(a, "undo");
}

static void test_list(app *a) {
    say_command(a, "sets");
    type_keys(a, "mjv");
    check(shows(a, "one versus two"), "m and v compare two kept sets");
    type_keys(a, "qmmv");
    check(shows(a, "the selection versus two"), "marked twice is not marked");
    type_keys(a, "qg");
    type_keys(a, "e");
    check(strcmp(a->prompt.text, "one.csv of one") == 0, "e asks where to write the set: %s", a->prompt.text);
    type_keys(a, "\x1b");
    type_keys(a, "q");
}

/* ---- the mouse -------------------------------------------------------------------------------- */

/* Where words stand on the screen. */
static bool find(app *a, const char *words, int *y, int *x) {
    app_draw(a);
    for (*y = 0; *y < a->grid->rows; ++*y) {
        char line[400] = "";
        for (int i = 0; i < a->grid->cols; i++) {
            uint32_t code = a->grid->cells[(size_t)*y * (size_t)a->grid->cols + (size_t)i].code[0];
            line[i] = code && code < 0x80 ? (char)code : '?';
        }
        const char *at = strstr(line, words);
        *x = at ? (int)(at - line) : -1;
        if (at) return true;
    }
    return false;
}

static void click(app *a, const char *words, int right, int times) {
    int y, x;
    bool found = find(a, words, &y, &x);
    check(found, "\"%s\" is on the screen", words);
    for (int i = 1; found && i <= times; i++) app_click(a, y, x + right, i);
}

static void test_clicks(app *a) {
    say_command(a, "keep aaa 1-7");
    say_command(a, "sets");
    click(a, "one   ", 0, 1);
    size_t cursor = a->tab->sets->cursor;
    check(strcmp(a->tab->sets->kept->item[cursor].name, "one") == 0, "a click on a set puts the cursor there");
    click(a, "aaa   ", 2, 2);
    check(scry_session_set(a->tab->session)->count == 7, "two choose it: %u latents",
          scry_session_set(a->tab->session)->count);
    click(a, "the selection", 0, 1);
    check(a->tab->sets->kept && strcmp(a->tab->sets->kept->item[a->tab->sets->cursor].name, "aaa") == 0,
          "a click elsewhere does nothing");
    type_keys(a, "x");
    check(scry_named_sets_find(a->tab->sets->kept, "aaa") && strcmp(a->prompt.text, "aaa") == 0, "x asks");
    app_key(a, 27);
    check(scry_named_sets_find(a->tab->sets->kept, "aaa") != NULL, "Esc keeps it");
    type_keys(a, "x\r");
    check(!scry_named_sets_find(a->tab->sets->kept, "aaa"), "Enter drops it");
    say_command(a, "against two versus one");
    click(a, "only one 20", 6, 1);
    check(a->tab->sets->compare.page == COMPARE_SECOND, "a click on a page's name opens it");
    uint32_t latent = UINT32_MAX, row = 0;
    const scry_ranking *r = scry_session_ranking(a->tab->session);
    for (uint32_t i = 0; i < LATENTS && row < 3; i++)
        if (r->order[i] >= 20 && r->order[i] < 40) latent = r->order[i], row++;
    char line[40];
    snprintf(line, sizeof line, "%8u%9u ", r->rank[latent] + 1, latent);
    click(a, line, 8, 1);
    check(a->tab->sets->compare.cursor == 2 && a->layer, "a click on a latent puts the cursor there");
    bool in = scry_set_has(scry_session_set(a->tab->session), latent);
    click(a, line, -2, 1);
    check(scry_set_has(scry_session_set(a->tab->session), latent) != in, "a click next to it switches it");
    click(a, line, 8, 2);
    check(!a->layer && app_latent(a) == latent, "two lead to latent %u", latent);
    say_command(a, "plot scatter");
    int cols = a->grid->cols;
    app_resize(a, a->grid->rows, 16 * CHARTS); /* room for all names */
    for (int k = CHARTS < 10 ? CHARTS : 10; k-- > 0;) {
        click(a, text_of("%d %s", (k + 1) % 10, chart_type_of((chart_kind)k)->tab), 2, 1);
        check((int)a->plot == k, "a click on %d opens that plot", (k + 1) % 10);
    }
    app_resize(a, a->grid->rows, cols);
    type_keys(a, "q");
}

static void test_export(app *a) {
    scry_error err = {0};
    say_command(a, text_of("export %s of one - 20", scratch("one.csv")));
    scry_set *set = scry_set_new(LATENTS);
    bool ok = scry_set_read(set, NULL, scratch("one.csv"), &err);
    check(ok && set->count == 41 && !scry_set_has(set, 20) && scry_set_has(set, 90), "the set is in the file %s",
          err.text);
    check(strcmp(a->tab->file, scratch("one.csv")) != 0, "the selection's file is another");
    scry_set_free(set);
    say_command(a, text_of("export %s of nobody", scratch("two.csv")));
    check(a->message_is_error, "an unknown set is refused: %s", a->message);
    say_command(a, "against one versus nobody");
    check(a->message_is_error && !a->layer, "also where two are compared");
}

int main(void) {
    app *a = open_table(LATENTS);
    if (a) {
        test_pages(a);
        test_change(a);
        test_switch(a);
        test_list(a);
        test_clicks(a);
        test_export(a);
    }
    app_free(a);
    return check_end();
}
