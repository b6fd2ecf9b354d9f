/* explorer/app_new.c: an application with its commands. They act on the application, which knows them by number only.
 */
#include "explorer/app.h"
#include "base/mem.h"
#include "explorer/async_results.h"
#include "explorer/causal/ablation_runs.h"
#include "explorer/jobs.h"
#include "explorer/panes/help_page.h"
#include "explorer/panes/text_page.h"

#define NO_EXPLORER NULL
static command_function *const functions[] = {
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help) explorer,
#include "shell/commands.def"
#undef COMMAND
};

app *app_new(scry_index *index, scry_session *session, int rows, int cols, bool ascii, bool mono) {
    app *a = mem_new(1, sizeof *a);
    a->functions = functions;
    a->ascii = ascii;
    a->amplify = 1;
    app_look(a, &themes[0], mono ? COLOR_MONO : COLOR_256);
    a->grid = grid_new(rows, cols);
    a->scratch = grid_new(1, 4096);
    a->async = async_new();
    a->jobs = jobs_new(async_bell(a->async));
    a->causal_runs = causal_runs_new(async_bell(a->async));
    a->help = mem_new(1, sizeof *a->help);
    a->page = mem_new(1, sizeof *a->page);
    app_add_tab(a, index, session);
    app_resize(a, rows, cols);
    return a;
}
