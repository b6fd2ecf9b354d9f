/* inputs.c: open a study's SAE, captures and tokens. */
#include "index/build/inputs.h"
#include "base/mem.h"
#include "study/kept_rows.h"
#include "study/minus_rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* "train.base", "train.NAME.base" where there are several, "math.icl" for a domain. */
static char *capture_name(const build_inputs *in, size_t g, scry_condition condition) {
    const char *c = scry_condition_name(condition);
    if (g >= in->study->train_count) return mem_format("%s.%s", group_at(in, g)->name, c);
    if (in->study->train_count == 1) return mem_format("train.%s", c);
    return mem_format("train.%s.%s", group_at(in, g)->name, c);
}

/* The capture's tokens: read once for all captures that name the same file and rows. */
static bool open_text(build_inputs *in, build_capture *c) {
    const study_capture *spec = c->spec;
    c->text = -1;
    if (!spec->tokens) return true;
    uint64_t to = spec->has_rows ? spec->row_to : 0;
    for (size_t i = 0; i < in->text_count && c->text < 0; i++)
        if (strcmp(in->texts[i].path, spec->tokens) == 0 && in->texts[i].from == spec->row_from &&
            in->texts[i].to == to && !c->padding.trims && !in->texts[i].trimmed)
            c->text = (int)i;
    if (c->text < 0) {
        char *key = mem_format("%s.tokens", spec->key);
        build_text *text = &in->texts[in->text_count];
        bool ok = token_text_read(&text->text, spec->tokens, key, &in->pieces,
                                  in->study->tokenizer ? &in->tokenizer : NULL, in->err);
        free(key);
        if (!ok) return false;
        text->path = mem_copy_string(spec->tokens);
        text->from = spec->row_from;
        text->to = to;
        text->trimmed = c->padding.trims;
        padding_trim(&c->padding, &text->text);
        if (spec->has_rows && text->text.tokens == c->m.rows)
            kept_rows_slice(&text->text, spec->row_from, spec->row_to);
        c->text = (int)in->text_count++;
    }
    uint64_t found = in->texts[c->text].text.tokens;
    if (found != c->rows)
        return scry_fail(in->err, "%s: %s.tokens: %s: found %" PRIu64 " tokens, expected %" PRIu64 ", one a row of %s",
                         in->study->path, spec->key, spec->tokens, found, c->rows, spec->files[0]);
    return true;
}

/* skip_first and exclude. */
static bool mark_kept(build_inputs *in, build_capture *c) {
    const study_capture *spec = c->spec;
    c->kept = mem_new(c->rows, 1);
    memset(c->kept, 1, c->rows);
    c->kept_count = c->rows;
    if (kept_rule_keeps_all(&spec->keep)) return true;
    if (c->text < 0)
        return scry_fail(in->err, "%s: %s: \"skip_first\" and \"exclude\" need \"tokens\", which is missing",
                         in->study->path, spec->key);
    c->kept_count -= kept_rows_mark(c->kept, &spec->keep, &in->texts[c->text].text, kept_rows_pool_text, &in->pieces);
    if (!c->kept_count)
        return scry_fail(in->err, "%s: %s: skip_first and exclude leave no token", in->study->path, spec->key);
    return true;
}

/* Residuals must fit the SAE. */
static bool check_residual(build_inputs *in, const build_capture *c) {
    const study_capture *spec = c->spec;
    if (spec->features) return true;
    if (!in->has_sae)
        return scry_fail(in->err, "%s: sae: missing; %s holds residuals, which need an SAE to encode them",
                         in->study->path, spec->key);
    if (c->m.cols != in->sae.d_in)
        return scry_fail(in->err,
                         "%s: %s.residual: %s: found %" PRIu64 " columns, expected %" PRIu32 " (d_in of the SAE %s)",
                         in->study->path, spec->key, spec->files[0], c->m.cols, in->sae.d_in, in->study->sae);
    return true;
}

/* Features must agree on the number of latents: the SAE's, or that of the files that state it, or,
 * where none does, the largest seen. */
