/* causal/stream_check.c: a model's stream against captured residuals. */
#include "causal/stream_check.h"
#include "base/mem.h"
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

/* Adds the distances of n tokens, packed rows token[], whose captured residuals are c [n][d]. */
static void add_tokens(comparison *k, const size_t *token, const float *c, size_t n) {
    double *mean = mem_new(k->d, sizeof *mean);
    for (size_t t = 0; t < n; t++)
        for (size_t i = 0; i < k->d; i++) mean[i] += (double)c[t * k->d + i] / (double)n;
    k->distance = mem_resize(k->distance, k->count + n + 1, sizeof *k->distance);
    for (size_t t = 0; t < n; t++) {
        double off = 0, size = 0;
        for (size_t i = 0; i < k->d; i++) {
            double captured = (double)c[t * k->d + i], difference = (double)k->x[token[t] * k->d + i] - captured;
            off += difference * difference;
            size += (captured - mean[i]) * (captured - mean[i]);
        }
        if (size > 0) k->distance[k->count++] = sqrt(off / size);
    }
    free(mean);
}

/* The captured residuals of a domain; false where they are not there, or others. */
static bool open_capture(const comparison *k, const char *study, const study_capture *spec, size_t domain, matrix *m) {
    const scry_capture_info *info = &k->index->info.capture[k->texts->capture[domain]];
    if (!spec->present || spec->features || !spec->file_count) return false;
    scry_error unread = {0};
    char **paths = mem_new(spec->file_count, sizeof *paths);
    for (size_t i = 0; i < spec->file_count; i++) paths[i] = causal_find_path(k->index, study, spec->files[i]);
    bool ok = matrix_open(m, paths, spec->file_count, spec->tensor, spec->key, &unread);
    for (size_t i = 0; i < spec->file_count; i++) free(paths[i]);
    free(paths);
    uint64_t first = spec->has_rows ? spec->row_from : 0;
    if (ok && (m->sparse || m->cols != k->d || first > m->rows || m->rows - first < info->rows)) {
        matrix_close(m);
        return false;
    }
    return ok;
}

static void compare_domain(comparison *k, const char *study, const study_capture *spec, size_t domain) {
    const causal_texts *t = k->texts;
    matrix m;
    if (!open_capture(k, study, spec, domain, &m)) return;
    const uint64_t first = spec->has_rows ? spec->row_from : 0;
    size_t from = t->first[domain], count = t->first[domain + 1] - from, take = count < SAMPLES ? count : SAMPLES;
    float *c = mem_new((size_t)SAMPLES * TOKENS, k->d * sizeof *c);
    size_t token[SAMPLES * TOKENS], n = 0;
    for (size_t i = 0; i < take; i++) {
        const causal_sample *s = &t->samples[from + i * count / take];
        for (uint32_t p = s->before; p < s->count && p - s->before < TOKENS; p++) {
            uint64_t row = first + s->first + p - s->before;
            if (row >= m.rows || matrix_row(&m, row, c + n * k->d)) continue; /* NaN or infinite: not comparable */
            token[n++] = s->at + p;
        }
    }
    add_tokens(k, token, c, n);
    free(c);
    matrix_close(&m);
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

stream_distance stream_distance_of(const scry_index *x, const char *study, const causal_texts *t, const float *stream) {
    stream_distance out = {.median = NAN};
    comparison k = {.index = x, .texts = t, .x = stream, .d = x->info.d_model};
    scry_study *manifest = causal_study(x);
    size_t known = 0, taken = 0;
    for (size_t d = 0; d < t->domains; d++) known += t->from_file[d];
    for (size_t d = 0, i = 0; manifest && d < t->domains && d < manifest->domain_count; d++) {
        if (!t->from_file[d]) continue;
        bool takes = known <= DOMAINS || i * DOMAINS / known == taken;
        i++;
        if (!takes) continue;
        taken++;
        size_t before = k.count;
        compare_domain(&k, study, &manifest->domains[d].capture[SCRY_BASE], d);
        if (!out.domain && k.count > before) out.domain = x->info.domain[d].name;
    }
    scry_study_free(manifest);
    if (k.count) {
        qsort(k.distance, k.count, sizeof *k.distance, ascending);
        out.median = (k.distance[(k.count - 1) / 2] + k.distance[k.count / 2]) / 2;
        out.tokens = k.count;
    }
    free(k.distance);
    return out;
}

bool stream_check(const scry_index *x, const stream_distance *s, const char *model, scry_hook hook, scry_notes *notes,
                  scry_error *err) {
    char at[SCRY_HOOK_TEXT];
    scry_hook_text(hook, at);
    if (isnan(s->median) || s->median <= STREAM_DISTANCE_NOTED) return true;
    if (s->median > STREAM_DISTANCE_REFUSED)
        return scry_misuse(
            err,
            "%s: its stream at %s differs by %.0f%% from the residuals that the study \"%s\" was captured with (median "
            "over %zu tokens, such as of %s), expected at most %g%%; it is not the model of the study, "
            "but a tuned or another one, or \"hook\" names another place, or the token files lack text "
            "that stood in front; name the study's model with --model DIR or as \"model_path\"",
            model, at, 100 * s->median, x->info.name, s->tokens, s->domain, 100 * STREAM_DISTANCE_REFUSED);
    scry_notes_add(notes,
                   "%s: its stream at %s differs by %.1f%% from the residuals that the study was captured with "
                   "(median over %zu tokens), expected at most %g%%, which other precisions explain; quantised "
                   "weights or a lightly tuned model look so. Is it the model of the study?",
                   model, at, 100 * s->median, s->tokens, 100 * STREAM_DISTANCE_NOTED);
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
