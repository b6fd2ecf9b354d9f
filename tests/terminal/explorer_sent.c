/* explorer_sent.c: the bytes sent to the terminal: only ASCII where requested, none while idle, no escape sequence of a
 * hostile study. */
#include "explorer_driver.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *not_ascii(void) {
    static char found[64];
    for (size_t i = 0; i < sent_used; i++)
        if ((unsigned char)sent[i] > 0x7e) {
            snprintf(found, sizeof found, "byte %02x at %zu of %zu", (unsigned char)sent[i], i, sent_used);
            return found;
        }
    return NULL;
}

/* The clipboard's sequence goes out whole, and the screen is none the worse for it. */
void test_copy(void) {
    static const char *const keys[] = {"y", "j", "q", NULL};
    char *argv[] = {(char *)scry, study_index, NULL}, *env[] = {(char *)"LC_ALL=C.UTF-8", NULL};
    int status = play(ROWS, COLS, argv, env, keys);
    check(order[0] == 1819 && was_sent("\033]52;c;MTgxOQ==\a") && status == 0, NULL,
          "y sends the number of the latent to the terminal's clipboard", "found %s, first latent %d, status %d",
          was_sent("]52;") ? "another" : "none", order[0], status);
    env[0] = (char *)"TERM=linux";
    play(ROWS, COLS, argv, env, keys);
    check(!was_sent("]52;"), NULL, "not to the console, which has none", "found it");
}

void test_ascii(void) {
    static const struct {
        const char *env[2], *option, *what;
    } kinds[] = {{{"LC_ALL=C", "LANG=C"}, "--", "LC_ALL=C"},
                 {{"LC_ALL=", "LANG=C"}, "--", "LANG=C"},
                 {{"LC_ALL=C.UTF-8", "LANG=C"}, "--ascii", "--ascii"}};
    static const char *const keys[] = {"j", " ",  "\r",   "\r",    "s", "S", "?", " ",
                                       "?", ":e", "\033", "/zz\r", "[", "u", "q", NULL};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *argv[] = {(char *)scry, (char *)kinds[i].option, study_index, NULL}, what[80];
        char *env[] = {(char *)kinds[i].env[0], (char *)kinds[i].env[1], NULL};
        int status = play(ROWS, COLS, argv, env, keys);
        const char *wrong = not_ascii();
        snprintf(what, sizeof what, "%s: no byte beyond ASCII is sent", kinds[i].what);
        check(!wrong && was_sent("rho ") && status == 0, NULL, what, "found %s, status %d", wrong ? wrong : "none",
              status);
    }
    char *argv[] = {(char *)scry, study_index, NULL}, *env[] = {(char *)"LC_ALL=C.UTF-8", NULL};
    play(ROWS, COLS, argv, env, keys);
    check(not_ascii(), NULL, "LC_ALL=C.UTF-8: bars are drawn with blocks", "found only ASCII");
}

/* Variables of another machine, as ssh forwards them. */
void test_locale(void) {
    static const struct {
        const char *env[2];
        bool blocks;
    } kinds[] = {{{"LC_ALL=xx_XX.UTF-8", "LANG=C"}, true},
                 {{"LC_ALL=", "LC_CTYPE=xx_UTF-8"}, true},
                 {{"LC_ALL=xx_XX.utf8@latin", "LANG=C"}, true},
                 {{"LC_ALL=xx_XX.ISO-8859-1", "LANG=C.UTF-8"}, false}};
    static const char *const keys[] = {"j", "q", NULL};
    locale_t any = newlocale(LC_CTYPE_MASK, "xx_XX.UTF-8", (locale_t)0);
    if (any) {
        freelocale(any);
        printf("skip - this C library takes any name for a locale\n");
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char *argv[] = {(char *)scry, study_index, NULL}, what[120];
        char *env[] = {(char *)kinds[i].env[0], (char *)kinds[i].env[1], NULL};
        int status = play(ROWS, COLS, argv, env, keys);
        snprintf(what, sizeof what, "%s %s, not installed: %s, and a message", kinds[i].env[0], kinds[i].env[1],
                 kinds[i].blocks ? "bars of blocks" : "ASCII");
        check((not_ascii() != NULL) == kinds[i].blocks && was_sent(" is not installed; ") && status == 0, NULL, what,
              "found %s, %s, status %d", not_ascii() ? "blocks" : "ASCII",
              was_sent(" is not installed; ") ? "the message" : "no message", status);
    }
    char *env[] = {(char *)"LC_ALL=xx_XX.UTF-8", NULL};
    term *t = start(ROWS, COLS, NULL, study_index, env);
    check(await_message(t, "LC_ALL=xx_XX.UTF-8 is not installed; using C.UTF-8 (see locale -a)"), t,
          "the message names the variable", "found \"%s\"", footer(t));
    term_keys(t, "j");
    check(await_text(t, "space toggle") && !term_has(t, "installed"), t, "and goes with the first key", "found \"%s\"",
          footer(t));
    leave(t);
    char *sound[] = {(char *)"LC_ALL=C", NULL};
    t = start(ROWS, COLS, NULL, study_index, sound);
    rest(t);
    check(!term_has(t, "installed"), t, "LC_ALL=C is a locale: no message", "found \"%s\"", footer(t));
    leave(t);
}

