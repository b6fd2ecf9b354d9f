/* capture/corpus_line.c: the forms that a line of a corpus may have. */
#include "capture/corpus_line.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LETTERS = 26 };

/* A form: which key tells it, which keys it uses up, and how it reads. */
typedef struct line_form {
    const char *key, *keys, *shown; /* keys: separated by blanks, besides those of every form */
    bool (*read)(const cJSON *line, corpus_item *item, scry_error *err);
} line_form;

/* Used up in every form. */
static const char common_keys[] = "id question_id options choices answer answer_index";

static const cJSON *find(const cJSON *line, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(line, key);
    return cJSON_IsNull(item) ? NULL : item;
}

static const char *kind_of(const cJSON *item) {
    if (!item) return "nothing";
    if (cJSON_IsString(item)) return "text";
    if (cJSON_IsNumber(item)) return "a number";
    if (cJSON_IsBool(item)) return "true or false";
    if (cJSON_IsArray(item)) return "a list";
    return cJSON_IsObject(item) ? "an object" : "null";
}

static bool wrong_kind(scry_error *err, const char *key, const cJSON *found, const char *expected) {
    return scry_fail(err, "%s: found %s, expected %s", key, kind_of(found), expected);
}

/* An optional text: *out is "" when it is absent. */
static bool read_text(const cJSON *line, const char *key, const char **out, scry_error *err) {
    const cJSON *item = find(line, key);
    *out = cJSON_IsString(item) ? item->valuestring : "";
    return !item || cJSON_IsString(item) || wrong_kind(err, key, item, "text");
}

/* ---- messages ---- */

static void add_message(corpus_item *item, const char *role, const char *content) {
    item->messages = mem_resize(item->messages, item->message_count + 1, sizeof *item->messages);
    item->messages[item->message_count++] =
        (scry_message){.role = mem_copy_string(role), .content = mem_copy_string(content)};
}

static bool add_messages(const cJSON *list, const char *key, corpus_item *item, scry_error *err) {
    if (!cJSON_IsArray(list)) return wrong_kind(err, key, list, "a list of {\"role\", \"content\"}");
    const cJSON *one;
    int number = 0;
    cJSON_ArrayForEach (one, list) {
        char place[80];
        snprintf(place, sizeof place, "%s[%d]", key, number++);
        const cJSON *role = find(one, "role"), *content = find(one, "content");
        if (!cJSON_IsObject(one) || !cJSON_IsString(role))
            return wrong_kind(err, place, cJSON_IsObject(one) ? role : one, "{\"role\", \"content\"}");
        if (strcmp(role->valuestring, "system") != 0 && strcmp(role->valuestring, "user") != 0 &&
            strcmp(role->valuestring, "assistant") != 0)
            return scry_fail(err, "%s.role: found \"%.40s\", expected system, user or assistant", place,
                             role->valuestring);
        if (!cJSON_IsString(content)) {
            strcat(place, ".content");
            return wrong_kind(err, place, content, "text");
        }
        add_message(item, role->valuestring, content->valuestring);
    }
    return true;
}

static bool end_messages(corpus_item *item, const char *key, scry_error *err) {
    if (!item->message_count) return scry_fail(err, "%s: found an empty list, expected messages", key);
    return true;
}

static bool read_messages(const cJSON *line, corpus_item *item, scry_error *err) {
    return add_messages(find(line, "messages"), "messages", item, err) && end_messages(item, "messages", err);
}

/* ---- texts ---- */

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes over nothing. */
static void join(corpus_item *item, const char *prompt, const char *response) {
    size_t a = strlen(prompt), b = strlen(response);
    bool apart = !a || !b || is_blank(prompt[a - 1]) || is_blank(response[0]);
    item->text = mem_format("%s%s%s", prompt, apart ? "" : "\n", response);
    item->length = strlen(item->text);
    item->response = item->length - b;
}

static void as_chat(corpus_item *item, const char *user, const char *assistant) {
    add_message(item, "user", user);
    if (*assistant) add_message(item, "assistant", assistant);
}

static const cJSON *first_of(const cJSON *line, const char *a, const char *b, const char **key) {
    *key = find(line, a) ? a : b;
    return find(line, *key);
}

