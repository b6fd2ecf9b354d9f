/* report.c: everything about one selection on one HTML page. */
#include "report/report.h"
#include "rho_context.h"
#include "base/mem.h"
#include "charts/chart.h"
#include "draw/image_file.h"
#include "draw/svg.h"
#include "text/text.h"
#include "report/html.h"
#include "results/index_name.h"
#include "base/atomic_file.h"
#include "base/path.h"
#include "text/number_format.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct page {
    const report *r;
    const scry_info *info;
    FILE *f;
    scry_result result[SCRY_SCORES]; /* of the scores that there are */
    cJSON *facts[SCRY_SCORES];       /* NULL: no such score */
    cJSON *baselines;                /* NULL: no latents */
} page;

/* Text from the study, escaped, without what would turn lines around. */
static void put_clean(FILE *f, const char *text) {
    char safe[2000];
    text_clean(text, safe, sizeof safe, false);
    svg_put(f, "%t", safe);
}

static void put_fact(FILE *f, const char *name, const char *text) {
    if (!*text) return;
    svg_put(f, "<dt>%t</dt><dd>", name);
    put_clean(f, text);
    fputs("</dd>\n", f);
}

static void put_facts(const page *p) {
    const scry_info *info = p->info;
    char text[400], source[SCRY_SOURCE_TEXT];
    fputs("<dl>\n", p->f);
    put_fact(p->f, "model", info->model);
    put_fact(p->f, "hook", info->hook);
    if (info->d_sae) put_fact(p->f, "SAE", info->d_model ? info->sae : "none: the captures held latents");
    else put_fact(p->f, "captures", "none: the study gives scores");
    for (size_t t = 0; t < info->trains && info->d_sae; t++) {
        const scry_train_info *train = &info->train[t];
        int used = snprintf(text, sizeof text, "%.200s: pairing by %s", train->name, scry_pairing_name(info->pairing));
        for (int c = 1; c < SCRY_CONDITIONS; c++)
            if (train->has[c])
                used += snprintf(text + used, sizeof text - (size_t)used, ", %" PRIu64 " pairs with %s",
                                 train->pairs[c], scry_source_text((scry_condition)c, info->against, source));
        put_fact(p->f, "training set", text);
    }
    if (info->d_sae) {
        snprintf(text, sizeof text, "%" PRIu64 " in %zu captures; %.1f latents active on each (L0 of %s)", info->tokens,
                 info->captures, info->capture[0].l0, info->capture[0].name);
        put_fact(p->f, "tokens", text);
    }
    put_fact(p->f, "selection", p->r->selection);
    if (info->domains)
        snprintf(text, sizeof text, "%zu, %zu in the correlation (%s), with the %s", info->domains,
                 p->result[p->r->s->score].fit.n, p->r->scope_spec, change_name(p->r->scope->is_signed));
    else snprintf(text, sizeof text, "none, so there is nothing to score");
    put_fact(p->f, "domains", text);
    put_fact(p->f, "study", info->name);
    if (!scry_is_cache_path(info->path)) put_fact(p->f, "index", path_file_name(info->path));
    fputs("</dl>\n", p->f);
}

static void put_warnings(const page *p) {
    scry_notes notes = {0};
    scry_warnings(p->r->s->index, &notes);
    if (notes.count) fputs("<h2 id=\"warnings\">Warnings</h2>\n<ul class=\"warnings\">\n", p->f);
    for (size_t i = 0; i < notes.count; i++) {
        fputs("<li>", p->f);
        put_clean(p->f, notes.text[i]);
        fputs("</li>\n", p->f);
    }
    if (notes.count) fputs("</ul>\n", p->f);
    scry_notes_free(&notes);
}

static void put_card(FILE *f, const char *key, double value, const char *format, double scale, const char *words) {
    fputs("<div><b>", f);
    html_number(f, key, value, format, scale);
    svg_put(f, "</b><span>%t</span></div>\n", words);
}

