/* evaluate/study_changes.c: measured changes written into a manifest, whose other bytes stay as they are. */
#include "base/atomic_file.h"
#include "base/mem.h"
#include "base/path.h"
#include "evaluate/evaluation_internal.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- new values ----------------------------------------------------------------------------- */

/* Nine significant digits, as numbers are printed elsewhere. */
static void add_number(cJSON *object, const char *key, double value) {
    char text[40];
    snprintf(text, sizeof text, "%.9g", value);
    if (isfinite(value)) cJSON_AddNumberToObject(object, key, strtod(text, NULL));
}

static cJSON *measured_item(const scry_domain_evaluation *domain, scry_measure measure) {
    const scry_measured *m = &domain->measured[measure];
    cJSON *item = cJSON_CreateObject();
    add_number(item, "base", m->base);
    add_number(item, "tuned", m->tuned);
    add_number(item, "change", m->change);
    add_number(item, "se", m->change_se);
    add_number(item, "n", (double)m->n);
    add_number(item, "samples", (double)m->samples);
    if (measure == SCRY_BENCHMARK && domain->metric) cJSON_AddStringToObject(item, "metric", domain->metric);
    return item;
}

/* The value's object, or a new one where it is none. */
static cJSON *object_of(json_part value) {
    cJSON *item = value.at ? json_parse(value.at, value.length) : NULL;
    if (cJSON_IsObject(item)) return item;
    cJSON_Delete(item);
    return cJSON_CreateObject();
}

/* Sets a key, in its place where it is there. item NULL: removes it. */
static void set_item(cJSON *object, const char *key, cJSON *item) {
    if (!item) cJSON_DeleteItemFromObjectCaseSensitive(object, key);
    else if (!cJSON_ReplaceItemInObjectCaseSensitive(object, key, item)) cJSON_AddItemToObject(object, key, item);
}

/* The object and what the caller frees: its text. NULL for an empty one. */
static char *text_and_delete(cJSON *object) {
    char *printed = cJSON_IsObject(object) && !object->child ? NULL : cJSON_PrintUnformatted(object);
    char *text = printed ? mem_copy_string(printed) : NULL;
    cJSON_free(printed);
    cJSON_Delete(object);
    return text;
}

/* A number, or one by training set. old: what stands there. NULL: nothing is left. */
static char *new_number(double value, const char *train, json_part old) {
    cJSON *holder = train ? object_of(old) : cJSON_CreateObject();
    if (isfinite(value)) {
        cJSON *one = cJSON_CreateObject();
        add_number(one, "v", value);
        set_item(holder, train ? train : "v", cJSON_DetachItemFromObject(one, "v"));
        cJSON_Delete(one);
    } else set_item(holder, train ? train : "v", NULL);
    if (train || !holder->child) return text_and_delete(holder);
    cJSON *number = cJSON_DetachItemFromObject(holder, "v");
    cJSON_Delete(holder);
    return text_and_delete(number);
}

/* What was measured now, over what was measured before. */
static char *new_measured(const scry_domain_evaluation *domain, const char *train, json_part old) {
    cJSON *root = object_of(old), *own = root;
    if (train) {
        own = cJSON_GetObjectItemCaseSensitive(root, train);
        if (!cJSON_IsObject(own)) set_item(root, train, own = cJSON_CreateObject());
    }
    for (int m = 0; m < SCRY_MEASURES; m++)
        if (!isnan(domain->measured[m].change))
            set_item(own, scry_measures[m].name, measured_item(domain, (scry_measure)m));
    return text_and_delete(root);
}

/* ---- the manifest's text -------------------------------------------------------------------- */

typedef struct edit {
    const char *from, *to; /* of the manifest's text */
    char *text;            /* in their place */
} edit;

typedef struct editor {
    const char *text;
    edit *edits; /* in order */
    size_t count;
} editor;

enum { CHANGE, CHANGE_SE, MEASURED, NAME, KEYS };
static const char *const keys[KEYS] = {"change", "change_se", "measured", "name"};
enum { EDITS_EACH = 4 };

/* Where a domain's members stand. */
typedef struct members {
    json_part value[KEYS];
    const char *key[KEYS];   /* the quote before it */
    const char *after[KEYS]; /* the end of the member before it, or of the opening brace */
} members;

