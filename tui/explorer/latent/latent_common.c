/* latent_common.c: shared by the pages of the latent's pane. */
#include "base/mem.h"
#include "explorer/latent/latent_page.h"
#include "explorer/panes/view.h"
#include "explorer/table/table.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void *latent_page_state(const app *a, const latent_page *page) {
    latent_state *s = a->tab->latent_pane;
    int i = 0;
    while (s->pages[i].page && s->pages[i].page != page) i++;
    if (!s->pages[i].page) {
        s->pages[i].page = page;
        s->pages[i].state = mem_new(1, page->state_size);
    }
    return s->pages[i].state;
}

const scry_latent_activations *latent_activations(app *a) {
    latent_state *s = state_of(a);
    uint32_t latent = app_latent(a);
    if (s->activations && s->activations->latent == latent) return s->activations;
    scry_latent_activations_free(s->activations);
    s->activations = scry_latent_activations_read(a->tab->index, latent);
    s->strongest = 0;
    for (size_t i = 0; i < s->activations->start[a->tab->info->captures]; i++)
        if (s->activations->activation[i] > s->strongest) s->strongest = s->activations->activation[i];
    return s->activations;
}

scry_token_pairing *latent_pairing(app *a) {
    latent_state *s = state_of(a);
    if (!s->pairing) s->pairing = scry_token_pairing_new(a->tab->index);
    return s->pairing;
}

int latent_group(app *a) {
    int capture = state_of(a)->capture;
    if (capture >= 0) return a->tab->info->capture[capture].group;
    return -1 - (int)scry_session_ranking(a->tab->session)->train;
}

void latent_number(double value, bool sign, char *text, size_t size) {
    double magnitude = fabs(value);
    if (isnan(value)) snprintf(text, size, "-");
    else if (magnitude != 0 && magnitude < 0.0005) snprintf(text, size, sign ? "%+.0e" : "%.0e", value);
    else if (magnitude < 9.9995) format_rho(value, 3, sign, text, size);
    else if (magnitude < 999.95) snprintf(text, size, sign ? "%+.1f" : "%.1f", value);
    else snprintf(text, size, sign ? "%+.0f" : "%.0f", value);
}

int latent_choose(const char *const *words, int count, int now, const char *name, char *wrong, size_t size) {
    if (!name) return (now + 1) % count;
    for (int i = 0; i < count; i++)
        if (strcmp(words[i], name) == 0) return i;
    wrong[0] = 0;
    for (int i = 0; i < count; i++)
        snprintf(wrong + strlen(wrong), size - strlen(wrong), "%s%s", i ? ", " : "", words[i]);
    return -1;
}

int latent_condition_cols(const app *a) {
    size_t longest = 4;
    for (size_t i = 0; i < a->tab->info->captures; i++) {
        size_t length = strlen(scry_condition_name(a->tab->info->capture[i].condition));
        if (length > longest) longest = length;
    }
    return (int)longest;
}

int condition_rows(app *a, const scry_example *e, condition_row out[SCRY_CONDITIONS]) {
    const scry_condition reference = scry_reference_condition(a->tab->info->against);
    const int group = a->tab->info->capture[e->capture].group;
    int n = 0;
    for (int i = 0; i <= SCRY_CONDITIONS; i++) { /* the reference, then the others in their order */
        scry_condition c = i ? (scry_condition)(i - 1) : reference;
        int capture = i && c == reference ? -1 : scry_find_capture(a->tab->index, group, c);
        if (capture < 0) continue;
        condition_row s = {.condition = c,
                           .capture = (size_t)capture,
                           .row = (int64_t)e->token,
                           .h = NAN,
                           .reference = c == reference};
        if (s.capture != e->capture) s.row = scry_paired_row(latent_pairing(a), e->capture, e->token, s.capture);
        if (s.row >= 0) s.h = (double)scry_latent_activations_at(latent_activations(a), s.capture, (uint64_t)s.row);
        out[n++] = s;
    }
    return n;
}

double condition_difference(const condition_row *sides, const condition_row *s) {
    return s->reference || !sides[0].reference ? (double)NAN : s->h - sides[0].h;
}

void condition_text(double h, bool sign, char *text, size_t size) {
    if (isnan(h)) snprintf(text, size, "-");
    else snprintf(text, size, fabs(h) >= 100 ? (sign ? "%+.0f" : "%.0f") : (sign ? "%+.2f" : "%.2f"), h);
}