/* The share of the shift that the top 100 hold, by the ranking's metric. */
static void put_shift_cards(const page *p) {
    const scry_ranking *by = p->r->s->ranking;
    const char *metric = scry_metric_name(by->metric);
    char words[160];
    snprintf(words, sizeof words, "of the %s by %s (%s) is held by the top 100 of %u latents",
             chart_quantity(by->source), scry_source_text(by->source, by->against, (char[SCRY_SOURCE_TEXT]){""}),
             metric, by->latents);
    put_card(p->f, "card-share", scry_cumulative(by, 99), "%.1f%%", 100, words);
    scry_condition source = scry_other_source(p->r->s->index, by);
    scry_ranking *other =
        source == by->source ? NULL : scry_rank_for_overlap(p->r->s->index, by->train, source, by->metric, NULL);
    if (!other) return;
    size_t count;
    scry_overlap_point *points = scry_overlap(by, other, 100, &count);
    snprintf(words, sizeof words, "of the top 100 by each source (%s) are in both (%.1f expected by chance)", metric,
             points[count - 1].expected);
    put_card(p->f, "card-overlap", points[count - 1].overlap, "%.0f", 0, words);
    free(points);
    scry_ranking_free(other);
}

static void put_rho_cards(const page *p) {
    const scry_result *r = &p->result[p->r->s->score];
    char words[120];
    snprintf(words, sizeof words, "rho of STS %s with the %s, %zu domains", scry_score_name(p->r->s->score),
             change_name(p->r->scope->is_signed), r->fit.n);
    put_card(p->f, "card-pearson", r->fit.pearson, "%.3f", 0, words);
    put_card(p->f, "card-p", r->p_value, "%.4f", 0, "permutation p, two-sided");
    if (r->context.switches)
        put_card(p->f, "card-search-p", r->context.search_p, "%.4f", 0, "p that pays for the latents switched by hand");
    if (!isnan(r->context.random_tail))
        put_card(p->f, "card-random", r->context.random_tail, "%.4f", 0,
                 "two-sided p among random sets of the same size");
}

static void put_cards(const page *p) {
    const selection_context *s = p->r->s;
    fputs("<div class=\"cards\">\n", p->f);
    if (p->info->domains) put_rho_cards(p);
    if (s->ranking && s->ranking->latents >= 100) put_shift_cards(p);
    fputs("</div>\n", p->f);
}

static void put_correlations(const page *p) {
    static const result_column columns[] = {{"score", "score", NULL, 0},
                                            {"points", "domains", "%.0f", 0},
                                            {"pearson", "rho", "%.4f", 0},
                                            {"r2", "R2", "%.4f", 0},
                                            {"spearman", "Spearman", "%.4f", 0},
                                            {"p_value", "p", "%.5f", 0},
                                            {"loo_min", "leave-one-out, from", "%.3f", 0},
                                            {"loo_max", "to", "%.3f", 0},
                                            {"ci_low", "95%, from", "%.3f", 0},
                                            {"ci_high", "to", "%.3f", 0},
                                            {"random_mean", "random", "%.3f", 0},
                                            {"random_sd", "SD", "%.3f", 0},
                                            {"random_p", "random p", "%.4f", 0},
                                            {"matched_p", "matched p", "%.4f", 0},
                                            {"without_train", "without training domain", "%.3f", 0},
                                            {"search_p", "search-adjusted p", "%.4f", 0},
                                            {0}};
    cJSON *list = cJSON_CreateArray();
    for (int s = 0; s < SCRY_SCORES; s++)
        if (p->facts[s]) cJSON_AddItemReferenceToArray(list, p->facts[s]);
    const html_table t = {"correlation", "Correlation of each score with the measured change, and its statistics",
                          columns, "score", NULL};
    html_rows(p->f, &t, list);
    cJSON_Delete(list);
}

