/* test_tui_names.c: open indexes are called by their study, and never by a key of the cache. */
#include "results/index_name.h"
#include "table_fixture.h"

static void is_called(const scry_info *const *all, size_t count, size_t which, const char *expected) {
    char name[200];
    index_name(all, count, which, name, sizeof name);
    check(strcmp(name, expected) == 0, "%zu of %zu is called \"%s\"%s", which + 1, count, expected,
          strcmp(name, expected) ? text_of(": found \"%s\"", name) : "");
}

int main(void) {
    setenv("XDG_CACHE_HOME", scratch("cache"), 1);
    const char *key = scratch("cache/scry/0123456789abcdef.scry"), *other = scratch("cache/scry/fedcba.scry");
    const scry_info cached = {.path = key, .name = "Math", .hook = "blocks.3"},
                    deeper = {.path = other, .name = "Math", .hook = "blocks.9"},
                    law = {.path = "/x/l.scry", .name = "Law", .hook = ""},
                    file = {.path = "/x/m.scry", .name = "Math", .hook = "blocks.3"},
                    unnamed = {.path = "/x/u.scry", .name = "", .hook = ""},
                    unnamed_cached = {.path = key, .name = "", .hook = ""},
                    below = {.path = scratch("cache/scry/mine/m.scry"), .name = "", .hook = ""};
    const scry_info *alone[] = {&cached}, *two[] = {&cached, &law}, *same[] = {&cached, &deeper, &file, &law},
                    *without[] = {&unnamed, &unnamed_cached, &below};
    is_called(alone, 1, 0, "Math");
    is_called(two, 2, 0, "Math");
    is_called(two, 2, 1, "Law");
    is_called(same, 4, 0, "Math, blocks.3");
    is_called(same, 4, 1, "Math, blocks.9");
    is_called(same, 4, 2, "m.scry, Math");
    is_called(same, 4, 3, "Law");
    is_called(without, 3, 0, "u.scry");
    is_called(without, 3, 1, "unnamed study");
    is_called(without, 3, 2, "m.scry");

    /* in the explorer: title, message, compare */
    app *a = open_table(600);
    if (!a) return check_end();
    char title[600] = "";
    app_draw(a);
    check(a->tab->info->name[0], "the study is named \"%s\"", a->tab->info->name);
    say_command(a, "tab 1");
    check(strstr(a->message, a->tab->info->name) && !strstr(a->message, ".scry"), "a tab says its study: %s",
          a->message);
    say_command(a, text_of("add %s", scratch("study-600.scry")));
    FILE *f = tmpfile();
    say_command(a, "compare");
    jobs_finish(a);
    app_draw(a);
    grid_write(a->grid, f, false);
    rewind(f);
    bool named = false, by_file = false;
    while (fgets(title, sizeof title, f)) {
        named = named || strstr(title, text_of("%.19s", a->tab->info->name));
        by_file = by_file || strstr(title, "study-600");
    }
    fclose(f);
    check(named && !by_file, "compare names the study, and not the file");
    app_free(a);
    return check_end();
}
