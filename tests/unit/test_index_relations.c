/* test_index_relations.c: an index whose fields do not agree is refused when it is opened, with the field named,
 * whatever its checksums say. */
#include "check.h"
#include "index/format/container.h"
#include "scry.h"
#include "small_study.h"

#include <cjson/cJSON.h>

static const char *good;

/* A copy of the index with other meta data. */
static const char *with_meta(const char *meta) {
    const char *path = scratch("changed.scry");
    container from;
    scry_error err = {0};
    if (!container_open(&from, good, true, &err)) abort();
    container_writer *to = container_create(path, &err);
    if (!to) abort();
    for (uint32_t i = 0; i < from.sections; i++) {
        const container_section *s = &from.section[i];
        const bool is_meta = strcmp(s->name, "meta") == 0;
        container_begin(to, s->name);
        container_write(to, is_meta ? (const void *)meta : (const uint8_t *)from.map.data + s->offset,
                        is_meta ? strlen(meta) : s->size);
    }
    container_close(&from);
    if (!container_finish(to, &err)) abort();
    return path;
}

static cJSON *meta_of(const char *path) {
    container c;
    uint64_t size;
    scry_error err = {0};
    if (!container_open(&c, path, true, &err)) abort();
    const char *text = container_find(&c, "meta", &size);
    cJSON *meta = text ? cJSON_ParseWithLength(text, (size_t)size) : NULL;
    container_close(&c);
    if (!meta) abort();
    return meta;
}

/* "captures/5/group": the value there is replaced by JSON, or taken out (NULL). */
static void put(cJSON *meta, const char *place, const char *json) {
    char copy[100], *state, *key, *next;
    snprintf(copy, sizeof copy, "%s", place);
    cJSON *at = meta;
    for (key = strtok_r(copy, "/", &state); (next = strtok_r(NULL, "/", &state)); key = next)
        at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(key)) : cJSON_GetObjectItemCaseSensitive(at, key);
    if (!at) abort();
    if (cJSON_IsArray(at)) {
        if (json) cJSON_ReplaceItemInArray(at, atoi(key), cJSON_Parse(json));
        else cJSON_DeleteItemFromArray(at, atoi(key));
        return;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(at, key);
    if (json) cJSON_AddItemToObject(at, key, cJSON_Parse(json));
}

typedef struct relation {
    const char *place, *json, *says, *about;
} relation;

