/* test_tui_rows.c: sort, filter, search, marks and columns of the table's rows, against plain loops. */
#include "table_fixture.h"

#include "latent.h"
#include "text/text.h"
#include "explorer/table/filter.h"
#include "explorer/table/column_table.h"

#include <math.h>
#include <strings.h>

static uint32_t row_latent(app *a, uint32_t row) {
    return order_at(&a->tab->table->order, row);
}

/* ---- sort by text --------------------------------------------------------------------------- */

static const scry_index *sorted_index;

/* Labels, then key tokens one by one, then what has neither. */
static int by_text(const void *x, const void *y) {
    uint32_t i = *(const uint32_t *)x, j = *(const uint32_t *)y;
    const char *a = scry_label(sorted_index, i), *b = scry_label(sorted_index, j);
    if (!a != !b) return a ? -1 : 1;
    if (a && strcasecmp(a, b) != 0) return strcasecmp(a, b);
    if (a) return i < j ? -1 : 1;
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        a = scry_key_piece(sorted_index, i, k);
        b = scry_key_piece(sorted_index, j, k);
        if (!a != !b) return (k == 0) == (a != NULL) ? -1 : 1;
        if (!a) break;
        while (*a == ' ') a++;
        while (*b == ' ') b++;
        if (strcasecmp(a, b) != 0) return strcasecmp(a, b);
    }
    return i < j ? -1 : 1;
}

static void text_sort(app *a) {
    uint32_t F = a->tab->info->d_sae, *expected = malloc(F * sizeof *expected), wrong = 0;
    for (uint32_t j = 0; j < F; j++) expected[j] = j;
    sorted_index = a->tab->index;
    qsort(expected, F, sizeof *expected, by_text);
    text_order slices = {.index = a->tab->index};
    uint32_t steps = 1;
    while (!text_order_step(&slices, 0)) steps++; /* a deadline that is over: the least at a time */
    say_command(a, "sort label");
    for (uint32_t row = 0; row < F; row++)
        wrong += row_latent(a, row) != expected[row] || slices.rank[expected[row]] != row;
    check(wrong == 0 && steps > 5, "sorted by label as a plain sort, also in %u slices: %u rows astray", steps, wrong);
    say_command(a, "reverse");
    wrong = 0;
    for (uint32_t row = 0; row < F; row++) wrong += row_latent(a, row) != expected[F - 1 - row];
    check(wrong == 0, "and turned around: %u rows astray", wrong);
    say_command(a, "filter label~rank");
    say_command(a, "search rank 7");
    uint32_t rows = table_rows(a), first = row_latent(a, 0);
    check(rows > 2 && a->tab->table->find.match.done && !table_is_stale(a), "%u rows, sorted", rows);
    /* the last of the rows, so that one sees it move */
    say_command(a, "last");
    uint32_t last = app_latent(a);
    say_command(a, "label zz rank zebra");
    check(table_rows(a) == rows && row_latent(a, 0) == first && app_latent(a) == last && table_is_stale(a),
          "a label leaves the rows as they are, and says that they are");
    say_command(a, "search zebra");
    check(app_latent(a) == last && !a->message_is_error, "a search finds it: \"%s\"", a->message);
    say_command(a, "resort");
    check(table_rows(a) == rows && row_latent(a, 0) == last && !table_is_stale(a), "sorted again it is first");
    say_command(a, "first");
    say_command(a, "label other words");
    check(table_passes(a, last), "it stays where the filter asks for the label that it had");
    say_command(a, "undo");
    check(strstr(a->message, "is labelled zz rank zebra"), "undone: \"%s\"", a->message);
    say_command(a, "redo");
    say_command(a, "resort");
    check(table_rows(a) == rows - 1 && !table_passes(a, last), "until they are filtered again");
    say_command(a, "undo");
    say_command(a, "undo");
    say_command(a, "resort");
    check(table_rows(a) == rows && row_latent(a, 0) == first, "undone twice, it is as it was");
    say_command(a, "unfilter");
    text_order_free(&slices);
    free(expected);
}

/* ---- every column --------------------------------------------------------------------------- */

