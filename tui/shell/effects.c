/* effects.c: scry effects: what each latent does in the model, computed once for the score abl; and how far the score
 * follows exact runs. */
#include "base/clock.h"
#include "base/mem.h"
#include "effect_agreement.h"
#include "effects.h"
#include "shell/cli_context.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct effects {
    const options *o;
    scry_effects_options how;
    selection_context of; /* index; with --check its ranking */
    uint32_t top, sets;   /* of --check */
    bool made;
    double seconds;
    scry_effects_info info;
    cli_progress progress;
} effects;

/* ---- options -------------------------------------------------------------------------------- */

static bool check_together(const options *o, scry_error *err) {
    const struct {
        const char *name, *given;
    } of_check[] = {{"--train", o->train},   {"--by", o->by},   {"--against", o->against},
                    {"--metric", o->metric}, {"--top", o->top}, {"--sets", o->check_sets}};
    if (o->words != 1) return scry_misuse(err, "effects: expected one study or index; scry effects X [--model DIR]");
    for (size_t i = 0; !o->check && i < sizeof of_check / sizeof *of_check; i++)
        if (of_check[i].given) return scry_misuse(err, "%s: belongs to --check, which is missing", of_check[i].name);
    return true;
}

static bool read_options(effects *e, scry_error *err) {
    const options *o = e->o;
    scry_build_options build = {0};
    uint32_t seed, samples;
    if (!check_together(o, err) || !cli_build_options(o, &build, err) ||
        !options_number("--seed", o->seed, 0, SCRY_SEED, &seed, err) ||
        !options_number("--draws", o->effect_draws, 1, SCRY_EFFECT_DRAWS, &e->how.draws, err) ||
        !options_number("--samples", o->most_samples, 1, 0, &samples, err) ||
        !options_number("--sets", o->check_sets, 1, SCRY_AGREEMENT_SETS, &e->sets, err))
        return false;
    e->how.model = o->model;
    e->how.study = scry_is_index(o->word[0]) ? NULL : o->word[0];
    e->how.seed = seed;
    e->how.samples = samples;
    e->how.threads = build.threads;
    e->how.memory = build.memory;
    e->how.force = o->force;
    return true;
}

static bool read_ranking(effects *e, scry_error *err) {
    const scry_info *info = scry_index_info(e->of.index);
    const uint32_t most = info->d_sae, usual = most < 100 ? most : 100;
    return cli_needs_latents(e->of.index, err) && scry_require_domains(e->of.index, err) &&
           cli_rank(e->o, &e->of, err) && cli_top(e->o, e->of.index, 1, usual, &e->top, err) &&
           (e->top <= most ||
            scry_misuse(err, "--top: found %" PRIu32 ", expected at most %" PRIu32 ", the latents there are", e->top,
                        most));
}

/* ---- work ----------------------------------------------------------------------------------- */

static bool compute(effects *e, scry_error *err) {
    const scry_cancel cancel = cli_cancel(&e->progress, "effects");
    scry_notes notes = {0};
    double began = clock_seconds();
    e->how.cancel = &cancel;
    bool ok = scry_effects_compute(e->of.index, &e->how, &e->made, &notes, err) &&
              scry_effects_attach(e->of.index, NULL, false, err) && scry_effects_info_of(e->of.index, &e->info);
    e->seconds = e->made ? clock_seconds() - began : 0;
    cli_end_progress(&e->progress);
    output_warnings(&notes);
    return ok;
}

/* Opens the model that the columns are of, and the texts that they were made of. */
static scry_causal *open_model(effects *e, scry_error *err) {
    const scry_cancel cancel = cli_cancel(&e->progress, "texts");
    scry_causal_options query = {.model = e->how.model,
                                 .study = e->how.study,
                                 .threads = e->how.threads,
                                 .memory = e->how.memory,
                                 .samples = e->how.samples,
                                 .seed = e->how.seed,
                                 .cancel = &cancel};
    scry_causal *causal = scry_causal_open(e->of.index, &query, NULL, err);
    cli_end_progress(&e->progress);
    return causal;
}

