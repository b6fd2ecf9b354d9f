/* score.c: scry score and scry export: a selection's STS, and the selection itself. */
#include "shell/cli_context.h"
#include "export.h"
#include "text/number_format.h"
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --repeats: rho and scores over random samples of tokens, as the paper reports them. */
typedef struct repeats {
    uint32_t count, most;
    double *rho, *sts; /* [count], [count][D] */
    double mean, sd;
} repeats;

static bool repeats_read(const options *o, const selection_context *s, const scry_result *r, repeats *p,
                         scry_error *err) {
    *p = (repeats){0};
    if (!o->repeats && o->sample_tokens) return scry_misuse(err, "--sample-tokens: needs --repeats R");
    if (!o->repeats) return true;
    if (!options_number("--repeats", o->repeats, 2, 0, &p->count, err) ||
        !options_number("--sample-tokens", o->sample_tokens, 1, 10000, &p->most, err) ||
        !cli_needs_latents(s->index, err))
        return false;
    if (p->count > 1000000) return scry_misuse(err, "--repeats: found %u, expected at most 1000000", p->count);
    scry_blocks *tokens = scry_blocks_new(s->index, s->score, s->set, SCRY_TOKENS, NULL, err);
    if (!tokens) return false;
    p->rho = mem_new(p->count, sizeof *p->rho);
    p->sts = mem_new(p->count * r->domains, sizeof *p->sts);
    scry_repeats(tokens, r->change, p->count, p->most, SCRY_SEED, NULL, p->rho, p->sts);
    scry_mean_sd(p->rho, p->count, &p->mean, &p->sd);
    scry_blocks_free(tokens);
    return true;
}

static void add_repeats(cJSON *facts, const repeats *p, size_t D) {
    cJSON *list = cJSON_AddObjectToObject(facts, "repeats"), *item;
    result_numbers(list, {"count", p->count}, {"sample_tokens", p->most}, {"pearson_mean", p->mean},
                   {"pearson_sd", p->sd});
    size_t d = 0;
    double *one = mem_new(p->count, sizeof *one), mean, sd;
    cJSON_ArrayForEach (item, result_get(facts, "domains")) {
        for (uint32_t k = 0; k < p->count; k++) one[k] = p->sts[k * D + d];
        scry_mean_sd(one, p->count, &mean, &sd);
        result_numbers(item, {"sts_mean", mean}, {"sts_sd", sd});
        d++;
    }
    free(one);
}

/* rho's statistics; where one is missing, why. */
static void statistics_text(const selection_context *s, const scry_result *r, const repeats *p, char *words,
                            size_t size) {
    bool latents = scry_index_info(s->index)->d_sae > 0;
    char left_out[80] = "too few domains to leave one out", random[160] = "no latents for random sets";
    char interval[120] = "no tokens to resample";
    if (!isnan(r->loo_min)) snprintf(left_out, sizeof left_out, "leave-one-out %.4f to %.4f", r->loo_min, r->loo_max);
    if (latents) strcpy(random, "no random sets: the selection is empty, or larger than all active latents");
    if (latents) strcpy(interval, "too few samples to resample");
    if (scry_index_info(s->index)->candidates)
        strcpy(random, "no random sets: only the most shifted latents are scored (--candidates)");
    else if (!isnan(r->random_mean))
        snprintf(random, sizeof random, "random sets of the same size: rho %.3f, SD %.3f; beats %.1f%% of random sets",
                 r->random_mean, r->random_sd, 100 * r->random_rank);
    if (!isnan(r->ci_low))
        snprintf(interval, sizeof interval, "95%% interval over resampled tokens %.4f to %.4f", r->ci_low, r->ci_high);
    int used = snprintf(words, size, "permutation p %.5f   %s\n%s\n%s   (seed %d)\n", r->p_value, left_out, interval,
                        random, SCRY_SEED);
    if (p->count)
        snprintf(words + used, size - (size_t)used, "%u repeats of up to %u tokens per domain: rho %.4f, SD %.4f\n",
                 p->count, p->most, p->mean, p->sd);
}

