/* explorer_settings.c: the settings file, themes and macros. */
#include "explorer_driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char config_home[600], data_home[600];

static void write_settings(const char *text) {
    free(shell(NULL, "rm -rf '%s/settings' && mkdir -p '%s/settings/scry' '%s/macros'", work, work, work));
    char path[600];
    snprintf(path, sizeof path, "%s/settings/scry/config.json", work);
    FILE *f = fopen(path, "w");
    if (!f) exit(1);
    fputs(text, f);
    fclose(f);
    snprintf(config_home, sizeof config_home, "XDG_CONFIG_HOME=%s/settings", work);
    snprintf(data_home, sizeof data_home, "XDG_DATA_HOME=%s/macros", work);
}

static term *open_set(const char *option, const char *variable) {
    char *argv[] = {(char *)scry, study_index, (char *)option, NULL};
    char *env[] = {config_home, data_home, (char *)variable, NULL};
    forget_sessions();
    term *t = term_start(ROWS, COLS, NULL, argv, env);
    if (!t) exit(1);
    await_text(t, option && strstr(option, "ascii") ? "rho" : "rho ");
    return t;
}

static int most_colour(term *t) {
    int most = -1;
    for (int y = 0; y < ROWS; y++)
        for (int x = 0; x < COLS; x++) {
            term_cell c = term_at(t, y, x);
            most = c.fg > most ? c.fg : most;
            most = c.bg > most ? c.bg : most;
        }
    return most;
}

static void keys_and_defaults(void) {
    write_settings(
        "{\"keys\": {\"toggle\": \"x\"}, \"top\": 50, \"score\": \"act2\", \"mouse\": false, \"ascii\": true,"
        " \"start\": [\"down 2\"]}");
    term *t = open_set(NULL, NULL);
    check(await_text(t, " x toggle"), t, "settings: the footer shows the key that is set", "found \"%s\"", footer(t));
    check(count(t) == 50 && strstr(row(t, 0), "score act2"), t, "settings: N and score", "found \"%s\"", row(t, 0));
    check(current(t) == order[2], t, "settings: the commands to start with", "found latent %d", current(t));
    check(term_mouse_mode(t) == 0 && !term_has(t, "\xe2\x94\x80"), t, "settings: no mouse, ASCII", "found mode %d",
          term_mouse_mode(t));
    term_keys(t, "x");
    check(await_count(t, 49), t, "settings: the key acts", "found N %d", count(t));
    term_keys(t, "Space");
    check(await_message(t, "no command has that key"), t, "settings: the one of before does not", "found \"%s\"",
          footer(t));
    leave(t);
    t = open_set("--top=20", NULL);
    check(await_count(t, 20), t, "an option goes before the settings", "found N %d", count(t));
    leave(t);
}

static void wrong_settings(void) {
    write_settings("{\"theme\": \"pink\",\n \"top\": 40, \"scroe\": 1}");
    term *t = open_set(NULL, NULL);
    term_resize(t, 24, 200);
    check(await_message(t, "config.json: \"theme\": found \"pink\", expected \"dark\"") &&
              strstr(footer(t), "and 1 more"),
          t, "wrong settings are said", "found \"%s\"", footer(t));
    check(count(t) == 40, t, "and the right ones hold", "found N %d", count(t));
    leave(t);
    char *said = shell(NULL, "%s '%s' info --system", config_home, scry);
    check(strstr(said, "/settings/scry/config.json") && !strstr(said, "there is none"), NULL,
          "scry info --system says which file it is", "found \"%s\"", said);
    free(said);
    write_settings("{\"by\": \"rl\"}");
    t = open_set(NULL, NULL);
    check(await_message(t, "settings: ") && strstr(row(t, 0), "by icl"), t,
          "settings that this index cannot have are left out", "found \"%s\"", footer(t));
    leave(t);
}