static void column_traits(void) {
    static const unsigned traits[] = {COLUMN_FIRST_SORT, COLUMN_TOGGLES, COLUMN_OF_TOKEN, COLUMN_WIDENS, COLUMN_FILLS};
    static const char *const of[] = {"rank", "in", "on", "shift", "label"};
    for (size_t i = 0; i < sizeof traits / sizeof *traits; i++) {
        int have = 0;
        for (int k = 0; k < column_count; k++) have += (columns[k].traits & traits[i]) != 0;
        check(have == 1 && column_with(traits[i]) == column_find(of[i]), "%d columns like %s, expected 1", have, of[i]);
    }
    check(column_with(0x8000) == -1, "no column has a trait that there is not");
    for (int k = 0; k < column_count; k++)
        check(*columns[k].name && (!columns[k].title || *columns[k].title) && *columns[k].help &&
                  (columns[k].text || columns[k].format),
              "%s: a title, a help and a text", columns[k].name);
}

static void column_sorts(app *a) {
    uint32_t F = a->tab->info->d_sae;
    for (int i = 0; i < column_count; i++)
        for (int turned = 0; turned < 2 && columns[i].values; turned++) {
            say_command(a, text_of("sort %s", columns[i].name));
            if (turned) say_command(a, "reverse");
            bool rises = columns[i].ascending != (bool)turned;
            uint32_t wrong = 0;
            for (uint32_t row = 0; row + 1 < F; row++) {
                double x, y;
                columns[i].values(a, row_latent(a, row), 1, &x);
                columns[i].values(a, row_latent(a, row + 1), 1, &y);
                if (columns[i].by_rank && strcmp(columns[i].name, "shift") == 0) x = fabs(x), y = fabs(y);
                wrong += rises ? x > y : x < y;
            }
            check(wrong == 0, "sorted by %s, %s: %u steps the wrong way", columns[i].name, rises ? "rising" : "falling",
                  wrong);
        }
    say_command(a, "sort rank");
}

/* All values at once, and those of one latent. */
static void column_values(app *a) {
    uint32_t F = a->tab->info->d_sae, wrong = 0;
    double *all = malloc(F * sizeof *all);
    for (int i = 0; i < column_count; i++) {
        if (!columns[i].values) continue;
        columns[i].values(a, 0, F, all);
        for (uint32_t j = 0; j < F; j += 7) {
            double one;
            columns[i].values(a, j, 1, &one);
            wrong += memcmp(&one, &all[j], sizeof one) != 0;
        }
    }
    free(all);
    check(wrong == 0, "values one by one and all at once are the same: %u differ", wrong);
}

/* ---- filter --------------------------------------------------------------------------------- */

static void filtering(app *a) {
    table_state *t = a->tab->table;
    say_command(a, "first");
    say_command(a, "down 30");
    uint32_t latent = app_latent(a);
    type_keys(a, "&rank>10 rank<=40");
    table_finish(a);
    check(table_rows(a) == 30 && app_latent(a) == latent && t->cursor == 20,
          "the cursor stays on its latent: row %u, latent %u", t->cursor, app_latent(a));
    type_keys(a, " rank<20");
    check(table_rows(a) == 9 && app_latent(a) != latent, "filtered away: the next one: %u rows", table_rows(a));
    type_keys(a, " sh");
    check(table_rows(a) == 9 && strstr(t->filter.error, "shift  share"), "names that it may become: %s",
          t->filter.error);
    type_keys(a, "ift<x");
    check(table_rows(a) == 9 && t->filter.error[0] && t->filter.error_at == 31, "an error leaves the rows: at %zu, %s",
          t->filter.error_at, t->filter.error);
    app_key(a, 27);
    app_draw(a);
    check(table_rows(a) == a->tab->info->d_sae && app_latent(a) == latent, "Esc goes back to all, and to latent %u",
          app_latent(a));
    say_command(a, "filter rank<=5");
    uint32_t hidden = scry_session_ranking(a->tab->session)->order[900];
    say_command(a, text_of("latent %u", hidden));
    check(strstr(a->message, "hides") && app_latent(a) != hidden, "a hidden latent: %s", a->message);
    say_command(a, "unfilter");
    check(app_latent(a) == hidden && table_rows(a) == a->tab->info->d_sae, "and unfilter goes there: %u",
          app_latent(a));
    say_command(a, "filter rank<0");
    uint32_t before = scry_session_set(a->tab->session)->count;
    say_command(a, "toggle");
    check(a->message_is_error && scry_session_set(a->tab->session)->count == before, "no row, nothing toggled: %s",
          a->message);
    say_command(a, "mark");
    say_command(a, "last");
    say_command(a, "page-up");
    say_command(a, "sort rate");
    say_command(a, "search sum");
    check(t->marks->count == 0 && table_rows(a) == 0, "nothing else happens either");
    type_keys(a, "&");
    app_key(a, 'u' & 0x1f);
    app_key(a, '\r');
    check(table_rows(a) == a->tab->info->d_sae && !table_filter_text(a->tab)[0], "an empty line clears it");
    say_command(a, "sort rank");
}

