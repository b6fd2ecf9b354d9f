/* capture/capture_settings.c: see capture_settings.h. */
#include "capture/capture_settings.h"
#include "base/mem.h"
#include "base/path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_hash(cJSON *object, const char *key, uint64_t hash) {
    char text[20];
    snprintf(text, sizeof text, "%016" PRIx64, hash);
    cJSON_AddStringToObject(object, key, text);
}

static const char *template_of(const capture_group *g) {
    return g->rule.chat_template < 0 ? "none" : scry_chat_template_name(g->rule.chat_template);
}

static const char *bos_name(scry_bos bos) {
    return bos == SCRY_BOS_YES ? "yes" : bos == SCRY_BOS_NO ? "no" : "auto";
}

static const char *separator_of(const scry_capture_options *o) {
    return o->separator ? o->separator : SCRY_SEPARATOR;
}

static const corpus_group *given_to(const capture_plan *plan, const capture_group *g) {
    for (size_t i = 0; i < plan->demos.count; i++)
        if (strcmp(plan->demos.group[i].name, g->texts->name) == 0) return &plan->demos.group[i];
    return NULL;
}

/* What all captures of a call share. */
static void add_common(cJSON *to, const capture_plan *plan) {
    const scry_capture_options *o = plan->options;
    char hook[SCRY_HOOK_TEXT];
    cJSON_AddStringToObject(to, "hook", scry_hook_text(plan->hook, hook));
    cJSON_AddStringToObject(to, "dtype", scry_capture_dtype_name(o->dtype));
    cJSON_AddStringToObject(to, "rows", o->rows_response ? "response" : "all");
    cJSON_AddStringToObject(to, "bos", bos_name(o->bos));
    cJSON_AddNumberToObject(to, "max-length", plan->limit == UINT32_MAX ? 0 : plan->limit);
    cJSON_AddNumberToObject(to, "samples", (double)o->samples);
    cJSON_AddNumberToObject(to, "tokens", (double)o->tokens);
}

/* Demonstrations are left out of the rows under every condition, and leave less room for texts. */
static void add_demonstrations(cJSON *to, const capture_plan *plan, const capture_group *g) {
    const scry_capture_options *o = plan->options;
    const corpus_group *given = given_to(plan, g);
    uint32_t asked = g->is_train ? o->demos : o->domain_demos;
    cJSON_AddNumberToObject(to, "demos", given ? (double)given->count : asked);
    if (given) add_hash(to, "demos-file", corpus_hash(given->corpus));
    else if (asked) cJSON_AddStringToObject(to, "demos-from", o->demos_previous ? "previous" : "seed");
    if (!given && asked && !o->demos_previous) cJSON_AddNumberToObject(to, "seed", (double)o->seed);
    if ((given || asked) && g->rule.chat_template < 0) cJSON_AddStringToObject(to, "separator", separator_of(o));
}

/* The texts that a control is drawn from. */
static void add_others(cJSON *to, const capture_plan *plan, const capture_group *g) {
    cJSON *others = cJSON_AddObjectToObject(to, "control");
    cJSON_AddNumberToObject(others, "seed", (double)plan->options->seed);
    for (size_t i = 0; i < plan->groups; i++)
        if (&plan->group[i] != g && !cJSON_HasObjectItem(others, plan->group[i].texts->name))
            add_hash(others, plan->group[i].texts->name, corpus_hash(plan->group[i].texts->corpus));
}

cJSON *capture_settings(const capture_plan *plan, const capture_unit *unit) {
    const capture_group *g = &plan->group[unit->group];
    cJSON *to = cJSON_CreateObject();
    cJSON_AddStringToObject(to, "condition", capture_condition_name(unit->condition));
    add_hash(to, "model", plan->model[capture_condition_model(unit->condition)].fingerprint);
    add_common(to, plan);
    cJSON_AddStringToObject(to, "name", g->texts->name);
    cJSON_AddNumberToObject(to, "items", (double)g->texts->count);
    add_hash(to, "text", corpus_hash(g->texts->corpus));
    cJSON_AddStringToObject(to, "template", template_of(g));
    add_demonstrations(to, plan, g);
    if (unit->condition == CAPTURE_CONTROL) add_others(to, plan, g);
    return to;
}

static void add_model(cJSON *to, const char *key, const capture_model *m) {
    if (!m->folder) return;
    cJSON *model = cJSON_AddObjectToObject(to, key);
    char *folder = capture_folder_name(m->folder), *adapter = m->adapter ? capture_folder_name(m->adapter) : NULL;
    cJSON_AddStringToObject(model, "folder", folder);
    if (adapter) cJSON_AddStringToObject(model, "adapter", adapter);
    free(folder);
    free(adapter);
    add_hash(model, "hash", m->fingerprint);
}

cJSON *capture_settings_of_study(const capture_plan *plan) {
    const scry_capture_options *o = plan->options;
    cJSON *to = cJSON_CreateObject();
    cJSON_AddStringToObject(to, "scry", scry_version());
    add_model(to, "model", &plan->model[CAPTURE_MODEL]);
    add_model(to, "tuned", &plan->model[CAPTURE_TUNED]);
    add_model(to, "rl", &plan->model[CAPTURE_TUNED_RL]);
    add_common(to, plan);
    cJSON_AddNumberToObject(to, "demos", o->demos);
    cJSON_AddNumberToObject(to, "domain-demos", o->domain_demos);
    cJSON_AddStringToObject(to, "demos-from", o->demos_previous ? "previous" : "seed");
    cJSON_AddStringToObject(to, "separator", separator_of(o));
    cJSON_AddBoolToObject(to, "control", o->control);
    cJSON_AddNumberToObject(to, "seed", (double)o->seed);
    cJSON *texts = cJSON_AddArrayToObject(to, "texts");
    for (size_t i = 0; i < plan->groups; i++) {
        const capture_group *g = &plan->group[i];
        const corpus_group *given = given_to(plan, g);
        cJSON *text = cJSON_CreateObject();
        cJSON_AddItemToArray(texts, text);
        cJSON_AddStringToObject(text, "name", g->texts->name);
        cJSON_AddStringToObject(text, "file", path_file_name(corpus_path(g->texts->corpus)));
        add_hash(text, "hash", corpus_hash(g->texts->corpus));
        cJSON_AddStringToObject(text, "template", template_of(g));
        cJSON_AddNumberToObject(text, "demos", (double)g->demos);
        if (given) cJSON_AddStringToObject(text, "demos-file", path_file_name(corpus_path(given->corpus)));
        if (given) add_hash(text, "demos-hash", corpus_hash(given->corpus));
    }
    return to;
}

static char *shown(const cJSON *item) {
    char *json = item ? cJSON_PrintUnformatted(item) : NULL, *out = mem_format("%.60s", json ? json : "nothing");
    cJSON_free(json);
    return out;
}

static char *difference(const char *key, const cJSON *found, const cJSON *expected) {
    char *a = shown(found), *b = shown(expected), *out = mem_format("%s: found %s, expected %s", key, a, b);
    free(a);
    free(b);
    return out;
}

char *capture_settings_difference(const cJSON *found, const cJSON *expected) {
    const cJSON *item;
    cJSON_ArrayForEach (item, expected) {
        const cJSON *other = cJSON_GetObjectItemCaseSensitive(found, item->string);
        if (!cJSON_Compare(item, other, true)) return difference(item->string, other, item);
    }
    cJSON_ArrayForEach (item, found)
        if (!cJSON_GetObjectItemCaseSensitive(expected, item->string)) return difference(item->string, item, NULL);
    return NULL;
}
