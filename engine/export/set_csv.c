/* export/set_csv.c: a selection as CSV, read and written. */
#include "base/atomic_file.h"
#include "base/escape.h"
#include "base/mem.h"
#include "export.h"
#include "io/csv_table.h"
#include "latent.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int yes_or_no(const char *cell) {
    static const char *const yes[] = {"1", "true", "yes", "in"}, *const no[] = {"0", "false", "no", "out"};
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(cell, yes[i]) == 0) return 1;
        if (strcasecmp(cell, no[i]) == 0) return 0;
    }
    return -1;
}

static bool read_row(scry_set *set, scry_set *listed, const char *path, uint64_t row, const char *latent,
                     const char *included, scry_error *err) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(latent, &end, 10);
    if (latent[0] < '0' || latent[0] > '9' || *end || errno)
        return scry_fail(err, "%s: row %" PRIu64 ": latent: found \"%.40s\", expected a whole number", path, row,
                         latent);
    if (number >= set->latents)
        return scry_fail(err, "%s: row %" PRIu64 ": latent %llu does not exist; this index has 0 to %" PRIu32, path,
                         row, number, set->latents - 1);
    int in = yes_or_no(included);
    if (in < 0)
        return scry_fail(err, "%s: row %" PRIu64 ": included: found \"%.40s\", expected 1 or 0", path, row, included);
    scry_set_put(set, (uint32_t)number, in);
    if (listed) scry_set_put(listed, (uint32_t)number, true);
    return true;
}

bool scry_set_read_csv(scry_set *set, const char *path, scry_error *err) {
    return scry_set_read_csv_rows(set, NULL, path, err);
}

bool scry_set_read_csv_rows(scry_set *set, scry_set *listed, const char *path, scry_error *err) {
    csv_table t;
    if (!csv_table_read(&t, path, NULL, err)) return false;
    int latent = csv_table_column(&t, "latent"), included = csv_table_column(&t, "included");
    bool ok = true;
    if (latent < 0 || included < 0)
        ok = scry_fail(err, "%s: header: no column \"%s\"; expected at least latent,included", path,
                       latent < 0 ? "latent" : "included");
    for (uint64_t r = 0; r < t.rows && ok; r++)
        ok = read_row(set, listed, path, r + 2, csv_table_cell(&t, r, latent), csv_table_cell(&t, r, included), err);
    csv_table_free(&t);
    return ok;
}

static void put_header(FILE *f, const scry_index *index, scry_score score) {
    const scry_info *info = scry_index_info(index);
    fputs("latent,included,rank,shift,share,label", f);
    for (size_t d = 0; d < info->domains; d++) {
        char *name = mem_format("%s:%s", scry_score_name(score), info->domain[d].name);
        fputc(',', f);
        csv_text_write(f, name);
        free(name);
    }
    fputs(",key_tokens\n", f);
}

static void put_latent(FILE *f, const scry_index *index, const scry_ranking *r, uint32_t rank, bool in,
                       scry_score score) {
    uint32_t latent = r->order[rank];
    const float *contribution = scry_contribution(index, score, latent);
    double shift = r->shift[latent], size = shift < 0 ? -shift : shift;
    const char *label = scry_label(index, latent);
    fprintf(f, "%" PRIu32 ",%d,%" PRIu32 ",%.17g,%.17g,", latent, in, rank + 1, shift,
            r->total > 0 ? size / r->total : 0);
    csv_text_write(f, label ? label : "");
    size_t D = scry_index_info(index)->domains;
    for (size_t d = 0; d < D; d++) {
        fputc(',', f);
        if (contribution && scry_domain_has_score(index, score, d) && scry_is_scored(index, latent))
            fprintf(f, "%.9g", (double)contribution[d]);
    }
    char *tokens = scry_key_tokens(index, latent);
    fputc(',', f);
    csv_text_write_line(f, tokens);
    fputc('\n', f);
    free(tokens);
}

static void write_all(FILE *f, const scry_set *set, const scry_index *index, const scry_ranking *r, uint32_t top,
                      scry_score score, const scry_cancel *cancel) {
    put_header(f, index, score);
    for (uint32_t rank = 0; rank < r->latents && !scry_cancelled(cancel); rank++) {
        if (rank % 1024 == 0) scry_report_progress(cancel, (double)rank / r->latents);
        bool in = scry_set_has(set, r->order[rank]);
        if (in || rank < top) put_latent(f, index, r, rank, in, score);
    }
}

bool scry_set_write_csv(const scry_set *set, const scry_index *index, const scry_ranking *ranking, uint32_t top,
                        scry_score score, const char *path, const scry_cancel *cancel, scry_error *err) {
    atomic_file w;
    if (!atomic_file_begin(&w, path, err)) return false;
    write_all(w.file, set, index, ranking, top, score, cancel);
    if (!scry_cancelled(cancel)) return atomic_file_end(&w, true, err);
    atomic_file_end(&w, false, NULL);
    return scry_fail(err, "%s: cancelled", path);
}
