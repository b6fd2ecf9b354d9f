/* causal/stream_check.c: a model's stream against captured residuals. */
#include "causal/stream_check.h"
#include "base/mem.h"
#include "causal/index_sae.h"
#include "correlation.h"
#include "index/read/index.h"
#include "io/matrix.h"
#include "study/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DOMAINS = 3, SAMPLES = 4, TOKENS = 64 }; /* that are compared: of each domain, of each sample */

/* ---- distances ------------------------------------------------------------------------------ */

typedef struct comparison {
    const scry_index *index;
    const causal_texts *texts;
    const float *x;
    size_t d, count;
    double *distance; /* [count] */
} comparison;

/* Adds the distances of n tokens from found to expected [n][d]. */
static void add_tokens(comparison *k, const double *found, const double *expected, size_t n) {
    double *mean = mem_new(k->d, sizeof *mean);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < k->d; i++) mean[i] += expected[t * k->d + i] / (double)n;
    k->distance = mem_resize(k->distance, k->count + n + 1, sizeof *k->distance);
    for (size_t t = 0; t < n; t++) {
        double off = 0, size = 0;
        for (size_t i = 0; i < k->d; i++) {
            double e = expected[t * k->d + i], difference = found[t * k->d + i] - e;
            off += difference * difference;
            size += (e - mean[i]) * (e - mean[i]);
        }
        if (size > 0) k->distance[k->count++] = sqrt(off / size);
    }
    free(mean);
}

/* The captured residuals of a domain, of a difference what is subtracted, which is base's stream; false where they are
 * not there, or others. */
static bool open_capture(const comparison *k, const char *study, const study_capture *spec, size_t domain, matrix *m) {
    const scry_capture_info *info = &k->index->info.capture[k->texts->capture[domain]];
    if (!spec->present || spec->features || !spec->file_count) return false;
    scry_error unread = {0};
    char *const *files = spec->minus ? spec->minus->files : spec->files;
    const char *inside = spec->minus && spec->minus->tensor ? spec->minus->tensor : spec->tensor;
    const size_t count = spec->minus ? spec->minus->file_count : spec->file_count;
    char **paths = mem_new(count, sizeof *paths);
    for (size_t i = 0; i < count; i++) paths[i] = causal_find_path(k->index, study, files[i]);
    bool ok = matrix_open(m, paths, count, inside, spec->key, &unread);
    for (size_t i = 0; i < count; i++) free(paths[i]);
    free(paths);
    uint64_t first = spec->has_rows ? spec->row_from : 0;
    if (ok && (m->sparse || m->cols != k->d || first > m->rows || m->rows - first < info->rows)) {
        matrix_close(m);
        return false;
    }
    return ok;
}

/* The tokens of a domain that are compared: their packed rows, and rows of the capture. Returns how many. */
static size_t choose_tokens(const causal_texts *t, size_t domain, size_t *token, uint64_t *row) {
    const size_t from = t->first[domain], count = t->first[domain + 1] - from;
    const size_t take = count < SAMPLES ? count : SAMPLES;
    size_t n = 0;
    for (size_t i = 0; i < take; i++) {
        const causal_sample *s = &t->samples[from + i * count / take];
        for (uint32_t p = s->before; p < s->count && p - s->before < TOKENS; p++) {
            token[n] = s->at + p;
            row[n++] = s->first + p - s->before;
        }
    }
    return n;
}

static void compare_captured(comparison *k, const char *study, const study_capture *spec, size_t domain) {
    matrix m;
    if (!open_capture(k, study, spec, domain, &m)) return;
    const uint64_t first = spec->has_rows ? spec->row_from : 0;
    size_t token[SAMPLES * TOKENS], count, n = 0;
    uint64_t row[SAMPLES * TOKENS];
    count = choose_tokens(k->texts, domain, token, row);
    double *found = mem_new(count + 1, k->d * sizeof *found), *expected = mem_new(count + 1, k->d * sizeof *expected);
    float *c = mem_new(k->d, sizeof *c);
    for (size_t t = 0; t < count; t++) {
        if (first + row[t] >= m.rows || matrix_row(&m, first + row[t], c)) continue; /* NaN or infinite */
        for (size_t i = 0; i < k->d; i++) {
            found[n * k->d + i] = (double)k->x[token[t] * k->d + i];
            expected[n * k->d + i] = (double)c[i];
        }
        n++;
    }
    add_tokens(k, found, expected, n);
    free(found);
    free(expected);
    free(c);
    matrix_close(&m);
}

