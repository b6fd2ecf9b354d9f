/* shaded_piece.c: see shaded_piece.h. */
#include "explorer/latent/shaded_piece.h"
#include "text/text.h"

static role shade(float activation, float strongest) {
    float share = strongest > 0 ? activation / strongest : 0;
    return share > 0.75F ? ROLE_ACT4 : share > 0.5F ? ROLE_ACT3 : share > 0.25F ? ROLE_ACT2 : ROLE_ACT1;
}

void shaded_piece_set(const app *a, shaded_piece *p, const char *raw) {
    text_clean(raw, p->text, sizeof p->text, a->ascii);
    p->brackets = (a->mono || a->ascii) && p->h > 0;
}

int shaded_piece_columns(const shaded_piece *p) {
    return text_columns(p->text) + 2 * p->brackets;
}

int shaded_piece_put(grid *g, int y, int x, int cols, const shaded_piece *p, float strongest, bool alone) {
    static const char ring[] = "\xe2\x97\x8c";
    role look = p->h > 0 ? shade(p->h, strongest) : ROLE_TEXT;
    int start = x, end = x + cols;
    const char *text = p->text;
    x += grid_put(g, y, x, p->brackets, look, "[[");
    if ((p->brackets || alone) && text_starts_with_mark(text)) x += grid_put(g, y, x, end - x, look, ring);
    text = grid_join(g, y, x, text);
    x += grid_put(g, y, x, end - x, look, text);
    x += grid_put(g, y, x, p->brackets, look, "]]");
    return x - start;
}
