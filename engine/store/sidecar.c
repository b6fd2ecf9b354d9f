/* store/sidecar.c: where the files that belong to an index are, and how they are written. */
#include "store/sidecar.h"
#include "base/mem.h"
#include "store/fingerprint.h"
#include "base/atomic_file.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

char *scry_user_folder(const char *variable, const char *under_home) {
    const char *set = getenv(variable), *home = getenv("HOME");
    if (set && set[0] == '/') return mem_format("%s/scry", set);
    return mem_format("%s/%s/scry", home ? home : "/tmp", under_home);
}

bool scry_make_folder(const char *path, const char *advice, scry_error *err) {
    char *part = mem_copy_string(path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(part, 0777);
        *slash = '/';
    }
    free(part);
    if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
    return scry_fail(err, "%s: cannot be made: %s; %s", path, strerror(errno), advice);
}

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

/* Where it is; *cached: the index lies in the cache. */
static char *find_beside(const char *path, const char *suffix, bool *cached) {
    char *folder = path_folder(path), *cache = scry_user_folder("XDG_CACHE_HOME", ".cache"), *beside;
    *cached = same_folder(folder, cache);
    if (!*cached && access(folder, W_OK) == 0) {
        size_t length = strlen(path);
        if (path_ends_with(path, ".scry")) length -= 5;
        beside = mem_format("%.*s%s", (int)length, path, suffix);
    } else {
        char *data = scry_user_folder("XDG_DATA_HOME", ".local/share"), *stem = stem_in_data(path, *cached);
        beside = mem_format("%s/%s%s", data, stem, suffix);
        free(data);
        free(stem);
    }
    free(folder);
    free(cache);
    return beside;
}

char *scry_sidecar_path(const scry_index *index, const char *suffix) {
    bool cached;
    return find_beside(scry_index_info(index)->path, suffix, &cached);
}

char *scry_sidecar_path_for_latents(const scry_index *index, const char *suffix) {
    bool cached;
    char *of_index = find_beside(scry_index_info(index)->path, suffix, &cached);
    uint64_t latents = cached ? scry_fingerprint_latents(index) : 0;
    if (!latents) return of_index;
    char *data = scry_user_folder("XDG_DATA_HOME", ".local/share");
    char *beside = mem_format("%s/latents-%016" PRIx64 "%s", data, latents, suffix);
    /* Before, the content named them: they are taken over. */
    if (access(beside, F_OK) != 0) rename(of_index, beside);
    free(data);
    free(of_index);
    return beside;
}

int scry_lock_folder(const char *path) {
    enum { TRIES = 300 };
    static const struct timespec pause = {0, 10000000};
    char *folder = path_folder(path);
    scry_make_folder(folder, "", NULL);
    int held = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), tries = 0;
    free(folder);
    while (held >= 0 && flock(held, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK && tries++ < TRIES) {
            nanosleep(&pause, NULL);
            continue;
        }
        close(held);
        held = -1;
    }
    return held;
}

void scry_unlock_folder(int held) {
    if (held >= 0) close(held);
}

bool scry_write_atomically(const char *path, bool (*write)(FILE *file, const void *context), const void *context,
                           scry_error *err) {
    if (!atomic_file_spares_index(path, err)) return false;
    bool straight = atomic_file_is_direct(path);
    char *folder = path_folder(path);
    bool made = scry_make_folder(folder, "set XDG_DATA_HOME to a folder that can be written", err);
    free(folder);
    if (!made) return false;
    char *place = straight ? mem_copy_string(path) : atomic_file_target(path);
    char *temporary = straight ? mem_copy_string(path) : mem_format("%s.tmp.%ld", place, (long)getpid());
    FILE *f = straight ? atomic_file_open_direct(path) : fopen(temporary, "we");
    bool ok = f && write(f, context) && fflush(f) == 0 && !ferror(f) && (straight || fsync(fileno(f)) == 0);
    int why = errno;
    if (f && fclose(f) != 0 && ok) {
        ok = false;
        why = errno;
    }
    if (ok && !straight && rename(temporary, place) != 0) {
        ok = false;
        why = errno;
    }
    if (!ok) {
        if (f && !straight) unlink(temporary);
        scry_fail(err, "%s: cannot be written: %s", path, strerror(why));
    }
    free(temporary);
    free(place);
    return ok;
}
