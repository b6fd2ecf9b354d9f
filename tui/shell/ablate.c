/* ablate.c: scry ablate: what a selection does in the model. */
#include "ablate.h"
#include "base/mem.h"
#include "choices.h"
#include "shell/cli_context.h"
#include "text/number_format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct ablate {
    const options *o;
    selection_context of;
    scry_scope scope;
    scry_ablation how;
    scry_precision precision;
    uint32_t sets, seed, samples;
    bool match_rate, each, over;
    uint32_t top; /* of --over n */
    scry_causal *causal;
    scry_choices *choices; /* of --domain; NULL: none */
    cli_progress progress;
    size_t domains;
} ablate;

/* ---- options -------------------------------------------------------------------------------- */

static bool read_value(const char *text, scry_ablation_value *out, scry_error *err) {
    static const char *const names[] = {
#define VALUE(id, name, help) name,
        SCRY_ABLATION_VALUE_TABLE(VALUE)
#undef VALUE
    };
    *out = SCRY_VALUE_ZERO;
    for (int i = 0; text && i < SCRY_ABLATION_VALUES; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = (scry_ablation_value)i;
            return true;
        }
    return !text || cli_misuse(err, "--value", text, "zero or mean");
}

static bool read_precision(const char *text, scry_precision *out, scry_error *err) {
    static const char *const names[][2] = {
#define PRECISION(id, name, other) {name, other},
        SCRY_PRECISION_TABLE(PRECISION)
#undef PRECISION
    };
    *out = SCRY_FLOAT32;
    for (int i = 0; text && i < SCRY_PRECISIONS; i++)
        if (strcmp(text, names[i][0]) == 0 || strcmp(text, names[i][1]) == 0) {
            *out = (scry_precision)i;
            return true;
        }
    return !text || cli_misuse(err, "--precision", text, "float32 or float64");
}

static bool read_how(const options *o, scry_ablation *how, scry_error *err) {
    char *end = NULL;
    if (!read_value(o->value, &how->value, err)) return false;
    if (o->error && strcmp(o->error, "keep") != 0 && strcmp(o->error, "drop") != 0)
        return cli_misuse(err, "--error", o->error, "keep or drop");
    how->drop_error = o->error && strcmp(o->error, "drop") == 0;
    if (!o->scale) return true;
    if (how->value == SCRY_VALUE_MEAN) return scry_misuse(err, "--scale: belongs to --value zero, found --value mean");
    how->scale = strtod(o->scale, &end);
    return (end != o->scale && !*end && isfinite(how->scale)) ||
           cli_misuse(err, "--scale", o->scale, "a number: 0 removes, 2 doubles");
}

static bool check_together(const ablate *a, scry_error *err) {
    const options *o = a->o;
    if (o->ablate_over && strcmp(o->ablate_over, "n") != 0) return cli_misuse(err, "--over", o->ablate_over, "n");
    if (a->each && a->over) return scry_misuse(err, "--each and --over: expected one of them");
    if (a->each && o->random) return scry_misuse(err, "--each and --random: expected one of them");
    if (o->match && strcmp(o->match, "rate") != 0) return cli_misuse(err, "--match", o->match, "rate");
    if (o->match && !o->random) return scry_misuse(err, "--match: belongs to --random R, which is missing");
    if (o->match && a->over) return scry_misuse(err, "--match and --over: expected one of them");
    if ((a->each || a->over) && o->domain)
        return scry_misuse(err, "--domain and %s: expected one of them", a->each ? "--each" : "--over");
    if (o->domain && a->precision != SCRY_FLOAT32)
        return scry_misuse(err, "--precision float64 and --domain: questions are answered in float32; expected one of "
                                "them");
    if (!o->domain && (o->sae || o->chat_template || o->bos))
        return scry_misuse(err, "%s: belongs to --domain NAME=FILE, which is missing",
                           o->sae   ? "--sae"
                           : o->bos ? "--bos"
                                    : "--template");
    if (a->over && (o->set || o->latents || o->without || o->with))
        return scry_misuse(err, "--over n: ablates the first N of a ranking up to --top; found another selection");
    return true;
}

