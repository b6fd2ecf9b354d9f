/* explorer_parts.h: for tests that look into the parts of the explorer: all of them. */
#ifndef SCRY_TESTS_UNIT_EXPLORER_PARTS_H
#define SCRY_TESTS_UNIT_EXPLORER_PARTS_H

#include "explorer/app.h"
#include "explorer/async_results.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/panes/domain_pane.h"
#include "explorer/panes/footer.h"
#include "explorer/panes/help_lines.h"
#include "explorer/panes/help_page.h"
#include "explorer/panes/text_page.h"
#include "explorer/panes/views.h"
#include "explorer/sets/set_layer.h"
#include "explorer/sets/set_list.h"
#include "explorer/state/session_autosave.h"
#include "explorer/table/table.h"

#endif
