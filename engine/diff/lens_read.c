/* diff/lens_read.c: mean differences of paired residuals, kept or from the source that there is. */
#include "base/mem.h"
#include "diff/lens_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const sources[SCRY_LENS_SOURCES] = {
    [SCRY_LENS_CAPTURES] = "captures", [SCRY_LENS_MODELS] = "models"};

const char *scry_lens_source_name(scry_lens_source source) {
    return source < SCRY_LENS_SOURCES ? sources[source] : "";
}

static char *copy(const char *text) {
    return text ? mem_copy_string(text) : NULL;
}

scry_lens *scry_lens_open(const scry_index *x, const scry_lens_options *options, scry_error *err) {
    const scry_lens_options o = options ? *options : (scry_lens_options){0};
    if (!x->info.d_sae) {
        scry_misuse(err, "%s: a study of scores alone has no residuals to compare; expected one with captures",
                    x->info.path);
        return NULL;
    }
    if (!x->info.d_model) {
        scry_misuse(err, "%s: its captures hold features, expected residuals, whose difference is looked at",
                    x->info.path);
        return NULL;
    }
    scry_lens *l = mem_new(1, sizeof *l);
    *l = (scry_lens){.index = x,
                     .model = copy(o.model),
                     .tuned = copy(o.tuned),
                     .study = copy(o.study),
                     .threads = o.threads,
                     .memory = o.memory ? o.memory : SCRY_MEMORY};
    lens_store_open(&l->store, x);
    return l;
}

void scry_lens_close(scry_lens *l) {
    if (!l) return;
    lens_store_close(&l->store);
    for (int t = 0; t < SCRY_LENS_THROUGHS; t++) lens_unembedding_close(&l->through[t]);
    free(l->model);
    free(l->tuned);
    free(l->study);
    free(l);
}

/* "training set math", "law" */
static const char *place_words(const scry_index *x, const scry_lens_query *q, char out[120]) {
    if (q->domain != SCRY_LENS_TRAIN) snprintf(out, 120, "%s", x->info.domain[q->domain].name);
    else if (*x->info.train[q->train].name) snprintf(out, 120, "training set %s", x->info.train[q->train].name);
    else snprintf(out, 120, "training set");
    return out;
}

/* ---- which source --------------------------------------------------------------------------- */

static bool check_query(const scry_index *x, const scry_lens_query *q, scry_error *err) {
    const scry_info *info = &x->info;
    if (q->train >= info->trains || q->domain < SCRY_LENS_TRAIN || q->domain >= (int64_t)info->domains)
        return scry_misuse(err, "%s: found no such training set or domain", info->path);
    if (q->of == SCRY_BASE || q->of == scry_reference_condition(q->against))
        return scry_misuse(err, "%s against %s: expected two conditions that differ", scry_condition_name(q->of),
                           scry_reference_name(q->against));
    if (q->positions > SCRY_LENS_MOST_POSITIONS)
        return scry_misuse(err, "positions: found %u, expected at most %d", q->positions, SCRY_LENS_MOST_POSITIONS);
    if (!q->positions) return true;
    char place[120];
    int base = lens_capture(x, q, SCRY_BASE);
    if (info->pairing == SCRY_PAIR_SAMPLE)
        return scry_misuse(err,
                           "%s: pairs by sample, and compares means over samples, expected pairs of tokens; leave "
                           "--positions out",
                           info->path);
    return (base >= 0 && info->capture[base].has_tokens) ||
           scry_misuse(
               err,
               "%s: %s: has no \"tokens\", which say where samples begin; leave --positions out, or add them to "
               "the study",
               info->path, place_words(x, q, place));
}

static bool has_captures(const scry_index *x, const scry_lens_query *q) {
    return lens_capture(x, q, q->of) >= 0 && lens_capture(x, q, scry_reference_condition(q->against)) >= 0;
}

static bool is_there(const char *path) {
    struct stat st;
    return *path && stat(path, &st) == 0;
}

/* Why the models cannot give what was not captured; false. */
static bool refuse(const scry_lens *l, const scry_lens_query *q, scry_error *err) {
    const scry_info *info = &l->index->info;
    char place[120], of[SCRY_SOURCE_TEXT];
    scry_source_text(q->of, q->against, of);
    place_words(l->index, q, place);
    const scry_condition missing = lens_capture(l->index, q, q->of) < 0 ? q->of : scry_reference_condition(q->against);
    const char *name = scry_condition_name(missing), *base = scry_lens_model(l, SCRY_THROUGH_BASE, q->train);
    if (missing != SCRY_SFT && missing != SCRY_RL)
        return scry_misuse(err,
                           "%s: %s: was not captured under %s; what stood in front of its texts is known to scry "
                           "capture alone, expected a capture of it in the study",
                           info->path, place, name);
    if (q->against != SCRY_AGAINST_BASE || q->domain == SCRY_LENS_TRAIN)
        return scry_misuse(err, "%s: %s: %s was not captured, expected a capture under %s in the study", info->path,
                           place, of, name);
    const char *tuned = lens_tuned_folder(l, q);
    if (!*base || !*tuned)
        return scry_misuse(err,
                           "%s: %s: was not captured under %s, and the study names no %s that could be run instead; "
                           "name its folder with %s, or put \"%s%s\" into the study and index it again",
                           info->path, place, name, *base ? "tuned model" : "model",
                           *base ? "--tuned DIR" : "--model DIR", *base ? name : "model", "_path");
    return scry_fail(err,
                     "%s: %s: was not captured under %s, and the model that could be run instead is not found: %s; "
                     "name its folder with %s",
                     info->path, place, name, is_there(base) ? tuned : base,
                     is_there(base) ? "--tuned DIR" : "--model DIR");
}

