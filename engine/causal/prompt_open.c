/* causal/prompt_open.c: the models and the SAE of prompts. */
#include "base/mem.h"
#include "capture/sae_hook.h"
#include "causal/index_sae.h"
#include "causal/prompt_internal.h"
#include "causal/stream_check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool is_there(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

static bool find_model(const scry_info *info, const char *asked, const char **folder, scry_error *err) {
    *folder = asked ? asked : info->model_path;
    if (!**folder)
        return scry_misuse(err,
                           "%s: the study names no model; put its folder into the study as \"model_path\", or name it "
                           "with --model DIR",
                           info->path);
    return asked || is_there(*folder) ||
           scry_fail(err, "%s: \"model_path\": %s: not found, expected the model's folder; --model DIR names another",
                     info->path, *folder);
}

/* NULL: there is none. */
static const char *find_tuned(const scry_info *info, const scry_prompt_options *o, scry_notes *notes) {
    if (o->tuned) return o->tuned;
    const scry_condition tuned[] = {SCRY_SFT, SCRY_RL};
    for (size_t i = 0; i < sizeof tuned / sizeof *tuned; i++) {
        const char *path = info->trains > o->train ? info->train[o->train].tuned_path[tuned[i]] : "";
        if (!*path) continue;
        if (is_there(path)) return path;
        if (notes)
            scry_notes_add(notes, "%s: \"%s_path\": %s: not found; there are no predictions of the tuned model",
                           info->path, scry_condition_name(tuned[i]), path);
    }
    return NULL;
}

static bool find_sae(const scry_info *info, const char *asked, const char **path, scry_error *err) {
    *path = asked ? asked : info->sae_path;
    if (info->difference)
        return scry_misuse(
            err,
            "%s: this index is of differences (\"minus\" in the study), whose SAE does not read a text's "
            "residuals; expected an index of the stream itself",
            info->path);
    if (!info->d_model)
        return scry_misuse(err,
                           "%s: the study holds features, without an SAE that encodes a text's residuals; expected "
                           "residuals and \"sae\"",
                           info->path);
    if (!**path)
        return scry_misuse(err,
                           "%s: does not say where the SAE's files are (indexes of earlier versions do not); name them "
                           "with --sae DIR, or run scry index again",
                           info->path);
    return asked || is_there(*path) ||
           scry_fail(err, "%s: \"sae\": %s: not found, expected the SAE's folder or file; --sae DIR names another",
                     info->path, *path);
}

static bool open_sae(scry_prompt *p, const char *path, const char *format, uint64_t memory, scry_notes *notes,
                     scry_error *err) {
    const scry_info *info = scry_index_info(p->index);
    uint64_t bytes = 2 * (uint64_t)info->d_sae * info->d_model * sizeof(float);
    if (bytes > memory)
        return scry_misuse(
            err, "%s: the SAE's weights take %" PRIu64 " MiB, found a memory limit of %" PRIu64 " MiB; raise --memory",
            path, bytes >> 20, memory >> 20);
    if (!sae_load(&p->sae, path, format, notes, err)) return false;
    if (p->sae.d_sae != info->d_sae || p->sae.d_in != info->d_model)
        return scry_fail(err, "%s: found an SAE of %u -> %u, expected that of the index, %u -> %u", path, p->sae.d_in,
                         p->sae.d_sae, info->d_model, info->d_sae);
    if (!index_has_decoder_of(p->index, &p->sae))
        return scry_fail(err, "%s: found another decoder than the index has, expected the SAE that made %s", path,
                         info->path);
    free(p->sae.W_dec);
    p->sae.W_dec = NULL;
    return true;
}

static bool find_hook(scry_prompt *p, const char *sae_path, scry_error *err) {
    const scry_info *info = scry_index_info(p->index);
    bool has = true;
    if (!*info->hook) {
        if (!sae_hook(sae_path, false, &p->info.hook, &has, err)) return false;
        return has || scry_misuse(err,
                                  "%s: neither the study nor the SAE says which hook was captured; put \"hook\" "
                                  "into the study, such as \"blocks.3.hook_resid_post\"",
                                  info->path);
    }
    scry_error why = {0};
    if (scry_hook_parse(info->hook, &p->info.hook, &why)) return true;
    /* a name of another library: the SAE may say the same in ours */
    if (sae_hook(sae_path, false, &p->info.hook, &has, NULL) && has) return true;
    return scry_fail(err, "%s: \"hook\": %s", info->path, why.text);
}

static bool check_fits(const scry_prompt *p, scry_error *err) {
    const scry_info *info = scry_index_info(p->index);
    for (int m = 0; m < 2; m++) {
        if (!p->pair.model[m]) continue;
        const scry_model_info *model = scry_model_info_of(p->pair.model[m]);
        if (model->d_model != info->d_model)
            return scry_fail(err, "%s: found a model of width %u, expected %u, the width of the study's residuals",
                             model->path, model->d_model, info->d_model);
    }
    return scry_model_has_hook(p->pair.model[0], p->info.hook, err);
}

static bool is_cancelled(void *context) {
    const scry_prompt *p = context;
    return scry_cancelled(p->cancel);
}

static bool open_runs(scry_prompt *p, unsigned threads, uint64_t memory, scry_error *err) {
    scry_run_options o = {.threads = threads, .memory = memory, .cancelled = is_cancelled, .context = p};
    for (int m = 0; m < 2; m++)
        if (p->pair.model[m] && !(p->run[m] = scry_run_new(p->pair.model[m], &o, err))) return false;
    return true;
}

/* ---- are they the study's? ------------------------------------------------------------------ */

enum { COMPARED_IDS = 16 };

