/* subject.c: the index, ranking, selection and scope that a command's options name. */
#include "commands/subject.h"
#include "commands/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Indexes up to this size are verified whole when opened: a tenth of a second for a command, a frame
 * for the explorer. Larger ones are checked where they are read. */
static const off_t VERIFY_UP_TO = (off_t)1 << 30, VERIFY_IN_A_FRAME = (off_t)64 << 20;

static scry_index *open_index(const options *o, const char *path, scry_error *err) {
    off_t limit = strcmp(o->command, "open") == 0 ? VERIFY_IN_A_FRAME : VERIFY_UP_TO;
    struct stat st;
    bool verify = stat(path, &st) == 0 && st.st_size <= limit;
    return scry_open(path, verify, err);
}

bool subject_build_options(const options *o, scry_build_options *build, scry_error *err) {
    uint32_t threads;
    if (!options_number("--threads", o->threads, 1, 0, &threads, err)) return false;
    build->threads = threads;
    build->allow_nonfinite = o->allow_nonfinite != NULL;
    return options_bytes("--memory", o->memory, &build->memory, err);
}

bool subject_residuals(const options *o, int from, scry_train_input *input, scry_error *err) {
    *input = (scry_train_input){.path = o->word + from,
                                .paths = (size_t)(o->words - from),
                                .condition = o->condition ? scry_condition_of(o->condition) : -1,
                                .allow_nonfinite = o->allow_nonfinite != NULL};
    return !o->condition || input->condition >= 0 ||
           scry_misuse(err, "--condition: found \"%.40s\", expected base, icl, sft or rl", o->condition);
}

/* What the finished index shows of a wrong dump, to stderr. */
static void warn(const scry_index *index) {
    scry_notes notes = {0};
    scry_warnings(index, &notes);
    for (size_t i = 0; i < notes.count; i++) out_warning(notes.text[i]);
    scry_notes_free(&notes);
}

static scry_index *build(const options *o, const char *study, const char *out, scry_error *err) {
    subject_progress progress = {0};
    scry_build_options build_options = {.progress = subject_show_progress, .context = &progress};
    if (!subject_build_options(o, &build_options, err)) return NULL;
    subject_catch_interrupt();
    bool ok = scry_index_build(study, out, &build_options, NULL, NULL, err);
    subject_release_interrupt();
    subject_end_progress(&progress);
    scry_index *index = ok ? open_index(o, out, err) : NULL;
    if (index) warn(index);
    return index;
}

scry_index *subject_open(const options *o, scry_error *err) {
    const char *path = o->word[0];
    if (!path) {
        scry_misuse(err, "%s needs an index or a study manifest; scry %s --help says more", o->command, o->command);
        return NULL;
    }
    if (access(path, R_OK) != 0 || scry_is_index(path)) return open_index(o, path, err);
    size_t length = strlen(path);
    if (length > 5 && strcmp(path + length - 5, ".scry") == 0) return open_index(o, path, err);
    char *cached = scry_cache_path(path, err);
    if (!cached) return NULL;
    scry_index *index = access(cached, R_OK) == 0 ? open_index(o, cached, NULL) : NULL;
    if (!index) index = build(o, path, cached, err);
    free(cached);
    return index;
}

bool subject_train(const options *o, const scry_index *index, size_t *train, scry_error *err) {
    const scry_info *info = scry_about(index);
    *train = 0;
    if (!o->train) return true;
    for (size_t t = 0; t < info->trains; t++)
        if (strcmp(info->train[t].name, o->train) == 0) {
            *train = t;
            return true;
        }
    return scry_misuse(err, "--train: no training set \"%.60s\"; the first is \"%.60s\"", o->train,
                       info->train[0].name);
}

bool subject_ranking(const options *o, const scry_index *index, size_t train, scry_condition *source,
                     scry_metric *metric, scry_error *err) {
    scry_condition has[SCRY_CONDITIONS];
    if (scry_sources(index, train, has) == 0) return scry_fail(err, "this index has no source of shift");
    int by = o->by ? scry_condition_of(o->by) : (int)has[0];
    int m = o->metric ? scry_metric_of(o->metric) : SCRY_SQ;
    if (by <= SCRY_BASE) return scry_misuse(err, "--by: found \"%.40s\", expected icl, sft or rl", o->by);
    if (m < 0) return scry_misuse(err, "--metric: found \"%.40s\", expected sq, abs, mean, rate or d", o->metric);
    *source = (scry_condition)by;
    *metric = (scry_metric)m;
    return true;
}

bool subject_score(const options *o, const scry_index *index, scry_score *score, scry_error *err) {
    int s = o->score ? scry_score_of(o->score) : SCRY_ACT;
    if (s < 0) return scry_misuse(err, "--score: found \"%.40s\", expected act, act2 or icl", o->score);
    *score = (scry_score)s;
    return scry_has_score(index, *score) || scry_misuse(err, "--score icl: no domain of this index has an icl capture");
}

static bool base_selection(const options *o, const scry_ranking *ranking, scry_set *set, scry_error *err) {
    if (o->set && o->latents) return scry_misuse(err, "--set and --latents: expected one of them");
    if (o->set) return scry_set_read_csv(set, o->set, err);
    if (o->latents) return scry_set_list(set, o->latents, true, err);
    uint32_t top;
    if (!options_number("--top", o->top, 0, 100, &top, err)) return false;
    for (uint32_t rank = 0; rank < top && rank < ranking->latents; rank++)
        scry_set_put(set, ranking->order[rank], true);
    return true;
}

scry_set *subject_selection(const options *o, const scry_index *index, const scry_ranking *ranking, scry_error *err) {
    scry_set *set = scry_set_new(scry_about(index)->d_sae);
    bool ok = base_selection(o, ranking, set, err) && (!o->without || scry_set_list(set, o->without, false, err)) &&
              (!o->with || scry_set_list(set, o->with, true, err));
    if (ok) return set;
    scry_set_free(set);
    return NULL;
}

bool subject_scope(const options *o, const scry_index *index, size_t train, scry_scope *scope, scry_error *err) {
    if (o->is_signed && o->is_absolute) return scry_misuse(err, "--signed and --absolute: expected one of them");
    bool is_signed = o->is_signed || (scry_about(index)->is_signed && !o->is_absolute);
    return scry_scope_read(scope, index, train, o->domains ? o->domains : "all", is_signed, err);
}
