/* test_chat_template.c: conversations as text, against transformers' apply_chat_template (tests/specimens/chats.json).
 */
#include "check.h"
#include "base/mem.h"
#include "io/json.h"
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *text_at(const cJSON *item, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(item, key));
    if (!text) abort();
    return text;
}

static void write_json(const char *path, cJSON *item) {
    char *text = cJSON_PrintUnformatted(item);
    write_text(path, "%s", text);
    free(text);
    cJSON_Delete(item);
}

/* A folder whose tokenizer has these added tokens; more, such as "\"<0x0A>\": 1", stands in the vocabulary. */
static const char *tokenizer_folder(const char *name, const char *const *added, const char *more) {
    const char *folder = scratch_folder("%s", name);
    char tokens[1000] = "";
    for (size_t i = 0; added && added[i]; i++)
        snprintf(tokens + strlen(tokens), sizeof tokens - strlen(tokens), "%s{\"id\": %zu, \"content\": \"%s\"}",
                 i ? ", " : "", 10 + i, added[i]);
    write_text(text_of("%s/tokenizer.json", folder),
               "{\"added_tokens\": [%s], \"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0%s}, \"merges\": []}}",
               tokens, more);
    return folder;
}

/* The three ways in which a folder says its template. */
typedef enum spelling { AS_TEXT, AS_LIST, AS_FILE } spelling;

static const char *model_folder(const cJSON *model, spelling how) {
    const char *folder = tokenizer_folder(text_of("%s.%d", text_at(model, "name"), how), NULL, "");
    cJSON *config = cJSON_CreateObject(), *eos = cJSON_AddObjectToObject(config, "eos_token");
    cJSON_AddStringToObject(config, "bos_token", text_at(model, "bos"));
    cJSON_AddStringToObject(eos, "content", text_at(model, "eos"));
    const char *jinja = text_at(model, "jinja");
    if (how == AS_TEXT) cJSON_AddStringToObject(config, "chat_template", jinja);
    if (how == AS_FILE) write_text(text_of("%s/chat_template.jinja", folder), "%s", jinja);
    if (how == AS_LIST) {
        cJSON *list = cJSON_AddArrayToObject(config, "chat_template");
        for (int i = 0; i < 2; i++) {
            cJSON *row = cJSON_CreateObject();
            cJSON_AddStringToObject(row, "name", i ? "default" : "tool_use");
            cJSON_AddStringToObject(row, "template", i ? jinja : "tools");
            cJSON_AddItemToArray(list, row);
        }
    }
    write_json(text_of("%s/tokenizer_config.json", folder), config);
    return folder;
}

/* Words of a message in the text are its content, but for blanks that are trimmed and Qwen3's thoughts. */
static bool places_hold(const scry_chat *chat, const scry_message *m, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char *words = mem_copy_bytes(chat->text + chat->content[i], chat->content_end[i] - chat->content[i]);
        bool own = strstr(m[i].content, words) || strncmp(words, "<think>", 7) == 0;
        free(words);
        bool system = strcmp(m[i].role, "system") == 0;
        if (!own || chat->turn[i] > chat->content[i] || (!system && chat->turn[i] < chat->head)) return false;
    }
    return strlen(chat->text) == chat->length && chat->head <= chat->length;
}

static bool case_holds(int chat_template, const scry_tokenizer *tok, const cJSON *entry, bool *refused) {
    const cJSON *list = cJSON_GetObjectItem(entry, "messages"), *row, *text = cJSON_GetObjectItem(entry, "text");
    size_t count = 0;
    scry_message messages[16];
    cJSON_ArrayForEach (row, list) {
        if (count == 16) abort();
        messages[count++] = (scry_message){text_at(row, "role"), text_at(row, "content")};
    }
    scry_chat chat;
    scry_error err = {0};
    bool answer = cJSON_IsTrue(cJSON_GetObjectItem(entry, "answer"));
    *refused = cJSON_IsNull(text);
    if (!scry_chat_render(chat_template, tok, messages, count, answer, &chat, &err))
        return *refused && err.text[0] && !chat.text && !chat.turn;
    bool ok = !*refused && strcmp(chat.text, text->valuestring) == 0 && places_hold(&chat, messages, count);
    if (!ok) printf("# found %s\n# expected %s\n", chat.text, *refused ? "an error" : text->valuestring);
    scry_chat_free(&chat);
    return ok;
}

static void check_model(const cJSON *model, spelling how) {
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(model_folder(model, how), &err);
    if (!check(tok != NULL, "%s opens: %s", text_at(model, "name"), err.text)) return;
    int row = scry_chat_template_of(text_at(model, "template"));
    check(scry_chat_template_guess(tok) == row, "%s is guessed to be %s", text_at(model, "name"),
          text_at(model, "template"));
    const cJSON *cases = cJSON_GetObjectItem(model, "cases"), *entry;
    int wrong = 0, refusals = 0, count = 0;
    cJSON_ArrayForEach (entry, cases) {
        bool refused;
        wrong += !case_holds(row, tok, entry, &refused);
        refusals += refused;
        count++;
    }
    check(wrong == 0, "%s renders %d conversations as transformers do, %d of them refused: %d differ",
          text_at(model, "name"), count, refusals, wrong);
    scry_tokenizer_close(tok);
}

static void check_specimens(void) {
    size_t size;
    uint8_t *text = read_bytes("tests/specimens/chats.json", &size);
    cJSON *models = json_parse((const char *)text, size);
    free(text);
    check(cJSON_GetArraySize(models) == 14, "conversations of 14 models are kept");
    const cJSON *model;
    int number = 0;
    cJSON_ArrayForEach (model, models) check_model(model, (spelling)(number++ % 3));
    cJSON_Delete(models);
}