static bool read_options(ablate *a, scry_error *err) {
    const options *o = a->o;
    a->each = o->each;
    a->over = o->ablate_over;
    a->match_rate = o->match;
    return read_precision(o->precision, &a->precision, err) && check_together(a, err) && read_how(o, &a->how, err) &&
           options_number("--random", o->random, 1, 0, &a->sets, err) &&
           options_number("--seed", o->seed, 0, SCRY_SEED, &a->seed, err) &&
           options_number("--samples", o->most_samples, 1, 0, &a->samples, err) && cli_read(o, &a->of, err) &&
           cli_needs_latents(a->of.index, err) && scry_require_domains(a->of.index, err) &&
           cli_top(o, a->of.index, 1, 100, &a->top, err) && cli_scope(o, a->of.index, a->of.train, &a->scope, err);
}

/* ---- work ----------------------------------------------------------------------------------- */

/* The questions of --domain. */
static bool open_choices(ablate *a, const bool *domains, const scry_build_options *build, scry_notes *notes,
                         scry_error *err) {
    const options *o = a->o;
    const char *files[OPTIONS_WORDS];
    scry_choices_options query = {.model = o->model,
                                  .sae = o->sae,
                                  .files = files,
                                  .file_count = options_repeated(o, "--domain", files),
                                  .chat_template = o->chat_template,
                                  .domains = domains,
                                  .samples = a->samples,
                                  .seed = a->seed,
                                  .threads = build->threads,
                                  .memory = build->memory};
    if (!query.file_count) return true;
    return cli_bos(o, &query.bos, err) && (a->choices = scry_choices_open(a->of.index, &query, notes, err));
}

static bool open_model(ablate *a, scry_error *err) {
    const options *o = a->o;
    const char *spec;
    scry_build_options build = {0};
    scry_notes notes = {0};
    a->domains = scry_index_info(a->of.index)->domains;
    bool *use = mem_new(a->domains + 1, sizeof *use);
    bool ok = cli_domains(o, &spec, err) && scry_domains_read(use, a->of.index, a->of.train, spec, err) &&
              cli_build_options(o, &build, err);
    if (ok) {
        scry_cancel cancel = cli_cancel(&a->progress, "texts");
        scry_causal_options query = {.model = o->model,
                                     .study = scry_is_index(o->word[0]) ? NULL : o->word[0],
                                     .domains = use,
                                     .samples = a->samples,
                                     .seed = a->seed,
                                     .precision = a->precision,
                                     .threads = build.threads,
                                     .memory = build.memory,
                                     .cancel = &cancel};
        a->causal = scry_causal_open(a->of.index, &query, &notes, err);
        ok = a->causal && open_choices(a, use, &build, &notes, err);
    }
    free(use);
    cli_end_progress(&a->progress);
    output_warnings(&notes);
    return ok;
}

/* The selection, and random sets. */
static cJSON *run_set(ablate *a, scry_error *err) {
    size_t samples = 0;
    for (size_t d = 0; d < a->domains; d++) samples += scry_causal_domains(a->causal)[d].samples;
    scry_domain_effect *effects = mem_new(a->domains, sizeof *effects);
    double *rise = mem_new(samples, sizeof *rise);
    scry_random_ablation random = {0};
    scry_cancel cancel = cli_cancel(&a->progress, "ablation");
    bool ok = scry_ablate(a->causal, a->of.set, &a->how, effects, rise, &cancel, err);
    if (ok && a->sets) {
        scry_cancel more = cli_cancel(&a->progress, "random sets");
        ok = scry_ablate_random(a->causal, a->of.set, &a->how, a->match_rate, a->sets, a->seed, &a->scope, &random,
                                &more, err);
    }
    scry_domain_choices *choices = a->choices ? mem_new(a->domains, sizeof *choices) : NULL;
    if (ok && choices) {
        scry_cancel more = cli_cancel(&a->progress, "questions");
        ok = scry_ablate_choices(a->choices, a->of.set, &a->how, choices, &more, err);
    }
    cJSON *facts = NULL;
    if (ok) {
        scry_result r;
        scry_ablation_result(&r, a->causal, effects, rise, &a->scope, NULL);
        facts = ablation_result(&(ablation_facts){&a->of, a->causal, &a->how, effects, &r, a->sets ? &random : NULL,
                                                  a->match_rate, choices});
        scry_result_free(&r);
    }
    scry_random_ablation_free(&random);
    free(choices);
    free(effects);
    free(rise);
    return facts;
}

