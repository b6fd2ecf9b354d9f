/* tab_reference.c: the index of a tab against what its session compares sources with. */
#include "explorer/app_services.h"
#include "explorer/latent/latent_pane.h"

void app_follow_reference(tab *t) {
    scry_reference against = scry_session_ranking(t->session)->against;
    if (t->info->against == against) return;
    t->index = scry_index_against(t->index, against, NULL);
    t->info = scry_index_info(t->index);
    latent_forget_pairs(t);
}