static scry_effect_agreement *compare(effects *e, size_t *count, scry_error *err) {
    scry_causal *causal = open_model(e, err);
    if (!causal) return NULL;
    const scry_cancel cancel = cli_cancel(&e->progress, "exact runs");
    scry_effect_agreement *rows =
        scry_effects_compare(causal, e->of.ranking, e->top, e->sets, e->how.seed, count, &cancel, err);
    cli_end_progress(&e->progress);
    scry_causal_free(causal);
    return rows;
}

/* ---- output --------------------------------------------------------------------------------- */

static cJSON *facts_of(const effects *e) {
    cJSON *row = cJSON_CreateObject();
    const scry_effects_info *info = &e->info;
    char model[20];
    snprintf(model, sizeof model, "%016" PRIx64, info->model);
    result_text(row, "effects", info->path);
    result_text(row, "model_path", info->model_path);
    result_text(row, "model", model);
    result_numbers(row, {"draws", info->draws}, {"seed", (double)info->seed}, {"samples", info->samples},
                   {"entries", (double)info->entries}, {"bytes", (double)info->bytes},
                   {"bytes_per_entry", info->entries ? (double)info->bytes / (double)info->entries : 0});
    cJSON_AddBoolToObject(row, "computed", e->made);
    result_numbers(row, {"seconds", e->seconds});
    return row;
}

static int print_columns(const effects *e) {
    static const result_column columns[] = {
        {"effects", "effects", NULL, 0},   {"draws", "draws", "%.0f", 0},
        {"samples", "samples", "%.0f", 0}, {"entries", "entries", "%.0f", 0},
        {"bytes", "bytes", "%.0f", 0},     {"bytes_per_entry", "an entry", "%.1f", 0},
        {"seconds", "seconds", "%.1f", 0}, {0}};
    if (!e->made && !e->o->json && !e->o->csv)
        output_say("%s: is of this model and of these options already; --force computes it again", e->info.path);
    return output_print_row(e->o, facts_of(e), columns);
}

static int print_agreement(const effects *e, const scry_effect_agreement *rows, size_t count) {
    const scry_ranking *r = e->of.ranking;
    cJSON *facts = facts_of(e);
    result_text(facts, "by", scry_condition_name(r->source));
    result_text(facts, "metric", scry_metric_name(r->metric));
    result_number(facts, "top", e->top);
    add_effect_agreement(facts, rows, count);
    char *head = mem_format(
        "first %u latents by %s: Pearson's r over the domains of the estimated rise of loss with that of exact runs\n"
        "estimate: the score abl; slope: exact against estimated; 1st order: without the squares\n"
        "anchored: after toggles around the first %u, which were run exactly; of change: r of what the toggles change\n"
        "several sets: their median, and the least; toggled latents are drawn among the first %u (seed %u)\n\n",
        e->top, scry_condition_name(r->source), e->top, 2 * e->top, (unsigned)e->how.seed);
    int status = output_print(e->o, facts, "agreement", effect_agreement_columns, head);
    free(head);
    return status;
}

int shell_effects(const options *o) {
    scry_error err = {0};
    effects e = {.o = o};
    scry_effect_agreement *rows = NULL;
    size_t count = 0;
    bool ok = read_options(&e, &err) && (e.of.index = cli_open(o, &err)) && (!o->check || read_ranking(&e, &err));
    cli_catch_interrupt();
    ok = ok && compute(&e, &err) && (!o->check || (rows = compare(&e, &count, &err)));
    cli_end_progress(&e.progress);
    cli_release_interrupt();
    int status = !ok ? output_error(&err) : o->check ? print_agreement(&e, rows, count) : print_columns(&e);
    free(rows);
    cli_free(&e.of);
    return status;
}
