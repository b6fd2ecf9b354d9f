/* file.c: commands that read and write files. */
#include "draw/grid_ansi.h"
#include "draw/grid_styles.h"
#include "draw/grid_svg.h"
#include "export.h"
#include "views/view.h"
#include "words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

command_effect do_export(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "export", a->tab->file);
    scry_error err = {0};
    const scry_session *s = a->tab->session;
    scry_exported e = {.set = scry_session_set(s),
                       .index = a->tab->index,
                       .ranking = scry_session_ranking(s),
                       .top = scry_session_n(s),
                       .score = scry_session_score(s)};
    if (!scry_export(&e, argument, NULL, &err)) return app_fail(a, "%s", err.text);
    snprintf(a->tab->file, sizeof a->tab->file, "%s", argument);
    app_say(a, "%u latent%s written to %s", e.set->count, words_s(e.set->count), argument);
    return DID_CHANGE;
}

command_effect do_import(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "import", a->tab->file);
    scry_error err = {0};
    scry_set *set = scry_set_new(a->tab->info->d_sae);
    command_effect effect;
    if (scry_set_read_csv(set, argument, &err) && scry_scored_all(a->tab->index, set, &err)) {
        snprintf(a->tab->file, sizeof a->tab->file, "%s", argument);
        app_before_step(a);
        effect = app_stepped(a, scry_session_adopt(a->tab->session, set), argument);
    } else {
        effect = app_fail(a, "%s", err.text);
    }
    scry_set_free(set);
    return effect;
}

static bool ends_in(const char *name, const char *ending) {
    size_t length = strlen(name), tail = strlen(ending);
    return length > tail && strcmp(name + length - tail, ending) == 0;
}

/* Names ending in .roles also say what each cell means: what the tests compare. Those in .svg are pictures, those in
 * .ansi have the styles of a terminal with --colors many colours, and those in .styles only these. */
command_effect do_screen(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "screen", "screen.txt");
    FILE *f = fopen(argument, "we");
    if (!f) return app_fail(a, "%s: cannot be written: %s", argument, strerror(errno));
    works_settle(a); /* a still picture waits for all of its numbers */
    table_finish(a);
    app_draw(a);
    if (latent_working(a)) latent_work(a, 0);
    app_draw(a);
    if (ends_in(argument, ".svg"))
        grid_svg(a->grid, &a->theme, a->colors, a->theme.light ? paper_light : paper_dark, f);
    else if (ends_in(argument, ".ansi")) grid_ansi(a->grid, &a->theme, a->colors, f);
    else if (ends_in(argument, ".styles")) grid_styles(a->grid, &a->theme, a->colors, f);
    else grid_write(a->grid, f, ends_in(argument, ".roles"));
    if (fclose(f) != 0) return app_fail(a, "%s: cannot be written: %s", argument, strerror(errno));
    app_say(a, "screen written to %s", argument);
    return DID_CHANGE;
}

command_effect do_quit(app *a, const char *argument) {
    (void)a;
    (void)argument;
    return DID_QUIT;
}
