/* cli_context.c: turns a command's options into an index, a ranking, a selection and a scope. */
#include "shell/cli_context.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/path.h"
#include "shell/set_names.h"

#include <dirent.h>
#include <stdio.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Indexes up to this size are verified in full when opened, which takes a tenth of a second for a command and a frame
 * for the explorer. Larger ones are checked where they are read. */
static const off_t VERIFY_UP_TO = (off_t)1 << 30, VERIFY_IN_A_FRAME = (off_t)64 << 20;

/* What a folder is opened by. */
#define STUDY_IN_FOLDER "study.json"

static scry_index *open_index(const options *o, const char *path, scry_error *err) {
    off_t limit = strcmp(o->command, "open") == 0 ? VERIFY_IN_A_FRAME : VERIFY_UP_TO;
    struct stat st;
    bool verify = stat(path, &st) == 0 && st.st_size <= limit;
    return scry_open(path, verify, err);
}

bool cli_misuse(scry_error *err, const char *option, const char *found, const char *expected) {
    return scry_misuse(err, "%s: found \"%.40s\", expected %s", option, found, expected);
}

bool cli_condition(const char *option, const char *text, scry_condition *source, scry_error *err) {
    int c = scry_condition_of(text);
    *source = (scry_condition)c;
    return c >= 0 || cli_misuse(err, option, text, scry_condition_choices((char[SCRY_CHOICES]){""}, ""));
}

bool cli_amplify(const options *o, double *times, const double **amplify, scry_error *err) {
    char *end = NULL;
    *amplify = NULL;
    if (!o->amplify) return true;
    *times = strtod(o->amplify, &end);
    *amplify = times;
    return (end != o->amplify && !*end && isfinite(*times)) ||
           cli_misuse(err, "--amplify", o->amplify,
                      "a number: 0 is the base model, 1 the tuned one, 2 twice the change");
}

bool cli_bos(const options *o, scry_bos *bos, scry_error *err) {
    static const char *const names[] = {[SCRY_BOS_AUTO] = "auto", [SCRY_BOS_YES] = "yes", [SCRY_BOS_NO] = "no"};
    size_t b = SCRY_BOS_AUTO, count = sizeof names / sizeof *names;
    for (size_t i = 0; o->bos && i <= count; i++)
        if (i == count) return cli_misuse(err, "--bos", o->bos, "auto, yes or no");
        else if (strcmp(o->bos, names[i]) == 0) {
            b = i;
            break;
        }
    *bos = (scry_bos)b;
    return true;
}

/* 0 where it is not given. Below 1 most rows would be outliers. */
static bool read_norm_ratio(const options *o, double *ratio, scry_error *err) {
    *ratio = 0;
    if (!o->max_norm_ratio) return true;
    char *end;
    double value = strtod(o->max_norm_ratio, &end);
    if (end == o->max_norm_ratio || *end || !(value >= 1 && value <= 1e9))
        return cli_misuse(err, "--max-norm-ratio", o->max_norm_ratio,
                          "a number of 1 to 1e9; --keep-outliers leaves out none");
    *ratio = value;
    return true;
}

bool cli_build_options(const options *o, scry_build_options *build, scry_error *err) {
    uint32_t threads;
    if (!options_number("--threads", o->threads, 1, 0, &threads, err)) return false;
    build->threads = threads;
    build->allow_nonfinite = o->allow_nonfinite != NULL;
    build->keep_outliers = o->keep_outliers != NULL;
    if (!read_norm_ratio(o, &build->max_norm_ratio, err)) return false;
    if (!options_number("--candidates", o->candidates, 1, 0, &build->candidates, err)) return false;
    return options_bytes("--memory", o->memory, &build->memory, err);
}

/* Each --minus belongs to the capture of its number. */
static bool read_minus(const options *o, const char *minus[OPTIONS_WORDS], scry_train_input *input, scry_error *err) {
    const size_t count = options_repeated(o, "--minus", minus);
    if (!count) return true;
    if (!input->paths)
        return scry_misuse(err, "--minus: found no capture to subtract %s from; scry train TUNED --minus BASE",
                           minus[0]);
    if (count != input->paths)
        return scry_misuse(err, "--minus: found %zu of them and %zu captures, expected one for each capture, in order",
                           count, input->paths);
    input->minus = minus;
    return true;
}

