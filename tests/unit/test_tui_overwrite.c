/* test_tui_overwrite.c: a file that exists is overwritten only after yes, by "NAME! FILE", or where it is the session's
 * own; and everything that was switched by hand goes in one step. */
#include "table_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

static const char mine[] = "mine\n";

static bool is_mine(const char *path) {
    char text[16] = "";
    FILE *f = fopen(path, "r");
    bool read = f && fgets(text, sizeof text, f);
    if (f) fclose(f);
    return read && strcmp(text, mine) == 0;
}

/* Asks; no keeps the file; another key drops the question; yes and ! overwrite it. */
static void asks(app *a, const char *name, const char *argument, const char *path) {
    const char *line = text_of("%s %s", name, argument);
    write_text(path, "%s", mine);
    say_command(a, line);
    check_says(a->message, SAYS("exists: overwrite? :yes or :no"), "%s asks", name);
    check(!a->message_is_error && is_mine(path), "%s: it is as it was", name);
    type_keys(a, "n");
    check_says(a->message, SAYS("nothing written"), "%s, n", name);
    type_keys(a, "y");
    check(is_mine(path), "%s, n and then y: it is as it was", name);
    say_command(a, line);
    say_command(a, "no");
    say_command(a, "yes");
    check(a->message_is_error && is_mine(path), "%s, :no and then :yes: %s", name, a->message);
    say_command(a, line);
    app_key(a, 27);
    check(is_mine(path), "%s, Esc: it is as it was", name);
    say_command(a, line);
    type_keys(a, "gy");
    check(is_mine(path), "%s, another key takes the question away: it is as it was", name);
    say_command(a, line);
    type_keys(a, ":");
    app_key(a, 27);
    type_keys(a, "y");
    check(is_mine(path), "%s, a palette that was left takes it away too", name);
    say_command(a, line);
    type_keys(a, ":yes\r");
    check(!is_mine(path) && !a->message_is_error, "%s, :yes in the palette: \"%s\"", name, a->message);
    write_text(path, "%s", mine);
    say_command(a, line);
    if (a->question.command) type_keys(a, "y");
    check(!is_mine(path), "%s, y: \"%s\"", name, a->message);
    write_text(path, "%s", mine);
    say_command(a, text_of("%s! %s", name, argument));
    check(!is_mine(path) && !a->question.command, "%s! does not ask: \"%s\"", name, a->message);
    a->layer = NULL;
}

static void files(app *a) {
    static const char *const names[] = {"report", "export-labels", "screen", "export"};
    static const char *const files[] = {"r.html", "l.jsonl", "s.svg", "e.csv"};
    for (size_t i = 0; i < 4; i++) asks(a, names[i], scratch("%s", files[i]), scratch("%s", files[i]));
    const char *picture = scratch("p.svg");
    write_text(picture, "%s", mine);
    say_command(a, "plot scatter");
    say_command(a, text_of("svg %s", picture));
    check(a->question.command && is_mine(picture), "svg asks: %s", a->message);
    type_keys(a, "y");
    check(!is_mine(picture) && a->layer, "svg, y on the page of plots, which stays: %s", a->message);
    a->layer = NULL;
}

/* What this session has exported it replaces without asking; what it has imported it does not. */
static void own(app *a) {
    const char *path = scratch("own.csv"), *other = scratch("other.csv");
    say_command(a, text_of("export %s", path));
    say_command(a, text_of("export %s", path));
    check(!a->question.command && strstr(a->message, "written to"), "its own is written again: %s", a->message);
    write_text(other, "latent\n3\n");
    say_command(a, text_of("import %s", other));
    say_command(a, text_of("export %s", other));
    check(a->question.command != NULL, "an imported file is asked about: %s", a->message);
    say_command(a, "no");
    say_command(a, text_of("export! %s of top3", path));
    check(strstr(a->message, "3 latents") != NULL, "export! FILE of SETS: %s", a->message);
    say_command(a, "toggle! 3");
    check_says(a->message, SAYS("toggle overwrites no file"), "! of a command that writes none");
    say_command(a, text_of("export %s", scratch("study-600.scry")));
    check_says(a->message, SAYS("is an index"), "an index is refused, not asked about");
    say_command(a, "export /dev/null");
    check(!a->question.command, "a device is not asked about: %s", a->message);
    say_command(a, "undo");
}