/* The context of the chosen score's rho. */
static void put_context(const page *p) {
    char *text = rho_context_text(p->facts[p->r->s->score]), *line, *rest = text;
    if (*text) fputs("<ul id=\"context\">\n", p->f);
    while ((line = strsep(&rest, "\n")))
        if (*line) svg_put(p->f, "<li>%t</li>\n", line);
    if (*text) fputs("</ul>\n", p->f);
    free(text);
}

static const cJSON *domain_at(const page *p, int score, int domain) {
    return cJSON_GetArrayItem(result_get(p->facts[score], "domains"), domain);
}

static void put_domains(const page *p) {
    char title[SCRY_SCORES][24];
    result_column columns[SCRY_SCORES + 5] = {{"name", "domain", NULL, 0}};
    size_t n = 1;
    int chosen = (int)p->r->s->score;
    for (int s = 0; s < SCRY_SCORES; s++) {
        if (!p->facts[s]) continue;
        snprintf(title[s], sizeof title[s], "STS %s", scry_score_name((scry_score)s));
        columns[n++] = (result_column){s == chosen ? "sts" : scry_score_name((scry_score)s), title[s], "%#.4g", 0};
    }
    columns[n++] = (result_column){"change", "change", "%+.2f", 0};
    columns[n++] = (result_column){"fitted", "fitted", p->r->scope->is_signed ? "%+.2f" : "%.2f", 0};
    columns[n++] = (result_column){"residual", "residual", "%+.2f", 0};
    columns[n] = (result_column){0};
    cJSON *list = cJSON_CreateArray();
    for (size_t d = 0; d < p->info->domains; d++) {
        cJSON *row = cJSON_Duplicate(domain_at(p, chosen, (int)d), true);
        for (int s = 0; s < SCRY_SCORES; s++)
            if (p->facts[s] && s != chosen)
                result_number(row, scry_score_name((scry_score)s), result_get_number(domain_at(p, s, (int)d), "sts"));
        cJSON_AddItemToArray(list, row);
    }
    char caption[120];
    snprintf(caption, sizeof caption, "Each domain; fitted and residual are of the %s by STS %s",
             change_name(p->r->scope->is_signed), scry_score_name((scry_score)chosen));
    const html_table t = {"domains", caption, columns, "name", "sts"};
    html_rows(p->f, &t, list);
    cJSON_Delete(list);
}

/* A label, or the tokens that hold most of the activation. */
static char *words_of(const scry_index *index, uint32_t latent) {
    const char *label = scry_label(index, latent);
    return label ? mem_copy_string(label) : scry_key_tokens(index, latent);
}

