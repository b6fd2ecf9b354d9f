/* test_tui_filter_words.c: completion of filters: each proposal can be parsed, Tab inserts it, Up recalls earlier
 * filters. */
#include "table_fixture.h"

#include "terminal/keys.h"
#include "explorer/table/filter.h"
#include "explorer/table/column_table.h"

static app *open_sample(void) {
    const char *study = study_path_of("sample");
    scry_error err = {0};
    const char *path = scratch("sample.scry");
    bool ok = study && scry_index_build(study, path, NULL, NULL, NULL, &err);
    scry_index *index = ok ? scry_open(path, true, &err) : NULL;
    scry_session *session = index ? scry_session_new(index, 0, SCRY_ICL, SCRY_SQ, 100, SCRY_ACT, &err) : NULL;
    check(session != NULL, "the sample study opens %s", err.text);
    return session ? app_new(index, session, 24, 80, false, true) : NULL;
}

/* What makes a whole term of a word that is offered. */
static const char *rest_of(const char *word) {
    char last = word[strlen(word) - 1];
    if (last == '~') return "x";
    if (last != ':') return "<5";
    return strcmp(word, "fires:") == 0 || strcmp(word, "adds:") == 0 ? "law>0" : "no";
}

static void each_is_read(app *a) {
    filter_completion w, values;
    size_t wrong = 0, some = 0;
    filter_completion_at(a, "", 0, &w);
    check(w.count >= column_count + 5, "in an empty line %d names are offered", w.count);
    for (int i = 0; i < w.count; i++) {
        filter_error err = {0};
        const char *term = text_of("%s%s", w.word[i], rest_of(w.word[i]));
        filter *f = filter_read(a, term, &err);
        if (!f) check(false, "\"%s\" is read: %s", term, err.text);
        filter_free(f);
        /* its beginning offers it, whole or not, whatever stands before */
        for (size_t n = 1; n <= strlen(w.word[i]); n++) {
            const char *text = text_of("rate<1%% !%.*s", (int)n, w.word[i]);
            bool sign = strchr("~:", w.word[i][n - 1]) != NULL, found = false;
            filter_completion_at(a, text, strlen(text), &values);
            for (int k = 0; k < values.count; k++) found = found || strcmp(values.word[k], w.word[i]) == 0;
            wrong += !sign && (!found || values.from != 9);
            some++;
        }
    }
    check(wrong == 0, "each is offered for its first letters: %zu beginnings, %zu wrong", some, wrong);
    filter_completion_at(a, "fires:", 6, &values);
    check(values.count == (int)a->tab->info->domains, "behind fires: all %d domains", values.count);
    wrong = 0;
    for (int i = 0; i < values.count; i++) {
        filter_error err = {0};
        filter *f = filter_read(a, text_of("fires:%s>1%%", values.word[i]), &err);
        wrong += !f;
        filter_free(f);
    }
    check(wrong == 0, "each of them can be read, also \"computer science\": %zu wrong", wrong);
    static const char *const none[] = {"rate<", "rate<1", "label~the", "token=", "\"in", "rate:3", "fires:law>", "x:"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        filter_completion_at(a, none[i], strlen(none[i]), &values);
        check(values.count == 0, "in \"%s\" nothing is offered (%d)", none[i], values.count);
    }
}

static void press_tab(app *a, const char *typed, const char *expected, const char *list) {
    const table_filter *f = &a->tab->table->filter;
    say_command(a, "filter");
    a->prompt.text[0] = 0, a->prompt.at = 0;
    type_keys(a, typed);
    app_key(a, '\t');
    app_draw(a);
    check(strcmp(a->prompt.text, expected) == 0 && a->prompt.at == strlen(expected),
          "\"%s\" and Tab: \"%s\", expected \"%s\"", typed, a->prompt.text, expected);
    if (list)
        check(strncmp(f->error, list, strlen(list)) == 0 && !f->error_length,
              "and below the rows \"%s\", expected \"%s\"", f->error, list);
    app_key(a, 27);
}

static void tabs(app *a) {
    press_tab(a, "ra", "ra", "rank  rate  rate-after");
    press_tab(a, "rat", "rate", "rate  rate-after");
    press_tab(a, "fi", "fires:", "biology  business");
    press_tab(a, "rate<1% !fires:CO", "rate<1% !fires:\"computer science\"", NULL);
    press_tab(a, "fires:\"co", "fires:\"computer science\"", NULL);
    press_tab(a, "se", "sel:", "yes  no");
    press_tab(a, "sel:n", "sel:no", NULL);
    press_tab(a, "in:n", "in:no", NULL);
    press_tab(a, "zebra", "zebra", NULL);
    press_tab(a, "fires:ph", "fires:ph", "philosophy  physics");
    say_command(a, "filter");
    type_keys(a, "sel:y");
    check(!table_filter_text(a->tab)[0] && strcmp(a->tab->table->filter.error, "yes") == 0,
          "half a value is no filter yet: \"%s\"", a->tab->table->filter.error);
    app_key(a, '\t');
    app_key(a, '\r');
    check(strcmp(table_filter_text(a->tab), "sel:yes") == 0 && table_rows(a) == 100, "whole, it is: %u rows",
          table_rows(a));
    say_command(a, "unfilter");
}

static void again(app *a) {
    say_command(a, "filter");
    type_keys(a, "rate>5%\r");
    say_command(a, "filter");
    for (int i = 0; i < 40; i++) app_key(a, 8);
    say_command(a, "unfilter");
    say_command(a, "filter");
    type_keys(a, "in:no\r");
    say_command(a, "search");
    type_keys(a, "the\r");
    say_command(a, "unfilter");
    say_command(a, "filter");
    app_key(a, KEY_CODE_UP);
    check(strcmp(a->prompt.text, "in:no") == 0, "Up brings the last filter back: \"%s\"", a->prompt.text);
    uint32_t rows = table_rows(a);
    app_key(a, KEY_CODE_UP);
    check(strcmp(a->prompt.text, "rate>5%") == 0 && table_rows(a) != rows, "and the one before, seen at once: \"%s\"",
          a->prompt.text);
    app_key(a, KEY_CODE_DOWN);
    check(strcmp(a->prompt.text, "in:no") == 0 && table_rows(a) == rows, "Down goes back: \"%s\"", a->prompt.text);
    app_key(a, 27);
    check(!table_filter_text(a->tab)[0], "Esc leaves all rows");
    say_command(a, "search");
    app_key(a, KEY_CODE_UP);
    check(strcmp(a->prompt.text, "the") == 0, "a search has its own: \"%s\"", a->prompt.text);
    app_key(a, 27);
    say_command(a, "palette");
    app_key(a, KEY_CODE_UP);
    check(strcmp(a->prompt.text, "search the") == 0, "and the palette has all: \"%s\"", a->prompt.text);
    app_key(a, 27);
}

int main(void) {
    app *a = open_sample();
    if (!a) return check_end();
    each_is_read(a);
    tabs(a);
    again(a);
    app_free(a);
    return check_end();
}
