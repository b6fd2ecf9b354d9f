/* causal/ablation.c: the model run on without a set of latents. */
#include "base/mem.h"
#include "causal/causal.h"
#include "index/read/index.h"
#include "stats/ratio_error.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An activation of the set where the model reads it. */
typedef struct activation {
    uint32_t token; /* packed row */
    uint32_t k;     /* number of the latent in the set */
    float h;
} activation;

typedef struct ablation {
    scry_causal *causal;
    const scry_ablation *how;
    uint32_t *latents; /* [count] of the set, ascending */
    uint32_t count;
    float *rows;             /* [count][d] their decoder rows */
    activation *activations; /* [activation_count], by token once sorted */
    size_t activation_count, room;
    size_t *start; /* [tokens + 1] a token's activations */
    double **mean; /* [D] -> [d] SCRY_VALUE_MEAN: sum of mean h_j W_dec_j; NULL: none */
    size_t *runs;  /* [run_count] samples in which something changes, ascending */
    size_t run_count;
    double *sum; /* [d] scratch */
} ablation;

/* ---- the set's activations ------------------------------------------------------------------ */

static void add_activation(ablation *a, uint32_t token, uint32_t k, float h) {
    if (a->activation_count == a->room) {
        a->room = a->room ? 2 * a->room : 1024;
        a->activations = mem_resize(a->activations, a->room, sizeof *a->activations);
    }
    a->activations[a->activation_count++] = (activation){token, k, h};
}

/* Returns the sum of the latent's activations on the domain, read by the model or not. */
static double read_latent(ablation *a, uint32_t k, size_t domain) {
    const scry_causal *c = a->causal;
    uint32_t capture = (uint32_t)c->texts.capture[domain];
    index_cursor at = index_postings(c->index, a->latents[k]);
    double sum = 0;
    index_seek(c->index, &at, capture, 0);
    if (!index_segment(c->index, &at) || at.capture != capture) return 0;
    while (index_next(c->index, &at)) {
        uint32_t token = c->token[domain][at.row];
        if (token) add_activation(a, token - 1, k, at.activation);
        sum += (double)at.activation;
    }
    return sum;
}

static void read_domain(ablation *a, size_t domain) {
    const scry_causal *c = a->causal;
    const scry_info *info = scry_index_info(c->index);
    bool mean = a->how->value == SCRY_VALUE_MEAN;
    if (mean) a->mean[domain] = mem_new(c->d, sizeof **a->mean);
    for (uint32_t k = 0; k < a->count; k++) {
        double h = read_latent(a, k, domain) / (double)info->capture[c->texts.capture[domain]].kept;
        for (size_t i = 0; mean && i < c->d; i++) a->mean[domain][i] += h * (double)a->rows[k * c->d + i];
    }
}

/* By token, and within one by latent, as they were added. */
static void sort_by_token(ablation *a) {
    size_t tokens = a->causal->texts.tokens;
    activation *sorted = mem_new(a->activation_count + 1, sizeof *sorted);
    a->start = mem_new(tokens + 2, sizeof *a->start);
    for (size_t i = 0; i < a->activation_count; i++) a->start[a->activations[i].token + 2]++;
    for (size_t t = 0; t < tokens; t++) a->start[t + 2] += a->start[t + 1];
    for (size_t i = 0; i < a->activation_count; i++)
        sorted[a->start[a->activations[i].token + 1]++] = a->activations[i];
    free(a->activations);
    a->activations = sorted;
}

/* ---- the stream without them ---------------------------------------------------------------- */

static bool is_kept(const scry_causal *c, size_t domain, const causal_sample *s, uint32_t k) {
    return k >= s->before && c->kept[domain][s->first + k - s->before];
}

static size_t domain_of(const causal_texts *texts, size_t sample) {
    size_t d = 0;
    while (texts->first[d + 1] <= sample) d++;
    return d;
}

