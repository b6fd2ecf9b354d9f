/* builder.c: walks the groups of a study, tile by tile, and writes the index. */
#include "index/build/builder.h"
#include "base/blas.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/path.h"
#include "index/format/container.h"
#include "index/build/residual_sums.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Mapped input counts as memory while it is resident: every RELEASE_BYTES of it are given back. */
enum { RELEASE_BYTES = 8 << 20 };

static void release_group(builder *b) {
    for (int c = 0; c < SCRY_CONDITIONS && b->mapped; c++)
        if (b->group[c]) matrix_drop_pages(&b->group[c]->m);
    b->mapped = 0;
}

static bool flush_tile(builder *b) {
    if (!b->tile.n) return true;
    if (!tile_load(b)) return false;
    tile_process(b);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.mask >> c & 1) b->tokens_done += b->tile.n;
    if (b->mapped >= RELEASE_BYTES) release_group(b);
    b->tile.n = 0;
    b->tile.sample_end = false;
    if (b->segment_rows >= SEGMENT_ROWS && !tile_close_segment(b)) return false;
    if (b->options->progress && !b->options->progress(b->options->context, "encoding", b->tokens_done, b->tokens))
        return scry_fail(b->err, "interrupted; nothing was written");
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
            if ((tile->n == tile->most || b->segment_rows + tile->n == SEGMENT_ROWS) && !flush_tile(b)) return false;
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
    if (b->options->allow_nonfinite) return true;
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        const build_capture *capture = b->group[c];
        if (capture && capture->nonfinite)
            return scry_fail(b->err,
                             "%s: %s: %s: found %" PRIu64 " values that are NaN or infinite, the first in row %" PRIu64
                             "; expected finite numbers; --allow-nonfinite takes them as 0",
                             b->study->path, capture->spec->key, capture->spec->files[0], capture->nonfinite,
                             capture->nonfinite_row);
    }
    return true;
}

static bool walk_group(builder *b, size_t g) {
    alignment_view view[SCRY_CONDITIONS] = {0};
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        int number = b->capture_of[g * SCRY_CONDITIONS + (size_t)c];
        b->group[c] = number < 0 ? NULL : &b->captures[number];
        if (number < 0) continue;
        const build_capture *capture = b->group[c];
        view[c] = (alignment_view){.present = true,
                                   .key = capture->spec->key,
                                   .rows = capture->rows,
                                   .text = capture->text < 0 ? NULL : &b->texts[capture->text].text,
                                   .kept = capture->kept};
    }
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->group[c] && !capture_reopen(b, b->group[c])) return false;
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->group[c]) matrix_open_fds(&b->group[c]->m);
    alignment_runs runs;
    if (!token_alignment_make(&runs, view, b->pairing, b->study->path, b->err)) return false;
    tile_reserve(b);
    group_sums_new(b);
    size_t trains = b->study->train_count;
    bool ok = walk_runs(b, &runs) && tile_close_segment(b) && refuse_nonfinite(b) &&
              (g < trains ? finish_train(b, g) : finish_domain(b, g - trains));
    release_group(b);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->group[c]) {
            matrix_close_fds(&b->group[c]->m);
            capture_suspend(b->group[c]);
        }
    group_sums_free(b);
    token_alignment_free(&runs);
    return ok;
}

static void make_room(builder *b) {
    size_t F = b->F, D = b->D, trains = b->study->train_count;
    b->streams = mem_new(F, sizeof *b->streams);
    for (int c = 0; c < SCRY_CONDITIONS; c++) b->group_streams[c] = mem_new(F, sizeof(posting_stream));
    b->shift = mem_new(trains * SCRY_CONDITIONS, sizeof *b->shift);
    b->shift_fires = mem_new(trains * SCRY_CONDITIONS, sizeof *b->shift_fires);
    b->pairs = mem_new(trains * SCRY_CONDITIONS, sizeof *b->pairs);
    for (int s = 0; s < SCRY_SCORES; s++) b->contribution[s] = mem_new(F * D, sizeof(float));
    b->domain_icl = mem_new(D, sizeof *b->domain_icl);
}

static void builder_free(builder *b) {
    tile_free(b);
    for (uint32_t j = 0; b->streams && j < b->F; j++) {
        free(b->streams[j].bytes);
        for (int c = 0; c < SCRY_CONDITIONS; c++) free(b->group_streams[c][j].bytes);
    }
    for (int c = 0; c < SCRY_CONDITIONS; c++) free(b->group_streams[c]);
    for (size_t i = 0; b->shift && i < b->study->train_count * SCRY_CONDITIONS; i++) {
        free(b->shift[i]);
        free(b->shift_fires[i]);
    }
    for (int s = 0; s < SCRY_SCORES; s++) free(b->contribution[s]);
    active_rows_free(&b->rows);
    void *owned[] = {b->folder, b->active, b->streams, b->shift, b->shift_fires, b->pairs, b->domain_icl};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    free(b->candidate);
    sae_free(&b->narrow);
    residual_sums_free(b);
    spill_close(&b->spill);
    close_study(b);
    parallel_stop(b->pool);
    scry_study_free(b->study);
}

