/* diff/diff_reader.c: see diff_reader.h. */
#include "diff_reader.h"
#include "base/blas.h"
#include "base/mem.h"
#include "causal/prompt_internal.h"
#include "diff/diff_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scry_diff_reader {
    scry_diff_reader_info info;
    scry_diff_query query;
    diff *d;
    scry_prompt *prompt; /* the SAE, and the stream at the hook; NULL: no latents */
    scry_run *run[2];    /* the prompt's, else owned */
    parallel *pool;
    uint64_t memory;
    const scry_cancel *cancel;
    char why[sizeof((scry_error *)0)->text];
};

static bool is_cancelled(void *context) {
    const scry_diff_reader *v = context;
    return scry_cancelled(v->cancel);
}

/* ---- opening -------------------------------------------------------------------------------- */

/* What the SAE cannot be asked for is no reason not to compare the models. */
static void open_prompt(scry_diff_reader *v, const scry_diff_reader_options *o) {
    scry_prompt_options open = {.model = v->d->pair.folder[0],
                                .tuned = v->info.tuned,
                                .amplify = o->amplify,
                                .sae = o->sae,
                                .train = o->train,
                                .threads = o->threads,
                                .memory = v->memory};
    scry_error why = {0};
    v->prompt = scry_prompt_open(v->query.index, &open, NULL, &why);
    if (v->prompt) return;
    snprintf(v->why, sizeof v->why, "%s", why.text);
    v->info.no_latents = v->why;
}

static bool open_runs(scry_diff_reader *v, scry_error *err) {
    for (int m = 0; v->prompt && m < 2; m++) v->run[m] = v->prompt->run[m];
    if (v->prompt) return true;
    scry_run_options o = {
        .threads = v->query.threads, .memory = v->memory / 4, .cancelled = is_cancelled, .context = v};
    for (int m = 0; m < 2; m++)
        if (!(v->run[m] = scry_run_new(v->d->pair.model[m], &o, err))) return false;
    return true;
}

scry_diff_reader *scry_diff_reader_open(const scry_index *index, const scry_diff_reader_options *o, scry_notes *notes,
                                        scry_error *err) {
    scry_diff_reader *v = mem_new(1, sizeof *v);
    v->query = (scry_diff_query){.index = index,
                                 .train = o->train,
                                 .model = o->model,
                                 .tuned = o->tuned,
                                 .amplify = o->amplify,
                                 .all_tokens = true,
                                 .threads = o->threads,
                                 .memory = o->memory};
    v->memory = o->memory ? o->memory : SCRY_MEMORY;
    v->d = mem_new(1, sizeof *v->d);
    v->d->query = &v->query;
    bool ok = diff_open(v->d, notes, err);
    v->query.amplify = NULL; /* it is the caller's */
    if (ok) {
        v->info = (scry_diff_reader_info){.base = v->d->out.base, .tuned = v->d->out.tuned, .texts = v->d->texts.count};
        open_prompt(v, o);
        ok = open_runs(v, err);
    }
    if (!ok) {
        scry_diff_reader_close(v);
        return NULL;
    }
    v->pool = parallel_start(o->threads);
    return v;
}

void scry_diff_reader_close(scry_diff_reader *v) {
    if (!v) return;
    for (int m = 0; !v->prompt && m < 2; m++) scry_run_free(v->run[m]);
    scry_prompt_close(v->prompt);
    if (v->pool) parallel_stop(v->pool);
    scry_diff_free(&v->d->out);
    free(v);
}

const scry_diff_reader_info *scry_diff_reader_info_of(const scry_diff_reader *v) {
    return &v->info;
}

const char *scry_diff_reader_piece(const scry_diff_reader *v, uint32_t id) {
    return scry_diff_piece(&v->d->out, id);
}

scry_diff_text_place scry_diff_reader_text(const scry_diff_reader *v, size_t i) {
    const diff_text *t = &v->d->texts.texts[i];
    return (scry_diff_text_place){t->capture, t->sample, t->ids, t->to, t->before, t->row};
}

bool scry_diff_reader_find(const scry_diff_reader *v, size_t capture, uint32_t sample, size_t *text) {
    for (size_t i = 0; i < v->d->texts.count; i++) {
        const diff_text *t = &v->d->texts.texts[i];
        if (t->capture != capture || t->sample != sample) continue;
        *text = i;
        return true;
    }
    return false;
}

