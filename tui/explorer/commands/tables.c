/* tables.c: commands that show a table as a page over the panes. */
#include "base/mem.h"
#include "base/path.h"
#include "explorer/panes/text_page.h"
#include "explorer/state/session_autosave.h"
#include "results/results.h"
#include "text/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Joins head (which it frees), the table of a list, and a description of its columns and rows. */
static char *page_text(char *head, const cJSON *list, const result_column *columns, const char *words) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    fprintf(f, "%s" PAGE_TABLE, head);
    result_table(f, list, columns);
    fprintf(f, "\n%s", words);
    mem_stream_end(f);
    free(head);
    return text;
}

enum { STUDY_COLUMNS = 20 };

/* The input of a table that is made in the background: copies of the state. */
typedef struct work_of_table {
    char title[80];
    scry_error err;
    char *text; /* the result */
    size_t train;
    scry_condition source;
    scry_metric metric;
    uint32_t n;
    bool is_signed;
    scry_scope scope; /* baselines; owned */
    char *spec;       /* compare: each index reads it for its own domains; owned */
    size_t indexes;
    struct {
        scry_index *index;
        size_t train;
        char name[120];
    } of[]; /* [indexes] */
} work_of_table;

static const char baseline_words[] =
    "sts                    score of the first N latents by shift, from which scry predicts\n"
    "raw                    the same for the residual stream's dimensions, without an SAE\n"
    "all                    score of every latent or dimension, without a selection\n"
    "training similarity    cosine of the domain's mean with the training text's\n"
    "base-tuned similarity  cosine of the domain's means in base and under the source\n"
    "LOO from, to           leave-one-out: smallest and largest rho with one domain left out\n"
    "95%, to                interval of rho over resampled samples of each domain's tokens\n"
    "in both                latents in the tops of both sources; chance: expected by chance\n";

static const char compare_words[] = "share%        share of the shift of all latents that the top holds\n"
                                    "in both       latents in the tops of both sources; chance: expected by chance\n"
                                    "rho           of the STS by act, and by icl, with the measured change\n"
                                    "LOO from, to  leave-one-out: smallest and largest rho with one domain left out\n"
                                    "L0            latents that fire on a token, on average\n";

static work_of_table *new_work(const app *a, size_t indexes) {
    const scry_session *s = a->tab->session;
    const scry_ranking *shown = scry_session_ranking(s);
    work_of_table *w = mem_new(1, sizeof *w + indexes * sizeof w->of[0]);
    w->train = shown->train;
    w->source = shown->source;
    w->metric = shown->metric;
    w->n = scry_session_n(s);
    w->is_signed = scry_session_scope(s)->is_signed;
    w->scope = scry_scope_copy(scry_session_scope(s));
    w->spec = mem_copy_string(scry_session_scope_spec(s));
    if (!w->spec) abort();
    w->indexes = indexes;
    return w;
}

/* Shows the text, or the error. */
static void show_table(app *a, void *own, bool whole) {
    work_of_table *w = own;
    if (whole && w->text) {
        page_show(a, w->title, w->text);
        w->text = NULL;
    } else if (whole) {
        a->layer = NULL;
        app_fail(a, "%s", w->err.text);
    }
    free(w->text);
    scry_scope_free(&w->scope);
    free(w->spec);
    free(w);
}

static void work_baselines(void *own, const scry_cancel *stop) {
    work_of_table *w = own;
    const scry_index *index = w->of[0].index;
    scry_ranking *by = scry_rank(index, w->train, w->source, SCRY_SQ, &w->err);
    cJSON *facts = by ? baselines_result(index, by, w->n, &w->scope, 0, stop) : NULL;
    char keys[] = "name,of,score,pearson,p_value,loo_min=LOO from,loo_max,with,spearman,ci_low,ci_high,n";
    result_column columns[16];
    result_columns_choose(baselines_columns, keys, columns);
    if (facts)
        w->text = page_text(baselines_head(facts, PAGE_TABLE), result_get(facts, "baselines"), columns, baseline_words);
    cJSON_Delete(facts);
    scry_ranking_free(by);
}

command_effect do_baselines(app *a, UNUSED const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    work_of_table *w = new_work(a, 1);
    w->of[0].index = a->tab->index;
    w->n = w->n ? w->n : 1;
    snprintf(w->title, sizeof w->title, "baselines, by %s, N %u",
             scry_source_text(w->source, a->tab->info->against, (char[SCRY_SOURCE_TEXT]){""}), w->n);
    page_work(a, w->title, work_baselines, show_table, w);
    return DID_CHANGE;
}

