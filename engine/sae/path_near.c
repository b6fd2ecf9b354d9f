/* path_near.c: files in the folder of a path. */
#include "sae/format.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

char *path_sibling(const char *path, const char *name) {
    if (path_is_directory(path)) return path_join(path, name);
    return mem_format("%.*s%s", (int)(path_file_name(path) - path), path, name);
}

bool path_has(const char *path, const char *name) {
    char *at = path_sibling(path, name);
    bool found = is_file(at);
    free(at);
    return found;
}

char *path_near(const char *path, const char *name) {
    if (path_has(path, name)) return path_sibling(path, name);
    char *up = mem_format("../%s", name);
    char *out = path_has(path, up) ? path_sibling(path, up) : NULL;
    free(up);
    return out;
}

static bool ends_with(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcasecmp(text + a - b, end) == 0;
}

char *path_weights(const char *path, const char *const *names) {
    if (!path_is_directory(path) && !ends_with(path, ".json")) return mem_copy_string(path);
    for (size_t i = 0; names[i]; i++)
        if (path_has(path, names[i])) return path_sibling(path, names[i]);
    return path_sibling(path, names[0]);
}
