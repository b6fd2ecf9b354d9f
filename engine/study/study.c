/* study/study.c: the study manifest, read strictly: a wrong type is an error that names its key. */
#include "study/study.h"
#include "base/mem.h"
#include "io/json.h"
#include "base/path.h"
#include "io/mapped_file.h"
#include "study/manifest_reader.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool read_rows(manifest_reader *p, const cJSON *rows, study_capture *c) {
    if (!rows) return true;
    char key[160];
    snprintf(key, sizeof key, "%s.rows", c->key);
    if (!cJSON_IsArray(rows) || cJSON_GetArraySize(rows) != 2)
        return manifest_wrong_type(p, key, rows, "[from, to], two numbers");
    const cJSON *from = cJSON_GetArrayItem(rows, 0), *to = cJSON_GetArrayItem(rows, 1);
    if (!manifest_whole(from, &c->row_from) || !manifest_whole(to, &c->row_to) || c->row_from >= c->row_to) {
        char *found = cJSON_PrintUnformatted(rows);
        scry_fail(p->err, "%s: %s: found %.60s, expected two whole numbers, the first below the second", p->study->path,
                  key, found ? found : "");
        cJSON_free(found);
        return false;
    }
    c->has_rows = true;
    return true;
}

/* "padding" and "mask". */
static bool read_padding(manifest_reader *p, const cJSON *item, study_capture *c) {
    const cJSON *padding = cJSON_GetObjectItemCaseSensitive(item, "padding");
    const cJSON *mask = cJSON_GetObjectItemCaseSensitive(item, "mask");
    char place[200];
    snprintf(place, sizeof place, "%s.padding", c->key);
    if (padding && !cJSON_IsString(padding)) return manifest_wrong_type(p, place, padding, "\"left\" or \"right\"");
    if (padding && strcmp(padding->valuestring, "left") != 0 && strcmp(padding->valuestring, "right") != 0)
        return scry_fail(p->err, "%s: %s: found \"%.40s\", expected \"left\" or \"right\"", p->study->path, place,
                         padding->valuestring);
    if (padding) c->padding = strcmp(padding->valuestring, "left") == 0 ? PADDING_LEFT : PADDING_RIGHT;
    if (padding && mask)
        return scry_fail(p->err, "%s: %s: found \"padding\" and \"mask\", expected one of them", p->study->path,
                         c->key);
    if (!mask) return true;
    snprintf(place, sizeof place, "%s.mask", c->key);
    if (!manifest_texts(p, mask, place, "a file name or a list of them", &c->mask, &c->mask_count)) return false;
    manifest_join(p, c->mask, c->mask_count);
    return true;
}

static bool read_capture(manifest_reader *p, const cJSON *item, const char *key, study_capture *c) {
    static const char *const known[] = {"residual", "features", "tensor", "rows",  "tokens", "skip_first",
                                        "exclude",  "padding",  "mask",   "minus", NULL};
    c->key = mem_copy_string(key);
    c->present = true;
    if (!cJSON_IsObject(item)) return manifest_wrong_type(p, key, item, "an object with \"residual\" or \"features\"");
    manifest_note_unknown(p, item, key, known);
    const cJSON *residual = cJSON_GetObjectItemCaseSensitive(item, "residual");
    const cJSON *features = cJSON_GetObjectItemCaseSensitive(item, "features");
    if (!residual == !features)
        return scry_fail(p->err, "%s: %s: found %s, expected exactly one of \"residual\" and \"features\"",
                         p->study->path, key, residual ? "both" : "neither");
    c->features = features != NULL;
    char place[200];
    snprintf(place, sizeof place, "%s.%s", key, features ? "features" : "residual");
    if (!manifest_texts(p, features ? features : residual, place, "a file name or a list of them", &c->files,
                        &c->file_count))
        return false;
    manifest_join(p, c->files, c->file_count);
    if (!read_padding(p, item, c) || !manifest_minus(p, item, c)) return false;
    if (!manifest_text(p, item, "tensor", key, &c->tensor) || !manifest_path(p, item, "tokens", key, &c->tokens))
        return false;
    if (!read_rows(p, cJSON_GetObjectItemCaseSensitive(item, "rows"), c)) return false;
    const cJSON *skip = cJSON_GetObjectItemCaseSensitive(item, "skip_first");
    uint64_t number = 0;
    snprintf(place, sizeof place, "%s.skip_first", key);
    if (skip && (!manifest_whole(skip, &number) || number > UINT32_MAX))
        return manifest_wrong_type(p, place, skip, "a whole number of tokens");
    c->keep.skip_first = (double)number;
    const cJSON *exclude = cJSON_GetObjectItemCaseSensitive(item, "exclude");
    snprintf(place, sizeof place, "%s.exclude", key);
    if (exclude && exclude->child == NULL && cJSON_IsArray(exclude)) return true;
    return !exclude ||
           manifest_texts(p, exclude, place, "a list of token texts", &c->keep.exclude, &c->keep.exclude_count);
}