/* ---- search --------------------------------------------------------------------------------- */

static bool shown_holds(app *a, uint32_t j, const char *needle) {
    const char *label = scry_label(a->tab->index, j);
    if (label) return strcasestr(label, needle) != NULL;
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        const char *piece = scry_key_piece(a->tab->index, j, k);
        if (piece && strcasestr(piece, needle)) return true;
    }
    return false;
}

/* In the text of up to eight tokens on either side of one of its ten strongest, one a sample. */
static bool context_holds(app *a, uint32_t j, const char *needle) {
    const scry_index *x = a->tab->index;
    scry_example e[10];
    size_t n = scry_top_tokens(x, j, -1, true, 10, e);
    bool holds = false;
    for (size_t k = 0; k < n && !holds; k++) {
        scry_sample s = scry_sample_at(x, e[k].capture, e[k].sample);
        char text[2000] = "";
        for (uint64_t row = s.first; row < s.first + s.count; row++)
            if (row + 8 >= e[k].token && row <= e[k].token + 8) strcat(text, scry_token(x, e[k].capture, row));
        holds = strcasestr(text, needle) != NULL;
    }
    return holds;
}

static uint32_t walk(app *a, const char *needle, bool contexts, uint32_t *hits, uint32_t most) {
    uint32_t n = 0;
    for (uint32_t row = 0; row < table_rows(a) && n < most; row++) {
        uint32_t j = row_latent(a, row);
        if (shown_holds(a, j, needle) || (contexts && context_holds(a, j, needle))) hits[n++] = j;
    }
    return n;
}

/* It begins at the first row that shows the text, where there is one. */
static void searching(app *a, const char *needle, const char *where) {
    uint32_t hits[4000], shown[1], n = walk(a, needle, true, hits, 4000), wrong = 0, start = 0;
    if (walk(a, needle, false, shown, 1))
        while (hits[start] != shown[0]) start++;
    say_command(a, "first");
    say_command(a, text_of("search %s", needle));
    for (uint32_t k = start; k < start + n + 3 && n; k++) {
        wrong += app_latent(a) != hits[k % n] || !strstr(a->message, text_of(": %u of %u ", k % n + 1, n));
        say_command(a, "search-next");
    }
    for (uint32_t k = start + n + 3; k-- > start + n && n;) {
        say_command(a, "search-back");
        wrong += app_latent(a) != hits[k % n];
    }
    say_command(a, "first");
    say_command(a, text_of("search %s", needle));
    wrong += n && app_latent(a) != hits[start]; /* what is known by now changes nothing */
    check(wrong == 0 && n > 3,
          "\"%s\", %s: %u matches in the order of the rows from the %uth on, there and around; %u "
          "wrong",
          needle, where, n, start, wrong);
}

