/* causal/continuation.c: how models go on from a prompt. */
#include "continuation.h"
#include "base/blas.h"
#include "base/mem.h"
#include "base/random.h"
#include "causal/prompt_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct speaker {
    struct continuation *of;
    scry_voice_kind kind;
    int model; /* of the pair */
    scry_growing *text;
    float *logits; /* [V] behind the last token */
    uint64_t state;
} speaker;

typedef struct continuation {
    scry_continuation out; /* first: what the caller holds */
    scry_prompt *prompt;
    scry_set *ablated; /* owned */
    size_t front;
    double temperature;
    double *push;    /* [d] what steering adds in the decoder's units; NULL: no latents */
    double *push_as; /* [d] what it adds as it is; NULL: no directions */
    speaker speaker[SCRY_VOICES];
} continuation;

const char *scry_voice_name(scry_voice_kind kind) {
    static const char *const names[] = {
#define VOICE(id, name, help) name,
        SCRY_VOICE_TABLE(VOICE)
#undef VOICE
    };
    return names[kind];
}

/* ---- the stream ----------------------------------------------------------------------------- */

static bool ablate(const speaker *s, size_t first, size_t count, float *x, scry_error *err) {
    const continuation *c = s->of;
    scry_prompt_result r = {.tokens = count, .front = c->front > first ? c->front - first : 0};
    if (r.front > count) r.front = count;
    bool ok = prompt_activations(c->prompt, x, &r, err);
    if (ok) prompt_ablate(c->prompt, c->ablated, &r, x);
    free(r.outlier);
    free(r.start);
    free(r.latent);
    free(r.activation);
    return ok;
}

static void steer(const speaker *s, size_t first, size_t count, float *x) {
    const continuation *c = s->of;
    const sae *of = &c->prompt->sae;
    for (size_t t = first < c->front ? c->front - first : 0; t < count; t++) {
        float *at = x + t * of->d_in;
        double times = 1, add = 0;
        if (c->push) sae_input_lost(of->input, at, of->d_in, &times, &add);
        for (uint32_t i = 0; i < of->d_in; i++)
            at[i] = (float)((double)at[i] + (c->push ? c->push[i] * times : 0) + (c->push_as ? c->push_as[i] : 0));
    }
}

static bool change_stream(void *context, size_t first, size_t count, float *x, scry_error *err) {
    const speaker *s = context;
    if (s->kind == SCRY_VOICE_ABLATED) return ablate(s, first, count, x, err);
    steer(s, first, count, x);
    return true;
}

static bool add_tokens(speaker *s, const uint32_t *ids, size_t count, scry_error *err) {
    const bool changes = s->kind == SCRY_VOICE_ABLATED || s->kind == SCRY_VOICE_STEERED;
    return scry_growing_add(s->text, ids, count, s->of->prompt->info.hook, changes ? change_stream : NULL, s, s->logits,
                            err);
}

/* ---- the next token ------------------------------------------------------------------------- */

static uint32_t greedy(const float *logits, uint32_t n) {
    uint32_t top = 0;
    for (uint32_t v = 1; v < n; v++)
        if (logits[v] > logits[top]) top = v;
    return top;
}

static uint32_t draw(const float *logits, uint32_t n, double temperature, uint64_t *state) {
    const double most = (double)logits[greedy(logits, n)];
    double sum = 0, at = (double)(random_next(state) >> 11) * 0x1p-53;
    for (uint32_t v = 0; v < n; v++) sum += exp(((double)logits[v] - most) / temperature);
    at *= sum;
    uint32_t last = 0;
    for (uint32_t v = 0; v < n; v++) {
        double p = exp(((double)logits[v] - most) / temperature);
        if (p > 0) last = v;
        if ((at -= p) < 0) return v;
    }
    return last;
}

static double log_probability(const float *logits, uint32_t n, uint32_t id) {
    const double most = (double)logits[greedy(logits, n)];
    double sum = 0;
    for (uint32_t v = 0; v < n; v++) sum += exp((double)logits[v] - most);
    return (double)logits[id] - most - log(sum);
}

