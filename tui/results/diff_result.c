/* diff_result.c: where two models speak differently. */
#include "results/diff_result.h"
#include "base/escape.h"
#include "base/mem.h"
#include "text/number_format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BEFORE = 12, AFTER = 4 }; /* tokens around a place */

/* The text of a token; of one that the tokenizer lacks, its number. */
static const char *token_text(const diff_view *v, uint32_t id, char number[24]) {
    const char *piece = scry_diff_piece(v->diff, id);
    snprintf(number, 24, "<%u>", id);
    return piece ? piece : number;
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_words(cJSON *to, const diff_view *v, size_t group) {
    scry_diff_word *words[2];
    static const char *const keys[] = {"gained", "lost"};
    for (int side = 0; side < 2; side++) words[side] = mem_new(v->words, sizeof **words);
    size_t count = scry_diff_vocabulary(v->diff, group, v->words, words[0], words[1]);
    for (int side = 0; side < 2; side++) {
        cJSON *list = cJSON_AddArrayToObject(to, keys[side]);
        for (size_t i = 0; i < count; i++) {
            char number[24];
            cJSON *item = result_row(list);
            result_text(item, "token", token_text(v, words[side][i].id, number));
            result_numbers(item, {"id", words[side][i].id}, {"probability", words[side][i].probability},
                           {"top20_share", words[side][i].pushed});
        }
        free(words[side]);
    }
}

static double change_of(const diff_view *v, const scry_diff_group *g) {
    const scry_info *info = v->index ? scry_index_info(v->index) : NULL;
    for (size_t d = 0; info && !g->is_train && d < info->domains; d++)
        if (strcmp(info->domain[d].name, g->name) == 0) return info->domain[d].change[v->train];
    return NAN;
}

static void add_group(cJSON *list, const diff_view *v, size_t number) {
    const scry_diff_group *g = &v->diff->group[number];
    cJSON *item = result_row(list);
    result_text(item, "name", g->name);
    cJSON_AddBoolToObject(item, "is_train", g->is_train);
    result_numbers(item, {"n", (double)g->tokens}, {"samples", (double)g->samples}, {"left_out", (double)g->left_out},
                   {"kl", g->kl}, {"kl_se", g->kl_se}, {"loss_base", g->loss_base}, {"loss_tuned", g->loss_tuned},
                   {"loss_change", -g->gain}, {"loss_change_se", g->gain_se}, {"top1_changed", g->differs},
                   {"top1_changed_se", g->differs_se}, {"change", change_of(v, g)});
    if (v->words && v->by_domain) add_words(item, v, number);
}

static void add_next(cJSON *item, const char *key, const diff_view *v, const scry_diff_place *p, int model) {
    cJSON *list = cJSON_AddArrayToObject(item, key);
    for (int k = 0; k < SCRY_DIFF_NEXT; k++) {
        char number[24];
        cJSON *one = result_row(list);
        result_text(one, "token", token_text(v, p->next[model][k].id, number));
        result_numbers(one, {"id", p->next[model][k].id}, {"probability", p->next[model][k].probability});
    }
}

static void add_place(cJSON *list, const diff_view *v, const scry_diff_place *p) {
    char number[24];
    cJSON *item = result_row(list);
    const size_t from = p->at > BEFORE ? p->at - BEFORE : 0,
                 to = p->count - p->at > AFTER ? p->at + 1 + AFTER : p->count;
    result_text(item, "name", v->diff->group[p->group].name);
    result_numbers(item, {"sample", p->sample}, {"position", (double)p->at});
    result_text(item, "token", token_text(v, p->ids[p->at], number));
    result_numbers(item, {"kl", p->kl}, {"loss_change", -p->gain});
    cJSON *context = cJSON_AddArrayToObject(item, "context");
    for (size_t i = from; i < to; i++) cJSON_AddItemToArray(context, result_string(token_text(v, p->ids[i], number)));
    result_number(item, "context_position", (double)(p->at - from));
    add_next(item, "next_base", v, p, 0);
    add_next(item, "next_tuned", v, p, 1);
}

cJSON *diff_result(const diff_view *v) {
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "base", v->diff->base);
    result_text(facts, "tuned", v->diff->tuned);
    result_text(facts, "rows", v->all_tokens ? "all" : "response");
    cJSON *list = cJSON_AddArrayToObject(facts, "domains");
    for (size_t g = 0; g < v->diff->groups; g++) add_group(list, v, g);
    if (v->places) {
        static const char *const names[] = {
#define BY(id, name, help) name,
            SCRY_DIFF_BY_TABLE(BY)
#undef BY
        };
        result_text(facts, "places_by", names[v->by]);
        list = cJSON_AddArrayToObject(facts, "places");
        for (size_t i = 0; i < v->diff->place_count; i++) add_place(list, v, &v->diff->place[i]);
    }
    if (v->words && !v->by_domain) add_words(facts, v, SCRY_DIFF_ALL);
    if (v->result) add_rho(facts, scry_index_info(v->index), v->result, NULL);
    return facts;
}