static void searches(app *a) {
    say_command(a, "sort rank");
    searching(a, "sum", "by rank");
    searching(a, "RANK 10", "by rank");
    say_command(a, "sort rate");
    searching(a, "cell", "by rate, with ties");
    say_command(a, "filter rank<=900 rank>3");
    searching(a, "rank 2", "filtered");
    say_command(a, "unfilter");
    say_command(a, "sort rank");
    say_command(a, "search quxz");
    check(a->message_is_error && strstr(a->message, "quxz"), "nothing: %s", a->message);
    say_command(a, "search 1234");
    check(app_latent(a) == 1234, "a number: latent %u", app_latent(a));
    say_command(a, "first");
    uint32_t hits[4000], n = walk(a, "ran", false, hits, 4000);
    type_keys(a, "/r");
    type_keys(a, "a");
    type_keys(a, "nk");
    app_key(a, 127);
    table_finish(a);
    check(n && app_latent(a) == hits[0] && strstr(a->message, text_of("1 of %u", n)),
          "typed, and a letter taken away: %s", a->message);
    say_command(a, "down 5");
    app_key(a, 27);
    check(a->tab->table->cursor == 0 && !a->tab->table->find.text[0], "Esc goes back to row %u", a->tab->table->cursor);
}

/* Two tokens of one sample, from a latent's strongest on; in no label and no key token. */
static const char *text_across(app *a, uint32_t skip) {
    const scry_index *x = a->tab->index;
    uint32_t hits[1];
    for (uint32_t j = 40 + skip; j < a->tab->info->d_sae; j++) {
        scry_example e;
        if (!scry_top_tokens(x, j, -1, true, 1, &e)) continue;
        scry_sample s = scry_sample_at(x, e.capture, e.sample);
        if (e.token + 1 >= s.first + s.count) continue;
        const char *text =
            text_of("%s%s", scry_token(x, e.capture, e.token) + 2, scry_token(x, e.capture, e.token + 1));
        if (!walk(a, text, false, hits, 1)) return text;
    }
    return "";
}

static void across_tokens(app *a) {
    const char *text = text_across(a, 0);
    say_command(a, "sort rate");
    searching(a, text, "across tokens");
    say_command(a, text_of("search %s", text));
    check(strstr(a->message, "by its context") != NULL, "it is said what matched: %s", a->message);
    app_key(a, 27);
    say_command(a, "first");
    say_command(a, "search-next");
    check(strstr(a->message, "by its context") != NULL, "and after Esc n goes on: %s", a->message);
    say_command(a, "sort rank");
}

/* ---- stale rows ----------------------------------------------------------------------------- */

static void staying(app *a) {
    say_command(a, "sort what-if");
    uint32_t top[3] = {row_latent(a, 0), row_latent(a, 1), row_latent(a, 2)};
    say_command(a, "toggle");
    check(table_is_stale(a) && row_latent(a, 0) == top[0] && app_latent(a) == top[0],
          "a toggle leaves the rows where they are");
    say_command(a, "resort");
    check(!table_is_stale(a) && row_latent(a, 0) != top[0] && a->tab->table->cursor == 0,
          "and = sorts again: %u on top", row_latent(a, 0));
    double first, second;
    columns[column_find("what-if")].values(a, row_latent(a, 0), 1, &first);
    columns[column_find("what-if")].values(a, row_latent(a, 1), 1, &second);
    check(first >= second, "largest first: %g, %g", first, second);
    say_command(a, "undo");
    say_command(a, "sort rank");
    say_command(a, "filter in:yes");
    uint32_t n = table_rows(a);
    check(n == scry_session_set(a->tab->session)->count, "in:yes: %u", n);
    say_command(a, "toggle");
    check(table_rows(a) == n && table_is_stale(a), "taken out, but still there to be put back");
    say_command(a, "top 60");
    check(table_rows(a) == scry_session_set(a->tab->session)->count, "another N filters again: %u", table_rows(a));
    say_command(a, "undo");
    say_command(a, "undo");
    say_command(a, "unfilter");
}

/* ---- rankings ------------------------------------------------------------------------------- */

