/* file.c: commands that read and write files. */
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/path.h"
#include "draw/grid_ansi.h"
#include "draw/grid_svg.h"
#include "draw/image_file.h"
#include "explorer/app.h"
#include "explorer/async_results.h"
#include "explorer/commands/step.h"
#include "explorer/jobs.h"
#include "explorer/latent/latent_pane.h"
#include "explorer/sets/set_layer.h"
#include "explorer/state/session_autosave.h"
#include "explorer/table/table.h"
#include "export.h"
#include "labels.h"
#include "results/results.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The file of this session, or the first name that no file has: Enter must not write over someone's work. */
static command_effect ask_where(app *a) {
    char name[32] = "set.csv";
    for (int i = 2; access(name, F_OK) == 0 && i < 1000; i++) snprintf(name, sizeof name, "set-%d.csv", i);
    return app_ask(a, "export", a->tab->file[0] ? a->tab->file : name);
}

/* Said where the name's ending does not. */
static const char *export_kind(const char *path) {
    return path_ends_with(path, ".csv") || path_ends_with(path, ".json") || path_ends_with(path, ".safetensors")
               ? ""
               : " as CSV";
}

/* Copies of what is exported. */
typedef struct work_of_export {
    tab *tab;
    scry_export_request of; /* its set is owned, its ranking too */
    size_t train;
    scry_condition source;
    scry_metric metric;
    char path[TEXT_MOST];
    bool selection; /* the file is the session's own */
    bool over;      /* a file of another name was there */
    bool ok;
    scry_error err;
    char *rho; /* of the selection; NULL: the statistics are not ready, or it is another set */
} work_of_export;

static void write_export(void *own, const scry_cancel *stop) {
    work_of_export *w = own;
    scry_ranking *r = scry_rank(w->tab->index, w->train, w->source, w->metric, &w->err);
    w->of.ranking = r;
    w->of.rho = w->rho;
    w->of.cancel = stop;
    w->ok = r && scry_export(&w->of, w->path, NULL, &w->err);
    scry_ranking_free(r);
}

static void end_export(app *a, void *own, bool whole) {
    work_of_export *w = own;
    if (whole && w->ok) {
        if (w->selection) snprintf(w->tab->file, sizeof w->tab->file, "%s", w->path);
        snprintf(w->tab->written, sizeof w->tab->written, "%s", w->path);
        const uint32_t count = w->of.set->count;
        if (w->over)
            app_say(a, "overwrote %s with %u latent%s%s", w->path, count, plural_s(count), export_kind(w->path));
        else app_say(a, "%u latent%s written%s to %s", count, plural_s(count), export_kind(w->path), w->path);
    } else if (whole) {
        app_fail(a, "%s", w->err.text);
    }
    scry_labels_release(w->tab->index);
    scry_set_free((scry_set *)w->of.set);
    free(w->rho);
    free(w);
}

/* "FILE", of the selection, or "FILE of SETS". */
command_effect do_export(app *a, const char *argument) {
    static const char word[] = " of ";
    if (!*argument) return ask_where(a);
    const char *of = strstr(argument, word);
    char path[TEXT_MOST];
    snprintf(path, sizeof path, "%.*s", (int)(of ? of - argument : (long)strlen(argument)), argument);
    bool own = strcmp(path, a->tab->written) == 0;
    if (!own && !app_may_write(a, path, path, argument)) return DID_CHANGE;
    scry_set *set = of ? sets_expression(a, of + strlen(word)) : scry_set_copy(scry_session_set(a->tab->session));
    if (!set) return DID_CHANGE;
    const scry_session *s = a->tab->session;
    const scry_ranking *shown = scry_session_ranking(s);
    work_of_export *w = mem_new(1, sizeof *w);
    *w = (work_of_export){
        .tab = a->tab,
        .of = {.set = set, .index = a->tab->index, .top = scry_session_n(s), .score = scry_session_score(s)},
        .train = shown->train,
        .source = shown->source,
        .metric = shown->metric,
        .selection = !of};
    if (!of && scry_session_statistics_ready(s)) {
        const selection_context c = {.index = a->tab->index,
                                     .train = shown->train,
                                     .set = set,
                                     .score = scry_session_score(s),
                                     .anchor = scry_session_anchor(s)};
        cJSON *facts = score_result(&c, scry_session_result(a->tab->session), NULL);
        w->rho = rho_summary_text(facts);
        cJSON_Delete(facts);
    }
    memcpy(w->path, path, sizeof w->path);
    w->over = !own && access(path, F_OK) == 0;
    job e = {.work = write_export, .end = end_export, .own = w};
    snprintf(e.what, sizeof e.what, "export to %.150s", w->path);
    scry_labels_hold(w->tab->index);
    job_begin(a, &e);
    return DID_CHANGE;
}

