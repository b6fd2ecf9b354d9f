/* causal/choices.c: multiple-choice questions with and without a set of latents. */
#include "choices.h"
#include "base/blas.h"
#include "base/mem.h"
#include "causal/prompt_internal.h"
#include "evaluate/measured_text.h"
#include "index/read/index.h"
#include "stats/paired.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A bit for each measure: the answer was right. */
typedef uint8_t answers;

typedef struct domain_questions {
    const measured_texts *texts; /* NULL: none */
    size_t count;
    sequence_group *groups; /* [count] the options and letters of each question */
    const measured_text **question;
    answers *unablated[2]; /* [count] as the stream is, with the reconstruction; NULL: not run yet */
} domain_questions;

struct scry_choices {
    const scry_index *index;
    scry_prompt *prompt;
    measured_domains texts;
    domain_questions *domain; /* [D] */
};

/* ---- opening -------------------------------------------------------------------------------- */

static int domain_named(const scry_info *info, const char *name) {
    for (size_t d = 0; d < info->domains; d++)
        if (strcmp(info->domain[d].name, name) == 0) return (int)d;
    return -1;
}

/* "NAME=FILE" names a domain of the study. */
static bool check_names(const scry_info *info, const scry_choices_options *o, scry_error *err) {
    for (size_t i = 0; i < o->file_count; i++) {
        const char *equals = strchr(o->files[i], '=');
        if (!equals || strchr(o->files[i], '/') < equals) continue;
        char *name = mem_copy_bytes(o->files[i], (size_t)(equals - o->files[i]));
        bool known = domain_named(info, name) >= 0;
        if (!known)
            scry_misuse(err,
                        "--domain: found \"%.60s\", which is no domain of the study \"%s\"; expected one of them, "
                        "such as %s",
                        name, info->name, info->domains ? info->domain[0].name : "(none)");
        free(name);
        if (!known) return false;
    }
    return true;
}

static void take_questions(domain_questions *q, const measured_texts *texts) {
    q->texts = texts;
    q->groups = mem_new(texts->count + 1, sizeof *q->groups);
    q->question = mem_new(texts->count + 1, sizeof *q->question);
    for (size_t i = 0; i < texts->count; i++) {
        const measured_text *text = &texts->texts[i];
        if (!text->options) continue;
        q->groups[q->count] = (sequence_group){text->sequences + text->has_response, 2 * text->options};
        q->question[q->count++] = text;
    }
}

static bool read_questions(scry_choices *c, const scry_choices_options *o, scry_notes *notes, scry_error *err) {
    const scry_info *info = scry_index_info(c->index);
    const scry_prompt *p = c->prompt;
    text_settings settings = {p->pair.tok, o->chat_template, o->bos, p->info.most_tokens, o->samples, o->seed};
    if (!check_names(info, o, err) || !texts_of_files(o->files, o->file_count, &settings, &c->texts, notes, err))
        return false;
    size_t known = 0, others = 0;
    const char *other = NULL;
    for (size_t i = 0; i < c->texts.count; i++) {
        int d = domain_named(info, c->texts.domains[i].name);
        if (d < 0 && !others++) other = c->texts.domains[i].name;
        if (d < 0 || (o->domains && !o->domains[d])) continue;
        take_questions(&c->domain[d], &c->texts.domains[i]);
        known += c->domain[d].count;
    }
    if (others)
        scry_notes_add(notes, "categories that are no domains of the study are left out: %zu, such as %.60s", others,
                       other);
    return known || scry_fail(err,
                              "%s: found no question of a domain of the study; expected lines with \"options\" and "
                              "\"answer\"",
                              o->files[0]);
}

scry_choices *scry_choices_open(const scry_index *index, const scry_choices_options *o, scry_notes *notes,
                                scry_error *err) {
    scry_choices *c = mem_new(1, sizeof *c);
    c->index = index;
    c->domain = mem_new(scry_index_info(index)->domains + 1, sizeof *c->domain);
    const scry_prompt_options open = {
        .model = o->model, .sae = o->sae, .base_only = true, .threads = o->threads, .memory = o->memory};
    c->prompt = scry_prompt_open(index, &open, notes, err);
    bool ok = c->prompt && read_questions(c, o, notes, err);
    if (ok && !c->prompt->info.can_ablate) {
        char text[SCRY_HOOK_TEXT];
        ok =
            scry_misuse(err,
                        "%s: latents cannot be taken out at %s: expected an index with the SAE's decoder and a hook of "
                        "the stream (hook_resid_pre, _mid or _post)",
                        scry_index_info(index)->path, scry_hook_text(c->prompt->info.hook, text));
    }
    if (ok) return c;
    scry_choices_close(c);
    return NULL;
}

