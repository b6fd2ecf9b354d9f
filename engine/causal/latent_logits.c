/* causal/latent_logits.c: the tokens that latents promote and suppress, as kept by the index or from the model. */
#include "base/mem.h"
#include "causal/stream_check.h"
#include "index/read/index.h"
#include "logits.h"
#include "model.h"
#include "model/promoted_tokens.h"

#include <stdlib.h>

struct scry_logits {
    const scry_index *index;
    char *folder; /* owned; NULL: the index's model_path */
    unsigned threads;
    uint64_t memory;
    scry_model *model; /* NULL: not opened yet */
    scry_tokenizer *tok;
    scry_run *run;
    scry_notes notes;
    const scry_cancel *cancel; /* of the read that is running */
};

scry_logits *scry_logits_new(const scry_index *x, const char *model, unsigned threads, uint64_t memory) {
    scry_logits *l = mem_new(1, sizeof *l);
    *l = (scry_logits){.index = x, .threads = threads, .memory = memory};
    if (model) l->folder = mem_copy_string(model);
    return l;
}

static void close_model(scry_logits *l) {
    scry_run_free(l->run);
    scry_model_close(l->model);
    scry_tokenizer_close(l->tok);
    l->run = NULL;
    l->model = NULL;
    l->tok = NULL;
}

void scry_logits_close(scry_logits *l) {
    if (!l) return;
    close_model(l);
    scry_notes_free(&l->notes);
    free(l->folder);
    free(l);
}

static bool cancelled(void *context) {
    const scry_logits *l = context;
    return scry_cancelled(l->cancel);
}

static bool check_model(const scry_logits *l, scry_error *err) {
    const scry_info *info = scry_index_info(l->index);
    uint32_t d = scry_model_info_of(l->model)->d_model;
    return d == info->d_model || scry_fail(err,
                                           "model: %s: its stream has %u dimensions and the decoder of %s has %u; "
                                           "expected the model that the SAE was trained on",
                                           scry_model_info_of(l->model)->path, d, info->path, info->d_model);
}

/* A model of this width whose stream is not that of the study's captures has other directions: what it promotes may
 * still be asked, and is noted. */
static bool check_stream(scry_logits *l, scry_error *err) {
    const scry_info *info = scry_index_info(l->index);
    scry_hook hook;
    stream_probe probe;
    if (!scry_hook_parse(info->hook, &hook, NULL) || !scry_model_has_hook(l->model, hook, NULL)) return true;
    bool ok = stream_probe_run(&probe, l->index, l->run, l->tok, hook, err);
    if (ok && probe.texts.count) {
        stream_distance distance = stream_distance_of(l->index, NULL, &probe.texts, probe.x, NULL,
                                                      l->memory ? l->memory / 4 : SCRY_MEMORY / 4);
        scry_error other = {0};
        if (!stream_check(l->index, &distance, scry_model_info_of(l->model)->path, hook, &l->notes, &other))
            scry_notes_add(&l->notes, "%s", other.text);
    }
    stream_probe_free(&probe);
    return ok;
}

const scry_notes *scry_logits_notes(const scry_logits *l) {
    return &l->notes;
}

static bool open_model(scry_logits *l, scry_error *err) {
    const scry_info *info = scry_index_info(l->index);
    const char *folder = l->folder ? l->folder : info->model_path;
    if (l->run) return true;
    if (!*folder)
        return scry_misuse(err,
                           "%s: keeps no logits here, and its study has no \"model_path\"; expected the model's folder "
                           "there or with --model",
                           info->path);
    scry_run_options options = {.threads = l->threads, .memory = l->memory, .cancelled = cancelled, .context = l};
    bool ok = (l->tok = scry_tokenizer_open(folder, err)) && (l->model = scry_model_open(folder, NULL, NULL, err)) &&
              check_model(l, err) && (l->run = scry_run_new(l->model, &options, err)) && check_stream(l, err);
    if (!ok) close_model(l);
    return ok;
}

bool scry_logits_at_hand(const scry_logits *l, uint32_t latent, size_t top) {
    return !l->folder && top <= SCRY_LOGITS_KEPT && scry_keeps_logits(l->index, latent);
}

static void read_kept(const scry_logits *l, uint32_t latent, size_t top, scry_token_logit *out) {
    for (int side = 0; side < SCRY_LOGIT_SIDES; side++, out += top) {
        scry_token_logit kept[SCRY_LOGITS_KEPT];
        size_t n = scry_kept_logits(l->index, latent, (scry_logit_side)side, kept);
        for (size_t i = 0; i < top; i++) out[i] = i < n ? kept[i] : (scry_token_logit){.id = SCRY_NO_TOKEN};
    }
}

enum { LATENTS_AT_ONCE = 512 }; /* decoder rows that are unpacked at a time */

static bool compute(scry_logits *l, const uint32_t *latents, size_t count, size_t top, scry_token_logit *out,
                    scry_error *err) {
    const scry_info *info = scry_index_info(l->index);
    const size_t d = info->d_model;
    bool ok = open_model(l, err);
    float *rows = ok ? mem_new(count < LATENTS_AT_ONCE ? count : LATENTS_AT_ONCE, d * sizeof *rows) : NULL;
    for (size_t at = 0; ok && at < count; at += LATENTS_AT_ONCE) {
        size_t n = count - at < LATENTS_AT_ONCE ? count - at : LATENTS_AT_ONCE;
        for (size_t i = 0; i < n; i++) scry_decoder_row(l->index, latents[at + i], rows + i * d);
        ok = promoted_tokens(l->run, l->tok, rows, n, top, out + at * SCRY_LOGIT_SIDES * top, err);
        if (ok) scry_report_progress(l->cancel, (double)(at + n) / (double)count);
    }
    free(rows);
    return ok;
}

bool scry_logits_read(scry_logits *l, const uint32_t *latents, size_t count, size_t top, scry_token_logit *out,
                      const scry_cancel *cancel, scry_error *err) {
    const scry_info *info = scry_index_info(l->index);
    if (!scry_decoder_bias(l->index))
        return scry_fail(err, "%s: no decoder in this index: its captures hold features, not residuals", info->path);
    bool kept = true;
    for (size_t i = 0; i < count && kept; i++) kept = scry_logits_at_hand(l, latents[i], top);
    for (size_t i = 0; i < count && kept; i++) read_kept(l, latents[i], top, out + i * SCRY_LOGIT_SIDES * top);
    if (kept) return true;
    l->cancel = cancel;
    bool ok = compute(l, latents, count, top, out, err);
    l->cancel = NULL;
    return ok;
}
