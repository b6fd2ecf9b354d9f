/* merge_logits.c: the texts of logits of several shards as one list. */
#include "index/build/merge_logits.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

typedef struct texts {
    const uint32_t *id;
    const uint64_t *at;
    const char *text;
    uint64_t count, size, next;
} texts;

static bool read_texts(const container *file, texts *t, scry_error *err) {
    uint64_t size;
    t->id = container_find(file, "logit/id", &size);
    t->count = size / sizeof *t->id;
    t->at = container_get(file, "logit/at", t->count * sizeof *t->at, err);
    if (!t->at) return false;
    t->text = container_find(file, "logit/text", &t->size);
    bool ok = t->id && size % sizeof *t->id == 0 && t->text && (!t->size || !t->text[t->size - 1]);
    for (uint64_t i = 0; ok && i < t->count; i++) ok = t->at[i] < t->size && (!i || t->id[i - 1] < t->id[i]);
    return ok || scry_fail(err, "%s: the texts of logits are damaged; make the shard again", file->map.path);
}

bool merge_logit_texts(const container *const *files, size_t count, const char *name, container_writer *w,
                       scry_error *err) {
    texts *all = mem_new(count, sizeof *all);
    bool ok = true;
    uint64_t end = 0;
    for (size_t i = 0; ok && i < count; i++) ok = read_texts(files[i], &all[i], err);
    while (ok) {
        const texts *least = NULL;
        for (size_t i = 0; i < count; i++)
            if (all[i].next < all[i].count && (!least || all[i].id[all[i].next] < least->id[least->next]))
                least = &all[i];
        if (!least) break;
        const uint32_t id = least->id[least->next];
        const char *text = least->text + least->at[least->next];
        uint64_t size = strlen(text) + 1;
        if (strcmp(name, "logit/id") == 0) container_write(w, &id, sizeof id);
        else if (strcmp(name, "logit/at") == 0) container_write(w, &end, sizeof end);
        else container_write(w, text, size);
        end += size;
        for (size_t i = 0; i < count; i++) all[i].next += all[i].next < all[i].count && all[i].id[all[i].next] == id;
    }
    free(all);
    return ok;
}