static void macros(app *a) {
    const char *path = scratch("m.csv");
    write_text(path, "%s", mine);
    say_command(a, "record out");
    say_command(a, text_of("export %s", path));
    type_keys(a, "y");
    say_command(a, "record");
    char line[600] = "", *macro = macro_path("out");
    FILE *f = fopen(macro, "r");
    bool read = f && fgets(line, sizeof line, f);
    if (f) fclose(f);
    free(macro);
    check(read && strncmp(line, "export! ", 8) == 0, "what yes allowed is recorded so: %s", line);
    say_command(a, "record out");
    check_says(a->message, SAYS("macro out exists: overwrite?"), "record asks about a macro");
    type_keys(a, "n");
    check(!a->recording.name[0], "n: nothing is recorded");
    say_command(a, "record! out");
    check(strcmp(a->recording.name, "out") == 0, "record! records");
    say_command(a, text_of("export %s", scratch("fresh.csv")));
    say_command(a, "record");
    write_text(scratch("fresh.csv"), "%s", mine);
    a->tab->written[0] = 0;
    say_command(a, "play out");
    check(a->message_is_error && is_mine(scratch("fresh.csv")), "a macro does not ask, it stops: %s", a->message);
    check_says(a->message, SAYS("export! overwrites it"), "and says how");
    say_command(a, "keep core top3");
    say_command(a, "keep core top3");
    check(!a->question.command, "the same set under its name: %s", a->message);
    say_command(a, "keep core top5");
    check_says(a->message, SAYS("set core exists: overwrite?"), "keep asks about a named set");
    type_keys(a, "y");
    check_says(a->message, SAYS("5 latents saved as core"), "y");
}

/* Nobody is there to answer: as in the shell. */
static void scripts(app *a) {
    const char *path = scratch("script.csv");
    write_text(path, "%s", mine);
    a->can_ask = false;
    say_command(a, text_of("export %s", path));
    check(!is_mine(path) && strstr(a->message, "overwrote"), "a script overwrites, and says so: %s", a->message);
    a->can_ask = true;
}

static void reset(app *a) {
    scry_session *s = a->tab->session;
    uint32_t added, removed;
    size_t undo, undo_after, redo;
    say_command(a, "reset");
    say_command(a, "reset");
    check_says(a->message, SAYS("nothing to reset"), "without switches");
    say_command(a, "toggle 0-40");
    say_command(a, "top 70");
    say_command(a, "toggle 100,101");
    scry_set *edited = scry_set_copy(scry_session_set(s)), *untouched = scry_session_untouched(s);
    scry_session_edits(s, &added, &removed);
    check(added + removed > 2, "%u added, %u removed", added, removed);
    scry_session_history(s, &undo, &redo);
    type_keys(a, "Z");
    scry_session_history(s, &undo_after, &redo);
    check(scry_set_equal(scry_session_set(s), untouched) && undo_after == undo + 1, "Z: the top 70, in one step: %s",
          a->message);
    say_command(a, "top 50");
    scry_session_edits(s, &added, &removed);
    check(added + removed == 0, "no switch comes back at another N");
    say_command(a, "undo");
    say_command(a, "undo");
    check(scry_set_equal(scry_session_set(s), edited), "undo brings them all back");
    scry_set_free(edited);
    scry_set_free(untouched);
}

int main(void) {
    setenv("XDG_DATA_HOME", scratch("data"), 1);
    app *a = open_table(600);
    if (!a) return check_end();
    a->can_ask = true;
    files(a);
    own(a);
    macros(a);
    scripts(a);
    reset(a);
    app_free(a);
    return check_end();
}