/* Warn of keys that are neither known nor a condition's name. */
static void unknown_group_keys(manifest_reader *p, const cJSON *group, const char *place, const char *const *known) {
    const char *all[8 + SCRY_CONDITIONS] = {NULL};
    size_t n = 0;
    for (int c = 0; c < SCRY_CONDITIONS; c++) all[n++] = scry_condition_name((scry_condition)c);
    while (*known) all[n++] = *known++;
    manifest_note_unknown(p, group, place, all);
}

/* Read the conditions that are present. */
static bool read_conditions(manifest_reader *p, const cJSON *item, const char *place, study_group *group) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        const cJSON *capture = cJSON_GetObjectItemCaseSensitive(item, scry_condition_name((scry_condition)c));
        char key[120];
        snprintf(key, sizeof key, "%s.%s", place, scry_condition_name((scry_condition)c));
        if (capture && !read_capture(p, capture, key, &group->capture[c])) return false;
    }
    return true;
}

static bool read_train(manifest_reader *p, const cJSON *item, const char *place) {
    static const char *const known[] = {"name", "sft_path", "rl_path", NULL};
    study_group *train = &p->study->trains[p->study->train_count++];
    if (!cJSON_IsObject(item))
        return manifest_wrong_type(p, place, item, "an object with \"name\", \"base\" and another condition");
    unknown_group_keys(p, item, place, known);
    if (!manifest_text(p, item, "name", place, &train->name)) return false;
    if (!train->name) train->name = mem_copy_string("train");
    for (const study_group *other = p->study->trains; other < train; other++)
        if (strcmp(other->name, train->name) == 0)
            return scry_fail(p->err, "%s: %s.name: \"%.60s\" is taken by another training set", p->study->path, place,
                             train->name);
    if (!manifest_path(p, item, "sft_path", place, &train->tuned_path[SCRY_SFT]) ||
        !manifest_path(p, item, "rl_path", place, &train->tuned_path[SCRY_RL]))
        return false;
    if (!read_conditions(p, item, place, train)) return false;
    if (!train->capture[SCRY_BASE].present)
        return scry_fail(p->err, "%s: %s.base: missing; expected a capture of the model as it is", p->study->path,
                         place);
    return true;
}

/* A number of the domain, or one by training set: "change" or "change_se". *out [trains] is the study's. */
static bool read_by_train(manifest_reader *p, const cJSON *domain, const char *name, const char *place, double **out) {
    scry_study *study = p->study;
    const cJSON *found = cJSON_GetObjectItemCaseSensitive(domain, name);
    *out = mem_new(study->train_count, sizeof **out);
    for (size_t t = 0; t < study->train_count; t++) (*out)[t] = NAN;
    char key[160];
    snprintf(key, sizeof key, "%s.%s", place, name);
    if (!found) return true;
    if (cJSON_IsNumber(found) && !isfinite(found->valuedouble))
        return scry_fail(p->err, "%s: %s: found an infinite number, expected percentage points", study->path, key);
    if (cJSON_IsNumber(found)) {
        for (size_t t = 0; t < study->train_count; t++) (*out)[t] = found->valuedouble;
        return study->train_count == 1 ||
               scry_fail(p->err, "%s: %s: found one number for %zu training sets, expected {\"NAME\": number, ...}",
                         study->path, key, study->train_count);
    }
    if (!cJSON_IsObject(found))
        return manifest_wrong_type(p, key, found, "a number in percentage points, or one by training set");
    const cJSON *item;
    cJSON_ArrayForEach (item, found) {
        size_t t = 0;
        while (t < study->train_count && strcmp(study->trains[t].name, item->string) != 0) t++;
        if (t == study->train_count)
            return scry_fail(p->err, "%s: %s: \"%.60s\" is no training set of this study", study->path, key,
                             item->string);
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return manifest_wrong_type(p, key, item, "a finite number in percentage points");
        (*out)[t] = item->valuedouble;
    }
    return true;
}

