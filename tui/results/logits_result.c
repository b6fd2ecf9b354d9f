/* logits_result.c: the tokens that a latent promotes and suppresses. */
#include "results/results.h"
#include "base/mem.h"

#include <stdlib.h>

static const char *const sides[SCRY_LOGIT_SIDES] = {"positive", "negative"};

cJSON *logits_result(const scry_index *index, uint32_t latent, const scry_token_logit *tokens, size_t top) {
    cJSON *facts = cJSON_CreateObject();
    result_number(facts, "latent", latent);
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
        cJSON *list = cJSON_AddArrayToObject(facts, sides[side]);
        for (size_t i = 0; i < top; i++) {
            const scry_token_logit *one = &tokens[(size_t)side * top + i];
            if (one->id == SCRY_NO_TOKEN) break;
            cJSON *item = result_row(list);
            result_text(item, "token", one->token);
            result_numbers(item, {"logit", (double)one->logit}, {"id", one->id});
        }
    }
    add_names(facts, index, latent);
    return facts;
}

const result_column logits_columns[] = {{"promoted", "promotes", NULL, 0},
                                        {"logit", "logit", "%+.4f", 0},
                                        {"suppressed", "suppresses", NULL, 0},
                                        {"logit_suppressed", "logit", "%+.4f", 0},
                                        {0}};
const result_column logits_csv_columns[] = {{"side", "side", NULL, 0},
                                            {"token", "token", NULL, 0},
                                            {"logit", "logit", "%.9g", 0},
                                            {"id", "id", "%.0f", 0},
                                            {0}};

static char *in_quotes(const cJSON *item) {
    cJSON *list = cJSON_CreateArray();
    cJSON_AddItemToArray(list, cJSON_Duplicate(result_get(item, "token"), true));
    char *text = result_quoted(list);
    cJSON_Delete(list);
    return text;
}

void logits_add_rows(cJSON *to, const char *list, const cJSON *facts) {
    cJSON *rows = cJSON_AddArrayToObject(to, list);
    const cJSON *positive = result_get(facts, sides[0]), *negative = result_get(facts, sides[1]);
    for (int i = 0; i < cJSON_GetArraySize(positive); i++) {
        const cJSON *of[] = {cJSON_GetArrayItem(positive, i), cJSON_GetArrayItem(negative, i)};
        char *promoted = in_quotes(of[0]), *suppressed = in_quotes(of[1]);
        cJSON *row = result_row(rows);
        result_text(row, "promoted", promoted);
        result_number(row, "logit", result_get_number(of[0], "logit"));
        result_text(row, "suppressed", suppressed);
        result_number(row, "logit_suppressed", result_get_number(of[1], "logit"));
        free(promoted);
        free(suppressed);
    }
}

void logits_add_csv_rows(cJSON *to, const char *list, const cJSON *facts) {
    cJSON *rows = cJSON_AddArrayToObject(to, list);
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
        const cJSON *item;
        cJSON_ArrayForEach (item, result_get(facts, sides[side])) {
            cJSON *row = result_row(rows);
            result_text(row, "side", sides[side]);
            cJSON_AddItemToObject(row, "token", cJSON_Duplicate(result_get(item, "token"), true));
            result_numbers(row, {"logit", result_get_number(item, "logit")}, {"id", result_get_number(item, "id")});
        }
    }
}
