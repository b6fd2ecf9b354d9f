/* effects.c: the effect columns of an open index. */
#include "index/read/effects.h"
#include "base/mem.h"
#include "index/read/attachment.h"

#include <stdlib.h>

struct index_effects {
    attachment file;
};

void index_effects_new(scry_index *x) {
    x->effects = mem_new(1, sizeof *x->effects);
}

static void close_columns(void *content) {
    effect_columns_close(content);
}

void index_effects_free(scry_index *x) {
    attachment_close(x->effects ? &x->effects->file : NULL, close_columns);
    free(x->effects);
    x->effects = NULL;
}

const effect_columns *index_effect_columns(const scry_index *x) {
    return x->effects ? attachment_now(&x->effects->file) : NULL;
}

bool index_effects_attach(const scry_index *x, const char *path, bool verify, uint64_t fingerprint, scry_error *err) {
    effect_columns *columns = mem_new(1, sizeof *columns);
    if (!effect_columns_open(columns, path, verify, fingerprint, x->F, x->rows.rows, x->D, err)) {
        free(columns);
        return false;
    }
    attachment_put(&x->effects->file, columns);
    return true;
}

uint64_t index_effects_version(const scry_index *x) {
    return x->effects ? attachment_version(&x->effects->file) : 0;
}

const char *index_effects_problem(const scry_index *x) {
    return x->effects ? attachment_problem(&x->effects->file) : NULL;
}

void index_effects_set_problem(const scry_index *x, const scry_error *problem) {
    x->effects->file.problem = *problem;
}

const float *index_effect_alone(const scry_index *x, uint32_t latent) {
    uint32_t row = row_of(&x->rows, latent);
    return row == NO_ROW ? x->silent : index_effect_columns(x)->alone + (size_t)row * x->D;
}
