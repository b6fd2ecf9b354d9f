/* chat_style.c: the table of chat templates, and what distinguishes the versions of each. */
#include "model/tokenizer/chat_style.h"
#include "base/mem.h"
#include "model.h"
#include "model/tokenizer/text_encoder.h"

#include <stdlib.h>
#include <string.h>

static bool has(const chat_model *model, const char *words) {
    return model->jinja && strstr(model->jinja, words);
}

/* ---- ChatML: Qwen, SmolLM2 ---- */

/* The words that the template itself writes as system message: between <|im_start|>system and <|im_end|> within one
 * text of the Jinja source. */
static char *default_system(const char *jinja) {
    static const char open[] = "<|im_start|>system", close[] = "<|im_end|>";
    for (const char *at = jinja; at && (at = strstr(at, open));) {
        at += sizeof open - 1;
        const char *begin = *at == '\n' ? at + 1 : strncmp(at, "\\n", 2) == 0 ? at + 2 : NULL;
        const char *end = begin ? strstr(begin, close) : NULL;
        if (!end || end == begin) continue;
        char *text = mem_new((size_t)(end - begin) + 1, 1), *to = text;
        for (; begin < end && *begin != '\'' && *begin != '"'; begin++) {
            if (*begin == '\\' && begin + 1 < end) {
                begin++;
                *to++ = *begin == 'n' ? '\n' : *begin == 't' ? '\t' : *begin;
            } else *to++ = *begin;
        }
        if (begin == end) return text;
        free(text); /* the text of the source ends before: what follows is the message's own */
    }
    return NULL;
}

static bool writes_bos(const char *jinja) {
    return strstr(jinja, "{{ bos_token }}") || strstr(jinja, "{{- bos_token }}") || strstr(jinja, "{{bos_token}}");
}

static void chatml(const chat_model *model, chat_style *s) {
    *s = (chat_style){.open = "<|im_start|>", .middle = "\n", .close = "<|im_end|>\n", .model = "assistant"};
    if (!model->jinja) return;
    s->default_system = default_system(model->jinja);
    if (writes_bos(model->jinja)) s->bos = model->bos;
    s->think = has(model, "last_query_index") && (has(model, "<think>\\n") || has(model, "<think>\n"));
    if (has(model, "<|im_start|>assistant\\n<think>\\n'")) s->answer_prompt = "<think>\n";
}

/* ---- Llama 3 ---- */

/* Of 3.1 and later; the date is the one that their template falls back to, so that texts do not change by the day. */
#define KNOWLEDGE "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"

static void llama3(const chat_model *model, chat_style *s) {
    *s = (chat_style){.bos = model->bos ? model->bos : "<|begin_of_text|>",
                      .open = "<|start_header_id|>",
                      .middle = "<|end_header_id|>\n\n",
                      .close = "<|eot_id|>",
                      .model = "assistant",
                      .trim = true};
    if (!has(model, "Cutting Knowledge Date")) return;
    s->system_prefix = KNOWLEDGE;
    s->default_system = mem_copy_string("");
}

/* ---- Gemma ---- */

static void gemma(const chat_model *model, chat_style *s) {
    *s = (chat_style){.bos = model->bos ? model->bos : "<bos>",
                      .open = "<start_of_turn>",
                      .middle = "\n",
                      .close = "<end_of_turn>\n",
                      .model = "model",
                      .system = has(model, "System role not supported") ? SYSTEM_REFUSED : SYSTEM_FIRST_USER,
                      .alternate = true,
                      .trim = true};
}

/* ---- Mistral ---- */

typedef enum mistral_version { MISTRAL_0, MISTRAL_1, MISTRAL_3, MISTRAL_TEKKEN, MISTRAL_7 } mistral_version;

