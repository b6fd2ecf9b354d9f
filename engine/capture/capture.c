/* capture/capture.c: a call of scry_capture: what is there, what is computed, and when the study is whole. */
#include "capture.h"
#include "capture/capture_file.h"
#include "capture/capture_plan.h"
#include "capture/capture_run.h"
#include "capture/capture_settings.h"
#include "capture/capture_study.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/user_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct call {
    const char *folder;
    const scry_capture_options *o;
    capture_plan plan;
    cJSON **settings;     /* [units] */
    capture_state *state; /* [units] */
    scry_capture_result *result;
    scry_notes *notes;
    scry_error *err;
} call;

static bool is_own(const call *c, size_t unit) {
    return !c->o->shards || unit % c->o->shards == c->o->shard - 1;
}

static char *path_of(const call *c, size_t unit) {
    return mem_format("%s/%s", c->folder, c->plan.unit[unit].path);
}

/* Is the capture there? One with other settings is an error, unless --force. */
static bool look_at(call *c, size_t unit) {
    const capture_unit *u = &c->plan.unit[unit];
    char *path = path_of(c, unit), *why;
    uint32_t d = c->plan.model[CAPTURE_MODEL].d_model;
    c->settings[unit] = capture_settings(&c->plan, u);
    c->state[unit] =
        capture_file_state(path, c->settings[unit], c->plan.group[u->group].rows, d, is_own(c, unit), &why);
    bool ok = true;
    if (c->state[unit] == CAPTURE_OTHER && !c->o->force)
        ok = scry_fail(c->err, "%s was captured with other settings: %s; take another -o, or --force to capture again",
                       path, why);
    if (c->state[unit] == CAPTURE_DAMAGED && is_own(c, unit))
        scry_notes_add(c->notes, "%s: %s; it is captured again", path, why);
    if (c->state[unit] == CAPTURE_OTHER) c->state[unit] = CAPTURE_ABSENT;
    free(why);
    free(path);
    return ok;
}

static bool look(call *c) {
    c->settings = mem_new(c->plan.units, sizeof(cJSON *));
    c->state = mem_new(c->plan.units, sizeof *c->state);
    for (size_t i = 0; i < c->plan.units; i++)
        if (!look_at(c, i)) return false;
    return true;
}

/* A study that something else made is not written over. */
static bool check_folder(const call *c) {
    char *acts = mem_format("%s/acts", c->folder);
    bool ok = capture_study_is_own(c->folder, c->o->force ? NULL : c->err) || c->o->force;
    ok = ok && scry_make_folder(acts, "name a folder that can be written by -o", c->err);
    free(acts);
    return ok;
}

static void add_result(call *c, size_t unit, double seconds) {
    const capture_unit *u = &c->plan.unit[unit];
    const capture_group *g = &c->plan.group[u->group];
    scry_capture_result *r = c->result;
    r->capture = mem_resize(r->capture, r->count + 1, sizeof *r->capture);
    r->capture[r->count++] = (scry_capture_done){.name = mem_copy_string(u->name),
                                                 .condition = capture_condition_name(u->condition),
                                                 .tokens = g->rows,
                                                 .samples = g->count,
                                                 .kept = c->state[unit] == CAPTURE_KEPT,
                                                 .seconds = seconds};
}

/* Computes what this shard lacks, in the plan's order. */
static bool compute(call *c) {
    capture_run run = {.plan = &c->plan};
    double started = clock_seconds();
    bool ok = true;
    for (size_t i = 0; i < c->plan.units; i++) {
        if (!is_own(c, i) || c->state[i] == CAPTURE_KEPT) continue;
        run.progress.captures++;
        run.progress.total += capture_run_cost(&c->plan, &c->plan.unit[i]);
    }
    for (size_t i = 0; i < c->plan.units && ok; i++) {
        const capture_unit *u = &c->plan.unit[i];
        if (!is_own(c, i)) continue;
        double begun = clock_seconds();
        if (u->condition == CAPTURE_BASE)
            ok = capture_tokens_write(&c->plan, &c->plan.group[u->group], c->folder, c->err);
        bool kept = c->state[i] == CAPTURE_KEPT;
        if (ok && !kept) {
            char *path = path_of(c, i);
            run.progress.number++;
            ok = capture_run_unit(&run, u, path, c->settings[i], c->err);
            free(path);
        }
        if (ok) add_result(c, i, kept ? 0 : clock_seconds() - begun);
    }
    double seconds = clock_seconds() - started;
    if (run.progress.captures && seconds > 0) c->result->tokens_per_second = (double)run.progress.done / seconds;
    capture_run_close(&run);
    return ok;
}

/* Are the captures of other shards there, too? */
static bool is_complete(call *c) {
    bool all = true;
    for (size_t i = 0; i < c->plan.units; i++) {
        const capture_unit *u = &c->plan.unit[i];
        const capture_group *g = &c->plan.group[u->group];
        char *path = path_of(c, i), *why = NULL, *tokens = capture_tokens_path(c->folder, g);
        all = all && access(tokens, F_OK) == 0 &&
              (is_own(c, i) || capture_file_state(path, c->settings[i], g->rows, c->plan.model[CAPTURE_MODEL].d_model,
                                                  false, &why) == CAPTURE_KEPT);
        free(why);
        free(path);
        free(tokens);
    }
    return all;
}

static bool capture(call *c) {
    if (!capture_plan_make(&c->plan, c->o, c->notes, c->err)) return false;
    if (!check_folder(c) || !look(c) || !compute(c)) return false;
    c->result->study = mem_format("%s/study.json", c->folder);
    c->result->complete = is_complete(c);
    return !c->result->complete || capture_study_write(&c->plan, c->folder, c->err);
}

bool scry_capture(const char *folder, const scry_capture_options *options, scry_capture_result *result,
                  scry_notes *notes, scry_error *err) {
    scry_notes own = {0};
    call c = {.folder = folder, .o = options, .result = result, .notes = notes ? notes : &own, .err = err};
    *result = (scry_capture_result){0};
    bool ok = capture(&c);
    for (size_t i = 0; i < c.plan.units && c.settings; i++) cJSON_Delete(c.settings[i]);
    free(c.settings);
    free(c.state);
    capture_plan_free(&c.plan);
    scry_notes_free(&own);
    return ok;
}

void scry_capture_result_free(scry_capture_result *result) {
    for (size_t i = 0; i < result->count; i++) free(result->capture[i].name);
    free(result->capture);
    free(result->study);
    *result = (scry_capture_result){0};
}
