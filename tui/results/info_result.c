/* info_result.c: what an index holds: sources, captures, domains, warnings. */
#include "results/results.h"
#include "text/text.h"
#include "text/number_format.h"
#include "base/mem.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static cJSON *capture_list(const scry_info *info) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < info->captures; i++) {
        const scry_capture_info *c = &info->capture[i];
        cJSON *item = result_row(list);
        result_text(item, "name", c->name);
        result_text(item, "condition", scry_condition_name(c->condition));
        result_numbers(item, {"tokens", (double)c->rows}, {"kept", (double)c->kept}, {"samples", c->samples},
                       {"nnz", (double)c->nnz}, {"l0", c->l0}, {"padding", (double)c->padding},
                       {"outliers", c->outliers_known ? (double)c->outliers : (double)NAN},
                       {"outliers_first", c->outliers_known ? (double)c->outliers_first : (double)NAN},
                       {"outlier_variance_share", c->outliers_known ? c->outlier_variance : (double)NAN});
        if (*c->minus) result_text(item, "minus", c->minus);
    }
    return list;
}

static void add_sides(cJSON *item, const char *key, const uint64_t of[2]) {
    cJSON *pair = cJSON_AddArrayToObject(item, key);
    for (int i = 0; i < 2; i++) cJSON_AddItemToArray(pair, cJSON_CreateNumber((double)of[i]));
}

static const char *reference_name(const scry_index *index, const scry_capture_info *c) {
    const scry_info *info = scry_index_info(index);
    int reference = scry_find_capture(index, c->group, scry_reference_condition(info->against));
    return reference < 0 ? scry_reference_name(info->against) : info->capture[reference].name;
}

static void add_pairs(cJSON *list, const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    for (size_t i = 0; i < info->captures; i++) {
        const scry_capture_info *c = &info->capture[i];
        if (!c->has_pairs) continue;
        cJSON *item = result_row(list);
        result_text(item, "base", reference_name(index, c));
        result_text(item, "capture", c->name);
        add_sides(item, "tokens", c->pairs.tokens);
        add_sides(item, "paired", c->pairs.paired);
        add_sides(item, "samples", c->pairs.samples);
        result_numbers(item, {"paired_samples", (double)c->pairs.paired_samples},
                       {"by_text", (double)c->pairs.by_text});
        cJSON_AddBoolToObject(item, "identical", c->identical[scry_reference_condition(info->against)]);
    }
}

cJSON *pairs_list(const scry_index *index) {
    cJSON *list = cJSON_CreateArray();
    for (int r = 0; r < SCRY_REFERENCES; r++)
        if (scry_has_reference(index, (scry_reference)r))
            add_pairs(list, scry_index_against(index, (scry_reference)r, NULL));
    return list;
}

static void lines_of(const scry_index *index, pairs_line *line, void *context) {
    const scry_info *info = scry_index_info(index);
    for (size_t i = 0; i < info->captures; i++) {
        const scry_capture_info *c = &info->capture[i];
        bool all = c->pairs.paired[0] == c->pairs.tokens[0] && c->pairs.paired[1] == c->pairs.tokens[1];
        if (!c->has_pairs || (c->group >= 0 && all)) continue;
        char text[SCRY_PAIRS_TEXT + 200], counts[SCRY_PAIRS_TEXT];
        snprintf(text, sizeof text, "%.80s with %.80s: %s", c->name, reference_name(index, c),
                 scry_pairs_text(&c->pairs, info->against, counts));
        line(text, context);
    }
}

void pairs_lines(const scry_index *index, pairs_line *line, void *context) {
    for (int r = 0; r < SCRY_REFERENCES; r++)
        if (scry_has_reference(index, (scry_reference)r))
            lines_of(scry_index_against(index, (scry_reference)r, NULL), line, context);
}

