/* views.h: the panes, in the order of `pane`. */
#ifndef SCRY_EXPLORER_PANES_VIEWS_H
#define SCRY_EXPLORER_PANES_VIEWS_H

#include "explorer/panes/view.h"

extern const view *const views[PANES];

#endif
