/* build.c: opens the captures of a study and walks its groups, tile by tile. */
#include "index/build.h"
#include "base/mem.h"
#include "index/container.h"

#include <cblas.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- opening -------------------------------------------------------------------------------- */

static study_group *group_at(const builder *b, size_t g) {
    return g < b->study->train_count ? &b->study->trains[g] : &b->study->domains[g - b->study->train_count];
}

static size_t group_count(const builder *b) {
    return b->study->train_count + b->study->domain_count;
}

/* "train.base", "train.NAME.base" where there are several, "math.icl" for a domain. */
static char *capture_name(const builder *b, size_t g, scry_condition condition) {
    const char *c = scry_condition_name(condition);
    if (g >= b->study->train_count) return mem_format("%s.%s", group_at(b, g)->name, c);
    if (b->study->train_count == 1) return mem_format("train.%s", c);
    return mem_format("train.%s.%s", group_at(b, g)->name, c);
}

/* The rows from..to of a token file as a file of their own. */
static void slice_text(token_text *text, uint64_t from, uint64_t to) {
    uint32_t kept = 0;
    for (uint32_t s = 0; s < text->sample_count; s++) {
        token_sample *sample = &text->samples[s];
        uint64_t begin = sample->first > from ? sample->first : from;
        uint64_t end = sample->first + sample->count < to ? sample->first + sample->count : to;
        if (begin >= end) {
            free(sample->id);
            free(sample->about);
            continue;
        }
        sample->cut = (uint32_t)(begin - sample->first);
        sample->first = begin - from;
        sample->count = (uint32_t)(end - begin);
        text->samples[kept++] = *sample;
    }
    text->sample_count = kept;
    memmove(text->piece, text->piece + from, (to - from) * sizeof *text->piece);
    text->tokens = to - from;
}

/* The capture's tokens: read once for all captures that name the same file and rows. */
static bool open_text(builder *b, build_capture *c) {
    const study_capture *spec = c->spec;
    c->text = -1;
    if (!spec->tokens) return true;
    uint64_t to = spec->has_rows ? spec->row_to : 0;
    for (size_t i = 0; i < b->text_count && c->text < 0; i++)
        if (strcmp(b->texts[i].path, spec->tokens) == 0 && b->texts[i].from == spec->row_from && b->texts[i].to == to)
            c->text = (int)i;
    if (c->text < 0) {
        char *key = mem_format("%s.tokens", spec->key);
        build_text *text = &b->texts[b->text_count];
        bool ok = token_text_read(&text->text, spec->tokens, key, &b->pieces, b->err);
        free(key);
        if (!ok) return false;
        text->path = mem_copy_string(spec->tokens);
        text->from = spec->row_from;
        text->to = to;
        if (spec->has_rows && text->text.tokens == c->m.rows) slice_text(&text->text, spec->row_from, spec->row_to);
        c->text = (int)b->text_count++;
    }
    uint64_t found = b->texts[c->text].text.tokens;
    if (found != c->rows)
        return scry_fail(b->err, "%s: %s.tokens: %s: found %" PRIu64 " tokens, expected %" PRIu64 ", one a row of %s",
                         b->study->path, spec->key, spec->tokens, found, c->rows, spec->files[0]);
    return true;
}

/* skip_first and exclude. */
static bool mark_kept(builder *b, build_capture *c) {
    const study_capture *spec = c->spec;
    c->kept = mem_new(c->rows, 1);
    memset(c->kept, 1, c->rows);
    c->kept_count = c->rows;
    if (!spec->skip_first && !spec->exclude_count) return true;
    if (c->text < 0)
        return scry_fail(b->err, "%s: %s: \"skip_first\" and \"exclude\" need \"tokens\", which is missing",
                         b->study->path, spec->key);
    const token_text *text = &b->texts[c->text].text;
    for (uint32_t s = 0; s < text->sample_count; s++)
        for (uint32_t k = 0; k < text->samples[s].count; k++) {
            uint64_t row = text->samples[s].first + k;
            bool out = k + (uint64_t)text->samples[s].cut < spec->skip_first;
            for (size_t e = 0; e < spec->exclude_count && !out; e++)
                out = strcmp(pool_text(&b->pieces, text->piece[row]), spec->exclude[e]) == 0;
            if (out) {
                c->kept[row] = 0;
                c->kept_count--;
            }
        }
    if (!c->kept_count)
        return scry_fail(b->err, "%s: %s: skip_first and exclude leave no token", b->study->path, spec->key);
    return true;
}