/* What matrices take besides the maps of their files: those that stay open all together, the others as
 * much as the group that takes most, and what is needed to sort one and to read rows. */
static uint64_t matrix_memory(const builder *b) {
    uint64_t open = 0, most = 0, sort = 0, threads = parallel_threads(b->pool);
    for (size_t g = 0; g < group_count(b); g++) {
        uint64_t sum = 0;
        for (size_t c = 0; c < SCRY_CONDITIONS; c++) {
            int number = b->capture_of[g * SCRY_CONDITIONS + c];
            if (number < 0) continue;
            const build_capture *capture = &b->captures[number];
            const matrix_cost *cost = &capture->cost;
            if (capture->resting) sum += cost->memory;
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

static uint64_t most_candidates(const builder *b) {
    uint64_t most = (uint64_t)b->options->candidates * SCRY_METRICS * (SCRY_CONDITIONS - 1) * b->study->train_count;
    return most < b->F ? most : b->F;
}

/* What is left of the memory for postings once everything whose size is known has its part. */
static bool share_memory(builder *b) {
    uint64_t memory = build_memory(b), F = b->F, d = b->sae.d_in;
    uint64_t fixed = ((uint64_t)48 << 20) + 2 * F * d * sizeof(float);          /* the program, the SAE */
    fixed += F * (SCRY_CONDITIONS + 1) * (sizeof(posting_stream) + 48);         /* streams and what malloc adds */
    fixed += F * SCRY_CONDITIONS * (9 * sizeof(double) + 3 * sizeof(uint32_t)); /* sums */
    fixed += F * (SHIFT_ARRAYS * sizeof(double) + 2 * sizeof(uint32_t)) * b->study->train_count * (SCRY_CONDITIONS - 1);
    fixed += F * b->D * SCRY_SCORES * sizeof(float);
    fixed += (uint64_t)parallel_threads(b->pool) * 3 * BLOCK_LATENTS * RESIDUAL_ROWS * sizeof(float) * 2;
    fixed += (uint64_t)SCRY_CONDITIONS * RESIDUAL_ROWS * (d + (b->sae.activation == SAE_TOPK ? F : 0)) * sizeof(float);
    fixed += matrix_memory(b) + residual_sums_bytes(b) + most_candidates(b) * d * sizeof(float);
    if (fixed + fixed / 4 > memory)
        return scry_fail(b->err,
                         "--memory: %" PRIu64 " MiB is too little for %" PRIu32 " latents and %zu domains; expected at "
                         "least %" PRIu64 " MiB",
                         memory >> 20, b->F, b->D, ((fixed + fixed / 4) >> 20) + 1);
    /* A segment in work can take as much again before it reaches the main streams. */
    b->stream_limit = (memory - fixed) / 4;
    return true;
}

bool scry_index_build(const char *study_path, const char *out, const scry_build_options *options,
                      scry_build_result *result, scry_notes *notes, scry_error *err) {
    double start = clock_seconds();
    static const scry_build_options defaults;
    scry_notes own = {0};
    builder b = {.options = options ? options : &defaults, .notes = &own, .err = err};
    b.study = container_writable(out, err) ? scry_study_read(study_path, &own, err) : NULL;
    if (!b.study) {
        scry_notes_free(&own);
        return false;
    }
    blas_single(); /* our threads each run their own tiles */
    b.pool = parallel_start(b.options->threads);
    b.folder = path_folder(out);
    bool ok =
        open_study(&b) && candidates_allowed(&b) && (b.options->shards < 2 || study_content(b.study, b.content, err));
    spill_open(&b.spill, out, b.F);
    b.D = b.study->domain_count;
    ok = ok && share_memory(&b); /* before any room for F latents is asked for: a small file can name a large one */
    if (ok) {
        make_room(&b);
        for (size_t g = 0; g < group_count(&b) && ok; g++) {
            if (g == b.study->train_count && b.options->candidates) candidates_choose(&b);
            ok = walk_group(&b, g);
        }
    }
    ok = ok && write_index(&b, out);
    if (ok && result) {
        *result = (scry_build_result){.latents = b.F, .tokens = b.tokens, .seconds = clock_seconds() - start};
        for (size_t i = 0; i < b.capture_count; i++) result->nnz += b.captures[i].nnz;
    }
    for (size_t i = 0; notes && i < own.count; i++) scry_notes_add(notes, "%s", own.text[i]);
    scry_notes_free(&own);
    builder_free(&b);
    return ok;
}
