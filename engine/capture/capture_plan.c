/* capture/capture_plan.c: models, texts and captures of a call, decided before anything is computed. */
#include "capture/capture_plan.h"
#include "capture/sae_hook.h"
#include "base/mem.h"
#include "base/path.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    capture_model_role role;
    bool train_only;
} conditions[CAPTURE_CONDITIONS] = {
#define CONDITION(id, name, role, train_only) [id] = {role, train_only},
    CAPTURE_CONDITION_TABLE(CONDITION)
#undef CONDITION
};

/* ---- options ---- */

static bool check_options(const scry_capture_options *o, scry_error *err) {
    if (!o->model) return scry_misuse(err, "--model is missing: the folder of the model before training");
    if (o->tuned && o->adapter)
        return scry_misuse(err, "--tuned and --adapter: expected one of them: the tuned model, or its LoRA adapter");
    if (o->layer && o->hook) return scry_misuse(err, "--layer and --hook: expected one of them");
    if (!o->layer && !o->hook && !o->sae)
        return scry_misuse(err,
                           "--layer is missing: expected --layer L, --hook blocks.L.hook_resid_post, or --sae DIR, "
                           "whose settings name it");
    char forms[SCRY_CHOICES];
    if (!o->train)
        return scry_misuse(err, "--train is missing: the texts of training, a sample a line: %s", corpus_forms(forms));
    if (o->control && !o->demos && !o->domain_demos && !o->demos_file_count)
        return scry_misuse(err,
                           "--control: has as many tokens as the demonstrations, of which there are none; expected "
                           "--demos or --domain-demos of 1 or more");
    if (o->shards && (o->shard < 1 || o->shard > o->shards))
        return scry_misuse(err, "--shard: found %" PRIu32 "/%" PRIu32 ", expected I/N with I from 1 to N", o->shard,
                           o->shards);
    return true;
}

/* ---- models ---- */

/* A folder of an adapter stands for the model with it. */
static void name_model(capture_model *m, const char *model, const char *folder, const char *adapter) {
    char *config = folder ? path_join(folder, "adapter_config.json") : NULL;
    bool is_adapter = config && access(config, F_OK) == 0;
    free(config);
    if (is_adapter) adapter = folder;
    if (!folder && !adapter) return;
    m->folder = mem_copy_string(adapter ? model : folder);
    m->adapter = adapter ? mem_copy_string(adapter) : NULL;
}

static bool ask_model(capture_plan *plan, capture_model_role role, scry_error *err) {
    static const char *const option[CAPTURE_MODELS] = {"--model", "--tuned", "--rl"};
    capture_model *m = &plan->model[role];
    if (!m->folder) return true;
    scry_model *model = scry_model_open(m->folder, m->adapter, role == CAPTURE_MODEL ? plan->notes : NULL, err);
    if (!model) return false;
    const scry_model_info *info = scry_model_info_of(model);
    m->context = info->context;
    m->d_model = info->d_model;
    const capture_model *base = &plan->model[CAPTURE_MODEL];
    bool ok = scry_model_has_hook(model, plan->hook, err);
    if (ok && m->d_model != base->d_model)
        ok = scry_fail(err, "%s: %s: found a residual stream of width %" PRIu32 ", expected %" PRIu32 " as in %s",
                       option[role], m->folder, m->d_model, base->d_model, base->folder);
    if (ok && scry_tokenizer_size(plan->tok) > info->vocabulary)
        scry_notes_add(plan->notes, "%s: its tokenizer has %" PRIu32 " ids, and %s knows %" PRIu32, base->folder,
                       scry_tokenizer_size(plan->tok), m->folder, info->vocabulary);
    if (ok) m->fingerprint = scry_model_fingerprint(model);
    scry_model_close(model);
    return ok;
}

