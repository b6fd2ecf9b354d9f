/* latent.c: scry latent: one latent in detail; scry export-labels. */
#include "base/mem.h"
#include "shell/cli_context.h"
#include "labels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct asked {
    const options *o;
    scry_index *index;
    const scry_info *info;
    uint32_t latent, top;
    int capture;
    scry_latent_activations *fires;
    scry_token_pairing *pairs;
} asked;

enum { BINS = 20 };

/* Adds a row per bin and condition of the group, and under "distribution" the statistics of each condition. */
static void add_histogram(cJSON *facts, const asked *s, size_t train, bool logarithmic) {
    int group = s->capture >= 0 ? s->info->capture[s->capture].group : -1 - (int)train;
    bool *use = mem_new(s->info->captures, sizeof *use);
    cJSON *spreads = cJSON_AddArrayToObject(facts, "distribution"), *rows = cJSON_AddArrayToObject(facts, "histogram");
    scry_bins bins = {.logarithmic = logarithmic, .count = BINS, .low = INFINITY};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t c = 0; c < s->info->captures; c++) {
            if (s->info->capture[c].group != group) continue;
            for (size_t i = 0; i < s->info->captures; i++) use[i] = i == c;
            if (pass == 0) {
                scry_distribution p = scry_distribution_of(s->index, s->fires, use);
                cJSON *item = result_row(spreads);
                result_text(item, "capture", s->info->capture[c].name);
                result_numbers(item, {"tokens", (double)p.tokens}, {"fires", (double)p.fires},
                               {"silent", p.tokens ? 1 - (double)p.fires / (double)p.tokens : (double)NAN},
                               {"mean", p.mean}, {"mean_firing", p.mean_firing});
                static const char *const names[SCRY_QUANTILES] = {"q05", "q25", "q50", "q75", "q95"};
                for (int q = 0; q < SCRY_QUANTILES; q++) result_number(item, names[q], p.quantile[q]);
                result_number(item, "max", p.most);
                bins.low = fmin(bins.low, p.least);
                bins.high = fmax(bins.high, p.most);
                continue;
            }
            uint64_t counts[BINS];
            scry_histogram(s->index, s->fires, use, &bins, counts);
            for (uint32_t b = 0; b < BINS && bins.high > 0; b++) {
                cJSON *item = result_row(rows);
                result_text(item, "capture", s->info->capture[c].name);
                result_numbers(item, {"from", scry_bin_edge(&bins, b)}, {"to", scry_bin_edge(&bins, b + 1)},
                               {"tokens", (double)counts[b]});
            }
        }
        if (!logarithmic || !isfinite(bins.low)) bins.low = 0;
    }
    free(use);
}

static bool add_profile(cJSON *facts, const asked *s, scry_error *err) {
    selection_context of = {.index = s->index};
    scry_score score;
    scry_set *set = cli_rank(s->o, &of, err) && cli_score(s->o, s->index, &score, err)
                        ? cli_selection(s->o, s->index, of.ranking, err)
                        : NULL;
    scry_profile *all = mem_new(s->info->domains, sizeof *all);
    if (set) {
        scry_scorer *scorer = scry_scorer_new(s->index, score);
        scry_scorer_load(scorer, set);
        scry_profile_of(s->index, s->pairs, s->fires, all);
        const float *contribution = scry_contribution(s->index, score, s->latent);
        result_text(facts, "score", scry_score_name(score));
        result_text(facts, "against", scry_reference_name(s->info->against));
        cJSON_AddBoolToObject(facts, "included", scry_set_has(set, s->latent));
        cJSON *rows = cJSON_AddArrayToObject(facts, "profile");
        for (size_t d = 0; d < s->info->domains; d++) {
            double sts = scry_scorer_value(scorer, d);
            double adds = isnan(sts) ? (double)NAN : (double)contribution[d];
            double part = scry_score_part(score, adds, set, s->latent);
            cJSON *item = result_row(rows);
            result_text(item, "name", s->info->domain[d].name);
            result_numbers(item, {"mean", all[d].mean}, {"rate", all[d].rate}, {"mean_icl", all[d].mean_icl},
                           {"rate_icl", all[d].rate_icl}, {"icl_difference", all[d].difference}, {"contribution", adds},
                           {"share", scry_set_has(set, s->latent) && sts > 0 ? part / sts : (double)NAN});
        }
        scry_scorer_free(scorer);
    }
    free(all);
    bool ok = set != NULL;
    scry_set_free(set);
    scry_ranking_free(of.ranking);
    return ok;
}

