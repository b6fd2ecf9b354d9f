/* test_name_list.c: a quoted list of names reads back as it was written, whatever the names hold. */
#include "check.h"

#include "base/name_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void written(void) {
    static const char *const names[][2] = {{"law", "law"},
                                           {"computer science", "computer science"},
                                           {"law, civil", "\"law, civil\""},
                                           {"", "\"\""},
                                           {" x", "\" x\""},
                                           {"all", "\"all\""},
                                           {"extremes:4", "\"extremes:4\""},
                                           {"C:\\new", "C:\\new"},
                                           {"a\\,b", "\"a\\\\,b\""},
                                           {"say \"no\"", "say \"no\""},
                                           {"\"no\"", "\"\\\"no\\\"\""}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *text = scry_name_list_quote(names[i][0]);
        check(strcmp(text, names[i][1]) == 0, "%s is written %s, found %s", names[i][0], names[i][1], text);
        free(text);
    }
}

static void read_back(void) {
    static const char letters[] = "ab ,\"\\,,\"";
    uint64_t seed = 11;
    size_t wrong = 0, lists = 20000;
    for (size_t k = 0; k < lists; k++) {
        char name[4][12], list[200] = "";
        size_t n = 1 + roll_below(&seed, 4);
        for (size_t i = 0; i < n; i++) {
            size_t length = roll_below(&seed, 11);
            for (size_t j = 0; j < length; j++) name[i][j] = letters[roll_below(&seed, sizeof letters - 1)];
            name[i][length] = 0;
            char *text = scry_name_list_quote(name[i]);
            size_t used = strlen(list);
            snprintf(list + used, sizeof list - used, "%s%s", i ? "," : "", text);
            free(text);
        }
        const char *at = list;
        scry_error err = {0};
        scry_listed_name word;
        size_t found = 0;
        while (scry_name_list_next(&at, &word, &err)) {
            wrong += found >= n || strcmp(word.text, name[found]) != 0;
            found++;
            free(word.text);
        }
        wrong += found != n || err.status != 0;
    }
    check_is(wrong, 0, "%zu lists of names made of commas, quotes, backslashes and blanks are read as written", lists);
}

int main(void) {
    written();
    read_back();
    return check_end();
}
