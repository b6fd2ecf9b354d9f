/* main.c: from the shell's words to a command or the explorer. */
#include "shell/commands.h"
#include "shell/output.h"
#include "shell/cli_context.h"
#include "explorer/event_loop.h"
#include "scry.h"
#include "shell/system.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

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
    return explorer ? event_loop_run(o) : command_find(o->command)->shell(o);
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "");
    system_mend_blas(argv);
    scry_error err = {0};
    options o;
    if (!options_read(&o, argc, argv, &err)) return output_error(&err);
    int status = run(&o);
    return status ? status : output_end();
}