static bool read_changes(manifest_reader *p, const cJSON *item, const char *place, study_group *domain) {
    if (!read_by_train(p, item, "change", place, &domain->change) ||
        !read_by_train(p, item, "change_se", place, &domain->change_se))
        return false;
    for (size_t t = 0; t < p->study->train_count; t++)
        if (domain->change_se[t] < 0)
            return scry_fail(p->err, "%s: %s.change_se: found %g, expected a standard error of 0 or more",
                             p->study->path, place, domain->change_se[t]);
    return true;
}

/* A scores-only study's numbers, by score. */
static bool read_sts(manifest_reader *p, const cJSON *sts, const char *place, study_group *domain) {
    char key[160];
    snprintf(key, sizeof key, "%s.sts", place);
    for (int s = 0; s < SCRY_SCORES; s++) domain->sts[s] = NAN;
    if (!sts) return true;
    if (!p->study->scores_only)
        return scry_fail(p->err,
                         "%s: %s: found numbers in a study with \"train\"; expected captures, or no \"train\" and "
                         "numbers in every domain (a scores-only study)",
                         p->study->path, key);
    if (!cJSON_IsObject(sts)) return manifest_wrong_type(p, key, sts, "numbers by score, such as {\"act\": 5.11}");
    const cJSON *item;
    cJSON_ArrayForEach (item, sts) {
        int score = scry_score_of(item->string);
        char choices[SCRY_CHOICES];
        if (score < 0)
            return scry_fail(p->err, "%s: %s: \"%.40s\" is no score; expected %s", p->study->path, key, item->string,
                             scry_score_choices(choices, ""));
        snprintf(key, sizeof key, "%s.sts.%s", place, item->string);
        if (!cJSON_IsNumber(item) || !isfinite(item->valuedouble))
            return manifest_wrong_type(p, key, item, "a finite number");
        domain->sts[score] = item->valuedouble;
    }
    return true;
}

static bool read_domain(manifest_reader *p, const cJSON *item, size_t number) {
    static const char *const known[] = {"name", "change", "change_se", "measured", "sts", NULL};
    study_group *domain = &p->study->domains[p->study->domain_count++];
    char place[40];
    snprintf(place, sizeof place, "domains[%zu]", number);
    if (!cJSON_IsObject(item)) return manifest_wrong_type(p, place, item, "an object with \"name\" and \"base\"");
    if (p->study->scores_only) manifest_note_unknown(p, item, place, known);
    else unknown_group_keys(p, item, place, known);
    if (!manifest_text(p, item, "name", place, &domain->name)) return false;
    if (!domain->name || !*domain->name)
        return scry_fail(p->err, "%s: %s.name: missing; expected the domain's name", p->study->path, place);
    for (size_t i = 0; i < number; i++)
        if (strcmp(p->study->domains[i].name, domain->name) == 0)
            return scry_fail(p->err, "%s: %s.name: \"%.60s\" is taken by domains[%zu]", p->study->path, place,
                             domain->name, i);
    if (!read_changes(p, item, place, domain) || !manifest_measured(p, item, place, domain)) return false;
    if (!read_sts(p, cJSON_GetObjectItemCaseSensitive(item, "sts"), place, domain)) return false;
    if (p->study->scores_only) return true;
    if (!read_conditions(p, item, place, domain)) return false;
    if (!domain->capture[SCRY_BASE].present)
        return scry_fail(p->err, "%s: %s.base: missing; expected a capture", p->study->path, place);
    return true;
}

