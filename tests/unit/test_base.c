/* Parts of file names, UTF-8 there and back for every code point, and text in CSV cells. */
#include "check.h"

#include "base/escape.h"
#include "base/nonzero_mask.h"
#include "base/path.h"
#include "base/utf8.h"

#include <math.h>
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
    static const char *const token[] = {" 2", "2", "\"", "\n", "\\n", "=", ""};
    static const char *const quoted[] = {"\" 2\"", "\"2\"", "\"\\\"\"", "\"\n\"", "\"\\n\"", "\"=\"", "\"\""};
    static const char *const line[] = {"\" 2\"", "\"2\"", "\"\"\"\"", "\"\\n\"", "\"\\\\n\"", "\"'=\"", "\"\""};
    for (size_t i = 0; i < sizeof token / sizeof *token; i++) {
        char *text_in_quotes = NULL, *in_line = NULL;
        size_t size;
        FILE *f = open_memstream(&text_in_quotes, &size);
        quote_text(f, token[i]);
        fclose(f);
        check(is_text(text_in_quotes, quoted[i]), "in quotes: %zu", i);
        f = open_memstream(&in_line, &size);
        csv_text_write_line(f, token[i]);
        fclose(f);
        check(is_text(in_line, line[i]), "a cell of one line: %zu", i);
    }
    check(strcmp(csv_text_unguard("'=1"), "=1") == 0 && strcmp(csv_text_unguard("'tis"), "'tis") == 0, "apostrophe");
}

/* Against a plain test of each float: signed zeros, denormals, NaN, any alignment. */
static void nonzero_masks(void) {
    enum { GROUPS = 19, FLOATS = GROUPS * NONZERO_GROUP };
    static const float values[] = {0, -0.0F, 1, -1, 1e-45F, -1e-45F, INFINITY, NAN, 0, 0, 0, -0.0F};
    static uint8_t bytes[FLOATS * sizeof(float) + 8];
    uint64_t mask[GROUPS], state = 7, wrong = 0;
    for (size_t shift = 0; shift < 8; shift++) {
        float x[FLOATS];
        for (size_t i = 0; i < FLOATS; i++) {
            state = state * 6364136223846793005U + 1442695040888963407U;
            bool empty = i / NONZERO_GROUP % 5 == 2; /* whole groups of zeros */
            x[i] = values[empty ? state >> 63 : (state >> 33) % (sizeof values / sizeof *values)];
        }
        memcpy(bytes + shift, x, sizeof x);
        nonzero_mask(bytes + shift, GROUPS, mask);
        for (size_t i = 0; i < FLOATS; i++)
            wrong += (mask[i / NONZERO_GROUP] >> i % NONZERO_GROUP & 1) != (uint64_t)(x[i] != 0);
    }
    check(wrong == 0, "%llu bits of nonzero masks", (unsigned long long)wrong);
}

int main(void) {
    paths();
    nonzero_masks();
    code_points();
    csv_cells();
    return check_end();
}
