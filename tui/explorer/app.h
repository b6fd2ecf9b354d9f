/* explorer/app.h: the whole explorer: turns keys and clicks into commands, and draws panes and layers into the grid. It
 * knows no terminal. The parts see explorer/app_services.h instead. */
#ifndef SCRY_EXPLORER_APP_H
#define SCRY_EXPLORER_APP_H

#include "explorer/app_services.h"

/* Make an application with one index open. Takes the index and the session; owner of all: app_free. */
app *app_new(scry_index *index, scry_session *session, int rows, int cols, bool ascii, bool mono);
/* Open another index as a tab, and show it. Takes the index and the session. */
void app_add_tab(app *a, scry_index *index, scry_session *session);
/* Cancel all background work, and free everything. Accepts NULL. */
void app_free(app *a);
/* Save and close the current tab, and show its neighbour. Not for the only one, nor while a job
 * runs. Waits until the threads no longer read its index. */
void app_drop_tab(app *a);

command_effect app_key(app *a, uint32_t key);
/* Insert a pasted line of text where text is being typed; anywhere else it changes nothing. */
command_effect app_paste(app *a, const char *text);
/* clicks: 2 for a double click, else 1. */
command_effect app_click(app *a, int y, int x, int clicks);
command_effect app_wheel(app *a, int y, int x, int steps);
void app_resize(app *a, int rows, int cols);
/* Draw everything into a->grid. */
void app_draw(app *a);

#endif