/* "pairing" and "correlate". */
static bool read_choices(manifest_reader *p, const cJSON *root) {
    scry_study *study = p->study;
    char *pairing = NULL, *correlate = NULL;
    bool ok = manifest_text(p, root, "pairing", "", &pairing) && manifest_text(p, root, "correlate", "", &correlate);
    if (ok && pairing) {
        int value = scry_pairing_of(pairing);
        if (value < 0)
            ok = scry_fail(p->err, "%s: pairing: found \"%.40s\", expected %s", study->path, pairing,
                           scry_pairing_choices((char[SCRY_CHOICES]){""}, "\""));
        study->has_pairing = true;
        study->pairing = (scry_pairing)(value < 0 ? 0 : value);
    }
    if (ok && correlate && strcmp(correlate, "signed") != 0 && strcmp(correlate, "absolute") != 0)
        ok = scry_fail(p->err, "%s: correlate: found \"%.40s\", expected \"absolute\" or \"signed\"", study->path,
                       correlate);
    study->is_signed = ok && correlate && strcmp(correlate, "signed") == 0;
    free(pairing);
    free(correlate);
    return ok;
}

static bool read_domains(manifest_reader *p, const cJSON *domains) {
    if (!domains && !p->study->scores_only) return true;
    if (!cJSON_IsArray(domains)) return manifest_wrong_type(p, "domains", domains, "a list of domains");
    p->study->domains = mem_new((size_t)cJSON_GetArraySize(domains), sizeof *p->study->domains);
    size_t number = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, domains)
        if (!read_domain(p, item, number++)) return false;
    return true;
}

static bool read_groups(manifest_reader *p, const cJSON *root) {
    scry_study *study = p->study;
    const cJSON *train = cJSON_GetObjectItemCaseSensitive(root, "train");
    const cJSON *domains = cJSON_GetObjectItemCaseSensitive(root, "domains");
    const cJSON *item;
    cJSON_ArrayForEach (item, domains)
        if (!train && cJSON_HasObjectItem(item, "sts")) study->scores_only = true;
    if (study->scores_only) {
        study->trains = mem_new(study->train_count = 1, sizeof *study->trains);
        study->trains->name = mem_copy_string("");
        return read_domains(p, domains);
    }
    bool list = cJSON_IsArray(train) && train->child;
    if (!list && !cJSON_IsObject(train))
        return manifest_wrong_type(p, "train", train, "a training set (an object), or a list of them");
    size_t trains = list ? (size_t)cJSON_GetArraySize(train) : 1, count = (size_t)cJSON_GetArraySize(domains);
    if (count > STUDY_MOST_CHANGES / trains)
        return scry_fail(p->err,
                         "%s: train, domains: found %zu training sets and %zu domains, expected at most %zu pairs of "
                         "them; split the study into several",
                         study->path, trains, count, STUDY_MOST_CHANGES);
    study->trains = mem_new(trains, sizeof *study->trains);
    int n = 0;
    for (const cJSON *one = list ? train->child : train; one; one = list ? one->next : NULL, n++) {
        char place[40] = "train";
        if (list) snprintf(place, sizeof place, "train[%d]", n);
        if (!read_train(p, one, place)) return false;
    }
    return read_domains(p, domains);
}

static bool read_root(manifest_reader *p, const cJSON *root) {
    static const char *const known[] = {"scry_study", "name",      "model",      "hook",    "sae",
                                        "sae_format", "tokenizer", "pairing",    "train",   "domains",
                                        "correlate",  "labels",    "model_path", "capture", NULL};
    scry_study *study = p->study;
    const cJSON *version = cJSON_GetObjectItemCaseSensitive(root, "scry_study");
    if (!cJSON_IsNumber(version) || version->valuedouble != 1)
        return manifest_wrong_type(p, "scry_study", version, "the number 1, the version of the manifest");
    manifest_note_unknown(p, root, "", known);
    const cJSON *capture = cJSON_GetObjectItemCaseSensitive(root, "capture");
    if (capture && !cJSON_IsObject(capture))
        return manifest_wrong_type(p, "capture", capture, "an object, the settings of scry capture");
    if (capture) {
        char *settings = cJSON_PrintUnformatted(capture);
        study->capture_settings = mem_copy_string(settings ? settings : "");
        cJSON_free(settings);
    }
    return manifest_text(p, root, "name", "", &study->name) && manifest_text(p, root, "model", "", &study->model) &&
           manifest_text(p, root, "hook", "", &study->hook) &&
           manifest_path(p, root, "model_path", "", &study->model_path) &&
           manifest_path(p, root, "sae", "", &study->sae) && manifest_path(p, root, "labels", "", &study->labels) &&
           manifest_text(p, root, "sae_format", "", &study->sae_format) &&
           manifest_path(p, root, "tokenizer", "", &study->tokenizer) && read_choices(p, root) &&
           read_groups(p, root) && manifest_check_minus(p);
}