/* ---- running -------------------------------------------------------------------------------- */

typedef struct reading {
    scry_diff_reader *v;
    scry_diff_text *out;
    scry_sequence sequence;
    scry_hook last[2];
    float *x[2];  /* [tokens][width] behind the last block */
    bool *wanted; /* [tokens] */
    logit_pairs pairs;
    size_t first; /* token of the first row of the pairs */
    int model;    /* whose logits come in */
    scry_error *err;
} reading;

static void take_logits(void *context, size_t row, const float *logits) {
    reading *r = context;
    memcpy(r->pairs.values[r->model] + (row - r->first) * r->pairs.vocabulary, logits,
           r->pairs.vocabulary * sizeof *logits);
}

static void keep_figures(reading *r) {
    scry_diff_text *out = r->out;
    uint32_t ids[SCRY_PROMPT_NEXT];
    double probabilities[SCRY_PROMPT_NEXT];
    for (size_t i = 0; i < r->pairs.rows; i++) {
        const pair_figures *f = &r->pairs.figures[i];
        const size_t t = r->first + i;
        out->kl[t] = f->kl;
        out->gain[t] = t + 1 < out->at.tokens ? f->log_probability[1] - f->log_probability[0] : (double)NAN;
        for (int m = 0; m < 2; m++) {
            pairs_top(&r->pairs, m, i, out->next, ids, probabilities);
            for (uint32_t k = 0; k < out->next; k++)
                out->predicted[m][t * out->next + k] = (scry_next_probability){ids[k], probabilities[k]};
        }
    }
}

/* As many tokens at a time as there is room for. */
static bool compare(reading *r) {
    scry_diff_text *out = r->out;
    const size_t tokens = out->at.tokens;
    for (r->first = 0; r->first < tokens; r->first += r->pairs.rows) {
        r->pairs.rows = tokens - r->first < r->pairs.room ? tokens - r->first : r->pairs.room;
        for (size_t t = 0; t < tokens; t++) r->wanted[t] = t >= r->first && t < r->first + r->pairs.rows;
        for (size_t i = 0; i < r->pairs.rows; i++)
            r->pairs.target[i] = r->first + i + 1 < tokens ? out->ids[r->first + i + 1] : 0;
        for (r->model = 0; r->model < 2; r->model++)
            if (!scry_run_logits(r->v->run[r->model], &r->sequence, 1, &r->last[r->model], r->x[r->model], r->wanted,
                                 take_logits, r, r->err))
                return false;
        pairs_compare(&r->pairs, r->v->pool);
        keep_figures(r);
    }
    return true;
}

static bool run_models(reading *r) {
    scry_diff_reader *v = r->v;
    const size_t tokens = r->out->at.tokens;
    uint64_t streams = 0;
    for (int m = 0; m < 2; m++) {
        const scry_model_info *info = scry_model_info_of(v->d->pair.model[m]);
        r->last[m] = (scry_hook){info->layers - 1, SCRY_RESID_POST};
        streams += (uint64_t)tokens * info->d_model * sizeof(float);
    }
    const uint64_t row = 2 * (uint64_t)v->d->vocabulary * sizeof(float);
    if (streams + row > v->memory / 4)
        return scry_misuse(r->err, "%zu tokens need %" PRIu64 " MiB, expected at most a quarter of --memory; raise it",
                           tokens, ((streams + row) >> 20) + 1);
    const uint64_t fit = (v->memory / 4 - streams) / row;
    pairs_new(&r->pairs, v->d->vocabulary, fit < tokens ? (size_t)fit : tokens);
    for (int m = 0; m < 2; m++) {
        r->x[m] = mem_resize(NULL, tokens, scry_model_info_of(v->d->pair.model[m])->d_model * sizeof(float));
        if (!scry_run_to_hook(v->run[m], r->last[m], &r->sequence, 1, r->x[m], r->err)) return false;
        scry_report_progress(v->cancel, 0.25 * (m + 1));
    }
    return compare(r);
}

