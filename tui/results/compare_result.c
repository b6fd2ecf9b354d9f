/* compare_result.c: one index of a comparison of several (STS paper, fig. 4a-c, 12). */
#include "results/results.h"
#include "text/number_format.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>

const result_column compare_columns[] = {{"index", "index", NULL, 0},
                                         {"d_sae", "latents", "%.0f", 0},
                                         {"l0", "L0", "%.1f", 0},
                                         {"share", "top share%", "%.1f", 100},
                                         {"overlap", "in both", "%.0f", 0},
                                         {"expected", "chance", "%.1f", 0},

#define COLUMNS_false(name)
#define COLUMNS_true(name)                                                                                             \
    {#name "_pearson", "rho " #name, "%.4f", 0}, {#name "_p_value", "p", "%.5f", 0},                                   \
        {#name "_loo_min", "leave-one-out", "%.3f", 0}, {#name "_loo_max", "to", "%.3f", 0},                           \
        {#name "_random_rank", "beats random%", "%.1f", 100},
#define SCORE(id, name, aggregate, condition, term, sum, residual, compared, ...) COLUMNS_##compared(name)
                                         SCRY_SCORE_TABLE(SCORE)
#undef SCORE
                                             {"points", "domains", "%.0f", 0},
                                         {"hook", "hook", NULL, 0},
                                         {"sae", "SAE", NULL, 0},
                                         {"study", "study", NULL, 0},
                                         {0}};

/* Adds rho of one score with its statistics as "act_pearson" and so on; null where there is no such score. */
static void add_score(cJSON *row, const selection_context *s, scry_score score, const scry_scope *scope,
                      const scry_cancel *cancel) {
    static const char *const keys[] = {"pearson", "r2",      "spearman",    "p_value",   "loo_min",    "loo_max",
                                       "ci_low",  "ci_high", "random_mean", "random_sd", "random_rank"};
    selection_context of = *s;
    of.score = score;
    cJSON *facts = NULL;
    if (scry_has_score(s->index, score)) {
        scry_result r;
        selection_fit(&r, &of, scope);
        scry_result_finish(&r, s->index, score, s->set, s->set, scope, cancel);
        facts = score_result(&of, &r, NULL);
        scry_result_free(&r);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char name[40];
        snprintf(name, sizeof name, "%s_%s", scry_score_name(score), keys[i]);
        result_number(row, name, result_get_number(facts, keys[i]));
    }
    if (score == SCRY_ACT) result_number(row, "points", result_get_number(facts, "points"));
    cJSON_Delete(facts);
}

static double base_l0(const scry_index *index, size_t train) {
    int capture = scry_find_capture(index, -1 - (int)train, SCRY_BASE);
    return capture < 0 ? (double)NAN : scry_index_info(index)->capture[capture].l0;
}

static void add_tops(cJSON *row, const selection_context *s, uint32_t top) {
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(s->index, s->train, has);
    uint32_t at = top < s->ranking->latents ? top : s->ranking->latents;
    double overlap = (double)NAN, expected = (double)NAN;
    const char *second = NULL, *second_against = NULL;
    for (int i = 0; i < n && !second && at; i++) {
        if (has[i] == s->ranking->source) continue;
        scry_ranking *other = scry_rank_for_overlap(s->index, s->train, has[i], s->ranking->metric, NULL);
        if (!other) continue;
        size_t count;
        scry_overlap_point *points = scry_overlap(s->ranking, other, at, &count);
        overlap = points[count - 1].overlap;
        expected = points[count - 1].expected;
        second = scry_condition_name(has[i]);
        second_against = scry_reference_name(other->against);
        free(points);
        scry_ranking_free(other);
    }
    result_number(row, "share", at ? scry_cumulative(s->ranking, at - 1) : 0);
    result_text(row, "other", second);
    result_text(row, "other_against", second_against);
    result_numbers(row, {"overlap", overlap}, {"expected", expected});
}

cJSON *compare_row(const selection_context *s, const char *file, const char *study, uint32_t top,
                   const scry_scope *scope, const scry_cancel *cancel) {
    const scry_info *info = scry_index_info(s->index);
    cJSON *row = cJSON_CreateObject();
    result_text(row, "index", file);
    result_text(row, "hook", info->hook);
    result_text(row, "sae", info->d_model ? info->sae : "");
    result_numbers(row, {"d_sae", info->d_sae}, {"l0", base_l0(s->index, s->train)});
    result_source(row, s->ranking);
    add_tops(row, s, top);
    for (int score = 0; score < SCRY_SCORES; score++) {
        if (!scry_scores[score].is_compared) continue;
        add_score(row, s, (scry_score)score, scope, cancel);
        scry_report_progress(cancel, (score + 1.0) / SCRY_SCORES);
    }
    result_text(row, "study", study);
    if (!scry_cancelled(cancel)) return row;
    cJSON_Delete(row);
    return NULL;
}

char *compare_head(const cJSON *row, const char *metric, uint32_t top, bool is_signed) {
    char *text = NULL;
    size_t size;
    char *by = result_source_words(row, "by", "against"), *second = result_source_words(row, "other", "other_against");
    FILE *f = mem_stream(&text, &size);
    fprintf(f, "top %u by %s %s: their share of the shift", top, by, metric);
    if (second) fprintf(f, ", how many are also top by %s", second);
    fprintf(f, ",\nand rho with the %s (seed %d); p is of one row alone\n\n", change_name(is_signed), SCRY_SEED);
    mem_stream_end(f);
    free(by);
    free(second);
    return text;
}
