/* promoted_tokens.c: the largest and smallest logits of a direction. */
#include "model/promoted_tokens.h"
#include "base/mem.h"
#include "base/sort.h"

#include <stdlib.h>

typedef struct best {
    const scry_tokenizer *tok;
    size_t top;
    scry_token_logit *out; /* [count][SCRY_LOGIT_SIDES][top] */
    size_t *found;         /* [count][SCRY_LOGIT_SIDES] */
} best;

static bool goes_before(const scry_token_logit *a, const scry_token_logit *b, int side) {
    return side == SCRY_PROMOTED ? a->logit > b->logit : a->logit < b->logit;
}
TOP_N_INSERT(insert, scry_token_logit, goes_before)

static void take(void *context, size_t row, uint32_t first, uint32_t count, const float *logits) {
    const best *b = context;
    uint32_t size = scry_tokenizer_size(b->tok);
    if (first >= size) return;
    if (count > size - first) count = size - first;
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++) {
        size_t at = row * SCRY_LOGIT_SIDES + (size_t)side, n = b->found[at];
        scry_token_logit *list = b->out + at * b->top;
        for (uint32_t i = 0; i < count; i++) {
            scry_token_logit item = {first + i, logits[i], NULL};
            bool wanted = n < b->top ? logits[i] == logits[i] : goes_before(&item, &list[n - 1], side);
            if (!wanted || !(item.token = scry_tokenizer_piece(b->tok, item.id))) continue;
            n = insert(list, n, b->top, n, &item, side);
        }
        b->found[at] = n;
    }
}

bool promoted_tokens(scry_run *run, const scry_tokenizer *tok, const float *directions, size_t count, size_t top,
                     scry_token_logit *out, scry_error *err) {
    if (!top || !count) return true;
    best b = {tok, top, out, mem_new(count * SCRY_LOGIT_SIDES, sizeof *b.found)};
    for (size_t i = 0; i < count * SCRY_LOGIT_SIDES * top; i++) out[i] = (scry_token_logit){.id = SCRY_NO_TOKEN};
    bool ok = scry_run_unembed(run, directions, count, take, &b, err);
    free(b.found);
    return ok;
}