static void score_head(const selection_context *s, const scry_result *r, const scry_scope *scope, const repeats *p,
                       char *head, size_t size) {
    const char *what = change_name(scope->is_signed);
    char of[40] = ", as given by the study", words[600];
    if (scry_index_info(s->index)->d_sae)
        snprintf(of, sizeof of, " of %u latent%s", s->set->count, plural_s(s->set->count));
    size_t used = (size_t)snprintf(head, size, "STS %s%s\n", scry_score_name(s->score), of);
    if (isnan(r->fit.pearson)) {
        snprintf(head + used, size - used, "no correlation: %s\n\n",
                 r->fit.n < 3 ? "fewer than 3 domains have a score and a measured change"
                              : "all scores, or all changes, are equal");
        return;
    }
    statistics_text(s, r, p, words, sizeof words);
    snprintf(head + used, size - used, "rho %.4f with the %s over %zu domains   R2 %.4f   Spearman %.4f\n%s\n",
             r->fit.pearson, what, r->fit.n, r->fit.r2, r->spearman, words);
}

static int score_print(const options *o, const selection_context *s, const scry_scope *scope, const scry_result *r,
                       const repeats *p) {
    static const result_column plain[] = {{"name", "domain", NULL, 0},          {"sts", "STS", "%.6g", 0},
                                          {"change", "change", "%+.2f", 0},     {"fitted", "fitted", "%+.2f", 0},
                                          {"residual", "residual", "%+.2f", 0}, {0}};
    static const result_column repeated[] = {{"name", "domain", NULL, 0},          {"sts", "STS", "%.6g", 0},
                                             {"sts_mean", "mean", "%.6g", 0},      {"sts_sd", "SD", "%.3g", 0},
                                             {"change", "change", "%+.2f", 0},     {"fitted", "fitted", "%+.2f", 0},
                                             {"residual", "residual", "%+.2f", 0}, {0}};
    char head[900];
    score_head(s, r, scope, p, head, sizeof head);
    cJSON *facts = score_result(s, r);
    if (p->count) add_repeats(facts, p, r->domains);
    return output_print(o, facts, "domains", p->count ? repeated : plain, head);
}

int shell_score(const options *o) {
    scry_error err = {0};
    selection_context s;
    scry_scope scope = {0};
    if (!cli_read(o, &s, &err) || !cli_scope(o, s.index, s.train, &scope, &err)) {
        cli_free(&s);
        return output_error(&err);
    }
    scry_result r;
    repeats p;
    selection_fit(&r, &s, &scope);
    bool ok = repeats_read(o, &s, &r, &p, &err);
    if (ok) {
        scry_result_statistics(&r, s.index, s.score, s.set->count, NULL);
        scry_result_interval(&r, s.index, s.score, s.set, NULL);
    }
    int status = ok ? score_print(o, &s, &scope, &r, &p) : output_error(&err);
    free(p.rho);
    free(p.sts);
    scry_result_free(&r);
    scry_scope_free(&scope);
    cli_free(&s);
    return status;
}

int shell_export(const options *o) {
    scry_error err = {0};
    selection_context s;
    uint32_t top = 0;
    bool ok = cli_read(o, &s, &err) && cli_needs_latents(s.index, &err);
    if (ok && !o->set && !o->latents) ok = cli_top(o, s.index, 0, 100, &top, &err);
    scry_export_request e = {.set = s.set,
                             .index = s.index,
                             .ranking = s.ranking,
                             .top = top,
                             .score = s.score,
                             .model_id = o->model_id,
                             .source_id = o->source_id};
    scry_notes notes = {0};
    ok = ok && scry_export(&e, o->out ? o->out : "-", &notes, &err);
    output_warnings(&notes);
    if (ok && o->out) fprintf(stderr, "scry: %s: %u latent%s\n", o->out, s.set->count, plural_s(s.set->count));
    cli_free(&s);
    return ok ? 0 : output_error(&err);
}
