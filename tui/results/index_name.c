/* index_name.c: what an open index is called where it is one of several. */
#include "results/index_name.h"
#include "base/path.h"

#include <stdio.h>
#include <string.h>

const char *index_name_alone(const scry_info *info) {
    if (info->name[0]) return info->name;
    return scry_is_cache_path(info->path) ? "unnamed study" : path_file_name(info->path);
}

void index_name(const scry_info *const *all, size_t count, size_t which, char *out, size_t size) {
    const scry_info *info = all[which];
    const char *name = index_name_alone(info), *file = path_file_name(info->path);
    bool shared = false;
    for (size_t i = 0; i < count; i++) shared = shared || (i != which && strcmp(index_name_alone(all[i]), name) == 0);
    if (!shared || strcmp(name, file) == 0) snprintf(out, size, "%s", name);
    else if (!scry_is_cache_path(info->path)) snprintf(out, size, "%s, %s", file, name);
    else if (info->hook[0]) snprintf(out, size, "%s, %s", name, info->hook);
    else snprintf(out, size, "%s", name);
}
