/* eval_sae.c: scry eval-sae: evaluates an SAE on residuals. */
#include "shell/cli_context.h"

#include <math.h>
#include <stdio.h>

static const char *const rate_names[SCRY_RATE_BINS] = {"never",        "below 1e-6",   "1e-6 to 1e-5", "1e-5 to 1e-4",
                                                       "1e-4 to 1e-3", "1e-3 to 0.01", "0.01 to 0.1",  "0.1 and more"};

static cJSON *facts_of(const options *o, const scry_sae_evaluation *e) {
    const scry_sae_quality *q = scry_evaluation_quality(e);
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "sae", o->word[0]);
    result_text(facts, "kind", q->sae);
    cli_add_minus(facts, o);
    result_numbers(facts, {"d_in", q->d_in}, {"d_sae", q->d_sae}, {"tokens", (double)q->tokens});
    add_quality(facts, q);
    add_outliers(facts, e);
    result_number(facts, "seconds", q->seconds);
    return facts;
}

/* Adds the number of latents by decade of their firing rate. */
static void add_rates(cJSON *facts, const scry_sae_quality *q) {
    cJSON *rates = cJSON_AddArrayToObject(facts, "rates");
    for (int i = 0; i < SCRY_RATE_BINS; i++) {
        cJSON *row = result_row(rates);
        result_text(row, "rate", rate_names[i]);
        result_numbers(row, {"latents", (double)q->rates[i]}, {"share", (double)q->rates[i] / q->d_sae});
    }
}

/* The figures that the head does not show: with the outliers, or where those are kept, without. */
static void print_others(const scry_sae_evaluation *e, char *out, size_t size) {
    bool kept = e->outliers.kept;
    const scry_sae_quality *q = kept ? &e->without_outliers : &e->with_outliers;
    char explained[QUALITY_EXPLAINED];
    *out = 0;
    if (!e->outliers.outliers) return;
    snprintf(out, size, "%s    explained variance %s, L0 %.2f, MSE %.4g, cosine %.4f on %llu tokens\n\n",
             kept ? "without outliers" : "with outliers   ", quality_explained(q, explained), q->l0, q->mse, q->cosine,
             (unsigned long long)q->tokens);
}

static int print(const options *o, const scry_sae_evaluation *e) {
    const scry_sae_quality *q = scry_evaluation_quality(e);
    static const result_column figures[] = {{"sae", "sae", NULL, 0},
                                            {"kind", "kind", NULL, 0},
                                            {"d_in", "d_in", "%.0f", 0},
                                            {"d_sae", "d_sae", "%.0f", 0},
                                            {"tokens", "tokens", "%.0f", 0},
                                            QUALITY_COLUMNS,
                                            OUTLIER_COLUMNS,
                                            {"seconds", "seconds", "%.3f", 0},
                                            {0}};
    static const result_column rates[] = {
        {"rate", "firing rate", NULL, 0}, {"latents", "latents", "%.0f", 0}, {"share", "share", "%.1f%%", 100}, {0}};
    cJSON *facts = facts_of(o, e);
    if (o->csv) return output_print_row(o, facts, figures);
    add_rates(facts, q);
    char head[1536], others[256], explained[QUALITY_EXPLAINED], fvu[32] = "";
    if (isfinite(q->fvu)) snprintf(fvu, sizeof fvu, " (FVU %.4f)", q->fvu);
    print_others(e, others, sizeof others);
    snprintf(head, sizeof head,
             "%s, %llu tokens\n\n"
             "L0                  %.2f active latents per token\n"
             "explained variance  %s%s\n"
             "MSE                 %.4g per token and dimension\n"
             "cosine              %.4f of a residual and its reconstruction\n"
             "dead                %.1f%% of latents never fire here\n"
             "dense               %.1f%% fire on more than a tenth of the tokens\n\n%s",
             q->sae, (unsigned long long)q->tokens, q->l0, quality_explained(q, explained), fvu, q->mse, q->cosine,
             100 * q->dead, 100 * q->dense, others);
    return output_print(o, facts, "rates", rates, head);
}

int shell_eval_sae(const options *o) {
    scry_error err = {0};
    scry_notes notes = {0};
    cli_progress progress = {0};
    scry_train_input input = {.condition = -1};
    scry_build_options build = {0};
    const char *minus[OPTIONS_WORDS];
    if (o->words < 2)
        scry_misuse(&err,
                    "eval-sae: expected an SAE and residual files or a study manifest; scry eval-sae SAE CAPTURE...");
    if (err.status || !cli_build_options(o, &build, &err) || !cli_residuals(o, 1, minus, &input, &err))
        return output_error(&err);
    scry_sae_evaluation evaluation;
    cli_catch_interrupt();
    bool ok = scry_eval_sae(o->word[0], &input, build.threads, cli_show_progress, &progress, &evaluation, &notes, &err);
    cli_release_interrupt();
    cli_end_progress(&progress);
    output_warnings(&notes);
    return ok ? print(o, &evaluation) : output_error(&err);
}
