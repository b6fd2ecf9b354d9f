/* main.c: runs the command of the command line, or the explorer. */
#include "base/blas.h"
#include "base/sudden_end.h"
#include "shell/cli_context.h"
#include "explorer/event_loop.h"
#include "explorer/table/column_table.h"
#include "scry.h"
#include "shell/system.h"
#include "text/charset.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* By number in `commands`. */
#define NO_SHELL NULL
static int (*const functions[])(const options *) = {
#define COMMAND(id, name, keys, arguments, group, shell, explorer, help) shell,
#include "shell/commands.def"
#undef COMMAND
};

static int run(const options *o) {
    if (o->version) {
        printf("scry %s\n", scry_version());
        return 0;
    }
    bool explorer = strcmp(o->command, "open") == 0;
    if (o->help || (explorer && !o->words)) {
        options_help(explorer ? NULL : o->command);
        return o->help ? 0 : 2;
    }
    scry_error err = {0};
    if (!cli_spares(o, &err)) return output_error(&err);
    return explorer ? event_loop_run(o) : functions[command_find(o->command) - commands](o);
}

static bool column_row(size_t i, const char **name, const char **help) {
    if (i >= (size_t)column_count) return false;
    *name = columns[i].name;
    *help = columns[i].help;
    return true;
}

int main(int argc, char **argv) {
    charset_begin();
    system_mend_blas(argv);
    sudden_end_catch();
    help_set_list("columns of the table", column_row);
    scry_error err = {0};
    options o;
    if (!options_read(&o, argc, argv, &err)) return output_error(&err);
    int status = run(&o);
    if (!status) status = output_end();
    if (blas_has_room()) return status;
    fflush(stderr);
    _exit(status);
}
