/* causal/causal_open.c: open a model on an index, and run its texts to the hook. */
#include "base/mem.h"
#include "causal/causal.h"
#include "causal/stream_check.h"
#include "index/read/index.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---- does the model fit the study? ---------------------------------------------------------- */

static bool check_study(const scry_index *x, const scry_causal_options *o, scry_hook *hook, scry_error *err) {
    const scry_info *info = scry_index_info(x);
    char text[SCRY_HOOK_TEXT];
    if (!scry_require_domains(x, err)) return false;
    if (!info->d_sae)
        return scry_misuse(err, "%s: a study of scores alone has no latents to ablate; expected one with captures",
                           info->path);
    if (!scry_decoder_bias(x))
        return scry_misuse(err,
                           "%s: no decoder in this index: its captures hold features, expected residuals and \"sae\" "
                           "in the study, which say what a latent adds to the stream",
                           info->path);
    if (info->difference)
        return scry_misuse(
            err,
            "%s: this index is of differences (\"minus\" in the study), whose latents are not in the "
            "model's stream to be taken out; expected an index of the stream itself. scry diff --recover "
            "says what a dictionary of differences holds of the change",
            info->path);
    if (!*info->hook)
        return scry_misuse(err,
                           "%s: the study does not say where its residuals were captured; add \"hook\", such as "
                           "\"blocks.3.hook_resid_post\", to its manifest and index it again",
                           info->path);
    if (!o->model && !*info->model_path)
        return scry_misuse(err,
                           "%s: no model: name its folder with --model DIR, or as \"model_path\" in the study's "
                           "manifest, and index it again",
                           info->path);
    if (!scry_hook_parse(info->hook, hook, err)) return false;
    return (hook->point != SCRY_ATTN_OUT && hook->point != SCRY_MLP_OUT) ||
           scry_misuse(err,
                       "%s: hook %s is not the stream itself; expected a study of hook_resid_pre, hook_resid_mid or "
                       "hook_resid_post",
                       info->path, scry_hook_text(*hook, text));
}

static bool check_model(const scry_causal *c, scry_error *err) {
    const scry_info *info = scry_index_info(c->index);
    const scry_model_info *model = scry_model_info_of(c->model);
    if (model->d_model != info->d_model)
        return scry_misuse(err,
                           "%s: the model's stream has width %" PRIu32 ", expected %" PRIu32
                           " as in %s; is it the model that the study was captured from?",
                           model->path, model->d_model, info->d_model, info->path);
    return scry_model_has_hook(c->model, c->hook, err);
}

/* ---- running to the hook -------------------------------------------------------------------- */

static bool is_cancelled(void *context) {
    const scry_causal *c = context;
    return scry_cancelled(c->cancel);
}

static bool open_run(scry_causal *c, unsigned threads, scry_error *err) {
    const size_t number = sizeof *c->x + (c->precision == SCRY_FLOAT64 ? sizeof *c->x_float64 : 0);
    uint64_t bytes = c->texts.tokens * (uint64_t)c->d * number;
    if (bytes > c->memory / 2)
        return scry_misuse(err,
                           "%s: the stream of %zu tokens needs %" PRIu64
                           " MiB, expected at most half of --memory, %" PRIu64
                           " MiB; raise --memory, or take fewer texts with --samples",
                           scry_index_info(c->index)->path, c->texts.tokens, (bytes >> 20) + 1, c->memory >> 21);
    scry_run_options options = {
        .threads = threads, .memory = c->memory - bytes, .cancelled = is_cancelled, .context = c};
    c->run = scry_run_new(c->model, &options, err);
    return c->run;
}

