/* diff/lens_models.c: mean differences between two models' streams on the texts of a domain. */
#include "base/mem.h"
#include "causal/causal_texts.h"
#include "diff/diff_check.h"
#include "diff/lens_internal.h"
#include "latent/token_pairing.h"

#include <inttypes.h>
#include <stdlib.h>

typedef struct model_streams {
    scry_lens *lens;
    const scry_lens_query *query;
    model_pair pair;
    scry_run *run[2];
    scry_hook hook;
    causal_texts texts;
    uint8_t *kept; /* [rows of the base capture] */
    float *x[2];   /* [room][d] */
    size_t room;
    scry_error *err;
} model_streams;

static bool check_models(const model_streams *s) {
    const scry_info *info = &s->lens->index->info;
    for (int m = 0; m < 2; m++) {
        const scry_model_info *model = scry_model_info_of(s->pair.model[m]);
        if (model->d_model != info->d_model)
            return scry_misuse(s->err,
                               "%s: the model's stream has width %" PRIu32 ", expected %" PRIu32
                               " as in %s; is it the model that the study was captured from?",
                               model->path, model->d_model, info->d_model, info->path);
        if (!scry_model_has_hook(s->pair.model[m], s->hook, s->err)) return false;
    }
    return true;
}

static bool is_cancelled(void *context) {
    const scry_lens *lens = context;
    return scry_cancelled(lens->cancel);
}

static bool open_models(model_streams *s, scry_notes *notes) {
    const scry_lens *lens = s->lens;
    const scry_info *info = &lens->index->info;
    const char *base = scry_lens_model(lens, SCRY_THROUGH_BASE, s->query->train);
    if (!*info->hook)
        return scry_misuse(s->err,
                           "%s: the study does not say where its residuals were captured; add \"hook\", such as "
                           "\"blocks.3.hook_resid_post\", to its manifest and index it again",
                           info->path);
    if (!scry_hook_parse(info->hook, &s->hook, s->err) ||
        !model_pair_open_folders(&s->pair, base, lens_tuned_folder(lens, s->query), notes, s->err) || !check_models(s))
        return false;
    scry_run_options options = {
        .threads = lens->threads, .memory = lens->memory / 2, .cancelled = is_cancelled, .context = s->lens};
    for (int m = 0; m < 2; m++)
        if (!(s->run[m] = scry_run_new(s->pair.model[m], &options, s->err))) return false;
    return diff_check_base(lens->index, lens->study, &s->pair, s->run[0], lens->memory, notes, s->err);
}

/* The last token of a sample, which causal_texts only predicts, is read too: the context has room for it. */
static bool read_texts(model_streams *s, scry_notes *notes) {
    const scry_index *x = s->lens->index;
    bool *domains = mem_new(x->info.domains, sizeof *domains), as_indexed = true;
    domains[s->query->domain] = true;
    causal_texts_query query = {.tok = s->pair.tok,
                                .study = s->lens->study,
                                .domains = domains,
                                .most_tokens = model_pair_context(&s->pair, UINT32_MAX / 2) - 1};
    bool ok = causal_texts_read(&s->texts, x, &query, notes, s->err);
    free(domains);
    if (!ok) return false;
    size_t capture = (size_t)lens_capture(x, s->query, SCRY_BASE);
    s->kept = index_kept_rows(x, capture, &as_indexed);
    return as_indexed ||
           scry_fail(s->err,
                     "%s: %s: the index does not say which rows count, expected one made by this version; make it "
                     "again with scry index",
                     x->info.path, x->info.capture[capture].name);
}

/* Adds what lies on rows that count. */
static void add_sample(const model_streams *s, const causal_sample *sample, const float *base, const float *tuned,
                       lens_sums *sums) {
    const size_t d = s->lens->index->info.d_model;
    const scry_capture_info *info = &s->lens->index->info.capture[sample->capture];
    const scry_sample at = scry_sample_at(s->lens->index, sample->capture, sample->sample);
    for (uint32_t k = sample->before; k < sample->to; k++) {
        uint64_t place = k - sample->before, row = sample->first + place;
        if (place >= at.count || row >= info->rows || !s->kept[row]) continue;
        if (sums->by_sample) {
            lens_sums_row(sums, false, base + k * d);
            lens_sums_row(sums, true, tuned + k * d);
        } else lens_sums_pair(sums, base + k * d, tuned + k * d, place + at.cut);
    }
    if (sums->by_sample) lens_sums_end_sample(sums);
}

static bool run_batch(model_streams *s, size_t first, size_t count, lens_sums *sums) {
    const size_t d = s->lens->index->info.d_model;
    scry_sequence *sequences = mem_new(count, sizeof *sequences);
    size_t tokens = 0;
    for (size_t i = 0; i < count; i++) {
        const causal_sample *sample = &s->texts.samples[first + i];
        sequences[i] = (scry_sequence){.ids = sample->ids, .count = sample->to};
        tokens += sample->to;
    }
    if (tokens > s->room) {
        s->room = tokens;
        for (int m = 0; m < 2; m++) s->x[m] = mem_resize(s->x[m], tokens * d, sizeof **s->x);
    }
    bool ok = true;
    for (int m = 0; m < 2 && ok; m++) ok = scry_run_to_hook(s->run[m], s->hook, sequences, count, s->x[m], s->err);
    for (size_t i = 0, at = 0; i < count && ok; at += sequences[i++].count)
        add_sample(s, &s->texts.samples[first + i], s->x[0] + at * d, s->x[1] + at * d, sums);
    free(sequences);
    return ok;
}

static bool run_all(model_streams *s, lens_sums *sums) {
    const causal_texts *t = &s->texts;
    size_t most = scry_run_batch(s->run[0]);
    if (scry_run_batch(s->run[1]) < most) most = scry_run_batch(s->run[1]);
    for (size_t i = 0, end; i < t->count; i = end) {
        size_t tokens = 0;
        for (end = i; end < t->count && (end == i || tokens + t->samples[end].to <= most); end++)
            tokens += t->samples[end].to;
        if (!run_batch(s, i, end - i, sums)) return false;
        scry_report_progress(s->lens->cancel, (double)end / (double)t->count);
        if (lens_cancelled(s->lens, s->err)) return false;
    }
    return true;
}

bool lens_sum_models(scry_lens *lens, const scry_lens_query *query, lens_sums *sums, lens_entry *entry,
                     scry_notes *notes, scry_error *err) {
    model_streams s = {.lens = lens, .query = query, .err = err};
    bool ok = open_models(&s, notes) && read_texts(&s, notes) && run_all(&s, sums);
    for (int m = 0; m < 2 && ok; m++) {
        entry->record.model[m] = scry_model_fingerprint(s.pair.model[m]);
        entry->folder[m] = mem_copy_string(s.pair.adapter[m] ? s.pair.adapter[m] : s.pair.folder[m]);
    }
    for (int m = 0; m < 2; m++) {
        scry_run_free(s.run[m]);
        free(s.x[m]);
    }
    free(s.kept);
    causal_texts_free(&s.texts);
    model_pair_close(&s.pair);
    return ok;
}