void scry_choices_close(scry_choices *c) {
    if (!c) return;
    for (size_t d = 0; d < scry_index_info(c->index)->domains; d++) {
        free(c->domain[d].groups);
        free(c->domain[d].question);
        free(c->domain[d].unablated[0]);
        free(c->domain[d].unablated[1]);
    }
    free(c->domain);
    measured_domains_free(&c->texts);
    scry_prompt_close(c->prompt);
    free(c);
}

/* ---- the stream ----------------------------------------------------------------------------- */

/* What becomes of the stream of a domain's questions. */
typedef struct patching {
    scry_choices *choices;
    const scry_set *set; /* NULL: nothing is taken out */
    const scry_ablation *how;
    double *mean; /* [d] sum over the set of mean h_j W_dec_j; NULL: none */
    double *sum;  /* [d] scratch */
    float *row;   /* [d] scratch */
} patching;

/* The mean activation over the counted tokens of a capture. */
static double mean_activation(const scry_index *x, uint32_t latent, uint32_t capture) {
    index_cursor at = index_postings(x, latent);
    double sum = 0;
    index_seek(x, &at, capture, 0);
    if (!index_segment(x, &at) || at.capture != capture) return 0;
    while (index_next(x, &at)) sum += (double)at.activation;
    return sum / (double)x->info.capture[capture].kept;
}

static bool find_mean(patching *w, size_t domain, scry_error *err) {
    const scry_index *x = w->choices->index;
    const size_t d = x->info.d_model;
    int capture = scry_find_capture(x, (int)domain, SCRY_BASE);
    if (capture < 0)
        return scry_misuse(err, "%s: has no base capture, expected one for the mean of its activations",
                           x->info.domain[domain].name);
    w->mean = mem_new(d, sizeof *w->mean);
    for (uint32_t j = 0; j < w->set->latents; j++) {
        if (!scry_set_has(w->set, j) || !scry_decoder_row(x, j, w->row)) continue;
        double h = mean_activation(x, j, (uint32_t)capture);
        for (size_t i = 0; i < d; i++) w->mean[i] += h * (double)w->row[i];
    }
    return true;
}

/* One token that counts, with its activations. */
static void patch_token(patching *w, const scry_prompt_result *r, size_t t, float *x) {
    const scry_index *index = w->choices->index;
    const sae *s = &w->choices->prompt->sae;
    const size_t d = s->d_in;
    const bool drop = w->how->drop_error;
    double times, add;
    memset(w->sum, 0, d * sizeof *w->sum);
    for (uint64_t i = r->start[t]; i < r->start[t + 1]; i++) {
        const bool in = w->set && scry_set_has(w->set, r->latent[i]);
        double factor = drop; /* of the activation in what is added */
        if (in) factor += w->mean ? -1 : w->how->scale - 1;
        if (factor == 0 || !scry_decoder_row(index, r->latent[i], w->row)) continue;
        const double h = factor * (double)r->activation[i];
        for (size_t k = 0; k < d; k++) w->sum[k] += h * (double)w->row[k];
    }
    for (size_t k = 0; w->mean && k < d; k++) w->sum[k] += w->mean[k];
    sae_input_lost(s->input, x, (uint32_t)d, &times, &add);
    const double factor = times / (double)s->input_scale;
    const float *bias = scry_decoder_bias(index);
    for (size_t k = 0; k < d; k++)
        x[k] = (float)(drop ? (w->sum[k] + (double)bias[k]) * factor + add : (double)x[k] + w->sum[k] * factor);
}

static size_t front_of(const scry_prompt *p, const scry_sequence *s) {
    const uint32_t *bos;
    size_t count;
    bool has = scry_tokenizer_bos(p->pair.tok, SCRY_BOS_YES, &bos, &count, NULL) && count && s->count > count &&
               memcmp(s->ids, bos, count * sizeof *bos) == 0;
    return has ? count : 0;
}

static bool fill(void *context, const scry_sequence *sequences, size_t count, float *x, scry_error *err) {
    patching *w = context;
    scry_prompt *p = w->choices->prompt;
    bool ok = scry_run_to_hook(p->run[0], p->info.hook, sequences, count, x, err);
    if (!w->set && !w->how->drop_error) return ok;
    for (size_t i = 0; ok && i < count; i++) {
        scry_prompt_result *r = mem_new(1, sizeof *r);
        r->tokens = sequences[i].count;
        r->front = front_of(p, &sequences[i]);
        ok = prompt_activations(p, x, r, err);
        for (size_t t = 0; ok && t < r->tokens; t++)
            if (scry_prompt_counts(r, t)) patch_token(w, r, t, x + t * p->sae.d_in);
        x += r->tokens * p->sae.d_in;
        scry_prompt_result_free(r);
    }
    return ok;
}

/* ---- answers -------------------------------------------------------------------------------- */

typedef struct progress {
    const scry_cancel *cancel;
    size_t done, total;
} progress;

