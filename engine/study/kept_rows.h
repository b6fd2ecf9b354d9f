/* study/kept_rows.h: which rows of a capture count: "rows", "skip_first" and "exclude" of the manifest. */
#ifndef SCRY_STUDY_KEPT_ROWS_H
#define SCRY_STUDY_KEPT_ROWS_H

#include <cjson/cJSON.h>
#include "io/tokenfile.h"
#include "study/study.h"

static inline bool kept_rule_keeps_all(const kept_rule *rule) {
    return !(rule->skip_first > 0) && !rule->exclude_count;
}

/* Read the rule of a capture from a manifest that was checked before. The texts stay the manifest's; free(exclude)
 * alone. group: domain number, or -1 - t for training set t. A missing capture has the rule that keeps all. */
kept_rule kept_rule_of(const cJSON *manifest, int group, scry_condition condition);

/* Cut a token file's text to the rows from..to. */
void kept_rows_slice(token_text *text, uint64_t from, uint64_t to);

/* Set kept[row] to 0 for every row of the text's samples that the rule leaves out and to 1 for the others; rows outside
 * the samples stay as they are. piece_text(context, piece) is a piece's text. Returns how many rows were left out. */
uint64_t kept_rows_mark(uint8_t *kept, const kept_rule *rule, const token_text *text,
                        const char *(*piece_text)(const void *context, uint32_t piece), const void *context);
/* piece_text for a string_pool. */
const char *kept_rows_pool_text(const void *pool, uint32_t piece);

#endif
