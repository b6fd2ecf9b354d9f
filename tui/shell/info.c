/* info.c: scry info: what is in an index; with --system, what this machine is. */
#include "shell/commands.h"
#include "base/mem.h"
#include "results/results.h"
#include "shell/output.h"
#include "shell/cli_context.h"
#include "text/text.h"
#include "explorer/state/config.h"
#include "shell/system.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static cJSON *capture_list(const scry_info *info) {
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < info->captures; i++) {
        const scry_capture_info *c = &info->capture[i];
        cJSON *item = cJSON_CreateObject();
        output_text(item, "name", c->name);
        output_text(item, "condition", scry_condition_name(c->condition));
        output_number(item, "tokens", (double)c->rows);
        output_number(item, "kept", (double)c->kept);
        output_number(item, "samples", c->samples);
        output_number(item, "nnz", (double)c->nnz);
        output_number(item, "l0", c->l0);
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

/* Each with its change: by the first training set, and where there are several, by each. A scores-only
 * study's have their scores too. */
static cJSON *domain_list(const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    cJSON *list = cJSON_CreateArray();
    for (size_t d = 0; d < info->domains; d++) {
        cJSON *item = cJSON_CreateObject();
        output_text(item, "name", info->domain[d].name);
        output_number(item, "change", info->domain[d].change[0]);
        cJSON *changes = info->trains > 1 ? cJSON_AddObjectToObject(item, "changes") : NULL;
        for (size_t t = 0; t < info->trains && changes; t++)
            output_number(changes, info->train[t].name, info->domain[d].change[t]);
        for (int s = 0; s < SCRY_SCORES; s++) {
            const double *sts = scry_given_scores(index, (scry_score)s);
            if (sts) output_number(item, scry_score_name((scry_score)s), sts[d]);
        }
        cJSON_AddItemToArray(list, item);
    }
    return list;
}

static cJSON *facts_of(const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    cJSON *facts = cJSON_CreateObject();
    output_text(facts, "name", info->name);
    output_text(facts, "model", info->model);
    output_text(facts, "hook", info->hook);
    output_text(facts, "sae", info->sae);
    output_number(facts, "d_sae", info->d_sae);
    output_number(facts, "d_model", info->d_model);
    output_number(facts, "candidates", info->candidates ? info->candidates : (double)NAN);
    output_number(facts, "scored", info->scored_latents);
    output_text(facts, "pairing", scry_pairing_name(info->pairing));
    output_text(facts, "correlate", info->is_signed ? "signed" : "absolute");
    output_number(facts, "tokens", (double)info->tokens);
    output_number(facts, "nnz", (double)info->nnz);
    output_number(facts, "bytes", (double)info->file_size);
    cJSON *sources = cJSON_AddArrayToObject(facts, "sources");
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(index, 0, has);
    for (int i = 0; i < n; i++) cJSON_AddItemToArray(sources, output_string(scry_condition_name(has[i])));
    cJSON *trains = cJSON_AddArrayToObject(facts, "trains");
    for (size_t t = 0; t < info->trains && info->d_sae; t++)
        cJSON_AddItemToArray(trains, output_string(info->train[t].name));
    cJSON_AddItemToObject(facts, "captures", capture_list(info));
    cJSON_AddItemToObject(facts, "domains", domain_list(index));
    cJSON *warnings = cJSON_AddArrayToObject(facts, "warnings");
    scry_notes notes = {0};
    scry_warnings(index, &notes);
    for (size_t i = 0; i < notes.count; i++) cJSON_AddItemToArray(warnings, output_string(notes.text[i]));
    scry_notes_free(&notes);
    return facts;
}

static void line(char *head, size_t size, size_t *used, const char *name, const char *text) {
    char safe[400];
    text_clean(text, safe, sizeof safe, false);
    if (*used < size) *used += (size_t)snprintf(head + *used, size - *used, "%-9s %s\n", name, safe);
}

static void training_lines(const scry_index *index, char *head, size_t size, size_t *used) {
    const scry_info *info = scry_index_info(index);
    for (size_t t = 0; t < info->trains; t++) {
        char text[200], sources[40] = "";
        scry_condition has[SCRY_CONDITIONS];
        int n = scry_train_sources(index, t, has);
        for (int i = 0; i < n; i++)
            snprintf(sources + 4 * i, sizeof sources - 4 * (size_t)i, "%-3s ", scry_condition_name(has[i]));
        snprintf(text, sizeof text, "%.100s, pairing by %s, sources %s", info->train[t].name,
                 scry_pairing_name(info->pairing), sources);
        line(head, size, used, "training", text);
    }
}

static void head_of(const scry_index *index, char *head, size_t size) {
    const scry_info *info = scry_index_info(index);
    size_t used = 0;
    char text[200];
    line(head, size, &used, "study", info->name);
    line(head, size, &used, "model", info->model);
    line(head, size, &used, "hook", info->hook);
    if (info->d_sae) {
        line(head, size, &used, "sae", info->d_model ? info->sae : "none: the captures held features");
        snprintf(text, sizeof text, "%" PRIu32, info->d_sae);
        line(head, size, &used, "latents", text);
        training_lines(index, head, size, &used);
    } else {
        line(head, size, &used, "latents", "none: the study gives scores instead of captures");
    }
    snprintf(text, sizeof text, "%zu, correlated with the %s change", info->domains,
             info->is_signed ? "signed" : "size of the");
    line(head, size, &used, "domains", text);
    snprintf(text, sizeof text,
             "%" PRIu32 ": encoded on the domains, as among the first %" PRIu32 " by some metric and source; others "
             "cannot be scored",
             info->scored_latents, info->candidates);
    if (info->candidates) line(head, size, &used, "scored", text);
    snprintf(text, sizeof text, "%" PRIu64 " bytes, %.2f an activation (%" PRIu64 " on %" PRIu64 " tokens)",
             info->file_size, info->nnz ? (double)info->file_size / (double)info->nnz : 0, info->nnz, info->tokens);
    if (info->d_sae) line(head, size, &used, "index", text);
    scry_notes notes = {0};
    scry_warnings(index, &notes);
    for (size_t i = 0; i < notes.count; i++) line(head, size, &used, "warning", notes.text[i]);
    scry_notes_free(&notes);
    if (used < size) snprintf(head + used, size - used, "\n");
}

static const output_column capture_columns[] = {{"name", "capture", NULL, 0},      {"tokens", "tokens", "%.0f", 0},
                                                {"samples", "samples", "%.0f", 0}, {"nnz", "activations", "%.0f", 0},
                                                {"l0", "L0", "%.2f", 0},           {NULL, NULL, NULL, 0}};
/* What a scores-only study has instead of captures; a score that it does not give stays empty. */
static const output_column given_columns[] = {{"name", "domain", NULL, 0},
                                              {"change", "change", "%+.2f", 0},
#define SCORE(id, name, ...) {#name, #name, "%.6g", 0},
                                              SCRY_SCORE_TABLE(SCORE)
#undef SCORE
                                                  {NULL, NULL, NULL, 0}};

char *info_text(const scry_index *index, const char *mark) {
    char *text = NULL, head[8000];
    size_t size;
    FILE *f = mem_check(open_memstream(&text, &size));
    bool latents = scry_index_info(index)->d_sae > 0;
    cJSON *facts = facts_of(index);
    head_of(index, head, sizeof head);
    fprintf(f, "%s%s", head, mark);
    output_table(f, cJSON_GetObjectItemCaseSensitive(facts, latents ? "captures" : "domains"),
                 latents ? capture_columns : given_columns);
    fclose(f);
    cJSON_Delete(facts);
    return text;
}

static int report_system(void) {
    int status = system_report();
    char *path = config_path();
    printf("settings  %s%s\n", path, access(path, R_OK) == 0 ? "" : " (there is none)");
    free(path);
    return status;
}

static int by_bytes(const void *x, const void *y) {
    const cJSON *const *a = x, *const *b = y;
    double first = cJSON_GetObjectItemCaseSensitive(*a, "bytes")->valuedouble;
    double second = cJSON_GetObjectItemCaseSensitive(*b, "bytes")->valuedouble;
    return first > second ? -1 : first < second;
}

static cJSON *section_fact(const scry_info *info, const char *name, double bytes) {
    cJSON *item = cJSON_CreateObject();
    output_text(item, "name", name);
    output_number(item, "bytes", bytes);
    output_number(item, "per_activation", info->nnz ? bytes / (double)info->nnz : (double)NAN);
    output_number(item, "share", bytes / (double)info->file_size);
    return item;
}

/* Largest first; then what lies between them, so that the list adds up to the file. */
static int print_sections(const options *o, const scry_index *index) {
    const scry_info *info = scry_index_info(index);
    const char *name;
    uint64_t bytes, rest = info->file_size;
    size_t n = 0;
    while (scry_section(index, n, &name, &bytes)) n++;
    cJSON **item = mem_new(n + 1, sizeof(cJSON *)), *facts = cJSON_CreateObject();
    for (size_t i = 0; i < n; i++) {
        scry_section(index, i, &name, &bytes);
        item[i] = section_fact(info, name, (double)bytes);
        rest -= bytes < rest ? bytes : rest;
    }
    qsort(item, n, sizeof *item, by_bytes);
    item[n] = section_fact(info, "(header, table, alignment)", (double)rest);
    output_number(facts, "nnz", (double)info->nnz);
    output_number(facts, "bytes", (double)info->file_size);
    cJSON *list = cJSON_AddArrayToObject(facts, "sections");
    for (size_t i = 0; i <= n; i++) cJSON_AddItemToArray(list, item[i]);
    free(item);
    static const output_column columns[] = {{"name", "section", NULL, 0},
                                            {"bytes", "bytes", "%.0f", 0},
                                            {"per_activation", "an activation", "%.3f", 0},
                                            {"share", "share", "%.1f%%", 100},
                                            {NULL, NULL, NULL, 0}};
    char head[200];
    snprintf(head, sizeof head, "%" PRIu64 " bytes, %.2f an activation (%" PRIu64 ")\n\n", info->file_size,
             info->nnz ? (double)info->file_size / (double)info->nnz : 0, info->nnz);
    return output_print(o, facts, "sections", columns, head);
}

int shell_info(const options *o) {
    scry_error err = {0};
    if (o->system && (o->json || o->csv)) scry_misuse(&err, "--system: is words only; expected no --json or --csv");
    if (err.status) return output_error(&err);
    if (o->system && !o->word[0]) return report_system();
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    if (o->system) report_system();
    if (o->sections) {
        int status = print_sections(o, index);
        scry_close(index);
        return status;
    }
    char head[8000];
    head_of(index, head, sizeof head);
    bool latents = scry_index_info(index)->d_sae > 0;
    int status = output_print(o, facts_of(index), latents ? "captures" : "domains",
                              latents ? capture_columns : given_columns, head);
    scry_close(index);
    return status;
}