bool cli_residuals(const options *o, int from, const char *minus[OPTIONS_WORDS], scry_train_input *input,
                   scry_error *err) {
    *input = (scry_train_input){.path = o->word + from,
                                .paths = (size_t)(o->words - from),
                                .condition = o->condition ? scry_condition_of(o->condition) : -1,
                                .allow_nonfinite = o->allow_nonfinite != NULL,
                                .keep_outliers = o->keep_outliers != NULL};
    if (!read_norm_ratio(o, &input->max_norm_ratio, err) || !read_minus(o, minus, input, err)) return false;
    return !o->condition || input->condition >= 0 ||
           scry_misuse(err, "--condition: found \"%.40s\", expected base, %s", o->condition,
                       scry_source_choices((char[SCRY_CHOICES]){""}, ""));
}

void cli_add_minus(cJSON *facts, const options *o) {
    const char *minus[OPTIONS_WORDS];
    const size_t count = options_repeated(o, "--minus", minus);
    if (count) result_texts(facts, "minus", minus, count);
}

/* Prints the index's warnings, which point to faulty captures, to stderr. */
static void print_warnings(const scry_index *index) {
    scry_notes notes = {0};
    scry_warnings(index, &notes);
    output_warnings(&notes);
}

static scry_index *build(const options *o, const char *study, const char *out, scry_error *err) {
    cli_progress progress = {0};
    scry_build_options build_options = {.progress = cli_show_progress, .context = &progress};
    if (!cli_build_options(o, &build_options, err)) return NULL;
    cli_catch_interrupt();
    bool ok = scry_index_build(study, out, &build_options, NULL, NULL, err);
    cli_release_interrupt();
    cli_end_progress(&progress);
    scry_index *index = ok ? open_index(o, out, err) : NULL;
    if (index) print_warnings(index);
    return index;
}

scry_index *cli_open(const options *o, scry_error *err) {
    if (o->words) return cli_open_path(o, o->word[0], err);
    scry_misuse(err, "%s needs an index or a study manifest; scry %s --help says more", o->command, o->command);
    return NULL;
}

/* Writes "; it has a.json, x.scry" of what could be opened in the folder. */
static void list_studies(const char *folder, char *out, size_t size) {
    struct dirent **entry;
    int n = scandir(folder, &entry, NULL, alphasort), found = 0;
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < n; i++) {
        const char *name = entry[i]->d_name;
        if (name[0] != '.' && (path_ends_with(name, ".json") || path_ends_with(name, ".scry")) && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%.60s", found++ ? ", " : "; it has ", name);
        free(entry[i]);
    }
    if (n >= 0) free(entry);
}

char *cli_study_path(const char *path, scry_error *err) {
    if (!path_is_directory(path)) return mem_copy_string(path);
    char *study = path_join(path, STUDY_IN_FOLDER), has[400];
    if (access(study, F_OK) == 0) return study;
    free(study);
    list_studies(path, has, sizeof has);
    scry_fail(err, "%s: is a folder without " STUDY_IN_FOLDER "; expected a manifest or an index%s", path,
              has[0] ? has : ", and it has no .json and no .scry");
    return NULL;
}

static scry_index *open_file(const options *o, const char *path, scry_error *err) {
    if (access(path, R_OK) != 0 || scry_is_index(path)) return open_index(o, path, err);
    if (path_ends_with(path, ".scry")) return open_index(o, path, err);
    if (scry_is_scores_only(path)) {
        scry_index *given = scry_open_scores(path, err);
        if (given) print_warnings(given);
        return given;
    }
    char *cached = scry_cache_path(path, err);
    if (!cached) return NULL;
    scry_index *index = access(cached, R_OK) == 0 ? open_index(o, cached, NULL) : NULL;
    if (!index) index = build(o, path, cached, err);
    free(cached);
    return index;
}

bool cli_reference(const options *o, scry_reference *against, scry_error *err) {
    int r = o->against ? scry_reference_of(o->against) : SCRY_AGAINST_BASE;
    *against = r < 0 ? SCRY_AGAINST_BASE : (scry_reference)r;
    if (r >= 0 || strcmp(o->command, "sets") == 0) return true; /* a set to compare with */
    return cli_misuse(err, "--against", o->against, scry_reference_choices((char[SCRY_CHOICES]){""}, ""));
}

