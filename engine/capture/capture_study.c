/* capture/capture_study.c: see capture_study.h. */
#include "capture/capture_study.h"
#include "capture/capture_settings.h"
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/utf8.h"
#include "capture/capture_file.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- tokens ---- */

char *capture_tokens_path(const char *folder, const capture_group *group) {
    return mem_format("%s/acts/%s.tokens.jsonl", folder, group->stem);
}

/* The token's text; what is not UTF-8 by itself, such as part of a character, is U+FFFD. */
static void add_piece(cJSON *list, const scry_tokenizer *tok, uint32_t id) {
    const char *piece = scry_tokenizer_piece(tok, id);
    char *text = utf8_replace_invalid(piece ? piece : "");
    cJSON_AddItemToArray(list, cJSON_CreateString(text));
    free(text);
}

static void add_ids(cJSON *list, const uint32_t *ids, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) cJSON_AddItemToArray(list, cJSON_CreateNumber(ids[i]));
}

/* Where only the response has rows: what was asked. */
static void add_prompt(cJSON *line, const corpus_item *item) {
    const size_t last = item->message_count - 1;
    char *prompt = item->text ? mem_copy_bytes(item->text, item->response) : NULL;
    if (prompt) cJSON_AddStringToObject(line, "prompt", prompt);
    else if (last) cJSON_AddStringToObject(line, "prompt", item->messages[last - 1].content);
    free(prompt);
}

/* A sample's line: what the reader of token files knows, then the text's other keys. */
static cJSON *token_line(const capture_plan *plan, const capture_group *g, const capture_sample *s) {
    corpus_item item = corpus_read(g->texts->corpus, s->item);
    const scry_tokens *head = &g->head[s->head];
    cJSON *line = cJSON_CreateObject(), *other = *item.other ? json_parse(item.other, strlen(item.other)) : NULL;
    cJSON_AddStringToObject(line, "id", item.id);
    cJSON *tokens = cJSON_AddArrayToObject(line, "tokens");
    for (size_t i = s->first; i < s->count; i++) add_piece(tokens, plan->tok, s->ids[i]);
    add_ids(cJSON_AddArrayToObject(line, "ids"), s->ids, s->first, s->count);
    if (s->response < s->count) cJSON_AddNumberToObject(line, "response", s->response - s->first);
    if (head->count + s->first) {
        cJSON *before = cJSON_AddArrayToObject(line, "before");
        add_ids(before, head->ids, 0, head->count);
        add_ids(before, s->ids, 0, s->first);
    }
    if (s->first) add_prompt(line, &item);
    while (other && other->child) {
        cJSON *one = cJSON_DetachItemViaPointer(other, other->child);
        if (cJSON_GetObjectItemCaseSensitive(line, one->string)) cJSON_Delete(one);
        else cJSON_AddItemToObject(line, one->string, one);
    }
    cJSON_Delete(other);
    corpus_item_free(&item);
    return line;
}

bool capture_tokens_write(const capture_plan *plan, const capture_group *group, const char *folder, scry_error *err) {
    char *path = capture_tokens_path(folder, group);
    atomic_file out;
    bool ok = atomic_file_begin(&out, path, err);
    free(path);
    if (!ok) return false;
    for (size_t i = 0; i < group->count && !ferror(out.file); i++) {
        cJSON *line = token_line(plan, group, &group->sample[i]);
        char *text = cJSON_PrintUnformatted(line);
        fprintf(out.file, "%s\n", text);
        cJSON_free(text);
        cJSON_Delete(line);
    }
    return atomic_file_end(&out, true, err);
}

/* ---- the manifest ---- */

/* Sets a key, in its place where it is there already. */
static void set(cJSON *object, const char *key, cJSON *value) {
    if (cJSON_GetObjectItemCaseSensitive(object, key)) cJSON_ReplaceItemInObjectCaseSensitive(object, key, value);
    else cJSON_AddItemToObject(object, key, value);
}

static void set_text(cJSON *object, const char *key, const char *value) {
    set(object, key, cJSON_CreateString(value));
}

static void set_path(cJSON *object, const char *key, const char *folder, const char *path) {
    char *from = path_from_folder(folder, path);
    set_text(object, key, from);
    free(from);
}

/* The conditions of a group; those that are not captured any more are taken out. */
static void set_captures(const capture_plan *plan, cJSON *object, size_t group) {
    const capture_group *g = &plan->group[group];
    for (int c = 0; c < CAPTURE_CONDITIONS; c++)
        cJSON_DeleteItemFromObjectCaseSensitive(object, capture_condition_name((capture_condition)c));
    for (size_t i = 0; i < plan->units; i++) {
        if (plan->unit[i].group != group) continue;
        cJSON *capture = cJSON_CreateObject();
        cJSON_AddStringToObject(capture, "residual", plan->unit[i].path);
        char *tokens = capture_tokens_path(".", g);
        cJSON_AddStringToObject(capture, "tokens", tokens + strlen("./"));
        free(tokens);
        cJSON_AddItemToObject(object, capture_condition_name(plan->unit[i].condition), capture);
    }
}

