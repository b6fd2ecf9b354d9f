/* analysis/baselines.c: scry baselines: what a score has to beat (STS paper, tables 5 and 13, fig. 2a). */
#include "baselines.h"
#include "base/mem.h"
#include "results/results.h"
#include "shell/commands.h"
#include "shell/cli_context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const output_column baselines_columns[] = {{"name", "baseline", NULL, 0},
                                           {"of", "of", NULL, 0},
                                           {"score", "score", NULL, 0},
                                           {"with", "with", NULL, 0},
                                           {"n", "N", "%.0f", 0},
                                           {"pearson", "rho", "%.4f", 0},
                                           {"r2", "R2", "%.4f", 0},
                                           {"p_value", "p", "%.5f", 0},
                                           {"spearman", "Spearman", "%.4f", 0},
                                           {"loo_min", "one out", "%.3f", 0},
                                           {"loo_max", "to", "%.3f", 0},
                                           {"ci_low", "95%", "%.3f", 0},
                                           {"ci_high", "to", "%.3f", 0},
                                           {"points", "domains", "%.0f", 0},
                                           {NULL, NULL, NULL, 0}};

/* ---- tops: overlap and concentration, latents beside dimensions ------------------------------ */

typedef struct pair {
    scry_ranking *a, *b; /* b NULL: one source only */
} pair;

/* At one N: what both tops hold, by chance, and the share of each shift. NaN where there are fewer. */
static void top_facts(cJSON *item, const char *prefix, const pair *p, uint32_t n) {
    double overlap = (double)NAN, expected = (double)NAN, share_a = (double)NAN, share_b = (double)NAN;
    if (p->a && n <= p->a->latents) {
        share_a = scry_cumulative(p->a, n - 1);
        if (p->b) {
            size_t count;
            scry_overlap_point *points = scry_overlap(p->a, p->b, n, &count);
            overlap = points[count - 1].overlap;
            expected = points[count - 1].expected;
            share_b = points[count - 1].share_b;
            free(points);
        }
    }
    char key[64];
    const struct {
        const char *name;
        double value;
    } numbers[] = {{"overlap", overlap}, {"expected", expected}, {"share_a", share_a}, {"share_b", share_b}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(key, sizeof key, "%s_%s", prefix, numbers[i].name);
        output_number(item, key, numbers[i].value);
    }
}

