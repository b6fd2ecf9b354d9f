/* builder.c: walks the groups of a study, tile by tile, and writes the index. */
#include "base/blas.h"
#include "base/clock.h"
#include "base/path.h"
#include "index/build/identical.h"
#include "index/build/logit_tables.h"
#include "index/build/outliers.h"
#include "index/build/statistics.h"
#include "index/build/tile.h"
#include "index/build/write.h"
#include "study/outlier_rows.h"
#include "study/sample_matching.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Mapped input counts as memory while it is resident: pages are dropped after every RELEASE_BYTES of it. */
enum { RELEASE_BYTES = 8 << 20 };

typedef struct builder {
    build_inputs in;
    build_tile tile;
    identical_check identical; /* of the group that is walked */
    accumulators sums;
    posting_store store;
    statistics statistics;
    residual_sums *residuals; /* NULL: no residuals so far */
} builder;

static void release_group(builder *b) {
    for (int c = 0; c < SCRY_CONDITIONS && b->tile.mapped; c++)
        if (b->tile.group[c]) matrix_drop_pages(&b->tile.group[c]->m);
    b->tile.mapped = 0;
}

static bool flush_tile(builder *b) {
    if (!b->tile.n) return true;
    if (!tile_load(&b->tile)) return false;
    identical_add_tile(&b->identical, &b->tile);
    residual_sums_add_tile(&b->residuals, &b->tile);
    tile_accumulate(&b->sums);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.mask >> c & 1) b->sums.tokens_done += b->tile.n;
    if (b->tile.mapped >= RELEASE_BYTES) release_group(b);
    b->tile.n = 0;
    b->tile.sample_end = false;
    if (b->sums.segment_rows >= SEGMENT_ROWS && !tile_close_segment(&b->sums)) return false;
    if (b->in.options->progress &&
        !b->in.options->progress(b->in.options->context, "encoding", b->sums.tokens_done, b->in.tokens))
        return scry_fail(b->in.err, "interrupted; nothing was written");
    return true;
}

/* Runs of the same mask share a tile, so that short samples do not make small multiplications. */
static bool walk_runs(builder *b, const alignment_runs *runs) {
    build_tile *tile = &b->tile;
    for (size_t i = 0; i < runs->count; i++) {
        const alignment_run *run = &runs->run[i];
        if (tile->n && tile->mask != run->mask && !flush_tile(b)) return false;
        tile->mask = run->mask;
        for (uint64_t k = 0; k < run->length; k++) {
            if ((tile->n == tile->most || b->sums.segment_rows + tile->n == SEGMENT_ROWS) && !flush_tile(b))
                return false;
            for (int c = 0; c < SCRY_CONDITIONS; c++)
                if (run->mask >> c & 1) tile->row[c][tile->n] = run->row[c] + k;
            tile->n++;
        }
        if (run->sample_end) {
            tile->sample_end = true;
            if (!flush_tile(b)) return false;
        }
    }
    return flush_tile(b);
}

static bool refuse_nonfinite(builder *b) {
    if (b->in.options->allow_nonfinite) return true;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        const build_capture *capture = b->tile.group[c];
        if (capture && capture->nonfinite)
            return scry_fail(b->in.err,
                             "%s: %s: %s: found %" PRIu64 " values that are NaN or infinite, the first in row %" PRIu64
                             "; expected finite numbers; --allow-nonfinite takes them as 0",
                             b->in.study->path, capture->spec->key, capture->spec->files[0], capture->nonfinite,
                             capture->nonfinite_row);
    }
    return true;
}

/* Pairing rests on ids: those that stand before several samples are named, once a file. */
static void note_repeated_ids(builder *b, const alignment_view view[SCRY_CONDITIONS]) {
    int captures = 0;
    for (int c = 0; c < SCRY_CONDITIONS; c++) captures += view[c].present;
    if (captures < 2 || b->in.pairing == SCRY_PAIR_ROW) return;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!view[c].present) continue;
        build_text *text = &b->in.texts[b->tile.group[c]->text];
        uint32_t first, repeated = text->ids_checked ? 0 : repeated_ids(&text->text, &first);
        text->ids_checked = true;
        if (!repeated) continue;
        char others[60] = "";
        if (repeated > 1) snprintf(others, sizeof others, " and %" PRIu32 " other ids", repeated - 1);
        scry_notes_add(b->in.notes,
                       "%s: %s: the id \"%.60s\"%s occur%s more than once; such samples are paired by their text, or "
                       "the n-th with the n-th where texts do not tell them apart",
                       b->tile.group[c]->name, text->path, text->text.samples[first].id, others,
                       repeated > 1 ? "" : "s");
    }
}

