/* lens_result.c: mean differences and what they say. */
#include "results/lens_result.h"
#include "base/mem.h"
#include "text/number_format.h"
#include "text/text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const token_lists[SCRY_LOGIT_SIDES] = {"promoted", "suppressed"};
static const char *const latent_lists[2] = {"nearest", "opposite"};

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_tokens(cJSON *item, const lens_view *v, size_t row) {
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
        if (!v->tokens) {
            cJSON_AddNullToObject(item, token_lists[side]);
            continue;
        }
        cJSON *list = cJSON_AddArrayToObject(item, token_lists[side]);
        const scry_token_logit *one = v->tokens + (row * SCRY_LOGIT_SIDES + (size_t)side) * v->top;
        for (size_t i = 0; i < v->top && one[i].id != SCRY_NO_TOKEN; i++) {
            cJSON *token = result_row(list);
            result_text(token, "token", one[i].token);
            result_numbers(token, {"logit", (double)one[i].logit}, {"id", one[i].id});
        }
    }
}

static void add_latents(cJSON *item, const lens_view *v, size_t row) {
    for (size_t side = 0; side < 2; side++) {
        cJSON *list = cJSON_AddArrayToObject(item, latent_lists[side]);
        const scry_neighbour *one = v->neighbours + (row * 2 + side) * v->top;
        for (size_t i = 0; i < v->neighbour_count[row * 2 + side]; i++) {
            cJSON *latent = result_row(list);
            result_numbers(latent, {"latent", one[i].latent}, {"cosine", one[i].cosine});
            cJSON_AddBoolToObject(latent, "in_set", scry_set_has(v->of->set, one[i].latent));
            add_names(latent, v->of->index, one[i].latent);
        }
    }
}

static void add_row(cJSON *item, const lens_view *v, size_t row) {
    const scry_lens_mean *m = &v->means->mean[v->row[row]];
    result_numbers(item, {"position", m->position == SCRY_LENS_ALL ? (double)NAN : m->position},
                   {"pairs", (double)m->pairs}, {"norm", m->norm}, {"reference_norm", m->reference_norm},
                   {"ratio", m->norm / m->reference_norm}, {"difference_norm", m->difference_norm},
                   {"consistency", m->norm / m->difference_norm}, {"share", v->share[row]},
                   {"random_mean", v->random_sets ? v->random_mean[row] : (double)NAN},
                   {"random_sd", v->random_sets ? v->random_sd[row] : (double)NAN});
    add_tokens(item, v, row);
    add_latents(item, v, row);
}

cJSON *lens_result(const lens_view *v) {
    const scry_info *info = scry_index_info(v->of->index);
    const scry_lens_means *m = v->means;
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "train", info->train[v->query->train].name);
    result_text(facts, "domain", v->query->domain == SCRY_LENS_TRAIN ? NULL : info->domain[v->query->domain].name);
    result_text(facts, "of", scry_condition_name(v->query->of));
    result_text(facts, "against", scry_reference_name(v->query->against));
    result_text(facts, "source", scry_lens_source_name(m->source));
    result_text(facts, "model", *m->model ? m->model : NULL);
    result_text(facts, "tuned", *m->tuned ? m->tuned : NULL);
    cJSON_AddBoolToObject(facts, "kept", m->was_kept);
    result_text(facts, "through", v->tokens ? scry_lens_through_name(v->through) : NULL);
    result_text(facts, "output_model", v->tokens ? v->output_model : NULL);
    result_number(facts, "n", v->of->set->count);
    result_text(facts, "by", scry_condition_name(v->of->ranking->source));
    result_numbers(facts, {"rank", v->rank}, {"chance", info->d_model ? (double)v->rank / info->d_model : (double)NAN});
    result_numbers(facts, {"random_sets", v->random_sets}, {"seed", (double)v->seed});
    cJSON *list = cJSON_AddArrayToObject(facts, "positions");
    for (size_t i = 0; i < v->rows; i++) add_row(result_row(list), v, i);
    return facts;
}

/* ---- tables --------------------------------------------------------------------------------- */

const char *lens_position_text(double position, char out[16]) {
    if (isnan(position)) snprintf(out, 16, "all");
    else snprintf(out, 16, "%.0f", position);
    return out;
}

static const result_column position_columns[] = {{"position", "position", NULL, 0},
                                                 {"pairs", "pairs", "%.0f", 0},
                                                 {"norm", "norm", "%.4f", 0},
                                                 {"reference_norm", "residual's", "%.3f", 0},
                                                 {"ratio", "ratio", "%.4f", 0},
                                                 {"difference_norm", "a pair's", "%.3f", 0},
                                                 {"consistency", "consistency", "%.4f", 0},
                                                 {"share", "share", "%.4f", 0},
                                                 {"random_mean", "random", "%.4f", 0},
                                                 {"random_sd", "SD", "%.4f", 0},
                                                 {0}};

const result_column lens_columns[] = {{"position", "position", NULL, 0},
                                      {"promoted", "promotes", NULL, 0},
                                      {"logit", "logit", "%+.2f", 0},
                                      {"suppressed", "suppresses", NULL, 0},
                                      {"logit_suppressed", "logit", "%+.2f", 0},
                                      {"nearest", "nearest", "%.0f", 0},
                                      {"cosine", "cosine", "%+.3f", 0},
                                      {"opposite", "opposite", "%.0f", 0},
                                      {"cosine_opposite", "cosine", "%+.3f", 0},
                                      {0}};
const result_column lens_latent_columns[] = {
    {"position", "position", NULL, 0},   {"nearest", "nearest", "%.0f", 0},         {"cosine", "cosine", "%+.3f", 0},
    {"opposite", "opposite", "%.0f", 0}, {"cosine_opposite", "cosine", "%+.3f", 0}, {0}};
