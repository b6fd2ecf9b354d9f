/* test_tui_config.c: the settings file: valid settings take effect, each invalid one is reported with file, key, found
 * and expected, and none hinders the others. Configured keys act and are the ones shown. Macros. */
#include "check.h"
#include "sample_app.h"

#include "explorer/app.h"
#include "terminal/keys.h"
#include "explorer/table/column_table.h"
#include "explorer/panes/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static config read_config(const char *text) {
    config c;
    write_text(scratch("config.json"), "%s", text);
    config_read(&c, scratch("config.json"), &column_settings);
    return c;
}

static void right(void) {
    config c =
        read_config("{\"theme\": \"light\", \"ascii\": true, \"mouse\": false, \"top\": 200, \"score\": \"act2\","
                    "\"by\": \"sft\", \"metric\": \"abs\", \"keys\": {\"toggle\": \"x Space\"},"
                    "\"columns\": [\"label:40\", \"latent\"], \"colours\": {\"bar\": \"208\"}, \"start\": [\"sort "
                    "rate\", \"down 3\"]}");
    check(c.wrong.count == 0, "nothing is wrong, found \"%s\"", c.wrong.count ? c.wrong.text[0] : "");
    check(c.theme == theme_find("light") && c.ascii == 1 && c.mouse == 0, "theme, ascii, mouse");
    check(strcmp(c.top, "200") == 0 && strcmp(c.score, "act2") == 0 && strcmp(c.by, "sft") == 0 &&
              strcmp(c.metric, "abs") == 0,
          "top, score, by, metric");
    check(strcmp(keymap_keys(&c.keys, command_find("toggle")), "x Space") == 0, "keys");
    check(c.own[ROLE_BAR].set && c.own[ROLE_BAR].fg == 208 && !c.own[ROLE_IN].set, "colours");
    check(c.columns && strcmp(c.columns, "label:40,latent") == 0, "columns");
    check(c.start.count == 2 && strcmp(c.start.text[1], "down 3") == 0, "start");
    config_free(&c);
    config_read(&c, scratch("none.json"), &column_settings);
    check(c.wrong.count == 0 && c.ascii == -1 && !c.theme, "no file: nothing is set, and nothing is wrong");
    config_free(&c);
}

static void key_names(void) {
    check(key_of_name("F1") == KEY_CODE_F1 && key_of_name("F12") == KEY_CODE_F12 && key_of_name("F") == 'F',
          "F1 to F12 are keys");
    static const char *const none[] = {"F0", "F13", "F1x", "Fx", "F123"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) check(!key_of_name(none[i]), "%s is none", none[i]);
    check(key_in("? F1 h", KEY_CODE_F1) && !key_in("? F1 h", KEY_CODE_F1 + 1), "F1 is found among keys");
}