static bool check_widths(build_inputs *in) {
    uint64_t width = in->all_latents;
    const char *from = in->has_sae ? in->study->sae : NULL;
    for (size_t i = 0; i < in->capture_count && !width; i++)
        if (in->captures[i].spec->features && !in->captures[i].m.cols_inferred) {
            width = in->captures[i].m.cols;
            from = in->captures[i].spec->files[0];
        }
    for (size_t i = 0; i < in->capture_count && !from; i++)
        if (in->captures[i].m.cols > width) width = in->captures[i].m.cols;
    if (width > UINT32_MAX / 2)
        return scry_fail(in->err, "%s: %" PRIu64 " latents, expected fewer than 2^31", in->study->path, width);
    for (size_t i = 0; i < in->capture_count; i++) {
        build_capture *c = &in->captures[i];
        if (!c->spec->features) continue;
        if (c->m.cols != width && !(c->m.cols_inferred && c->m.cols < width))
            return scry_fail(in->err,
                             "%s: %s.features: %s: found %" PRIu64 " columns, expected %" PRIu64 " latents as in %s",
                             in->study->path, c->spec->key, c->spec->files[0], c->m.cols, width, from);
        c->m.cols = width;
    }
    in->all_latents = (uint32_t)width;
    return true;
}

static char *matrix_key(const build_inputs *in, const build_capture *c) {
    return mem_format("%s: %s.%s", in->study->path, c->spec->key, c->spec->features ? "features" : "residual");
}

static bool open_matrix(build_inputs *in, build_capture *c) {
    const study_capture *spec = c->spec;
    char *key = matrix_key(in, c);
    bool ok = matrix_open_in(&c->m, spec->files, spec->file_count, spec->tensor, in->folder, key, in->err);
    free(key);
    const tokenizer *tok = in->study->tokenizer ? &in->tokenizer : NULL;
    return ok && minus_rows_open(&c->m, spec, in->study->path, tok, in->folder, in->err);
}

static bool reopen(build_inputs *in, build_capture *c) {
    uint64_t rows = c->m.rows, cols = c->m.cols;
    c->suspended = false;
    if (!open_matrix(in, c)) return false;
    if (c->padding.removes && matrix_samples(&c->m) != c->samples)
        return scry_fail(in->err, "%s: %s: the file changed while it was read", in->study->path, c->spec->key);
    padding_remove(&c->padding, &c->m);
    if (c->m.rows != rows || c->m.cols > cols)
        return scry_fail(in->err, "%s: %s: the file changed while it was read", in->study->path, c->spec->key);
    c->m.cols = cols;
    return true;
}

bool capture_reopen(build_inputs *in, build_capture *c) {
    if (c->suspended && !reopen(in, c)) return false;
    char *key = matrix_key(in, c);
    bool ok = matrix_sort_sparse(&c->m, key, in->err);
    free(key);
    return ok;
}

void capture_suspend(build_capture *c) {
    if (!matrix_costs(&c->m).has_scratch) return;
    matrix known = {.rows = c->m.rows, .cols = c->m.cols, .sparse = c->m.sparse, .cols_inferred = c->m.cols_inferred};
    matrix_close(&c->m);
    c->m = known;
    c->suspended = true;
}

/* Leaves out the padding of [samples, positions, width]. */
static bool remove_padding(build_inputs *in, build_capture *c) {
    const tokenizer *tok = in->study->tokenizer ? &in->tokenizer : NULL;
    if (!padding_find(&c->padding, &c->m, c->spec, in->study->path, tok, in->err)) return false;
    c->samples = matrix_samples(&c->m);
    padding_remove(&c->padding, &c->m);
    in->padding_assumed += c->padding.assumed;
    in->padding_unknown += c->padding.unknown;
    return true;
}