/* Residuals must fit the SAE, features must agree on the number of latents. */
static bool check_width(builder *b, const build_capture *c) {
    const study_capture *spec = c->spec;
    if (!spec->features) {
        if (!b->has_sae)
            return scry_fail(b->err, "%s: sae: missing; %s holds residuals, which need an SAE to encode them",
                             b->study->path, spec->key);
        if (c->m.cols != b->sae.d_in)
            return scry_fail(
                b->err, "%s: %s.residual: %s: found %" PRIu64 " columns, expected %" PRIu32 " (d_in of the SAE %s)",
                b->study->path, spec->key, spec->files[0], c->m.cols, b->sae.d_in, b->study->sae);
        return true;
    }
    if (c->m.cols > UINT32_MAX / 2)
        return scry_fail(b->err, "%s: %s.features: %s: found %" PRIu64 " columns, expected fewer than 2^31",
                         b->study->path, spec->key, spec->files[0], c->m.cols);
    if (b->F == 0) b->F = (uint32_t)c->m.cols;
    if (c->m.cols != b->F)
        return scry_fail(b->err,
                         "%s: %s.features: %s: found %" PRIu64 " columns, expected %" PRIu32 " latents as in %s",
                         b->study->path, spec->key, spec->files[0], c->m.cols, b->F,
                         b->has_sae ? b->study->sae : b->captures[0].spec->files[0]);
    return true;
}

static bool open_capture(builder *b, size_t g, scry_condition condition) {
    const study_capture *spec = &group_at(b, g)->capture[condition];
    build_capture *c = &b->captures[b->capture_count++];
    size_t trains = b->study->train_count;
    *c = (build_capture){.spec = spec, .condition = condition, .text = -1, .token_base = b->tokens};
    c->group = g < trains ? -1 - (int)g : (int)(g - trains);
    c->name = capture_name(b, g, condition);
    char *key = mem_format("%s: %s.%s", b->study->path, spec->key, spec->features ? "features" : "residual");
    bool ok = matrix_open(&c->m, spec->files, spec->file_count, spec->tensor, key, b->err);
    free(key);
    if (!ok) return false;
    c->row0 = spec->has_rows ? spec->row_from : 0;
    c->rows = spec->has_rows ? spec->row_to - spec->row_from : c->m.rows;
    if (spec->has_rows && spec->row_to > c->m.rows)
        return scry_fail(b->err, "%s: %s.rows: found rows up to %" PRIu64 ", but %s has %" PRIu64, b->study->path,
                         spec->key, spec->row_to, spec->files[0], c->m.rows);
    if (!c->rows)
        return scry_fail(b->err, "%s: %s: %s has no rows; expected one a token", b->study->path, spec->key,
                         spec->files[0]);
    b->tokens += c->rows;
    if (b->tokens > UINT32_MAX)
        return scry_fail(b->err, "%s: more than 2^32 tokens in all captures; index fewer at a time", b->study->path);
    return check_width(b, c) && open_text(b, c) && mark_kept(b, c);
}

static bool open_all(builder *b) {
    if (b->study->sae) {
        if (!sae_load(&b->sae, b->study->sae, b->notes, b->err)) return false;
        b->has_sae = true;
        b->F = b->sae.d_sae;
    }
    size_t most = group_count(b) * SCRY_CONDITIONS;
    b->captures = mem_new(most, sizeof *b->captures);
    b->texts = mem_new(most, sizeof *b->texts);
    b->capture_of = mem_new(most, sizeof *b->capture_of);
    for (size_t g = 0; g < group_count(b); g++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            b->capture_of[g * SCRY_CONDITIONS + (size_t)c] = -1;
            if (!group_at(b, g)->capture[c].present) continue;
            b->capture_of[g * SCRY_CONDITIONS + (size_t)c] = (int)b->capture_count;
            if (!open_capture(b, g, (scry_condition)c)) return false;
        }
    return true;
}

