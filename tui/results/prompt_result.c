/* prompt_result.c: a text through the models, token by token. */
#include "base/escape.h"
#include "base/mem.h"
#include "results/prompt_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

const scry_next_row scry_next_rows[SCRY_NEXT_MODELS] = {
#define NEXT(id, name, key, help) {name, key, help},
    SCRY_NEXT_TABLE(NEXT)
#undef NEXT
};

static void add_token(cJSON *item, const prompt_view *v, uint32_t id) {
    char number[24];
    const char *piece = scry_prompt_piece(v->prompt, id);
    snprintf(number, sizeof number, "<%u>", id); /* the model has more ids than the tokenizer */
    result_number(item, "id", id);
    result_text(item, "token", piece ? piece : number);
}

static void add_latents(cJSON *item, const prompt_view *v, size_t token) {
    scry_active_latent *strongest = mem_new(v->top, sizeof *strongest);
    size_t n = scry_prompt_strongest(v->result, token, v->top, strongest);
    cJSON *list = cJSON_AddArrayToObject(item, "latents");
    for (size_t i = 0; i < n; i++) {
        cJSON *one = result_row(list);
        result_numbers(one, {"latent", strongest[i].latent}, {"activation", (double)strongest[i].activation});
        result_text(one, "label", scry_label(v->index, strongest[i].latent));
    }
    free(strongest);
}

static void add_next(cJSON *item, const prompt_view *v, size_t token, int model) {
    const scry_prompt_result *r = v->result;
    if (!r->predicted[model]) {
        cJSON_AddNullToObject(item, scry_next_rows[model].key);
        return;
    }
    cJSON *list = cJSON_AddArrayToObject(item, scry_next_rows[model].key);
    for (uint32_t i = 0; i < r->next && i < v->top; i++) {
        const scry_next_probability *next = &r->predicted[model][token * r->next + i];
        cJSON *one = result_row(list);
        add_token(one, v, next->id);
        result_number(one, "probability", next->probability);
    }
}

cJSON *prompt_result(const prompt_view *v) {
    const scry_prompt_info *info = scry_prompt_info_of(v->prompt);
    const scry_prompt_result *r = v->result;
    char hook[SCRY_HOOK_TEXT];
    cJSON *facts = cJSON_CreateObject();
    result_text(facts, "text", v->text);
    result_text(facts, "template", r->chat_template < 0 ? NULL : scry_chat_template_name(r->chat_template));
    result_text(facts, "model", info->model);
    result_text(facts, "tuned", info->tuned);
    result_text(facts, "hook", scry_hook_text(info->hook, hook));
    result_number(facts, "ablated", r->ablated ? r->ablated : (double)NAN);
    result_number(facts, "latent", v->latent < 0 ? (double)NAN : (double)v->latent);
    cJSON *list = cJSON_AddArrayToObject(facts, "tokens");
    for (size_t t = 0; t < r->tokens; t++) {
        cJSON *item = result_row(list);
        result_number(item, "position", (double)t);
        add_token(item, v, r->id[t]);
        cJSON_AddBoolToObject(item, "bos", t < r->front);
        cJSON_AddBoolToObject(item, "outlier", r->outlier[t]);
        if (v->latent >= 0)
            result_number(item, "activation", (double)scry_prompt_activation(r, t, (uint32_t)v->latent));
        add_latents(item, v, t);
        for (int m = 0; m < SCRY_NEXT_MODELS; m++) add_next(item, v, t, m);
    }
    return facts;
}

/* In quotes. The caller frees it. */
static char *quoted(const char *token) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    quote_text(f, token);
    mem_stream_end(f);
    return text;
}

/* "1127 4.21, 33 2.10" or "\" the\" .412, \" a\" .101". */
static char *list_words(const cJSON *list, bool one_line) {
    char *text = NULL;
    size_t size;
    FILE *f = mem_stream(&text, &size);
    const cJSON *one;
    bool first = true;
    cJSON_ArrayForEach (one, list) {
        fputs(first ? "" : ", ", f);
        first = false;
        if (result_get(one, "latent")) {
            fprintf(f, "%.0f %.4g", result_get_number(one, "latent"), result_get_number(one, "activation"));
            continue;
        }
        char *token = quoted(result_get_text(one, "token"));
        if (one_line) line_escape(f, token);
        else fputs(token, f);
        free(token);
        fprintf(f, " %.3g", result_get_number(one, "probability"));
    }
    mem_stream_end(f);
    return text;
}

void prompt_result_words(cJSON *facts, bool one_line) {
    cJSON *item;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(facts, "tokens")) {
        const char *keys[1 + SCRY_NEXT_MODELS] = {"latents"};
        for (int m = 0; m < SCRY_NEXT_MODELS; m++) keys[1 + m] = scry_next_rows[m].key;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            char *words = list_words(result_get(item, keys[i]), one_line);
            cJSON_DeleteItemFromObjectCaseSensitive(item, keys[i]);
            result_text(item, keys[i], words);
            free(words);
        }
        const char *what = cJSON_IsTrue(result_get(item, "bos"))       ? "BOS"
                           : cJSON_IsTrue(result_get(item, "outlier")) ? "outlier"
                                                                       : "";
        result_text(item, "note", what);
    }
}

/* Of what was run; `out` has room for all of them and the end. */
void prompt_result_columns(const prompt_view *v, bool csv, result_column out[PROMPT_COLUMNS]) {
    size_t n = 0;
    out[n++] = (result_column){"position", "", "%.0f", 0};
    if (csv) out[n++] = (result_column){"id", "id", "%.0f", 0};
    out[n++] = (result_column){"token", "token", NULL, 0};
    if (csv) out[n++] = (result_column){"bos", "bos", NULL, 0};
    if (csv) out[n++] = (result_column){"outlier", "outlier", NULL, 0};
    bool any = csv ? false : v->result->front > 0;
    for (size_t t = 0; t < v->result->tokens && !csv; t++) any = any || v->result->outlier[t];
    if (any) out[n++] = (result_column){"note", "", NULL, 0};
    if (v->latent >= 0) out[n++] = (result_column){"activation", "activation", "%.4g", 0};
    out[n++] = (result_column){"latents", "strongest latents", NULL, 0};
    for (int m = 0; m < SCRY_NEXT_MODELS; m++)
        if (v->result->predicted[m] || csv)
            out[n++] = (result_column){scry_next_rows[m].key, scry_next_rows[m].name, NULL, 0};
    out[n] = (result_column){0};
}