static void note_padding(build_inputs *in) {
    if (in->padding_assumed)
        scry_notes_add(in->notes,
                       "captures of shape [samples, positions, width]: in %zu, samples are shorter than the positions, "
                       "and nothing tells where the padding is; it was taken to be on the right. Say so with "
                       "\"padding\": \"right\", or \"left\", or name the attention \"mask\"",
                       in->padding_assumed);
    if (in->padding_unknown)
        scry_notes_add(in->notes,
                       "captures of shape [samples, positions, width]: %zu have neither \"tokens\" nor \"mask\", so "
                       "that all their rows were taken, padding included",
                       in->padding_unknown);
}

static bool open_capture(build_inputs *in, size_t g, scry_condition condition) {
    const study_capture *spec = &group_at(in, g)->capture[condition];
    build_capture *c = &in->captures[in->capture_count++];
    size_t trains = in->study->train_count;
    *c = (build_capture){.spec = spec, .condition = condition, .text = -1};
    c->group = g < trains ? -1 - (int)g : (int)(g - trains);
    c->name = capture_name(in, g, condition);
    if (!open_matrix(in, c) || !remove_padding(in, c)) return false;
    c->row0 = spec->has_rows ? spec->row_from : 0;
    c->rows = spec->has_rows ? spec->row_to - spec->row_from : c->m.rows;
    if (spec->has_rows && spec->row_to > c->m.rows)
        return scry_fail(in->err, "%s: %s.rows: found rows up to %" PRIu64 ", but %s has %" PRIu64, in->study->path,
                         spec->key, spec->row_to, spec->files[0], c->m.rows);
    if (!c->rows)
        return scry_fail(in->err, "%s: %s: %s has no rows; expected one a token", in->study->path, spec->key,
                         spec->files[0]);
    in->tokens += c->rows;
    if (in->tokens > UINT32_MAX)
        return scry_fail(in->err, "%s: more than 2^32 tokens in all captures; index fewer at a time", in->study->path);
    c->cost = matrix_costs(&c->m);
    bool ok = check_residual(in, c) && open_text(in, c) && mark_kept(in, c);
    matrix_drop_pages(&c->m);
    in->scratch_bytes += c->cost.scratch;
    if (in->scratch_bytes <= build_memory(in)) return ok; /* so much disk is acceptable, and opening again costs time */
    in->scratch_bytes -= c->cost.scratch;
    capture_suspend(c);
    return ok;
}

static bool open_captures(build_inputs *in) {
    size_t most = group_count(in) * SCRY_CONDITIONS;
    in->captures = mem_new(most, sizeof *in->captures);
    in->texts = mem_new(most, sizeof *in->texts);
    in->capture_of = mem_new(most, sizeof *in->capture_of);
    for (size_t g = 0; g < group_count(in); g++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            in->capture_of[g * SCRY_CONDITIONS + (size_t)c] = -1;
            if (!group_at(in, g)->capture[c].present) continue;
            in->capture_of[g * SCRY_CONDITIONS + (size_t)c] = (int)in->capture_count;
            if (!open_capture(in, g, (scry_condition)c)) return false;
        }
    return true;
}

/* The manifest's word, or by token where every capture has tokens. */
static void choose_pairing(build_inputs *in) {
    in->pairing = in->study->pairing;
    if (in->study->has_pairing) return;
    in->pairing = SCRY_PAIR_TOKEN;
    for (size_t i = 0; i < in->capture_count; i++)
        if (in->captures[i].text < 0) in->pairing = SCRY_PAIR_ROW;
}

/* A shard takes whole blocks of latents, so that each block is computed as in a single run. */
static bool choose_shard(build_inputs *in) {
    uint32_t of = in->options->shards ? in->options->shards : 1, shard = in->options->shards ? in->options->shard : 1;
    uint32_t blocks = (uint32_t)blocks_of(in->all_latents);
    if (shard < 1 || shard > of)
        return scry_misuse(in->err, "--shard %" PRIu32 "/%" PRIu32 ": expected I/N with I from 1 to N", shard, of);
    uint64_t from = (uint64_t)blocks * (shard - 1) / of * BLOCK_LATENTS;
    uint64_t to = (uint64_t)blocks * shard / of * BLOCK_LATENTS;
    if (to > in->all_latents) to = in->all_latents;
    if (of > blocks)
        return scry_misuse(in->err,
                           "--shard %" PRIu32 "/%" PRIu32 ": %" PRIu32 " latents make %" PRIu32
                           " blocks of %d; expected at most %" PRIu32 " shards",
                           shard, of, in->all_latents, blocks, BLOCK_LATENTS, blocks);
    in->first = (uint32_t)from;
    in->F = (uint32_t)(to - from);
    return true;
}

