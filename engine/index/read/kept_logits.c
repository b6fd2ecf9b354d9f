/* kept_logits.c: the tokens that latents promote and suppress, as the index keeps them. */
#include "index/read/index.h"
#include "logits.h"

enum { NUMBERS = SCRY_LOGIT_SIDES * SCRY_LOGITS_KEPT };

bool index_logits_open(scry_index *x, uint32_t ids, scry_error *err) {
    uint64_t size;
    if (!ids) return true;
    x->logit_ids = ids;
    x->logit_token =
        container_get(&x->file, "logit/token", (uint64_t)x->rows.rows * NUMBERS * packed_uint_width(ids), err);
    if (!x->logit_token) return false;
    x->logit_value =
        container_get(&x->file, "logit/value", (uint64_t)x->rows.rows * NUMBERS * sizeof *x->logit_value, err);
    if (!x->logit_value) return false;
    x->logit_text = container_find(&x->file, "logit/text", &x->logit_text_size);
    x->logit_id = container_find(&x->file, "logit/id", &size);
    x->logit_texts = size / sizeof *x->logit_id;
    x->logit_at = container_get(&x->file, "logit/at", x->logit_texts * sizeof *x->logit_at, err);
    if (!x->logit_at) return false;
    if (!x->logit_id || (x->logit_text_size && x->logit_text[x->logit_text_size - 1]))
        return scry_fail(err, "%s: the texts of logits are not closed; the index is damaged, make it again",
                         x->file.map.path);
    return true;
}

bool scry_keeps_logits(const scry_index *x, uint32_t latent) {
    return x->logit_token && latent < x->F && active_rows_has(&x->rows, latent);
}

/* "" when it has none: the bytes are damaged. */
static const char *text_of(const scry_index *x, uint32_t id) {
    uint64_t low = 0, high = x->logit_texts;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (x->logit_id[middle] < id) low = middle + 1;
        else high = middle;
    }
    bool has = low < x->logit_texts && x->logit_id[low] == id && x->logit_at[low] < x->logit_text_size;
    return has ? x->logit_text + x->logit_at[low] : "";
}

size_t scry_kept_logits(const scry_index *x, uint32_t latent, scry_logit_side side,
                        scry_token_logit out[SCRY_LOGITS_KEPT]) {
    if (!scry_keeps_logits(x, latent)) return 0;
    size_t first = (size_t)row_of(&x->rows, latent) * NUMBERS + (size_t)side * SCRY_LOGITS_KEPT, n = 0;
    for (; n < SCRY_LOGITS_KEPT; n++) {
        uint32_t id = packed_uint_get(x->logit_token, packed_uint_width(x->logit_ids), first + n);
        if (id >= x->logit_ids) break;
        out[n] = (scry_token_logit){id, x->logit_value[first + n], text_of(x, id)};
    }
    return n;
}
