/* table_what_if.c: rho if one latent were switched, for the rows in view at once, for all of them a slice at a time. */
#include "base/mem.h"
#include "explorer/table/table.h"

enum { WHAT_IF_FEW = 64, CHUNK = 1024 };

static void ask_what_if(const app *a, uint32_t from, uint32_t n, float *out) {
    const scry_session *s = a->tab->session;
    uint32_t latents[CHUNK];
    for (uint32_t done = 0; done < n; done += CHUNK) {
        uint32_t count = n - done < CHUNK ? n - done : CHUNK;
        for (uint32_t i = 0; i < count; i++) latents[i] = from + done + i;
        scry_what_if(a->tab->index, scry_session_scorer(s), scry_session_set(s), scry_session_scope(s), latents, count,
                     out + done);
    }
}

/* Goes on with all of them, as they are after the last change. True when that is done. */
bool table_what_if_step(app *a, uint32_t most) {
    table_state *t = a->tab->table;
    uint32_t latents = a->tab->info->d_sae;
    if (!t->what_if) t->what_if = mem_new(latents, sizeof *t->what_if);
    if (t->what_if_of != scry_session_version(a->tab->session)) {
        t->what_if_of = scry_session_version(a->tab->session);
        t->what_if_done = 0;
    }
    uint32_t n = latents - t->what_if_done < most ? latents - t->what_if_done : most;
    ask_what_if(a, t->what_if_done, n, t->what_if + t->what_if_done);
    t->what_if_done += n;
    return t->what_if_done == latents;
}

void table_what_if(app *a, uint32_t from, uint32_t n, double *out) {
    table_state *t = a->tab->table;
    float few[WHAT_IF_FEW];
    const float *found = few;
    bool kept = t->what_if_of == scry_session_version(a->tab->session) && from + n <= t->what_if_done;
    if (!kept && n <= WHAT_IF_FEW) {
        ask_what_if(a, from, n, few);
    } else {
        if (!kept) table_what_if_step(a, UINT32_MAX);
        found = t->what_if + from;
    }
    for (uint32_t i = 0; i < n; i++) out[i] = (double)found[i];
}

bool table_what_if_waits(const app *a) {
    const table_state *t = a->tab->table;
    return t->what_if_of != scry_session_version(a->tab->session) || t->what_if_done < a->tab->info->d_sae;
}