/* Which rows count is known once the captures are open. */
static bool open_group(builder *b, size_t g) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        int number = b->in.capture_of[g * SCRY_CONDITIONS + (size_t)c];
        b->tile.group[c] = number < 0 ? NULL : &b->in.captures[number];
    }
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.group[c] && !capture_reopen(&b->in, b->tile.group[c])) return false;
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.group[c] && !outliers_leave_out(&b->in, b->tile.group[c], b->sums.tokens_done)) return false;
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.group[c]) matrix_open_fds(&b->tile.group[c]->m);
    return true;
}

static bool walk_group(builder *b, size_t g) {
    alignment_view view[SCRY_CONDITIONS] = {0};
    if (!open_group(b, g)) return false;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        if (!b->tile.group[c]) continue;
        const build_capture *capture = b->tile.group[c];
        view[c] = (alignment_view){.present = true,
                                   .key = capture->spec->key,
                                   .rows = capture->rows,
                                   .text = capture->text < 0 ? NULL : &b->in.texts[capture->text].text,
                                   .kept = capture->kept,
                                   .pieces = &b->in.pieces};
    }
    alignment_runs runs;
    pair_counts counts[SCRY_REFERENCES][SCRY_CONDITIONS] = {0};
    if (!token_alignment_make(&runs, view, b->in.pairing, counts, b->in.study->path, b->in.err)) return false;
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (b->tile.group[c]) b->tile.group[c]->pairs[r] = counts[r][c];
    note_repeated_ids(b, view);
    size_t trains = b->in.study->train_count;
    b->tile.subset = g >= trains && b->in.candidates.latent ? &b->in.candidates : NULL;
    tile_reserve(&b->tile);
    accumulators_begin_group(&b->sums);
    b->identical = (identical_check){0};
    bool ok = walk_runs(b, &runs) && tile_close_segment(&b->sums) && refuse_nonfinite(b) &&
              (g < trains ? statistics_finish_train(&b->statistics, &b->sums, g)
                          : statistics_finish_domain(&b->statistics, &b->sums, g - trains));
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        for (int k = 0; k < SCRY_CONDITIONS && b->tile.group[c]; k++)
            if (identical_result(&b->identical, c, k)) b->tile.group[c]->identical |= 1u << k;
    release_group(b);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.group[c]) {
            matrix_close_fds(&b->tile.group[c]->m);
            capture_suspend(b->tile.group[c]);
        }
    accumulators_end_group(&b->sums);
    token_alignment_free(&runs);
    return ok;
}

static void builder_free(builder *b) {
    tile_free(&b->tile);
    accumulators_end_group(&b->sums);
    accumulators_free(&b->sums);
    posting_store_free(&b->store);
    statistics_free(&b->statistics, &b->in);
    residual_sums_free(b->residuals);
    logit_tables_close(b->in.logits);
    inputs_close(&b->in);
    parallel_stop(b->in.pool);
    free(b->in.folder);
    scry_study_free(b->in.study);
}

/* Memory of matrices besides the maps of their files: the sum of those that stay open, the largest group of the
 * others, and buffers to sort one and to read rows. */
static uint64_t matrix_memory(const build_inputs *in) {
    uint64_t open = 0, most = 0, sort = 0, threads = parallel_threads(in->pool);
    for (size_t g = 0; g < group_count(in); g++) {
        uint64_t sum = 0;
        for (size_t c = 0; c < SCRY_CONDITIONS; c++) {
            int number = in->capture_of[g * SCRY_CONDITIONS + c];
            if (number < 0) continue;
            const build_capture *capture = &in->captures[number];
            const matrix_cost *cost = &capture->cost;
            if (capture->suspended) sum += cost->memory;
            else open += cost->memory;
            if (cost->sort_room > sort) sort = cost->sort_room;
            /* a row as it is read and sorted, and the rows of a tile with what growing leaves unused */
            sum += threads * cost->widest * 48;
            uint64_t tile = cost->entries / (capture->m.rows + 1) * MOST_ROWS;
            if (tile > cost->entries) tile = cost->entries;
            if (tile > 2 * MOST_ENTRIES) tile = 2 * MOST_ENTRIES;
            sum += (tile + cost->widest * PARTS) * 12;
        }
        if (sum > most) most = sum;
    }
    return open + most + sort;
}

/* Of one training set: of all conditions but base, against each reference that is captured. */
static uint64_t most_sources(const build_inputs *in) {
    uint64_t conditions = conditions_captured(in);
    return (conditions - 1) + (is_captured(in, SCRY_CONTROL) ? conditions - 2 : 0);
}

static uint64_t most_candidates(const build_inputs *in) {
    uint64_t most = (uint64_t)in->options->candidates * SCRY_METRICS * most_sources(in) * in->study->train_count;
    return most < in->F ? most : in->F;
}