static void rankings_kept(app *a) {
    static const char *const lines[] = {"by-trained", "metric rate", "by-icl", "metric d", "undo",   "metric abs",
                                        "by-trained", "metric sq",   "undo",   "redo",     "by-icl", "metric sq"};
    uint32_t wrong = 0, unmoved = 0;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const scry_ranking *old = scry_session_ranking(a->tab->session);
        say_command(a, lines[i]);
        const scry_ranking *now = scry_session_ranking(a->tab->session),
                           *before = scry_session_ranking_before(a->tab->session);
        scry_ranking *fresh = scry_rank(a->tab->index, 0, now->source, now->metric, NULL);
        wrong += memcmp(fresh->order, now->order, now->latents * sizeof *now->order) != 0;
        for (uint32_t row = 0; row < table_rows(a); row++) wrong += row_latent(a, row) != fresh->order[row];
        unmoved += old != now && before != old;
        for (uint32_t j = 0; j < now->latents && before; j += 13) {
            double moved;
            columns[column_find("moved")].values(a, j, 1, &moved);
            wrong += moved != (double)before->rank[j] - now->rank[j];
        }
        scry_ranking_free(fresh);
    }
    check(wrong == 0 && unmoved == 0, "rankings back and forth are the fresh ones, and what moved too: %u, %u wrong",
          wrong, unmoved);
}

/* ---- marks ---------------------------------------------------------------------------------- */

static void marks(app *a) {
    table_state *t = a->tab->table;
    uint32_t F = a->tab->info->d_sae;
    say_command(a, "unmark");
    say_command(a, "mark 1-20,33");
    check(t->marks->count == 21 && scry_set_has(t->marks, 33), "marked by number: %u", t->marks->count);
    say_command(a, "unmark");
    say_command(a, "sort rank");
    say_command(a, "mark-rows 3-12");
    bool all = true;
    for (uint32_t row = 2; row < 12; row++) all &= scry_set_has(t->marks, row_latent(a, row));
    check(all && t->marks->count == 10, "rows 3 to 12: %u", t->marks->count);
    say_command(a, "mark-rows 0-2");
    check(a->message_is_error && t->marks->count == 10, "%s", a->message);
    say_command(a, "filter rank<=40");
    say_command(a, "mark-invert");
    check(t->marks->count == 30, "inverted among 40 rows: %u", t->marks->count);
    say_command(a, "mark-all");
    check(t->marks->count == 40, "all 40: %u", t->marks->count);
    say_command(a, "unfilter");
    say_command(a, "unmark");
    say_command(a, "first");
    type_keys(a, "m");
    say_command(a, "down 6");
    type_keys(a, "V");
    check(t->marks->count == 8, "m, seven rows down, V: %u", t->marks->count);
    say_command(a, "filter marked:yes");
    check(table_rows(a) == 8, "and as a filter: %u", table_rows(a));
    uint32_t count = scry_session_set(a->tab->session)->count;
    say_command(a, "toggle-marked");
    check(scry_session_set(a->tab->session)->count == count - 8, "T switches them");
    say_command(a, "undo");
    say_command(a, "unmark");
    say_command(a, "unfilter");
    say_command(a, "mark-all");
    check(t->marks->count == F, "all %u", F);
    say_command(a, "unmark");
}

/* ---- columns -------------------------------------------------------------------------------- */

static bool columns_are(app *a, const char *expected) {
    char text[COLUMNS_TEXT_MOST];
    table_columns_text(a->tab, text);
    return check(strcmp(text, expected) == 0, "columns %s, expected %s", text, expected);
}

