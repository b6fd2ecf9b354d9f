/* chat_render.c: conversations as text. */
#include "base/mem.h"
#include "base/utf8.h"
#include "model.h"
#include "model/tokenizer/character_class.h"
#include "model/tokenizer/chat_style.h"
#include "model/tokenizer/text_encoder.h"

#include <stdlib.h>
#include <string.h>

typedef enum role { ROLE_SYSTEM, ROLE_USER, ROLE_ASSISTANT, ROLES } role;
static const char *const roles[ROLES] = {"system", "user", "assistant"};

typedef struct rendering {
    const chat_style *style;
    const scry_message *messages;
    role *role; /* [count] */
    size_t count;
    const char *name; /* of the template */
    scry_chat *out;
    size_t room;
    scry_error *err;
} rendering;

static void put_bytes(rendering *r, const char *text, size_t length) {
    scry_chat *out = r->out;
    if (out->length + length + 1 > r->room) {
        r->room = 2 * (out->length + length + 1);
        out->text = mem_resize(out->text, r->room, 1);
    }
    memcpy(out->text + out->length, text, length);
    out->length += length;
    out->text[out->length] = 0;
}

static void put(rendering *r, const char *text) {
    if (text) put_bytes(r, text, strlen(text));
}

/* What Python's strip takes away. */
static bool is_blank(uint32_t code) {
    return is_whitespace(code) || (code >= 0x1c && code <= 0x1f);
}

static void put_words(rendering *r, size_t i, bool trim) {
    const char *begin = r->messages[i].content, *end = begin + strlen(begin);
    unsigned size;
    while (trim && begin < end && is_blank(utf8_decode_valid(begin, &size))) begin += size;
    while (trim && begin < end) {
        const char *last = end - 1;
        while (utf8_is_continuation(*last)) last--;
        if (!is_blank(utf8_decode_valid(last, &size))) break;
        end = last;
    }
    r->out->content[i] = r->out->length;
    put_bytes(r, begin, (size_t)(end - begin));
    r->out->content_end[i] = r->out->length;
}

/* ---- checks ---- */

static bool read_roles(rendering *r) {
    for (size_t i = 0; i < r->count; i++) {
        const scry_message *m = &r->messages[i];
        size_t k = 0, length = strlen(m->content);
        while (k < ROLES && strcmp(m->role, roles[k]) != 0) k++;
        if (k == ROLES)
            return scry_fail(r->err, "message %zu: role: found \"%.40s\", expected system, user or assistant", i + 1,
                             m->role);
        if (utf8_valid_length(m->content, length) < length)
            return scry_fail(r->err, "message %zu: byte %zu is not part of a UTF-8 character", i + 1,
                             utf8_valid_length(m->content, length));
        r->role[i] = (role)k;
    }
    return r->count || scry_fail(r->err, "a conversation without messages; expected one at least");
}

static bool check_turns(const rendering *r, bool system) {
    for (size_t i = system; i < r->count; i++) {
        role expected = (i - system) % 2 ? ROLE_ASSISTANT : ROLE_USER;
        if (r->role[i] != expected)
            return scry_fail(r->err,
                             "message %zu: role: found %s, expected %s: in the %s template user and assistant "
                             "take turns after at most one system message, and the user begins",
                             i + 1, roles[r->role[i]], roles[expected], r->name);
    }
    return true;
}

static bool check_system(const rendering *r, bool system) {
    const chat_style *s = r->style;
    if (!system) return !s->no_default || scry_fail(r->err, "the %s template: %s", r->name, s->no_default);
    if (s->system == SYSTEM_REFUSED)
        return scry_fail(r->err,
                         "message 1: role: found system, which this model's %s template refuses; put it in "
                         "front of the user's first message",
                         r->name);
    if (s->system == SYSTEM_FIRST_USER && r->count < 2)
        return scry_fail(r->err,
                         "the %s template writes the system message into the user's first turn; expected a "
                         "user's message after it",
                         r->name);
    if (s->system == SYSTEM_LAST_USER && r->role[r->count - 1] != ROLE_USER)
        return scry_fail(r->err,
                         "this model's %s template writes the system message into the last turn when that is "
                         "the user's, and leaves it out here; put it in front of a user's message",
                         r->name);
    return true;
}

/* ---- writing ---- */

static void open_turn(rendering *r, role who) {
    const chat_style *s = r->style;
    const char *own = who == ROLE_USER ? s->user_open : who == ROLE_ASSISTANT ? s->answer_open : s->system_open;
    if (own || !s->open) {
        put(r, own);
        return;
    }
    put(r, s->open);
    put(r, who == ROLE_ASSISTANT ? s->model : roles[who]);
    put(r, s->middle);
}

static void close_turn(rendering *r, role who) {
    const chat_style *s = r->style;
    const char *own = who == ROLE_USER ? s->user_close : who == ROLE_ASSISTANT ? s->answer_close : s->system_close;
    put(r, own ? own : s->close);
}