static void add_tops(cJSON *facts, const pair *latents, const pair *dimensions, uint32_t top) {
    uint32_t at[] = {50, 100, 200, top};
    cJSON *list = cJSON_AddArrayToObject(facts, "tops");
    for (size_t i = 0; i < 4; i++) {
        if (i == 3 && (top == 0 || top == 50 || top == 100 || top == 200)) break;
        cJSON *item = cJSON_CreateObject();
        output_number(item, "n", at[i]);
        top_facts(item, "latents", latents, at[i]);
        top_facts(item, "dimensions", dimensions, at[i]);
        cJSON_AddItemToArray(list, item);
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

static cJSON *row_facts(const scry_index *index, const scry_baseline *row) {
    cJSON *item = cJSON_CreateObject();
    const scry_result *r = &row->result;
    output_text(item, "name", row->name);
    output_text(item, "of", row->of);
    output_text(item, "score", row->score);
    output_text(item, "with", row->with);
    output_number(item, "n", row->n);
    output_number(item, "points", (double)r->fit.n);
    output_number(item, "pearson", r->fit.pearson);
    output_number(item, "r2", r->fit.r2);
    output_number(item, "p_value", r->p_value);
    output_number(item, "spearman", r->spearman);
    output_number(item, "loo_min", r->loo_min);
    output_number(item, "loo_max", r->loo_max);
    output_number(item, "ci_low", r->ci_low);
    output_number(item, "ci_high", r->ci_high);
    cJSON *domains = cJSON_AddArrayToObject(item, "domains");
    for (size_t d = 0; d < r->domains; d++) {
        cJSON *domain = cJSON_CreateObject();
        output_text(domain, "name", scry_index_info(index)->domain[d].name);
        output_number(domain, "value", r->sts[d]);
        output_number(domain, "change", r->change[d]);
        cJSON_AddItemToArray(domains, domain);
    }
    return item;
}

cJSON *baselines_result(const scry_index *index, const scry_ranking *ranking, uint32_t top, const scry_scope *scope,
                        unsigned threads, const scry_cancel *stop) {
    const scry_info *info = scry_index_info(index);
    scry_condition other = scry_other_source(index, ranking);
    if (other == ranking->source) other = SCRY_BASE;
    const scry_cancel most = scry_cancel_part(stop, 0, 0.9); /* the rest ranks */
    scry_baselines *b = scry_baselines_new(index, ranking, top, scope, threads, &most);
    if (!b) return NULL;
    pair latents = {scry_rank(index, ranking->train, ranking->source, SCRY_SQ, NULL), NULL};
    pair dimensions = {scry_rank_residual(index, ranking->train, ranking->source, NULL), NULL};
    if (other != SCRY_BASE) latents.b = scry_rank(index, ranking->train, other, SCRY_SQ, NULL);
    if (other != SCRY_BASE) dimensions.b = scry_rank_residual(index, ranking->train, other, NULL);
    cJSON *facts = cJSON_CreateObject();
    output_text(facts, "train", info->train[ranking->train].name);
    output_text(facts, "by", scry_condition_name(ranking->source));
    output_text(facts, "beside", other == SCRY_BASE ? NULL : scry_condition_name(other));
    output_number(facts, "n", top);
    cJSON_AddBoolToObject(facts, "signed", scope->is_signed);
    output_number(facts, "latents", info->d_sae);
    output_number(facts, "dimensions", b->has_raw ? info->d_model : 0);
    scry_error why = {0};
    if (!dimensions.a) scry_ranking_free(scry_rank_residual(index, ranking->train, ranking->source, &why));
    output_text(facts, "no_dimensions", dimensions.a ? NULL : why.text);
    output_number(facts, "seed", SCRY_SEED);
    add_tops(facts, &latents, &dimensions, top);
    cJSON *list = cJSON_AddArrayToObject(facts, "baselines");
    for (size_t i = 0; i < b->count; i++) cJSON_AddItemToArray(list, row_facts(index, &b->row[i]));
    scry_baselines_free(b);
    scry_ranking *owned[] = {latents.a, latents.b, dimensions.a, dimensions.b};
    for (size_t i = 0; i < 4; i++) scry_ranking_free(owned[i]);
    return facts;
}

/* ---- words ----------------------------------------------------------------------------------- */

static double number(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static const char *word(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

/* The tops of latents beside those of dimensions, as a small table of its own. */
static void tops_table(const cJSON *facts, FILE *f) {
    const char *by = word(facts, "by"), *beside = word(facts, "beside");
    char a[2][24], b[2][24];
    static const char *const of[] = {"latents", "dims"};
    for (int i = 0; i < 2; i++) {
        snprintf(a[i], sizeof a[i], "%s: %s%%", of[i], by);
        snprintf(b[i], sizeof b[i], "%s%%", beside ? beside : "");
    }
    const output_column two[] = {{"n", "top", "%.0f", 0},
                                 {"latents_share_a", a[0], "%.1f", 100},
                                 {"latents_share_b", b[0], "%.1f", 100},
                                 {"latents_overlap", "in both", "%.0f", 0},
                                 {"latents_expected", "chance", "%.1f", 0},
                                 {"dimensions_share_a", a[1], "%.1f", 100},
                                 {"dimensions_share_b", b[1], "%.1f", 100},
                                 {"dimensions_overlap", "in both", "%.0f", 0},
                                 {"dimensions_expected", "chance", "%.1f", 0},
                                 {NULL, NULL, NULL, 0}};
    const output_column one[] = {{"n", "top", "%.0f", 0},
                                 {"latents_share_a", a[0], "%.1f", 100},
                                 {"dimensions_share_a", a[1], "%.1f", 100},
                                 {NULL, NULL, NULL, 0}};
    output_table(f, cJSON_GetObjectItemCaseSensitive(facts, "tops"), beside ? two : one);
}

char *baselines_head(const cJSON *facts, const char *mark) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_check(open_memstream(&text, &size));
    const char *no = word(facts, "no_dimensions");
    bool is_signed = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(facts, "signed"));
    fprintf(f, "share of the shift (sq) in the tops of %.0f latents and of ", number(facts, "latents"));
    if (no) fprintf(f, "no dimensions:\n%s\n\n", no);
    else fprintf(f, "%.0f dimensions\n\n", number(facts, "dimensions"));
    fputs(mark, f);
    tops_table(facts, f);
    fprintf(f, "\nrho with the %s, tops by %s sq (seed %d);\np is of one row alone, not of the best of them\n\n",
            is_signed ? "signed change" : "size of change", word(facts, "by"), SCRY_SEED);
    fclose(f);
    return text;
}

int shell_baselines(const options *o) {
    scry_error err = {0};
    size_t train = 0;
    uint32_t top = 0, threads = 0;
    scry_condition source;
    scry_metric metric;
    scry_scope scope = {0};
    scry_ranking *ranking = NULL;
    scry_index *index = cli_open(o, &err);
    bool ok = index && cli_train(o, index, &train, &err) && cli_ranking(o, index, train, &source, &metric, &err) &&
              cli_top(o, index, 1, 100, &top, &err) && options_number("--threads", o->threads, 1, 0, &threads, &err) &&
              cli_scope(o, index, train, &scope, &err) && (ranking = scry_rank(index, train, source, SCRY_SQ, &err));
    cJSON *facts = ok ? baselines_result(index, ranking, top, &scope, threads, NULL) : NULL;
    char *head = facts ? baselines_head(facts, "") : NULL;
    int status = facts ? output_print(o, facts, "baselines", baselines_columns, head) : output_error(&err);
    free(head);
    scry_ranking_free(ranking);
    scry_scope_free(&scope);
    scry_close(index);
    return status;
}
