/* export/set_csv.c: a selection as CSV, read and written. */
#include "base/atomic_file.h"
#include "base/escape.h"
#include "base/mem.h"
#include "differences.h"
#include "export.h"
#include "export/set_file.h"
#include "io/csv_table.h"
#include "latent.h"

#include <inttypes.h>
#include <math.h>
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

/* Columns of scry's own tables that may hold only 0 and 1. */
static bool is_figure(const char *name) {
    static const char *const own[] = {"latent", "rank", "shift", "share", "cumulative"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (strcmp(name, own[i]) == 0) return true;
    return false;
}

/* A column that says yes or no in every row, and so would be "included" under another name; -1: none. */
static int looks_included(const csv_table *t) {
    for (size_t c = 0; c < t->columns && t->rows; c++) {
        uint64_t r = 0;
        while (r < t->rows && yes_or_no(csv_table_cell(t, r, (int)c)) >= 0) r++;
        if (r == t->rows && !is_figure(t->header[c])) return (int)c;
    }
    return -1;
}

static bool read_row(const set_file *f, uint64_t row, const char *latent, const char *included, scry_error *err) {
    char place[40];
    snprintf(place, sizeof place, "row %" PRIu64, row);
    int in = included ? yes_or_no(included) : 1;
    if (in < 0) return scry_fail(err, "%s: %s: included: found \"%.40s\", expected 1 or 0", f->path, place, included);
    return set_file_put(f, latent, in, place, err);
}

bool set_csv_read(const set_file *f, const char *text, size_t length, scry_error *err) {
    csv_table t;
    if (!csv_table_parse(&t, text, length, f->path, err)) return false;
    int latent = csv_table_column(&t, "latent"), included = csv_table_column(&t, "included");
    int like = included < 0 ? looks_included(&t) : -1;
    bool ok = latent >= 0 || set_file_unknown(f, "no list of numbers, and no column \"latent\"", err);
    if (ok && like >= 0)
        ok = scry_fail(err,
                       "%s: header: found \"%.40s\", which is 1 or 0 in every row; expected it to be named included",
                       f->path, t.header[like]);
    for (uint64_t r = 0; r < t.rows && ok; r++)
        ok = read_row(f, r + 2, csv_table_cell(&t, r, latent), included < 0 ? NULL : csv_table_cell(&t, r, included),
                      err);
    csv_table_free(&t);
    return ok;
}

static bool has_differences(const scry_index *index) {
    scry_differences_info info;
    return scry_differences_info_of(index, &info);
}

/* A number that is not known stays empty. */
static void put_differences(FILE *f, const scry_index *index, uint32_t latent) {
    double lift, gain;
    scry_column_kl_lifts(index, latent, 1, &lift);
    scry_column_gains(index, latent, 1, &gain);
    fputc(',', f);
    if (!isnan(lift)) fprintf(f, "%.9g", lift);
    fputc(',', f);
    if (!isnan(gain)) fprintf(f, "%.9g", -gain);
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
    fputs(has_differences(index) ? ",kl_lift,loss_change,key_tokens\n" : ",key_tokens\n", f);
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
    if (has_differences(index)) put_differences(f, index, latent);
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