/* ---- tables --------------------------------------------------------------------------------- */

void diff_domain_columns(const diff_view *v, result_column out[8]) {
    static const result_column columns[] = {{"name", "domain", NULL, 0},
                                            {"n", "tokens", "%.0f", 0},
                                            {"kl", "KL", "%.4f", 0},
                                            {"kl_se", "s.e.", "%.4f", 0},
                                            {"loss_change", "loss", "%+.4f", 0},
                                            {"loss_change_se", "s.e.", "%.4f", 0},
                                            {"top1_changed", "top-1%", "%.1f", 100}};
    size_t n = 0;
    for (; n < sizeof columns / sizeof *columns; n++) out[n] = columns[n];
    if (v->result) out[n++] = (result_column){"change", "change", "%+.2f", 0};
    out[n] = (result_column){0};
}

const result_column diff_place_columns[] = {{"name", "domain", NULL, 0},         {"sample", "text", "%.0f", 0},
                                            {"position", "token", "%.0f", 0},    {"kl", "KL", "%.3f", 0},
                                            {"loss_change", "loss", "%+.3f", 0}, {"before", "before", NULL, 0},
                                            {"there", "token", NULL, 0},         {"base", "base expects", NULL, 0},
                                            {"tuned", "tuned expects", NULL, 0}, {0}};
/* clang-format off */
#define WORD_COLUMNS                                                                                                   \
    {"gained", "gained", NULL, 0}, {"gained_probability", "points", "%+.3f", 100},                                     \
    {"gained_share", "top 20%", "%.1f", 100}, {"lost", "lost", NULL, 0},                                               \
    {"lost_probability", "points", "%+.3f", 100}, {"lost_share", "top 20%", "%.1f", 100}, {0}
/* clang-format on */
const result_column diff_word_columns[] = {WORD_COLUMNS};
const result_column diff_domain_word_columns[] = {{"name", "domain", NULL, 0}, WORD_COLUMNS};

/* Tokens from..to of a list, joined. */
static char *joined(const cJSON *list, int from, int to) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    for (int i = from; i < to; i++) fputs(cJSON_GetArrayItem(list, i)->valuestring, f);
    mem_stream_end(f);
    return text;
}

/* The end of a text that has more than `most` characters, at the beginning of one. */
static const char *end_of(const char *text, size_t most) {
    const char *at = text + strlen(text);
    for (size_t n = 0; n < most && at > text; n++) do
            at--;
        while (at > text && ((unsigned char)*at & 0xC0) == 0x80);
    return at;
}

/* "\" is\" .93  \" was\" .02" */
static void add_expected(cJSON *row, const char *key, const cJSON *next) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    for (int k = 0; k < 2; k++) {
        const cJSON *one = cJSON_GetArrayItem(next, k);
        if (k) fputs("  ", f);
        quote_text(f, result_get_text(one, "token"));
        fprintf(f, " %.2f", result_get_number(one, "probability"));
    }
    mem_stream_end(f);
    result_text(row, key, text);
    free(text);
}

