/* inputs.c: opens what a study names: the SAE, the captures and their tokens. */
#include "index/build/builder.h"
#include "base/mem.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

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
        bool ok = token_text_read(&text->text, spec->tokens, key, &b->pieces,
                                  b->study->tokenizer ? &b->tokenizer : NULL, b->err);
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
                out = strcmp(string_pool_text(&b->pieces, text->piece[row]), spec->exclude[e]) == 0;
            if (out) {
                c->kept[row] = 0;
                c->kept_count--;
            }
        }
    if (!c->kept_count)
        return scry_fail(b->err, "%s: %s: skip_first and exclude leave no token", b->study->path, spec->key);
    return true;
}

/* Residuals must fit the SAE. */
static bool check_residual(builder *b, const build_capture *c) {
    const study_capture *spec = c->spec;
    if (spec->features) return true;
    if (!b->has_sae)
        return scry_fail(b->err, "%s: sae: missing; %s holds residuals, which need an SAE to encode them",
                         b->study->path, spec->key);
    if (c->m.cols != b->sae.d_in)
        return scry_fail(b->err,
                         "%s: %s.residual: %s: found %" PRIu64 " columns, expected %" PRIu32 " (d_in of the SAE %s)",
                         b->study->path, spec->key, spec->files[0], c->m.cols, b->sae.d_in, b->study->sae);
    return true;
}

/* Features must agree on the number of latents: the SAE's, or that of the files that state it, or,
 * where none does, the largest seen. */
static bool check_widths(builder *b) {
    uint64_t width = b->all_latents;
    const char *from = b->has_sae ? b->study->sae : NULL;
    for (size_t i = 0; i < b->capture_count && !width; i++)
        if (b->captures[i].spec->features && !b->captures[i].m.cols_inferred) {
            width = b->captures[i].m.cols;
            from = b->captures[i].spec->files[0];
        }
    for (size_t i = 0; i < b->capture_count && !from; i++)
        if (b->captures[i].m.cols > width) width = b->captures[i].m.cols;
    if (width > UINT32_MAX / 2)
        return scry_fail(b->err, "%s: %" PRIu64 " latents, expected fewer than 2^31", b->study->path, width);
    for (size_t i = 0; i < b->capture_count; i++) {
        build_capture *c = &b->captures[i];
        if (!c->spec->features) continue;
        if (c->m.cols != width && !(c->m.cols_inferred && c->m.cols < width))
            return scry_fail(b->err,
                             "%s: %s.features: %s: found %" PRIu64 " columns, expected %" PRIu64 " latents as in %s",
                             b->study->path, c->spec->key, c->spec->files[0], c->m.cols, width, from);
        c->m.cols = width;
    }
    b->all_latents = (uint32_t)width;
    return true;
}

static char *matrix_key(const builder *b, const build_capture *c) {
    return mem_format("%s: %s.%s", b->study->path, c->spec->key, c->spec->features ? "features" : "residual");
}

static bool open_matrix(builder *b, build_capture *c) {
    const study_capture *spec = c->spec;
    char *key = matrix_key(b, c);
    bool ok = matrix_open_in(&c->m, spec->files, spec->file_count, spec->tensor, b->folder, key, b->err);
    free(key);
    return ok;
}

static bool reopen(builder *b, build_capture *c) {
    uint64_t rows = c->m.rows, cols = c->m.cols;
    c->resting = false;
    if (!open_matrix(b, c)) return false;
    if (c->m.rows != rows || c->m.cols > cols)
        return scry_fail(b->err, "%s: %s: the file changed while it was read", b->study->path, c->spec->key);
    c->m.cols = cols;
    return true;
}

bool capture_reopen(builder *b, build_capture *c) {
    if (c->resting && !reopen(b, c)) return false;
    char *key = matrix_key(b, c);
    bool ok = matrix_sort_sparse(&c->m, key, b->err);
    free(key);
    return ok;
}