static void put_latents(const page *p) {
    static const result_column of_base[] = {{"rank", "rank", "%.0f", 0},
                                            {"latent", "latent", "%.0f", 0},
                                            {"in", "sel", NULL, 0},
                                            {"shift", "activation", "%#.4g", 0},
                                            {"share", "share", "%.2f%%", 100},
                                            {"cumulative", "cum. share", "%.1f%%", 100},
                                            {"mean_base", "mean", "%#.4g", 0},
                                            {"rate_base", "fires", "%.2f%%", 100},
                                            {"words", "label, or the tokens with most of its activation", NULL, 0},
                                            {0}};
    const char *reference = scry_reference_name(p->r->s->ranking->against);
    char mean[24], rate[24];
    snprintf(mean, sizeof mean, "mean, %s", reference);
    snprintf(rate, sizeof rate, "fires, %s", reference);
    const result_column columns[] = {{"rank", "rank", "%.0f", 0},
                                     {"latent", "latent", "%.0f", 0},
                                     {"in", "sel", NULL, 0},
                                     {"shift", "shift", "%#.4g", 0},
                                     {"share", "share", "%.2f%%", 100},
                                     {"cumulative", "cum. share", "%.1f%%", 100},
                                     {"mean_base", mean, "%#.4g", 0},
                                     {"mean_shifted", "shifted", "%#.4g", 0},
                                     {"rate_base", rate, "%.2f%%", 100},
                                     {"rate_shifted", "shifted", "%.2f%%", 100},
                                     {"words", "label, or the tokens with most of its activation", NULL, 0},
                                     {0}};
    enum { ROWS = 200 };
    const selection_context *s = p->r->s;
    cJSON *facts = rank_result(s->index, s->ranking, p->r->top < ROWS ? p->r->top : ROWS), *row;
    cJSON *list = cJSON_GetObjectItemCaseSensitive(facts, "latents");
    cJSON_ArrayForEach (row, list) {
        uint32_t latent = (uint32_t)result_get_number(row, "latent");
        char *words = words_of(s->index, latent);
        result_text(row, "words", words);
        cJSON_AddBoolToObject(row, "in", scry_set_has(s->set, latent));
        free(words);
    }
    char caption[160];
    snprintf(caption, sizeof caption, "The first of %u latents by %s %s", p->info->d_sae,
             scry_source_text(s->ranking->source, s->ranking->against, (char[SCRY_SOURCE_TEXT]){""}),
             scry_metric_name(s->ranking->metric));
    result_column with[sizeof columns / sizeof *columns + 2];
    differences_columns(s->index, s->ranking->source == SCRY_BASE ? of_base : columns, with);
    const html_table t = {"ranking", caption, with, "latent", "shift"};
    html_rows(p->f, &t, list);
    cJSON_Delete(facts);
}

static void put_tops(const page *p) {
    tops_table tops;
    baselines_tops(p->baselines, &tops);
    const html_table t = {"tops", "Share of the shift (sq) in the tops, and the overlap of two sources", tops.columns,
                          "n", NULL};
    html_rows(p->f, &t, result_get(p->baselines, "tops"));
}

static void put_baselines(const page *p) {
    const cJSON *none = result_get(p->baselines, "no_dimensions");
    const html_table t = {"baselines", "Other ways to predict the same changes, from the same captures",
                          baselines_columns, "name", NULL};
    html_rows(p->f, &t, result_get(p->baselines, "baselines"));
    if (cJSON_IsString(none)) {
        const char *why = strstr(none->valuestring, ": ");
        fputs("<p class=\"faint\">No rows of raw dimensions: ", p->f);
        put_clean(p->f, why ? why + 2 : none->valuestring);
        fputs("</p>\n", p->f);
    }
}

/* What the numbers of the scores are of all work, and with those of the baselines: the rest are the plots. */
static const double SCORES_SHARE = 0.2, NUMBERS_SHARE = 0.8;

static void compute(page *p) {
    const report *r = p->r;
    scry_best_baseline best = {0};
    if (r->s->ranking)
        scry_best_baseline_find(&best, r->s->index, r->s->ranking->source, r->top, r->scope, r->threads, r->cancel);
    for (int s = 0; s < SCRY_SCORES && !scry_cancelled(r->cancel); s++) {
        if (!scry_has_score(r->s->index, (scry_score)s)) continue;
        selection_context of = *r->s;
        of.score = (scry_score)s;
        selection_fit(&p->result[s], &of, r->scope);
        scry_result_finish(&p->result[s], of.index, of.score, of.set, of.untouched, r->scope, r->cancel);
        p->facts[s] = score_result(&of, &p->result[s], &best);
        scry_report_progress(r->cancel, SCORES_SHARE * (s + 1) / SCRY_SCORES);
    }
    const scry_cancel rest = scry_cancel_part(r->cancel, SCORES_SHARE, NUMBERS_SHARE);
    if (r->s->ranking && !scry_cancelled(r->cancel))
        p->baselines = baselines_result(r->s->index, r->s->ranking, r->top, r->scope, r->threads, &rest);
}

