/* effects.c: the effect columns of an open index. */
#include "index/read/effects.h"
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>

typedef struct attached {
    effect_columns columns;
    struct attached *older;
} attached;

struct index_effects {
    _Atomic(attached *) now;
    atomic_uint_fast64_t version;
    scry_error problem;
};

void index_effects_new(scry_index *x) {
    x->effects = mem_new(1, sizeof *x->effects);
}

void index_effects_free(scry_index *x) {
    attached *at = x->effects ? atomic_load(&x->effects->now) : NULL;
    while (at) {
        attached *older = at->older;
        effect_columns_close(&at->columns);
        free(at);
        at = older;
    }
    free(x->effects);
    x->effects = NULL;
}

const effect_columns *index_effect_columns(const scry_index *x) {
    attached *at = x->effects ? atomic_load_explicit(&x->effects->now, memory_order_acquire) : NULL;
    return at ? &at->columns : NULL;
}

bool index_effects_attach(const scry_index *x, const char *path, bool verify, uint64_t fingerprint, scry_error *err) {
    attached *at = mem_new(1, sizeof *at);
    if (!effect_columns_open(&at->columns, path, verify, fingerprint, x->F, x->rows.rows, x->D, err)) {
        free(at);
        return false;
    }
    at->older = atomic_load(&x->effects->now);
    atomic_store_explicit(&x->effects->now, at, memory_order_release);
    atomic_fetch_add(&x->effects->version, 1);
    x->effects->problem.status = 0;
    return true;
}

uint64_t index_effects_version(const scry_index *x) {
    return x->effects ? atomic_load(&x->effects->version) : 0;
}

const char *index_effects_problem(const scry_index *x) {
    return x->effects && x->effects->problem.status ? x->effects->problem.text : NULL;
}

void index_effects_set_problem(const scry_index *x, const scry_error *problem) {
    x->effects->problem = *problem;
}

const float *index_effect_alone(const scry_index *x, uint32_t latent) {
    uint32_t row = row_of(&x->rows, latent);
    return row == NO_ROW ? x->silent : index_effect_columns(x)->alone + (size_t)row * x->D;
}
