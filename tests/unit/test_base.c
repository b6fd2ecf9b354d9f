/* Parts of file names, UTF-8 there and back for every code point, and text in CSV cells. */
#include "check.h"

#include "base/escape.h"
#include "base/path.h"
#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_text(char *found, const char *expected) {
    bool same = strcmp(found, expected) == 0;
    free(found);
    return same;
}

static void paths(void) {
    check(strcmp(path_file_name("a/b.c"), "b.c") == 0 && strcmp(path_file_name("b.c"), "b.c") == 0, "file name");
    check(is_text(path_folder("a/b.c"), "a/"), "folder of a file in one");
    check(is_text(path_folder("b.c"), "./"), "folder of a bare name");
    check(is_text(path_folder("/b.c"), "/"), "folder of a file at the root");
    check(is_text(path_join("a", "b"), "a/b") && is_text(path_join("a/", "b"), "a/b"), "one slash between");
    check(is_text(path_join("a", "/b"), "/b") && is_text(path_join("", "b"), "b"), "nothing to join");
    check(path_ends_with("a.json", ".json") && !path_ends_with(".json", ".json") && !path_ends_with("n", ".json"),
          "ending");
}

static void code_points(void) {
    unsigned wrong = 0;
    for (uint32_t code = 1; code < 0x110000; code++) {
        char text[5];
        const char *at = text;
        int n = utf8_encode(code, text);
        bool surrogate = code >= 0xd800 && code < 0xe000;
        uint32_t found = utf8_next(&at);
        if (surrogate) wrong += found != (uint32_t)UTF8_INVALID + (unsigned char)text[0] || at != text + 1;
        else wrong += found != code || at != text + n || *at;
    }
    check(wrong == 0, "%u code points do not come back", wrong);
    static const char *const invalid[] = {"\xc0\x80",         "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf",
                                          "\xf4\x90\x80\x80", "\x80",         "\xe2\x82"};
    for (size_t i = 0; i < sizeof invalid / sizeof *invalid; i++) {
        const char *at = invalid[i];
        check(utf8_next(&at) >= UTF8_INVALID && at == invalid[i] + 1, "invalid sequence %zu: one byte at a time", i);
    }
    check(is_text(utf8_replace_invalid("a\xff"
                                       "b\xe2\x82"),
                  "a\xef\xbf\xbd"
                  "b\xef\xbf\xbd\xef\xbf\xbd"),
          "replaced");
}

static void csv_cells(void) {
    static const char *const text[] = {"plain", "=1+1", "-3", "@x", "\ty", "say \"a\"", ""};
    static const char *const cell[] = {"\"plain\"", "\"'=1+1\"",         "\"'-3\"", "\"'@x\"",
                                       "\"'\ty\"",  "\"say \"\"a\"\"\"", "\"\""};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        char *written = NULL;
        size_t size;
        FILE *f = open_memstream(&written, &size);
        csv_text_write(f, text[i]);
        fclose(f);
        check(is_text(written, cell[i]), "cell %zu", i);
    }
    check(strcmp(csv_text_unguard("'=1"), "=1") == 0 && strcmp(csv_text_unguard("'tis"), "'tis") == 0, "apostrophe");
}

int main(void) {
    paths();
    code_points();
    csv_cells();
    return check_end();
}
