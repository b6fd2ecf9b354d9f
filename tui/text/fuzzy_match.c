/* text/fuzzy_match.c: fuzzy matching, by dynamic programming over the letters typed and those of the name. */
#include "text/fuzzy_match.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

enum { LONGEST = 63, IMPOSSIBLE = -100000 };
enum { LETTER = 10, BEGINS_WORD = 8, NEXT_TO_LAST = 12, BEGINNING = 300, WHOLE = 1000 };

static int letter_worth(const char *name, int i) {
    return LETTER + (i == 0 || !isalnum((unsigned char)name[i - 1]) ? BEGINS_WORD : 0);
}

static bool same_letter(char a, char b) {
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* best[i][j]: the highest value of typed[0..i] with its last letter at name[j]. */
int fuzzy_score(const char *typed, const char *name, uint64_t *letters) {
    int best[LONGEST][LONGEST], from[LONGEST][LONGEST];
    int n = (int)strnlen(typed, LONGEST), m = (int)strnlen(name, LONGEST);
    if (letters) *letters = 0;
    if (n == 0) return 1;
    for (int i = 0; i < n; i++) {
        int before = IMPOSSIBLE, before_at = -1; /* best value of the previous letter, two or more places back */
        for (int j = 0; j < m; j++) {
            best[i][j] = IMPOSSIBLE;
            if (i > 0 && j > 1 && best[i - 1][j - 2] > before) before = best[i - 1][j - 2], before_at = j - 2;
            if (!same_letter(typed[i], name[j])) continue;
            int worth = letter_worth(name, j);
            if (i == 0) {
                best[i][j] = worth, from[i][j] = -1;
                continue;
            }
            if (before_at >= 0) best[i][j] = before + worth, from[i][j] = before_at;
            if (j > 0 && best[i - 1][j - 1] > IMPOSSIBLE && best[i - 1][j - 1] + worth + NEXT_TO_LAST > best[i][j])
                best[i][j] = best[i - 1][j - 1] + worth + NEXT_TO_LAST, from[i][j] = j - 1;
        }
    }
    int at = -1;
    for (int j = 0; j < m; j++)
        if (best[n - 1][j] > IMPOSSIBLE && (at < 0 || best[n - 1][j] > best[n - 1][at])) at = j;
    if (at < 0) return 0;
    int score = 100 + best[n - 1][at] - m;
    bool begins = strncasecmp(typed, name, (size_t)n) == 0;
    if (begins) score += n == m ? WHOLE : BEGINNING;
    for (int i = n - 1, j = at; letters && !begins && i >= 0; j = from[i][j], i--) *letters |= (uint64_t)1 << j;
    if (letters && begins) *letters = ((uint64_t)1 << n) - 1;
    return score;
}