static void add_latent(cJSON *list, const ablate *a, uint32_t latent, const scry_domain_effect *effects) {
    const scry_info *info = scry_index_info(a->of.index);
    cJSON *item = result_row(list);
    size_t most = 0;
    for (size_t d = 0; d < a->domains; d++)
        if (isnan(effects[most].difference) || fabs(effects[d].difference) > fabs(effects[most].difference)) most = d;
    result_numbers(item, {"rank", a->of.ranking->rank[latent] + 1}, {"latent", latent},
                   {"difference", scry_mean_difference(a->causal, effects)},
                   {"accuracy_change", scry_mean_accuracy_change(a->causal, effects)});
    result_text(item, "domain", info->domain[most].name);
    result_numbers(item, {"domain_difference", effects[most].difference}, {"domain_se", effects[most].se});
    cJSON *domains = cJSON_AddArrayToObject(item, "domains");
    for (size_t d = 0; d < a->domains; d++) {
        if (isnan(effects[d].difference)) continue;
        cJSON *domain = result_row(domains);
        result_text(domain, "name", info->domain[d].name);
        result_numbers(domain, {"difference", effects[d].difference}, {"se", effects[d].se});
    }
    add_names(item, a->of.index, latent);
}

static cJSON *run_each(ablate *a, scry_error *err) {
    cJSON *facts = cJSON_CreateObject();
    result_number(facts, "n", a->of.set->count);
    ablation_add_how(facts, &a->how, a->precision);
    cJSON *list = cJSON_AddArrayToObject(facts, "latents");
    uint32_t *latents = scry_set_by_rank(a->of.set, a->of.ranking), count = a->of.set->count;
    scry_domain_effect *effects = mem_new(a->domains, sizeof *effects);
    scry_cancel cancel = cli_cancel(&a->progress, "each latent");
    bool ok = true;
    for (uint32_t i = 0; ok && i < count; i++) {
        scry_cancel part = scry_cancel_part(&cancel, (double)i / count, (double)(i + 1) / count);
        scry_set *one = scry_set_new(a->of.set->latents);
        scry_set_put(one, latents[i], true);
        ok = scry_ablate(a->causal, one, &a->how, effects, NULL, &part, err);
        if (ok) add_latent(list, a, latents[i], effects);
        scry_set_free(one);
    }
    free(latents);
    free(effects);
    if (ok) return facts;
    cJSON_Delete(facts);
    return NULL;
}

static cJSON *run_over_n(ablate *a, scry_error *err) {
    size_t count;
    scry_cancel cancel = cli_cancel(&a->progress, "ablation");
    scry_ablation_point *points = scry_ablate_n(a->causal, a->of.ranking, &a->how, &a->scope, a->top, a->sets, a->seed,
                                                NULL, &count, &cancel, err);
    if (!points) return NULL;
    cJSON *facts = ablation_points_result(&a->how, a->precision, points, count);
    free(points);
    return facts;
}

/* ---- output --------------------------------------------------------------------------------- */

static int print_set(const ablate *a, cJSON *facts) {
    result_column columns[ABLATION_COLUMNS];
    bool estimate = result_get(cJSON_GetArrayItem(result_get(facts, "domains"), 0), "estimate");
    ablation_columns(a->sets, estimate, a->choices, columns);
    char *words = ablation_words(&a->how, a->precision, a->of.set->count),
         *rest = ablation_head(facts, a->scope.is_signed);
    char *head = mem_format("%s\n%s(seed %u)\n\n", words, rest, a->seed);
    int status = output_print(a->o, facts, "domains", columns, head);
    free(words);
    free(rest);
    free(head);
    return status;
}