static bool models_may_give(const scry_lens *l, const scry_lens_query *q) {
    return (q->of == SCRY_SFT || q->of == SCRY_RL) && q->against == SCRY_AGAINST_BASE && q->domain != SCRY_LENS_TRAIN &&
           *scry_lens_model(l, SCRY_THROUGH_BASE, q->train) && *lens_tuned_folder(l, q);
}

static bool models_can_give(const scry_lens *l, const scry_lens_query *q) {
    return models_may_give(l, q) && is_there(scry_lens_model(l, SCRY_THROUGH_BASE, q->train)) &&
           is_there(lens_tuned_folder(l, q));
}

/* What the models gave is used again unless others are named. */
static bool same_models(const scry_lens *l, const lens_entry *e) {
    const char *named[2] = {l->model, l->tuned};
    if (e->record.source != SCRY_LENS_MODELS) return true;
    for (int k = 0; k < 2; k++) {
        if (!named[k] || strcmp(named[k], e->folder[k]) == 0) continue;
        struct stat a, b;
        if (stat(named[k], &a) != 0 || stat(e->folder[k], &b) != 0 || a.st_dev != b.st_dev || a.st_ino != b.st_ino)
            return false;
    }
    return true;
}

static const lens_entry *find_kept(const scry_lens *l, const scry_lens_query *q) {
    const lens_entry *e = lens_store_find(&l->store, q);
    return e && same_models(l, e) ? e : NULL;
}

bool scry_lens_can(const scry_lens *l, const scry_lens_query *q) {
    return check_query(l->index, q, NULL) && (has_captures(l->index, q) || models_may_give(l, q) || find_kept(l, q));
}

void scry_lens_first_source(const scry_lens *l, scry_lens_query *q) {
    static const scry_condition order[] = {SCRY_SFT, SCRY_RL, SCRY_ICL, SCRY_CONTROL};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        q->of = order[i];
        if (scry_lens_can(l, q)) return;
    }
    q->of = SCRY_SFT;
}

bool scry_lens_at_hand(const scry_lens *l, const scry_lens_query *q) {
    return find_kept(l, q);
}

/* ---- reading -------------------------------------------------------------------------------- */

uint32_t scry_lens_positions(const scry_lens *l, const scry_lens_query *q) {
    scry_lens_query more = *q;
    more.positions = SCRY_LENS_POSITIONS;
    return check_query(l->index, &more, NULL) ? SCRY_LENS_POSITIONS : 0;
}

/* Those that are not asked for cost little, and can be looked at later without another pass. */
static uint32_t positions_to_keep(const scry_lens *l, const scry_lens_query *q) {
    uint32_t usual = scry_lens_positions(l, q);
    return q->positions > usual ? q->positions : usual;
}

static const lens_entry *compute(scry_lens *l, const scry_lens_query *q, scry_notes *notes, scry_error *err) {
    lens_sums sums;
    lens_entry entry = {.record = lens_record_of(q)};
    scry_error unwritten = {0};
    bool captured = has_captures(l->index, q);
    if (!captured && !models_can_give(l, q)) {
        refuse(l, q, err);
        return NULL;
    }
    entry.record.source = captured ? SCRY_LENS_CAPTURES : SCRY_LENS_MODELS;
    entry.record.positions = positions_to_keep(l, q);
    lens_sums_new(&sums, l->index->info.d_model, entry.record.positions, l->index->info.pairing == SCRY_PAIR_SAMPLE);
    bool ok = captured ? lens_sum_captures(l, q, &sums, err) : lens_sum_models(l, q, &sums, &entry, notes, err);
    if (!ok) {
        lens_sums_free(&sums);
        return NULL;
    }
    lens_sums_finish(&sums);
    const lens_entry *kept = lens_store_put(&l->store, &entry, &sums);
    if (!lens_store_write(&l->store, l->index, &unwritten) && notes)
        scry_notes_add(notes, "the mean differences are not kept: %s", unwritten.text);
    return kept;
}

bool scry_lens_read(scry_lens *l, const scry_lens_query *q, scry_lens_means *out, const scry_cancel *cancel,
                    scry_notes *notes, scry_error *err) {
    if (!check_query(l->index, q, err)) return false;
    const lens_entry *e = find_kept(l, q);
    bool was_kept = e;
    l->cancel = cancel;
    if (!e) e = compute(l, q, notes, err);
    l->cancel = NULL;
    if (!e) return false;
    *out = (scry_lens_means){.source = (scry_lens_source)e->record.source,
                             .model = e->folder[0],
                             .tuned = e->folder[1],
                             .was_kept = was_kept,
                             .count = (size_t)q->positions + 1,
                             .mean = e->mean};
    return true;
}

bool scry_lens_direction(const scry_index *x, const scry_lens_options *options, const scry_lens_query *q, double *out,
                         const scry_cancel *cancel, scry_error *err) {
    scry_lens_means means;
    char place[120];
    scry_lens *l = scry_lens_open(x, options, err);
    bool ok = l && scry_lens_read(l, q, &means, cancel, NULL, err);
    if (ok && !means.mean[0].mean)
        ok = scry_fail(err, "%s: %s: no token of it has a partner, so that there is no mean difference", x->info.path,
                       place_words(x, q, place));
    if (ok) memcpy(out, means.mean[0].mean, x->info.d_model * sizeof *out);
    scry_lens_close(l);
    return ok;
}