scry_index *cli_open_path(const options *o, const char *path, scry_error *err) {
    scry_reference against;
    if (!cli_reference(o, &against, err)) return NULL;
    char *study = cli_study_path(path, err);
    scry_index *index = study ? open_file(o, study, err) : NULL;
    free(study);
    scry_index *view = index ? scry_index_against(index, against, err) : NULL;
    if (!view) scry_close(index);
    return view;
}

/* What each command writes, by the end of the name ("": any other), and how such a file begins, or (inside) what stands
 * among its first bytes. */
static const struct {
    const char *command, *ending, *kind, *begins, *inside;
} written[] = {{"index", "", "an index", INDEX_MAGIC, NULL},
               {"merge", "", "an index", INDEX_MAGIC, NULL},
               {"export", ".safetensors", "a decoder that scry exported", NULL, "\"mean_base\""},
               {"export", ".json", "a list that scry exported", "{", "\"features\":\t["},
               {"export", "", "a selection that scry exported", "latent,included,", NULL},
               {"export-labels", ".csv", "labels as CSV", "latent,label", NULL},
               {"export-labels", "", "labels as JSON Lines", "{\"latent\":", NULL},
               {"label-prompts", "", "questions as JSON Lines", "{\"custom_id\":", NULL},
               {"plot", ".png", "a PNG", "\x89PNG\r\n", NULL},
               {"plot", ".pdf", "a PDF", "%PDF-", NULL},
               {"plot", "", "an SVG", "<svg", NULL},
               {"evaluate", "", "a study", "{", "\"scry_study\""},
               {"report", "", "a report", "<!DOCTYPE html>", "\"generator\" content=\"scry"}};
enum { WRITTEN = sizeof written / sizeof *written };

static int kind_written(const options *o) {
    for (int i = 0; i < WRITTEN; i++)
        if (strcmp(written[i].command, o->command) == 0 &&
            (!written[i].ending[0] || path_ends_with(o->out, written[i].ending)))
            return i;
    return -1;
}

static bool is_written_kind(const char *path, int kind) {
    enum { HEAD = 1 << 16 };
    char *head = mem_new(HEAD, 1);
    FILE *f = fopen(path, "re");
    size_t length = f ? fread(head, 1, HEAD, f) : 0;
    if (f) fclose(f);
    const char *begins = written[kind].begins, *inside = written[kind].inside;
    bool is = (!begins || (length >= strlen(begins) && memcmp(head, begins, strlen(begins)) == 0)) &&
              (!inside || memmem(head, length, inside, strlen(inside)));
    free(head);
    return is;
}

/* True when both names lead to one file; a folder is its study.json. */
static bool same_file(const struct stat *out, const char *word) {
    struct stat in;
    char *study = path_is_directory(word) ? path_join(word, STUDY_IN_FOLDER) : NULL;
    bool same = stat(study ? study : word, &in) == 0 && in.st_dev == out->st_dev && in.st_ino == out->st_ino;
    free(study);
    return same;
}

bool cli_spares(const options *o, scry_error *err) {
    struct stat out;
    int kind = o->out ? kind_written(o) : -1;
    if (kind < 0 || stat(o->out, &out) != 0 || !S_ISREG(out.st_mode)) return true;
    bool index = written[kind].begins && strcmp(written[kind].begins, INDEX_MAGIC) == 0;
    bool replaces = index && (!o->force || scry_is_index(o->out)); /* which may be its own shard */
    for (int i = 0; i < o->words && !replaces; i++)
        if (same_file(&out, o->word[i]))
            return scry_fail(err, "%s: is an input of %s and would be overwritten; choose another name with -o", o->out,
                             o->command);
    if (atomic_file_is_direct(o->out)) return true; /* an open file is added to */
    if (o->force || out.st_size == 0 || is_written_kind(o->out, kind)) return true;
    if (!index && scry_is_index(o->out)) return true; /* which is never overwritten: whoever writes says so */
    return scry_fail(err, "%s: exists and is not %s; expected a new name, %s to replace, or --force", o->out,
                     written[kind].kind, written[kind].kind);
}

