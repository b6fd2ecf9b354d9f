/* main.c: from the shell's words to a command or the explorer. */
#include "commands/commands.h"
#include "commands/out.h"
#include "commands/subject.h"
#include "explore.h"
#include "scry.h"
#include "system.h"

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
    if (!subject_spares(o, &err)) return out_error(&err);
    return explorer ? explore(o) : command_find(o->command)->shell(o);
}

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "");
    system_mend_blas(argv);
    scry_error err = {0};
    options o;
    if (!options_read(&o, argc, argv, &err)) return out_error(&err);
    int status = run(&o);
    return status ? status : out_end();
}