const result_column lens_csv_columns[] = {{"position", "position", NULL, 0},
                                          {"pairs", "pairs", "%.0f", 0},
                                          {"norm", "norm", "%.9g", 0},
                                          {"reference_norm", "reference_norm", "%.9g", 0},
                                          {"ratio", "ratio", "%.9g", 0},
                                          {"difference_norm", "difference_norm", "%.9g", 0},
                                          {"consistency", "consistency", "%.9g", 0},
                                          {"share", "share", "%.9g", 0},
                                          {"random_mean", "random_mean", "%.9g", 0},
                                          {"random_sd", "random_sd", "%.9g", 0},
                                          {"rank", "rank", "%.0f", 0},
                                          {"promoted", "promoted", NULL, 0},
                                          {"logit", "logit", "%.9g", 0},
                                          {"suppressed", "suppressed", NULL, 0},
                                          {"logit_suppressed", "logit_suppressed", "%.9g", 0},
                                          {"nearest", "nearest", "%.0f", 0},
                                          {"cosine", "cosine", "%.9g", 0},
                                          {"opposite", "opposite", "%.0f", 0},
                                          {"cosine_opposite", "cosine_opposite", "%.9g", 0},
                                          {0}};

static void add_token(cJSON *line, const char *key, const char *number, const cJSON *token, bool csv) {
    const cJSON *text = result_get(token, "token");
    if (csv || !text) result_text(line, key, text ? text->valuestring : NULL);
    else {
        cJSON *one = cJSON_CreateArray();
        cJSON_AddItemToArray(one, cJSON_Duplicate(text, true));
        char *quoted = result_quoted(one);
        result_text(line, key, quoted);
        free(quoted);
        cJSON_Delete(one);
    }
    result_number(line, number, result_get_number(token, "logit"));
}

static void add_line(cJSON *line, const cJSON *position, int rank, bool csv) {
    static const char *const figures[] = {"pairs",           "norm",        "reference_norm", "ratio",
                                          "difference_norm", "consistency", "share"};
    const cJSON *of[4];
    for (int side = 0; side < 2; side++) {
        of[side] = cJSON_GetArrayItem(result_get(position, token_lists[side]), rank);
        of[2 + side] = cJSON_GetArrayItem(result_get(position, latent_lists[side]), rank);
    }
    char words[16];
    lens_position_text(result_get_number(position, "position"), words);
    result_text(line, "position", csv || !rank ? words : "");
    for (size_t i = 0; csv && i < sizeof figures / sizeof *figures; i++)
        result_number(line, figures[i], result_get_number(position, figures[i]));
    if (csv) result_number(line, "rank", rank + 1);
    add_token(line, "promoted", "logit", of[0], csv);
    add_token(line, "suppressed", "logit_suppressed", of[1], csv);
    result_numbers(line, {"nearest", result_get_number(of[2], "latent")},
                   {"cosine", result_get_number(of[2], "cosine")}, {"opposite", result_get_number(of[3], "latent")},
                   {"cosine_opposite", result_get_number(of[3], "cosine")});
}

void lens_add_lines(cJSON *facts, bool csv) {
    cJSON *lines = cJSON_AddArrayToObject(facts, "lines");
    const cJSON *position;
    cJSON_ArrayForEach (position, result_get(facts, "positions")) {
        int most = csv ? 1 : 0; /* a position without pairs has its figures in a file all the same */
        for (int side = 0; side < 2; side++) {
            int tokens = cJSON_GetArraySize(result_get(position, token_lists[side]));
            int latents = cJSON_GetArraySize(result_get(position, latent_lists[side]));
            if (tokens > most) most = tokens;
            if (latents > most) most = latents;
        }
        for (int i = 0; i < most; i++) add_line(result_row(lines), position, i, csv);
    }
}

char *lens_head(const cJSON *facts) {
    char *text = NULL, words[16], name[300];
    size_t size;
    FILE *f = mem_stream(&text, &size);
    const char *domain = result_get_text(facts, "domain"), *train = result_get_text(facts, "train"),
               *tuned = result_get_text(facts, "tuned"), *through = result_get_text(facts, "through");
    const double n = result_get_number(facts, "n");
    text_clean(domain ? domain : train, name, sizeof name, false);
    fprintf(f, "mean difference of residuals, %s - %s, %s%s, from %s%s%s%s\n", result_get_text(facts, "of"),
            result_get_text(facts, "against"), domain ? "" : "training set ", name,
            tuned ? "the models " : "the study's captures", tuned ? result_get_text(facts, "model") : "",
            tuned ? " and " : "", tuned ? tuned : "");
    fprintf(f, "share: of its squared length, in the span of %.0f decoder row%s (rank %.0f, random directions %.4f)\n",
            n, plural_s((uint64_t)n), result_get_number(facts, "rank"), result_get_number(facts, "chance"));
    if (result_get_number(facts, "random_sets") > 0)
        fprintf(f, "random: the share of %.0f random sets of as many active latents, mean and SD\n",
                result_get_number(facts, "random_sets"));
    fputc('\n', f);
    cJSON *rows = cJSON_Duplicate(result_get(facts, "positions"), true), *row;
    cJSON_ArrayForEach (row, rows)
        cJSON_ReplaceItemInObjectCaseSensitive(
            row, "position", result_string(lens_position_text(result_get_number(row, "position"), words)));
    result_table(f, rows, position_columns);
    cJSON_Delete(rows);
    fputc('\n', f);
    if (through)
        fprintf(f, "tokens through the final norm and the output matrix of the %s model; latents by decoder cosine\n\n",
                through);
    else fputs("latents by decoder cosine\n\n", f);
    mem_stream_end(f);
    return text;
}
