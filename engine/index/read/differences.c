/* differences.c: two models' differences on the tokens of an open index. */
#include "index/read/differences.h"
#include "base/mem.h"
#include "index/read/attachment.h"

#include <inttypes.h>
#include <stdlib.h>

struct index_differences {
    attachment file;
};

void index_differences_new(scry_index *x) {
    x->differences = mem_new(1, sizeof *x->differences);
}

static void close_rows(void *content) {
    diff_rows_close(content);
}

void index_differences_free(scry_index *x) {
    attachment_close(x->differences ? &x->differences->file : NULL, close_rows);
    free(x->differences);
    x->differences = NULL;
}

const diff_rows *index_differences(const scry_index *x) {
    return x->differences ? attachment_now(&x->differences->file) : NULL;
}

bool index_differences_attach(const scry_index *x, const char *path, bool verify, uint64_t fingerprint,
                              scry_error *err) {
    diff_rows *rows = mem_new(1, sizeof *rows);
    uint64_t *counts = mem_new(x->info.captures + 1, sizeof *counts);
    for (size_t c = 0; c < x->info.captures; c++) counts[c] = x->info.capture[c].rows;
    bool ok =
        diff_rows_open(rows, path, verify, fingerprint, x->F, x->rows.rows, counts, (uint32_t)x->info.captures, err);
    free(counts);
    if (ok && rows->meta.train >= x->info.trains) {
        ok = scry_fail(err,
                       "%s: training set %" PRIu64 " of %zu; the file is damaged, make it again with scry diff --keep",
                       path, (uint64_t)rows->meta.train + 1, x->info.trains);
        diff_rows_close(rows);
    }
    if (ok) attachment_put(&x->differences->file, rows);
    else free(rows);
    return ok;
}

uint64_t index_differences_version(const scry_index *x) {
    return x->differences ? attachment_version(&x->differences->file) : 0;
}

const char *index_differences_problem(const scry_index *x) {
    return x->differences ? attachment_problem(&x->differences->file) : NULL;
}

void index_differences_set_problem(const scry_index *x, const scry_error *problem) {
    x->differences->file.problem = *problem;
}