static void column_commands(app *a) {
    char wrong[64], all[COLUMNS_TEXT_MOST], text[COLUMNS_TEXT_MOST];
    say_command(a, "columns in,latent:9,label,what-if:12");
    columns_are(a, "sel,latent:9,label,what-if:12");
    say_command(a, "column-hide label");
    columns_are(a, "sel,latent:9,what-if:12");
    say_command(a, "column-show d");
    columns_are(a, "sel,latent:9,d,what-if:12");
    say_command(a, "column-move d 1");
    say_command(a, "column-width d 20");
    columns_are(a, "d:20,sel,latent:9,what-if:12");
    type_keys(a, "}}(");
    columns_are(a, "sel,latent:9,d:19,what-if:12");
    type_keys(a, "s");
    check(a->tab->table->column == column_find("d") && !a->tab->table->reversed, "s sorts by the chosen column");
    type_keys(a, "s");
    check(a->tab->table->reversed, "and again turns it around");
    type_keys(a, "-");
    columns_are(a, "sel,latent:9,what-if:12");
    app_key(a, 27);
    type_keys(a, "-");
    check(a->message_is_error, "without a chosen column: %s", a->message);
    static const char *const bad[] = {"columns latnt",       "columns latent:0",    "columns latent:x",
                                      "column-hide nothing", "column-width latent", "column-move latent x",
                                      "column-show rnk"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        say_command(a, bad[i]);
        check(a->message_is_error && a->message[0], "%s: %s", bad[i], a->message);
    }
    columns_are(a, "sel,latent:9,what-if:12");
    say_command(a, "columns all");
    table_columns_text(a->tab, all);
    check(table_columns_read(a->tab, all, wrong), "all columns read back");
    table_columns_text(a->tab, text);
    check(strcmp(all, text) == 0 && a->tab->table->columns.count == column_count, "to the same: %s", text);
    uint64_t seed = 9;
    for (int turn = 0; turn < 300; turn++) { /* no order or width draws outside, or hides all */
        static const char *const lines[] = {"column-left",       "column-right",    "column-hide",  "column-back",
                                            "column-on",         "wider",           "narrower",     "column-show total",
                                            "column-show label", "column-width 90", "column-move 3"};
        app_resize(a, 12 + (int)roll_below(&seed, 30), 60 + (int)roll_below(&seed, 120));
        say_command(a, lines[roll_below(&seed, 11)]);
    }
    check(a->tab->table->columns.count >= 1, "300 random steps leave %d columns", a->tab->table->columns.count);
    app_resize(a, 24, 80);
    say_command(a, "columns default");
    say_command(a, "sort rank");
    app_key(a, 27);
}

/* What is said of one is not said of many, and what is said of a column has room. */
static void said(app *a) {
    if (a->tab->table->marks->count) say_command(a, "unmark");
    say_command(a, "mark 3");
    check(strcmp(a->message, "1 marked; T toggles it") == 0, "of one mark: %s", a->message);
    say_command(a, "unmark");
    check(strcmp(a->message, "1 mark removed; M restores it") == 0, "and when it goes: %s", a->message);
    say_command(a, "mark 3,4");
    check(strcmp(a->message, "2 marked; T toggles them all") == 0, "of two: %s", a->message);
    say_command(a, "unmark");
    check(strcmp(a->message, "2 marks removed; M restores them") == 0, "and when they go: %s", a->message);
    say_command(a, "columns all");
    int cut = 0;
    for (int i = 0; i < column_count; i++) {
        say_command(a, "column-right");
        cut += text_columns(a->message) >= a->grid->cols;
    }
    check(cut == 0, "%d of %d columns are explained in more than a line, the last: %s", cut, column_count, a->message);
    say_command(a, "columns default");
    app_key(a, 27);
}

/* ---- by a token ------------------------------------------------------------------------------- */

static void by_token(app *a) {
    uint32_t F = a->tab->info->d_sae, wrong = 0, passing = 0;
    float *mean = malloc(F * sizeof *mean), *rate = malloc(F * sizeof *rate);
    int on = column_find("on");
    check(table_column_is_mute(a, on), "the column of a token takes no room before one is asked for");
    say_command(a, "columns rank,latent,label");
    say_command(a, "fires-on The");
    scry_text_query query = {.text = "the", .capture = SCRY_BASE_CAPTURES, .context = -1};
    scry_text_matches *found = scry_text_find(a->tab->index, &query, NULL);
    uint64_t tokens = found->marked;
    scry_text_response(a->tab->index, found, 1, mean, rate, NULL);
    scry_text_matches_free(found);
    for (uint32_t row = 0; row + 1 < F; row++) wrong += mean[row_latent(a, row)] < mean[row_latent(a, row + 1)];
    for (uint32_t j = 0; j < F; j++) passing += mean[j] > 0.01F;
    check(tokens > 0 && wrong == 0 && mean[row_latent(a, 0)] > 0, "%u tokens: sorted by it, %u rows astray",
          (unsigned)tokens, wrong);
    check(table_column_place(a->tab, on) == 2 && !table_column_is_mute(a, on), "shown before the label");
    say_command(a, "filter on>0.01");
    check(table_rows(a) == passing && passing > 0, "filtered by it: %u rows, expected %u", table_rows(a), passing);
    say_command(a, "unfilter");
    say_command(a, "fires-on \"  the\"");
    check(a->message_is_error && strstr(a->message, "\"  the\" is nowhere in ") &&
              strstr(a->message, "without the blanks around it"),
          "quotes keep blanks, and what is not there is said to be: %s", a->message);
    say_command(a, "fires-on \" the\"");
    check(!a->message_is_error && strstr(a->message, "\" the\""), "one blank is there: %s", a->message);
    say_command(a, "fires-on nowhere");
    check(a->message_is_error && a->tab->table->column == on && row_latent(a, 0) < F,
          "a token that is not there: \"%s\"", a->message);
    say_command(a, "columns default");
    say_command(a, "sort rank");
    free(mean);
    free(rate);
}

