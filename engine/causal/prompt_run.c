/* causal/prompt_run.c: a text through the models. */
#include "base/blas.h"
#include "base/mem.h"
#include "causal/prompt_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct next_job {
    scry_next_probability *out; /* [tokens][next] */
    uint32_t next, vocabulary;
} next_job;

/* The most probable tokens, ties to the lower id. */
static void keep_next(void *context, size_t row, const float *logits) {
    const next_job *job = context;
    scry_next_probability *out = job->out + row * job->next;
    double sum = 0;
    uint32_t kept = 0;
    float top = logits[0];
    for (uint32_t v = 1; v < job->vocabulary; v++) top = logits[v] > top ? logits[v] : top;
    for (uint32_t v = 0; v < job->vocabulary; v++) {
        sum += exp((double)logits[v] - (double)top);
        if (kept == job->next && !((double)logits[v] > out[kept - 1].probability)) continue;
        uint32_t at = kept < job->next ? kept++ : kept - 1;
        for (; at > 0 && (double)logits[v] > out[at - 1].probability; at--) out[at] = out[at - 1];
        out[at] = (scry_next_probability){v, (double)logits[v]};
    }
    for (uint32_t i = 0; i < kept; i++) out[i].probability = exp(out[i].probability - (double)top) / sum;
}

static bool predict(scry_prompt *p, int model, const scry_hook *from, const float *x, scry_next_model which,
                    scry_prompt_result *r, scry_error *err) {
    const scry_sequence sequence = {.ids = r->id, .count = r->tokens};
    next_job job = {.out = mem_new(r->tokens * r->next, sizeof *job.out),
                    .next = r->next,
                    .vocabulary = scry_model_info_of(p->pair.model[model])->vocabulary};
    r->predicted[which] = job.out;
    return scry_run_logits(p->run[model], &sequence, 1, from, x, NULL, keep_next, &job, err);
}

static uint32_t next_of(const scry_prompt *p, uint32_t asked) {
    uint32_t most = SCRY_PROMPT_NEXT;
    for (int m = 0; m < 2; m++) {
        uint32_t vocabulary = p->pair.model[m] ? scry_model_info_of(p->pair.model[m])->vocabulary : most;
        if (vocabulary < most) most = vocabulary;
    }
    return asked < 1 ? 1 : asked < most ? asked : most;
}

static bool check_query(const scry_prompt *p, const scry_prompt_query *q, scry_error *err) {
    if (!q->ablated || !q->ablated->count || p->info.can_ablate) return true;
    char text[SCRY_HOOK_TEXT];
    return scry_misuse(err,
                       "prompt: latents cannot be taken out at %s: expected an index with the SAE's decoder and a hook "
                       "of the stream (hook_resid_pre, _mid or _post)",
                       scry_hook_text(p->info.hook, text));
}

/* The stream goes on where the hook is one of its places; else the model starts anew. */
static bool run_base(scry_prompt *p, const scry_prompt_query *q, float *x, const double *share, scry_prompt_result *r,
                     scry_error *err) {
    const scry_sequence sequence = {.ids = r->id, .count = r->tokens};
    const scry_hook hook = p->info.hook, *from = p->info.can_ablate ? &hook : NULL;
    if (!scry_run_to_hook(p->run[0], hook, &sequence, 1, x, err)) return false;
    scry_report_progress(p->cancel, share[0]);
    if (!prompt_activations(p, x, r, err)) return false;
    scry_report_progress(p->cancel, share[1]);
    if (!predict(p, 0, from, from ? x : NULL, SCRY_NEXT_BASE, r, err)) return false;
    scry_report_progress(p->cancel, share[2]);
    if (!r->ablated) return true;
    prompt_ablate(p, q->ablated, r, x);
    return predict(p, 0, from, x, SCRY_NEXT_ABLATED, r, err);
}

/* How much of the work is done behind each step, by the blocks that are run: to the hook, encoding, base, ablated. */
static void shares_of(const scry_prompt *p, bool ablates, double share[4]) {
    double layers = scry_model_info_of(p->pair.model[0])->layers, first = p->info.hook.layer + 1.0;
    double rest = layers - p->info.hook.layer + 1, encoding = layers / 4;
    double all = first + encoding + rest * (ablates ? 2 : 1) + (p->pair.model[1] ? layers + 1 : 0);
    share[0] = first / all;
    share[1] = (first + encoding) / all;
    share[2] = (first + encoding + rest) / all;
    share[3] = (first + encoding + rest * (ablates ? 2 : 1)) / all;
}

static bool run_all(scry_prompt *p, const scry_prompt_query *q, scry_prompt_result *r, scry_error *err) {
    double share[4];
    if (!check_query(p, q, err) || !prompt_encode(p, q, r, err)) return false;
    r->next = next_of(p, q->next);
    r->ablated = q->ablated ? q->ablated->count : 0;
    uint64_t floats = (uint64_t)r->tokens * (p->sae.d_in + (uint64_t)r->next * 4 * SCRY_NEXT_MODELS);
    if (floats * sizeof(float) > p->memory)
        return scry_misuse(err, "prompt: %zu tokens need more than the %" PRIu64 " MiB that there are; raise --memory",
                           r->tokens, p->memory >> 20);
    shares_of(p, r->ablated > 0, share);
    float *x = mem_new(r->tokens * p->sae.d_in, sizeof *x);
    bool ok = run_base(p, q, x, share, r, err);
    free(x);
    if (!ok) return false;
    scry_report_progress(p->cancel, share[3]);
    return !p->pair.model[1] || predict(p, 1, NULL, NULL, SCRY_NEXT_TUNED, r, err);
}

scry_prompt_result *scry_prompt_run(scry_prompt *prompt, const scry_prompt_query *query, const scry_cancel *cancel,
                                    scry_error *err) {
    scry_prompt_result *r = mem_new(1, sizeof *r);
    blas_single();
    prompt->cancel = cancel;
    bool ok = run_all(prompt, query, r, err);
    prompt->cancel = NULL;
    if (ok) return r;
    scry_prompt_result_free(r);
    return NULL;
}