/* An index's row by the source, metric, N and sign of the tab that was shown; NULL, and err where it lacks them. */
static cJSON *index_row(work_of_table *w, size_t i, const scry_cancel *stop) {
    scry_scope scope;
    selection_context of = {.index = w->of[i].index, .train = w->of[i].train};
    of.ranking = scry_rank(of.index, of.train, w->source, w->metric, &w->err);
    if (!of.ranking) return NULL;
    if (!scry_scope_read(&scope, of.index, of.train, w->spec, w->is_signed, &w->err)) {
        scry_ranking_free(of.ranking);
        return NULL;
    }
    of.set = scry_set_new(of.ranking->latents);
    for (uint32_t rank = 0; rank < w->n && rank < of.ranking->latents; rank++)
        scry_set_put(of.set, of.ranking->order[rank], true);
    cJSON *row = compare_row(&of, path_file_name(scry_index_info(of.index)->path), w->of[i].name, w->n, &scope, stop);
    scry_set_free(of.set);
    scry_ranking_free(of.ranking);
    scry_scope_free(&scope);
    return row;
}

static char *compare_text(const work_of_table *w, const cJSON *list) {
    char keys[400] = "study,d_sae,l0,share=share%,overlap,expected";
    size_t used = strlen(keys);
    result_column columns[32];
    for (int part = 0; part < 2; part++)
        for (int i = 0; i < SCRY_SCORES; i++) {
            const char *name = scry_score_name((scry_score)i);
            if (!scry_scores[i].is_compared) continue;
            used += (size_t)snprintf(keys + used, sizeof keys - used,
                                     part ? ",%s_loo_min=%s LOO from,%s_loo_max" : ",%s_pearson,%s_p_value", name, name,
                                     name);
        }
    snprintf(keys + used, sizeof keys - used, ",hook,sae");
    result_columns_choose(compare_columns, keys, columns);
    return page_text(compare_head(list->child, scry_metric_name(w->metric), w->n, w->is_signed), list, columns,
                     compare_words);
}

static void work_compare(void *own, const scry_cancel *stop) {
    work_of_table *w = own;
    cJSON *list = cJSON_CreateArray(), *row = NULL;
    for (size_t i = 0; i < w->indexes; i++) {
        double count = (double)w->indexes;
        const scry_cancel part = scry_cancel_part(stop, (double)i / count, (double)(i + 1) / count);
        row = index_row(w, i, &part);
        if (!row) break;
        cJSON_AddItemToArray(list, row);
    }
    if (row) w->text = compare_text(w, list);
    cJSON_Delete(list);
}

command_effect do_compare(app *a, UNUSED const char *argument) {
    if (!app_has_domains(a)) return DID_CHANGE;
    work_of_table *w = new_work(a, a->tab_count);
    for (size_t i = 0; i < a->tab_count; i++) {
        w->of[i].index = a->tabs[i]->index;
        app_tab_name(a, a->tabs[i], w->of[i].name, sizeof w->of[i].name);
        text_fit(w->of[i].name, STUDY_COLUMNS, a->ascii);
        w->of[i].train = scry_session_ranking(a->tabs[i]->session)->train;
    }
    snprintf(w->title, sizeof w->title, "%zu open %s side by side", a->tab_count,
             a->tab_count == 1 ? "index" : "indexes");
    if (a->tab_count == 1) app_say(a, "one index is open; :add FILE.scry opens another");
    page_work(a, w->title, work_compare, show_table, w);
    return DID_CHANGE;
}

/* Its warnings rank every source, which takes longer than a frame where latents are many. */
static void work_info(void *own, UNUSED const scry_cancel *stop) {
    work_of_table *w = own;
    w->text = info_text(w->of[0].index, PAGE_TABLE);
}

command_effect do_info(app *a, UNUSED const char *argument) {
    work_of_table *w = new_work(a, 1);
    const char *trouble = autosave_error(a);
    w->of[0].index = a->tab->index;
    snprintf(w->title, sizeof w->title, "what is in this index");
    page_work(a, w->title, work_info, show_table, w);
    if (trouble) app_fail(a, "session %s; :session FILE moves it", trouble);
    return DID_CHANGE;
}
