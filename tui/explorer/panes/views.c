/* views.c: the table of panes. */
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/table/table.h"

const view *const views[PANES] = {
    [PANE_TABLE] = &view_table, [PANE_LATENT] = &view_latent, [PANE_DOMAINS] = &view_domains};