bool cli_needs_latents(const scry_index *index, scry_error *err) {
    return scry_index_info(index)->d_sae > 0 ||
           scry_fail(err,
                     "%s: gives scores (\"sts\") instead of captures, so it has no latents; score, mix and info work "
                     "on it",
                     scry_index_info(index)->path);
}

bool cli_train(const options *o, const scry_index *index, size_t *train, scry_error *err) {
    const scry_info *info = scry_index_info(index);
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

bool cli_ranking(const options *o, const scry_index *index, size_t train, scry_condition *source, scry_metric *metric,
                 scry_error *err) {
    if (!cli_needs_latents(index, err)) return false;
    if (!o->by && !scry_default_source(index, train, source, err)) return false;
    int by = o->by ? scry_condition_of(o->by) : (int)*source;
    *source = (scry_condition)by;
    if (by < 0) return cli_misuse(err, "--by", o->by, scry_condition_choices((char[SCRY_CHOICES]){""}, ""));
    int m = o->metric ? scry_metric_of(o->metric) : (int)scry_default_metric(*source);
    *metric = (scry_metric)m;
    return m >= 0 || cli_misuse(err, "--metric", o->metric, scry_metric_choices((char[SCRY_CHOICES]){""}, ""));
}

bool cli_rank(const options *o, selection_context *s, scry_error *err) {
    scry_condition source;
    scry_metric metric;
    return cli_train(o, s->index, &s->train, err) && cli_ranking(o, s->index, s->train, &source, &metric, err) &&
           (s->ranking = scry_rank(s->index, s->train, source, metric, err));
}

bool cli_score(const options *o, const scry_index *index, scry_score *score, scry_error *err) {
    int s = o->score ? scry_score_of(o->score) : SCRY_ACT;
    if (s < 0) return cli_misuse(err, "--score", o->score, scry_score_choices((char[SCRY_CHOICES]){""}, ""));
    *score = (scry_score)s;
    if (scry_index_info(index)->d_sae) return scry_require_score(index, *score, err);
    if (scry_has_score(index, *score)) return true;
    char has[40] = "";
    for (int i = 0; i < SCRY_SCORES; i++)
        if (scry_has_score(index, (scry_score)i)) {
            strcat(has, *has ? ", " : "");
            strcat(has, scry_score_name((scry_score)i));
        }
    return scry_misuse(err, "--score %s: this study does not give this score; it gives: %s", scry_score_name(*score),
                       has);
}

/* Adds to the set, or removes from it, what an expression of sets names. */
static bool apply_expression(const scry_index *index, const scry_ranking *ranking, scry_set *set, const char *text,
                             bool in, scry_error *err) {
    scry_set *named = set_names_expression(&(set_names){.index = index, .ranking = ranking}, text, err);
    if (!named) return false;
    scry_set_combine(set, in ? SCRY_UNION : SCRY_DIFFERENCE, named);
    scry_set_free(named);
    return true;
}

bool cli_top(const options *o, const scry_index *index, uint32_t least, uint32_t fallback, uint32_t *top,
             scry_error *err) {
    uint32_t most = scry_index_info(index)->candidates;
    return options_number("--top", o->top, least, most && most < fallback ? most : fallback, top, err);
}

static bool top_selection(const options *o, const scry_index *index, const scry_ranking *ranking, scry_set *set,
                          scry_error *err) {
    uint32_t top;
    if (!cli_top(o, index, 0, 100, &top, err)) return false;
    for (uint32_t rank = 0; rank < top && rank < ranking->latents; rank++)
        scry_set_put(set, ranking->order[rank], true);
    return true;
}

static bool base_selection(const options *o, const scry_index *index, const scry_ranking *ranking, scry_set *set,
                           scry_error *err) {
    if (o->set && o->latents) return scry_misuse(err, "--set and --latents: expected one of them");
    if (o->set) return scry_set_read(set, NULL, o->set, err);
    if (o->latents) return apply_expression(index, ranking, set, o->latents, true, err);
    return top_selection(o, index, ranking, set, err);
}

scry_set *cli_selection(const options *o, const scry_index *index, const scry_ranking *ranking, scry_error *err) {
    scry_set *set = scry_set_new(scry_index_info(index)->d_sae);
    bool ok = base_selection(o, index, ranking, set, err) &&
              (!o->without || apply_expression(index, ranking, set, o->without, false, err)) &&
              (!o->with || apply_expression(index, ranking, set, o->with, true, err)) &&
              scry_require_scored(index, set, err);
    if (ok) return set;
    scry_set_free(set);
    return NULL;
}

static bool no_latent_options(const options *o, const scry_index *index, scry_error *err) {
    const char *const given[] = {o->train, o->by, o->metric, o->top, o->set, o->latents, o->without, o->with};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i])
            return scry_misuse(
                err,
                "%s: gives scores (\"sts\") instead of captures: there is no selection to make; expected "
                "none of --train, --by, --metric, --top, --set, --latents, --without, --with",
                scry_index_info(index)->path);
    return true;
}

