/* words.c: the nearest right word to a wrong one (Levenshtein's distance). */
#include "words.h"

#include <string.h>

enum { LONGEST = 63 };

unsigned words_distance(const char *a, const char *b) {
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

const char *words_nearest(const char *wrong, const char *const *word, size_t count) {
    const char *nearest = NULL;
    unsigned best = 0;
    for (size_t i = 0; i < count; i++) {
        unsigned d = words_distance(wrong, word[i]);
        if (!nearest || d < best) {
            nearest = word[i];
            best = d;
        }
    }
    return nearest && best <= 1 + strlen(wrong) / 3 ? nearest : NULL;
}

const char *words_s(unsigned long long count) {
    return count == 1 ? "" : "s";
}
