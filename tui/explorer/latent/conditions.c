/* conditions.c: an example's token under each condition. */
#include "explorer/latent/conditions.h"

#include <math.h>
#include <stdio.h>

int condition_rows(app *a, const scry_example *e, condition_row out[SCRY_CONDITIONS]) {
    int n = 0;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        int capture = scry_find_capture(a->tab->index, a->tab->info->capture[e->capture].group, (scry_condition)c);
        if (capture < 0) continue;
        condition_row s = {
            .condition = (scry_condition)c, .capture = (size_t)capture, .row = (int64_t)e->token, .h = NAN};
        if (s.capture != e->capture) s.row = scry_paired_row(latent_pairing(a), e->capture, e->token, s.capture);
        if (s.row >= 0) s.h = (double)scry_latent_activations_at(latent_activations(a), s.capture, (uint64_t)s.row);
        out[n++] = s;
    }
    return n;
}

double condition_difference(const condition_row *sides, const condition_row *s) {
    return s->condition == SCRY_BASE || sides[0].condition != SCRY_BASE ? (double)NAN : s->h - sides[0].h;
}

void condition_text(double h, bool sign, char *text, size_t size) {
    if (isnan(h)) snprintf(text, size, "-");
    else snprintf(text, size, fabs(h) >= 100 ? (sign ? "%+.0f" : "%.0f") : (sign ? "%+.2f" : "%.2f"), h);
}
