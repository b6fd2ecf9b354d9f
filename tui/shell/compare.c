/* compare.c: scry compare: several indexes of one study, a row each: widths, layers, sparsity (STS paper,
 * fig. 4a-c, 12). */
#include "base/path.h"
#include "results/index_name.h"
#include "shell/cli_context.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True when both indexes have the same domains with the same changes, by name. */
static bool same_study(const scry_index *a, size_t train_a, const scry_index *b, size_t train_b) {
    const scry_info *one = scry_index_info(a), *two = scry_index_info(b);
    if (one->domains != two->domains) return false;
    for (size_t d = 0; d < one->domains; d++) {
        double x = one->domain[d].change[train_a], y = two->domain[d].change[train_b];
        if (strcmp(one->domain[d].name, two->domain[d].name) != 0 || (x != y && !(isnan(x) && isnan(y)))) return false;
    }
    return true;
}

/* The first index, kept open: its source, metric and sign apply to all rows. */
typedef struct first_index {
    selection_context s;
    bool is_signed;
} first_index;

/* Makes the row of the index named by argument `word`. */
static cJSON *read_row(const options *o, int word, uint32_t top, first_index *first, scry_error *err) {
    selection_context s = {0};
    scry_scope scope = {0};
    cJSON *row = NULL;
    bool ok = (s.index = cli_open_path(o, o->word[word], err)) && cli_needs_latents(s.index, err) &&
              scry_require_domains(s.index, err) && cli_rank(o, &s, err) && cli_scope(o, s.index, s.train, &scope, err);
    if (ok) {
        s.set = scry_set_new(s.ranking->latents);
        for (uint32_t i = 0; i < top && i < s.ranking->latents; i++) scry_set_put(s.set, s.ranking->order[i], true);
        if (word) scope.is_signed = first->is_signed; /* the same for all rows */
        row = compare_row(&s, path_file_name(o->word[word]), index_name_alone(scry_index_info(s.index)), top, &scope,
                          NULL);
    }
    bool is_signed = scope.is_signed;
    scry_scope_free(&scope);
    if (ok && word && !same_study(first->s.index, first->s.train, s.index, s.train)) {
        char text[600];
        snprintf(text, sizeof text, "%.250s: has other domains or changes than %.250s: they are not of one study",
                 o->word[word], o->word[0]);
        output_warning(text);
    }
    if (ok && !word) *first = (first_index){s, is_signed};
    else cli_free(&s);
    return row;
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
    char *head = NULL;
    if (ok) {
        const char *metric = scry_metric_name(first.s.ranking->metric);
        head = compare_head(list->child, metric, top, first.is_signed);
        result_source(facts, first.s.ranking);
        result_text(facts, "metric", metric);
        result_number(facts, "n", top);
        cJSON_AddBoolToObject(facts, "signed", first.is_signed);
        result_number(facts, "seed", SCRY_SEED);
    }
    cJSON_AddItemToObject(facts, "indexes", list);
    cli_free(&first.s);
    int status = ok ? output_print(o, facts, "indexes", compare_columns, head) : output_error(&err);
    if (!ok) cJSON_Delete(facts);
    free(head);
    return status;
}