/* *limit: bytes of postings to hold in memory, from what is left after everything whose size is known. */
static bool share_memory(const build_inputs *in, uint64_t *limit) {
    uint64_t memory = build_memory(in), F = in->F, d = in->sae.d_in;
    uint64_t conditions = conditions_captured(in), sources = most_sources(in);
    uint64_t fixed = ((uint64_t)48 << 20) + 2 * F * d * sizeof(float); /* the program, the SAE */
    fixed += F * (conditions + 1) * (sizeof(posting_stream) + 48);     /* streams and what malloc adds */
    fixed += F * conditions * (3 * sizeof(double) + sizeof(uint32_t)); /* sums */
    fixed += F * sources * (PAIR_FIGURES * sizeof(double) + 2 * sizeof(uint32_t));
    fixed += F * (SHIFT_ARRAYS * sizeof(double) + 2 * sizeof(uint32_t)) * in->study->train_count * sources;
    fixed += F * (BASE_ARRAYS * sizeof(double) + sizeof(uint32_t)) * in->study->train_count;
    for (int r = 0; r < SCRY_REFERENCES; r++)
        for (int k = 0; k < SCRY_SCORES; k++)
            if (has_contributions(in, r, (scry_score)k)) fixed += F * in->D * sizeof(float);
    fixed += (uint64_t)parallel_threads(in->pool) * (3 + is_captured(in, SCRY_CONTROL)) * BLOCK_LATENTS *
             RESIDUAL_ROWS * sizeof(float) * 2;
    fixed += conditions * RESIDUAL_ROWS * (d + (in->sae.activation == SAE_TOPK ? F : 0)) * sizeof(float);
    if (d) fixed += outlier_rows_bytes((uint32_t)d, parallel_threads(in->pool));
    fixed += logit_tables_bytes(in, in->logits);
    fixed += matrix_memory(in) + residual_sums_bytes(in) + most_candidates(in) * d * sizeof(float);
    if (fixed + fixed / 4 > memory)
        return scry_fail(in->err,
                         "--memory: %" PRIu64 " MiB is too little for %" PRIu32 " latents and %zu domains; expected at "
                         "least %" PRIu64 " MiB",
                         memory >> 20, in->F, in->D, ((fixed + fixed / 4) >> 20) + 1);
    /* An open segment can take as much again before it reaches the store. */
    *limit = (memory - fixed) / 4;
    return true;
}

static bool walk_groups(builder *b) {
    for (size_t g = 0; g < group_count(&b->in); g++) {
        if (g == b->in.study->train_count && b->in.options->candidates) candidates_choose(&b->in, &b->statistics);
        if (!walk_group(b, g)) return false;
    }
    return true;
}

/* b->in holds options, notes, err, study, pool and folder. */
static bool build(builder *b, const char *out) {
    build_inputs *in = &b->in;
    uint64_t limit = 0;
    if (!inputs_open(in) || !candidates_allowed(in)) return false;
    in->logits = logit_tables_open(in);
    /* before room for F latents is asked for: a small file can name a large one */
    if (!share_memory(in, &limit)) return false;
    b->tile.in = in;
    posting_store_new(&b->store, in->folder, in->F, limit);
    accumulators_new(&b->sums, &b->tile, &b->store);
    statistics_new(&b->statistics, in);
    return walk_groups(b) && write_index(in, &b->statistics, b->residuals, &b->store, out);
}

bool scry_index_build(const char *study_path, const char *out, const scry_build_options *options,
                      scry_build_result *result, scry_notes *notes, scry_error *err) {
    double start = clock_seconds();
    static const scry_build_options defaults;
    scry_notes own = {0};
    builder b = {.in = {.options = options ? options : &defaults, .notes = &own, .err = err}};
    build_inputs *in = &b.in;
    in->study = container_writable(out, err) ? scry_study_read(study_path, &own, err) : NULL;
    if (!in->study) {
        scry_notes_free(&own);
        return false;
    }
    blas_single(); /* our threads each run their own tiles */
    in->pool = parallel_start(in->options->threads);
    in->folder = path_folder(out);
    bool ok = build(&b, out);
    if (ok && result) {
        *result = (scry_build_result){.latents = in->F, .tokens = in->tokens, .seconds = clock_seconds() - start};
        for (size_t i = 0; i < in->capture_count; i++) result->nnz += in->captures[i].nnz;
        for (size_t i = 0; i < in->capture_count; i++) result->outliers += in->captures[i].outliers;
    }
    for (size_t i = 0; notes && i < own.count; i++) scry_notes_add(notes, "%s", own.text[i]);
    scry_notes_free(&own);
    builder_free(&b);
    return ok;
}
