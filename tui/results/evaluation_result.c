/* evaluation_result.c: measured changes as JSON, and the columns of their table. */
#include "base/mem.h"
#include "results/results.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Of a measure, under NAME_key. */
static const struct {
    const char *key;
    size_t at;
} figures[] = {{"base", offsetof(scry_measured, base)},     {"base_se", offsetof(scry_measured, base_se)},
               {"tuned", offsetof(scry_measured, tuned)},   {"tuned_se", offsetof(scry_measured, tuned_se)},
               {"change", offsetof(scry_measured, change)}, {"change_se", offsetof(scry_measured, change_se)}};
enum { FIGURES = sizeof figures / sizeof *figures };

static void add_measure(cJSON *row, scry_measure measure, const scry_measured *m) {
    char key[EVALUATION_KEY];
    for (int i = 0; i < FIGURES; i++) {
        double value;
        memcpy(&value, (const char *)m + figures[i].at, sizeof value);
        snprintf(key, sizeof key, "%s_%s", scry_measures[measure].name, figures[i].key);
        result_number(row, key, value);
    }
}

static void add_clear(cJSON *row, const scry_measured *m) {
    bool known = !isnan(m->change) && !isnan(m->change_se);
    cJSON_AddItemToObject(row, "clear", known ? cJSON_CreateBool(scry_change_is_clear(m)) : cJSON_CreateNull());
}

static void add_domain(cJSON *list, const scry_domain_evaluation *d, scry_measure chosen) {
    cJSON *row = result_row(list);
    const scry_measured *m = &d->measured[chosen], *loss = &d->measured[SCRY_LOSS];
    result_text(row, "name", d->name);
    result_numbers(row, {"n", (double)m->n}, {"samples", (double)m->samples}, {"change", m->change},
                   {"change_se", m->change_se});
    add_clear(row, m);
    for (int i = 0; i < SCRY_MEASURES; i++) add_measure(row, (scry_measure)i, &d->measured[i]);
    result_numbers(row, {"perplexity_base", exp(loss->base)}, {"perplexity_tuned", exp(loss->tuned)},
                   {"loss_fall", d->loss_fall}, {"loss_fall_se", d->loss_fall_se}, {"left_out", (double)d->left_out});
    cJSON_AddBoolToObject(row, "paired", d->paired);
    result_text(row, "metric", d->metric);
    result_texts(row, "tasks", (const char *const *)d->tasks, d->task_count);
}

static size_t count_clear(const scry_evaluation *e) {
    size_t clear = 0;
    for (size_t d = 0; d < e->count; d++) clear += scry_change_is_clear(&e->domains[d].measured[e->chosen]);
    return clear;
}

cJSON *evaluation_result(const scry_evaluation *e) {
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "base", e->base);
    result_text(facts, "tuned", e->tuned);
    result_text(facts, "train", e->train);
    result_text(facts, "change", scry_measures[e->chosen].name);
    if (e->draws) result_numbers(facts, {"draws", e->draws}, {"seed", (double)e->seed});
    if (e->draws)
        result_numbers(facts, {"tokens", (double)e->tokens}, {"seconds", e->seconds},
                       {"tokens_per_second", (double)e->tokens / e->seconds});
    result_number(facts, "clear", (double)count_clear(e));
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    for (size_t d = 0; d < e->count; d++) add_domain(list, &e->domains[d], e->chosen);
    return facts;
}

/* ---- columns -------------------------------------------------------------------------------- */

static void add_column(evaluation_columns *out, const char *key, const char *title, const char *format) {
    char *own = out->keys[out->count];
    snprintf(own, EVALUATION_KEY, "%s", key);
    out->columns[out->count++] = (result_column){own, title ? title : own, format, 0};
    out->columns[out->count] = (result_column){0};
}

void evaluation_columns_all(evaluation_columns *out) {
    static const char *const first[] = {"name", "n", "samples", "change", "change_se", "clear"};
    static const char *const last[] = {"perplexity_base", "perplexity_tuned", "loss_fall", "loss_fall_se",
                                       "left_out",        "paired",           "metric",    "tasks"};
    char key[EVALUATION_KEY];
    out->count = 0;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) add_column(out, first[i], NULL, NULL);
    for (int m = 0; m < SCRY_MEASURES; m++)
        for (int i = 0; i < FIGURES; i++) {
            snprintf(key, sizeof key, "%s_%s", scry_measures[m].name, figures[i].key);
            add_column(out, key, NULL, NULL);
        }
    for (size_t i = 0; i < sizeof last / sizeof *last; i++) add_column(out, last[i], NULL, NULL);
}