/* True when the study's reader takes the key for this name: escapes are read, and a name ends at a NUL. */
static bool key_is(json_part key, const char *name) {
    char *text = json_text(key);
    char *nul = text && memmem(key.at, key.length, "\\u0000", 6) ? strstr(text, "\xe2\x90\x80") : NULL;
    if (nul) *nul = 0;
    bool is = text && strcmp(text, name) == 0;
    free(text);
    return is;
}

/* False where the text is no JSON: the study's reader takes control characters for blanks. */
static bool find_members(json_part object, members *m) {
    json_walk walk;
    json_part key, value;
    json_step step;
    const char *after = object.at + 1;
    *m = (members){0};
    if (!json_walk_into(&walk, object)) return false;
    while ((step = json_next(&walk, &key, &value)) == JSON_ITEM) {
        for (int k = 0; k < KEYS; k++)
            if (!m->value[k].at && key_is(key, keys[k])) {
                m->value[k] = value;
                m->key[k] = key.at;
                m->after[k] = after;
            }
        after = value.at + value.length;
    }
    return step == JSON_END && m->value[NAME].at;
}

static void add_edit(editor *e, const char *from, const char *to, char *text) {
    e->edits[e->count++] = (edit){from, to, text};
}

/* Takes a member out, with the comma that parts it from its neighbour. */
static void remove_member(editor *e, const members *m, int k, const char *first) {
    const char *end = m->value[k].at + m->value[k].length;
    if (m->after[k] != first) {
        add_edit(e, m->after[k], end, mem_copy_string(""));
        return;
    }
    while (*end != '}' && *end != ',') end++;
    add_edit(e, m->key[k], *end == ',' ? end + 1 : end, mem_copy_string(""));
}

/* Puts the three values of a domain into the text: each where it stands, else behind the change, or the name. */
static bool edit_domain(editor *e, json_part object, const scry_domain_evaluation *domain, const scry_evaluation *all) {
    members m;
    if (!find_members(object, &m)) return false;
    const scry_measured *chosen = &domain->measured[all->chosen];
    char *values[] = {new_number(chosen->change, all->train, m.value[CHANGE]),
                      new_number(chosen->change_se, all->train, m.value[CHANGE_SE]),
                      new_measured(domain, all->train, m.value[MEASURED])};
    const char *gap = m.after[NAME]; /* the blanks before a key; one where the name comes first without any */
    for (const char *c = m.after[NAME]; c < m.key[NAME]; c++)
        if (*c == ',') gap = c + 1;
    int blanks = (int)(m.key[NAME] - gap);
    if (!blanks) gap = " ", blanks = 1;
    char *added = mem_copy_string("");
    for (int k = 0; k <= MEASURED; k++) {
        if (m.value[k].at && values[k]) {
            add_edit(e, m.value[k].at, m.value[k].at + m.value[k].length, values[k]);
        } else if (m.value[k].at) {
            remove_member(e, &m, k, object.at + 1);
        } else if (values[k]) {
            char *more = mem_format("%s,%.*s\"%s\": %s", added, blanks, gap, keys[k], values[k]);
            free(added);
            free(values[k]);
            added = more;
        }
    }
    const json_part *before = &m.value[m.value[CHANGE].at ? CHANGE : NAME];
    add_edit(e, before->at + before->length, before->at + before->length, added);
    return true;
}

static int by_place(const void *a, const void *b) {
    const edit *x = a, *y = b;
    return x->from < y->from ? -1 : x->from > y->from;
}

static char *apply(editor *e) {
    qsort(e->edits, e->count, sizeof *e->edits, by_place);
    char *out;
    size_t size;
    FILE *f = mem_stream(&out, &size);
    const char *at = e->text;
    for (size_t i = 0; i < e->count; i++) {
        const edit *one = &e->edits[i];
        if (one->from > at) fwrite(at, 1, (size_t)(one->from - at), f);
        fputs(one->text, f);
        if (one->to > at) at = one->to;
    }
    fputs(at, f);
    mem_stream_end(f);
    return out;
}

static const scry_domain_evaluation *find_domain(const scry_evaluation *e, const char *name) {
    for (size_t d = 0; d < e->count; d++)
        if (strcmp(e->domains[d].name, name) == 0) return &e->domains[d];
    return NULL;
}

