/* latent_sides.c: an example's token under each condition. */
#include "views/latent_sides.h"

#include <math.h>
#include <stdio.h>

int sides_of(app *a, const scry_example *e, side out[SCRY_CONDITIONS]) {
    int n = 0;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        int capture = scry_capture_under(a->tab->index, e->capture, (scry_condition)c);
        if (capture < 0) continue;
        side s = {.condition = (scry_condition)c, .capture = (size_t)capture, .row = (int64_t)e->token, .h = NAN};
        if (s.capture != e->capture) s.row = scry_partner(latent_pairs(a), e->capture, e->token, s.capture);
        if (s.row >= 0) s.h = (double)scry_fires_at(latent_fires(a), s.capture, (uint64_t)s.row);
        out[n++] = s;
    }
    return n;
}

double side_difference(const side *sides, const side *s) {
    return s->condition == SCRY_BASE || sides[0].condition != SCRY_BASE ? (double)NAN : s->h - sides[0].h;
}

void side_text(double h, bool sign, char *text, size_t size) {
    if (isnan(h)) snprintf(text, size, "-");
    else snprintf(text, size, fabs(h) >= 100 ? (sign ? "%+.0f" : "%.0f") : (sign ? "%+.2f" : "%.2f"), h);
}
