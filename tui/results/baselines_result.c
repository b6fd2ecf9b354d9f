/* baselines_result.c: baselines for the score (STS paper, tables 5 and 13, fig. 2a). */
#include "results/results.h"
#include "baselines.h"
#include "text/number_format.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

const result_column baselines_columns[] = {{"name", "baseline", NULL, 0},
                                           {"of", "of", NULL, 0},
                                           {"score", "score", NULL, 0},
                                           {"with", "with", NULL, 0},
                                           {"n", "N", "%.0f", 0},
                                           {"pearson", "rho", "%.4f", 0},
                                           {"r2", "R2", "%.4f", 0},
                                           {"p_value", "p", "%.5f", 0},
                                           {"spearman", "Spearman", "%.4f", 0},
                                           {"loo_min", "leave-one-out", "%.3f", 0},
                                           {"loo_max", "to", "%.3f", 0},
                                           {"ci_low", "95%", "%.3f", 0},
                                           {"ci_high", "to", "%.3f", 0},
                                           {"points", "domains", "%.0f", 0},
                                           {0}};

/* The same things ranked by two sources; b NULL: by one alone; a NULL: there is no ranking. */
typedef struct ranking_pair {
    scry_ranking *a, *b;
} ranking_pair;

/* Adds at one N how many both tops hold, as many as expected by chance, and their shares of each shift: null where
 * fewer than N are ranked. */
static void add_top(cJSON *item, const char *prefix, const ranking_pair *p, uint32_t n) {
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
        result_number(item, key, numbers[i].value);
    }
}

static void add_tops(cJSON *facts, const ranking_pair *latents, const ranking_pair *dimensions, uint32_t top) {
    uint32_t at[] = {50, 100, 200, top};
    cJSON *list = cJSON_AddArrayToObject(facts, "tops");
    for (size_t i = 0; i < 4; i++) {
        if (i == 3 && (top == 0 || top == 50 || top == 100 || top == 200)) break;
        cJSON *item = result_row(list);
        result_number(item, "n", at[i]);
        add_top(item, "latents", latents, at[i]);
        add_top(item, "dimensions", dimensions, at[i]);
    }
}

static void add_baseline(cJSON *item, const scry_index *index, const scry_baseline *row) {
    const scry_result *r = &row->result;
    result_text(item, "name", row->name);
    result_text(item, "of", row->of);
    result_text(item, "score", row->score);
    result_text(item, "with", row->with);
    result_numbers(item, {"n", row->n}, {"points", (double)r->fit.n}, {"pearson", r->fit.pearson}, {"r2", r->fit.r2},
                   {"p_value", r->p_value}, {"spearman", r->spearman}, {"loo_min", r->loo_min}, {"loo_max", r->loo_max},
                   {"ci_low", r->ci_low}, {"ci_high", r->ci_high});
    cJSON *domains = cJSON_AddArrayToObject(item, "domains");
    for (size_t d = 0; d < r->domains; d++) {
        cJSON *domain = result_row(domains);
        result_text(domain, "name", scry_index_info(index)->domain[d].name);
        result_numbers(domain, {"value", r->sts[d]}, {"change", r->change[d]});
    }
}

/* The index against what the ranking is against. */
static const scry_index *index_of(const scry_index *index, const scry_ranking *r) {
    return r ? scry_index_against(index, r->against, NULL) : index;
}

