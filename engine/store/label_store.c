/* store/label_store.c: labels written by hand, in a file that belongs to the index. */
#include "base/escape.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/user_files.h"
#include "columns.h"
#include "index/read/index.h"
#include "io/json.h"
#include "io/label_file.h"
#include "io/mapped_file.h"
#include "labels.h"
#include "store/difference_store.h"
#include "store/effect_store.h"
#include "store/sidecar.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct edit {
    uint32_t latent;
    char *text;
} edit;

/* A version of the edits. Never changed: other threads may read one that is held (scry_labels_hold). */
typedef struct edit_list {
    edit *list; /* ascending by latent */
    size_t count, room;
    scry_error problem;
    struct edit_list *older; /* of the retired versions, freed when nothing holds them */
} edit_list;

struct label_edits {
    _Atomic(edit_list *) now;
    edit_list *retired;
    unsigned holders;
    uint64_t version;
};

/* The latent's place, or where it would be inserted. */
static size_t place_of(const edit_list *e, uint32_t latent) {
    size_t low = 0, high = e->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (e->list[middle].latent < latent) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void put(edit_list *e, uint32_t latent, const char *text) {
    size_t at = place_of(e, latent);
    if (at < e->count && e->list[at].latent == latent) {
        free(e->list[at].text);
    } else {
        if (e->count == e->room) e->list = mem_resize(e->list, e->room = e->room ? 2 * e->room : 16, sizeof *e->list);
        memmove(e->list + at + 1, e->list + at, (e->count++ - at) * sizeof *e->list);
    }
    e->list[at] = (edit){latent, mem_copy_string(text)};
}

static void remove_edit(edit_list *e, uint32_t latent) {
    size_t at = place_of(e, latent);
    if (at == e->count || e->list[at].latent != latent) return;
    free(e->list[at].text);
    memmove(e->list + at, e->list + at + 1, (--e->count - at) * sizeof *e->list);
}

static void free_lists(edit_list *e) {
    while (e) {
        edit_list *older = e->older;
        while (e->count) free(e->list[--e->count].text);
        free(e->list);
        free(e);
        e = older;
    }
}

/* Makes this version the current one. */
static void replace_edits(struct label_edits *e, edit_list *by) {
    edit_list *before = atomic_exchange(&e->now, by);
    if (!before) return;
    before->older = e->retired;
    e->retired = before;
    if (e->holders) return;
    free_lists(e->retired);
    e->retired = NULL;
}

void scry_labels_hold(const scry_index *x) {
    if (x->edits) x->edits->holders++;
}

void scry_labels_release(const scry_index *x) {
    struct label_edits *e = x->edits;
    if (!e || --e->holders) return;
    free_lists(e->retired);
    e->retired = NULL;
}

/* The latent's text, "" when it was removed by hand; NULL when it was not edited. */
static const char *edits_find(const struct label_edits *edits, uint32_t latent) {
    const edit_list *e = edits ? atomic_load_explicit(&edits->now, memory_order_acquire) : NULL;
    size_t at = e ? place_of(e, latent) : 0;
    return e && at < e->count && e->list[at].latent == latent ? e->list[at].text : NULL;
}

/* The first latent from `from` on that was edited; UINT32_MAX when there is none. */
static uint32_t edits_next(const struct label_edits *edits, uint32_t from) {
    const edit_list *e = edits ? atomic_load_explicit(&edits->now, memory_order_acquire) : NULL;
    size_t at = e ? place_of(e, from) : 0;
    return e && at < e->count ? e->list[at].latent : UINT32_MAX;
}

static bool read_record(edit_list *e, uint32_t latents, const char *path, uint64_t number, json_part value) {
    cJSON *record = json_parse(value.at, value.length);
    const cJSON *latent = cJSON_GetObjectItemCaseSensitive(record, "latent");
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(record, "label");
    bool ok = cJSON_IsNumber(latent) && cJSON_IsString(label);
    if (!ok)
        scry_fail(&e->problem,
                  "%s: record %" PRIu64
                  ": expected {\"latent\": NUMBER, \"label\": TEXT}; mend the file or move it away",
                  path, number);
    else if (!(latent->valuedouble >= 0 && latent->valuedouble < latents) ||
             latent->valuedouble != (double)(uint32_t)latent->valuedouble)
        ok = scry_fail(&e->problem, "%s: record %" PRIu64 ": latent %g does not exist; this index has 0 to %" PRIu32,
                       path, number, latent->valuedouble, latents - 1);
    else put(e, (uint32_t)latent->valuedouble, label->valuestring);
    cJSON_Delete(record);
    return ok;
}

static edit_list *read_file(uint32_t latents, const char *path) {
    edit_list *e = mem_new(1, sizeof *e);
    mapped_file map;
    if (access(path, F_OK) != 0 || !mapped_file_open(&map, path, "labels", &e->problem)) return e;
    json_walk walk = json_walk_text((const char *)map.data, (size_t)map.size);
    json_part value;
    json_step step = JSON_END;
    uint64_t number = 0;
    while ((step = json_next(&walk, NULL, &value)) == JSON_ITEM)
        if (!read_record(e, latents, path, ++number, value)) break;
    if (step == JSON_BROKEN)
        scry_fail(&e->problem, "%s: record %" PRIu64 ": not JSON; mend the file or move it away", path, number + 1);
    mapped_file_close(&map);
    return e;
}

scry_index *scry_open(const char *path, bool verify, scry_error *err) {
    scry_index *x = index_open(path, verify, err);
    if (!x) return NULL;
    char *labels = scry_sidecar_path_for_latents(x, ".labels.jsonl");
    x->edits = mem_new(1, sizeof *x->edits);
    replace_edits(x->edits, read_file(x->F, labels));
    free(labels);
    for (int r = 0; r < SCRY_REFERENCES; r++)
        if (x->views[r]) x->views[r]->edits = x->edits;
    effect_store_open(x, verify);
    difference_store_open(x, verify);
    return x;
}

void scry_close(scry_index *x) {
    if (!x) return;
    if (x->views[SCRY_AGAINST_BASE]) x = x->views[SCRY_AGAINST_BASE];
    if (x->edits) {
        free_lists(x->edits->now);
        free_lists(x->edits->retired);
        free(x->edits);
    }
    index_close(x);
}

static bool write_record(FILE *f, uint32_t latent, const char *label) {
    cJSON *record = cJSON_CreateObject();
    cJSON_AddNumberToObject(record, "latent", latent);
    cJSON_AddStringToObject(record, "label", label);
    char *text = cJSON_PrintUnformatted(record);
    bool ok = text && fprintf(f, "%s\n", text) > 0;
    cJSON_free(text);
    cJSON_Delete(record);
    return ok;
}

static bool write_edits(FILE *f, const void *context) {
    const edit_list *e = context;
    bool ok = true;
    for (size_t i = 0; i < e->count && ok; i++) ok = write_record(f, e->list[i].latent, e->list[i].text);
    return ok;
}

static char *trimmed(const char *text) {
    static const char blanks[] = " \t\r\n\v\f";
    text += strspn(text, blanks);
    size_t length = strlen(text);
    while (length && strchr(blanks, text[length - 1])) length--;
    return mem_copy_bytes(text, length);
}

static bool write_list(const edit_list *e, const char *path, scry_error *err) {
    if (e->count) return scry_write_atomically(path, write_edits, e, err);
    return unlink(path) == 0 || errno == ENOENT || scry_fail(err, "%s: cannot be removed: %s", path, strerror(errno));
}

/* What a latent is labelled in this list, or else in the index; "" for no label. */
static const char *label_in(const scry_index *x, const edit_list *e, uint32_t latent) {
    size_t at = place_of(e, latent);
    const char *own = index_file_label(x, latent);
    return at < e->count && e->list[at].latent == latent ? e->list[at].text : own ? own : "";
}

static void put_label(const scry_index *x, edit_list *e, uint32_t latent, const char *label) {
    const char *own = index_file_label(x, latent);
    if (strcmp(label, own ? own : "") == 0) remove_edit(e, latent);
    else put(e, latent, label);
}

static bool check_label(const scry_index *x, uint32_t latent, const char *label, scry_error *err) {
    if (latent >= x->F)
        return scry_misuse(err, "latent %" PRIu32 " does not exist; this index has 0 to %" PRIu32, latent, x->F - 1);
    const char *own = index_file_label(x, latent);
    return strlen(label) <= SCRY_LABEL_MOST || (own && strcmp(label, own) == 0) ||
           scry_misuse(err, "label: %zu bytes, expected %d or fewer", strlen(label), SCRY_LABEL_MOST);
}

/* Reads the file, has the list changed, and writes it. */
static bool edit_file(scry_index *x, void (*change)(const scry_index *x, edit_list *e, void *context), void *context,
                      scry_error *err) {
    char *path = scry_sidecar_path_for_latents(x, ".labels.jsonl");
    int held = scry_lock_folder(path);
    edit_list *e = read_file(x->F, path);
    bool ok = !e->problem.status || scry_fail(err, "%s", e->problem.text);
    if (ok) change(x, e, context);
    if (ok && !(ok = write_list(e, path, err))) {
        free_lists(e);
        e = read_file(x->F, path); /* as it is on the disk */
    }
    scry_unlock_folder(held);
    replace_edits(x->edits, e);
    x->edits->version++;
    free(path);
    return ok;
}

typedef struct given_labels {
    const scry_relabel *change;
    size_t count;
    bool back;
} given_labels;

static void put_given(const scry_index *x, edit_list *e, void *context) {
    const given_labels *g = context;
    for (size_t i = 0; i < g->count; i++)
        put_label(x, e, g->change[i].latent, g->back ? g->change[i].before : g->change[i].after);
}

bool scry_labels_change(scry_index *x, const scry_relabel *changes, size_t count, bool back, scry_error *err) {
    for (size_t i = 0; i < count; i++)
        if (!check_label(x, changes[i].latent, back ? changes[i].before : changes[i].after, err)) return false;
    return edit_file(x, put_given, &(given_labels){changes, count, back}, err);
}

bool scry_label_set(scry_index *x, uint32_t latent, const char *text, scry_error *err) {
    char *label = trimmed(text);
    bool ok = scry_labels_change(x, &(scry_relabel){.latent = latent, .after = label}, 1, false, err);
    free(label);
    return ok;
}

void scry_relabels_free(scry_relabels *changes) {
    for (size_t i = 0; i < changes->count; i++) {
        free(changes->change[i].before);
        free(changes->change[i].after);
    }
    free(changes->change);
    *changes = (scry_relabels){0};
}

typedef struct import {
    char **label; /* [F] NULL: the file has none for this latent */
    bool replace;
    scry_labels_imported *done;
    scry_relabels changes;
    size_t room;
} import;

static void import_one(const scry_index *x, edit_list *e, import *m, uint32_t latent) {
    char *label = trimmed(m->label[latent]);
    const char *now = label_in(x, e, latent);
    m->done->read++;
    if (strlen(label) > SCRY_LABEL_MOST) m->done->too_long++;
    else if (*now && strcmp(now, label) != 0 && !m->replace) m->done->kept++;
    else {
        m->done->set++;
        if (strcmp(now, label) != 0) {
            scry_relabels *c = &m->changes;
            if (c->count == m->room)
                c->change = mem_resize(c->change, m->room = m->room ? 2 * m->room : 16, sizeof *c->change);
            c->change[c->count++] = (scry_relabel){latent, mem_copy_string(now), mem_copy_string(label)};
        }
        put_label(x, e, latent, label);
    }
    free(label);
}

static void import_all(const scry_index *x, edit_list *e, void *context) {
    import *m = context;
    for (uint32_t j = 0; j < x->F; j++)
        if (m->label[j]) import_one(x, e, m, j);
}

bool scry_labels_import(scry_index *x, const char *path, bool replace, scry_labels_imported *done,
                        scry_relabels *changes, scry_notes *notes, scry_error *err) {
    *done = (scry_labels_imported){0};
import m = {.label = mem_new(x->F, sizeof * m.label), .replace = replace, .done = done };
    bool ok = labels_read(m.label, x->F, path, notes, err) && edit_file(x, import_all, &m, err);
    if (!ok || !changes) scry_relabels_free(&m.changes);
    if (changes) *changes = m.changes;
    for (uint32_t j = 0; j < x->F; j++) free(m.label[j]);
    free(m.label);
    return ok;
}

static bool same_lists(const edit_list *a, const edit_list *b) {
    if (a->count != b->count || a->problem.status != b->problem.status) return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->list[i].latent != b->list[i].latent || strcmp(a->list[i].text, b->list[i].text) != 0) return false;
    return true;
}