/* Sums h_j W_dec_j of the index's activations at rows of a capture, in out [count][d]. */
static void reconstruct_indexed(const comparison *k, uint32_t capture, const uint64_t *row, size_t count, double *out) {
    const scry_index *x = k->index;
    float *decoder = mem_new(k->d, sizeof *decoder);
    uint32_t *latents = mem_new(x->info.d_sae, sizeof *latents), n = scry_active_latents(x, latents);
    for (uint32_t j = 0; j < n; j++) {
        index_cursor at = index_postings(x, latents[j]);
        bool read = false;
        size_t t = 0;
        index_seek(x, &at, capture, row[0]);
        if (!index_segment(x, &at) || at.capture != capture) continue;
        while (index_next(x, &at) && at.row <= row[count - 1]) {
            while (row[t] < at.row) t++;
            if (row[t] != at.row) continue;
            if (!read) scry_decoder_row(x, latents[j], decoder);
            read = true;
            for (size_t i = 0; i < k->d; i++) out[t * k->d + i] += (double)at.activation * (double)decoder[i];
        }
    }
    free(latents);
    free(decoder);
}

/* Tokens without an activation in the index, such as those that the study leaves out, say nothing. */
static void compare_latents(comparison *k, const sae *s, size_t domain) {
    size_t token[SAMPLES * TOKENS], n = 0;
    uint64_t row[SAMPLES * TOKENS];
    const size_t count = choose_tokens(k->texts, domain, token, row), d = k->d;
    if (!count) return;
    float *x = mem_new(count, d * sizeof *x);
    double *found = mem_new(count, d * sizeof *found), *expected = mem_new(count, d * sizeof *expected);
    for (size_t t = 0; t < count; t++) memcpy(x + t * d, k->x + token[t] * d, d * sizeof *x);
    reconstruct_indexed(k, (uint32_t)k->texts->capture[domain], row, count, expected);
    index_sae_reconstruct(k->index, s, x, (uint32_t)count, found);
    for (size_t t = 0; t < count; t++) {
        bool any = false;
        for (size_t i = 0; i < d; i++) any = any || expected[t * d + i] != 0;
        if (!any) continue;
        memmove(found + n * d, found + t * d, d * sizeof *found);
        memmove(expected + n * d, expected + t * d, d * sizeof *expected);
        n++;
    }
    add_tokens(k, found, expected, n);
    free(x);
    free(found);
    free(expected);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Up to DOMAINS domains whose texts come from a file, evenly. Returns how many. */
static size_t choose_domains(const causal_texts *t, size_t out[DOMAINS]) {
    size_t known = 0, n = 0;
    for (size_t d = 0; d < t->domains; d++) known += t->from_file[d];
    for (size_t d = 0, i = 0; d < t->domains && n < DOMAINS; d++) {
        if (!t->from_file[d]) continue;
        if (known <= DOMAINS || i * DOMAINS / known == n) out[n++] = d;
        i++;
    }
    return n;
}

stream_distance stream_distance_of(const scry_index *x, const char *study, const causal_texts *t, const float *stream,
                                   const sae *s, uint64_t memory) {
    stream_distance out = {.median = NAN};
    comparison k = {.index = x, .texts = t, .x = stream, .d = x->info.d_model};
    size_t domain[DOMAINS], domains = choose_domains(t, domain);
    scry_study *manifest = causal_study(x);
    sae own = {0};
    for (size_t i = 0; manifest && i < domains; i++)
        if (domain[i] < manifest->domain_count)
            compare_captured(&k, study, &manifest->domains[domain[i]].capture[SCRY_BASE], domain[i]);
    scry_study_free(manifest);
    out.by_latents = !k.count && domains && !x->info.candidates && !x->info.difference;
    if (out.by_latents && !s && index_sae_load(&own, x, memory)) s = &own;
    for (size_t i = 0; out.by_latents && s && i < domains; i++) compare_latents(&k, s, domain[i]);
    if (s == &own) sae_free(&own);
    if (k.count) {
        qsort(k.distance, k.count, sizeof *k.distance, ascending);
        out.median = (k.distance[(k.count - 1) / 2] + k.distance[k.count / 2]) / 2;
        out.tokens = k.count;
        out.domain = x->info.domain[domain[0]].name;
    }
    free(k.distance);
    return out;
}

bool stream_check(const scry_index *x, const stream_distance *s, const char *model, scry_hook hook, scry_notes *notes,
                  scry_error *err) {
    char at[SCRY_HOOK_TEXT];
    const char *of = s->by_latents ? "what the index's activations make of it in" : "the residuals of";
    scry_hook_text(hook, at);
    if (isnan(s->median) || s->median <= STREAM_DISTANCE_NOTED) return true;
    if (s->median > STREAM_DISTANCE_REFUSED)
        return scry_misuse(err,
                           "%s: its stream at %s differs by %.0f%% from %s the study \"%.200s\" (median over %zu "
                           "tokens, such as of %.60s), expected at most %g%%; it is not the model of the study, but a "
                           "tuned or another one, or \"hook\" names another place, or the token files lack text that "
                           "stood in front; name the study's model with --model DIR or as \"model_path\"",
                           model, at, 100 * s->median, of, x->info.name, s->tokens, s->domain,
                           100 * STREAM_DISTANCE_REFUSED);
    scry_notes_add(notes,
                   "%s: its stream at %s differs by %.1f%% from %s the study \"%.200s\" (median over %zu tokens), "
                   "expected at most %g%%, which other precisions explain; quantised weights or a lightly tuned model "
                   "look so. Is it the model of the study?",
                   model, at, 100 * s->median, of, x->info.name, s->tokens, 100 * STREAM_DISTANCE_NOTED);
    return true;
}

/* ---- a text to compare by ------------------------------------------------------------------- */

/* The domain whose base capture has the fewest rows, of those with texts: its files are the quickest to read. */
static bool smallest_domain(const scry_index *x, size_t *out) {
    uint64_t least = UINT64_MAX;
    for (size_t d = 0; d < x->info.domains; d++) {
        int capture = scry_find_capture(x, (int)d, SCRY_BASE);
        if (capture < 0 || !x->info.capture[capture].has_tokens || x->info.capture[capture].rows >= least) continue;
        least = x->info.capture[capture].rows;
        *out = d;
    }
    return least < UINT64_MAX;
}

bool stream_probe_run(stream_probe *probe, const scry_index *x, scry_run *run, const scry_tokenizer *tok,
                      scry_hook hook, scry_error *err) {
    size_t domain;
    *probe = (stream_probe){0};
    if (!x->info.domains || !smallest_domain(x, &domain)) return true;
    bool *domains = mem_new(x->info.domains, sizeof *domains);
    domains[domain] = true;
    causal_texts_query query = {
        .tok = tok, .domains = domains, .most_tokens = UINT32_MAX / 2, .samples = 1, .seed = SCRY_SEED};
    scry_error unread = {0};
    bool ok = causal_texts_read(&probe->texts, x, &query, NULL, &unread) && probe->texts.from_file[domain];
    free(domains);
    if (!ok || !probe->texts.count) { /* nothing that the captures belong to */
        stream_probe_free(probe);
        return true;
    }
    causal_sample *s = &probe->texts.samples[0];
    if (s->count > s->before + TOKENS) s->count = s->before + TOKENS; /* later tokens change nothing before them */
    probe->texts.tokens = s->count;
    probe->x = mem_resize(NULL, s->count, x->info.d_model * sizeof *probe->x);
    const scry_sequence sequence = {.ids = s->ids, .count = s->count};
    return scry_run_to_hook(run, hook, &sequence, 1, probe->x, err);
}

void stream_probe_free(stream_probe *probe) {
    causal_texts_free(&probe->texts);
    free(probe->x);
    *probe = (stream_probe){0};
}