/* Line and column of a place in text, for messages. */
static void locate(const char *text, const char *at, int *line, int *column) {
    *line = *column = 1;
    for (const char *c = text; c < at; c++, ++*column)
        if (*c == '\n') ++*line, *column = 0;
}

scry_study *scry_study_parse(const char *path, const char *json, size_t length, scry_notes *notes, scry_error *err) {
    scry_study *study = mem_new(1, sizeof *study);
    manifest_reader p = {.study = study, .notes = notes, .err = err};
    study->path = mem_copy_string(path);
    study->folder = mem_copy_bytes(path, (size_t)(path_file_name(path) - path));
    study->json = mem_copy_bytes(json, length);
    const char *stop = NULL;
    if (json_is_dense(json, length)) {
        scry_fail(err, "%s: found more values than a study manifest of %zu bytes can need, {\"scry_study\": 1, ...}",
                  path, length);
        scry_study_free(study);
        return NULL;
    }
    cJSON *root = cJSON_ParseWithOpts(study->json, &stop, true);
    bool ok = cJSON_IsObject(root);
    if (root && !ok) {
        scry_fail(err, "%s: found %s, expected a study manifest, an object {\"scry_study\": 1, ...}", path,
                  manifest_kind(root));
    } else if (!ok) {
        int line, column;
        locate(study->json, stop ? stop : study->json, &line, &column);
        scry_fail(err, "%s: line %d, column %d: not JSON; expected a study manifest, {\"scry_study\": 1, ...}", path,
                  line, column);
    }
    ok = ok && read_root(&p, root);
    cJSON_Delete(root);
    if (!ok) {
        scry_study_free(study);
        return NULL;
    }
    return study;
}

scry_study *scry_study_read(const char *path, scry_notes *notes, scry_error *err) {
    mapped_file map;
    if (!mapped_file_open(&map, path, NULL, err)) return NULL;
    scry_study *study = scry_study_parse(path, (const char *)map.data, (size_t)map.size, notes, err);
    mapped_file_close(&map);
    return study;
}

bool study_names_folders(const scry_study *study) {
    bool any = study->model_path || study->sae;
    for (size_t t = 0; t < study->train_count; t++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) any = any || study->trains[t].tuned_path[c];
    return any;
}

static void free_texts(char **list, size_t count) {
    for (size_t i = 0; i < count; i++) free(list[i]);
    free(list);
}

static void free_groups(study_group *groups, size_t count) {
    for (size_t i = 0; i < count; i++) {
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            study_capture *capture = &groups[i].capture[c];
            free_texts(capture->files, capture->file_count);
            free_texts(capture->mask, capture->mask_count);
            free_texts(capture->keep.exclude, capture->keep.exclude_count);
            manifest_free_minus(capture->minus);
            free(capture->tensor);
            free(capture->tokens);
            free(capture->key);
            free(groups[i].tuned_path[c]);
        }
        free(groups[i].name);
        free(groups[i].change);
        free(groups[i].change_se);
        free(groups[i].measured);
    }
    free(groups);
}

void scry_study_free(scry_study *study) {
    if (!study) return;
    free_groups(study->trains, study->train_count);
    free_groups(study->domains, study->domain_count);
    char *texts_owned[] = {study->path,       study->folder,    study->json,       study->name,
                           study->model,      study->hook,      study->sae,        study->labels,
                           study->sae_format, study->tokenizer, study->model_path, study->capture_settings};
    for (size_t i = 0; i < sizeof texts_owned / sizeof *texts_owned; i++) free(texts_owned[i]);
    free(study);
}