static bool ends_text(const scry_model *model, uint32_t id) {
    size_t count;
    const uint32_t *ends = scry_model_ends(model, &count);
    for (size_t i = 0; i < count; i++)
        if (ends[i] == id) return true;
    return false;
}

static bool goes_on(const continuation *c, int kind) {
    const scry_voice *v = &c->out.voice[kind];
    return v->speaks && !v->ended && v->count < c->out.most;
}

static bool say_next(continuation *c, int kind, scry_error *err) {
    scry_voice *v = &c->out.voice[kind];
    speaker *s = &c->speaker[kind];
    const scry_model *model = c->prompt->pair.model[s->model];
    const uint32_t vocabulary = scry_model_info_of(model)->vocabulary;
    const uint32_t id =
        c->temperature > 0 ? draw(s->logits, vocabulary, c->temperature, &s->state) : greedy(s->logits, vocabulary);
    if (ends_text(model, id)) {
        v->ended = true;
        return true;
    }
    const double p = log_probability(s->logits, vocabulary, id);
    if (v->count + 1 < c->out.most && !add_tokens(s, &id, 1, err)) return false;
    v->ids[v->count] = id;
    v->log_probability[v->count++] = p;
    return true;
}

bool scry_continue_next(scry_continuation *out, bool *more, const scry_cancel *cancel, scry_error *err) {
    continuation *c = (continuation *)(void *)out;
    bool ok = true;
    *more = false;
    blas_single();
    c->prompt->cancel = cancel;
    for (int kind = 0; ok && kind < SCRY_VOICES; kind++)
        if (goes_on(c, kind)) ok = say_next(c, kind, err);
    c->prompt->cancel = NULL;
    for (int kind = 0; kind < SCRY_VOICES; kind++) *more = *more || goes_on(c, kind);
    return ok && (!scry_cancelled(cancel) || scry_fail(err, "cancelled"));
}

/* ---- beginning ------------------------------------------------------------------------------ */

static bool check_query(const scry_prompt *p, const scry_continuation_query *q, scry_error *err) {
    const scry_hook_point point = p->info.hook.point;
    const bool stream = point != SCRY_ATTN_OUT && point != SCRY_MLP_OUT,
               ablates = q->prompt.ablated && q->prompt.ablated->count;
    bool latents = ablates;
    char text[SCRY_HOOK_TEXT];
    if (!q->tokens) return scry_misuse(err, "prompt: found 0 tokens to continue by, expected at least 1");
    if (!(q->temperature >= 0) || isinf(q->temperature))
        return scry_misuse(err, "--temperature: found %g, expected 0 (greedy) or more", q->temperature);
    for (size_t i = 0; i < q->steering_count; i++) {
        const scry_steering *s = &q->steering[i];
        if (!isfinite(s->times)) return scry_misuse(err, "--steer: found %g, expected a finite number", s->times);
        if (!s->direction && s->latent >= p->sae.d_sae)
            return scry_misuse(err, "--steer: found latent %u, expected 0 to %u", s->latent, p->sae.d_sae - 1);
        latents = latents || !s->direction;
    }
    if ((latents && !p->info.can_ablate) || (q->steering_count && !stream))
        return scry_misuse(err,
                           "prompt: the stream cannot be changed at %s: expected an index with the SAE's decoder and a "
                           "hook of the stream (hook_resid_pre, _mid or _post)",
                           scry_hook_text(p->info.hook, text));
    return true;
}

/* Adds up what steering adds. */
static void add_steering(continuation *c, const scry_continuation_query *q) {
    const sae *s = &c->prompt->sae;
    float *row = mem_new(s->d_in, sizeof *row);
    for (size_t i = 0; i < q->steering_count; i++) {
        const scry_steering *one = &q->steering[i];
        double **to = one->direction ? &c->push_as : &c->push;
        if (!*to) *to = mem_new(s->d_in, sizeof **to);
        if (!one->direction) scry_decoder_row(c->prompt->index, one->latent, row);
        const float *from = one->direction ? one->direction : row;
        const double times = one->direction ? one->times : one->times / (double)s->input_scale;
        for (uint32_t k = 0; k < s->d_in; k++) (*to)[k] += times * (double)from[k];
    }
    free(row);
}

