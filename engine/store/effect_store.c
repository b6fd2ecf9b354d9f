/* store/effect_store.c: the file of effect columns that belongs to an index. */
#include "store/effect_store.h"
#include "base/mem.h"
#include "effects.h"
#include "index/read/effects.h"
#include "store/sidecar.h"

#include <stdlib.h>
#include <unistd.h>

/* In the cache too it lies next to the index: it can be made again from it. */
char *scry_effects_path(const scry_index *index) {
    return scry_derived_path(index, ".effects");
}

bool scry_effects_attach(scry_index *index, const char *path, bool verify, scry_error *err) {
    if (!index->effects) return scry_misuse(err, "%s: holds no latents", index->info.path);
    char *own = path ? mem_copy_string(path) : scry_effects_path(index);
    bool ok = index_effects_attach(index, own, verify, scry_fingerprint(index), err);
    free(own);
    return ok;
}

void effect_store_open(scry_index *index, bool verify) {
    scry_error problem = {0};
    char *path = scry_effects_path(index);
    if (access(path, F_OK) == 0 && !index_effects_attach(index, path, verify, scry_fingerprint(index), &problem))
        index_effects_set_problem(index, &problem);
    free(path);
}

const char *scry_effects_problem(const scry_index *index) {
    return index_effects_problem(index);
}

uint64_t scry_effects_version(const scry_index *index) {
    return index_effects_version(index);
}

bool scry_effects_info_of(const scry_index *index, scry_effects_info *out) {
    const effect_columns *c = index_effect_columns(index);
    *out = (scry_effects_info){0};
    if (!c) return false;
    const effect_meta *m = &c->meta;
    *out = (scry_effects_info){.path = c->file.map.path,
                               .model_path = c->model_path,
                               .model = m->model,
                               .draws = m->draws,
                               .seed = m->seed,
                               .most = m->most,
                               .samples = m->samples,
                               .entries = m->entries,
                               .bytes = c->file.map.size};
    return true;
}