void test_idle(void) {
    term *t = open_sample();
    check_idle(t, "idle");
    term_keys(t, "j Space Enter");
    check_idle(t, "idle after keys");
    term_keys(t, ": u n d");
    check_idle(t, "idle in the palette");
    term_keys(t, "Esc");
    leave(t);
}
/* A study whose every text tries something. */
static bool make_hostile(char *index, size_t size) {
    snprintf(index, size, "%s/hostile.scry", work);
    int status;
    free(shell(
        &status,
        "set -e; here=$PWD; rm -rf '%s/hostile'; mkdir '%s/hostile'; cd '%s/hostile';"
        "cp -r \"$here/sample_data/acts\" \"$here/sample_data/sae\" .;"
        "bad=$(printf '\\377\\376');"
        "for f in acts/*.jsonl; do LC_ALL=C sed -e 's/\"id\": *\"/&\\\\u001b]0;PWNED\\\\u0007\\\\u202e/'"
        " -e 's/\" the\"/\"\\\\u001b[31mRED\\\\u001b]0;PWNED\\\\u0007\\\\u009b2J\"/g'"
        " -e 's/\" =\"/\"\\\\u202eEVIL\\\\u2066\\\\u200b\"/g' -e 's/\"(\"/\"'\"$bad\"'\\\\u001bc\\\\r\\\\b\"/g' $f > "
        "f.new;"
        " mv f.new $f; done;"
        "printf '{\"latent\": %d, \"label\": \"\\\\u001b[2J\\\\u001b]0;PWNED\\\\u0007\\\\u202elabel'\"$bad\"'\"}\\n"
        "{\"latent\": %d, \"label\": \"=cmd|calc\\\\u001b[1;31m\"}\\n' > labels.jsonl;"
        "LC_ALL=C sed -e 's/\"name\": \"Original/\"labels\": \"labels.jsonl\", \"name\": "
        "\"\\\\u001b]0;PWNED\\\\u0007\\\\u202eOriginal'\"$bad\"'/'"
        " -e 's/\"name\": \"\\(math\\|law\\)\"/\"name\": \"\\\\u001b[5m\\1\\\\u202e'\"$bad\"'\"/'"
        " -e 's/\"pocket-llama-3.4M\"/\"\\\\u001b[7mpocket\"/' \"$here/sample_data/study.json\" > study.json;"
        "'%s' index study.json -o '%s' 2>&1",
        work, work, work, order[0], order[1], scry, index));
    return status == 0;
}

static const char *harmful(void) {
    static const char *const bytes[] = {"\033]",         "PWNED\007",    "\033[31mRED", "\xe2\x80\xae", "\xe2\x81\xa6",
                                        "\xff",          "\xfe",         "\033c",       "\xc2\x9b",     "\033[5m",
                                        "\033[7mpocket", "\xe2\x80\x8b", "\x9b"};
    static const char *const names[] = {"OSC", "BEL",    "RED",   "U+202E",  "U+2066", "byte ff", "byte fe",
                                        "RIS", "U+009B", "blink", "reverse", "U+200B", "byte 9b"};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++)
        if (was_sent(bytes[i])) return names[i];
    return NULL;
}

void test_hostile(void) {
    static const int sizes[][2] = {{24, 80}, {12, 60}, {50, 160}};
    static const char *const keys[] = {"j",
                                       " ",
                                       "\r",
                                       "j",
                                       "j",
                                       "\r",
                                       "\t",
                                       "\t",
                                       "s",
                                       "s",
                                       "s",
                                       "s",
                                       "\r",
                                       "\r",
                                       ":info\r",
                                       ":domains nonsense\r",
                                       ":capture x\033",
                                       "/\xe2\x80\xae\xff",
                                       "\033",
                                       ":pane x\r",
                                       "c",
                                       "c",
                                       ":screen\r",
                                       "\025",
                                       "/nowhere/\xe2\x80\xae/x\r",
                                       "G",
                                       "q",
                                       NULL};
    char index[512], what[80];
    if (!check(make_hostile(index, sizeof index), NULL, "a study full of escape sequences is indexed",
               "found an error"))
        return;
    for (int i = 0; i < 4; i++) {
        char *argv[] = {(char *)scry, (char *)(i < 3 ? "--" : "--ascii"), index, NULL},
             *env[] = {(char *)"LC_ALL=C.UTF-8", NULL};
        int status = play(sizes[i % 3][0], sizes[i % 3][1], argv, env, keys);
        const char *wrong = harmful();
        snprintf(what, sizeof what, "%dx%d%s: nothing of it reaches the terminal", sizes[i % 3][1], sizes[i % 3][0],
                 i < 3 ? "" : " --ascii");
        check(!wrong && was_sent("rho ") && status == 0, NULL, what, "found %s, status %d", wrong ? wrong : "none",
              status);
    }
    term *t = start(ROWS, COLS, NULL, index, NULL);
    rest(t);
    check(term_has(t, "\\x1b") && term_has(t, "\\u{202e}") && term_has(t, "\\xff"), t, "it is spelt out instead",
          "found no \\x1b");
    leave(t);
    char *table = shell(NULL, "'%s' tokens '%s' %d --top 40; '%s' rank '%s' --top 5; '%s' info '%s'; '%s' score '%s'",
                        scry, index, order[0], scry, index, scry, index, scry, index);
    check(!strchr(table, '\033') && !strstr(table, "\xe2\x80\xae") && !strchr(table, '\xff'), NULL,
          "nor the shell's tables", "found raw bytes");
    free(table);
}
