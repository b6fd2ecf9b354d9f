/* test_tui_part_mark.c: the mark of the latent's part in a domain's bar is never larger than the part, at any width, in
 * or out of the selection; it is there where whole cells are the part's, and nothing is below an eighth of a cell. */
#include "table_fixture.h"

#include <math.h>

/* The eighths of a cell that it fills. */
static double drawn(uint32_t code) {
    if (code == 0x2592 || code == 0x2591 || code == '+' || code == '.') return 8;
    if (code == 0xb7) return 1;
    return code > 0x2588 && code < 0x2590 ? 0x2590 - (double)code : -1000;
}

typedef struct tally {
    size_t rows, larger, unmarked, specks, strange, shades, partial, dots;
} tally;

static void row(app *a, size_t d, int cols, tally *n) {
    enum { NAME = 8, AROUND = NAME + 1 + 7 };
    double part = domain_part(a, d), scale = a->tab->domains->scale;
    int bar = cols - AROUND - (scale < 0.1 ? 7 : 6), marked = 0;
    if (!(part > 0) || !(scale > 0) || bar < 1) return;
    double size = part / scale * bar * 8, sum = 0;
    grid_clear(a->grid);
    domain_row_draw(a, 0, 0, cols, d, NAME);
    for (int x = 0; x < cols; x++) {
        const cell *c = &a->grid->cells[x];
        if (c->role != ROLE_MARK) continue;
        double eighths = drawn(c->code[0]);
        n->strange += eighths < 0;
        n->shades += eighths == 8;
        n->dots += c->code[0] == 0xb7;
        n->partial += eighths > 0 && eighths < 8 && c->code[0] != 0xb7;
        sum += eighths;
        marked++;
    }
    n->rows++;
    n->larger += sum > size + 1e-6;
    bool room = scry_session_result(a->tab->session)->sts[d] + part < scale;
    n->unmarked += size >= 16 && room && !marked;
    n->specks += size < 1 - 1e-6 && marked;
}

static tally walk(app *a) {
    tally n = {0};
    for (uint32_t latent = 0; latent < 300; latent++) {
        a->tab->latent = latent;
        for (size_t d = 0; d < a->tab->info->domains; d++)
            for (int cols = 24; cols < 60; cols += 5) row(a, d, cols, &n);
    }
    return n;
}

int main(void) {
    app *a = open_table(600);
    if (!a) return check_end();
    for (int k = 0; k < 4; k++) {
        say_command(a, k % 2 ? "top 3" : "top 300"); /* large parts, and small ones */
        a->ascii = k >= 2;
        app_draw(a);
        tally n = walk(a);
        const char *what = text_of("%s, N %u", a->ascii ? "ASCII" : "eighths", scry_session_n(a->tab->session));
        check(n.rows > 1000 && n.shades > 0, "%s: %zu bars with a part, %zu cells shaded", what, n.rows, n.shades);
        check_is(n.larger, 0, "%s: marks larger than the part", what);
        check_is(n.unmarked, 0, "%s: parts of two cells without a mark", what);
        check_is(n.specks, 0, "%s: marks below an eighth of a cell", what);
        check_is(n.strange, 0, "%s: other signs", what);
        if (!a->ascii) check(n.dots > 0, "%s: %zu dots, %zu cells in part", what, n.dots, n.partial);
    }
    app_free(a);
    return check_end();
}
