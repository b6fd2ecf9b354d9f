/* live_preview.h: commands whose effect is seen while they are typed. */
#ifndef SCRY_EXPLORER_PANES_LIVE_PREVIEW_H
#define SCRY_EXPLORER_PANES_LIVE_PREVIEW_H

#include "explorer/app_services.h"

typedef struct live_preview {
    const char *command, *sign; /* sign: stands before what is typed */
    void (*typed)(app *a, const char *text);
    void (*left)(app *a);     /* by Esc */
    void (*complete)(app *a); /* by Tab; NULL: nothing to complete */
} live_preview;

const live_preview *live_preview_find(const command *c); /* NULL: not one of them */

#endif