/* The last "</think>" of a text, or NULL. */
static const char *last_thought(const char *text) {
    const char *found = NULL;
    for (const char *at = text; (at = strstr(at, "</think>")); at++) found = at;
    return found;
}

/* Qwen3: an answer behind the last question shows its train of thought, an empty one at the very end; earlier answers
 * lose theirs. */
static void put_answer(rendering *r, size_t i) {
    static const char close[] = "</think>", open[] = "<think>";
    const char *content = r->messages[i].content, *last = last_thought(content);
    const char *words = last ? last + sizeof close - 1 : content;
    const char *end = last ? strstr(content, close) : content, *begin = content;
    for (const char *at; last && (at = strstr(begin, open)) && at < end;) begin = at + sizeof open - 1;
    if (last) words += strspn(words, "\n");
    while (end > begin && end[-1] == '\n') end--;
    while (begin < end && *begin == '\n') begin++;
    bool shown = true;
    for (size_t k = i + 1; k < r->count; k++) shown = shown && r->role[k] != ROLE_USER;
    shown = shown && (i + 1 == r->count || begin < end);
    r->out->content[i] = r->out->length;
    if (shown) {
        put(r, "<think>\n");
        put_bytes(r, begin, (size_t)(end - begin));
        put(r, "\n</think>\n\n");
        words += strspn(words, "\n");
        if (begin == end) r->out->content[i] = r->out->length; /* the template's own */
    }
    put(r, words);
    r->out->content_end[i] = r->out->length;
}

static void put_turn(rendering *r, size_t i, bool system) {
    const chat_style *s = r->style;
    role who = r->role[i];
    size_t host = s->system == SYSTEM_FIRST_USER ? 1 : r->count - 1; /* of a system message in a user's turn */
    r->out->turn[i] = r->out->length;
    open_turn(r, who);
    if (system && i == host && s->system != SYSTEM_OWN_TURN) {
        r->out->turn[0] = r->out->turn[i];
        put_words(r, 0, false);
        put(r, "\n\n");
    }
    if (who == ROLE_SYSTEM) put(r, i ? NULL : s->system_prefix);
    if (s->think && who == ROLE_ASSISTANT) put_answer(r, i);
    else put_words(r, i, s->trim || (s->trim_answer && who == ROLE_ASSISTANT));
    close_turn(r, who);
}

static void put_head(rendering *r, bool system) {
    const chat_style *s = r->style;
    put(r, s->bos);
    if (system && s->system == SYSTEM_OWN_TURN) put_turn(r, 0, true);
    else if (!system && s->default_system) {
        open_turn(r, ROLE_SYSTEM);
        put(r, s->system_prefix);
        put(r, s->default_system);
        close_turn(r, ROLE_SYSTEM);
    }
    r->out->head = r->out->length;
}

static bool render(rendering *r, bool answer) {
    if (!read_roles(r)) return false;
    bool system = r->role[0] == ROLE_SYSTEM;
    if (!check_system(r, system) || (r->style->alternate && !check_turns(r, system))) return false;
    put(r, "");
    put_head(r, system);
    for (size_t i = system; i < r->count; i++) put_turn(r, i, system);
    if (!answer) return true;
    if (r->style->open) open_turn(r, ROLE_ASSISTANT);
    put(r, r->style->answer_prompt);
    return true;
}

bool scry_chat_render(int chat_template, const scry_tokenizer *tok, const scry_message *messages, size_t count,
                      bool answer, scry_chat *out, scry_error *err) {
    chat_model model = {0};
    if (tok)
        model = (chat_model){.jinja = tokenizer_chat_template(tok),
                             .bos = tokenizer_bos_text(tok),
                             .eos = tokenizer_eos_text(tok),
                             .known = true,
                             .byte_pieces = scry_tokenizer_id(tok, "<0x0A>") >= 0,
                             .control = scry_tokenizer_id(tok, "[INST]") >= 0};
    chat_style style;
    chat_style_of(chat_template, &model, &style);
    *out = (scry_chat){.turn = mem_new(count + 1, sizeof *out->turn),
                       .content = mem_new(count + 1, sizeof *out->content),
                       .content_end = mem_new(count + 1, sizeof *out->content_end)};
    rendering r = {.style = &style,
                   .messages = messages,
                   .role = mem_new(count + 1, sizeof *r.role),
                   .count = count,
                   .name = scry_chat_template_name(chat_template),
                   .out = out,
                   .err = err};
    bool ok = render(&r, answer);
    free(r.role);
    chat_style_free(&style);
    if (!ok) scry_chat_free(out);
    return ok;
}

void scry_chat_free(scry_chat *chat) {
    free(chat->text);
    free(chat->turn);
    free(chat->content);
    free(chat->content_end);
    *chat = (scry_chat){0};
}