/* The manifest's word, or by token where every capture has tokens. */
static void choose_pairing(builder *b) {
    b->pairing = b->study->pairing;
    if (b->study->has_pairing) return;
    b->pairing = SCRY_PAIR_TOKEN;
    for (size_t i = 0; i < b->capture_count; i++)
        if (b->captures[i].text < 0) b->pairing = SCRY_PAIR_ROW;
}

/* ---- walking -------------------------------------------------------------------------------- */

static bool flush_tile(builder *b) {
    if (!b->tile.n) return true;
    tile_load(b);
    tile_process(b);
    for (int c = 0; c < SCRY_CONDITIONS; c++)
        if (b->tile.mask >> c & 1) b->tokens_done += b->tile.n;
    b->tile.n = 0;
    b->tile.sample_end = false;
    if (b->options->progress && !b->options->progress(b->options->context, "encoding", b->tokens_done, b->tokens))
        return scry_fail(b->err, "interrupted; nothing was written");
    return true;
}

/* Runs of the same mask share a tile, so that short samples do not make small multiplications. */
static bool walk_runs(builder *b, const align_runs *runs) {
    build_tile *tile = &b->tile;
    for (size_t i = 0; i < runs->count; i++) {
        const align_run *run = &runs->run[i];
        if (tile->n && tile->mask != run->mask && !flush_tile(b)) return false;
        tile->mask = run->mask;
        for (uint64_t k = 0; k < run->length; k++) {
            if (tile->n == TILE_ROWS && !flush_tile(b)) return false;
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

static bool group_width(builder *b) {
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(b->tile.X[c]);
        b->tile.X[c] = b->group[c] ? mem_new((size_t)TILE_ROWS * b->group[c]->m.cols, sizeof(float)) : NULL;
    }
    return true;
}

static bool walk_group(builder *b, size_t g) {
    align_view view[SCRY_CONDITIONS] = {0};
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        int number = b->capture_of[g * SCRY_CONDITIONS + (size_t)c];
        b->group[c] = number < 0 ? NULL : &b->captures[number];
        if (number < 0) continue;
        const build_capture *capture = b->group[c];
        view[c] = (align_view){.present = true,
                               .key = capture->spec->key,
                               .rows = capture->rows,
                               .text = capture->text < 0 ? NULL : &b->texts[capture->text].text,
                               .kept = capture->kept};
    }
    align_runs runs;
    if (!align_group(&runs, view, b->pairing, b->study->path, b->err)) return false;
    group_width(b);
    group_sums_new(b);
    size_t trains = b->study->train_count;
    bool ok =
        walk_runs(b, &runs) && refuse_nonfinite(b) && (g < trains ? finish_train(b, g) : finish_domain(b, g - trains));
    for (int c = 0; c < SCRY_CONDITIONS && ok; c++)
        for (uint32_t j = 0; j < b->F && b->group[c]; j++) postings_append(&b->streams[j], &b->group_streams[c][j]);
    group_sums_free(b);
    align_free(&runs);
    return ok;
}

static void make_room(builder *b) {
    size_t F = b->F, D = b->D = b->study->domain_count, trains = b->study->train_count;
    b->streams = mem_new(F, sizeof *b->streams);
    for (int c = 0; c < SCRY_CONDITIONS; c++) b->group_streams[c] = mem_new(F, sizeof(posting_stream));
    size_t buffers = (size_t)parallel_threads(b->pool) * SCRY_CONDITIONS;
    b->H = mem_new(buffers, sizeof *b->H);
    for (size_t i = 0; i < buffers; i++) b->H[i] = mem_new((size_t)BLOCK_LATENTS * TILE_ROWS, sizeof(float));
    b->shift = mem_new(trains * SCRY_CONDITIONS, sizeof *b->shift);
    b->pairs = mem_new(trains * SCRY_CONDITIONS, sizeof *b->pairs);
    for (int s = 0; s < SCRY_SCORES; s++) b->contribution[s] = mem_new(F * D, sizeof(float));
    b->domain_fires = mem_new(F * D, sizeof *b->domain_fires);
    b->domain_icl = mem_new(D, sizeof *b->domain_icl);
}

/* What usually means a wrong dump. */
static void warn_of_dumps(builder *b) {
    for (size_t i = 0; i < b->capture_count; i++) {
        const build_capture *c = &b->captures[i];
        double cells = (double)c->kept_count * b->F;
        if (c->negative)
            scry_notes_add(b->notes,
                           "%s: %" PRIu64 " negative features (%.2f%% of its activations); latents are "
                           "expected to be 0 or more: is this the SAE's hidden layer?",
                           c->name, c->negative, 100.0 * (double)c->negative / (double)c->nnz);
        if ((double)c->nnz > 0.5 * cells)
            scry_notes_add(b->notes,
                           "%s: density %.2f: %.0f of %" PRIu32 " latents active a token; a decoder's output "
                           "or a residual may have been saved for the features",
                           c->name, (double)c->nnz / cells, (double)c->nnz / (double)c->kept_count, b->F);
        if (c->nonfinite)
            scry_notes_add(b->notes, "%s: %" PRIu64 " values that are NaN or infinite were taken as 0", c->name,
                           c->nonfinite);
    }
    if (b->pairing == SCRY_PAIR_ROW)
        scry_notes_add(b->notes, "rows are paired by number: with different prompts in front these are different "
                                 "tokens, and the ranking depends on the order of rows");
}

static void builder_free(builder *b) {
    for (size_t i = 0; i < b->capture_count; i++) {
        matrix_close(&b->captures[i].m);
        free(b->captures[i].kept);
        free(b->captures[i].name);
    }
    for (size_t i = 0; i < b->text_count; i++) {
        token_text_free(&b->texts[i].text);
        free(b->texts[i].path);
    }
    for (uint32_t j = 0; j < b->F; j++) {
        if (b->streams) free(b->streams[j].bytes);
        for (int c = 0; c < SCRY_CONDITIONS; c++)
            if (b->group_streams[c]) free(b->group_streams[c][j].bytes);
    }
    for (int c = 0; c < SCRY_CONDITIONS; c++) {
        free(b->group_streams[c]);
        free(b->tile.X[c]);
    }
    for (size_t i = 0; b->H && i < (size_t)parallel_threads(b->pool) * SCRY_CONDITIONS; i++) free(b->H[i]);
    for (size_t i = 0; b->shift && i < b->study->train_count * SCRY_CONDITIONS; i++) free(b->shift[i]);
    for (int s = 0; s < SCRY_SCORES; s++) free(b->contribution[s]);
    void *owned[] = {b->captures, b->texts, b->capture_of, b->streams,     b->H,
                     b->shift,    b->pairs, b->domain_icl, b->domain_fires};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) free(owned[i]);
    pool_free(&b->pieces);
    sae_free(&b->sae);
    parallel_stop(b->pool);
    scry_study_free(b->study);
}