/* ---- without a template ---- */

static const scry_message plain[] = {
    {"system", "Be brief."}, {"user", " Hi "}, {"assistant", "Yes."}, {"user", "Go on"}};

static void check_text(int chat_template, const scry_tokenizer *tok, const char *expected, const char *what) {
    scry_chat chat;
    scry_error err = {0};
    if (!check(scry_chat_render(chat_template, tok, plain, 4, true, &chat, &err), "%s renders: %s", what, err.text))
        return;
    bool same = strcmp(chat.text, expected) == 0;
    check(same, "%s: the text is that of its template", what);
    if (!same) printf("# found %s\n", chat.text);
    scry_chat_free(&chat);
}

/* Mistral's blanks around its tokens follow from the tokenizer: SentencePiece's has pieces for bytes. */
static void check_bare(const char *name, const char *const *added, const char *more, const char *row,
                       const char *text) {
    scry_error err = {0};
    scry_tokenizer *tok = scry_tokenizer_open(tokenizer_folder(name, added, more), &err);
    if (!check(tok != NULL, "%s opens: %s", name, err.text)) return;
    int found = scry_chat_template_guess(tok);
    check(row ? found >= 0 && strcmp(scry_chat_template_name(found), row) == 0 : found == -1,
          "special tokens of %s mean %s", name, row ? row : "no template");
    check_text(scry_chat_template_of(row ? row : "mistral"), tok, text, name);
    scry_tokenizer_close(tok);
}

static void check_without_template(void) {
    static const char *const im[] = {"<|im_start|>", "<|im_end|>", NULL}, *const inst[] = {"[INST]", "[/INST]", NULL};
    static const char *const turn[] = {"<start_of_turn>", "<end_of_turn>", NULL};
    static const char *const header[] = {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", NULL};
    check_bare("chatml", im, "", "chatml",
               "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n Hi <|im_end|>\n<|im_start|>assistant\n"
               "Yes.<|im_end|>\n<|im_start|>user\nGo on<|im_end|>\n<|im_start|>assistant\n");
    check_bare(
        "llama", header, "", "llama3",
        "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>user"
        "<|end_header_id|>\n\nHi<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\nYes.<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\nGo on<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n");
    check_bare("gemma", turn, "", "gemma",
               "<bos><start_of_turn>user\nBe brief.\n\nHi<end_of_turn>\n<start_of_turn>model\nYes.<end_of_turn>\n"
               "<start_of_turn>user\nGo on<end_of_turn>\n<start_of_turn>model\n");
    check_bare("tekken", inst, "", "mistral", "<s>[INST] Hi [/INST]Yes.</s>[INST]Be brief.\n\nGo on[/INST]");
    check_bare("v3", inst, ", \"<0x0A>\": 1", "mistral",
               "<s>[INST]  Hi [/INST] Yes.</s>[INST] Be brief.\n\nGo on[/INST]");
    check_bare("v1", NULL, ", \"<0x0A>\": 1", NULL,
               "<s> [INST] Be brief.\n\n Hi  [/INST] Yes.</s> [INST] Go on [/INST]");
}

static void check_parts(void) {
    scry_chat chat;
    scry_error err = {0};
    int chatml = scry_chat_template_of("chatml");
    if (!check(scry_chat_render(chatml, NULL, plain, 4, false, &chat, &err), "chatml renders: %s", err.text)) return;
    check_is(chat.head, strlen("<|im_start|>system\nBe brief.<|im_end|>\n"), "the head ends behind the system message");
    check_is(chat.turn[1], chat.head, "the first turn begins there");
    check(strncmp(chat.text + chat.turn[2], "<|im_start|>assistant\n", 22) == 0, "a turn begins with its role");
    check(chat.content[2] == chat.turn[2] + 22 && chat.content_end[2] == chat.content[2] + 4, "and has its words");
    scry_chat_free(&chat);
}

static void check_errors(void) {
    static const scry_message tool[] = {{"tool", "x"}}, broken[] = {{"user", "a\xff"}},
                              twice[] = {{"user", "a"}, {"user", "b"}};
    scry_chat chat;
    scry_error err = {0};
    char known[SCRY_CHOICES];
    check(strcmp(scry_chat_template_choices(known, ""), "chatml, llama3, gemma or mistral") == 0, "the templates: %s",
          known);
    check(scry_chat_template_of("vicuna") == -1, "an unknown template is none");
    check(!scry_chat_render(0, NULL, tool, 1, true, &chat, &err), "a role that is unknown is refused");
    check_says(err.text, SAYS("message 1", "tool", "system, user or assistant"), "with its name: %s", err.text);
    check(!scry_chat_render(0, NULL, broken, 1, true, &chat, &err) && strstr(err.text, "byte 1"),
          "broken UTF-8 is refused: %s", err.text);
    check(!scry_chat_render(0, NULL, NULL, 0, true, &chat, &err), "no message is refused: %s", err.text);
    check(!scry_chat_render(scry_chat_template_of("gemma"), NULL, twice, 2, true, &chat, &err), "two users' turns");
    check_says(err.text, SAYS("message 2", "user", "assistant", "gemma"), "are refused by name: %s", err.text);
}

int main(void) {
    check_specimens();
    check_without_template();
    check_parts();
    check_errors();
    return check_end();
}