static bool find_limit(capture_plan *plan, scry_error *err) {
    uint32_t limit = UINT32_MAX, asked = plan->options->max_length;
    for (int m = 0; m < CAPTURE_MODELS; m++)
        if (plan->model[m].folder && plan->model[m].context && plan->model[m].context < limit)
            limit = plan->model[m].context;
    plan->limit = asked ? asked : limit;
    if (asked > limit)
        return scry_misuse(err, "--max-length: found %" PRIu32 ", expected at most %" PRIu32 ", the model's context",
                           asked, limit);
    return true;
}

static bool find_hook(capture_plan *plan, scry_error *err) {
    const scry_capture_options *o = plan->options;
    char text[SCRY_HOOK_TEXT];
    scry_hook read = {0};
    bool has = false;
    if (o->sae && !sae_hook(o->sae, !o->hook && !o->layer, &read, &has, err)) return false;
    plan->hook = read;
    if (o->layer) {
        char *end;
        unsigned long layer = strtoul(o->layer, &end, 10);
        if (*o->layer < '0' || *o->layer > '9' || *end || layer > UINT32_MAX)
            return scry_misuse(err, "--layer: found \"%.40s\", expected the number of a block, from 0", o->layer);
        plan->hook = (scry_hook){(uint32_t)layer, SCRY_RESID_POST};
    }
    if (o->hook && !scry_hook_parse(o->hook, &plan->hook, err)) return false;
    if (!has || (plan->hook.layer == read.layer && plan->hook.point == read.point)) return true;
    return scry_misuse(err, "%s: found %s, expected %s, which the SAE %s reads", o->layer ? "--layer" : "--hook",
                       o->layer ? o->layer : o->hook, scry_hook_text(read, text), o->sae);
}

static bool ask_models(capture_plan *plan, scry_error *err) {
    const scry_capture_options *o = plan->options;
    name_model(&plan->model[CAPTURE_MODEL], NULL, o->model, NULL);
    name_model(&plan->model[CAPTURE_TUNED], o->model, o->tuned, o->adapter);
    name_model(&plan->model[CAPTURE_TUNED_RL], o->model, o->rl, NULL);
    if (plan->model[CAPTURE_MODEL].adapter)
        return scry_misuse(err,
                           "--model: %s holds a LoRA adapter, expected the model that it was trained on; name the "
                           "adapter by --adapter",
                           o->model);
    plan->tok = scry_tokenizer_open(o->model, err);
    if (!plan->tok || !find_hook(plan, err)) return false;
    for (int m = 0; m < CAPTURE_MODELS; m++)
        if (!ask_model(plan, (capture_model_role)m, err)) return false;
    return find_limit(plan, err);
}

/* ---- texts ---- */

static bool is_group_name(const capture_plan *plan, const char *name) {
    for (size_t k = 0; k < plan->domains.count; k++)
        if (strcmp(plan->domains.group[k].name, name) == 0) return true;
    return strcmp(plan->train.group[0].name, name) == 0;
}

static bool read_texts(capture_plan *plan, scry_error *err) {
    const scry_capture_options *o = plan->options;
    if (!corpus_groups_add(&plan->train, o->train, "--train", false, plan->notes, err)) return false;
    for (size_t i = 0; i < o->domain_count; i++)
        if (!corpus_groups_add(&plan->domains, o->domains[i], "--domain", true, plan->notes, err)) return false;
    for (size_t i = 0; i < o->demos_file_count; i++) {
        size_t before = plan->demos.count;
        if (!corpus_groups_add(&plan->demos, o->demos_files[i], "--demos-file", true, plan->notes, err)) return false;
        /* categories that nothing here is named after are passed over */
        const char *name = plan->demos.group[before].name;
        if (plan->demos.count == before + 1 && !is_group_name(plan, name))
            return scry_misuse(err,
                               "--demos-file: \"%.60s\" is neither the training set (%s) nor a domain; expected "
                               "NAME=FILE",
                               name, plan->train.group[0].name);
    }
    return true;
}

