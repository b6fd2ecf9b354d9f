/* index_cache.c: where the index of a manifest is kept, by content. */
#include "base/mem.h"
#include "base/user_files.h"
#include "index/build/inputs.h"

#include <stdlib.h>

char *scry_cache_path(const char *study_path, scry_error *err) {
    scry_study *study = scry_study_read(study_path, NULL, err);
    char hash[20];
    bool ok = study && content_hash(study, hash, err);
    scry_study_free(study);
    if (!ok) return NULL;
    char *folder = scry_user_folder("XDG_CACHE_HOME", ".cache");
    bool made = scry_make_folder(folder, "set XDG_CACHE_HOME, or use scry index -o", err);
    char *path = made ? mem_format("%s/%s.scry", folder, hash) : NULL;
    free(folder);
    return path;
}
