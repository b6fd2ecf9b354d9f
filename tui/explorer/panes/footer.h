/* footer.h: the last line of the screen: a message, or the keys that are worth a reminder. */
#ifndef SCRY_EXPLORER_PANES_FOOTER_H
#define SCRY_EXPLORER_PANES_FOOTER_H

#include "explorer/app_services.h"

/* A message that is longer than the last line begins up to this many less one above it. */
enum { MESSAGE_LINES = 3 };

void footer_draw(app *a);
/* Run the command that the footer names at a column, or take the message away. *key: a key of the layer or the pane
 * that is named there instead, for the caller to press; else 0. */
command_effect footer_click(app *a, int x, uint32_t *key);

#endif
