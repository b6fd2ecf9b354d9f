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

bool path_is_directory(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}
