/* capture/item_encoding.c: see item_encoding.h. */
#include "capture/item_encoding.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* "chatml, llama3, gemma or mistral" as the choices of --template. */
static bool no_template(const corpus *c, const char *found, scry_error *err) {
    char choices[SCRY_CHOICES];
    size_t i = 0;
    while (i + 1 < corpus_count(c) && !corpus_is_messages(c, i)) i++;
    return scry_misuse(err, "%s: line %" PRIu64 ": has messages, and %s; choose a template: --template %s",
                       corpus_path(c), corpus_line(c, i), found, scry_chat_template_choices(choices, ""));
}

bool text_rule_find(text_rule *rule, const corpus *c, const char *name, scry_error *err) {
    bool plain = name && strcmp(name, "none") == 0;
    char choices[SCRY_CHOICES];
    rule->chat_template = -1;
    if (name && !plain) {
        rule->chat_template = scry_chat_template_of(name);
        return rule->chat_template >= 0 || scry_misuse(err, "--template: found \"%.40s\", expected %s, or none", name,
                                                       scry_chat_template_choices(choices, ""));
    }
    if (!corpus_has_messages(c)) return true;
    if (plain) return no_template(c, "none turns them into text", err);
    rule->chat_template = scry_chat_template_guess(rule->tok);
    return rule->chat_template >= 0 || no_template(c, "none fits the tokenizer's special tokens", err);
}

void encoded_item_free(encoded_item *e) {
    scry_tokens_free(&e->head);
    scry_tokens_free(&e->own);
    *e = (encoded_item){0};
}

/* The first token that reads beyond `bytes`. */
static size_t token_beyond(const scry_tokens *tokens, size_t bytes) {
    size_t i = 0;
    while (i < tokens->count && tokens->end[i] <= bytes) i++;
    return i;
}

static bool add_ids(const uint32_t *ids, size_t count, scry_tokens *out) {
    if (out->count + count > out->room) {
        out->room = out->count + count;
        out->ids = mem_resize(out->ids, out->room, sizeof *out->ids);
        out->end = mem_resize(out->end, out->room, sizeof *out->end);
    }
    for (size_t i = 0; i < count; i++) {
        out->ids[out->count] = ids[i];
        out->end[out->count++] = 0;
    }
    return true;
}

/* ---- plain text ---- */

static bool encode_plain(const text_rule *rule, const corpus_item *item, const char *response, encoded_item *out,
                         scry_error *err) {
    const uint32_t *bos;
    size_t count;
    if (!item->text) return scry_fail(err, "has messages, expected a text without --template");
    if (!scry_tokenizer_bos(rule->tok, rule->bos, &bos, &count, err)) return false;
    add_ids(bos, count, &out->head);
    char *other = response ? mem_format("%.*s%s", (int)item->response, item->text, response) : NULL;
    const char *text = other ? other : item->text;
    bool ok = scry_tokenizer_encode(rule->tok, text, strlen(text), &out->own, err);
    out->response = token_beyond(&out->own, item->response);
    out->response_end = out->own.count;
    free(other);
    return ok;
}

/* ---- chats ---- */

static bool ends_with_assistant(const corpus_item *item) {
    return strcmp(item->messages[item->message_count - 1].role, "assistant") == 0;
}

