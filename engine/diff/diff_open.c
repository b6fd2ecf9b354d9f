/* diff/diff_open.c: the two models of a comparison, and their texts. */
#include "base/mem.h"
#include "diff/diff_internal.h"

#include <stdlib.h>
#include <unistd.h>

static const char *find_base(const scry_diff_query *q, scry_error *err) {
    const scry_info *info = q->index ? scry_index_info(q->index) : NULL;
    if (q->model) return q->model;
    if (info && *info->model_path) return info->model_path;
    if (info)
        scry_misuse(err,
                    "%s: no model: name its folder with --model DIR, or as \"model_path\" in the study's manifest, and "
                    "index it again",
                    info->path);
    else scry_misuse(err, "expected the base model's folder with --model");
    return NULL;
}

static const char *find_tuned(const scry_diff_query *q, scry_error *err) {
    const scry_info *info = q->index ? scry_index_info(q->index) : NULL;
    static const scry_condition tuned[] = {SCRY_SFT, SCRY_RL};
    if (q->tuned) return q->tuned;
    for (size_t i = 0; info && q->train < info->trains && i < sizeof tuned / sizeof *tuned; i++) {
        const char *path = info->train[q->train].tuned_path[tuned[i]];
        if (*path) return path;
    }
    if (info)
        scry_misuse(err,
                    "%s: no tuned model: name its folder, or a LoRA adapter's, with --tuned DIR, or as \"sft_path\" of "
                    "the training set in the study's manifest, and index it again",
                    info->path);
    else scry_misuse(err, "expected the tuned model's folder with --tuned, or a LoRA adapter's with --adapter");
    return NULL;
}

static bool check_models(const diff *d, scry_error *err) {
    const scry_model_info *base = scry_model_info_of(d->pair.model[0]), *tuned = scry_model_info_of(d->pair.model[1]);
    if (base->vocabulary == tuned->vocabulary) return true;
    return scry_misuse(err, "%s: has %u tokens in its vocabulary, expected %u as in %s; the two cannot be compared",
                       tuned->path, tuned->vocabulary, base->vocabulary, base->path);
}

bool diff_open(diff *d, scry_notes *notes, scry_error *err) {
    const scry_diff_query *q = d->query;
    if (!q->index && !q->file_count) return scry_misuse(err, "expected texts: a study, or --domain NAME=FILE");
    const char *base = find_base(q, err), *tuned = base ? find_tuned(q, err) : NULL;
    if (!tuned || !model_pair_open_folders(&d->pair, base, tuned, notes, err) ||
        !model_pair_amplify(&d->pair, q->amplify, err) || !check_models(d, err))
        return false;
    d->vocabulary = scry_model_info_of(d->pair.model[0])->vocabulary;
    d->out.base = d->pair.folder[0];
    d->out.tuned = d->pair.adapter[1] ? d->pair.adapter[1] : d->pair.folder[1];
    size_t context = model_pair_context(&d->pair, 0);
    return diff_texts_read(&d->texts, q, d->pair.tok, context < UINT32_MAX / 2 ? context : UINT32_MAX / 2, notes, err);
}

scry_diff *scry_diff_run(const scry_diff_query *query, const scry_cancel *cancel, scry_notes *notes, scry_error *err) {
    diff *d = mem_new(1, sizeof *d);
    d->query = query;
    d->out.seed = query->seed;
    bool ok = diff_open(d, notes, err) && diff_run(d, cancel, notes, err);
    if (ok) diff_figures(d);
    d->query = NULL;
    if (ok) return &d->out;
    scry_diff_free(&d->out);
    return NULL;
}

void diff_close(diff *d) {
    double *const sums[] = {d->kl, d->gain, d->differs, d->tokens, d->loss[0], d->loss[1], d->change};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) free(sums[i]);
    free(d->pushed);
    free(d->out.place);
    diff_texts_free(&d->texts);
    model_pair_close(&d->pair);
}

void scry_diff_free(scry_diff *out) {
    diff *d = (diff *)(void *)out;
    if (!d) return;
    diff_close(d);
    free(d);
}

const char *scry_diff_piece(const scry_diff *out, uint32_t id) {
    return scry_tokenizer_piece(((const diff *)(const void *)out)->pair.tok, id);
}
