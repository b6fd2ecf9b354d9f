/* score.c: scry score and scry export: a selection's STS, and the selection itself. */
#include "shell/cli_context.h"
#include "rho_context.h"
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

static void score_head(FILE *f, const selection_context *s, const scry_result *r, const scry_scope *scope,
                       const repeats *p, const cJSON *facts) {
    const scry_info *info = scry_index_info(s->index);
    char score[SCRY_SOURCE_TEXT];
    if (info->d_sae)
        fprintf(f, "STS %s of %u latent%s\n", scry_score_text(s->score, info->against, score), s->set->count,
                plural_s(s->set->count));
    else fprintf(f, "STS %s, as given by the study\n", scry_score_name(s->score));
    if (info->d_sae && scry_scores[s->score].is_effect)
        fputs(
            "an estimate, in nats a token, and not anchored at an exact run: scry ablate with the same selection runs "
            "the model without it\n",
            f);
    if (isnan(r->fit.pearson)) {
        fprintf(f, "no correlation: %s\n\n",
                r->fit.n < 3 ? "fewer than 3 domains have a score and a measured change"
                             : "all scores, or all changes, are equal");
        return;
    }
    fprintf(f, "rho %.4f (Pearson's r) with the %s over %zu domains   R2 %.4f   Spearman %.4f\npermutation p %.5f   ",
            r->fit.pearson, change_name(scope->is_signed), r->fit.n, r->fit.r2, r->spearman, r->p_value);
    if (isnan(r->loo_min)) fputs("too few domains to leave one out\n", f);
    else fprintf(f, "leave-one-out %.4f to %.4f\n", r->loo_min, r->loo_max);
    char *context = rho_context_text(facts);
    fputs(context, f);
    free(context);
    if (!info->d_sae) fputs("no latents for random sets\n", f);
    else if (info->candidates) fputs("no random sets: only the most shifted latents are scored (--candidates)\n", f);
    else if (isnan(r->random_mean))
        fputs("no random sets: the selection is empty, or larger than all active latents\n", f);
    if (p->count)
        fprintf(f, "%u repeats of up to %u tokens per domain: rho %.4f, SD %.4f\n", p->count, p->most, p->mean, p->sd);
    fprintf(f, "(seed %d)\n\n", SCRY_SEED);
}

enum { SCORE_COLUMNS = 7 + 2 + 2 * SCRY_MEASURES + 1 };

/* The error behind the change, and the other measures at the end. */
static void insert_measured(const result_column *from, const measured_columns *measured,
                            result_column out[SCORE_COLUMNS]) {
    size_t n = 0;
    for (; from->key; from++) {
        out[n++] = *from;
        for (const result_column *e = measured->error; strcmp(from->key, "change") == 0 && e->key; e++) out[n++] = *e;
    }
    for (const result_column *m = measured->others; m->key; m++) out[n++] = *m;
    out[n] = (result_column){0};
}

static int score_print(const options *o, const selection_context *s, const scry_scope *scope, const scry_result *r,
                       const scry_best_baseline *baseline, const repeats *p) {
    static const result_column plain[] = {{"name", "domain", NULL, 0},          {"sts", "STS", "%.6g", 0},
                                          {"change", "change", "%+.2f", 0},     {"fitted", "fitted", "%+.2f", 0},
                                          {"residual", "residual", "%+.2f", 0}, {0}};
    static const result_column repeated[] = {{"name", "domain", NULL, 0},          {"sts", "STS", "%.6g", 0},
                                             {"sts_mean", "mean", "%.6g", 0},      {"sts_sd", "SD", "%.3g", 0},
                                             {"change", "change", "%+.2f", 0},     {"fitted", "fitted", "%+.2f", 0},
                                             {"residual", "residual", "%+.2f", 0}, {0}};
    cJSON *facts = score_result(s, r, baseline);
    if (p->count) add_repeats(facts, p, r->domains);
    char *head = NULL;
    size_t size;
    FILE *f = mem_stream(&head, &size);
    score_head(f, s, r, scope, p, facts);
    mem_stream_end(f);
    result_column columns[SCORE_COLUMNS];
    measured_columns measured = {0};
    measured_columns_of(scry_index_info(s->index), s->train, &measured);
    insert_measured(p->count ? repeated : plain, &measured, columns);
    int status = output_print(o, facts, "domains", columns, head);
    free(head);
    return status;
}

int shell_score(const options *o) {
    scry_error err = {0};
    selection_context s;
    scry_scope scope = {0};
    if (!cli_read(o, &s, &err) || !scry_require_domains(s.index, &err) ||
        !cli_scope(o, s.index, s.train, &scope, &err)) {
        cli_free(&s);
        return output_error(&err);
    }
    scry_result r;
    repeats p;
    selection_fit(&r, &s, &scope);
    bool ok = repeats_read(o, &s, &r, &p, &err);
    scry_best_baseline baseline = {0};
    if (ok) scry_result_finish(&r, s.index, s.score, s.set, s.untouched, &scope, NULL);
    if (ok && s.ranking) scry_best_baseline_find(&baseline, s.index, s.ranking->source, s.set->count, &scope, 0, NULL);
    int status = ok ? score_print(o, &s, &scope, &r, &baseline, &p) : output_error(&err);
    free(p.rho);
    free(p.sts);
    scry_result_free(&r);
    scry_scope_free(&scope);
    cli_free(&s);
    return status;
}

static char *summary_of(const selection_context *s, const scry_scope *scope) {
    scry_result r;
    selection_fit(&r, s, scope);
    scry_result_finish(&r, s->index, s->score, s->set, s->untouched, scope, NULL);
    cJSON *facts = score_result(s, &r, NULL);
    char *text = rho_summary_text(facts);
    cJSON_Delete(facts);
    scry_result_free(&r);
    return text;
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
    scry_scope scope = {0};
    ok = ok && cli_scope(o, s.index, s.train, &scope, &err);
    char *rho = ok ? summary_of(&s, &scope) : NULL;
    e.rho = rho;
    ok = ok && scry_export(&e, o->out ? o->out : "-", &notes, &err);
    output_warnings(&notes);
    if (ok && o->out) output_say("%s: %u latent%s; %s", o->out, s.set->count, plural_s(s.set->count), rho);
    free(rho);
    scry_scope_free(&scope);
    cli_free(&s);
    return ok ? 0 : output_error(&err);
}
