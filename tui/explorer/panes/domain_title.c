/* domain_title.c: the title of the domains' pane: what is drawn, and the domain under the cursor in words. */
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/view.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The domain under the cursor, where its row has no room for all; without its name where that is too long. */
static void current_words(const app *a, int room, char *text, size_t size) {
    size_t d = a->tab->domains->current;
    uint32_t latent = app_latent(a);
    char name[64], part[24], off[48];
    bool held_out, in = scry_set_has(scry_session_set(a->tab->session), latent);
    double value = domain_off_line(a, d, &held_out);
    text_clean(a->tab->info->domain[d].name, name, sizeof name, a->ascii);
    text_fit(name, 16, a->ascii);
    domain_part_text(domain_part(a, d), a->tab->domains->scale, part, sizeof part);
    if (isnan(value)) snprintf(off, sizeof off, "no residual");
    else snprintf(off, sizeof off, held_out ? "off the line by %+.2f" : "residual %+.2f", value);
    snprintf(text, size, " %s: latent %u %s %s, %s ", name, latent, in ? "part" : "would add", part, off);
    if (text_columns(text) < room) return;
    snprintf(text, size, " latent %u %s %s, %s ", latent, in ? "part" : "would add", part, off);
    if (text_columns(text) < room) return;
    snprintf(text, size, " %u %s %s, %s ", latent, in ? "part" : "adds", part, off);
}

/* With what rho is worked out, and over which domains. */
static void scope_words(const app *a, char *text, size_t size) {
    const scry_scope *scope = scry_session_scope(a->tab->session);
    char spec[64], safe[200];
    size_t used = 0;
    for (size_t d = 0; d < scope->domains; d++) used += scope->use[d];
    snprintf(spec, sizeof spec, "%.40s", scry_session_scope_spec(a->tab->session));
    if (strchr(spec, ',') || strlen(spec) > 16) snprintf(spec, sizeof spec, "%zu of %zu", used, scope->domains);
    text_clean(spec, safe, sizeof safe, a->ascii);
    snprintf(text, size, " rho with %s, %.60s ", scope->is_signed ? "signed change" : "absolute change", safe);
}

/* "STS act and measured change, by sts, 15-28 of 40"; brief: without what is the same each day. */
static void title_words(const app *a, bool brief, char *text, size_t size) {
    const domains_state *state = a->tab->domains;
    int D = (int)a->tab->info->domains, last = state->top + state->page;
    int n = snprintf(text, size, "STS %s%s", scry_score_name(scry_session_score(a->tab->session)),
                     brief ? "" : " and measured change");
    if (state->sort) n += snprintf(text + n, size - (size_t)n, ", by %s", domain_sorts[state->sort]);
    if (state->sort && state->reversed) n += snprintf(text + n, size - (size_t)n, " reversed");
    if (state->page < D) snprintf(text + n, size - (size_t)n, ", %d-%d of %d", state->top + 1, last < D ? last : D, D);
}

void domains_title(app *a, rect r, bool focus, const char *heads) {
    char title[160], text[200];
    int width = text_columns(heads);
    title_words(a, false, title, sizeof title);
    int room = r.cols - 4 - text_columns(title);
    if (focus && !*heads) current_words(a, room, text, sizeof text);
    else scope_words(a, text, sizeof text);
    if (text_columns(text) >= room || (*heads && width + 2 >= room)) {
        title_words(a, true, title, sizeof title);
        room = r.cols - 4 - text_columns(title);
        if (focus && !*heads) current_words(a, room, text, sizeof text);
    }
    int x = view_title(a, r, focus, "%s", title);
    if (*heads && room > width + 2) grid_put_right(a->grid, r.y, x, r.x + r.cols - x - 1, ROLE_HEADER, heads);
    if (*heads && text_columns(text) + width + 4 < room) grid_put(a->grid, r.y, x + 2, r.cols, ROLE_FAINT, text);
    if (!*heads && text_columns(text) < room) grid_put_right(a->grid, r.y, x, r.x + r.cols - x, ROLE_FAINT, text);
}
