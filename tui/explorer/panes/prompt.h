/* prompt.h: the line that is typed at the bottom of the screen. */
#ifndef SCRY_EXPLORER_PANES_PROMPT_H
#define SCRY_EXPLORER_PANES_PROMPT_H

#include "explorer/app_services.h"

/* All while the prompt is open (a->prompt.then). */
void prompt_draw(app *a);
void prompt_key(app *a, uint32_t key, command_effect *effect);
/* A click on the list above the prompt. False: not on it. */
bool prompt_click(app *a, int y, command_effect *effect);

#endif