typedef struct last_row {
    float *logits; /* [vocabulary] */
    uint32_t vocabulary;
} last_row;

static void keep_last(void *context, size_t row, const float *logits) {
    (void)row;
    const last_row *last = context;
    memcpy(last->logits, logits, last->vocabulary * sizeof *logits);
}

/* The logits [V] behind a few tokens, the same for every model. */
static bool last_logits(scry_prompt *p, int m, uint32_t vocabulary, float *out, scry_error *err) {
    uint32_t ids[COMPARED_IDS];
    bool wanted[COMPARED_IDS] = {[COMPARED_IDS - 1] = true};
    for (uint32_t i = 0; i < COMPARED_IDS; i++)
        ids[i] = (uint32_t)((uint64_t)(i + 1) * vocabulary / (COMPARED_IDS + 1));
    const scry_sequence sequence = {.ids = ids, .count = COMPARED_IDS};
    last_row last = {out, vocabulary};
    return scry_run_logits(p->run[m], &sequence, 1, NULL, NULL, wanted, keep_last, &last, err);
}

/* Notes a tuned model whose predictions are those of the base model. */
static bool check_tuned(scry_prompt *p, scry_notes *notes, scry_error *err) {
    if (!p->pair.model[1]) return true;
    uint32_t V[2];
    for (int m = 0; m < 2; m++) V[m] = scry_model_info_of(p->pair.model[m])->vocabulary;
    const uint32_t both = V[0] < V[1] ? V[0] : V[1];
    float *logits[2];
    bool ok = true;
    for (int m = 0; m < 2; m++) {
        logits[m] = mem_new(both, sizeof **logits);
        ok = ok && last_logits(p, m, both, logits[m], err);
    }
    double off = 0, size = 0;
    for (uint32_t v = 0; v < both; v++) {
        double difference = (double)logits[1][v] - (double)logits[0][v];
        off += difference * difference;
        size += (double)logits[0][v] * (double)logits[0][v];
    }
    free(logits[0]);
    free(logits[1]);
    if (ok && off <= 1e-8 * size)
        scry_notes_add(notes,
                       "%s: predicts as the base model %s does, expected the tuned one; name another with --tuned DIR",
                       p->pair.adapter[1] ? p->pair.adapter[1] : p->pair.folder[1], p->pair.folder[0]);
    return ok;
}

/* The base model's stream against the captures. */
static bool check_base(scry_prompt *p, scry_notes *notes, scry_error *err) {
    stream_probe probe;
    bool ok = stream_probe_run(&probe, p->index, p->run[0], p->pair.tok, p->info.hook, err);
    if (ok && probe.texts.count) {
        stream_distance distance = stream_distance_of(p->index, NULL, &probe.texts, probe.x, &p->sae, p->memory);
        ok = stream_check(p->index, &distance, p->pair.folder[0], p->info.hook, notes, err);
    }
    stream_probe_free(&probe);
    return ok;
}

static bool has_decoder(const scry_index *index, uint32_t d) {
    float *row = mem_new(d, sizeof *row);
    bool has = scry_decoder_row(index, 0, row);
    free(row);
    return has;
}

static bool open_all(scry_prompt *p, const scry_prompt_options *o, scry_notes *notes, scry_error *err) {
    const scry_info *info = scry_index_info(p->index);
    const char *model, *sae_path;
    const uint64_t memory = o->memory ? o->memory : SCRY_MEMORY;
    if (!find_model(info, o->model, &model, err) || !find_sae(info, o->sae, &sae_path, err) ||
        !find_hook(p, sae_path, err) ||
        !model_pair_open_folders(&p->pair, model, o->base_only ? NULL : find_tuned(info, o, notes), notes, err) ||
        !model_pair_amplify(&p->pair, o->amplify, err) || !check_fits(p, err))
        return false;
    const char *format = !o->sae && *info->sae_format ? info->sae_format : NULL;
    if (!open_sae(p, sae_path, format, memory, notes, err) || !open_runs(p, o->threads, memory / 4, err) ||
        !check_base(p, notes, err) || !check_tuned(p, notes, err))
        return false;
    p->memory = memory / 4;
    p->pool = parallel_start(o->threads);
    size_t context = model_pair_context(&p->pair, 0);
    scry_hook_point point = p->info.hook.point;
    p->info.model = p->pair.folder[0];
    p->info.tuned = p->pair.adapter[1] ? p->pair.adapter[1] : p->pair.folder[1];
    p->info.most_tokens = context < SCRY_PROMPT_TOKENS ? context : SCRY_PROMPT_TOKENS;
    p->info.can_ablate = point != SCRY_ATTN_OUT && point != SCRY_MLP_OUT && has_decoder(p->index, info->d_model);
    return true;
}

scry_prompt *scry_prompt_open(const scry_index *index, const scry_prompt_options *options, scry_notes *notes,
                              scry_error *err) {
    scry_prompt *p = mem_new(1, sizeof *p);
    p->index = index;
    if (open_all(p, options, notes, err)) return p;
    scry_prompt_close(p);
    return NULL;
}

void scry_prompt_close(scry_prompt *p) {
    if (!p) return;
    for (int m = 0; m < 2; m++) scry_run_free(p->run[m]);
    if (p->pool) parallel_stop(p->pool);
    sae_free(&p->sae);
    model_pair_close(&p->pair);
    free(p);
}

const scry_prompt_info *scry_prompt_info_of(const scry_prompt *prompt) {
    return &prompt->info;
}

const char *scry_prompt_piece(const scry_prompt *prompt, uint32_t id) {
    return scry_tokenizer_piece(prompt->pair.tok, id);
}