static void put_prediction(const page *p) {
    const report *r = p->r;
    fputs("<h2 id=\"predict\">Does the score predict the change?</h2>\n", p->f);
    put_correlations(p);
    put_context(p);
    scry_score other = r->s->score;
    for (int s = 0; s < SCRY_SCORES; s++)
        if (scry_scores[s].is_compared && s != (int)r->s->score) other = (scry_score)s;
    report_plots(p->f, r, &p->result[r->s->score], p->facts[other] ? &p->result[other] : NULL, other);
    put_domains(p);
}

static void write_page(const page *p) {
    const report *r = p->r;
    bool latents = r->s->ranking != NULL, domains = p->info->domains > 0;
    char title[400];
    text_clean(index_name_alone(p->info), title, sizeof title, false);
    html_begin(p->f, title);
    svg_put(p->f, "<h1>%t</h1>\n<p class=\"faint\">%t%t.</p>\n<nav>", title,
            latents && r->s->ranking->source == SCRY_BASE ? "Which latents the texts activate"
                                                          : "Which latents post-training moves",
            domains ? ", and how that changes each domain: SAE-based Transferability Scores and their correlation with "
                      "the measured change"
                    : "");
    if (domains) fputs("<a href=\"#predict\">correlation</a>", p->f);
    if (latents)
        svg_put(p->f, "<a href=\"#latents\">latents</a><a href=\"#shift\">%t</a>%s<a href=\"#tokens\">tokens</a>",
                chart_quantity(r->s->ranking->source), domains ? "<a href=\"#baselines-section\">baselines</a>" : "");
    fprintf(p->f, "%s<a href=\"#how\">how</a></nav>\n", domains ? "<a href=\"#mixture\">mixture</a>" : "");
    put_facts(p);
    put_cards(p);
    put_warnings(p);
    if (domains) put_prediction(p);
    if (latents) {
        bool alone = r->s->ranking->source == SCRY_BASE;
        fprintf(p->f, "<h2 id=\"latents\">The latents that %s most</h2>\n", alone ? "are active" : "move");
        put_latents(p);
        fprintf(p->f, "<h2 id=\"shift\">How concentrated the %s is%s</h2>\n", chart_quantity(r->s->ranking->source),
                alone ? "" : ", and how well it is predicted");
        report_shift_plots(p->f, r, &p->result[r->s->score]);
        if (!alone) put_tops(p);
    }
    if (latents && domains) {
        fputs("<h2 id=\"baselines-section\">Baselines for the score</h2>\n", p->f);
        put_baselines(p);
    }
    if (domains) {
        fputs("<h2 id=\"mixture\">A mixture by score</h2>\n", p->f);
        report_mix_plot(p->f, r, &p->result[r->s->score]);
    }
    if (latents) {
        fputs("<h2 id=\"tokens\">What the selection fires on</h2>\n<p class=\"faint\">The strongest samples of each of "
              "the "
              "first latents in the selection; the darker a token, the stronger the activation.</p>\n",
              p->f);
        report_tokens(p->f, r);
    }
    report_how(p->f, r);
    html_end(p->f);
}

bool report_check(const char *path, scry_error *err) {
    if (image_file_is_known(path))
        return scry_fail(err, "%s: a report is HTML; expected FILE.html, which a browser prints as PDF", path);
    return image_file_check(path, err);
}

bool report_write(const report *r, const char *path, scry_error *err) {
    atomic_file w;
    if (!report_check(path, err) || !atomic_file_begin(&w, path, err)) return false;
    page p = {.r = r, .info = scry_index_info(r->s->index), .f = w.file};
    compute(&p);
    if (!scry_cancelled(r->cancel)) write_page(&p);
    for (int s = 0; s < SCRY_SCORES; s++) {
        if (p.facts[s]) scry_result_free(&p.result[s]);
        cJSON_Delete(p.facts[s]);
    }
    cJSON_Delete(p.baselines);
    bool whole = !scry_cancelled(r->cancel);
    return atomic_file_end(&w, whole, err) && whole;
}
