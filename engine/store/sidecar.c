/* store/sidecar.c: paths of the files that belong to an index. */
#include "store/sidecar.h"
#include "base/mem.h"
#include "base/path.h"
#include "base/user_files.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

static bool same_folder(const char *a, const char *b) {
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* STEM in the cache, whose stems are hashes; elsewhere STEM-HASH, the hash of the whole path. */
static char *stem_in_data(const char *path, bool cached) {
    const char *name = path_file_name(path);
    size_t length = strlen(name);
    if (path_ends_with(name, ".scry")) length -= 5;
    if (cached) return mem_copy_bytes(name, length);
    char *real = realpath(path, NULL);
    const char *whole = real ? real : path;
    uint32_t hash = (uint32_t)XXH3_64bits(whole, strlen(whole));
    char *stem = mem_format("%.*s-%08" PRIx32, (int)length, name, hash);
    free(real);
    return stem;
}

static char *next_to(const char *path, const char *suffix) {
    size_t length = strlen(path);
    if (path_ends_with(path, ".scry")) length -= 5;
    return mem_format("%.*s%s", (int)length, path, suffix);
}

/* *cached: the index lies in the cache. */
static char *sidecar_path(const char *path, const char *suffix, bool *cached) {
    char *folder = path_folder(path), *cache = scry_user_folder("XDG_CACHE_HOME", ".cache"), *file;
    *cached = same_folder(folder, cache);
    if (!*cached && access(folder, W_OK) == 0) {
        file = next_to(path, suffix);
    } else {
        char *data = scry_user_folder("XDG_DATA_HOME", ".local/share"), *stem = stem_in_data(path, *cached);
        file = mem_format("%s/%s%s", data, stem, suffix);
        free(data);
        free(stem);
    }
    free(folder);
    free(cache);
    return file;
}

char *scry_sidecar_path(const scry_index *index, const char *suffix) {
    bool cached;
    return sidecar_path(scry_index_info(index)->path, suffix, &cached);
}

char *scry_derived_path(const scry_index *index, const char *suffix) {
    bool cached;
    const char *path = scry_index_info(index)->path;
    char *file = sidecar_path(path, suffix, &cached);
    if (!cached) return file;
    free(file);
    return next_to(path, suffix);
}

char *scry_sidecar_path_for_latents(const scry_index *index, const char *suffix) {
    bool cached;
    char *of_index = sidecar_path(scry_index_info(index)->path, suffix, &cached);
    uint64_t latents = cached ? scry_fingerprint_latents(index) : 0;
    if (!latents) return of_index;
    char *data = scry_user_folder("XDG_DATA_HOME", ".local/share");
    char *file = mem_format("%s/latents-%016" PRIx64 "%s", data, latents, suffix);
    /* An earlier version named the file by the index. */
    if (access(file, F_OK) != 0) rename(of_index, file);
    free(data);
    free(of_index);
    return file;
}