/* Each is wrong in one way, and "metric" behind it is read all the same. */
static void wrong(void) {
    static const struct {
        const char *item, *says[4];
    } cases[] = {
        {"\"theme\": 5", {"\"theme\"", "found 5", "expected \"dark\"", ""}},
        {"\"theme\": \"pink\"", {"\"theme\"", "found \"pink\"", "\"contrast\"", ""}},
        {"\"ascii\": \"yes\"", {"\"ascii\"", "found \"yes\"", "expected true or false", ""}},
        {"\"top\": -1", {"\"top\"", "found -1", "expected a whole number", ""}},
        {"\"top\": 1.5", {"\"top\"", "found 1.5", "whole", ""}},
        {"\"top\": 1e99", {"\"top\"", "found 1e+99", "whole", ""}},
        {"\"score\": \"acts\"", {"\"score\"", "found \"acts\"", "\"act2\"", ""}},
        {"\"by\": \"bass\"", {"\"by\"", "found \"bass\"", "\"sft\"", ""}},
        {"\"keys\": []", {"\"keys\"", "found []", "commands and their keys", ""}},
        {"\"keys\": {\"togle\": \"x\"}", {"\"keys\": \"togle\"", "expected a command", "toggle", ""}},
        {"\"keys\": {\"toggle\": \"Spcae\"}", {"\"keys\": \"toggle\"", "found \"Spcae\"", "expected keys", ""}},
        {"\"keys\": {\"toggle\": 5}", {"\"keys\": \"toggle\"", "found 5", "expected keys", ""}},
        {"\"colours\": {\"bars\": \"red\"}", {"\"colours\": \"bars\"", "expected a role", "bar", ""}},
        {"\"colours\": {\"bar\": \"rot\"}", {"\"colours\": \"bar\"", "found \"rot\"", "#ff8700", ""}},
        {"\"columns\": \"label\"", {"\"columns\"", "found \"label\"", "list of columns", ""}},
        {"\"columns\": []", {"\"columns\"", "found []", "list of columns", ""}},
        {"\"columns\": [\"labl\", \"rank\"]", {"\"columns\"", "found \"labl\"", "a column such as \"label\"", ""}},
        {"\"columns\": [\"label:0\"]", {"\"columns\"", "found \"label:0\"", "width from 1 to 120", ""}},
        {"\"columns\": [7]", {"\"columns\"", "found 7", "a column", ""}},
        {"\"start\": \"sort\"", {"\"start\"", "found \"sort\"", "list of commands", ""}},
        {"\"start\": [5]", {"\"start\"", "found 5", "a command", ""}},
        {"\"them\": \"dark\"", {"found the key \"them\"", "expected \"theme\"", "", ""}},
        {"\"qqqqqqqq\": 1", {"found the key \"qqqqqqqq\"", "expected theme, ascii", "", ""}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "{%s, \"metric\": \"d\"}", cases[i].item);
        config c = read_config(text);
        check(c.wrong.count == 1, "%s: found %zu complaints, expected 1", cases[i].item, c.wrong.count);
        if (c.wrong.count)
            check_says(c.wrong.text[0], SAYS("config.json: ", cases[i].says[0], cases[i].says[1], cases[i].says[2]),
                       "%s: said", cases[i].item);
        check(c.metric && strcmp(c.metric, "d") == 0, "%s: the rest is read", cases[i].item);
        config_free(&c);
    }
    static const char *const broken[] = {"", "{", "[1]", "{\"top\": 5,\n\n oh}", "5", "{\"top\": 5} x"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        config c = read_config(broken[i]);
        check(c.wrong.count == 1 && strstr(c.wrong.text[0], "expected"), "\"%s\": said, found \"%s\"", broken[i],
              c.wrong.count ? c.wrong.text[0] : "");
        config_free(&c);
    }
    config c = read_config("{\"top\": 5,\n\n oh}");
    check_says(c.wrong.count ? c.wrong.text[0] : "", SAYS("line 3", "h}"), "the line of broken JSON");
    config_free(&c);
    scratch_folder("folder.json");
    config_read(&c, scratch("folder.json"), &column_settings);
    check(c.wrong.count == 1, "a folder in its place is said to be");
    config_free(&c);
}

static char *screen_text(app *a) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    app_draw(a);
    grid_write(a->grid, f, false);
    fclose(f);
    return text;
}

static void keys(app *a) {
    scry_error err = {0};
    size_t commands_before = 0, commands_after = 0;
    for (uint32_t key = 1; key < 128; key++) commands_before += keymap_command(&a->keys, key) != NULL;
    check(keymap_set(&a->keys, "toggle", "x ^t", &err), "keys are set %s", err.text);
    check(keymap_set(&a->keys, "undo", "z", &err), "of another too %s", err.text);
    check(keymap_command(&a->keys, 'x') == command_find("toggle") &&
              keymap_command(&a->keys, 't' & 0x1f) == command_find("toggle"),
          "they act");
    check(!keymap_command(&a->keys, ' ') && !keymap_command(&a->keys, 'u'), "and those of before no longer");
    check(keymap_set(&a->keys, "redo", "j", &err), "a key that another command has");
    check(keymap_command(&a->keys, 'j') == command_find("redo") &&
              keymap_command(&a->keys, KEY_CODE_DOWN) == command_find("down"),
          "goes over, and that one keeps its others");
    check(strcmp(keymap_keys(&a->keys, command_find("down")), "Down") == 0, "also in what is shown");
    for (uint32_t key = 1; key < 128; key++) {
        commands_after += keymap_command(&a->keys, key) != NULL;
        int has = 0;
        for (size_t i = 0; i < command_count; i++)
            has += commands[i].explorer && key_in(keymap_keys(&a->keys, &commands[i]), key);
        if (has > 1) check(false, "key %u: found %d commands on it, expected one", key, has);
    }
    check(commands_after + 4 >= commands_before && commands_after <= commands_before, "no other key changed");
    app_key(a, 'x');
    check(scry_session_set(a->tab->session)->count == 99, "x toggles");
    app_key(a, ' ');
    check(a->message_is_error, "space says that it does nothing");
    a->message[0] = 0;
    char *text = screen_text(a);
    check(strstr(text, " x toggle") && strstr(text, " z undo"), "the footer shows the keys that are set");
    free(text);
    app_command(a, "palette undo");
    text = screen_text(a);
    check(strstr(text, "z         undo") != NULL, "the palette too");
    free(text);
    a->prompt.then = NULL;
    app_command(a, "help undo");
    text = screen_text(a);
    check(strstr(text, "z          undo") != NULL, "and the help");
    free(text);
    a->layer = NULL;
}

