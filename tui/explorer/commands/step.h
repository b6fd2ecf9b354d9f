/* step.h: called by every command that changes the session, before and after its step. */
#ifndef SCRY_EXPLORER_COMMANDS_STEP_H
#define SCRY_EXPLORER_COMMANDS_STEP_H

#include "explorer/app_services.h"

/* Remember rho; call before the step. */
void step_begin(app *a);
/* Bring the table up to date after a step that `what` names, and say how rho moved. changed: the session's answer. */
command_effect step_done(app *a, bool changed, const char *what);
/* The same after a change of the domains, which leaves the selection as it is. */
command_effect step_rescoped(app *a, const char *what);

#endif
