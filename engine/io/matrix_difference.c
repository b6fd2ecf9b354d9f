/* matrix_difference.c: two matrices of paired rows become their difference. */
#include "io/matrix.h"
#include "base/mem.h"
#include "io/tensor.h"

#include <inttypes.h>
#include <stdlib.h>

static const char *first_file(const matrix *m) {
    return m->shards ? m->files[0].map.path : "";
}

char *matrix_files_text(const matrix *m) {
    return m->minus ? mem_format("%s minus %s", first_file(m), first_file(m->minus)) : mem_copy_string(first_file(m));
}

/* The piece of [samples, positions, width] that holds a sample, from piece *at on; *before: samples before it. */
static uint64_t positions_of(const matrix *m, uint64_t sample, size_t *at, uint64_t *before) {
    while (sample - *before >= m->piece[*at].dense->shape[0]) *before += m->piece[(*at)++].dense->shape[0];
    return m->piece[*at].dense->shape[1];
}

static bool check_positions(const matrix *m, const matrix *minus, const char *key, scry_error *err) {
    const uint64_t samples = matrix_samples(m);
    uint64_t before[2] = {0};
    size_t at[2] = {0};
    for (uint64_t s = 0; s < samples; s++) {
        const uint64_t expected = positions_of(m, s, &at[0], &before[0]),
                       found = positions_of(minus, s, &at[1], &before[1]);
        if (found != expected)
            return scry_fail(err,
                             "%s: %s: sample %" PRIu64 ": found %" PRIu64 " positions, expected %" PRIu64 " as in %s",
                             key, first_file(minus), s, found, expected, first_file(m));
    }
    return true;
}

/* The rounding of a narrower type would stand in the differences as if the model had changed. */
static bool check_dtypes(const matrix *m, const matrix *minus, const char *key, scry_error *err) {
    const tensor *expected = m->piece[0].dense;
    for (size_t i = 0; i < m->pieces + minus->pieces; i++) {
        const bool own = i < m->pieces;
        const tensor *t = own ? m->piece[i].dense : minus->piece[i - m->pieces].dense;
        if (t->dtype != expected->dtype)
            return scry_fail(err,
                             "%s: %s: found dtype %s, expected %s as in %s: the rounding of the narrower type would "
                             "be taken for a difference; capture both in one dtype",
                             key, own ? first_file(m) : first_file(minus), t->dtype_name, expected->dtype_name,
                             first_file(m));
    }
    return true;
}

static bool check(const matrix *m, const matrix *minus, const char *key, scry_error *err) {
    const char *a = first_file(m), *b = first_file(minus);
    if (m->sparse || minus->sparse)
        return scry_fail(err, "%s: %s: found a sparse matrix, expected residuals [tokens, width] to subtract", key,
                         m->sparse ? a : b);
    if (minus->cols != m->cols)
        return scry_fail(err, "%s: %s: found %" PRIu64 " columns, expected %" PRIu64 " as in %s", key, b, minus->cols,
                         m->cols, a);
    const bool samples = matrix_has_samples(m) && matrix_has_samples(minus);
    if (samples && matrix_samples(minus) != matrix_samples(m))
        return scry_fail(err, "%s: %s: found %" PRIu64 " samples, expected %" PRIu64 " as in %s", key, b,
                         matrix_samples(minus), matrix_samples(m), a);
    if (matrix_has_samples(m) != matrix_has_samples(minus))
        return scry_fail(err, "%s: %s: found shape [%s], expected [%s] as in %s", key, b,
                         matrix_has_samples(minus) ? "samples, positions, width" : "tokens, width",
                         matrix_has_samples(m) ? "samples, positions, width" : "tokens, width", a);
    if (samples && !check_positions(m, minus, key, err)) return false;
    if (minus->rows != m->rows)
        return scry_fail(err,
                         "%s: %s: found %" PRIu64 " rows, expected %" PRIu64
                         " as in %s: rows are paired by number, so both are dumps of the same tokens in the same order",
                         key, b, minus->rows, m->rows, a);
    return !m->pieces || !minus->pieces || check_dtypes(m, minus, key, err);
}

bool matrix_subtract(matrix *m, matrix *minus, const char *key, scry_error *err) {
    if (!check(m, minus, key, err)) {
        matrix_close(minus);
        return false;
    }
    m->minus = mem_new(1, sizeof *m->minus);
    *m->minus = *minus;
    *minus = (matrix){0};
    return true;
}