void capture_suspend(build_capture *c) {
    if (!matrix_costs(&c->m).has_scratch) return;
    matrix known = {.rows = c->m.rows, .cols = c->m.cols, .sparse = c->m.sparse, .cols_inferred = c->m.cols_inferred};
    matrix_close(&c->m);
    c->m = known;
    c->resting = true;
}

static bool open_capture(builder *b, size_t g, scry_condition condition) {
    const study_capture *spec = &group_at(b, g)->capture[condition];
    build_capture *c = &b->captures[b->capture_count++];
    size_t trains = b->study->train_count;
    *c = (build_capture){.spec = spec, .condition = condition, .text = -1};
    c->group = g < trains ? -1 - (int)g : (int)(g - trains);
    c->name = capture_name(b, g, condition);
    if (!open_matrix(b, c)) return false;
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
    c->cost = matrix_costs(&c->m);
    bool ok = check_residual(b, c) && open_text(b, c) && mark_kept(b, c);
    matrix_drop_pages(&c->m);
    b->aside += c->cost.scratch;
    if (b->aside <= build_memory(b)) return ok; /* as much disk is not missed, and opening again costs time */
    b->aside -= c->cost.scratch;
    capture_suspend(c);
    return ok;
}

static bool open_captures(builder *b) {
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

/* A shard takes whole blocks of latents, so that each block is computed as in a single run. */
static bool choose_shard(builder *b) {
    uint32_t of = b->options->shards ? b->options->shards : 1, shard = b->options->shards ? b->options->shard : 1;
    uint32_t blocks = (b->all_latents + BLOCK_LATENTS - 1) / BLOCK_LATENTS;
    if (shard < 1 || shard > of)
        return scry_misuse(b->err, "--shard %" PRIu32 "/%" PRIu32 ": expected I/N with I from 1 to N", shard, of);
    uint64_t from = (uint64_t)blocks * (shard - 1) / of * BLOCK_LATENTS;
    uint64_t to = (uint64_t)blocks * shard / of * BLOCK_LATENTS;
    if (to > b->all_latents) to = b->all_latents;
    if (of > blocks)
        return scry_misuse(b->err,
                           "--shard %" PRIu32 "/%" PRIu32 ": %" PRIu32 " latents make %" PRIu32
                           " blocks of %d; expected at most %" PRIu32 " shards",
                           shard, of, b->all_latents, blocks, BLOCK_LATENTS, blocks);
    b->first = (uint32_t)from;
    b->F = (uint32_t)(to - from);
    return true;
}

bool open_study(builder *b) {
    const scry_study *study = b->study;
    if (study->scores_only)
        return scry_fail(b->err,
                         "%s: gives scores (\"sts\"), not captures: there is nothing to index; scry score and scry "
                         "info take the manifest as it is",
                         study->path);
    if (study->sae) {
        if (!sae_load(&b->sae, study->sae, study->sae_format, b->notes, b->err)) return false;
        b->has_sae = true;
        b->all_latents = b->sae.d_sae;
    }
    if (study->tokenizer && !tokenizer_open(&b->tokenizer, study->tokenizer, "tokenizer", b->err)) return false;
    if (!open_captures(b) || !check_widths(b)) return false;
    choose_pairing(b);
    return choose_shard(b);
}

void close_study(builder *b) {
    for (size_t i = 0; i < b->capture_count; i++) {
        matrix_close(&b->captures[i].m);
        free(b->captures[i].kept);
        free(b->captures[i].piece_norm);
        free(b->captures[i].name);
    }
    for (size_t i = 0; i < b->text_count; i++) {
        token_text_free(&b->texts[i].text);
        free(b->texts[i].path);
    }
    free(b->captures);
    free(b->texts);
    free(b->capture_of);
    string_pool_free(&b->pieces);
    tokenizer_free(&b->tokenizer);
    sae_free(&b->sae);
}
