/* text/suggest.c: suggestions for misspelt words, by Levenshtein distance. */
#include "text/suggest.h"

#include <stdio.h>
#include <string.h>

enum { LONGEST = 63 };

/* The number of edits that turn a into b. */
static unsigned suggest_distance(const char *a, const char *b) {
    unsigned row[LONGEST + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST) return LONGEST;
    for (unsigned j = 0; j <= m; j++) row[j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            unsigned best = corner + (a[i - 1] != b[j - 1]);
            corner = row[j];
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[m];
}

const char *suggest_nearest(const char *wrong, const char *const *word, size_t count) {
    const char *nearest = NULL;
    unsigned best = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned d = suggest_distance(wrong, word[i]);
        if (!nearest || d < best) {
            nearest = word[i];
            best = d;
        }
    }
    return nearest && best <= 1 + strlen(wrong) / 3 ? nearest : NULL;
}

enum { ROW_TEXT = 32, ROW_END = 79 }; /* columns where a description begins, and before which it ends */

void print_definition(const char *about, const char *text) {
    size_t room = ROW_END - ROW_TEXT;
    printf("  %-*s", ROW_TEXT - 2, about);
    if (strlen(about) + 3 > ROW_TEXT) printf("\n%*s", ROW_TEXT, "");
    while (strlen(text) > room) {
        size_t end = room;
        while (end && text[end] != ' ') end--;
        if (!end) end = strcspn(text, " ");
        printf("%.*s\n%*s", (int)end, text, ROW_TEXT, "");
        text += end + strspn(text + end, " ");
    }
    printf("%s\n", text);
}