static void add_neighbour_rows(cJSON *rows, const asked *s, const scry_decoder_neighbours *n, bool opposite) {
    scry_neighbour *list = mem_new(s->top, sizeof *list);
    size_t count = scry_decoder_neighbours_list(n, opposite, s->top, list);
    for (size_t i = 0; i < count; i++) {
        cJSON *item = result_row(rows);
        result_text(item, "side", opposite ? "opposite" : "nearest");
        result_numbers(item, {"latent", list[i].latent}, {"cosine", list[i].cosine});
        add_names(item, s->index, list[i].latent);
    }
    free(list);
}

/* Without a decoder: null, and the reason. */
static void add_neighbours(cJSON *facts, const asked *s) {
    scry_error err = {0};
    scry_decoder_neighbours *n = scry_decoder_neighbours_start(s->index, s->latent, 0, &err);
    if (!n) {
        cJSON_AddNullToObject(facts, "neighbours");
        result_text(facts, "no_neighbours", err.text);
        return;
    }
    scry_decoder_neighbours_work(n, 0);
    cJSON *rows = cJSON_AddArrayToObject(facts, "neighbours");
    add_neighbour_rows(rows, s, n, false);
    add_neighbour_rows(rows, s, n, true);
    scry_decoder_neighbours_free(n);
}

static bool add_together(cJSON *facts, const asked *s, scry_error *err) {
    int order = 0;
    while (s->o->order && order < SCRY_COACTIVE_ORDERS && strcmp(scry_coactive_order_name[order], s->o->order) != 0)
        order++;
    if (order == SCRY_COACTIVE_ORDERS)
        return scry_misuse(err, "--order: found \"%.40s\", expected jaccard, both or pmi", s->o->order);
    scry_coactivation *t = scry_coactivation_start(s->index, s->latent, s->capture, 0);
    scry_coactivation_work(t, 0);
    scry_coactive *list = mem_new(s->top, sizeof *list);
    size_t count = scry_coactivation_list(t, (scry_coactive_order)order, s->top, list);
    uint64_t fires, tokens = scry_coactivation_tokens(t, &fires);
    result_text(facts, "together_over", s->capture < 0 ? "all base captures" : s->info->capture[s->capture].name);
    result_numbers(facts, {"together_tokens", (double)tokens}, {"together_fires", (double)fires});
    cJSON *rows = cJSON_AddArrayToObject(facts, "together");
    for (size_t i = 0; i < count; i++) {
        cJSON *item = result_row(rows);
        result_numbers(item, {"latent", list[i].latent}, {"jaccard", list[i].jaccard}, {"both", list[i].both},
                       {"fires", list[i].fires}, {"pmi", list[i].pmi});
        add_names(item, s->index, list[i].latent);
    }
    free(list);
    scry_coactivation_free(t);
    return true;
}

/* Without --page only where nothing has to be computed. */
static bool add_logits(cJSON *facts, const asked *s, scry_error *err) {
    scry_logits *logits = scry_logits_new(s->index, NULL, 0, 0);
    scry_token_logit tokens[SCRY_LOGIT_SIDES * SCRY_LOGITS_KEPT];
    bool show = s->o->page || scry_logits_at_hand(logits, s->latent, SCRY_LOGITS_KEPT);
    bool ok = !show || scry_logits_read(logits, &s->latent, 1, SCRY_LOGITS_KEPT, tokens, NULL, err);
    cJSON *found = ok && show ? logits_result(s->index, s->latent, tokens, SCRY_LOGITS_KEPT) : NULL;
    if (found && (s->o->json || s->o->csv)) logits_add_csv_rows(facts, "logits", found);
    else if (found) logits_add_rows(facts, "logits", found);
    cJSON_Delete(found);
    scry_logits_close(logits);
    return ok;
}