/* An exported selection lists the top N that it was edited from, latents that were switched out included: the first
 * ranks that all have a row. Without untouched where that is less than half of the selection: it was made otherwise. */
static bool untouched_of_csv(const options *o, selection_context *s, scry_error *err) {
    scry_set *set = scry_set_new(s->set->latents), *listed = scry_set_new(s->set->latents);
    bool ok = scry_set_read(set, listed, o->set, err);
    for (uint32_t rank = 0; ok && rank < s->ranking->latents; rank++) {
        if (!scry_set_has(listed, s->ranking->order[rank])) break;
        scry_set_put(s->untouched, s->ranking->order[rank], true);
    }
    if (s->untouched->count < s->set->count / 2) {
        scry_set_free(s->untouched);
        s->untouched = NULL;
    }
    scry_set_free(set);
    scry_set_free(listed);
    return ok;
}

bool cli_read(const options *o, selection_context *s, scry_error *err) {
    *s = (selection_context){0};
    if (!(s->index = cli_open(o, err)) || !cli_score(o, s->index, &s->score, err)) return false;
    if (!scry_index_info(s->index)->d_sae) {
        s->set = scry_set_new(0);
        return no_latent_options(o, s->index, err);
    }
    if (o->score && !scry_require_domains(s->index, err)) return false;
    if (!cli_rank(o, s, err) || !(s->set = cli_selection(o, s->index, s->ranking, err))) return false;
    if (o->latents) return true;
    s->untouched = scry_set_new(s->set->latents);
    return o->set ? untouched_of_csv(o, s, err) : top_selection(o, s->index, s->ranking, s->untouched, err);
}

void cli_free(selection_context *s) {
    scry_set_free(s->set);
    scry_set_free(s->untouched);
    scry_ranking_free(s->ranking);
    scry_close(s->index);
}

bool cli_domains(const options *o, const char **spec, scry_error *err) {
    *spec = o->domains ? o->domains : "all";
    return **spec || scry_misuse(err, "--domains: found no name, expected all, extremes:K or names");
}

bool cli_scope_spec(const options *o, const scry_index *index, const char **spec, bool *is_signed, scry_error *err) {
    *is_signed = o->is_signed || (scry_index_info(index)->is_signed && !o->is_absolute);
    if (o->is_signed && o->is_absolute) return scry_misuse(err, "--signed and --absolute: expected one of them");
    return cli_domains(o, spec, err);
}

bool cli_scope(const options *o, const scry_index *index, size_t train, scry_scope *scope, scry_error *err) {
    const char *spec = NULL;
    bool is_signed;
    return cli_scope_spec(o, index, &spec, &is_signed, err) &&
           scry_scope_read(scope, index, train, spec, is_signed, err);
}

bool cli_latent(const options *o, const scry_index *index, uint32_t *latent, scry_error *err) {
    uint32_t last = scry_index_info(index)->d_sae - 1;
    if (o->words != 2)
        return scry_misuse(err, "%s: expected an index and a latent; scry %s X 17", o->command, o->command);
    return options_number("latent", o->word[1], 0, 0, latent, err) &&
           (*latent <= last || scry_misuse(err, "latent %u does not exist; this index has 0 to %u", *latent, last));
}

bool cli_capture(const options *o, const scry_index *index, int *capture, scry_error *err) {
    *capture = -1;
    if (!o->capture || strcmp(o->capture, "all") == 0) return true;
    *capture = scry_find_capture_named(index, o->capture);
    return *capture >= 0 || scry_misuse(err, "--capture: no capture \"%.60s\"; scry info lists them", o->capture);
}
