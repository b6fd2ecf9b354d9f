/* folder.c: what a folder holds, for messages about a folder where a file was expected. */
#include "io/folder.h"
#include "base/mem.h"
#include "base/path.h"

#include <ctype.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* delphi's splits: START_END.safetensors */
static bool is_split(const char *name) {
    size_t first = strspn(name, "0123456789");
    if (!first || name[first] != '_') return false;
    size_t second = strspn(name + first + 1, "0123456789");
    return second && strcmp(name + first + 1 + second, ".safetensors") == 0;
}

static bool is_arrow(const char *name) {
    return path_ends_with(name, ".arrow") || strcmp(name, "dataset_info.json") == 0 ||
           strcmp(name, "dataset_dict.json") == 0;
}

static bool is_parquet(const char *name) {
    return path_ends_with(name, ".parquet");
}

static bool is_memmap(const char *name) {
    return path_ends_with(name, ".memmap");
}

static bool is_shard_index(const char *name) {
    return path_ends_with(name, ".index.json");
}

#define SAVE_COLUMN                                                                                                    \
    "scry does not read it: save its column as one array, numpy.save(\"residual.npy\", "                               \
    "numpy.asarray(dataset[COLUMN])), "                                                                                \
    "and name that; it holds"

/* The first row that has a file in the folder describes it. */
static const struct {
    bool (*has)(const char *name);
    const char *what, *advice;
} kinds[] = {
    {is_arrow, "a folder of a Hugging Face dataset (Arrow)", SAVE_COLUMN},
    {is_parquet, "a folder of Parquet files", SAVE_COLUMN},
    {is_split, "a folder of delphi's splits", "give a list of its files"},
    {is_memmap, "a folder of memory-mapped shards",
     "scry does not read them: save them as .npy or .safetensors; it holds"},
    {is_shard_index, "a folder of sharded weights", "name its index"},
};
enum { KINDS = sizeof kinds / sizeof *kinds, SHOWN = 8, LENGTH = 60 };

static int is_shown(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

/* Adds names to text until it is full; only those of a kind when has is not NULL. */
static void list(char *text, size_t size, const char *path, struct dirent **entry, int n,
                 bool (*has)(const char *name)) {
    size_t used = 0, shown = 0, count = 0;
    for (int i = 0; i < n; i++) {
        if (has && !has(entry[i]->d_name)) continue;
        count++;
        if (shown == SHOWN || used + LENGTH + 12 > size) continue;
        char *full = path_join(path, entry[i]->d_name);
        used += (size_t)snprintf(text + used, size - used, "%s%.*s%s", used ? ", " : "", LENGTH, entry[i]->d_name,
                                 path_is_directory(full) ? "/" : "");
        free(full);
        shown++;
    }
    if (count > shown) snprintf(text + used, size - used, " and %zu more", count - shown);
}

char *folder_content(const char *path, const char *expected, const char *advice) {
    struct dirent **entry;
    int n = scandir(path, &entry, is_shown, alphasort), kind = -1;
    if (n < 0) return mem_format("a directory that cannot be read, expected %s", expected);
    for (int k = 0; k < KINDS && kind < 0; k++)
        for (int i = 0; i < n && kind < 0; i++)
            if (kinds[k].has(entry[i]->d_name)) kind = k;
    char names[700] = "";
    list(names, sizeof names, path, entry, n, kind < 0 ? NULL : kinds[kind].has);
    char *text = kind >= 0
                     ? mem_format("%s, expected %s; %s: %s", kinds[kind].what, expected, kinds[kind].advice, names)
                 : n ? mem_format("a directory, expected %s; %s: %s", expected, advice, names)
                     : mem_format("an empty directory, expected %s", expected);
    for (int i = 0; i < n; i++) free(entry[i]);
    free(entry);
    return text;
}