void scry_labels_refresh(scry_index *x) {
    char *path = scry_sidecar_path_for_latents(x, ".labels.jsonl");
    edit_list *e = read_file(x->F, path);
    free(path);
    if (same_lists(e, x->edits->now)) {
        free_lists(e);
        return;
    }
    replace_edits(x->edits, e);
    x->edits->version++;
}

uint64_t scry_label_version(const scry_index *x) {
    return x->edits ? x->edits->version : 0;
}

const char *scry_label_problem(const scry_index *x) {
    const edit_list *e = x->edits ? atomic_load(&x->edits->now) : NULL;
    return e && e->problem.status ? e->problem.text : NULL;
}

const char *scry_label(const scry_index *x, uint32_t latent) {
    const char *edited = edits_find(x->edits, latent);
    if (edited) return *edited ? edited : NULL;
    return index_file_label(x, latent);
}

uint32_t scry_next_labelled(const scry_index *x, uint32_t from) {
    for (; from < x->F; from++) {
        uint32_t own = index_next_file_label(x, from), edited = edits_next(x->edits, from);
        from = own < edited ? own : edited;
        if (from >= x->F) break;
        if (scry_label(x, from)) return from;
    }
    return x->F;
}

static bool write_jsonl(FILE *f, const void *context) {
    const scry_index *x = context;
    bool ok = true;
    for (uint32_t j = 0; j < x->F && ok; j++) {
        const char *label = scry_label(x, j);
        if (label) ok = write_record(f, j, label);
    }
    return ok;
}

static bool write_csv(FILE *f, const void *context) {
    const scry_index *x = context;
    fputs("latent,label\n", f);
    for (uint32_t j = 0; j < x->F; j++) {
        const char *label = scry_label(x, j);
        if (!label) continue;
        fprintf(f, "%" PRIu32 ",", j);
        csv_text_write(f, label);
        fputc('\n', f);
    }
    return !ferror(f);
}

bool scry_labels_write(const scry_index *x, const char *path, uint32_t *count, scry_error *err) {
    bool csv = path_ends_with(path, ".csv");
    if (!csv && !path_ends_with(path, ".jsonl"))
        return scry_misuse(err, "%s: expected a name that ends in .jsonl or .csv", path);
    uint32_t n = 0;
    for (uint32_t j = 0; j < x->F; j++) n += scry_label(x, j) != NULL;
    if (count) *count = n;
    return scry_write_atomically(path, csv ? write_csv : write_jsonl, x, err);
}