static bool report(void *context, size_t tokens) {
    progress *r = context;
    r->done += tokens;
    scry_report_progress(r->cancel, (double)r->done / (double)r->total);
    return !scry_cancelled(r->cancel);
}

static answers answers_of(const measured_text *text) {
    const scored_sequence *options = text->sequences + text->has_response;
    const bool right[SCRY_CHOICE_MEASURES] = {measured_text_is_right(text, options, false),
                                              measured_text_is_right(text, options, true),
                                              measured_text_is_right(text, options + text->options, false)};
    answers all = 0;
    for (int m = 0; m < SCRY_CHOICE_MEASURES; m++) all |= (answers)(right[m] << m);
    return all;
}

static bool answer(patching *w, const domain_questions *q, answers *out, progress *r, scry_error *err) {
    scry_prompt *p = w->choices->prompt;
    const likelihood_stream from = {p->info.hook, p->sae.d_in, fill, w};
    if (!likelihood_run_on(p->run[0], scry_model_info_of(p->pair.model[0])->vocabulary, q->groups, q->count, &from,
                           report, r, err))
        return false;
    for (size_t i = 0; i < q->count; i++) out[i] = answers_of(q->question[i]);
    return true;
}

static scry_choice_effect effect_of(const answers *before, const answers *after, size_t n, int m) {
    scry_choice_effect e = {NAN, NAN, NAN, NAN};
    if (!n) return e;
    double *difference = mem_new(n, sizeof *difference), right[2] = {0};
    for (size_t i = 0; i < n; i++) {
        const int b = before[i] >> m & 1, a = after[i] >> m & 1;
        right[0] += b;
        right[1] += a;
        difference[i] = a - b;
    }
    e.accuracy = right[0] / (double)n;
    e.ablated = right[1] / (double)n;
    paired_mean_difference(difference, n, &e.difference, &e.se);
    free(difference);
    return e;
}

static bool run_domain(patching *w, size_t d, scry_domain_choices *out, progress *r, scry_error *err) {
    domain_questions *q = &w->choices->domain[d];
    const scry_set *set = w->set;
    const bool drop = w->how->drop_error;
    answers *after = mem_new(q->count + 1, sizeof *after);
    bool ok = true;
    if (q->count && !q->unablated[drop]) {
        answers *before = mem_new(q->count, sizeof *before);
        w->set = NULL;
        ok = answer(w, q, before, r, err);
        w->set = set;
        if (ok) q->unablated[drop] = before;
        else free(before);
    }
    if (ok && q->count && w->how->value == SCRY_VALUE_MEAN) ok = find_mean(w, d, err);
    ok = ok && (!q->count || answer(w, q, after, r, err));
    out->questions = q->count;
    for (int m = 0; ok && m < SCRY_CHOICE_MEASURES; m++)
        out->measure[m] = effect_of(q->unablated[drop], after, q->count, m);
    free(w->mean);
    w->mean = NULL;
    free(after);
    return ok;
}

static size_t tokens_of(const scry_choices *c, bool drop) {
    size_t total = 1;
    for (size_t d = 0; d < scry_index_info(c->index)->domains; d++)
        for (size_t i = 0; i < c->domain[d].count; i++) {
            const sequence_group *g = &c->domain[d].groups[i];
            size_t tokens = 0; /* of the options, and of one of the letters */
            for (size_t k = 0; k <= g->count / 2; k++) tokens += g->sequences[k].to - 1;
            total += tokens * (c->domain[d].unablated[drop] ? 1 : 2);
        }
    return total;
}

bool scry_ablate_choices(scry_choices *c, const scry_set *set, const scry_ablation *how, scry_domain_choices *out,
                         const scry_cancel *cancel, scry_error *err) {
    const scry_info *info = scry_index_info(c->index);
    if (set->latents != info->d_sae)
        return scry_misuse(err, "ablation: found a set among %" PRIu32 " latents, expected %" PRIu32 " as in %s",
                           set->latents, info->d_sae, info->path);
    if (!isfinite(how->scale))
        return scry_misuse(err, "ablation: found scale %g, expected a finite number: 0 removes", how->scale);
    if (!scry_require_scored(c->index, set, err)) return false;
    patching w = {.choices = c, .set = set, .how = how};
    w.sum = mem_new(info->d_model, sizeof *w.sum);
    w.row = mem_new(info->d_model, sizeof *w.row);
    progress r = {cancel, 0, tokens_of(c, how->drop_error)};
    blas_single();
    c->prompt->cancel = cancel;
    bool ok = true;
    for (size_t d = 0; ok && d < info->domains; d++) ok = run_domain(&w, d, &out[d], &r, err);
    c->prompt->cancel = NULL;
    free(w.sum);
    free(w.row);
    return ok;
}