static const result_column distribution_columns[] = {
    {"capture", "capture", NULL, 0},     {"tokens", "tokens", "%.0f", 0},
    {"silent", "silent", "%.2f%%", 100}, {"mean", "mean", "%.4g", 0},
    {"q50", "median", "%.4g", 0},        {"q95", "95%", "%.4g", 0},
    {"max", "max", "%.4g", 0},           {0}};
static const result_column histogram_columns[] = {{"capture", "capture", NULL, 0},
                                                  {"from", "from", "%.4g", 0},
                                                  {"to", "to", "%.4g", 0},
                                                  {"tokens", "tokens", "%.0f", 0},
                                                  {0}};
static const result_column profile_columns[] = {{"name", "domain", NULL, 0},
                                                {"mean", "mean", "%.4g", 0},
                                                {"rate", "fires", "%.2f%%", 100},
                                                {"mean_icl", "mean icl", "%.4g", 0},
                                                {"rate_icl", "fires icl", "%.2f%%", 100},
                                                {"icl_difference", "icl change", "%+.4g", 0},
                                                {"contribution", "contribution", "%.4g", 0},
                                                {"share", "share", "%.2f%%", 100},
                                                {0}};
static const result_column neighbour_columns[] = {
    {"side", "side", NULL, 0}, {"cosine", "cosine", "%+.4f", 0}, {"latent", "latent", "%.0f", 0}, NAME_COLUMNS, {0}};
static const result_column together_columns[] = {{"latent", "latent", "%.0f", 0},
                                                 {"jaccard", "jaccard", "%.4f", 0},
                                                 {"both", "both", "%.0f", 0},
                                                 {"fires", "fires", "%.0f", 0},
                                                 {"pmi", "pmi", "%+.2f", 0},
                                                 NAME_COLUMNS,
                                                 {0}};

typedef struct section {
    const char *page, *list, *title;
    const result_column *columns;
} section;
static const section sections[] = {
    {"histogram", "distribution", "activations", distribution_columns},
    {"histogram", "histogram", "tokens on which it fires, by activation", histogram_columns},
    {"profile", "profile", "domains", profile_columns},
    {"neighbours", "neighbours", "decoder neighbours", neighbour_columns},
    {"together", "together", "coactive latents: those that fire on the same tokens", together_columns},
    {"logits", "logits", "tokens that it promotes and suppresses, by the direct path", logits_columns}};
enum { SECTIONS = sizeof sections / sizeof *sections };

static bool wanted(const options *o, const char *page) {
    return !o->page || strcmp(o->page, page) == 0;
}

/* Printing a table deletes its JSON, so each section is first detached from the whole. */
static int print_sections(const options *o, cJSON *facts) {
    int status = 0;
    for (size_t i = 0; i < SECTIONS && status == 0; i++) {
        cJSON *rows = cJSON_DetachItemFromObjectCaseSensitive(facts, sections[i].list);
        if (!rows) continue;
        char head[700];
        const char *why = result_get_text(facts, "no_neighbours");
        bool none = !cJSON_IsArray(rows);
        snprintf(head, sizeof head, "\n%s%s%s\n", sections[i].title, none ? ": none; " : "", none && why ? why : "");
        cJSON *part = cJSON_CreateObject();
        cJSON_AddItemToObject(part, sections[i].list, rows);
        status = output_print(o, part, sections[i].list, none ? NULL : sections[i].columns, head);
    }
    cJSON_Delete(facts);
    return status;
}