static void ablate_row(ablation *a, size_t token, const double *mean, double *out) {
    const scry_causal *c = a->causal;
    const activation *from = a->activations + a->start[token], *to = a->activations + a->start[token + 1];
    if (from == to && !mean) return;
    if (mean) memcpy(a->sum, mean, c->d * sizeof *a->sum);
    else memset(a->sum, 0, c->d * sizeof *a->sum);
    double scale = mean ? 0 : a->how->scale;
    for (; from < to; from++) {
        const double change = (scale - 1) * (double)from->h;
        const float *row = a->rows + from->k * c->d;
        for (size_t i = 0; i < c->d; i++) a->sum[i] += change * (double)row[i];
    }
    double factor = causal_decoder_factor(c, c->x + token * c->d, NULL);
    for (size_t i = 0; i < c->d; i++) out[i] += factor * a->sum[i];
}

/* The sample's stream, or the reconstruction in its place. */
static void read_stream(const scry_causal *c, bool reconstructed, const causal_sample *s, double *x) {
    const size_t at = s->at * c->d, numbers = s->count * c->d;
    const double *wide = reconstructed ? c->reconstruction_float64 : c->x_float64;
    const float *narrow = reconstructed ? c->reconstruction : c->x;
    if (wide) memcpy(x, wide + at, numbers * sizeof *x);
    else
        for (size_t i = 0; i < numbers; i++) x[i] = (double)narrow[at + i];
}

static void ablated_stream(void *context, size_t sample, double *x) {
    ablation *a = context;
    const scry_causal *c = a->causal;
    const causal_sample *s = &c->texts.samples[sample];
    size_t domain = domain_of(&c->texts, sample);
    read_stream(c, a->how->drop_error, s, x);
    for (uint32_t k = 0; k < s->count; k++) {
        bool mean = a->mean[domain] && is_kept(c, domain, s, k);
        ablate_row(a, s->at + k, mean ? a->mean[domain] : NULL, x + k * c->d);
    }
}

static bool changes(const ablation *a, size_t sample) {
    const scry_causal *c = a->causal;
    const causal_sample *s = &c->texts.samples[sample];
    size_t domain = domain_of(&c->texts, sample);
    if (a->mean[domain])
        for (uint32_t k = s->before; k < s->count; k++)
            if (is_kept(c, domain, s, k)) return a->count > 0;
    return a->how->value == SCRY_VALUE_ZERO && a->how->scale != 1 && a->start[s->at] < a->start[s->at + s->count];
}

/* ---- the unablated model -------------------------------------------------------------------- */

typedef struct as_it_is {
    const scry_causal *causal;
    bool reconstructed;
} as_it_is;

static void unablated_stream(void *context, size_t sample, double *x) {
    const as_it_is *of = context;
    read_stream(of->causal, of->reconstructed, &of->causal->texts.samples[sample], x);
}

static bool run_unablated(scry_causal *c, bool reconstructed, const scry_cancel *cancel, scry_error *err) {
    if (reconstructed && !causal_reconstruct(c, cancel, err)) return false;
    if (c->unablated[reconstructed]) return true;
    size_t *all = mem_new(c->texts.count, sizeof *all);
    for (size_t i = 0; i < c->texts.count; i++) all[i] = i;
    sample_figures *found = mem_new(c->texts.count, sizeof *found);
    as_it_is of = {c, reconstructed};
    bool ok = causal_run_on(c, all, c->texts.count, unablated_stream, &of, found, cancel, err);
    if (ok) c->unablated[reconstructed] = found;
    else free(found);
    free(all);
    return ok;
}

/* ---- figures -------------------------------------------------------------------------------- */

static scry_domain_effect effect_of(const scry_causal *c, size_t domain, const sample_figures *before,
                                    const sample_figures *after) {
    size_t first = c->texts.first[domain], m = c->texts.first[domain + 1] - first;
    scry_domain_effect e = {NAN, NAN, NAN, NAN, NAN, NAN};
    if (!m) return e;
    double tokens = (double)c->texts.summary[domain].tokens, loss[2] = {0}, total = 0;
    double *rise = mem_new(2 * m, sizeof *rise), *count = rise + m;
    uint64_t hits[2] = {0};
    for (size_t i = 0; i < m; i++) {
        const causal_sample *s = &c->texts.samples[first + i];
        loss[0] += before[first + i].loss;
        loss[1] += after[first + i].loss;
        hits[0] += before[first + i].hits;
        hits[1] += after[first + i].hits;
        total += rise[i] = after[first + i].loss - before[first + i].loss;
        count[i] = s->to - s->from;
    }
    e = (scry_domain_effect){loss[0] / tokens,         loss[1] / tokens,
                             total / tokens,           ratio_error(rise, count, m),
                             (double)hits[0] / tokens, (double)hits[1] / tokens};
    free(rise);
    return e;
}

