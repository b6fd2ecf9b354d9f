/* sources.c: the sources of an index against one reference: their pairs, statistics and scores. */
#include "base/mem.h"
#include "index/format/section_names.h"
#include "index/read/index.h"

#include <cjson/cJSON.h>
#include <stdlib.h>

static uint64_t number_of(const cJSON *object, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 0x1p63 ? (uint64_t)item->valuedouble
                                                                                        : 0;
}

static void read_trains(scry_index *x) {
    size_t t = 0;
    char key[CONTAINER_NAME];
    const cJSON *item;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(x->meta, "trains")) {
        scry_train_info *train = &x->info.train[t++];
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
        train->name = cJSON_IsString(name) ? name->valuestring : "";
        const cJSON *pairs = cJSON_GetObjectItemCaseSensitive(item, reference_key(key, "pairs", (int)x->info.against));
        for (int c = 1; c < SCRY_CONDITIONS; c++) {
            const char *source = scry_condition_name((scry_condition)c);
            train->has[c] = cJSON_HasObjectItem(pairs, source);
            train->pairs[c] = number_of(pairs, source);
            train->identical[c] = false;
        }
    }
}

static void read_domains(scry_index *x) {
    size_t d = 0;
    char key[CONTAINER_NAME];
    const cJSON *item;
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(x->meta, "domains"))
        x->info.domain[d++].has_icl =
            cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, reference_key(key, "icl", (int)x->info.against)));
}

static void read_two(const cJSON *pairs, const char *key, uint64_t out[2]) {
    const cJSON *item = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(pairs, key), 0);
    for (int i = 0; i < 2; i++, item = item ? item->next : NULL)
        out[i] = cJSON_IsNumber(item) && item->valuedouble >= 0 && item->valuedouble < 0x1p63
                     ? (uint64_t)item->valuedouble
                     : 0;
}

/* Absent in an index that was made before they were counted. */
static void read_pairs(const scry_index *x, scry_capture_info *c, const cJSON *item) {
    char key[CONTAINER_NAME];
    const cJSON *pairs = cJSON_GetObjectItemCaseSensitive(item, reference_key(key, "pairs", (int)x->info.against));
    c->has_pairs = cJSON_IsObject(pairs);
    read_two(pairs, "tokens", c->pairs.tokens);
    read_two(pairs, "paired", c->pairs.paired);
    read_two(pairs, "samples", c->pairs.samples);
    c->pairs.paired_samples = number_of(pairs, "paired_samples");
    c->pairs.by_text = number_of(pairs, "by_text");
    c->pairs.elsewhere = number_of(pairs, "elsewhere");
    c->pairs.misplaced = number_of(pairs, "misplaced");
}

/* What is equal to the reference moves nothing: it is no source, and no domain is scored by it. */
static void drop_identical(scry_index *x, const scry_capture_info *c) {
    scry_condition reference = scry_reference_condition(x->info.against);
    if (c->condition == reference || !c->identical[reference]) return;
    if (c->group >= 0) {
        if (c->condition == SCRY_ICL) x->info.domain[c->group].has_icl = false;
        return;
    }
    scry_train_info *train = &x->info.train[-1 - c->group];
    train->identical[c->condition] = train->has[c->condition];
    train->has[c->condition] = false;
}

void index_sources_read(scry_index *x) {
    size_t i = 0;
    const cJSON *item;
    read_trains(x);
    read_domains(x);
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(x->meta, "captures")) {
        read_pairs(x, &x->info.capture[i], item);
        drop_identical(x, &x->info.capture[i++]);
    }
}

/* Tokens of a training set's capture that count. */
static uint64_t kept_of(const scry_index *x, size_t train, scry_condition condition) {
    for (size_t i = 0; i < x->info.captures; i++)
        if (x->info.capture[i].group == -1 - (int)train && x->info.capture[i].condition == condition)
            return x->info.capture[i].kept;
    return 0;
}

static bool open_source(scry_index *x, size_t t, scry_condition c, scry_error *err) {
    index_source *s = &x->source[t * SCRY_CONDITIONS + c];
    uint64_t rows = x->rows.rows, pairs = x->info.train[t].pairs[c], base = pairs, other = pairs;
    if (x->info.pairing == SCRY_PAIR_SAMPLE) {
        base = kept_of(x, t, scry_reference_condition(x->info.against));
        other = kept_of(x, t, c);
    }
    s->fires_width = packed_uint_width(base > other ? base : other);
    s->pairs = (double)pairs;
    s->base_tokens = (double)base;
    s->other_tokens = (double)other;
    char name[CONTAINER_NAME];
    const uint8_t *fires = container_get(&x->file, source_section(name, "fires", t, (int)c, (int)x->info.against),
                                         2 * rows * s->fires_width, err);
    if (!fires) return false;
    source_section(name, "shift", t, (int)c, (int)x->info.against);
    uint64_t size, array = rows * sizeof(double), arrays = SHIFT_ARRAYS;
    container_find(&x->file, name, &size);
    while (arrays > SHIFT_OLDEST && size < arrays * array) arrays--; /* made before the last metrics were added */
    const double *shift = container_get(&x->file, name, arrays * array, err);
    if (!shift) return false;
    for (uint64_t a = 0; a < arrays; a++) s->array[a] = shift + a * rows;
    for (int side = 0; side < 2; side++) s->fires[side] = fires + (uint64_t)side * rows * s->fires_width;
    return s->present = true;
}

/* What does not depend on the reference a view has already. */
static bool open_score(scry_index *x, scry_score score, scry_error *err) {
    if (scry_scores[score].is_effect) return true; /* read/effects.c */
    if (x->info.against != SCRY_AGAINST_BASE && scry_scores[score].condition == SCRY_BASE) return true;
    char name[CONTAINER_NAME];
    uint64_t cells = (uint64_t)x->rows.rows * x->D, size;
    score_section(name, score, (int)x->info.against);
    x->contribution[score] = NULL;
    if (score != SCRY_ACT && !container_find(&x->file, name, &size)) return true; /* scry_require_score says why */
    x->contribution[score] = container_get(&x->file, name, cells * sizeof(float), err);
    return x->contribution[score] != NULL;
}

bool index_sources_open(scry_index *x, scry_error *err) {
    x->source = mem_new(x->info.trains * SCRY_CONDITIONS, sizeof *x->source);
    x->derived = mem_new(1, sizeof *x->derived);
    pthread_mutex_init(&x->derived->lock, NULL);
    x->derived->shift = mem_new(x->info.trains * SCRY_CONDITIONS * SCRY_METRICS, sizeof *x->derived->shift);
    for (size_t t = 0; t < x->info.trains; t++)
        for (int c = 1; c < SCRY_CONDITIONS; c++)
            if ((x->info.train[t].has[c] || x->info.train[t].identical[c]) &&
                !open_source(x, t, (scry_condition)c, err))
                return false;
    if (!index_base_open(x, err)) return false;
    for (int s = 0; s < SCRY_SCORES; s++)
        if (!open_score(x, (scry_score)s, err)) return false;
    return true;
}

void index_sources_close(scry_index *x) {
    for (size_t i = 0; x->derived && i < x->info.trains * SCRY_CONDITIONS * SCRY_METRICS; i++)
        free(x->derived->shift[i]);
    if (x->derived) {
        pthread_mutex_destroy(&x->derived->lock);
        free(x->derived->shift);
    }
    free(x->derived);
    free(x->source);
}