static int print(const options *o, cJSON *facts) {
    if (o->json) return output_print(o, facts, "", NULL, NULL);
    if (!o->csv) {
        const char *label = result_get_text(facts, "label");
        char safe[SCRY_LABEL_MOST], *tokens = result_quoted(result_get(facts, "key_tokens"));
        output_safe(label ? label : "", safe, sizeof safe);
        output_format("latent %.0f%s%s\n", result_get_number(facts, "latent"), safe[0] ? "  " : "", safe);
        output_safe(tokens, safe, sizeof safe);
        if (safe[0]) output_format("key tokens %s\n", safe);
        free(tokens);
        return print_sections(o, facts);
    }
    for (size_t i = 0; i < SECTIONS; i++) /* of the histogram's two sections, its rows */
        if (strcmp(sections[i].list, o->page) == 0)
            return output_print(o, facts, sections[i].list,
                                sections[i].columns == logits_columns ? logits_csv_columns : sections[i].columns, NULL);
    cJSON_Delete(facts);
    return 0;
}

static bool page_is_known(const options *o, scry_error *err) {
    const char *names[SECTIONS];
    size_t count = 0;
    for (size_t i = 0; i < SECTIONS; i++)
        if (!count || strcmp(names[count - 1], sections[i].page) != 0) names[count++] = sections[i].page;
    char pages[SCRY_CHOICES];
    alternatives(pages, sizeof pages, names, sizeof *names, count);
    bool known = !o->page;
    for (size_t i = 0; i < SECTIONS && !known; i++) known = strcmp(sections[i].page, o->page) == 0;
    if (!known) return scry_misuse(err, "--page: found \"%.40s\", expected %s", o->page, pages);
    return !o->csv || o->page || scry_misuse(err, "--csv prints one page: add --page %s", pages);
}

static int show(const asked *s, scry_error *err) {
    cJSON *facts = cJSON_CreateObject();
    result_number(facts, "latent", s->latent);
    add_names(facts, s->index, s->latent);
    result_number(facts, "activations", (double)scry_postings(s->index, s->latent));
    size_t train;
    bool ok = page_is_known(s->o, err) && cli_train(s->o, s->index, &train, err);
    if (ok && wanted(s->o, "histogram")) add_histogram(facts, s, train, s->o->log != NULL);
    if (ok && wanted(s->o, "profile")) ok = add_profile(facts, s, err);
    if (ok && wanted(s->o, "neighbours")) add_neighbours(facts, s);
    if (ok && wanted(s->o, "together")) ok = add_together(facts, s, err);
    if (ok && wanted(s->o, "logits")) ok = add_logits(facts, s, err);
    if (ok) return print(s->o, facts);
    cJSON_Delete(facts);
    return output_error(err);
}

int shell_latent(const options *o) {
    scry_error err = {0};
    asked s = {.o = o, .capture = -1, .index = cli_open(o, &err)};
    if (!s.index) return output_error(&err);
    s.info = scry_index_info(s.index);
    int status;
    if (!cli_needs_latents(s.index, &err) || !cli_latent(o, s.index, &s.latent, &err) ||
        !cli_capture(o, s.index, &s.capture, &err) || !options_number("--list", o->list, 1, 20, &s.top, &err)) {
        status = output_error(&err);
    } else {
        if (s.top > s.info->d_sae) s.top = s.info->d_sae;
        s.fires = scry_latent_activations_read(s.index, s.latent);
        s.pairs = scry_token_pairing_new(s.index);
        status = show(&s, &err);
    }
    scry_latent_activations_free(s.fires);
    scry_token_pairing_free(s.pairs);
    scry_close(s.index);
    return status;
}

int shell_export_labels(const options *o) {
    scry_error err = {0};
    scry_index *index = cli_open(o, &err);
    if (!index) return output_error(&err);
    uint32_t count = 0;
    bool ok = (o->out || scry_misuse(&err, "export-labels needs -o FILE, ending in .jsonl or .csv")) &&
              scry_labels_write(index, o->out, &count, &err);
    if (ok) output_say("%u labels written to %s", count, o->out);
    scry_close(index);
    return ok ? 0 : output_error(&err);
}