cJSON *baselines_result(const scry_index *index, const scry_ranking *ranking, uint32_t top, const scry_scope *scope,
                        unsigned threads, const scry_cancel *cancel) {
    const scry_info *info = scry_index_info(index);
    scry_condition other = scry_other_source(index, ranking);
    if (other == ranking->source) other = SCRY_BASE;
    const scry_cancel most = scry_cancel_part(cancel, 0, 0.9); /* ranking takes the rest */
    scry_baselines *b = scry_baselines_new(index, ranking, top, scope, threads, &most);
    if (!b) return NULL;
    ranking_pair latents = {scry_rank(index, ranking->train, ranking->source, SCRY_SQ, NULL), NULL};
    ranking_pair dimensions = {scry_rank_residual(index, ranking->train, ranking->source, NULL), NULL};
    if (other != SCRY_BASE) latents.b = scry_rank_for_overlap(index, ranking->train, other, SCRY_SQ, NULL);
    if (other != SCRY_BASE) dimensions.b = scry_rank_residual(index_of(index, latents.b), ranking->train, other, NULL);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "train", info->train[ranking->train].name);
    result_source(facts, ranking);
    result_text(facts, "other", other == SCRY_BASE ? NULL : scry_condition_name(other));
    result_text(facts, "other_against", latents.b ? scry_reference_name(latents.b->against) : NULL);
    result_number(facts, "n", top);
    cJSON_AddBoolToObject(facts, "signed", scope->is_signed);
    result_numbers(facts, {"latents", info->d_sae}, {"dimensions", b->has_raw ? info->d_model : 0});
    scry_error why = {0};
    if (!dimensions.a) scry_ranking_free(scry_rank_residual(index, ranking->train, ranking->source, &why));
    result_text(facts, "no_dimensions", dimensions.a ? NULL : why.text);
    result_number(facts, "seed", SCRY_SEED);
    add_tops(facts, &latents, &dimensions, top);
    cJSON *list = cJSON_AddArrayToObject(facts, "baselines");
    for (size_t i = 0; i < b->count; i++) add_baseline(result_row(list), index, &b->row[i]);
    scry_baselines_free(b);
    scry_ranking *owned[] = {latents.a, latents.b, dimensions.a, dimensions.b};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) scry_ranking_free(owned[i]);
    return facts;
}

void baselines_tops(const cJSON *facts, tops_table *out) {
    char *by = result_source_words(facts, "by", "against"),
         *second = result_source_words(facts, "other", "other_against");
    static const char *const of[] = {"latents", "dims"};
    for (int i = 0; i < 2; i++) {
        snprintf(out->titles[i], TOPS_TITLE, "%s: %s%%", of[i], by);
        snprintf(out->titles[2 + i], TOPS_TITLE, "%s%%", second ? second : "");
    }
    const result_column all[TOPS_COLUMNS] = {{"n", "top", "%.0f", 0},
                                             {"latents_share_a", out->titles[0], "%.1f", 100},
                                             {"latents_share_b", out->titles[2], "%.1f", 100},
                                             {"latents_overlap", "in both", "%.0f", 0},
                                             {"latents_expected", "chance", "%.1f", 0},
                                             {"dimensions_share_a", out->titles[1], "%.1f", 100},
                                             {"dimensions_share_b", out->titles[3], "%.1f", 100},
                                             {"dimensions_overlap", "in both", "%.0f", 0},
                                             {"dimensions_expected", "chance", "%.1f", 0},
                                             {0}};
    static const size_t one_source[] = {0, 1, 5, TOPS_COLUMNS - 1};
    for (size_t i = 0; i < (second ? TOPS_COLUMNS : 4); i++) out->columns[i] = all[second ? i : one_source[i]];
    free(by);
    free(second);
}

char *baselines_head(const cJSON *facts, const char *mark) {
    char *text = NULL;
    size_t size;
    tops_table tops;
    FILE *f = mem_stream(&text, &size);
    const char *no = result_get_text(facts, "no_dimensions");
    char *by = result_source_words(facts, "by", "against");
    fprintf(f, "share of the shift (sq) in the tops of %.0f latents and of ", result_get_number(facts, "latents"));
    if (no) fprintf(f, "no dimensions:\n%s\n\n", no);
    else fprintf(f, "%.0f dimensions\n\n", result_get_number(facts, "dimensions"));
    fputs(mark, f);
    baselines_tops(facts, &tops);
    result_table(f, result_get(facts, "tops"), tops.columns);
    fprintf(f, "\nrho with the %s, tops by %s sq (seed %d);\np is of one row alone, not of the best of them\n\n",
            change_name(cJSON_IsTrue(result_get(facts, "signed"))), by, SCRY_SEED);
    mem_stream_end(f);
    free(by);
    return text;
}