static double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

bool scry_index_build(const char *study_path, const char *out, const scry_build_options *options,
                      scry_build_result *result, scry_notes *notes, scry_error *err) {
    double start = seconds_now();
    static const scry_build_options defaults;
    scry_notes own = {0};
    builder b = {.options = options ? options : &defaults, .notes = &own, .err = err};
    b.study = container_writable(out, err) ? scry_study_read(study_path, &own, err) : NULL;
    if (!b.study) {
        scry_notes_free(&own);
        return false;
    }
    openblas_set_num_threads(1); /* our threads each run their own tiles */
    b.pool = parallel_start(b.options->threads);
    bool ok = open_all(&b);
    if (ok) {
        choose_pairing(&b);
        make_room(&b);
        for (size_t g = 0; g < group_count(&b) && ok; g++) ok = walk_group(&b, g);
    }
    if (ok) {
        warn_of_dumps(&b);
        ok = write_index(&b, out);
    }
    if (ok && result) {
        *result = (scry_build_result){.latents = b.F, .tokens = b.tokens, .seconds = seconds_now() - start};
        for (size_t i = 0; i < b.capture_count; i++) result->nnz += b.captures[i].nnz;
    }
    for (size_t i = 0; notes && i < own.count; i++) scry_notes_add(notes, "%s", own.text[i]);
    scry_notes_free(&own);
    builder_free(&b);
    return ok;
}