static bool read_prompt(const cJSON *line, corpus_item *item, scry_error *err) {
    const cJSON *prompt = find(line, "prompt");
    const char *key, *response;
    const cJSON *answer = first_of(line, "response", "completion", &key);
    if (cJSON_IsArray(prompt))
        return add_messages(prompt, "prompt", item, err) && (!answer || add_messages(answer, key, item, err)) &&
               end_messages(item, "prompt", err);
    if (!cJSON_IsString(prompt)) return wrong_kind(err, "prompt", prompt, "text");
    if (!read_text(line, key, &response, err)) return false;
    join(item, prompt->valuestring, response);
    as_chat(item, prompt->valuestring, response);
    return true;
}

static bool read_instruction(const cJSON *line, corpus_item *item, scry_error *err) {
    const char *instruction, *input, *output;
    if (!read_text(line, "instruction", &instruction, err) || !read_text(line, "input", &input, err) ||
        !read_text(line, "output", &output, err))
        return false;
    char *prompt = mem_format("%s%s%s", instruction, *input ? "\n" : "", input);
    join(item, prompt, output);
    as_chat(item, prompt, output);
    free(prompt);
    return true;
}

static bool read_plain(const cJSON *line, corpus_item *item, scry_error *err) {
    const char *text;
    if (!read_text(line, "text", &text, err)) return false;
    join(item, text, "");
    return true;
}

/* The worked answer, or the answer as it stands (the letter where it is an index), in a text that the caller frees. */
static bool read_answer(const cJSON *line, const corpus_item *item, char **out, scry_error *err) {
    const char *solution, *worked;
    const cJSON *answer = find(line, "answer");
    if (!read_text(line, "solution", &solution, err) || !read_text(line, "cot_content", &worked, err)) return false;
    if (strncmp(worked, "A: ", 3) == 0) worked += 3; /* as MMLU-Pro writes them */
    if (!*solution) solution = worked;
    if (*solution) *out = mem_copy_string(solution);
    else if (cJSON_IsString(answer)) *out = mem_copy_string(answer->valuestring);
    else if (item->answer >= 0) *out = mem_format("%c", 'A' + item->answer);
    else if (cJSON_IsNumber(answer)) *out = mem_format("%.15g", answer->valuedouble);
    else if (!answer) *out = mem_copy_string("");
    else return wrong_kind(err, "answer", answer, "text or a number");
    return true;
}

static bool read_question(const cJSON *line, corpus_item *item, scry_error *err) {
    const char *question;
    char *answer = NULL;
    if (!read_text(line, "question", &question, err) || !read_answer(line, item, &answer, err)) return false;
    size_t room = strlen(question) + 16;
    for (size_t i = 0; i < item->option_count; i++) room += strlen(item->options[i]) + 4;
    char *asked = mem_new(room, 1), *at = asked + sprintf(asked, "%s", question);
    if (item->option_count) at += sprintf(at, "\nOptions:");
    for (size_t i = 0; i < item->option_count; i++)
        at += sprintf(at, "\n%c. %s", (char)('A' + (int)i), item->options[i]);
    char *prompt = mem_format("Question: %s\nAnswer:", asked);
    char *response = mem_format("%s%s", *answer ? " " : "", answer);
    item->length = strlen(prompt) + strlen(response);
    item->response = strlen(prompt);
    item->text = mem_format("%s%s", prompt, response);
    as_chat(item, asked, answer);
    free(asked);
    free(prompt);
    free(response);
    free(answer);
    return true;
}

static const line_form forms[] = {
    {"messages", "messages", "{\"messages\": [...]}", read_messages},
    {"prompt", "prompt response completion", "{\"prompt\", \"response\"}", read_prompt},
    {"question", "question solution cot_content", "{\"question\", \"answer\"}", read_question},
    {"instruction", "instruction input output", "{\"instruction\", \"output\"}", read_instruction},
    {"text", "text", "{\"text\"}", read_plain},
};
enum { FORMS = sizeof forms / sizeof *forms };

const char *corpus_forms(char out[SCRY_CHOICES]) {
    return alternatives(out, SCRY_CHOICES, &forms[0].shown, sizeof *forms, FORMS);
}

/* ---- multiple choice ---- */

static bool read_options(const cJSON *line, corpus_item *item, scry_error *err) {
    const char *key;
    const cJSON *list = first_of(line, "options", "choices", &key), *one;
    if (!list) return true;
    if (!cJSON_IsArray(list)) return wrong_kind(err, key, list, "a list of texts");
    int count = cJSON_GetArraySize(list);
    if (count > LETTERS) return scry_fail(err, "%s: found %d, expected %d at most", key, count, (int)LETTERS);
    item->options = mem_new((size_t)count + 1, sizeof *item->options);
    cJSON_ArrayForEach (one, list) {
        if (!cJSON_IsString(one)) return wrong_kind(err, key, one, "a list of texts");
        item->options[item->option_count++] = mem_copy_string(one->valuestring);
    }
    return true;
}