/* "+2.31 +- 0.80", in parentheses where the change is less than twice its error; of one model its figure. */
static void figure_text(const scry_measured *m, bool tuned, char *text, size_t size) {
    double value = tuned ? m->change : m->base, error = tuned ? m->change_se : m->base_se;
    char words[80] = "", se[40] = "";
    if (isnan(value)) {
        snprintf(text, size, "-");
        return;
    }
    if (!isnan(error)) snprintf(se, sizeof se, " +- %.2f", error);
    snprintf(words, sizeof words, "%s%.2f%s", tuned && value >= 0 ? "+" : "", value, se);
    snprintf(text, size, tuned && !scry_change_is_clear(m) ? "(%s)" : "%s", words);
}

static bool is_measured(const scry_evaluation *e, int measure) {
    for (size_t d = 0; d < e->count; d++)
        if (!isnan(e->domains[d].measured[measure].base)) return true;
    return false;
}

void evaluation_columns_table(cJSON *facts, const scry_evaluation *e, evaluation_columns *out) {
    const scry_measure_info *chosen = &scry_measures[e->chosen];
    const char *format = strcmp(chosen->unit, "%") == 0 ? "%.2f" : "%.4f";
    char key[EVALUATION_KEY], text[120];
    out->count = 0;
    add_column(out, "name", "domain", NULL);
    add_column(out, "n", chosen->counted, "%.0f");
    snprintf(key, sizeof key, "%s_base", chosen->name);
    add_column(out, key, "base", format);
    snprintf(key, sizeof key, "%s_%s", chosen->name, e->tuned ? "tuned" : "base_se");
    add_column(out, key, e->tuned ? "tuned" : "SE", format);
    if (e->tuned) {
        add_column(out, "change", NULL, "%+.2f");
        add_column(out, "change_se", "SE", "%.2f");
        add_column(out, "clear_text", "beyond 2 SE", NULL);
        cJSON *row = cJSON_GetObjectItemCaseSensitive(facts, "domains")->child;
        for (size_t d = 0; row; row = row->next, d++) {
            const scry_measured *m = &e->domains[d].measured[e->chosen];
            result_text(row, "clear_text", isnan(m->change_se) ? "unknown" : scry_change_is_clear(m) ? "yes" : "no");
        }
    }
    for (int m = 0; m < SCRY_MEASURES; m++) {
        if (m == (int)e->chosen || !is_measured(e, m)) continue;
        snprintf(key, sizeof key, "%s_text", scry_measures[m].name);
        /* the loss is shown by what rises where the model gets better, as all changes do */
        add_column(out, key, e->tuned && m == SCRY_LOSS ? "100/perplexity" : scry_measures[m].name, NULL);
        cJSON *row = cJSON_GetObjectItemCaseSensitive(facts, "domains")->child;
        for (size_t d = 0; row; row = row->next, d++) {
            figure_text(&e->domains[d].measured[m], e->tuned, text, sizeof text);
            result_text(row, key, text);
        }
    }
    if (e->chosen == SCRY_BENCHMARK) {
        add_column(out, "metric", NULL, NULL);
        add_column(out, "paired", NULL, NULL);
    }
}

char *evaluation_head(const scry_evaluation *e) {
    char *text;
    size_t size;
    const scry_measure_info *chosen = &scry_measures[e->chosen];
    FILE *f = mem_stream(&text, &size);
    if (e->tuned)
        fprintf(f, "change of the %s from %s to %s, in percentage points\n", chosen->title, e->base, e->tuned);
    else fprintf(f, "%s of %s\n", chosen->title, e->base);
    fprintf(f, "%s: %s\n", chosen->name, chosen->definition);
    if (e->draws)
        fprintf(f, "standard errors (SE) from %u resamples of the texts, %sseed %llu\n", e->draws,
                e->tuned ? "the same texts for both models, " : "", (unsigned long long)e->seed);
    else
        fprintf(
            f,
            "standard errors (SE) of the differences on the same samples where paired, else of two independent runs\n");
    if (e->tuned)
        fprintf(f, "%zu of %zu changes are at least twice their SE; any other%s may be chance\n", count_clear(e),
                e->count, e->draws ? " (in parentheses)" : "");
    if (e->draws)
        fprintf(f, "%llu tokens in %.1f s, %.0f a second\n", (unsigned long long)e->tokens, e->seconds,
                (double)e->tokens / e->seconds);
    fputc('\n', f);
    mem_stream_end(f);
    return text;
}
