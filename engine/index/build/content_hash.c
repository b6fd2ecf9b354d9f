/* content_hash.c: a hash of all that an index is made from. */
#include "base/mem.h"
#include "base/path.h"
#include "index/build/inputs.h"
#include "index/format/container.h"
#include "io/mapped_file.h"
#include "io/tensor.h"
#include "metrics.h"
#include "scores.h"
#include "study/study.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Files up to this size are hashed whole; of larger ones the ends and pieces between, with size and
 * time of change, so that opening a study of many gigabytes does not read it all. */
#define WHOLE ((uint64_t)64 << 20)
enum { PIECE = 65536, PIECES = 256 };

/* Raise it when the same files give other numbers than before, so that cached indexes are made again. */
enum { BUILD_VERSION = 4 };

static void hash_file(XXH3_state_t *state, const mapped_file *map) {
    XXH3_64bits_update(state, &map->size, sizeof map->size);
    if (map->size <= WHOLE) {
        XXH3_64bits_update(state, map->data, (size_t)map->size);
        return;
    }
    struct stat st;
    if (stat(map->path, &st) == 0) XXH3_64bits_update(state, &st.st_mtim, sizeof st.st_mtim);
    for (uint64_t i = 0; i < PIECES; i++)
        XXH3_64bits_update(state, map->data + (map->size - PIECE) / (PIECES - 1) * i, PIECE);
}

static bool add_file(XXH3_state_t *state, const char *path, const char *key, scry_error *err) {
    mapped_file map;
    if (!mapped_file_open(&map, path, key, err)) return false;
    hash_file(state, &map);
    mapped_file_close(&map);
    return true;
}

static bool add_capture(XXH3_state_t *state, const scry_study *study, const study_capture *c, scry_error *err) {
    if (!c->present) return true;
    char *key = mem_format("%s: %s", study->path, c->key);
    bool ok = true;
    for (size_t i = 0; i < c->file_count && ok; i++) ok = add_file(state, c->files[i], key, err);
    for (size_t i = 0; i < c->mask_count && ok; i++) ok = add_file(state, c->mask[i], key, err);
    if (ok && c->tokens) ok = add_file(state, c->tokens, key, err);
    for (size_t i = 0; c->minus && i < c->minus->file_count && ok; i++)
        ok = add_file(state, c->minus->files[i], key, err);
    if (ok && c->minus && c->minus->tokens) ok = add_file(state, c->minus->tokens, key, err);
    free(key);
    return ok;
}

static bool add_key(XXH3_state_t *state, const scry_study *study, const char *path, const char *key, scry_error *err) {
    char *place = mem_format("%s: %s", study->path, key);
    bool ok = add_file(state, path, place, err);
    free(place);
    return ok;
}

/* Settings, or a file of tensors. */
static bool is_weights(const char *path) {
    static const char *const endings[] = {".json", ".jsonl", ".gz"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
        if (strcmp(dot, endings[i]) == 0) return true;
    return tensor_file_named(path);
}

/* Every file of a directory and of those in it, two levels deep: whichever of them the SAE's family
 * reads. In order of name, so that the same files give the same hash. */
static bool add_folder(XXH3_state_t *state, const scry_study *study, const char *folder, int depth, scry_error *err) {
    struct dirent **entry;
    int n = scandir(folder, &entry, NULL, alphasort);
    if (n < 0) return scry_fail(err, "%s: sae: %s: cannot be read: %s", study->path, folder, strerror(errno));
    bool ok = true;
    for (int i = 0; i < n; i++) {
        char *path = mem_format("%s/%s", folder, entry[i]->d_name);
        struct stat st;
        if (ok && stat(path, &st) == 0 && (S_ISDIR(st.st_mode) ? entry[i]->d_name[0] != '.' : is_weights(path))) {
            XXH3_64bits_update(state, entry[i]->d_name, strlen(entry[i]->d_name));
            if (S_ISREG(st.st_mode)) ok = add_key(state, study, path, "sae", err);
            else if (S_ISDIR(st.st_mode) && depth < 2) ok = add_folder(state, study, path, depth + 1, err);
        }
        free(path);
        free(entry[i]);
    }
    free(entry);
    return ok;
}

static bool add_sae(XXH3_state_t *state, const scry_study *study, scry_error *err) {
    if (path_is_directory(study->sae)) return add_folder(state, study, study->sae, 0, err);
    return add_key(state, study, study->sae, "sae", err);
}

/* What an index holds for each metric and score: one of before a row was added is not the one to use. Of effects it
 * holds nothing. */
#define METRIC(id, name, array, ...)    name " " #array "\n"
#define HELD_SUM(name)                  #name "\n"
#define HELD_MEAN(name)                 #name "\n"
#define HELD_EFFECT(name)               ""
#define SCORE(id, name, aggregate, ...) HELD_##aggregate(name)
static const char tables[] = SCRY_METRIC_TABLE(METRIC) SCRY_SCORE_TABLE(SCORE);
#undef METRIC
#undef SCORE

static bool add_study(XXH3_state_t *state, const scry_study *study, scry_error *err) {
    XXH3_64bits_update(state, study->json, strlen(study->json));
    XXH3_64bits_update(state, scry_version(), strlen(scry_version()));
    const int version[] = {CONTAINER_VERSION, BUILD_VERSION};
    XXH3_64bits_update(state, version, sizeof version);
    XXH3_64bits_update(state, tables, sizeof tables);
    if (study->sae && !add_sae(state, study, err)) return false;
    bool labels_file = study->labels && !path_is_directory(study->labels);
    if (labels_file && !add_key(state, study, study->labels, "labels", err)) return false;
    if (study->labels && !labels_file && !add_folder(state, study, study->labels, 2, err)) return false;
    if (study->tokenizer && !add_key(state, study, study->tokenizer, "tokenizer", err)) return false;
    for (size_t g = 0; g < study->train_count + study->domain_count; g++) {
        const study_group *group = g < study->train_count ? &study->trains[g] : &study->domains[g - study->train_count];
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (!add_capture(state, study, &group->capture[c], err)) return false;
    }
    return true;
}

bool content_hash(const scry_study *study, char text[20], scry_error *err) {
    XXH3_state_t *state = mem_check(XXH3_createState());
    XXH3_64bits_reset(state);
    bool ok = add_study(state, study, err);
    snprintf(text, 20, "%016" PRIx64, (uint64_t)XXH3_64bits_digest(state));
    XXH3_freeState(state);
    return ok;
}

void content_hash_model(const scry_study *study, char text[20]) {
    text[0] = 0;
    if (!study->model_path || !path_is_directory(study->model_path)) return;
    XXH3_state_t *state = mem_check(XXH3_createState());
    XXH3_64bits_reset(state);
    add_folder(state, study, study->model_path, 2, NULL); /* a file that cannot be read is a note when indexing */
    snprintf(text, 20, "%016" PRIx64, (uint64_t)XXH3_64bits_digest(state));
    XXH3_freeState(state);
}