/* Whatever the pane, every command of the explorer is in the help once; a search finds what holds the word. */
static void help(app *a) {
    help_line lines[HELP_LINES];
    for (int p = 0; p < PANES; p++) {
        a->tab->focus = (pane)p;
        int n = help_lines(a, 52, "", lines), missing = 0, longest = 0;
        for (size_t i = 0; i < command_count; i++) {
            int found = 0;
            for (int k = 0; k < n; k++)
                found += lines[k].name && strcmp(lines[k].name, commands[i].name) == 0 &&
                         strstr(commands[i].help, lines[k].text);
            missing += commands[i].explorer && found != 1;
        }
        for (int k = 0; k < n; k++) longest = lines[k].part > longest ? lines[k].part : longest;
        check(missing == 0 && n < HELP_LINES, "pane %d: %d commands are not in the help, or twice", p, missing);
        check(longest <= 53, "pane %d: wrapped to 52 columns and a blank, found %d", p, longest);
        check(lines[0].title && strstr(lines[0].text, "this pane") && lines[1].name, "pane %d: its own first", p);
    }
    a->tab->focus = PANE_TABLE;
    static const char *const sought[] = {"UNDO", "rho", "FILE", "q", "zzzz"};
    for (size_t i = 0; i < 5; i++) {
        int n = help_lines(a, 52, sought[i], lines), without = 0, empty = 0, found = 0;
        for (int k = 0; k < n; k++) {
            const help_line *l = &lines[k];
            if (l->title) empty += k + 1 == n || lines[k + 1].title;
            else if (l->name && l->name[0]) {
                found++;
                without += !help_find(l->key, sought[i]) && !help_find(l->name, sought[i]) &&
                           !help_find(l->arguments, sought[i]) && !help_find(l->text, sought[i]);
            }
        }
        check(without == 0 && empty == 0 && (found > 0) == (i < 4), "\"%s\": %d found, %d without it, %d empty titles",
              sought[i], found, without, empty);
    }
}

/* What a mouse did anywhere on the screen, recorded, leaves the same screen when it is played to another explorer of
 * the same index. */
static void mouse(const char *index) {
    uint64_t seed = 3;
    setenv("XDG_DATA_HOME", scratch("clicks"), 1);
    int wrong = 0, lines = 0;
    enum { ROUNDS = 60, EVENTS = 14 };
    for (int round = 0; round < ROUNDS; round++) {
        app *a = sample_app(index, 100), *b = sample_app(index, 100);
        app_command(a, "record mouse");
        for (int i = 0; i < EVENTS; i++) {
            int y = (int)roll_below(&seed, 24), x = (int)roll_below(&seed, 100), kind = (int)roll_below(&seed, 8);
            if (kind == 0 || kind == 1) app_wheel(a, y, x, kind ? 3 : -3);
            else app_click(a, y, kind == 2 ? 1 : x, kind == 3 ? 2 : 1);
            if (latent_working(a)) latent_work(a, 0);
            if (a->prompt.then) app_key(a, 27);
            table_finish(a);
            app_draw(a);
        }
        if (strcmp(a->recording.name, "mouse") != 0) check(false, "nothing of it ends the recording");
        app_command(a, "record");
        lines += (int)a->recording.count;
        if (a->recording.count) app_command(b, "play mouse");
        check(!b->message_is_error || !b->message[0], "round %d is played: %s", round,
              b->message_is_error ? b->message : "");
        if (latent_working(b)) latent_work(b, 0);
        table_finish(b);
        a->message[0] = b->message[0] = 0;
        char *one = screen_text(a), *two = screen_text(b);
        if (strcmp(one, two) != 0 && !wrong++) {
            printf("round %d\n%s\n%s\n", round, one, two);
            for (size_t i = 0; i < a->recording.count; i++) printf("  %s\n", a->recording.line[i]);
        }
        free(one);
        free(two);
        app_free(a);
        app_free(b);
    }
    check(wrong == 0 && lines > ROUNDS * EVENTS / 3, "%d rounds of clicks and wheels, %d commands: %d played otherwise",
          ROUNDS, lines, wrong);
}