/* Figures of a training set by measure: {"accuracy": {"base", "tuned", "change", "se", "n"}, ...}. */
static void add_measured(cJSON *item, const scry_measured *measured) {
    for (int m = 0; m < SCRY_MEASURES; m++) {
        const scry_measured *of = &measured[m];
        if (isnan(of->base) && isnan(of->tuned) && isnan(of->change)) continue;
        result_numbers(cJSON_AddObjectToObject(item, scry_measures[m].name), {"base", of->base}, {"tuned", of->tuned},
                       {"change", of->change}, {"se", of->change_se}, {"n", (double)of->n},
                       {"samples", (double)of->samples});
    }
}

static void add_all_measured(cJSON *item, const scry_info *info, const scry_domain_info *domain) {
    if (!domain->measured) return;
    cJSON *all = cJSON_AddObjectToObject(item, "measured");
    for (size_t t = 0; t < info->trains; t++)
        add_measured(info->trains > 1 ? cJSON_AddObjectToObject(all, info->train[t].name) : all,
                     domain->measured + t * SCRY_MEASURES);
}

static void add_path(cJSON *item, const char *key, const char *path) {
    cJSON_AddItemToObject(item, key, *path ? result_string(path) : cJSON_CreateNull());
}

/* Models by training set, where any is named. */
static void add_tuned_paths(cJSON *facts, const scry_info *info) {
    cJSON *tuned = cJSON_CreateObject();
    for (size_t t = 0; t < info->trains; t++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            if (!*info->train[t].tuned_path[c]) continue;
            cJSON *of = cJSON_GetObjectItemCaseSensitive(tuned, info->train[t].name);
            if (!of) of = cJSON_AddObjectToObject(tuned, info->train[t].name);
            add_path(of, scry_condition_name((scry_condition)c), info->train[t].tuned_path[c]);
        }
    cJSON_AddItemToObject(facts, "tuned_paths", tuned);
}

/* Each with its change: by the first training set, and where there are several, by each. A scores-only
 * study's have their scores too. */
static cJSON *domain_list(const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    cJSON *list = cJSON_CreateArray();
    for (size_t d = 0; d < info->domains; d++) {
        cJSON *item = result_row(list);
        result_text(item, "name", info->domain[d].name);
        result_number(item, "change", info->domain[d].change[0]);
        cJSON *changes = info->trains > 1 ? cJSON_AddObjectToObject(item, "changes") : NULL;
        for (size_t t = 0; t < info->trains && changes; t++)
            result_number(changes, info->train[t].name, info->domain[d].change[t]);
        for (int s = 0; s < SCRY_SCORES; s++) {
            const double *sts = scry_given_scores(index, (scry_score)s);
            if (sts) result_number(item, scry_score_name((scry_score)s), sts[d]);
        }
        result_number(item, "change_se", info->domain[d].change_se[0]);
        add_all_measured(item, info, &info->domain[d]);
    }
    return list;
}