/* Captures of the study: train.base, .icl, .control; then each domain's base, icl and control. */
static const relation relations[] = {
    {"captures/3/group", "1", "captures[6]", "a domain's base given to another, which then has two"},
    {"captures/3", NULL, "domains[0] (d0): found no capture under \"base\"", "a domain without base"},
    {"captures/0", NULL, "trains[0] (task): found no capture under \"base\"", "a training set without base"},
    {"captures/1", NULL, "trains[0].pairs (task): found \"icl\"", "a source without its capture"},
    {"captures/4", NULL, "domains[0].icl (d0): found \"icl\"", "a domain with icl, without its capture"},
    {"captures/2", NULL, "trains[0].pairs (task): found \"control\"", "pairs with control, without control"},
    {"captures/5", NULL, "domains[0].icl_control (d0)", "a domain's icl against control, without control"},
    {"captures/0/condition", "\"icl\"", "captures[1] (train.icl)", "base that says that it is icl"},
    {"captures/0/condition", "\"ICL\"", "captures[0] (train.base)", "a condition that there is not"},
    {"captures/3/group", "0.5", "captures[3]", "half a group"},
    {"captures/3/group", "\"base\"", "captures[3]", "a group that is no number"},
    {"captures/3/group", "5", "captures[3]", "a group past the last domain"},
    {"captures/3/group", "-2", "captures[3]", "a group past the last training set"},
    {"captures/3/group", "4294967296", "captures[3]", "a group that is 0 in 32 bits"},
    {"captures/3/rows", "4294967296", "captures[3]", "2^32 rows"},
    {"captures/3/rows", "1", "captures[3]", "rows that are not those of the text"},
    {"captures/3/text", "99", "captures[3]", "a text that is not there"},
    {"captures/3/text", "0.5", "captures[3]", "half a text"},
    {"captures/3/kept", "99999", "captures[3].kept", "more kept rows than rows"},
    {"captures/3/outliers", "99999", "captures[3].outliers", "more outliers than rows"},
    {"captures/3/outliers_first", "1", "captures[3].outliers_first", "more outlying first rows than outliers"},
    {"captures/3/padding", "99999", "captures[3].padding", "more padding than rows"},
    {"captures/3/identical", "255", "captures[3].identical", "equal to what the group has not"},
    {"captures/4/pairs/tokens", "[99999, 1]", "captures[4].pairs", "more tokens of base than rows"},
    {"captures/4/pairs/paired", "[1, 99999]", "captures[4].pairs", "more paired tokens than tokens"},
    {"captures/4/pairs/paired_samples", "99999", "captures[4].pairs", "more paired samples than samples"},
    {"captures/4/pairs_control/paired", "[1, 99999]", "captures[4].pairs_control", "the same against control"},
    {"trains/0/pairs/icl", "99999", "trains[0].pairs (task)", "more pairs than rows"},
    {"trains/0/pairs/sft", "1", "trains[0].pairs (task)", "a source that was not captured"},
    {"domains/5", "{\"name\": \"new\", \"change\": [1], \"icl\": false}", "", "a domain more"},
    {"texts/1/first_token", "0", "texts", "texts over each other"},
    {"texts/1", NULL, "", "a text less"},
    {"d_sae", "61", "", "another number of latents"},
    {"rows", "1", "rows", "other rows"},
};

static void each_relation(void) {
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
        const relation *r = &relations[i];
        cJSON *meta = meta_of(good);
        if (strcmp(r->place, "domains/5") == 0)
            cJSON_AddItemToArray(cJSON_GetObjectItem(meta, "domains"), cJSON_Parse(r->json));
        else put(meta, r->place, r->json);
        char *text = cJSON_PrintUnformatted(meta);
        scry_error err = {0};
        scry_index *x = scry_open(with_meta(text), true, &err);
        if (check(!x && err.status == 1, "%s is refused", r->about))
            check_says(err.text, SAYS("changed.scry", r->says), "and named");
        scry_close(x);
        cJSON_free(text);
        cJSON_Delete(meta);
    }
}

/* What was there before must open as before. */
static void unchanged(void) {
    cJSON *meta = meta_of(good);
    char *text = cJSON_PrintUnformatted(meta);
    scry_error err = {0};
    scry_index *x = scry_open(with_meta(text), true, &err);
    if (check(x != NULL, "the meta data printed again is opened %s", err.text)) {
        check(scry_find_capture(x, -1, SCRY_BASE) == 0 && scry_find_capture(x, 0, SCRY_BASE) == 3 &&
                  scry_find_capture(x, 0, SCRY_ICL) == 4 && scry_find_capture(x, 0, SCRY_RL) < 0 &&
                  scry_find_capture(x, D, SCRY_BASE) < 0 && scry_find_capture(x, -2, SCRY_BASE) < 0,
              "captures are found by group and condition");
        for (size_t i = 0; i < scry_index_info(x)->captures; i++) {
            const scry_capture_info *c = &scry_index_info(x)->capture[i];
            if (scry_find_capture(x, c->group, c->condition) != (int)i) check(false, "capture %zu is found", i);
        }
    }
    scry_close(x);
    cJSON_free(text);
    cJSON_Delete(meta);
}

int main(void) {
    static const plan p = {.label = "relations", .pairing = "token", .control = true};
    static study st;
    if (study_make(&st, &p)) {
        good = scry_index_info(st.x)->path;
        unchanged();
        each_relation();
    }
    scry_close(st.x);
    return check_end();
}