static void play(app *a, const char *line, bool ok, const char *says) {
    app_command(a, line);
    check(a->message_is_error == !ok && strstr(a->message, says), "%s: found \"%s\", expected \"%s\"", line, a->message,
          says);
}

static void macros(app *a) {
    setenv("XDG_DATA_HOME", scratch("data"), 1);
    app_command(a, "macros");
    check_says(a->message, SAYS("no macros yet"), "none at first");
    app_command(a, "first");
    app_command(a, "record three-down");
    app_key(a, KEY_CODE_DOWN);
    app_command(a, "down 2");
    app_command(a, "no-such-command");
    app_command(a, "search"); /* a prompt, and what is typed into it */
    for (const char *at = "Tok"; *at; at++) app_key(a, (uint32_t)*at);
    app_key(a, 27);
    app_key(a, '?'); /* help, and back: a command and a key of the help's own */
    app_key(a, '?');
    app_command(a, "record");
    check_says(a->message, SAYS("4 commands", "three-down"), "recorded");
    size_t size;
    char *text = (char *)read_bytes(scratch("data/scry/macros/three-down.script"), &size);
    check(strcmp(text, "down\ndown 2\nhelp\nhelp\n") == 0, "as lines of a script, found \"%s\"", text);
    free(text);
    a->layer = NULL;
    app_command(a, "first");
    play(a, "play three-down 4", true, "4 times");
    check(a->tab->table->cursor == 12, "played four times, found row %u", a->tab->table->cursor);
    a->layer = NULL;
    app_command(a, "record again");
    app_command(a, "play three-down");
    app_command(a, "record");
    check_says(a->message, SAYS("1 command recorded", ":play again plays it"), "one command is no commands");
    a->layer = NULL;
    app_command(a, "first");
    play(a, "play again", true, "again played");
    check(a->tab->table->cursor == 3, "a macro plays another, found row %u", a->tab->table->cursor);
    app_command(a, "macros");
    check_says(a->message, SAYS("again, three-down"), "they are listed");
    write_text(scratch("data/scry/macros/loop.script"), "down\nplay loop\n");
    write_text(scratch("data/scry/macros/bad.script"), "# first\n\nsort no-such-column\ndown\n");
    play(a, "play loop", false, "expected an end");
    play(a, "play bad", false, "bad: line 3");
    play(a, "play none", false, "no macro \"none\"");
    play(a, "play ../../etc/x", false, "expected a name of letters");
    play(a, "play three-down x", false, "how often");
    play(a, "record ../x", false, "expected a name of letters");
    app_command(a, "record empty");
    play(a, "record", false, "nothing was recorded");
    check(!file_exists(scratch("data/scry/macros/empty.script")), "nothing recorded, nothing written");
    setenv("XDG_DATA_HOME", "/dev/null/x", 1);
    app_command(a, "record lost");
    app_command(a, "up");
    play(a, "record", false, "/dev/null/x");
}

int main(void) {
    key_names();
    const char *index = sample_index();
    right();
    wrong();
    app *a = sample_app(index, 100);
    keys(a);
    help(a);
    app_free(a);
    a = sample_app(index, 100);
    macros(a);
    app_free(a);
    mouse(index);
    return check_end();
}
