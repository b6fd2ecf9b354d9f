/* script.c: commands of the palette in a file, and macros. */
#include "explorer/state/script.h"
#include "base/text_file.h"
#include "explorer/app.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/state/recording.h"
#include "explorer/table/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool script_run(app *a, FILE *f, const char *path, bool *quit, scry_error *err) {
    char *line = NULL;
    size_t room = 0;
    unsigned number = 0;
    bool ok = true;
    while (ok && !*quit && text_file_line(f, &line, &room, path, number + 1, err)) {
        number++;
        line[strcspn(line, "\r\n")] = 0;
        if (number == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) memmove(line, line + 3, strlen(line) - 2);
        if (!line[strspn(line, " \t")] || line[strspn(line, " \t")] == '#') continue;
        table_finish(a);
        app_draw(a); /* as on a terminal: pages and places are those of the last frame */
        bool listed = a->tab->focus == PANE_LATENT || strncmp(line, "jump", 4) == 0;
        if (listed && latent_working(a)) latent_work(a, 0); /* nor are they acted on before they are there */
        command_effect effect = app_command(a, line);
        if (a->message_is_error && a->message[0]) ok = scry_fail(err, "%s: line %u: %s", path, number, a->message);
        *quit = (effect & DID_QUIT) != 0;
    }
    free(line);
    return ok && !err->status;
}

/* Macros that play macros: further down than anyone means to go. */
enum { DEEPEST = 16 };

bool macro_play(app *a, const char *name, unsigned times, bool *quit, scry_error *err) {
    recording *r = &a->recording;
    if (!macro_name_is_good(name, err)) return false;
    if (r->depth == DEEPEST) return scry_fail(err, "macro \"%s\": %d macros deep, expected an end", name, DEEPEST);
    char *path = macro_path(name);
    scry_error why = {0};
    FILE *f = text_file_open(path, &why);
    bool ok = f || scry_fail(err, "no macro \"%s\": %s", name, why.text);
    r->depth++;
    for (unsigned i = 0; ok && !*quit && i < times; i++) {
        rewind(f);
        ok = script_run(a, f, name, quit, err);
    }
    r->depth--;
    if (f) fclose(f);
    free(path);
    snprintf(r->last, sizeof r->last, "%s", name);
    return ok;
}