/* As a job: what needs no job is there at once; what comes later is gone to where there was nothing. */
static void across_tokens_as_job(app *a) {
    const char *text = text_across(a, 900), *other = text_across(a, 500);
    uint32_t hits[4000], n = walk(a, text, true, hits, 4000);
    double done;
    say_command(a, "first");
    uint32_t here = app_latent(a);
    say_command(a, text_of("search %s", text));
    const char *what = job_running(a, false, &done);
    check(what && strstr(what, text) && !a->message_is_error && app_latent(a) == here, "contexts as a job: %s",
          a->message);
    say_command(a, "search-next");
    check(!strstr(a->message, "already"), "n waits for them: %s", a->message);
    app_key(a, 27);
    check(!job_running(a, false, NULL) && strstr(a->message, "cancelled"), "Esc cancels it: %s", a->message);
    jobs_finish(a);
    check(app_latent(a) == here, "and the cursor stays");
    say_command(a, text_of("search %s", other));
    say_command(a, text_of("search %s", text));
    jobs_finish(a);
    check(n && app_latent(a) == hits[0] && strstr(a->message, text_of("of %u", n)), "of two the later: %s", a->message);
    say_command(a, "first");
    say_command(a, text_of("search %s", text));
    check(!job_running(a, false, NULL) && strstr(a->message, text_of("of %u", n)), "known contexts start no job: %s",
          a->message);
    app_key(a, 27);
}

/* As a job: cancelled, it leaves the table as it was; otherwise the rows are sorted when it has ended, and of two jobs
 * the last requested counts. */
static void by_token_as_job(app *a) {
    double done;
    say_command(a, "fires-on the");
    float *kept = a->tab->table->on;
    say_command(a, "sort rank");
    uint32_t first = row_latent(a, 0);
    jobs_use_threads(a->jobs);
    app_command(a, "fires-on the");
    const char *what = job_running(a, false, &done);
    check(what && strcmp(what, "fires-on the") == 0, "it is said what is under way: \"%s\"", what ? what : "");
    app_key(a, 27);
    check(strstr(a->message, "cancelled") && !job_running(a, false, NULL), "Esc gives it up: %s", a->message);
    jobs_finish(a);
    check(a->tab->table->on == kept && row_latent(a, 0) == first, "and the table is as it was");
    app_command(a, "fires-on the");
    check(row_latent(a, 0) == first, "the rows stay until it has come");
    jobs_finish(a);
    check(a->tab->table->column == column_find("on") && row_latent(a, 0) == order_at(&a->tab->table->order, 0) &&
              strstr(a->message, "\"the\""),
          "and are sorted by it then: %s", a->message);
    across_tokens_as_job(a);
    say_command(a, "sort on");
    uint32_t strongest = row_latent(a, 0);
    app_command(a, "fires-on nowhere");
    app_command(a, "fires-on The");
    jobs_finish(a);
    check(row_latent(a, 0) == strongest && strstr(a->message, "\"The\""), "of two the later: %s", a->message);
}

int main(void) {
    app *a = open_table(2600);
    if (!a) return check_end();
    column_traits();
    text_sort(a);
    column_values(a);
    say_command(a, "by-trained");
    column_sorts(a);
    say_command(a, "by-icl");
    filtering(a);
    searches(a);
    across_tokens(a);
    staying(a);
    marks(a);
    column_commands(a);
    said(a);
    rankings_kept(a);
    by_token(a);
    by_token_as_job(a);
    app_free(a);
    return check_end();
}
