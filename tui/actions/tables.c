/* tables.c: commands whose answer is a table: a page over the panes. */
#include "commands/facts.h"
#include "draw/text.h"
#include "views/page.h"
#include "views/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* head (taken), the table of a list, and words on its columns and rows, as one text. */
static char *page_text(char *head, const cJSON *list, const out_column *columns, const char *words) {
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    if (!f) abort();
    fprintf(f, "%s" PAGE_TABLE, head);
    out_table(f, list, columns);
    fprintf(f, "\n%s", words);
    fclose(f);
    free(head);
    return text;
}

static const char baseline_words[] = "sts             score of the first N latents by shift, what scry predicts with\n"
                                     "raw             the same of the residual stream's dimensions, without an SAE\n"
                                     "all             score of every latent or dimension, chosen by nothing\n"
                                     "like training   cosine of the domain's mean with the training text's\n"
                                     "before, after   cosine of the domain's mean in base with that under the source\n"
                                     "one out, to     smallest and largest rho with one domain left out\n"
                                     "95%, to         interval of rho over resampled samples of each domain's tokens\n"
                                     "in both         how many of the top both sources name; by chance so many\n";

static const char compare_words[] = "share%      of the shift of all latents, held by the top\n"
                                    "in both     how many of the top both sources name; by chance so many\n"
                                    "rho         of the STS by act, and by icl, with the measured change\n"
                                    "one out     smallest and largest rho with one domain left out\n"
                                    "L0          latents that fire on a token, on average\n";

command_effect do_baselines(app *a, const char *argument) {
    (void)argument;
    const scry_session *s = a->tab->session;
    const scry_ranking *shown = scry_session_ranking(s);
    scry_error err = {0};
    uint32_t n = scry_session_n(s) ? scry_session_n(s) : 1;
    scry_ranking *by = scry_rank(a->tab->index, shown->train, shown->source, SCRY_SQ, &err);
    if (!by) return app_fail(a, "%s", err.text);
    cJSON *facts = baselines_facts(a->tab->index, by, n, scry_session_scope(s), 0, &err);
    static const out_column columns[] = {{"name", "baseline", NULL, 0},
                                         {"of", "of", NULL, 0},
                                         {"score", "score", NULL, 0},
                                         {"with", "with", NULL, 0},
                                         {"pearson", "rho", "%.3f", 0},
                                         {"p_value", "p", "%.5f", 0},
                                         {"loo_min", "one out", "%.3f", 0},
                                         {"loo_max", "to", "%.3f", 0},
                                         {"spearman", "Spearman", "%.3f", 0},
                                         {"ci_low", "95%", "%.3f", 0},
                                         {"ci_high", "to", "%.3f", 0},
                                         {"n", "N", "%.0f", 0},
                                         {NULL, NULL, NULL, 0}};
    char title[80];
    snprintf(title, sizeof title, "baselines, by %s, N %u", scry_condition_name(by->source), n);
    page_show(a, title,
              page_text(baselines_head(facts, PAGE_TABLE), cJSON_GetObjectItemCaseSensitive(facts, "baselines"),
                        columns, baseline_words));
    cJSON_Delete(facts);
    scry_ranking_free(by);
    return DID_CHANGE;
}

/* A tab's row by the source, metric, N and sign that the shown tab has; NULL and err where it lacks them. */
static cJSON *tab_row(const app *a, const tab *t, scry_error *err) {
    const scry_session *s = a->tab->session;
    const scry_ranking *shown = scry_session_ranking(s);
    uint32_t n = scry_session_n(s);
    scry_scope scope;
    subject of = {.index = t->index, .train = scry_session_ranking(t->session)->train};
    of.ranking = scry_rank(of.index, of.train, shown->source, shown->metric, err);
    if (!of.ranking) return NULL;
    if (!scry_scope_read(&scope, of.index, of.train, scry_session_scope_spec(s), scry_session_scope(s)->is_signed,
                         err)) {
        scry_ranking_free(of.ranking);
        return NULL;
    }
    of.set = scry_set_new(of.ranking->latents);
    for (uint32_t i = 0; i < n && i < of.ranking->latents; i++) scry_set_put(of.set, of.ranking->order[i], true);
    const char *slash = strrchr(t->info->path, '/');
    cJSON *row = compare_row(&of, slash ? slash + 1 : t->info->path, n, &scope);
    scry_set_free(of.set);
    scry_ranking_free(of.ranking);
    scry_scope_free(&scope);
    return row;
}

command_effect do_compare(app *a, const char *argument) {
    (void)argument;
    const scry_session *s = a->tab->session;
    scry_error err = {0};
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < a->tab_count && !err.status; i++) {
        cJSON *row = tab_row(a, a->tabs[i], &err);
        if (row) cJSON_AddItemToArray(list, row);
    }
    if (err.status) {
        cJSON_Delete(list);
        return app_fail(a, "%s", err.text);
    }
    static const out_column columns[] = {{"index", "index", NULL, 0},
                                         {"d_sae", "latents", "%.0f", 0},
                                         {"l0", "L0", "%.1f", 0},
                                         {"share", "share%", "%.1f", 100},
                                         {"overlap", "in both", "%.0f", 0},
                                         {"expected", "chance", "%.1f", 0},
                                         {"act_pearson", "rho act", "%.3f", 0},
                                         {"act_p_value", "p", "%.5f", 0},
                                         {"icl_pearson", "rho icl", "%.3f", 0},
                                         {"icl_p_value", "p", "%.5f", 0},
                                         {"act_loo_min", "act one out", "%.3f", 0},
                                         {"act_loo_max", "to", "%.3f", 0},
                                         {"icl_loo_min", "icl one out", "%.3f", 0},
                                         {"icl_loo_max", "to", "%.3f", 0},
                                         {"hook", "hook", NULL, 0},
                                         {"sae", "SAE", NULL, 0},
                                         {NULL, NULL, NULL, 0}};
    const scry_ranking *shown = scry_session_ranking(s);
    const cJSON *beside = cJSON_GetObjectItemCaseSensitive(list->child, "beside");
    char *head = malloc(400), title[80];
    if (!head) abort();
    compare_head(head, 400, scry_condition_name(shown->source), cJSON_IsString(beside) ? beside->valuestring : NULL,
                 scry_metric_name(shown->metric), scry_session_n(s), scry_session_scope(s)->is_signed);
    snprintf(title, sizeof title, "%zu open %s side by side", a->tab_count, a->tab_count == 1 ? "index" : "indexes");
    if (a->tab_count == 1) app_say(a, "one index is open; scry A.scry B.scry opens two");
    page_show(a, title, page_text(head, list, columns, compare_words));
    cJSON_Delete(list);
    return DID_CHANGE;
}

command_effect do_info(app *a, const char *argument) {
    (void)argument;
    char *text = info_text(a->tab->index, PAGE_TABLE);
    const char *trouble = keep_trouble(a);
    page_show(a, "what is in this index", text);
    if (trouble) app_fail(a, "this session is not kept: %s", trouble);
    return DID_CHANGE;
}
