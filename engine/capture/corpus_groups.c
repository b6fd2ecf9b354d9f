/* capture/corpus_groups.c: training sets and domains, by name, file and category. */
#include "capture/corpus.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const corpus *file_of(corpus_groups *groups, const char *path, const char *option, scry_notes *notes,
                             scry_error *err) {
    for (size_t i = 0; i < groups->file_count; i++)
        if (strcmp(corpus_path(groups->files[i]), path) == 0) return groups->files[i];
    corpus *c = corpus_open(path, option, notes, err);
    if (!c) return NULL;
    groups->files = mem_resize(groups->files, groups->file_count + 1, sizeof(corpus *));
    return groups->files[groups->file_count++] = c;
}

/* category -1: all samples. */
static bool add_group(corpus_groups *groups, const char *name, const corpus *c, int64_t category, const char *option,
                      scry_error *err) {
    if (!*name) return scry_misuse(err, "%s: found no name before =%s, expected NAME=FILE", option, corpus_path(c));
    for (size_t i = 0; i < groups->count; i++)
        if (strcmp(groups->group[i].name, name) == 0)
            return scry_misuse(err, "%s: \"%.60s\" comes twice, of %s and of %s; expected a name for each: NAME=FILE",
                               option, name, corpus_path(groups->group[i].corpus), corpus_path(c));
    groups->group = mem_resize(groups->group, groups->count + 1, sizeof *groups->group);
    corpus_group *group = &groups->group[groups->count++];
    *group = (corpus_group){.name = mem_copy_string(name), .corpus = c};
    group->item = mem_new(corpus_count(c), sizeof *group->item);
    for (size_t i = 0; i < corpus_count(c); i++)
        if (category < 0 || corpus_category_of(c, i) == category) group->item[group->count++] = i;
    return true;
}

bool corpus_groups_add(corpus_groups *groups, const char *spec, const char *option, bool by_category, scry_notes *notes,
                       scry_error *err) {
    const char *equals = access(spec, F_OK) == 0 ? NULL : strchr(spec, '=');
    const corpus *c = file_of(groups, equals ? equals + 1 : spec, option, notes, err);
    if (!c) return false;
    if (!equals && (!by_category || !corpus_categories(c)))
        return add_group(groups, corpus_stem(c), c, -1, option, err);
    if (!equals) {
        bool ok = true;
        for (size_t k = 0; ok && k < corpus_categories(c); k++)
            ok = add_group(groups, corpus_category(c, k), c, (int64_t)k, option, err);
        return ok;
    }
    char *name = mem_copy_bytes(spec, (size_t)(equals - spec));
    int64_t category = -1;
    for (size_t k = 0; k < corpus_categories(c); k++)
        if (strcmp(corpus_category(c, k), name) == 0) category = (int64_t)k;
    bool ok = add_group(groups, name, c, category, option, err);
    free(name);
    return ok;
}

void corpus_groups_free(corpus_groups *groups) {
    for (size_t i = 0; i < groups->count; i++) {
        free(groups->group[i].name);
        free(groups->group[i].item);
    }
    for (size_t i = 0; i < groups->file_count; i++) corpus_close(groups->files[i]);
    free(groups->group);
    free(groups->files);
    *groups = (corpus_groups){0};
}