static void set_tuned(cJSON *train, const char *key, const char *folder, const capture_model *m) {
    if (m->folder) set_path(train, key, folder, m->adapter ? m->adapter : m->folder);
    else cJSON_DeleteItemFromObjectCaseSensitive(train, key);
}

/* The object of that name in a list, taken out of it; a new one otherwise. list may be NULL. */
static cJSON *take(cJSON *list, const char *name) {
    cJSON *item;
    cJSON_ArrayForEach (item, list) {
        const cJSON *own = cJSON_GetObjectItemCaseSensitive(item, "name");
        if (cJSON_IsString(own) && strcmp(own->valuestring, name) == 0) return cJSON_DetachItemViaPointer(list, item);
    }
    item = cJSON_CreateObject();
    cJSON_AddStringToObject(item, "name", name);
    return item;
}

static void set_train(const capture_plan *plan, cJSON *study, const char *folder) {
    cJSON *old = cJSON_GetObjectItemCaseSensitive(study, "train"), *train;
    if (!cJSON_IsObject(old)) {
        train = cJSON_CreateObject();
        set(study, "train", train);
    } else train = old;
    set_text(train, "name", plan->group[0].texts->name);
    set_tuned(train, "sft_path", folder, &plan->model[CAPTURE_TUNED]);
    set_tuned(train, "rl_path", folder, &plan->model[CAPTURE_TUNED_RL]);
    set_captures(plan, train, 0);
}

static void set_domains(const capture_plan *plan, cJSON *study) {
    cJSON *old = cJSON_GetObjectItemCaseSensitive(study, "domains"), *domains = cJSON_CreateArray();
    for (size_t i = 1; i < plan->groups; i++) {
        cJSON *domain = take(cJSON_IsArray(old) ? old : NULL, plan->group[i].texts->name);
        set_captures(plan, domain, i);
        cJSON_AddItemToArray(domains, domain);
    }
    set(study, "domains", domains);
}

/* The study that is there, or an empty one; NULL and err where it cannot be read. */
static cJSON *study_before(const char *path, scry_error *err) {
    mapped_file map;
    cJSON *study = NULL;
    if (!mapped_file_open_if_there(&map, path, NULL, err)) return NULL;
    if (map.path) {
        study = json_parse((const char *)map.data, (size_t)map.size);
        mapped_file_close(&map);
    }
    if (cJSON_IsObject(study)) return study;
    cJSON_Delete(study);
    return cJSON_CreateObject();
}

bool capture_study_is_own(const char *folder, scry_error *err) {
    char *path = mem_format("%s/study.json", folder);
    temporary_file_clear(path); /* here, since other shards may write the study at its end */
    cJSON *study = NULL;
    bool own = access(path, F_OK) != 0;
    if (!own && (study = study_before(path, err)))
        own = cJSON_GetObjectItemCaseSensitive(study, "capture") ||
              scry_fail(err,
                        "%s: is a study that scry capture did not write; expected an empty or a new folder, or "
                        "--force",
                        path);
    cJSON_Delete(study);
    free(path);
    return own;
}

static void set_name(const capture_plan *plan, cJSON *study, const char *model) {
    const char *given = plan->options->name;
    char hook[SCRY_HOOK_TEXT],
        *made = mem_format("%s on %s, %s", plan->group[0].texts->name, model, scry_hook_text(plan->hook, hook));
    if (given || !cJSON_GetObjectItemCaseSensitive(study, "name")) set_text(study, "name", given ? given : made);
    free(made);
}

/* The text with two blanks where cJSON indents by a tab, and a line break at the end. The caller frees it. */
static char *spaced(const char *text) {
    char *out = mem_new(2 * strlen(text) + 2, 1), *to = out;
    bool indent = true;
    for (; *text; text++) {
        indent = text[0] == '\t' ? indent : text[0] == '\n';
        *to++ = *text == '\t' ? ' ' : *text;
        if (*text == '\t' && indent) *to++ = ' ';
    }
    *to = '\n';
    return out;
}

bool capture_study_write(const capture_plan *plan, const char *folder, scry_error *err) {
    char hook[SCRY_HOOK_TEXT], *path = mem_format("%s/study.json", folder);
    const char *given = plan->options->model_name;
    char *model = given ? mem_copy_string(given) : capture_folder_name(plan->options->model);
    cJSON *study = study_before(path, err);
    if (!study) {
        free(model);
        free(path);
        return false;
    }
    set(study, "scry_study", cJSON_CreateNumber(1));
    set_name(plan, study, model);
    set_text(study, "model", model);
    set_path(study, "model_path", folder, plan->options->model);
    set_text(study, "hook", scry_hook_text(plan->hook, hook));
    if (plan->options->sae) set_path(study, "sae", folder, plan->options->sae);
    if (!cJSON_GetObjectItemCaseSensitive(study, "pairing")) set_text(study, "pairing", "token");
    set_train(plan, study, folder);
    set_domains(plan, study);
    set(study, "capture", capture_settings_of_study(plan));
    char *text = cJSON_Print(study), *line = spaced(text);
    bool ok = atomic_file_write(path, line, strlen(line), err);
    cJSON_free(text);
    cJSON_Delete(study);
    free(line);
    free(model);
    free(path);
    return ok;
}