static bool run_to_hook(scry_causal *c, scry_error *err) {
    const causal_texts *t = &c->texts;
    size_t most = scry_run_batch(c->run);
    scry_sequence *sequences = mem_new(t->count, sizeof *sequences);
    for (size_t i = 0; i < t->count; i++)
        sequences[i] = (scry_sequence){.ids = t->samples[i].ids, .count = t->samples[i].count};
    c->x = mem_resize(NULL, t->tokens, c->d * sizeof *c->x);
    if (c->precision == SCRY_FLOAT64) c->x_float64 = mem_resize(NULL, t->tokens, c->d * sizeof *c->x_float64);
    bool ok = true;
    for (size_t i = 0, end; ok && i < t->count; i = end) {
        size_t tokens = 0;
        for (end = i; end < t->count && (end == i || tokens + sequences[end].count <= most); end++)
            tokens += sequences[end].count;
        const size_t at = t->samples[i].at * c->d;
        ok = c->x_float64 ? scry_run_to_hook_float64(c->run, c->hook, sequences + i, end - i, c->x_float64 + at, err)
                          : scry_run_to_hook(c->run, c->hook, sequences + i, end - i, c->x + at, err);
        scry_report_progress(c->cancel, (double)(t->samples[i].at + tokens) / (double)t->tokens);
    }
    for (size_t k = 0; ok && c->x_float64 && k < t->tokens * c->d; k++) c->x[k] = (float)c->x_float64[k];
    free(sequences);
    return ok;
}

static void map_rows(scry_causal *c) {
    const causal_texts *t = &c->texts;
    c->token = mem_new(t->domains, sizeof *c->token);
    c->kept = mem_new(t->domains, sizeof *c->kept);
    for (size_t d = 0; d < t->domains; d++) {
        if (t->first[d] == t->first[d + 1]) continue;
        uint64_t rows = scry_index_info(c->index)->capture[t->capture[d]].rows;
        c->token[d] = mem_new(rows, sizeof **c->token);
        for (size_t i = t->first[d]; i < t->first[d + 1]; i++) {
            const causal_sample *s = &t->samples[i];
            for (uint32_t k = s->before; k < s->count && s->first + k - s->before < rows; k++)
                c->token[d][s->first + k - s->before] = (uint32_t)(s->at + k) + 1;
        }
    }
}

static bool open_all(scry_causal *c, const scry_causal_options *o, scry_notes *notes, scry_error *err) {
    const scry_info *info = scry_index_info(c->index);
    const char *folder = o->model ? o->model : info->model_path;
    if (!check_study(c->index, o, &c->hook, err)) return false;
    c->model = scry_model_open(folder, NULL, notes, err);
    if (!c->model || !check_model(c, err)) return false;
    c->d = info->d_model;
    c->tok = scry_tokenizer_open(folder, err);
    if (!c->tok) return false;
    uint32_t context = scry_model_info_of(c->model)->context;
    causal_texts_query query = {.tok = c->tok,
                                .study = o->study,
                                .domains = o->domains,
                                .most_tokens = context ? context : UINT32_MAX / 2,
                                .samples = o->samples,
                                .seed = o->seed};
    if (!causal_texts_read(&c->texts, c->index, &query, notes, err) || !open_run(c, o->threads, err) ||
        !run_to_hook(c, err))
        return false;
    stream_distance distance = stream_distance_of(c->index, o->study, &c->texts, c->x, NULL, c->memory / 4);
    return stream_check(c->index, &distance, folder, c->hook, notes, err);
}

scry_causal *scry_causal_open(const scry_index *index, const scry_causal_options *o, scry_notes *notes,
                              scry_error *err) {
    scry_causal *c = mem_new(1, sizeof *c);
    *c = (scry_causal){
        .index = index, .precision = o->precision, .cancel = o->cancel, .memory = o->memory ? o->memory : SCRY_MEMORY};
    bool ok = open_all(c, o, notes, err);
    c->cancel = NULL;
    if (ok) {
        map_rows(c);
        return c;
    }
    scry_causal_free(c);
    return NULL;
}

void scry_causal_free(scry_causal *c) {
    if (!c) return;
    for (size_t d = 0; d < c->texts.domains; d++) {
        if (c->token) free(c->token[d]);
        if (c->kept) free(c->kept[d]);
    }
    free(c->token);
    free(c->kept);
    free(c->x);
    free(c->x_float64);
    free(c->reconstruction);
    free(c->reconstruction_float64);
    free(c->unablated[0]);
    free(c->unablated[1]);
    causal_texts_free(&c->texts);
    scry_run_free(c->run);
    scry_tokenizer_close(c->tok);
    scry_model_close(c->model);
    free(c);
}

const scry_causal_domain *scry_causal_domains(const scry_causal *c) {
    return c->texts.summary;
}

scry_precision scry_causal_precision(const scry_causal *c) {
    return c->precision;
}