/* The name with what a file name should not hold replaced; "-2", "-3", ... tell equal ones apart. */
static char *stem_for(const capture_plan *plan, const char *name) {
    char *stem = mem_copy_string(name);
    for (char *c = stem; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '/' || *c == '\\' || *c == 127 || (*c == '.' && c == stem)) *c = '_';
    for (int n = 1;; n++) {
        char *file = n > 1 ? mem_format("%s-%d", stem, n) : mem_copy_string(stem);
        bool taken = false;
        for (size_t i = 0; i < plan->groups && !taken; i++) taken = strcmp(plan->group[i].stem, file) == 0;
        if (!taken) {
            free(stem);
            return file;
        }
        free(file);
    }
}

static bool add_group(capture_plan *plan, const corpus_group *texts, bool is_train, scry_error *err) {
    char *stem = stem_for(plan, is_train ? "train" : texts->name);
    capture_group *g = &plan->group[plan->groups++];
    *g = (capture_group){.texts = texts,
                         .is_train = is_train,
                         .stem = stem,
                         .rule = {.tok = plan->tok, .chat_template = -1, .bos = plan->options->bos}};
    return text_rule_find(&g->rule, texts->corpus, plan->options->chat_template, err);
}

static bool fill_groups(capture_plan *plan, scry_error *err) {
    plan->group = mem_new(1 + plan->domains.count, sizeof *plan->group);
    if (!add_group(plan, &plan->train.group[0], true, err)) return false;
    for (size_t i = 0; i < plan->domains.count; i++)
        if (!add_group(plan, &plan->domains.group[i], false, err)) return false;
    for (size_t i = 0; i < plan->groups; i++)
        if (!capture_group_fill(plan, &plan->group[i], err)) return false;
    return true;
}

/* ---- captures ---- */

static bool is_captured(const capture_plan *plan, const capture_group *g, capture_condition condition) {
    if (!plan->model[conditions[condition].role].folder || (conditions[condition].train_only && !g->is_train))
        return false;
    if (condition == CAPTURE_ICL) return g->demos > 0;
    return condition != CAPTURE_CONTROL || (plan->options->control && g->demos > 0);
}

capture_model_role capture_condition_model(capture_condition condition) {
    return conditions[condition].role;
}

/* By model, so that each is opened once; then by group, whose demonstrations stay at hand; then by condition. */
static void list_units(capture_plan *plan) {
    plan->unit = mem_new(plan->groups * CAPTURE_CONDITIONS, sizeof *plan->unit);
    for (int role = 0; role < CAPTURE_MODELS; role++)
        for (size_t i = 0; i < plan->groups; i++)
            for (int c = 0; c < CAPTURE_CONDITIONS; c++) {
                const capture_group *g = &plan->group[i];
                if ((int)conditions[c].role != role || !is_captured(plan, g, (capture_condition)c)) continue;
                const char *name = capture_condition_name((capture_condition)c);
                plan->unit[plan->units++] =
                    (capture_unit){.group = i,
                                   .condition = (capture_condition)c,
                                   .name = mem_format("%s.%s", g->is_train ? "train" : g->texts->name, name),
                                   .path = mem_format("acts/%s.%s.safetensors", g->stem, name)};
            }
}

bool capture_plan_make(capture_plan *plan, const scry_capture_options *options, scry_notes *notes, scry_error *err) {
    *plan = (capture_plan){.options = options, .notes = notes};
    if (check_options(options, err) && ask_models(plan, err) && read_texts(plan, err) && fill_groups(plan, err)) {
        list_units(plan);
        return true;
    }
    capture_plan_free(plan);
    return false;
}

void capture_plan_free(capture_plan *plan) {
    for (size_t i = 0; i < plan->groups; i++) capture_group_free(&plan->group[i]);
    for (size_t i = 0; i < plan->units; i++) {
        free(plan->unit[i].name);
        free(plan->unit[i].path);
    }
    for (int m = 0; m < CAPTURE_MODELS; m++) {
        free(plan->model[m].folder);
        free(plan->model[m].adapter);
    }
    free(plan->group);
    free(plan->unit);
    corpus_groups_free(&plan->train);
    corpus_groups_free(&plan->domains);
    corpus_groups_free(&plan->demos);
    scry_tokenizer_close(plan->tok);
    *plan = (capture_plan){0};
}