/* The option that a text means: one letter, else the option that is equal to it; -1: none. */
static int option_of(const corpus_item *item, const char *text) {
    int letter = text[0] && !text[1] ? (text[0] & ~0x20) - 'A' : -1;
    if (letter >= 0 && letter < (int)item->option_count) return letter;
    for (size_t i = 0; i < item->option_count; i++)
        if (strcmp(item->options[i], text) == 0) return (int)i;
    return -1;
}

static bool read_right_option(const cJSON *line, corpus_item *item, scry_error *err) {
    const char *key;
    const cJSON *answer = first_of(line, "answer_index", "answer", &key);
    item->answer = -1;
    if (!item->option_count || !answer) return true;
    if (cJSON_IsString(answer)) item->answer = option_of(item, answer->valuestring);
    else if (cJSON_IsNumber(answer) && answer->valuedouble >= 0 && answer->valuedouble < (double)item->option_count &&
             answer->valuedouble == (double)(int)answer->valuedouble)
        item->answer = (int)answer->valuedouble;
    if (item->answer >= 0) return true;
    char *found = cJSON_PrintUnformatted(answer);
    scry_fail(err, "%s: found %.60s, expected a letter from A to %c, an index from 0 to %zu, or the text of an option",
              key, found ? found : "", (char)('A' + (int)item->option_count - 1), item->option_count - 1);
    cJSON_free(found);
    return false;
}

/* ---- lines ---- */

static bool is_listed(const char *keys, const char *key) {
    size_t length = strlen(key);
    for (const char *at = keys; (at = strstr(at, key)); at++)
        if ((at == keys || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return length > 0;
    return false;
}

static char *other_keys(const cJSON *line, const line_form *form) {
    cJSON *other = cJSON_CreateObject();
    const cJSON *item;
    cJSON_ArrayForEach (item, line)
        if (!is_listed(common_keys, item->string) && !is_listed(form->keys, item->string))
            cJSON_AddItemToObject(other, item->string, cJSON_Duplicate(item, true));
    char *text = other->child ? cJSON_PrintUnformatted(other) : NULL, *out = mem_copy_string(text ? text : "");
    cJSON_free(text);
    cJSON_Delete(other);
    return out;
}

char *corpus_line_id(const cJSON *line) {
    const char *key;
    const cJSON *id = first_of(line, "id", "question_id", &key);
    if (cJSON_IsString(id)) return mem_copy_string(id->valuestring);
    return cJSON_IsNumber(id) ? mem_format("%.17g", id->valuedouble) : NULL;
}

const char *corpus_line_category(const cJSON *line) {
    const cJSON *category = find(line, "category");
    return cJSON_IsString(category) && *category->valuestring ? category->valuestring : NULL;
}

void corpus_item_free(corpus_item *item) {
    for (size_t i = 0; i < item->message_count; i++) {
        free((void *)item->messages[i].role);
        free((void *)item->messages[i].content);
    }
    for (size_t i = 0; i < item->option_count; i++) free(item->options[i]);
    free(item->messages);
    free(item->options);
    free(item->id);
    free(item->other);
    free(item->text);
    *item = (corpus_item){.answer = -1};
}

bool corpus_line_read(const cJSON *line, corpus_item *item, scry_error *err) {
    char shown[SCRY_CHOICES];
    const char *key;
    *item = (corpus_item){.answer = -1};
    if (!cJSON_IsObject(line)) return scry_fail(err, "found no JSON object, expected %s", corpus_forms(shown));
    const line_form *form = forms;
    while (form < forms + FORMS && !find(line, form->key)) form++;
    if (form == forms + FORMS) return scry_fail(err, "found none of the known keys, expected %s", corpus_forms(shown));
    const cJSON *id = first_of(line, "id", "question_id", &key);
    if (id && !cJSON_IsString(id) && !cJSON_IsNumber(id)) return wrong_kind(err, key, id, "text or a number");
    if (!read_options(line, item, err) || !read_right_option(line, item, err) || !form->read(line, item, err)) {
        corpus_item_free(item);
        return false;
    }
    const scry_message *last = item->message_count ? &item->messages[item->message_count - 1] : NULL;
    item->answered = last && strcmp(last->role, "assistant") == 0 && *last->content;
    item->other = other_keys(line, form);
    return true;
}