static void add_place_row(cJSON *rows, const cJSON *place) {
    const cJSON *context = result_get(place, "context");
    const int at = (int)result_get_number(place, "context_position");
    cJSON *row = result_row(rows);
    char *before = joined(context, 0, at);
    result_text(row, "name", result_get_text(place, "name"));
    result_numbers(row, {"sample", result_get_number(place, "sample")},
                   {"position", result_get_number(place, "position")}, {"kl", result_get_number(place, "kl")},
                   {"loss_change", result_get_number(place, "loss_change")});
    result_text(row, "before", end_of(before, 24));
    const char *const token = result_get_text(place, "token");
    result_texts(row, "there", &token, 1);
    add_expected(row, "base", result_get(place, "next_base"));
    add_expected(row, "tuned", result_get(place, "next_tuned"));
    free(before);
}

static void add_word_rows(cJSON *rows, const cJSON *of, const char *name) {
    const cJSON *gained = result_get(of, "gained"), *lost = result_get(of, "lost");
    for (int i = 0; i < cJSON_GetArraySize(gained); i++) {
        const cJSON *up = cJSON_GetArrayItem(gained, i), *down = cJSON_GetArrayItem(lost, i);
        const char *const up_token = result_get_text(up, "token"), *const down_token = result_get_text(down, "token");
        cJSON *row = result_row(rows);
        if (name) result_text(row, "name", name);
        result_texts(row, "gained", &up_token, 1);
        result_numbers(row, {"gained_probability", result_get_number(up, "probability")},
                       {"gained_share", result_get_number(up, "top20_share")});
        result_texts(row, "lost", &down_token, 1);
        result_numbers(row, {"lost_probability", result_get_number(down, "probability")},
                       {"lost_share", result_get_number(down, "top20_share")});
    }
}

void diff_add_rows(cJSON *facts, const diff_view *v) {
    const cJSON *item;
    cJSON *rows = cJSON_AddArrayToObject(facts, "place_rows");
    cJSON_ArrayForEach (item, result_get(facts, "places")) add_place_row(rows, item);
    rows = cJSON_AddArrayToObject(facts, "word_rows");
    if (!v->by_domain) add_word_rows(rows, facts, NULL);
    else
        cJSON_ArrayForEach (item, result_get(facts, "domains"))
            add_word_rows(rows, item, result_get_text(item, "name"));
}

static void rho_lines(FILE *f, const cJSON *facts, const diff_view *v) {
    const double rho = result_get_number(facts, "pearson");
    if (isnan(rho)) {
        fputs("no correlation: fewer than 3 domains have a KL and a measured change, or all are equal\n", f);
        return;
    }
    fprintf(f,
            "after the fact (it needs the tuned model): rho %.4f (Pearson's r) of KL with the %s over %.0f domains\n"
            "Spearman %.4f   permutation p %.5f",
            rho, change_name(v->is_signed), result_get_number(facts, "points"), result_get_number(facts, "spearman"),
            result_get_number(facts, "p_value"));
    if (v->result->context.train_domain >= 0 && !isnan(v->result->context.without_train))
        fprintf(f, "   without the training set's own domain %.4f", v->result->context.without_train);
    fputc('\n', f);
}

char *diff_head(const cJSON *facts, const diff_view *v) {
    char *text = NULL;
    size_t size;
    double samples = 0, tokens = 0, left_out = 0;
    FILE *f = mem_stream(&text, &size);
    for (size_t g = 0; g < v->diff->groups; g++) {
        samples += (double)v->diff->group[g].samples;
        tokens += (double)v->diff->group[g].tokens;
        left_out += (double)v->diff->group[g].left_out;
    }
    fprintf(f,
            "KL(tuned || base) of the next token and the change of its loss, in nats, and how often another token\n"
            "becomes the most likely one: means over %.0f tokens of %s, %.0f texts",
            tokens, v->all_tokens ? "texts" : "responses", samples);
    if (left_out > 0) fprintf(f, " (%.0f left out)", left_out);
    fputc('\n', f);
    if (v->result) rho_lines(f, facts, v);
    mem_stream_end(f);
    return text;
}
