/* base/path.c: parts of file names. */
#include "base/path.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *path_file_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *path_folder(const char *path) {
    const char *name = path_file_name(path);
    return name == path ? mem_copy_string("./") : mem_copy_bytes(path, (size_t)(name - path));
}

char *path_join(const char *folder, const char *name) {
    size_t length = strlen(folder);
    if (name[0] == '/' || !length) return mem_copy_string(name);
    return mem_format("%s%s%s", folder, folder[length - 1] == '/' ? "" : "/", name);
}

bool path_ends_with(const char *path, const char *ending) {
    size_t length = strlen(path), tail = strlen(ending);
    return length > tail && strcmp(path + length - tail, ending) == 0;
}

char *path_absolute(const char *path) {
    char *found = realpath(path, NULL), *out = mem_copy_string(found ? found : path);
    free(found);
    return out;
}

static bool is_inside(const char *folder, const char *path) {
    size_t length = strlen(folder);
    return strncmp(folder, path, length) == 0 && path[length] == '/';
}

char *path_from_folder(const char *folder, const char *path) {
    char *from = realpath(folder, NULL), *to = realpath(path, NULL);
    if (!from || !to || (*path == '/' && !is_inside(from, to))) {
        free(from);
        free(to);
        return mem_copy_string(path);
    }
    size_t same = 0;
    for (size_t i = 0;; i++) {
        bool a = from[i] == '/' || !from[i], b = to[i] == '/' || !to[i];
        if (a && b) same = i;
        if (from[i] != to[i] || !from[i]) break;
    }
    char *out = mem_copy_string("");
    for (const char *at = from + same; *at; at++)
        if (*at == '/') {
            char *longer = mem_format("../%s", out);
            free(out);
            out = longer;
        }
    const char *rest = to[same] == '/' ? to + same + 1 : to + same;
    char *whole = mem_format("%s%s", out, rest);
    size_t length = strlen(whole);
    if (length > 1 && whole[length - 1] == '/') whole[length - 1] = 0;
    if (!*whole) {
        free(whole);
        whole = mem_copy_string(".");
    }
    free(out);
    free(from);
    free(to);
    return whole;
}

bool path_is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