/* The list of domains in the text. */
static bool walk_domains(const char *text, json_walk *domains) {
    json_walk root = json_walk_text(text, strlen(text));
    json_part whole, key, value;
    if (json_next(&root, NULL, &whole) != JSON_ITEM || !json_walk_into(&root, whole)) return false;
    while (json_next(&root, &key, &value) == JSON_ITEM)
        if (key_is(key, "domains")) return json_walk_into(domains, value);
    return false;
}

/* ---- checks and the whole ------------------------------------------------------------------- */

static bool check_evaluation(const scry_evaluation *e, const scry_study *study, scry_error *err) {
    for (size_t i = 0; i < e->count; i++) {
        size_t d = 0;
        while (d < study->domain_count && strcmp(study->domains[d].name, e->domains[i].name) != 0) d++;
        if (d == study->domain_count)
            return scry_fail(err, "%s: has no domain \"%.80s\", whose change was measured", study->path,
                             e->domains[i].name);
        if (isnan(e->domains[i].measured[e->chosen].change))
            return scry_fail(err, "%s: %.80s: no change of the %s was measured, so nothing is written", study->path,
                             e->domains[i].name, scry_measures[e->chosen].title);
    }
    return true;
}

/* Paths in a manifest are relative to its folder. */
static bool check_folder(const char *study, const char *out, scry_error *err) {
    char *from = path_folder(study), *to = path_folder(out);
    char *real_from = realpath(from, NULL), *real_to = realpath(to, NULL);
    bool same = real_from && real_to && strcmp(real_from, real_to) == 0;
    if (!same)
        scry_misuse(err, "%s: not in the folder of %s, to which the paths in the study are relative; write next to it",
                    out, study);
    free(real_from);
    free(real_to);
    free(from);
    free(to);
    return same;
}

bool evaluation_check_write(const scry_evaluation *e, const char *study_path, const char *out, scry_error *err) {
    scry_notes ignored = {0};
    scry_study *study = scry_study_read(study_path, &ignored, err);
    scry_notes_free(&ignored);
    bool ok = study && check_evaluation(e, study, err) && check_folder(study_path, out, err);
    scry_study_free(study);
    return ok;
}

/* A correlation over changes of several kinds means nothing. */
static void note_kept(const scry_evaluation *e, const scry_study *study, scry_notes *notes) {
    size_t train = 0, kept = 0;
    const char *first = NULL;
    while (e->train && strcmp(study->trains[train].name, e->train) != 0) train++;
    for (size_t d = 0; d < study->domain_count; d++) {
        const study_group *domain = &study->domains[d];
        if (find_domain(e, domain->name) || isnan(domain->change[train])) continue;
        if (!kept++) first = domain->name;
    }
    if (kept)
        scry_notes_add(notes, "%s: %zu of its changes were not measured now and stay as they were, such as that of %s",
                       study->path, kept, first);
}

bool scry_evaluation_write(const scry_evaluation *e, const char *study_path, const char *out, scry_notes *notes,
                           scry_error *err) {
    scry_notes ignored = {0};
    scry_study *study = scry_study_read(study_path, &ignored, err);
    scry_notes_free(&ignored);
    json_walk domains;
    json_part object;
    bool ok = study && check_evaluation(e, study, err) && check_folder(study_path, out, err);
    if (ok && !walk_domains(study->json, &domains))
        ok = scry_fail(err, "%s: domains: found no list, expected one", study_path);
    if (ok) {
        editor all = {.text = study->json, .edits = mem_new(study->domain_count * EDITS_EACH, sizeof(edit))};
        for (size_t d = 0; ok && d < study->domain_count; d++) {
            const scry_domain_evaluation *domain = find_domain(e, study->domains[d].name);
            ok = (json_next(&domains, NULL, &object) == JSON_ITEM &&
                  (!domain || edit_domain(&all, object, domain, e))) ||
                 scry_fail(err, "%s: domains[%zu]: not JSON, so that nothing can be written into it", study_path, d);
        }
        char *text = apply(&all);
        ok = ok && atomic_file_write(out, text, strlen(text), err);
        if (ok) note_kept(e, study, notes);
        free(text);
        for (size_t i = 0; i < all.count; i++) free(all.edits[i].text);
        free(all.edits);
    }
    scry_study_free(study);
    return ok;
}