static bool begin_voice(continuation *c, int kind, const uint32_t *ids, size_t count, uint64_t seed, scry_error *err) {
    speaker *s = &c->speaker[kind];
    scry_voice *v = &c->out.voice[kind];
    *s = (speaker){.of = c, .kind = (scry_voice_kind)kind, .model = kind == SCRY_VOICE_TUNED, .state = seed};
    s->text = scry_growing_new(c->prompt->run[s->model], count + c->out.most, err);
    if (!s->text) return false;
    s->logits = mem_new(scry_model_info_of(c->prompt->pair.model[s->model])->vocabulary, sizeof *s->logits);
    v->speaks = true;
    v->ids = mem_new(c->out.most, sizeof *v->ids);
    v->log_probability = mem_new(c->out.most, sizeof *v->log_probability);
    return add_tokens(s, ids, count, err);
}

static bool begin(continuation *c, const scry_continuation_query *q, scry_error *err) {
    scry_prompt *p = c->prompt;
    scry_prompt_result r = {0};
    if (!check_query(p, q, err) || !prompt_encode(p, &q->prompt, &r, err)) return false;
    c->front = r.front;
    c->out.prompt_tokens = r.tokens;
    c->out.most = q->tokens < p->info.most_tokens - r.tokens ? q->tokens : p->info.most_tokens - r.tokens;
    bool ok = c->out.most || scry_misuse(err,
                                         "prompt: the text has %zu tokens, as many as the model reads; found no "
                                         "room to continue in",
                                         r.tokens);
    if (q->prompt.ablated && q->prompt.ablated->count) c->ablated = scry_set_copy(q->prompt.ablated);
    add_steering(c, q);
    const bool wanted[SCRY_VOICES] = {[SCRY_VOICE_BASE] = true,
                                      [SCRY_VOICE_TUNED] = p->pair.model[1],
                                      [SCRY_VOICE_ABLATED] = c->ablated,
                                      [SCRY_VOICE_STEERED] = q->steering_count};
    int voices = 0, read = 0;
    for (int kind = 0; kind < SCRY_VOICES; kind++) voices += wanted[kind];
    for (int kind = 0; ok && kind < SCRY_VOICES; kind++) {
        if (!wanted[kind]) continue;
        ok = begin_voice(c, kind, r.id, r.tokens, q->seed, err);
        scry_report_progress(p->cancel, (double)++read / voices);
    }
    free(r.id);
    return ok;
}

scry_continuation *scry_continue_begin(scry_prompt *prompt, const scry_continuation_query *q, const scry_cancel *cancel,
                                       scry_error *err) {
    continuation *c = mem_new(1, sizeof *c);
    c->prompt = prompt;
    c->temperature = q->temperature;
    blas_single();
    prompt->cancel = cancel;
    bool ok = begin(c, q, err);
    prompt->cancel = NULL;
    if (ok) return &c->out;
    scry_continue_end(&c->out);
    return NULL;
}

void scry_continue_end(scry_continuation *out) {
    continuation *c = (continuation *)(void *)out;
    if (!c) return;
    for (int kind = 0; kind < SCRY_VOICES; kind++) {
        scry_growing_free(c->speaker[kind].text);
        free(c->speaker[kind].logits);
        free(c->out.voice[kind].ids);
        free(c->out.voice[kind].log_probability);
    }
    scry_set_free(c->ablated);
    free(c->push);
    free(c->push_as);
    free(c);
}

char *scry_voice_text(const scry_continuation *out, scry_voice_kind kind) {
    const continuation *c = (const continuation *)(const void *)out;
    const scry_voice *v = &out->voice[kind];
    size_t length = 0, size = 1;
    char *text = mem_new(1, 1);
    for (size_t i = 0; i < v->count; i++) {
        const char *piece = scry_prompt_piece(c->prompt, v->ids[i]);
        size_t more = piece ? strlen(piece) : 0;
        if (length + more + 1 > size) text = mem_resize(text, size = 2 * (length + more + 1), 1);
        if (more) memcpy(text + length, piece, more);
        text[length += more] = 0;
    }
    return text;
}
