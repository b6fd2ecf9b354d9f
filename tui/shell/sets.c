/* sets.c: scry sets: the named sets of an index, and two selections compared. */
#include "shell/cli_context.h"
#include "shell/set_names.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int list(const options *o, const selection_context *s, const scry_named_sets *sets) {
    static const result_column columns[] = {{"name", "set", NULL, 0},       {"latents", "latents", "%.0f", 0},
                                            {"both", "in both", "%.0f", 0}, {"jaccard", "Jaccard", "%.3f", 0},
                                            {"list", "", NULL, 0},          {0}};
    cJSON *facts = cJSON_CreateObject();
    result_number(facts, "selection", s->set->count);
    cJSON *rows = cJSON_AddArrayToObject(facts, "sets");
    for (size_t i = 0; i < sets->count; i++) {
        cJSON *row = result_row(rows);
        scry_set_relation r = scry_set_relate(s->set, sets->item[i].set);
        char *text = scry_set_text(sets->item[i].set);
        result_text(row, "name", sets->item[i].name);
        result_numbers(row, {"latents", r.b}, {"both", r.both}, {"jaccard", r.jaccard});
        result_text(row, "list", text);
        free(text);
    }
    char head[160];
    snprintf(head, sizeof head,
             sets->count ? "compared with the selection of %u latent%s\n\n"
                         : "no named sets yet; --keep NAME saves one\n",
             s->set->count, plural_s(s->set->count));
    return output_print(o, facts, "sets", columns, head);
}

enum { FIGURE = 24 };

/* A number with this many decimals, or "-" for NaN. */
static const char *figure(double value, int decimals, char text[FIGURE]) {
    if (isnan(value)) return "-";
    snprintf(text, FIGURE, "%.*f", decimals, value);
    return text;
}

static int compare_with(const options *o, const selection_context *s, scry_set *other, const scry_scope *scope) {
    static const result_column columns[] = {{"name", "domain", NULL, 0},
                                            {"sts", "STS", "%.6g", 0},
                                            {"sts_against", "STS against", "%.6g", 0},
                                            {"change", "change", "%+.2f", 0},
                                            {0}};
    selection_context second = *s;
    second.set = other;
    scry_result a, b;
    selection_fit(&a, s, scope);
    selection_fit(&b, &second, scope);
    scry_set_relation r = scry_set_relate(s->set, other);
    const scry_info *info = scry_index_info(s->index);
    cJSON *facts = cJSON_CreateObject();
    result_numbers(facts, {"latents", r.a}, {"latents_against", r.b}, {"both", r.both}, {"jaccard", r.jaccard},
                   {"pearson", a.fit.pearson}, {"pearson_against", b.fit.pearson});
    cJSON *rows = cJSON_AddArrayToObject(facts, "domains");
    for (size_t d = 0; d < info->domains; d++) {
        cJSON *row = result_row(rows);
        result_text(row, "name", info->domain[d].name);
        result_numbers(row, {"sts", a.sts[d]}, {"sts_against", b.sts[d]}, {"change", info->domain[d].change[s->train]});
    }
    char head[300], jaccard[FIGURE], rho_a[FIGURE], rho_b[FIGURE];
    snprintf(head, sizeof head,
             "%u latents against %u: %u in both, %u only in the first, %u only in the second, Jaccard %s\n"
             "rho %s against %s over %zu domains\n\n",
             r.a, r.b, r.both, r.only_a, r.only_b, figure(r.jaccard, 3, jaccard), figure(a.fit.pearson, 4, rho_a),
             figure(b.fit.pearson, 4, rho_b), a.fit.n);
    scry_result_free(&a);
    scry_result_free(&b);
    return output_print(o, facts, "domains", columns, head);
}

/* --compare; or --against with a set instead of a reference, as it was called at first. NULL: neither. */
static const char *compared_set(const options *o) {
    return o->compare ? o->compare : o->against && scry_reference_of(o->against) < 0 ? o->against : NULL;
}

static int compare(const options *o, const selection_context *s, const scry_scope *scope) {
    scry_error err = {0};
    scry_set *other =
        set_names_expression(&(set_names){.index = s->index, .ranking = s->ranking}, compared_set(o), &err);
    int status = other ? compare_with(o, s, other, scope) : output_error(&err);
    scry_set_free(other);
    return status;
}

int shell_sets(const options *o) {
    scry_error err = {0};
    selection_context s;
    scry_named_sets *sets = NULL;
    scry_scope scope = {0};
    bool ok = cli_read(o, &s, &err) && cli_needs_latents(s.index, &err) &&
              cli_scope(o, s.index, s.train, &scope, &err) && (sets = scry_named_sets_open(s.index, &err)) != NULL &&
              (!o->forget || scry_named_sets_delete(sets, o->forget, &err)) &&
              (!o->keep || scry_named_sets_save(sets, o->keep, s.set, &err));
    if (ok && o->keep)
        output_say("%s: %u latent%s saved as %s", sets->path, s.set->count, plural_s(s.set->count), o->keep);
    int status = !ok ? output_error(&err) : compared_set(o) ? compare(o, &s, &scope) : list(o, &s, sets);
    scry_scope_free(&scope);
    scry_named_sets_free(sets);
    cli_free(&s);
    return status;
}