static void begin(ablation *a, const scry_set *set) {
    const scry_causal *c = a->causal;
    a->latents = mem_new(set->count + 1, sizeof *a->latents);
    for (uint32_t j = 0; j < set->latents; j++)
        if (scry_set_has(set, j)) a->latents[a->count++] = j;
    a->rows = mem_new((size_t)a->count + 1, c->d * sizeof *a->rows);
    for (uint32_t k = 0; k < a->count; k++) scry_decoder_row(c->index, a->latents[k], a->rows + k * c->d);
    a->sum = mem_new(c->d, sizeof *a->sum);
    a->mean = mem_new(c->texts.domains, sizeof *a->mean);
    for (size_t d = 0; d < c->texts.domains; d++)
        if (c->token[d]) read_domain(a, d);
    sort_by_token(a);
    a->runs = mem_new(c->texts.count, sizeof *a->runs);
    for (size_t i = 0; i < c->texts.count; i++)
        if (changes(a, i)) a->runs[a->run_count++] = i;
}

static void end(ablation *a) {
    for (size_t d = 0; d < a->causal->texts.domains; d++) free(a->mean[d]);
    free(a->mean);
    free(a->latents);
    free(a->rows);
    free(a->activations);
    free(a->start);
    free(a->runs);
    free(a->sum);
}

static bool run_ablated(scry_causal *c, const scry_set *set, const scry_ablation *how, sample_figures *after,
                        const scry_cancel *cancel, scry_error *err) {
    ablation a = {.causal = c, .how = how};
    begin(&a, set);
    sample_figures *found = mem_new(a.run_count + 1, sizeof *found);
    bool ok = causal_run_on(c, a.runs, a.run_count, ablated_stream, &a, found, cancel, err);
    for (size_t i = 0; ok && i < a.run_count; i++) after[a.runs[i]] = found[i];
    free(found);
    end(&a);
    return ok;
}

static bool check_request(const scry_causal *c, const scry_set *set, const scry_ablation *how, scry_error *err) {
    const scry_info *info = scry_index_info(c->index);
    if (set->latents != info->d_sae)
        return scry_misuse(err, "ablation: found a set among %" PRIu32 " latents, expected %" PRIu32 " as in %s",
                           set->latents, info->d_sae, info->path);
    if (!isfinite(how->scale))
        return scry_misuse(err, "ablation: found scale %g, expected a finite number: 0 removes", how->scale);
    return scry_require_scored(c->index, set, err);
}

bool scry_ablate(scry_causal *c, const scry_set *set, const scry_ablation *how, scry_domain_effect *out,
                 double *sample_difference, const scry_cancel *cancel, scry_error *err) {
    bool known = c->unablated[how->drop_error];
    scry_cancel first = scry_cancel_part(cancel, 0, 0.5), second = scry_cancel_part(cancel, known ? 0 : 0.5, 1);
    if (!check_request(c, set, how, err)) return false;
    for (size_t d = 0; how->value == SCRY_VALUE_MEAN && d < c->texts.domains; d++)
        if (c->token[d] && !causal_keep_rows(c, d, err)) return false;
    if (!run_unablated(c, how->drop_error, cancel ? &first : NULL, err)) return false;
    const sample_figures *before = c->unablated[how->drop_error];
    sample_figures *after = mem_new(c->texts.count, sizeof *after);
    memcpy(after, before, c->texts.count * sizeof *after);
    bool ok = run_ablated(c, set, how, after, cancel ? &second : NULL, err);
    for (size_t d = 0; ok && d < c->texts.domains; d++) out[d] = effect_of(c, d, before, after);
    for (size_t i = 0; ok && sample_difference && i < c->texts.count; i++)
        sample_difference[i] = after[i].loss - before[i].loss;
    free(after);
    return ok;
}
