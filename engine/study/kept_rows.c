/* study/kept_rows.c: which rows of a capture count. */
#include "study/kept_rows.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

kept_rule kept_rule_of(const cJSON *manifest, int group, scry_condition condition) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(manifest, group < 0 ? "train" : "domains");
    if (cJSON_IsArray(item)) item = cJSON_GetArrayItem(item, group < 0 ? -1 - group : group);
    item = cJSON_GetObjectItemCaseSensitive(item, scry_condition_name(condition));
    const cJSON *skip = cJSON_GetObjectItemCaseSensitive(item, "skip_first");
    const cJSON *exclude = cJSON_GetObjectItemCaseSensitive(item, "exclude"), *text;
    kept_rule rule = {.skip_first = cJSON_IsNumber(skip) ? skip->valuedouble : 0};
    rule.exclude = mem_new((size_t)cJSON_GetArraySize(exclude) + 1, sizeof *rule.exclude);
    if (cJSON_IsString(exclude)) rule.exclude[rule.exclude_count++] = exclude->valuestring;
    cJSON_ArrayForEach (text, exclude)
        if (cJSON_IsString(text)) rule.exclude[rule.exclude_count++] = text->valuestring;
    return rule;
}

void kept_rows_slice(token_text *text, uint64_t from, uint64_t to) {
    uint32_t kept = 0;
    for (uint32_t s = 0; s < text->sample_count; s++) {
        token_sample *sample = &text->samples[s];
        uint64_t begin = sample->first > from ? sample->first : from;
        uint64_t end = sample->first + sample->count < to ? sample->first + sample->count : to;
        if (begin >= end) {
            free(sample->id);
            free(sample->about);
            continue;
        }
        sample->cut = (uint32_t)(begin - sample->first);
        sample->first = begin - from;
        sample->count = (uint32_t)(end - begin);
        if (sample->response != TOKEN_NO_RESPONSE) {
            sample->response = sample->response > sample->cut ? sample->response - sample->cut : 0;
            if (sample->response > sample->count) sample->response = sample->count;
        }
        text->samples[kept++] = *sample;
    }
    text->sample_count = kept;
    memmove(text->piece, text->piece + from, (to - from) * sizeof *text->piece);
    text->tokens = to - from;
}

uint64_t kept_rows_mark(uint8_t *kept, const kept_rule *rule, const token_text *text,
                        const char *(*piece_text)(const void *context, uint32_t piece), const void *context) {
    uint64_t left_out = 0;
    for (uint32_t s = 0; s < text->sample_count; s++)
        for (uint32_t k = 0; k < text->samples[s].count; k++) {
            uint64_t row = text->samples[s].first + k;
            bool out = (double)k + text->samples[s].cut < rule->skip_first;
            for (size_t e = 0; e < rule->exclude_count && !out; e++)
                out = strcmp(piece_text(context, text->piece[row]), rule->exclude[e]) == 0;
            kept[row] = !out;
            left_out += out;
        }
    return left_out;
}

const char *kept_rows_pool_text(const void *pool, uint32_t piece) {
    return string_pool_text(pool, piece);
}
