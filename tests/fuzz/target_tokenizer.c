/* target_tokenizer.c: tokenizer.json for the other way, texts to ids; texts themselves; and chat templates. */
#include "fuzz.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "model.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"gpt2",    "llama3", "qwen2",   "gpt4o", "cl100k",  "deepseek",  "smollm",
                                    "llama2",  "gemma",  "mistral", "t5",    "unigram", "metaspace", "added",
                                    "unknown", "suffix", "prefix",  "words", "roberta"};
enum { KINDS = sizeof kinds / sizeof *kinds, EXACT = 7 /* the pieces of the first ones join to the text */ };

static const char *const texts[] = {"", "It's 2 words.\n\n  <|endoftext|>strip  WORD<mask>",
                                    "e\xcc\x81\xef\xac\x81 \xe6\xbc\xa2 \xf0\x9f\x98\x80\tx\r\n",
                                    "\xe2\x96\x81the <s> \xc3\x85ngstr\xc3\xb6m 12345"};

/* Ends go on and stay within the text, and every id has a piece. */
static void check_tokens(const scry_tokenizer *tok, const scry_tokens *tokens, size_t length) {
    for (size_t i = 0; i < tokens->count; i++) {
        if (tokens->end[i] > length || (i && tokens->end[i] < tokens->end[i - 1])) abort();
        if (!scry_tokenizer_piece(tok, tokens->ids[i]) || tokens->ids[i] >= scry_tokenizer_size(tok)) abort();
    }
}

static bool encode(const scry_tokenizer *tok, const char *text, size_t length, scry_tokens *tokens) {
    scry_error err = {0};
    bool ok = scry_tokenizer_encode(tok, text, length, tokens, &err);
    fuzz_answered(ok, &err);
    if (!ok && tokens->count) abort();
    check_tokens(tok, tokens, length);
    return ok;
}

/* ---- tokenizer.json ---- */

static const char *input;

static void begin_encoder(void) {
    input = scratch("encoder.json");
    for (size_t i = 0; i < KINDS; i++) fuzz_seed_file(text_of("tests/specimens/text_encoder/%s.json", kinds[i]));
}

static void run_encoder(const uint8_t *data, size_t size) {
    write_bytes(input, data, size);
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(input, &err);
    fuzz_answered(tok != NULL, &err);
    for (size_t i = 0; tok && i < sizeof texts / sizeof *texts; i++) {
        scry_tokens tokens = {0};
        encode(tok, texts[i], strlen(texts[i]), &tokens);
        scry_tokens_free(&tokens);
    }
    for (int bos = SCRY_BOS_AUTO; tok && bos <= SCRY_BOS_NO; bos++) {
        const uint32_t *ids;
        size_t count;
        err = (scry_error){0};
        fuzz_answered(scry_tokenizer_bos(tok, (scry_bos)bos, &ids, &count, &err), &err);
    }
    scry_tokenizer_close(tok);
}

/* ---- texts: the first byte chooses the tokenizer ---- */

static scry_tokenizer *open_kinds[KINDS];

static void begin_encode(void) {
    scry_error err = {0};
    for (size_t i = 0; i < KINDS; i++) {
        open_kinds[i] =
            scry_tokenizer_open(fuzz_source(text_of("tests/specimens/text_encoder/%s.json", kinds[i])), &err);
        if (!open_kinds[i]) abort();
        const char *text = texts[i % (sizeof texts / sizeof *texts)];
        char *seed = mem_format("%c%s", (char)('A' + i), text);
        fuzz_seed_text(seed);
        free(seed);
    }
}

static void run_encode(const uint8_t *data, size_t size) {
    if (!size) return;
    size_t kind = data[0] % KINDS;
    const char *text = (const char *)data + 1;
    const scry_tokenizer *tok = open_kinds[kind];
    size_t length = size - 1, at = 0;
    scry_tokens tokens = {0};
    bool ok = encode(tok, text, length, &tokens), valid = utf8_valid_length(text, length) == length;
    if (ok != valid) abort();
    bool exact = ok && kind < EXACT && kind != 2 && !memchr(text, 0, length); /* Qwen 2's composes */
    for (size_t i = 0; exact && i < tokens.count; i++) {
        const char *piece = scry_tokenizer_piece(tok, tokens.ids[i]);
        size_t n = strlen(piece);
        if (n > length - at || memcmp(text + at, piece, n) != 0) abort();
        at += n;
    }
    if (exact && at != length) abort();
    scry_tokens_free(&tokens);
}

/* ---- chat templates ---- */

static const char *chat_folder;

static void begin_chat(void) {
    chat_folder = scratch_folder("chat");
    write_text(text_of("%s/tokenizer.json", chat_folder),
               "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0}, \"merges\": []}}");
    fuzz_seed_text("{{ '<|im_start|>system\\nYou are \\'X\\'.<|im_end|>\\n' }}<|im_start|>user<|im_end|>");
    fuzz_seed_text("{{- bos_token }}<|im_start|>system\nYou are X<|im_end|>\n last_query_index '<think>\\n'");
    fuzz_seed_text("<|start_header_id|><|end_header_id|><|eot_id|>Cutting Knowledge Date");
    fuzz_seed_text("<start_of_turn><end_of_turn>System role not supported");
    fuzz_seed_text("' [INST] ' + x + ' [/INST]' [SYSTEM_PROMPT] default_system_message");
}

static void run_chat(const uint8_t *data, size_t size) {
    static const scry_message messages[] = {
        {"system", " s "}, {"user", "\n<think>u"}, {"assistant", "<think>\nx\n</think>\n\na "}, {"user", "b"}};
    char *jinja = fuzz_text(data, size);
    write_text(text_of("%s/chat_template.jinja", chat_folder), "%s", jinja);
    free(jinja);
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(chat_folder, &err);
    if (!tok || scry_chat_template_guess(tok) < -1) abort();
    for (int row = 0; row < 4; row++)
        for (size_t count = 1; count <= 4; count++)
            for (size_t from = 0; from < count; from++) {
                scry_chat chat;
                err = (scry_error){0};
                bool ok = scry_chat_render(row, tok, messages + from, count - from, count % 2, &chat, &err);
                fuzz_answered(ok, &err);
                if (!ok) continue;
                for (size_t i = 0; i < count - from; i++)
                    if (chat.content[i] > chat.content_end[i] || chat.content_end[i] > chat.length) abort();
                if (chat.head > chat.length || strlen(chat.text) != chat.length) abort();
                scry_chat_free(&chat);
            }
    scry_tokenizer_close(tok);
}

const fuzz_target fuzz_tokenizer_targets[] = {
    {"encoder", begin_encoder, run_encoder},
    {"encode", begin_encode, run_encode},
    {"chat", begin_chat, run_chat},
    {NULL, NULL, NULL},
};