command_effect do_import(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "import", a->tab->file[0] ? a->tab->file : "set.csv");
    scry_error err = {0};
    scry_set *set = scry_set_new(a->tab->info->d_sae);
    command_effect effect;
    if (scry_set_read(set, NULL, argument, &err) && scry_require_scored(a->tab->index, set, &err)) {
        snprintf(a->tab->file, sizeof a->tab->file, "%s", argument);
        step_begin(a);
        effect = step_done(a, scry_session_adopt(a->tab->session, set), argument);
    } else {
        effect = app_fail(a, "%s", err.text);
    }
    scry_set_free(set);
    return effect;
}

static void draw_screen(FILE *svg, const void *context) {
    const app *a = context;
    grid_svg(a->grid, &a->theme, a->colors, a->theme.light ? paper_light : paper_dark, svg);
}

/* Names ending in .roles also say what each cell means: what the tests compare. Those in .svg, .png and .pdf are
 * pictures, those in .ansi have the styles of a terminal with --colors many colours, and those in .styles only these.
 */
command_effect do_screen(app *a, const char *argument) {
    if (!*argument) return app_ask(a, "screen", "screen.txt");
    scry_error err = {0};
    if (!image_file_check(argument, &err)) return app_fail(a, "%s", err.text);
    if (!app_may_write(a, argument, argument, argument) || async_run_when_ready(a, "screen", argument))
        return DID_CHANGE;
    async_finish_all(a); /* a still picture waits for all of its numbers */
    table_finish(a);
    app_draw(a);
    if (latent_working(a)) latent_work(a, 0);
    app_draw(a);
    if (image_file_is_known(argument)) {
        if (!image_file_write(argument, draw_screen, a, &err)) return app_fail(a, "%s", err.text);
        return app_say(a, "screen written to %s", argument);
    }
    atomic_file to;
    if (!atomic_file_begin(&to, argument, &err)) return app_fail(a, "%s", err.text);
    FILE *f = to.file;
    if (path_ends_with(argument, ".ansi")) grid_ansi(a->grid, &a->theme, a->colors, f);
    else if (path_ends_with(argument, ".styles")) grid_styles(a->grid, &a->theme, a->colors, f);
    else grid_write(a->grid, f, path_ends_with(argument, ".roles"));
    if (!atomic_file_end(&to, true, &err)) return app_fail(a, "%s", err.text);
    return app_say(a, "screen written to %s", argument);
}

command_effect do_yes(app *a, UNUSED const char *argument) {
    const command *c = a->question.command;
    char asked[TEXT_MOST];
    if (!c) return app_fail(a, "nothing is asked");
    memcpy(asked, a->question.argument, sizeof asked);
    a->question.command = NULL;
    bool before = a->overwrites;
    a->overwrites = true;
    a->message[0] = 0;
    command_effect effect = app_run(a, c, asked);
    a->overwrites = before;
    return effect;
}

command_effect do_no(app *a, UNUSED const char *argument) {
    const command *c = a->question.command;
    a->question.command = NULL;
    return c ? app_say(a, "%s: nothing written", c->name) : app_fail(a, "nothing is asked");
}

/* What is being written would be lost: once more to leave all the same. */
command_effect do_quit(app *a, UNUSED const char *argument) {
    const char *what = job_running(a, false, NULL), *unsaved = NULL;
    if (a->asked_to_leave) return DID_QUIT;
    if (a->can_ask && !what) {
        autosave_save(a, true);
        unsaved = autosave_error(a);
    }
    if (!what && !unsaved) return DID_QUIT;
    a->asked_to_leave = true;
    if (what) return app_fail(a, "running; q again quits without it, Esc cancels it: %s", what);
    return app_fail(a, "session %s; q again quits, :session FILE moves it", unsaved);
}

command_effect do_session(app *a, const char *argument) {
    scry_error err = {0};
    if (!*argument) return app_ask(a, "session", "scry.session");
    if (!autosave_move(a, a->tab, argument, &err)) return app_fail(a, "%s", err.text);
    return app_say(a, "this session is saved to %s from now on", argument);
}