/* Of one model: the stream at the hook, encoded. */
static bool find_latents(reading *r, int m) {
    scry_prompt *p = r->v->prompt;
    const size_t tokens = r->out->at.tokens;
    scry_prompt_result *found = mem_new(1, sizeof *found);
    float *x = mem_resize(NULL, tokens, p->sae.d_in * sizeof *x);
    r->out->activations[m] = found;
    found->tokens = tokens;
    found->id = mem_resize(NULL, tokens, sizeof *found->id);
    found->chat_template = -1;
    memcpy(found->id, r->out->ids, tokens * sizeof *found->id);
    bool ok = scry_run_to_hook(p->run[m], p->info.hook, &r->sequence, 1, x, r->err) &&
              prompt_activations(p, x, found, r->err);
    free(x);
    return ok;
}

scry_diff_text *scry_diff_reader_run(scry_diff_reader *v, size_t i, uint32_t next, const scry_cancel *cancel,
                                     scry_error *err) {
    scry_diff_text *out = mem_new(1, sizeof *out);
    out->text = i;
    out->at = scry_diff_reader_text(v, i);
    out->next = next < 1 ? 1 : next < SCRY_PROMPT_NEXT ? next : SCRY_PROMPT_NEXT;
    if (out->next > v->d->vocabulary) out->next = v->d->vocabulary;
    const size_t tokens = out->at.tokens;
    out->ids = mem_resize(NULL, tokens, sizeof *out->ids);
    memcpy(out->ids, v->d->texts.texts[i].ids, tokens * sizeof *out->ids);
    out->kl = mem_new(tokens, sizeof *out->kl);
    out->gain = mem_new(tokens, sizeof *out->gain);
    for (int m = 0; m < 2; m++) out->predicted[m] = mem_new(tokens * out->next, sizeof *out->predicted[m]);
    reading r = {.v = v, .out = out, .sequence = {.ids = out->ids, .count = tokens}, .err = err};
    r.wanted = mem_new(tokens, sizeof *r.wanted);
    blas_single();
    v->cancel = cancel;
    if (v->prompt) v->prompt->cancel = cancel;
    bool ok = run_models(&r);
    for (int m = 0; ok && v->prompt && m < 2; m++) ok = find_latents(&r, m);
    if (v->prompt) v->prompt->cancel = NULL;
    v->cancel = NULL;
    for (int m = 0; m < 2; m++) free(r.x[m]);
    free(r.wanted);
    pairs_free(&r.pairs);
    if (ok) return out;
    scry_diff_text_free(out);
    return NULL;
}

void scry_diff_text_free(scry_diff_text *text) {
    if (!text) return;
    for (int m = 0; m < 2; m++) {
        free(text->predicted[m]);
        scry_prompt_result_free(text->activations[m]);
    }
    free(text->ids);
    free(text->kl);
    free(text->gain);
    free(text);
}

/* ---- latents -------------------------------------------------------------------------------- */

static float greatness(const scry_diff_latent *l, bool by_activation) {
    return by_activation ? fmaxf(l->base, l->tuned) : fabsf(l->tuned - l->base);
}

static void insert(scry_diff_latent *out, size_t *kept, size_t most, scry_diff_latent one, bool by_activation) {
    const float value = greatness(&one, by_activation);
    if (!most || (*kept == most && !(value > greatness(&out[most - 1], by_activation)))) return;
    size_t at = *kept < most ? (*kept)++ : most - 1;
    for (; at > 0 && value > greatness(&out[at - 1], by_activation); at--) out[at] = out[at - 1];
    out[at] = one;
}

size_t scry_diff_text_latents(const scry_diff_text *text, size_t token, bool by_activation, size_t most,
                              scry_diff_latent *out) {
    const scry_prompt_result *base = text->activations[0], *tuned = text->activations[1];
    size_t count = 0, kept = 0;
    if (!base || !tuned) return 0;
    uint64_t b = base->start[token], t = tuned->start[token];
    const uint64_t b_end = base->start[token + 1], t_end = tuned->start[token + 1];
    for (; b < b_end || t < t_end; count++) { /* both ascend by latent */
        const bool of_base = b < b_end && (t == t_end || base->latent[b] <= tuned->latent[t]);
        const bool of_tuned = t < t_end && (b == b_end || tuned->latent[t] <= base->latent[b]);
        scry_diff_latent one = {.latent = of_base ? base->latent[b] : tuned->latent[t]};
        if (of_base) one.base = base->activation[b++];
        if (of_tuned) one.tuned = tuned->activation[t++];
        insert(out, &kept, most, one, by_activation);
    }
    return count;
}