cJSON *info_result(const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "name", info->name);
    result_text(facts, "model", info->model);
    result_text(facts, "hook", info->hook);
    result_text(facts, "sae", info->sae);
    add_path(facts, "sae_path", info->sae_path);
    add_path(facts, "model_path", info->model_path);
    add_tuned_paths(facts, info);
    if (*info->capture_settings) cJSON_AddItemToObject(facts, "capture", cJSON_Parse(info->capture_settings));
    result_numbers(facts, {"d_sae", info->d_sae}, {"d_model", info->d_model},
                   {"candidates", info->candidates ? info->candidates : (double)NAN}, {"scored", info->scored_latents});
    if (info->difference) cJSON_AddBoolToObject(facts, "difference", true);
    result_text(facts, "pairing", scry_pairing_name(info->pairing));
    result_text(facts, "correlate", info->is_signed ? "signed" : "absolute");
    result_numbers(facts, {"tokens", (double)info->tokens}, {"nnz", (double)info->nnz},
                   {"bytes", (double)info->file_size});
    result_number(facts, "max_norm_ratio", info->max_norm_ratio);
    cJSON_AddItemToObject(facts, "outliers_kept",
                          isnan(info->max_norm_ratio) ? cJSON_CreateNull() : cJSON_CreateBool(info->outliers_kept));
    cJSON *sources = cJSON_AddArrayToObject(facts, "sources");
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(index, 0, has);
    for (int i = 0; i < n; i++) cJSON_AddItemToArray(sources, result_string(scry_condition_name(has[i])));
    cJSON *references = cJSON_AddArrayToObject(facts, "references");
    for (int r = 0; r < SCRY_REFERENCES; r++)
        if (scry_has_reference(index, (scry_reference)r))
            cJSON_AddItemToArray(references, result_string(scry_reference_name((scry_reference)r)));
    cJSON *trains = cJSON_AddArrayToObject(facts, "trains");
    for (size_t t = 0; t < info->trains && info->d_sae; t++)
        cJSON_AddItemToArray(trains, result_string(info->train[t].name));
    cJSON_AddItemToObject(facts, "captures", capture_list(info));
    cJSON_AddItemToObject(facts, "pairs", pairs_list(index));
    cJSON_AddItemToObject(facts, "domains", domain_list(index));
    cJSON *warnings = cJSON_AddArrayToObject(facts, "warnings");
    scry_notes notes = {0};
    scry_warnings(index, &notes);
    for (size_t i = 0; i < notes.count; i++) cJSON_AddItemToArray(warnings, result_string(notes.text[i]));
    scry_notes_free(&notes);
    return facts;
}

static void put_line(FILE *f, const char *name, const char *text) {
    char safe[400];
    text_clean(text, safe, sizeof safe, false);
    fprintf(f, "%-9s %s\n", name, safe);
}

static void put_training_sets(FILE *f, const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    for (size_t t = 0; t < info->trains; t++) {
        char text[200], sources[40] = "";
        scry_condition has[SCRY_CONDITIONS];
        int n = scry_train_sources(index, t, has);
        for (int i = 0, used = 0; i < n; i++)
            used += snprintf(sources + used, sizeof sources - (size_t)used, "%-3s ", scry_condition_name(has[i]));
        if (n)
            snprintf(text, sizeof text, "%.100s, pairing by %s, sources %s", info->train[t].name,
                     scry_pairing_name(info->pairing), sources);
        else
            snprintf(text, sizeof text, "%.100s, no sources: latents are ranked by base alone, no shift is known",
                     info->train[t].name);
        put_line(f, "training", text);
    }
}

static void put_pairs_line(const char *text, void *file) {
    put_line(file, "pairs", text);
}

/* What else was measured, and how many changes may be none. */
static void put_measured(FILE *f, const scry_info *info) {
    for (size_t t = 0; t < info->trains; t++) {
        scry_measure measures[SCRY_MEASURES];
        size_t n = measures_beyond_change(info, t, measures), known = 0, doubt = 0;
        char text[300] = "";
        for (int k = 0; k < SCRY_MEASURES; k++)
            if (measure_is_chosen(info, t, (scry_measure)k))
                snprintf(text, sizeof text, "the change is of %s; ", scry_measures[k].title);
        for (size_t i = 0; i < n; i++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s%s", i ? ", " : "also ",
                     scry_measures[measures[i]].title, i + 1 == n ? "; " : "");
        for (size_t d = 0; d < info->domains; d++) {
            change_doubt of = change_doubt_of(info, d, t);
            known += of != CHANGE_UNKNOWN;
            doubt += of == CHANGE_IN_DOUBT;
        }
        if (known)
            snprintf(text + strlen(text), sizeof text - strlen(text),
                     "%zu of %zu changes are below twice their standard error", doubt, known);
        if (*text) put_line(f, info->trains > 1 ? info->train[t].name : "measured", text);
    }
}

/* What the rows of a study of differences are: a line a training set's capture. */
static void put_differences(FILE *f, const scry_info *info) {
    for (size_t i = 0; i < info->captures; i++) {
        const scry_capture_info *c = &info->capture[i];
        char text[300];
        if (c->group >= 0 || !*c->minus) continue;
        snprintf(text, sizeof text, "%.80s is a difference: its residuals minus %.150s%s", c->name, c->minus,
                 c->minus_files > 1 ? ", ..." : "");
        put_line(f, "rows", text);
    }
}