static void themes_on_screen(void) {
    write_settings("{}");
    term *t = open_set("--theme=light", NULL);
    term_cell title = term_at(t, 0, 1);
    rest(t);
    check(title.bg == 24, t, "--theme=light", "found background %d, expected 24", title.bg);
    char *light = picture(t, ROWS - 1, COLS);
    command(t, "theme mono");
    check(await_message(t, "theme mono") && most_colour(t) == -1, t, ":theme mono has no colour", "found %d",
          most_colour(t));
    command(t, "theme light");
    await_message(t, "theme light");
    term_settle(t, 60);
    char *again = picture(t, ROWS - 1, COLS);
    check(strcmp(light, again) == 0, t, ":theme light, and each cell is as before", "found another screen");
    free(light);
    free(again);
    leave(t);
    t = open_set(NULL, "COLORFGBG=0;15");
    rest(t);
    int key = term_at(t, ROWS - 1, 1).fg;
    check(key == 88, t, "a terminal that says it is light gets the light theme", "found colour %d, expected 88", key);
    leave(t);
    static const struct {
        const char *option;
        int most;
    } kinds[] = {{"--colors=mono", -1}, {"--colors=16", 7}, {"--colors=256", 255}};
    for (int i = 0; i < 3; i++) {
        t = open_set(kinds[i].option, NULL);
        rest(t);
        int most = most_colour(t);
        check(most <= kinds[i].most && (most > 7) == (i == 2) && (most >= 0) == (i > 0), t, kinds[i].option,
              "found colour %d", most);
        leave(t);
    }
    char *argv[] = {(char *)scry, study_index, NULL}, *env[] = {(char *)"COLORTERM=truecolor", config_home, NULL};
    forget_sessions();
    t = term_start(ROWS, COLS, "xterm", argv, env);
    rest(t);
    check(most_colour(t) > 7, t, "TERM=xterm with COLORTERM=truecolor: more than 8 colours", "found %d",
          most_colour(t));
    leave(t);
    write_settings("{\"colours\": {\"title\": \"16 on 201\"}}");
    t = open_set(NULL, NULL);
    check(term_at(t, 0, 1).bg == 201, t, "a role's colours that are set", "found %d", term_at(t, 0, 1).bg);
    leave(t);
}

static void macros_by_keys(void) {
    write_settings("{}");
    term *t = open_set(NULL, NULL);
    term_keys(t, "Q");
    check(await_text(t, "record [MACRO]"), t, "Q asks for a name", "found \"%s\"", footer(t));
    term_keys(t, "C-u");
    type_line(t, "mine");
    check(await_message(t, "recording mine"), t, "and records", "found \"%s\"", footer(t));
    term_keys(t, "j Space");
    await_count(t, 99);
    term_keys(t, "Esc");
    check(await_message(t, "recording mine; Q ends it"), t, "the footer says so all the while", "found \"%s\"",
          footer(t));
    term_keys(t, "Q");
    check(await_message(t, "2 commands recorded as mine"), t, "until Q", "found \"%s\"", footer(t));
    term_keys(t, "@");
    check(await_text(t, "mine"), t, "@ asks, with the last name", "found \"%s\"", footer(t));
    term_keys(t, "Space 3 Enter");
    check(await_message(t, "mine played 3 times") && count(t) == 96, t, "and plays it", "found N %d, \"%s\"", count(t),
          footer(t));
    check(current(t) == order[4], t, "from where the cursor is", "found latent %d, expected %d", current(t), order[4]);
    leave(t);
    int status;
    char *said = shell(&status, "'%s' --script '%s/macros/scry/macros/mine.script' '%s' 2>&1", scry, work, study_index);
    check(status == 0 && !said[0], NULL, "--script plays it too", "found status %d, \"%s\"", status, said);
    free(said);
}

void test_settings(void) {
    keys_and_defaults();
    wrong_settings();
    themes_on_screen();
    macros_by_keys();
}
