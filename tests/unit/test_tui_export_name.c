/* test_tui_export_name.c: the file name that export proposes never names an existing file, except this session's own.
 */
#include "table_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static void offers(app *a, const char *expected) {
    say_command(a, "export");
    check(strcmp(a->prompt.text, expected) == 0, "e offers %s, found \"%s\"", expected, a->prompt.text);
    app_key(a, 27);
}

int main(void) {
    app *a = open_table(600);
    if (!a) return check_end();
    const char *folder = scratch("names");
    check(mkdir(folder, 0700) == 0 && chdir(folder) == 0, "in an empty folder");
    offers(a, "set.csv");
    FILE *f = fopen("set.csv", "w");
    check(f && fputs("mine\n", f) >= 0 && fclose(f) == 0, "with a file of that name");
    offers(a, "set-2.csv");
    say_command(a, "export");
    app_key(a, '\r');
    check(strcmp(a->message, "50 latents written to set-2.csv") == 0 && access("set-2.csv", F_OK) == 0,
          "Enter takes it: \"%s\"", a->message);
    offers(a, "set-2.csv");
    say_command(a, "toggle");
    say_command(a, "export set-2.csv");
    check(strcmp(a->message, "49 latents written to set-2.csv") == 0, "its own is written again: \"%s\"", a->message);
    char line[16] = "";
    f = fopen("set.csv", "r");
    check(f && fgets(line, sizeof line, f) && strcmp(line, "mine\n") == 0, "the other is as it was: \"%s\"", line);
    if (f) fclose(f);
    say_command(a, "export set.csv");
    check(strcmp(a->message, "overwrote set.csv with 49 latents") == 0, "asked for by name, it is said: \"%s\"",
          a->message);
    say_command(a, "export set.latents");
    check(strcmp(a->message, "49 latents written as CSV to set.latents") == 0, "a name that says no kind: \"%s\"",
          a->message);
    app_free(a);
    return check_end();
}
