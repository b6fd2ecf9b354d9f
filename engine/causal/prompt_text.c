/* causal/prompt_text.c: a prompt's text as token ids. */
#include "base/mem.h"
#include "base/utf8.h"
#include "causal/prompt_internal.h"

#include <stdlib.h>
#include <string.h>

static bool check_text(const scry_prompt_query *q, scry_error *err) {
    if (!q->length) return scry_misuse(err, "prompt: found an empty text, expected some");
    if (q->length > SCRY_PROMPT_BYTES)
        return scry_misuse(err, "prompt: found a text of %zu bytes, expected at most %zu", q->length,
                           SCRY_PROMPT_BYTES);
    size_t valid = utf8_valid_length(q->text, q->length);
    if (valid < q->length)
        return scry_misuse(err, "prompt: byte %zu of the text is 0x%02x, which is not UTF-8 there; expected UTF-8",
                           valid, (unsigned char)q->text[valid]);
    const char *nul = memchr(q->text, 0, q->length);
    return !nul || scry_misuse(err, "prompt: byte %zu of the text is NUL, expected text", (size_t)(nul - q->text));
}

static bool find_template(const scry_prompt *p, const char *name, int *row, scry_error *err) {
    char choices[SCRY_CHOICES];
    *row = -1;
    if (!name || strcmp(name, "none") == 0) return true;
    bool guess = strcmp(name, "auto") == 0;
    *row = guess ? scry_chat_template_guess(p->pair.tok) : scry_chat_template_of(name);
    if (*row >= 0) return true;
    if (guess)
        return scry_fail(err, "--template auto: no template fits the special tokens of %s; expected --template %s",
                         p->info.model, scry_chat_template_choices(choices, ""));
    return scry_misuse(err, "--template: found \"%.40s\", expected auto, %s, or none", name,
                       scry_chat_template_choices(choices, ""));
}

static bool encode_plain(const scry_prompt *p, const scry_prompt_query *q, scry_tokens *out, size_t *front,
                         scry_error *err) {
    const uint32_t *bos;
    scry_tokens own = {0};
    if (!scry_tokenizer_bos(p->pair.tok, q->bos, &bos, front, err) ||
        !scry_tokenizer_encode(p->pair.tok, q->text, q->length, &own, err))
        return false;
    out->count = *front + own.count;
    out->ids = mem_new(out->count + 1, sizeof *out->ids);
    if (*front) memcpy(out->ids, bos, *front * sizeof *bos);
    if (own.count) memcpy(out->ids + *front, own.ids, own.count * sizeof *own.ids);
    scry_tokens_free(&own);
    return out->count > *front || scry_fail(err, "prompt: the text has no token");
}

/* What the template wrote stands as it is. */
static bool encode_chat(const scry_prompt *p, const scry_prompt_query *q, int row, scry_tokens *out, size_t *front,
                        scry_error *err) {
    char *text = mem_copy_bytes(q->text, q->length);
    scry_message message = {"user", text};
    scry_chat chat = {0};
    const uint32_t *bos;
    size_t count;
    bool ok = scry_chat_render(row, p->pair.tok, &message, 1, true, &chat, err) &&
              scry_tokenizer_encode(p->pair.tok, chat.text, chat.length, out, err);
    bool begins = ok && scry_tokenizer_bos(p->pair.tok, SCRY_BOS_YES, &bos, &count, NULL) && count &&
                  out->count > count && memcmp(out->ids, bos, count * sizeof *bos) == 0;
    *front = begins ? count : 0;
    scry_chat_free(&chat);
    free(text);
    return ok;
}

bool prompt_encode(const scry_prompt *p, const scry_prompt_query *q, scry_prompt_result *result, scry_error *err) {
    scry_tokens tokens = {0};
    int row;
    if (!check_text(q, err) || !find_template(p, q->chat_template, &row, err)) return false;
    bool ok = row < 0 ? encode_plain(p, q, &tokens, &result->front, err)
                      : encode_chat(p, q, row, &tokens, &result->front, err);
    if (ok && tokens.count > p->info.most_tokens)
        ok = scry_misuse(err, "prompt: the text has %zu tokens, expected at most %zu, what the model reads",
                         tokens.count, p->info.most_tokens);
    if (ok) {
        result->tokens = tokens.count;
        result->chat_template = row;
        result->id = tokens.ids;
        tokens.ids = NULL;
    }
    scry_tokens_free(&tokens);
    return ok;
}
