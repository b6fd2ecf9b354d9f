/* diff/diff_latents.c: two models' differences kept with an index: of each token, and of each latent where it fires. */
#include "base/mem.h"
#include "base/parallel.h"
#include "diff/diff_internal.h"
#include "differences.h"
#include "index/format/diff_rows.h"
#include "index/read/index.h"
#include "latent/token_pairing.h"

#include <math.h>
#include <stdlib.h>

typedef struct keeper {
    const scry_index *x;
    diff *d;
    diff_rows_source out;
    uint64_t *rows; /* [captures] */
    float **kl, **gain;
    float *lift, *latent_gain; /* [table rows] */
    uint8_t **kept;            /* [captures] rows that the study counts; NULL: the capture was not read */
    uint32_t *latent;          /* [table rows] */
} keeper;

/* ---- tokens --------------------------------------------------------------------------------- */

/* Of each text, its tokens from 1 on: what stands behind token t is a matter of the row of t. */
static void take_token(void *context, size_t text, uint32_t next, double kl, double gain) {
    keeper *k = context;
    const diff_text *t = &k->d->texts.texts[text];
    const uint32_t token = next - 1;
    if (token < t->before) return; /* what stands in front of the capture's rows */
    const uint64_t row = t->row + token - t->before;
    if (row >= k->rows[t->capture]) return;
    k->kl[t->capture][row] = diff_rows_rounded((float)kl);
    k->gain[t->capture][row] = diff_rows_rounded((float)gain);
}

static void make_room(keeper *k) {
    const size_t captures = k->x->info.captures;
    k->rows = mem_new(captures + 1, sizeof *k->rows);
    k->kl = mem_new(captures + 1, sizeof *k->kl);
    k->gain = mem_new(captures + 1, sizeof *k->gain);
    k->kept = mem_new(captures + 1, sizeof *k->kept);
    for (size_t c = 0; c < captures; c++) k->rows[c] = k->x->info.capture[c].rows;
    for (size_t i = 0; i < k->d->texts.count; i++) {
        const uint32_t c = k->d->texts.texts[i].capture;
        if (k->kl[c]) continue;
        k->kl[c] = mem_new(k->rows[c] + 1, sizeof **k->kl);
        k->gain[c] = mem_new(k->rows[c] + 1, sizeof **k->gain);
        for (uint64_t r = 0; r < k->rows[c]; r++) k->kl[c][r] = k->gain[c][r] = NAN;
    }
}

/* ---- latents -------------------------------------------------------------------------------- */

static bool find_kept(keeper *k, scry_error *err) {
    diff_meta *m = &k->out.meta;
    double kl = 0, gain = 0;
    for (size_t c = 0; c < k->x->info.captures; c++) {
        bool as_indexed = true;
        if (!k->kl[c]) continue;
        k->kept[c] = index_kept_rows(k->x, c, &as_indexed);
        if (!as_indexed)
            return scry_fail(err,
                             "%s: %s: the index does not say which rows count, expected one made by this version; make "
                             "it again with scry index",
                             k->x->info.path, k->x->info.capture[c].name);
        for (uint64_t r = 0; r < k->rows[c]; r++) {
            k->kept[c][r] = k->kept[c][r] && !isnan(k->kl[c][r]);
            if (!k->kept[c][r]) continue;
            m->tokens++;
            kl += (double)k->kl[c][r];
            gain += (double)k->gain[c][r];
        }
    }
    if (!m->tokens) return scry_fail(err, "%s: found no token that counts and has another behind it", k->x->info.path);
    m->mean_kl = kl / (double)m->tokens;
    m->mean_gain = gain / (double)m->tokens;
    return true;
}

static void measure_latent(void *context, size_t row, unsigned worker) {
    (void)worker;
    keeper *k = context;
    double weight = 0, weighted = 0, gain = 0, fires = 0;
    index_cursor p = index_postings(k->x, k->latent[row]);
    while (index_segment(k->x, &p)) {
        if (!k->kept[p.capture]) continue;
        while (index_next(k->x, &p)) {
            if (p.row >= k->rows[p.capture] || !k->kept[p.capture][p.row] || !(p.activation > 0)) continue;
            weight += (double)p.activation;
            weighted += (double)p.activation * (double)k->kl[p.capture][p.row];
            gain += (double)k->gain[p.capture][p.row];
            fires++;
        }
    }
    k->lift[row] = (float)(weighted / weight / k->out.meta.mean_kl); /* 0 / 0: NaN */
    k->latent_gain[row] = (float)(gain / fires);
}

static void measure_latents(keeper *k, unsigned threads) {
    const uint32_t table_rows = k->x->rows.rows;
    k->lift = mem_new((size_t)table_rows + 1, sizeof *k->lift);
    k->latent_gain = mem_new((size_t)table_rows + 1, sizeof *k->latent_gain);
    k->latent = mem_new((size_t)table_rows + 1, sizeof *k->latent);
    for (uint32_t j = 0; j < k->x->F; j++)
        if (row_of(&k->x->rows, j) != NO_ROW) k->latent[row_of(&k->x->rows, j)] = j;
    parallel *pool = parallel_start(threads);
    parallel_for(pool, table_rows, measure_latent, k);
    parallel_stop(pool);
}

/* ---- both ----------------------------------------------------------------------------------- */

static bool write(keeper *k, scry_error *err) {
    diff_meta *m = &k->out.meta;
    m->index = scry_fingerprint(k->x);
    m->base = scry_model_fingerprint(k->d->pair.model[0]);
    m->tuned = scry_model_fingerprint(k->d->pair.model[1]);
    m->train = (uint32_t)k->d->query->train;
    m->captures = (uint32_t)k->x->info.captures;
    m->latents = k->x->F;
    m->rows = k->x->rows.rows;
    k->out.base = k->d->out.base;
    k->out.tuned = k->d->out.tuned;
    k->out.rows = k->rows;
    k->out.kl = k->kl;
    k->out.gain = k->gain;
    k->out.lift = k->lift;
    k->out.latent_gain = k->latent_gain;
    char *path = scry_differences_path(k->x);
    bool ok = diff_rows_write(path, &k->out, err);
    free(path);
    return ok;
}

static void free_keeper(keeper *k) {
    for (size_t c = 0; k->kl && c < k->x->info.captures; c++) {
        free(k->kl[c]);
        free(k->gain[c]);
        free(k->kept[c]);
    }
    void *const owned[] = {k->rows, k->kl, k->gain, k->kept, k->lift, k->latent_gain, k->latent};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
}

bool scry_differences_compute(const scry_diff_query *query, const scry_cancel *cancel, scry_notes *notes,
                              scry_error *err) {
    scry_diff_query q = *query;
    if (!q.index || !scry_index_info(q.index)->d_sae)
        return scry_misuse(err, "diff: expected an index with latents to keep differences with");
    q.file_count = 0;
    q.domains = NULL;
    q.samples = 0;
    q.places = 0;
    q.all_tokens = true;
    diff *d = mem_new(1, sizeof *d);
    keeper k = {.x = q.index, .d = d};
    d->query = &q;
    bool ok = diff_open(d, notes, err);
    if (ok) {
        make_room(&k);
        d->take_token = take_token;
        d->context = &k;
        ok = diff_run(d, cancel, notes, err) && find_kept(&k, err);
    }
    if (ok) {
        measure_latents(&k, q.threads);
        ok = write(&k, err);
    }
    free_keeper(&k);
    scry_diff_free(&d->out);
    return ok;
}