static mistral_version mistral_version_of(const chat_model *model) {
    if (has(model, "[SYSTEM_PROMPT]")) return MISTRAL_7;
    if (has(model, "' [INST] '") || has(model, "\" [INST] \"")) return MISTRAL_1;
    if (has(model, "[INST]")) {
        if (!has(model, "[INST] ")) return MISTRAL_TEKKEN;
        return has(model, "' [/INST]'") || has(model, "\" [/INST]\"") ? MISTRAL_0 : MISTRAL_3;
    }
    if (!model->known || model->control) return model->known && !model->byte_pieces ? MISTRAL_TEKKEN : MISTRAL_3;
    return MISTRAL_1;
}

static void mistral(const chat_model *model, chat_style *s) {
    static const struct {
        const char *user_open, *user_close, *answer_open;
        system_place system;
        bool trim_answer;
    } versions[] = {
        [MISTRAL_0] = {"[INST] ", " [/INST]", "", SYSTEM_REFUSED, false},
        [MISTRAL_1] = {" [INST] ", " [/INST]", " ", SYSTEM_FIRST_USER, false},
        [MISTRAL_3] = {"[INST] ", "[/INST]", " ", SYSTEM_LAST_USER, true},
        [MISTRAL_TEKKEN] = {"[INST]", "[/INST]", "", SYSTEM_LAST_USER, false},
        [MISTRAL_7] = {"[INST]", "[/INST]", "", SYSTEM_OWN_TURN, false},
    };
    mistral_version v = mistral_version_of(model);
    *s = (chat_style){.bos = model->bos ? model->bos : "<s>",
                      .user_open = versions[v].user_open,
                      .user_close = versions[v].user_close,
                      .answer_open = versions[v].answer_open,
                      .answer_close = model->eos ? model->eos : "</s>",
                      .system_open = "[SYSTEM_PROMPT]",
                      .system_close = "[/SYSTEM_PROMPT]",
                      .system = versions[v].system,
                      .alternate = true,
                      .trim_answer = versions[v].trim_answer};
    if (v == MISTRAL_7 && has(model, "default_system_message"))
        s->no_default =
            "the model's own system message has the day's date in it, so it is not written here; begin with "
            "a system message";
}

/* ---- the table ---- */

static const struct {
    const char *name;
    const char *marks[3]; /* special tokens that all have to be there */
    void (*style)(const chat_model *model, chat_style *style);
} templates[] = {
    {"chatml", {"<|im_start|>", "<|im_end|>"}, chatml},
    {"llama3", {"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"}, llama3},
    {"gemma", {"<start_of_turn>", "<end_of_turn>"}, gemma},
    {"mistral", {"[INST]", "[/INST]"}, mistral},
};
enum { TEMPLATES = sizeof templates / sizeof *templates };

int scry_chat_template_of(const char *name) {
    for (int i = 0; i < TEMPLATES; i++)
        if (strcmp(name, templates[i].name) == 0) return i;
    return -1;
}

const char *scry_chat_template_name(int chat_template) {
    return templates[chat_template].name;
}

const char *scry_chat_template_choices(char out[SCRY_CHOICES], const char *quote) {
    return alternatives_quoted(out, SCRY_CHOICES, &templates[0].name, sizeof templates[0], TEMPLATES, quote);
}

/* The model's own template decides where it has one; Llama 2's, which has [INST], too, is none of these. */
int scry_chat_template_guess(const scry_tokenizer *tok) {
    const char *jinja = tokenizer_chat_template(tok);
    for (int i = 0; i < TEMPLATES; i++) {
        bool all = true;
        for (size_t m = 0; m < 3 && templates[i].marks[m]; m++)
            all = all && (jinja ? strstr(jinja, templates[i].marks[m]) != NULL
                                : scry_tokenizer_id(tok, templates[i].marks[m]) >= 0);
        if (all && !(jinja && strstr(jinja, "<<SYS>>"))) return i;
    }
    return -1;
}

void chat_style_of(int chat_template, const chat_model *model, chat_style *style) {
    templates[chat_template].style(model, style);
}

void chat_style_free(chat_style *style) {
    free(style->default_system);
    *style = (chat_style){0};
}
