/* diff/lens_tokens.c: the tokens that mean differences promote and suppress. */
#include "base/mem.h"
#include "base/name_list.h"
#include "diff/lens_internal.h"
#include "model/promoted_tokens.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[SCRY_LENS_THROUGHS] = {
#define THROUGH(id, name) [id] = name,
    SCRY_LENS_THROUGH_TABLE(THROUGH)
#undef THROUGH
};

const char *scry_lens_through_name(scry_lens_through through) {
    return through < SCRY_LENS_THROUGHS ? names[through] : "";
}

int scry_lens_through_of(const char *name) {
    int t = 0;
    while (t < SCRY_LENS_THROUGHS && strcmp(names[t], name) != 0) t++;
    return t < SCRY_LENS_THROUGHS ? t : -1;
}

const char *scry_lens_through_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, names, sizeof *names, SCRY_LENS_THROUGHS, quote);
}

const char *lens_tuned_folder(const scry_lens *l, const scry_lens_query *q) {
    return l->tuned ? l->tuned : l->index->info.train[q->train].tuned_path[q->of];
}

/* Of the sources in their order: sft's model, else rl's. */
static const char *any_tuned(const scry_lens *l, size_t train) {
    const scry_train_info *t = &l->index->info.train[train];
    return l->tuned ? l->tuned : *t->tuned_path[SCRY_SFT] ? t->tuned_path[SCRY_SFT] : t->tuned_path[SCRY_RL];
}

const char *scry_lens_model(const scry_lens *l, scry_lens_through through, size_t train) {
    if (through == SCRY_THROUGH_TUNED) return train < l->index->info.trains ? any_tuned(l, train) : "";
    return l->model ? l->model : l->index->info.model_path;
}

void lens_unembedding_close(lens_unembedding *u) {
    scry_run_free(u->run);
    model_pair_close(&u->pair);
    free(u->folder);
    *u = (lens_unembedding){0};
}

static bool is_cancelled(void *context) {
    const scry_lens *l = context;
    return scry_cancelled(l->cancel);
}

static bool check_named(const scry_lens *l, scry_lens_through through, size_t train, scry_error *err) {
    const scry_info *info = &l->index->info;
    const char *base = scry_lens_model(l, SCRY_THROUGH_BASE, train), *folder = scry_lens_model(l, through, train);
    if (!*base)
        return scry_misuse(err,
                           "%s: the study names no model, whose output says which tokens a direction promotes; name "
                           "its folder with --model DIR, or put \"model_path\" into the study and index it again",
                           info->path);
    return *folder || scry_misuse(err,
                                  "%s: the study names no tuned model; name its folder with --tuned DIR, or put "
                                  "\"sft_path\" into the study and index it again",
                                  info->path);
}

static bool open_unembedding(scry_lens *l, scry_lens_through through, size_t train, scry_error *err) {
    lens_unembedding *u = &l->through[through];
    const char *folder = scry_lens_model(l, through, train), *base = scry_lens_model(l, SCRY_THROUGH_BASE, train);
    if (!check_named(l, through, train, err)) return false;
    if (u->run && strcmp(u->folder, folder) == 0) return true;
    lens_unembedding_close(u);
    const bool tuned = through == SCRY_THROUGH_TUNED;
    scry_run_options options = {.threads = l->threads, .memory = l->memory, .cancelled = is_cancelled, .context = l};
    bool ok = model_pair_open_folders(&u->pair, base, tuned ? folder : NULL, NULL, err);
    const scry_model *model = ok ? u->pair.model[tuned] : NULL;
    if (ok && scry_model_info_of(model)->d_model != l->index->info.d_model)
        ok = scry_fail(err,
                       "model: %s: its stream has %u dimensions and the residuals of %s have %u; expected the model "
                       "that the study was captured from",
                       scry_model_info_of(model)->path, scry_model_info_of(model)->d_model, l->index->info.path,
                       l->index->info.d_model);
    ok = ok && (u->run = scry_run_new(model, &options, err));
    if (ok) u->folder = mem_copy_string(folder);
    else lens_unembedding_close(u);
    return ok;
}

/* m at length sqrt(d), which a final RMS norm gives it. */
static void scale(const double *m, size_t d, float *out) {
    const double norm = lens_norm(m, d), times = norm > 0 ? sqrt((double)d) / norm : 0;
    for (size_t i = 0; i < d; i++) out[i] = (float)(m[i] * times);
}

bool scry_lens_tokens(scry_lens *l, scry_lens_through through, size_t train, const double *const *m, size_t count,
                      size_t top, scry_token_logit *out, const scry_cancel *cancel, scry_error *err) {
    const size_t d = l->index->info.d_model;
    if (!open_unembedding(l, through, train, err)) return false;
    float *rows = mem_new(count + 1, d * sizeof *rows);
    for (size_t i = 0; i < count; i++)
        if (m[i]) scale(m[i], d, rows + i * d);
    l->cancel = cancel;
    bool ok = promoted_tokens(l->through[through].run, l->through[through].pair.tok, rows, count, top, out, err);
    l->cancel = NULL;
    for (size_t i = 0; i < count && ok; i++)
        for (size_t k = 0; k < SCRY_LOGIT_SIDES * top && !m[i]; k++)
            out[i * SCRY_LOGIT_SIDES * top + k] = (scry_token_logit){.id = SCRY_NO_TOKEN};
    free(rows);
    return ok;
}
