/* compare.c: scry compare: several indexes of one study, a row each: widths, layers, sparsity (STS paper,
 * fig. 4a-c, 12). */
#include "analysis.h"
#include "base/path.h"
#include "shell/commands.h"
#include "results/results.h"
#include "shell/cli_context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const output_column compare_columns[] = {{"index", "index", NULL, 0},
                                         {"d_sae", "latents", "%.0f", 0},
                                         {"l0", "L0", "%.1f", 0},
                                         {"share", "top share%", "%.1f", 100},
                                         {"overlap", "in both", "%.0f", 0},
                                         {"expected", "chance", "%.1f", 0},
#define COLUMNS_false(name)
#define COLUMNS_true(name)                                                                                             \
    {#name "_pearson", "rho " #name, "%.4f", 0}, {#name "_p_value", "p", "%.5f", 0},                                   \
        {#name "_loo_min", "one out", "%.3f", 0}, {#name "_loo_max", "to", "%.3f", 0},                                 \
        {#name "_random_rank", "random below%", "%.1f", 100},
#define SCORE(id, name, aggregate, condition, term, sum, residual, compared, ...) COLUMNS_##compared(name)
                                         SCRY_SCORE_TABLE(SCORE)
#undef SCORE
                                             {"points", "domains", "%.0f", 0},
                                         {"hook", "hook", NULL, 0},
                                         {"sae", "SAE", NULL, 0},
                                         {NULL, NULL, NULL, 0}};

/* Is the change of each domain the same, by name? */
static bool same_study(const scry_index *a, size_t train_a, const scry_index *b, size_t train_b) {
    const scry_info *one = scry_index_info(a), *two = scry_index_info(b);
    if (one->domains != two->domains) return false;
    for (size_t d = 0; d < one->domains; d++) {
        double x = one->domain[d].change[train_a], y = two->domain[d].change[train_b];
        if (strcmp(one->domain[d].name, two->domain[d].name) != 0 || (x != y && !(isnan(x) && isnan(y)))) return false;
    }
    return true;
}

/* rho of one score with its company, under "act_pearson" and so on; null where there is no such score. */
static void add_score(cJSON *row, const cli_context *s, scry_score score, const scry_scope *scope,
                      const scry_cancel *stop) {
    cli_context of = *s;
    of.score = score;
    scry_result r;
    bool has = scry_has_score(s->index, score);
    cJSON *facts = NULL;
    if (has) {
        scry_scorer *scorer = scry_scorer_new(s->index, score);
        scry_scorer_load(scorer, s->set);
        scry_result_fit(&r, s->index, scorer, scope);
        scry_result_finish(&r, s->index, score, s->set, stop);
        facts = score_result(&of, &r);
        scry_scorer_free(scorer);
        scry_result_free(&r);
    }
    static const char *const keys[] = {"pearson", "r2",      "spearman",    "p_value",   "loo_min",    "loo_max",
                                       "ci_low",  "ci_high", "random_mean", "random_sd", "random_rank"};
    char name[40];
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(facts, keys[i]);
        snprintf(name, sizeof name, "%s_%s", scry_score_name(score), keys[i]);
        output_number(row, name, cJSON_IsNumber(value) ? value->valuedouble : (double)NAN);
    }
    if (score == SCRY_ACT) {
        const cJSON *points = cJSON_GetObjectItemCaseSensitive(facts, "points");
        output_number(row, "points", cJSON_IsNumber(points) ? points->valuedouble : (double)NAN);
    }
    cJSON_Delete(facts);
}

static double base_l0(const scry_index *index, size_t train) {
    int capture = scry_find_capture(index, -1 - (int)train, SCRY_BASE);
    return capture < 0 ? (double)NAN : scry_index_info(index)->capture[capture].l0;
}

static void add_tops(cJSON *row, const cli_context *s, uint32_t top) {
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(s->index, s->train, has);
    uint32_t at = top < s->ranking->latents ? top : s->ranking->latents;
    double overlap = (double)NAN, expected = (double)NAN;
    const char *beside = NULL;
    for (int i = 0; i < n && !beside && at; i++) {
        if (has[i] == s->ranking->source) continue;
        scry_ranking *other = scry_rank(s->index, s->train, has[i], s->ranking->metric, NULL);
        size_t count;
        scry_overlap_point *points = scry_overlap(s->ranking, other, at, &count);
        overlap = points[count - 1].overlap;
        expected = points[count - 1].expected;
        beside = scry_condition_name(has[i]);
        free(points);
        scry_ranking_free(other);
    }
    output_number(row, "share", at ? scry_cumulative(s->ranking, at - 1) : 0);
    output_text(row, "beside", beside);
    output_number(row, "overlap", overlap);
    output_number(row, "expected", expected);
}

cJSON *compare_row(const cli_context *s, const char *name, uint32_t top, const scry_scope *scope,
                   const scry_cancel *stop) {
    const scry_info *info = scry_index_info(s->index);
    cJSON *row = cJSON_CreateObject();
    output_text(row, "index", name);
    output_text(row, "hook", info->hook);
    output_text(row, "sae", info->d_model ? info->sae : "");
    output_number(row, "d_sae", info->d_sae);
    output_number(row, "l0", base_l0(s->index, s->train));
    output_text(row, "by", scry_condition_name(s->ranking->source));
    add_tops(row, s, top);
    for (int score = 0; score < SCRY_SCORES; score++) {
        if (!scry_scores[score].is_compared) continue;
        add_score(row, s, (scry_score)score, scope, stop);
        scry_report_progress(stop, (score + 1.0) / SCRY_SCORES);
    }
    if (!scry_cancelled(stop)) return row;
    cJSON_Delete(row);
    return NULL;
}

/* The first index, kept open: all rows are asked what it is asked. */
typedef struct first_index {
    cli_context s;
    bool is_signed;
} first_index;

/* The row of the word'th index. */
static cJSON *read_row(const options *o, int word, uint32_t top, first_index *first, scry_error *err) {
    cli_context s = {0};
    scry_scope scope = {0};
    scry_condition source;
    scry_metric metric;
    cJSON *row = NULL;
    bool ok = (s.index = cli_open_path(o, o->word[word], err)) && cli_train(o, s.index, &s.train, err) &&
              cli_ranking(o, s.index, s.train, &source, &metric, err) && cli_scope(o, s.index, s.train, &scope, err) &&
              (s.ranking = scry_rank(s.index, s.train, source, metric, err));
    if (ok) {
        s.set = scry_set_new(s.ranking->latents);
        for (uint32_t i = 0; i < top && i < s.ranking->latents; i++) scry_set_put(s.set, s.ranking->order[i], true);
        if (word) scope.is_signed = first->is_signed; /* one question for all rows */
        row = compare_row(&s, path_file_name(o->word[word]), top, &scope, NULL);
    }
    bool is_signed = scope.is_signed;
    scry_scope_free(&scope);
    if (ok && word && !same_study(first->s.index, first->s.train, s.index, s.train)) {
        char text[600];
        snprintf(text, sizeof text, "%.250s: other domains or changes than %.250s: these are not of one study",
                 o->word[word], o->word[0]);
        output_warning(text);
    }
    if (ok && !word) *first = (first_index){s, is_signed};
    else cli_free(&s);
    return row;
}

void compare_head(char *head, size_t size, const char *by, const char *beside, const char *metric, uint32_t top,
                  bool is_signed) {
    int used = snprintf(head, size, "top %u by %s %s: their share of the shift", top, by, metric);
    if (beside && used > 0 && (size_t)used < size)
        used += snprintf(head + used, size - (size_t)used, ", how many are top by %s too", beside);
    if (used > 0 && (size_t)used < size)
        snprintf(head + used, size - (size_t)used, ",\nand rho with the %s (seed %d); p is of one row alone\n\n",
                 is_signed ? "signed change" : "size of change", SCRY_SEED);
}

static const char *word_of(const cJSON *row, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

int shell_compare(const options *o) {
    scry_error err = {0};
    uint32_t top = 0;
    first_index first = {0};
    cJSON *facts = cJSON_CreateObject(), *list = cJSON_CreateArray();
    bool ok = (o->words > 0 || scry_misuse(&err, "compare: expected indexes or study manifests; scry compare X Y")) &&
              options_number("--top", o->top, 1, 100, &top, &err);
    for (int i = 0; i < o->words && ok; i++) {
        cJSON *row = read_row(o, i, top, &first, &err);
        if (row) cJSON_AddItemToArray(list, row);
        ok = row != NULL;
    }
    char head[400] = "";
    if (ok) {
        const char *metric = scry_metric_name(first.s.ranking->metric), *by = word_of(list->child, "by");
        compare_head(head, sizeof head, by, word_of(list->child, "beside"), metric, top, first.is_signed);
        output_text(facts, "by", by);
        output_text(facts, "metric", metric);
        output_number(facts, "n", top);
        cJSON_AddBoolToObject(facts, "signed", first.is_signed);
        output_number(facts, "seed", SCRY_SEED);
    }
    cJSON_AddItemToObject(facts, "indexes", list);
    cli_free(&first.s);
    if (ok) return output_print(o, facts, "indexes", compare_columns, head);
    cJSON_Delete(facts);
    return output_error(&err);
}
