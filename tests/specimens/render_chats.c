/* render_chats.c: conversations as text, for tests/specimens/check_chats.py.
 *
 *   render_chats FOLDER
 *
 * Reads a line {"messages": [{"role": ..., "content": ...}, ...], "answer": true} each; prints as a JSON string the
 * conversation in the template that the folder's tokenizer is guessed to have, or {"error": ...}. Parts that do not
 * hold what they should are an error of this program. */
#include "base/mem.h"
#include "io/json.h"
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_text(const char *name, const char *text) {
    cJSON *item = cJSON_CreateString(text);
    char *quoted = cJSON_PrintUnformatted(item);
    if (name) printf("{\"%s\": %s}\n", name, quoted);
    else puts(quoted);
    free(quoted);
    cJSON_Delete(item);
}

/* The parts' places: in order, within the text, and with words of the message. */
static bool places_hold(const scry_chat *chat, const scry_message *messages, size_t count) {
    if (chat->length != strlen(chat->text) || chat->head > chat->length) return false;
    for (size_t i = 0; i < count; i++) {
        size_t begin = chat->content[i], length = chat->content_end[i] - begin;
        bool system = strcmp(messages[i].role, "system") == 0;
        if (chat->turn[i] > begin || chat->content_end[i] > chat->length) return false;
        bool hosted = i && strcmp(messages[i - 1].role, "system") == 0; /* it may stand in a later turn */
        if (i && !hosted && chat->turn[i] < chat->content_end[i - 1]) return false;
        if (!system && chat->turn[i] < chat->head) return false;
        char *words = mem_copy_bytes(chat->text + begin, length);
        bool own = strstr(messages[i].content, words) != NULL || strstr(words, "<think>");
        free(words);
        if (!own) return false;
    }
    return true;
}

static bool render_line(int chat_template, const scry_tokenizer *tok, const char *line, size_t length) {
    cJSON *root = json_parse(line, length), *list = cJSON_GetObjectItem(root, "messages"), *row;
    size_t count = (size_t)cJSON_GetArraySize(list), i = 0;
    scry_message *messages = mem_new(count + 1, sizeof *messages);
    cJSON_ArrayForEach (row, list) {
        messages[i].role = cJSON_GetStringValue(cJSON_GetObjectItem(row, "role"));
        messages[i++].content = cJSON_GetStringValue(cJSON_GetObjectItem(row, "content"));
    }
    scry_chat chat;
    scry_error err = {0};
    bool answer = cJSON_IsTrue(cJSON_GetObjectItem(root, "answer")), ok = true;
    if (scry_chat_render(chat_template, tok, messages, count, answer, &chat, &err)) {
        print_text(NULL, chat.text);
        ok = places_hold(&chat, messages, count);
        scry_chat_free(&chat);
    } else print_text("error", err.text);
    free(messages);
    cJSON_Delete(root);
    return ok;
}

int main(int argc, char **argv) {
    scry_error err = {0};
    scry_tokenizer *tok = argc > 1 ? scry_tokenizer_open(argv[1], &err) : NULL;
    int chat_template = tok ? scry_chat_template_guess(tok) : -1;
    if (chat_template < 0) {
        fprintf(stderr, "render_chats: %s\n", tok ? "no template fits" : argc > 1 ? err.text : "expected FOLDER");
        scry_tokenizer_close(tok);
        return 2;
    }
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool ok = true;
    while (ok && (length = getline(&line, &room, stdin)) > 0)
        ok = render_line(chat_template, tok, line, (size_t)length);
    if (!ok) fprintf(stderr, "render_chats: places that do not hold: %s", line);
    free(line);
    scry_tokenizer_close(tok);
    return ok ? 0 : 1;
}
