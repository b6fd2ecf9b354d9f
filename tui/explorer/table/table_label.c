/* table_label.c: what a latent is called. */
#include "columns.h"
#include "explorer/table/table.h"
#include "labels.h"
#include "text/text.h"

#include <stdio.h>

bool table_label(const app *a, uint32_t latent, char *text, size_t size) {
    const char *label = scry_label(a->tab->index, latent);
    if (label) {
        text_clean(label, text, size, a->ascii);
        return true;
    }
    size_t used = 0;
    text[0] = 0;
    for (int k = 0; k < SCRY_KEY_PIECES; k++) {
        const char *piece = scry_key_piece(a->tab->index, latent, k);
        char safe[64];
        if (!piece) break;
        while (*piece == ' ') piece++; /* the space before a word says little here */
        text_clean(*piece ? piece : "\xe2\x90\xa3", safe, sizeof safe, a->ascii);
        int n = snprintf(text + used, size - used, "%s%s", k ? "  " : "", safe);
        if (n < 0 || used + (size_t)n >= size) break;
        used += (size_t)n;
    }
    return false;
}