/* Renders the item's messages; response (may be NULL) is what the assistant says last. */
static bool render(const text_rule *rule, const corpus_item *item, const char *response, scry_chat *chat,
                   scry_error *err) {
    if (!item->message_count)
        return scry_fail(err, "has \"text\", for which a chat template has no place; use --template none");
    scry_message *messages = mem_new(item->message_count + 1, sizeof *messages);
    size_t count = item->message_count;
    memcpy(messages, item->messages, count * sizeof *messages);
    if (response && !ends_with_assistant(item)) count++;
    if (response) messages[count - 1] = (scry_message){"assistant", response + strspn(response, " ")};
    bool ok = scry_chat_render(rule->chat_template, rule->tok, messages, count, false, chat, err);
    free(messages);
    return ok;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* The head's ids, with or without the beginning-of-text token that the template may have written. */
static bool encode_head(const text_rule *rule, const scry_chat *chat, scry_tokens *head, scry_error *err) {
    const uint32_t *bos;
    size_t count = 0;
    bool known = rule->bos != SCRY_BOS_AUTO &&
                 scry_tokenizer_bos(rule->tok, SCRY_BOS_YES, &bos, &count, rule->bos == SCRY_BOS_YES ? err : NULL);
    if (rule->bos == SCRY_BOS_YES && !known) return false;
    scry_tokens written = {0};
    bool ok = scry_tokenizer_encode(rule->tok, chat->text, chat->head, &written, err);
    bool has = ok && known && written.count >= count && memcmp(written.ids, bos, count * sizeof *bos) == 0;
    if (ok && rule->bos == SCRY_BOS_YES && !has) add_ids(bos, count, head);
    size_t skip = has && rule->bos == SCRY_BOS_NO ? count : 0;
    if (ok) add_ids(written.ids + skip, written.count - skip, head);
    scry_tokens_free(&written);
    return ok;
}

static bool encode_chat(const text_rule *rule, const corpus_item *item, const char *response, encoded_item *out,
                        scry_error *err) {
    scry_chat chat = {0};
    if (!render(rule, item, response, &chat, err)) return false;
    size_t last = item->message_count - (response && !ends_with_assistant(item) ? 0 : 1), end = chat.length;
    bool answered = response || item->answered;
    while (end > chat.head && end > chat.content_end[last] && is_blank(chat.text[end - 1])) end--;
    size_t start = answered ? chat.content[last] : end;
    bool ok = encode_head(rule, &chat, &out->head, err) &&
              scry_tokenizer_encode(rule->tok, chat.text + chat.head, end - chat.head, &out->own, err);
    if (ok) out->response = token_beyond(&out->own, start - chat.head);
    if (ok) out->response_end = token_beyond(&out->own, chat.content_end[last] - chat.head);
    scry_chat_free(&chat);
    return ok;
}

/* ---- samples of a corpus ---- */

static bool named(const corpus *c, size_t i, const scry_error *why, scry_error *err) {
    return scry_fail(err, "%s: line %" PRIu64 ": %s", corpus_path(c), corpus_line(c, i), why->text);
}

bool item_encode(const text_rule *rule, const corpus *c, size_t i, const char *response, encoded_item *out,
                 scry_error *err) {
    corpus_item item = corpus_read(c, i);
    scry_error why = {0};
    *out = (encoded_item){0};
    bool ok = rule->chat_template < 0 ? encode_plain(rule, &item, response, out, &why)
                                      : encode_chat(rule, &item, response, out, &why);
    corpus_item_free(&item);
    if (ok) return true;
    encoded_item_free(out);
    return named(c, i, &why, err);
}

bool item_encode_in_front(const text_rule *rule, const corpus *c, size_t i, const char *separator, scry_tokens *out,
                          scry_error *err) {
    corpus_item item = corpus_read(c, i);
    scry_error why = {0};
    scry_chat chat = {0};
    bool ok, plain = rule->chat_template < 0;
    if (plain && item.text) {
        char *text = mem_format("%s%s", item.text, separator);
        ok = scry_tokenizer_encode(rule->tok, text, strlen(text), out, &why);
        free(text);
    } else if (plain) ok = scry_fail(&why, "has messages, expected a text without --template");
    else
        ok = render(rule, &item, NULL, &chat, &why) &&
             scry_tokenizer_encode(rule->tok, chat.text + chat.head, chat.length - chat.head, out, &why);
    scry_chat_free(&chat);
    corpus_item_free(&item);
    return ok || named(c, i, &why, err);
}
