/* index_cache.c: where the index of a manifest is kept, by content. */
#include "base/mem.h"
#include "base/path.h"
#include "base/user_files.h"
#include "index/build/inputs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

bool scry_is_cache_path(const char *path) {
    char *folder = scry_user_folder("XDG_CACHE_HOME", ".cache"), *of = path_folder(path);
    size_t length = strlen(folder);
    bool is = strncmp(of, folder, length) == 0 && strcmp(of + length, "/") == 0;
    free(folder);
    free(of);
    return is;
}

/* An index says where the models and the SAE are that the study names, from its own folder, and keeps what was computed
 * with the model. */
static void add_place(const scry_study *study, char hash[20]) {
    char model[20];
    content_hash_model(study, model);
    char *folder = path_absolute(*study->folder ? study->folder : ".");
    char *all = mem_format("%s %s %s", hash, folder, model);
    snprintf(hash, 20, "%016" PRIx64, (uint64_t)XXH3_64bits(all, strlen(all)));
    free(folder);
    free(all);
}

char *scry_cache_path(const char *study_path, scry_error *err) {
    scry_study *study = scry_study_read(study_path, NULL, err);
    char hash[20];
    bool ok = study && content_hash(study, hash, err);
    if (ok && study_names_folders(study)) add_place(study, hash);
    scry_study_free(study);
    if (!ok) return NULL;
    char *folder = scry_user_folder("XDG_CACHE_HOME", ".cache");
    bool made = scry_make_folder(folder, "set XDG_CACHE_HOME, or use scry index -o", err);
    char *path = made ? mem_format("%s/%s.scry", folder, hash) : NULL;
    free(folder);
    return path;
}
