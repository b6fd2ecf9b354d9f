/* study/minus_rows.c: opening what a capture subtracts, and whether it is of the same text. */
#include "study/minus_rows.h"
#include "base/mem.h"
#include "io/tokenfile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Both in one pool, so that equal texts have equal numbers. */
static bool compare_texts(const study_capture *spec, const token_text *own, const token_text *other,
                          const string_pool *pieces, const char *key, scry_error *err) {
    const char *path = spec->minus->tokens;
    if (other->tokens != own->tokens)
        return scry_fail(err, "%s: %s: found %" PRIu64 " tokens, expected %" PRIu64 " as in %s", key, path,
                         other->tokens, own->tokens, spec->tokens);
    for (uint64_t row = 0; row < own->tokens; row++)
        if (other->piece[row] != own->piece[row])
            return scry_fail(err,
                             "%s: %s: row %" PRIu64 ": found the token \"%.40s\", expected \"%.40s\" as in %s: the two "
                             "are not of the same text, so their rows are no pairs",
                             key, path, row, string_pool_text(pieces, other->piece[row]),
                             string_pool_text(pieces, own->piece[row]), spec->tokens);
    return true;
}

static bool check_tokens(const study_capture *spec, const char *study_path, const tokenizer *tok, scry_error *err) {
    const study_minus *minus = spec->minus;
    if (!minus->tokens || (spec->tokens && strcmp(minus->tokens, spec->tokens) == 0)) return true;
    if (!spec->tokens)
        return scry_fail(err,
                         "%s: %s.tokens: missing, expected the capture's tokens, as it names those of its \"minus\"",
                         study_path, spec->key);
    string_pool pieces = {0};
    token_text own = {0}, other = {0};
    char *key = mem_format("%s: %s.minus.tokens", study_path, spec->key);
    bool ok = token_text_read(&own, spec->tokens, spec->key, &pieces, tok, err) &&
              token_text_read(&other, minus->tokens, key, &pieces, tok, err) &&
              compare_texts(spec, &own, &other, &pieces, key, err);
    free(key);
    token_text_free(&own);
    token_text_free(&other);
    string_pool_free(&pieces);
    return ok;
}

bool minus_rows_open(matrix *m, const study_capture *spec, const char *study_path, const tokenizer *tok,
                     const char *folder, scry_error *err) {
    const study_minus *minus = spec->minus;
    if (!minus) return true;
    matrix other;
    char *key = mem_format("%s: %s.minus", study_path, spec->key);
    bool ok = matrix_open_in(&other, minus->files, minus->file_count, minus->tensor ? minus->tensor : spec->tensor,
                             folder, key, err) &&
              matrix_subtract(m, &other, key, err);
    free(key);
    return ok && check_tokens(spec, study_path, tok, err);
}