/* CSV has columns for each domain, "difference NAME" and "se NAME", and each latent gets their numbers. The keys lie in
 * *keys; the caller frees both. */
static result_column *each_columns(const ablate *a, cJSON *facts, const result_column *first, char ***keys) {
    const scry_info *info = scry_index_info(a->of.index);
    const char *const of[] = {"difference", "se"};
    size_t n = 0, k = 0;
    while (first[n].key) n++;
    result_column *columns = mem_new(n + 2 * a->domains + 1, sizeof *columns);
    *keys = mem_new(2 * a->domains + 1, sizeof **keys);
    memcpy(columns, first, n * sizeof *columns);
    for (size_t d = 0; d < a->domains; d++) {
        if (!scry_causal_domains(a->causal)[d].samples) continue;
        for (int i = 0; i < 2; i++) {
            char *key = (*keys)[k++] = mem_format("%s %s", of[i], info->domain[d].name);
            columns[n++] = (result_column){key, key, "%.5f", 0};
            cJSON *item;
            cJSON_ArrayForEach (item, result_get(facts, "latents")) {
                const cJSON *domain;
                cJSON_ArrayForEach (domain, result_get(item, "domains"))
                    if (strcmp(result_get_text(domain, "name"), info->domain[d].name) == 0)
                        result_number(item, key, result_get_number(domain, of[i]));
            }
        }
    }
    return columns;
}

static int print_each(const ablate *a, cJSON *facts) {
    static const result_column columns[] = {{"rank", "rank", "%.0f", 0},
                                            {"latent", "latent", "%.0f", 0},
                                            {"difference", "difference", "%+.5f", 0},
                                            {"accuracy_change", "accuracy%", "%+.2f", 100},
                                            {"domain", "most in", NULL, 0},
                                            {"domain_difference", "difference", "%+.5f", 0},
                                            {"domain_se", "s.e.", "%.5f", 0},
                                            NAME_COLUMNS,
                                            {0}};
    char *words = ablation_words(&a->how, a->precision, 1);
    char *head =
        mem_format("%s, each in turn: the mean rise of loss over the domains, and where it is largest\n\n", words);
    char **keys = NULL;
    result_column *wide = a->o->csv ? each_columns(a, facts, columns, &keys) : NULL;
    int status = output_print(a->o, facts, "latents", wide ? wide : columns, head);
    for (char **key = keys; key && *key; key++) free(*key);
    free(keys);
    free(wide);
    free(words);
    free(head);
    return status;
}

static int print_over_n(const ablate *a, cJSON *facts) {
    char *words = ablation_words(&a->how, a->precision, a->top);
    char *head =
        mem_format("up to %s\nmean rise of loss over the domains%s; rho of the rises with the %s; p is of an "
                   "N alone, not of the best of them (seed %u)\n\n",
                   words, a->sets ? ", and that of random sets" : "", change_name(a->scope.is_signed), a->seed);
    int status =
        output_print(a->o, facts, "points", a->sets ? ablation_points_random_columns : ablation_points_columns, head);
    free(words);
    free(head);
    return status;
}

int shell_ablate(const options *o) {
    scry_error err = {0};
    ablate a = {.o = o};
    cJSON *facts = NULL;
    cli_catch_interrupt();
    if (read_options(&a, &err) && open_model(&a, &err))
        facts = a.each ? run_each(&a, &err) : a.over ? run_over_n(&a, &err) : run_set(&a, &err);
    cli_end_progress(&a.progress);
    cli_release_interrupt();
    if (facts) cJSON_DeleteItemFromObjectCaseSensitive(facts, "seed");
    if (facts) result_number(facts, "seed", a.seed); /* what draws samples and sets */
    int status = !facts   ? output_error(&err)
                 : a.each ? print_each(&a, facts)
                 : a.over ? print_over_n(&a, facts)
                          : print_set(&a, facts);
    scry_causal_free(a.causal);
    scry_choices_close(a.choices);
    scry_scope_free(&a.scope);
    cli_free(&a.of);
    return status;
}