static void note_missing(build_inputs *in, const char *place, const char *name, const char *path) {
    struct stat st;
    if (path && stat(path, &st) != 0)
        scry_notes_add(in->notes, "%s: %s%s_path: %s: not found; commands that run the model will need it",
                       in->study->path, place, name, path);
}

/* Captures can be looked at without the models that they were taken from. */
static void note_missing_models(build_inputs *in) {
    note_missing(in, "", "model", in->study->model_path);
    for (size_t t = 0; t < in->study->train_count; t++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            char place[40];
            if (in->study->train_count == 1) snprintf(place, sizeof place, "train.");
            else snprintf(place, sizeof place, "train[%zu].", t);
            note_missing(in, place, scry_condition_name((scry_condition)c), in->study->trains[t].tuned_path[c]);
        }
}

/* A dictionary of differences reads differences, and no other. */
static bool check_difference(const build_inputs *in) {
    const scry_study *study = in->study;
    if (!in->has_sae || in->sae.difference == study->difference) return true;
    for (size_t g = 0; g < group_count(in) && in->sae.difference; g++)
        for (int c = 0; c < SCRY_CONDITIONS; c++) {
            const study_capture *spec = &group_at(in, g)->capture[c];
            if (spec->present && !spec->features)
                return scry_fail(in->err,
                                 "%s: %s.minus: missing, expected the residuals to subtract from %s: the SAE %s was "
                                 "trained on differences of paired residuals",
                                 study->path, spec->key, spec->files[0], study->sae);
        }
    if (study->difference)
        scry_notes_add(
            in->notes,
            "%s: sae: %s does not say that it was trained on differences, as the captures with \"minus\" are; "
            "is it a dictionary of the stream itself?",
            study->path, study->sae);
    return true;
}

bool inputs_open(build_inputs *in) {
    const scry_study *study = in->study;
    if (study->scores_only)
        return scry_fail(in->err,
                         "%s: gives scores (\"sts\"), not captures: there is nothing to index; scry score and scry "
                         "info take the manifest as it is",
                         study->path);
    if (study->sae) {
        if (!sae_load(&in->sae, study->sae, study->sae_format, in->notes, in->err)) return false;
        in->has_sae = true;
        in->all_latents = in->sae.d_sae;
    }
    if (study->tokenizer && !tokenizer_open(&in->tokenizer, study->tokenizer, "tokenizer", in->err)) return false;
    if (!check_difference(in) || !open_captures(in) || !check_widths(in)) return false;
    note_padding(in);
    note_missing_models(in);
    choose_pairing(in);
    in->D = study->domain_count;
    return choose_shard(in) && (in->options->shards < 2 || content_hash(study, in->content, in->err));
}

void inputs_close(build_inputs *in) {
    for (size_t i = 0; i < in->capture_count; i++) {
        matrix_close(&in->captures[i].m);
        padding_free(&in->captures[i].padding);
        free(in->captures[i].kept);
        free(in->captures[i].outlier);
        free(in->captures[i].piece_norm);
        free(in->captures[i].name);
    }
    for (size_t i = 0; i < in->text_count; i++) {
        token_text_free(&in->texts[i].text);
        free(in->texts[i].path);
    }
    free(in->captures);
    free(in->texts);
    free(in->capture_of);
    string_pool_free(&in->pieces);
    tokenizer_free(&in->tokenizer);
    sae_free(&in->sae);
    free(in->candidates.latent);
    sae_free(&in->candidates.sae);
}
