/* capture/corpus.c: see corpus.h. A corpus keeps where its lines lie, and reads one when it is asked for. */
#include "capture/corpus.h"
#include "capture/corpus_line.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/string_pool.h"
#include "io/json.h"
#include "io/mapped_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

typedef struct sample_place {
    uint64_t at, line;
    size_t length;
    uint32_t twin; /* 0, or n of an id that is taken n - 1 times */
    int64_t category;
    bool is_messages;
} sample_place;

struct corpus {
    mapped_file map;
    char *stem;
    sample_place *place;
    size_t count, room;
    string_pool categories;
    uint64_t hash;
    bool has_messages;
};

static char *stem_of(const char *path) {
    const char *name = path_file_name(path), *dot = strrchr(name, '.');
    return mem_copy_bytes(name, dot && dot > name ? (size_t)(dot - name) : strlen(name));
}

static char *id_of(const corpus *c, const cJSON *line, size_t i, uint32_t twin) {
    char *id = corpus_line_id(line);
    if (!id) id = mem_format("%s-%zu", c->stem, i + 1);
    char *unlike = twin ? mem_format("%s-%" PRIu32, id, twin) : NULL;
    if (unlike) free(id);
    return unlike ? unlike : id;
}

/* Gives an id that is taken its number. Returns whether it was. */
static bool tell_apart(corpus *c, const cJSON *line, sample_place *place, string_pool *ids) {
    for (uint32_t twin = 1;; twin++) {
        place->twin = twin > 1 ? twin : 0;
        char *id = id_of(c, line, c->count, place->twin);
        uint32_t known = ids->count;
        bool fresh = string_pool_add(ids, id) == known;
        free(id);
        if (fresh) return twin > 1;
    }
}

static bool add_line(corpus *c, const char *key, json_part value, uint64_t number, string_pool *ids, size_t *twins,
                     scry_error *err) {
    scry_error why = {0};
    cJSON *line = json_parse(value.at, value.length);
    corpus_item item = {0};
    bool ok = corpus_line_read(line, &item, &why);
    if (ok) {
        if (c->count == c->room) {
            c->room = c->room ? 2 * c->room : 64;
            c->place = mem_resize(c->place, c->room, sizeof *c->place);
        }
        sample_place *place = &c->place[c->count];
        const char *category = corpus_line_category(line);
        *place = (sample_place){.at = (uint64_t)(value.at - (const char *)c->map.data),
                                .line = number,
                                .length = value.length,
                                .is_messages = !item.text,
                                .category = category ? (int64_t)string_pool_add(&c->categories, category) : -1};
        *twins += tell_apart(c, line, place, ids);
        c->has_messages = c->has_messages || !item.text;
        c->count++;
    } else scry_fail(err, "%s: %s: line %" PRIu64 ": %s", key, c->map.path, number, why.text);
    corpus_item_free(&item);
    cJSON_Delete(line);
    return ok;
}

static uint64_t lines_between(const char *from, const char *to) {
    uint64_t lines = 0;
    while (from < to && (from = memchr(from, '\n', (size_t)(to - from)))) lines++, from++;
    return lines;
}

/* The file is one list: walks into it. Anything else stays as it is. */
static void enter_list(json_walk *walk) {
    json_walk ahead = *walk;
    json_part value;
    if (json_next(&ahead, NULL, &value) == JSON_ITEM && *value.at == '[' &&
        json_next(&ahead, NULL, &(json_part){0}) == JSON_END)
        json_walk_into(walk, value);
}

static bool read_lines(corpus *c, const char *key, scry_notes *notes, scry_error *err) {
    const char *text = (const char *)c->map.data, *counted = text;
    json_walk walk = json_walk_text(text, (size_t)c->map.size);
    enter_list(&walk);
    json_part value;
    json_step step;
    string_pool ids = {0};
    size_t twins = 0;
    uint64_t number = 1;
    bool ok = true;
    while (ok && (step = json_next(&walk, NULL, &value)) == JSON_ITEM) {
        number += lines_between(counted, value.at);
        counted = value.at;
        ok = add_line(c, key, value, number, &ids, &twins, err);
    }
    string_pool_free(&ids);
    char forms[SCRY_CHOICES];
    if (ok && step == JSON_BROKEN)
        return scry_fail(err, "%s: %s: sample %zu: found no JSON object that ends, expected %s", key, c->map.path,
                         c->count + 1, corpus_forms(forms));
    if (ok && !c->count)
        return scry_fail(err, "%s: %s: found no samples, expected a line for each: %s", key, c->map.path,
                         corpus_forms(forms));
    if (ok && twins && notes)
        scry_notes_add(notes, "%s: %s: %zu %s an id that came before, and -2, -3, ... added to it", key, c->map.path,
                       twins, twins == 1 ? "sample has" : "samples have");
    return ok;
}

corpus *corpus_open(const char *path, const char *key, scry_notes *notes, scry_error *err) {
    corpus *c = mem_new(1, sizeof *c);
    if (!mapped_file_open(&c->map, path, key, err)) {
        free(c);
        return NULL;
    }
    c->stem = stem_of(path);
    c->hash = XXH3_64bits(c->map.size ? (const void *)c->map.data : "", (size_t)c->map.size);
    if (read_lines(c, key, notes, err)) return c;
    corpus_close(c);
    return NULL;
}

void corpus_close(corpus *c) {
    if (!c) return;
    mapped_file_close(&c->map);
    string_pool_free(&c->categories);
    free(c->stem);
    free(c->place);
    free(c);
}

size_t corpus_count(const corpus *c) {
    return c->count;
}

const char *corpus_path(const corpus *c) {
    return c->map.path;
}

const char *corpus_stem(const corpus *c) {
    return c->stem;
}

uint64_t corpus_hash(const corpus *c) {
    return c->hash;
}

bool corpus_has_messages(const corpus *c) {
    return c->has_messages;
}

bool corpus_is_messages(const corpus *c, size_t i) {
    return c->place[i].is_messages;
}

uint64_t corpus_line(const corpus *c, size_t i) {
    return c->place[i].line;
}

size_t corpus_categories(const corpus *c) {
    return c->categories.count;
}

const char *corpus_category(const corpus *c, size_t category) {
    return string_pool_text(&c->categories, (uint32_t)category);
}

int64_t corpus_category_of(const corpus *c, size_t i) {
    return c->place[i].category;
}

corpus_item corpus_read(const corpus *c, size_t i) {
    const sample_place *place = &c->place[i];
    corpus_item item = {.answer = -1};
    cJSON *line = json_parse((const char *)c->map.data + place->at, place->length);
    /* a file that was changed since it was opened may read as anything */
    if (!corpus_line_read(line, &item, NULL)) item.text = mem_copy_string("");
    item.id = id_of(c, line, i, place->twin);
    cJSON_Delete(line);
    return item;
}
