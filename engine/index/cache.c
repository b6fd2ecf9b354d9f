/* cache.c: where the index of a manifest is kept, by content. */
#include "base/mem.h"
#include "io/map.h"
#include "study.h"

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

static void hash_file(XXH3_state_t *state, const file_map *map) {
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
    file_map map;
    if (!map_open(&map, path, key, err)) return false;
    hash_file(state, &map);
    map_close(&map);
    return true;
}

static bool add_capture(XXH3_state_t *state, const scry_study *study, const study_capture *c, scry_error *err) {
    if (!c->present) return true;
    char *key = mem_format("%s: %s", study->path, c->key);
    bool ok = true;
    for (size_t i = 0; i < c->file_count && ok; i++) ok = add_file(state, c->files[i], key, err);
    if (ok && c->tokens) ok = add_file(state, c->tokens, key, err);
    free(key);
    return ok;
}

static bool add_study(XXH3_state_t *state, const scry_study *study, scry_error *err) {
    XXH3_64bits_update(state, study->json, strlen(study->json));
    XXH3_64bits_update(state, scry_version(), strlen(scry_version()));
    if (study->sae) {
        struct stat st;
        bool folder = stat(study->sae, &st) == 0 && S_ISDIR(st.st_mode);
        static const char *const parts[] = {"/cfg.json", "/sae_weights.safetensors"};
        for (int i = 0; i < 2; i++) {
            char *path = folder ? mem_format("%s%s", study->sae, parts[i]) : mem_copy_string(study->sae);
            char *key = mem_format("%s: sae", study->path);
            bool ok = add_file(state, path, key, err);
            free(key);
            free(path);
            if (!ok) return false;
        }
    }
    if (study->labels && !add_file(state, study->labels, "labels", err)) return false;
    for (size_t g = 0; g < study->train_count + study->domain_count; g++) {
        const study_group *group = g < study->train_count ? &study->trains[g] : &study->domains[g - study->train_count];
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (!add_capture(state, study, &group->capture[c], err)) return false;
    }
    return true;
}

static bool make_folder(const char *path, scry_error *err) {
    char *part = mem_copy_string(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(part, 0777);
        *slash = '/';
    }
    free(part);
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    return scry_fail(err, "%s: cannot be made: %s; set XDG_CACHE_HOME, or use scry index -o", path, strerror(errno));
}

char *scry_cache_path(const char *study_path, scry_error *err) {
    scry_study *study = scry_study_read(study_path, NULL, err);
    if (!study) return NULL;
    XXH3_state_t *state = XXH3_createState();
    XXH3_64bits_reset(state);
    bool ok = add_study(state, study, err);
    uint64_t hash = XXH3_64bits_digest(state);
    XXH3_freeState(state);
    scry_study_free(study);
    if (!ok) return NULL;
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *folder =
        cache && cache[0] == '/' ? mem_format("%s/scry", cache) : mem_format("%s/.cache/scry", home ? home : "/tmp");
    char *path = make_folder(folder, err) ? mem_format("%s/%016" PRIx64 ".scry", folder, hash) : NULL;
    free(folder);
    return path;
}