static void put_head(FILE *f, const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    char text[200];
    put_line(f, "study", info->name);
    put_line(f, "model", info->model);
    put_line(f, "hook", info->hook);
    if (info->d_sae) {
        put_line(f, "sae", info->d_model ? info->sae : "none: the captures held features");
        snprintf(text, sizeof text, "%" PRIu32, info->d_sae);
        put_line(f, "latents", text);
        put_training_sets(f, index);
        put_differences(f, info);
        pairs_lines(index, put_pairs_line, f);
    } else {
        put_line(f, "latents", "none: the study gives scores instead of captures");
    }
    if (info->domains)
        snprintf(text, sizeof text, "%zu, correlated with the %s", info->domains, change_name(info->is_signed));
    else snprintf(text, sizeof text, "none: there is nothing to score; \"domains\" in the manifest adds them");
    put_line(f, "domains", text);
    put_measured(f, info);
    snprintf(text, sizeof text,
             "%" PRIu32 " latents: only those among the first %" PRIu32 " by some metric and source are encoded on the "
             "domains (--candidates)",
             info->scored_latents, info->candidates);
    if (info->candidates) put_line(f, "scored", text);
    snprintf(text, sizeof text, "%" PRIu64 " bytes, %.2f per activation (%" PRIu64 " on %" PRIu64 " tokens)",
             info->file_size, info->nnz ? (double)info->file_size / (double)info->nnz : 0, info->nnz, info->tokens);
    if (info->d_sae) put_line(f, "index", text);
    scry_notes notes = {0};
    scry_warnings(index, &notes);
    for (size_t i = 0; i < notes.count; i++) put_line(f, "warning", notes.text[i]);
    scry_notes_free(&notes);
    fputc('\n', f);
}

static const result_column capture_columns[] = {{"name", "capture", NULL, 0},      {"tokens", "tokens", "%.0f", 0},
                                                {"samples", "samples", "%.0f", 0}, {"nnz", "activations", "%.0f", 0},
                                                {"l0", "L0", "%.2f", 0},           {0}};

const char *info_list(const scry_index *index, info_columns *out) {
    const scry_info *info = scry_index_info(index);
    if (info->d_sae) {
        enum { END = sizeof capture_columns / sizeof *capture_columns - 1 };
        uint64_t outliers = 0;
        memcpy(out->columns, capture_columns, sizeof capture_columns);
        for (size_t i = 0; i < info->captures; i++) outliers += info->capture[i].outliers;
        if (outliers) {
            out->columns[END] = (result_column){"outliers", "outliers", "%.0f", 0};
            out->columns[END + 1] = (result_column){"outlier_variance_share", "of the variance", "%.1f%%", 100};
            out->columns[END + 2] = (result_column){0};
        }
        return "captures";
    }
    result_column *c = out->columns;
    *c++ = (result_column){"name", "domain", NULL, 0};
    *c++ = (result_column){"change", "change", "%+.2f", 0};
    for (int s = 0; s < SCRY_SCORES; s++) {
        if (scry_scores[s].is_effect && !scry_given_scores(index, (scry_score)s)) continue;
        const char *name = scry_score_name((scry_score)s);
        *c++ = (result_column){name, name, "%.6g", 0};
    }
    *c = (result_column){0};
    return "domains";
}

static char *text_of(const scry_index *index, const char *mark) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    put_head(f, index);
    if (mark) {
        info_columns table;
        const char *list = info_list(index, &table);
        cJSON *facts = info_result(index);
        fputs(mark, f);
        result_table(f, result_get(facts, list), table.columns);
        cJSON_Delete(facts);
    }
    mem_stream_end(f);
    return text;
}

char *info_head(const scry_index *index) {
    return text_of(index, NULL);
}

char *info_text(const scry_index *index, const char *mark) {
    return text_of(index, mark);
}
