/* statistics.c: per-latent statistics of an open index. */
#include "base/mem.h"
#include "index/format/metric_values.h"
#include "index/read/effects.h"
#include "index/read/index.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const scry_info *scry_index_info(const scry_index *x) {
    return &x->info;
}

int scry_find_capture(const scry_index *x, int group, scry_condition condition) {
    const int64_t row = (int64_t)group + (int64_t)x->info.trains;
    const bool known = x->capture_of && row >= 0 && row < (int64_t)(x->info.trains + x->D);
    return known && (unsigned)condition < SCRY_CONDITIONS ? x->capture_of[row * SCRY_CONDITIONS + condition] - 1 : -1;
}

int scry_find_capture_named(const scry_index *x, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < x->info.captures; i++)
        if (strcmp(x->info.capture[i].name, name) == 0) return (int)i;
    for (size_t i = 0; i < x->info.captures; i++) { /* "math" is math.base */
        const char *full = x->info.capture[i].name;
        if (strncmp(full, name, length) == 0 && strcmp(full + length, ".base") == 0) return (int)i;
    }
    return -1;
}

int scry_train_sources(const scry_index *x, size_t train, scry_condition out[SCRY_CONDITIONS]) {
    int n = 0;
    for (int c = 1; c < SCRY_CONDITIONS; c++)
        if (x->info.train[train].has[c]) out[n++] = (scry_condition)c;
    return n;
}

bool scry_default_source(const scry_index *x, size_t train, scry_condition *source, scry_error *err) {
    scry_condition has[SCRY_CONDITIONS];
    bool any = scry_train_sources(x, train, has) > 0;
    *source = any ? has[0] : SCRY_BASE;
    for (int c = 1; c < SCRY_CONDITIONS && !any; c++)
        if (x->info.train[train].identical[c]) return scry_require_source(x, train, (scry_condition)c, err);
    if (!any && x->info.against != SCRY_AGAINST_BASE)
        return scry_misuse(err,
                           "%s: training set \"%.60s\" has no capture under \"%s\" to compare with; --against base",
                           x->info.path, x->info.train[train].name, scry_reference_name(x->info.against));
    return any || scry_require_source(x, train, SCRY_BASE, err);
}

scry_metric scry_default_metric(scry_condition source) {
    return source == SCRY_BASE ? SCRY_MEAN : SCRY_SQ;
}

const char *scry_metric_title(scry_metric metric, scry_condition source) {
    const scry_metric_info *m = &scry_metrics[metric];
    return source == SCRY_BASE && m->base_title ? m->base_title : m->title;
}

static const char *capture_name(const scry_index *x, size_t train, scry_condition condition) {
    int number = scry_find_capture(x, -1 - (int)train, condition);
    return number < 0 ? scry_condition_name(condition) : x->info.capture[number].name;
}

const char *index_identical_cause(scry_condition condition) {
    return condition == SCRY_ICL       ? "were the demonstrations in the prompts"
           : condition == SCRY_CONTROL ? "was the unrelated text in the prompts"
                                       : "was the adapter or the trained checkpoint loaded and active";
}

bool scry_require_source(const scry_index *x, size_t train, scry_condition source, scry_error *err) {
    const scry_train_info *t = train < x->info.trains ? &x->info.train[train] : NULL;
    if (t && t->has[source]) return true;
    if (source == SCRY_BASE)
        return scry_misuse(err,
                           "%s: was made by a version that did not rank by base alone; make it again with scry "
                           "index",
                           x->info.path);
    scry_condition has[SCRY_CONDITIONS];
    char list[64] = "", text[SCRY_SOURCE_TEXT];
    int n = t ? scry_train_sources(x, train, has) : 0;
    for (int i = 0; i < n; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", scry_condition_name(has[i]));
    if (t && !n && !t->identical[source])
        return scry_fail(err,
                         "%s: training set \"%.60s\" has only \"base\", and nothing that it is compared with: there is "
                         "no shift to rank by; capture the same texts under \"%s\", or rank by base",
                         x->info.path, t->name, scry_condition_name(source));
    if (!t || !t->identical[source])
        return scry_misuse(err, "no source \"%s\" in this index; it has: %s",
                           scry_source_text(source, x->info.against, text), *list ? list : "none");
    char other[100] = "", cause[80];
    snprintf(cause, sizeof cause, "%s", index_identical_cause(source));
    cause[0] = (char)(cause[0] - 'a' + 'A');
    if (n) snprintf(other, sizeof other, ", or rank by %s", list);
    return scry_fail(
        err,
        "%s: %s is equal to %s to the bit on all paired rows: nothing moved, so there is nothing to rank by "
        "%s. %s? Capture it again and index again%s",
        x->info.path, capture_name(x, train, source), capture_name(x, train, scry_reference_condition(x->info.against)),
        scry_condition_name(source), cause, other);
}

scry_condition scry_other_source(const scry_index *x, const scry_ranking *ranking) {
    scry_condition has[SCRY_CONDITIONS];
    int n = scry_train_sources(x, ranking->train, has);
    for (int i = 0; i < n; i++)
        if (has[i] != ranking->source) return has[i];
    return ranking->source;
}

bool scry_has_score(const scry_index *x, scry_score score) {
    if (x->given) return x->given->sts[score];
    if (scry_scores[score].is_effect) return x->D && index_effect_columns(x);
    bool any = scry_scores[score].condition == SCRY_BASE;
    for (size_t d = 0; d < x->info.domains && !any; d++) any = x->info.domain[d].has_icl;
    return any && x->contribution[score];
}

const float *scry_contribution(const scry_index *x, scry_score score, uint32_t latent) {
    if (scry_scores[score].is_effect) return index_effect_columns(x) ? index_effect_alone(x, latent) : NULL;
    return x->contribution[score] ? index_column(x, score, latent) : NULL;
}

bool scry_is_scored(const scry_index *x, uint32_t latent) {
    return !x->info.candidates || !x->D || !isnan(x->contribution[SCRY_ACT][(size_t)latent * x->D]);
}

const index_source *index_source_of(const scry_index *x, size_t train, scry_condition source) {
    if (train >= x->info.trains) return NULL;
    const index_source *s = &x->source[train * SCRY_CONDITIONS + source];
    return s->present ? s : NULL;
}

static double stored(const scry_index *x, const index_source *s, int array, uint32_t j) {
    if (!s->array[array]) return (double)NAN;
    uint32_t row = row_of(&x->rows, j);
    return row == NO_ROW ? 0 : s->array[array][row];
}

static double fires(const scry_index *x, const index_source *s, int which, uint32_t j) {
    uint32_t row = row_of(&x->rows, j);
    return row == NO_ROW ? 0 : (double)packed_uint_get(s->fires[which], s->fires_width, row);
}

static double metric_of(const scry_index *x, const index_source *s, scry_metric metric, uint32_t j) {
    if (metric_array(metric) >= 0) return stored(x, s, metric_array(metric), j);
    const metric_base base = {s->pairs, s->base_tokens, s->other_tokens, x->info.pairing == SCRY_PAIR_SAMPLE};
    double of[SHIFT_ARRAYS] = {0}, fired[2] = {0};
    if (metric == SCRY_MEAN) { /* read only what the metric needs: the rest would come from the disk */
        of[SHIFT_BASE] = stored(x, s, SHIFT_BASE, j);
        of[SHIFT_OTHER] = stored(x, s, SHIFT_OTHER, j);
    } else {
        for (int which = 0; which < 2; which++) fired[which] = fires(x, s, which, j);
    }
    return metric_value(&base, metric, of, fired);
}

const double *scry_shift(const scry_index *x, size_t train, scry_condition source, scry_metric metric) {
    const index_source *s = index_source_of(x, train, source);
    const double *array = s && metric_array(metric) >= 0 ? s->array[metric_array(metric)] : NULL;
    if (!s || (metric_array(metric) >= 0 && !array)) return NULL;
    if (array && x->rows.rows == x->F) return array;
    double **place = &x->derived->shift[(train * SCRY_CONDITIONS + source) * SCRY_METRICS + metric];
    pthread_mutex_lock(&x->derived->lock);
    if (!*place) {
        double *out = mem_new(x->F, sizeof *out);
        for (uint32_t j = 0; j < x->F; j++) out[j] = metric_of(x, s, metric, j);
        *place = out;
    }
    const double *shift = *place;
    pthread_mutex_unlock(&x->derived->lock);
    return shift;
}

double scry_shift_of(const scry_index *x, size_t train, scry_condition source, scry_metric metric, uint32_t latent) {
    const index_source *s = index_source_of(x, train, source);
    return s ? metric_of(x, s, metric, latent) : 0;
}

/* Base alone has its figures where a source has those that it moves to. */
static int side_of(scry_condition source, bool shifted) {
    return shifted || source == SCRY_BASE;
}

static double mean_of(const scry_index *x, size_t train, scry_condition source, bool shifted, uint32_t latent) {
    const index_source *s = index_source_of(x, train, source);
    if (!s) return 0;
    if (shifted && source == SCRY_BASE) return (double)NAN;
    return stored(x, s, side_of(source, shifted) ? SHIFT_OTHER : SHIFT_BASE, latent) / s->pairs;
}

static double rate_of(const scry_index *x, size_t train, scry_condition source, bool shifted, uint32_t latent) {
    const index_source *s = index_source_of(x, train, source);
    if (!s) return 0;
    if (shifted && source == SCRY_BASE) return (double)NAN;
    return fires(x, s, side_of(source, shifted), latent) / (shifted ? s->other_tokens : s->base_tokens);
}

double scry_mean_base(const scry_index *x, size_t train, scry_condition source, uint32_t latent) {
    return mean_of(x, train, source, false, latent);
}

double scry_mean_shifted(const scry_index *x, size_t train, scry_condition source, uint32_t latent) {
    return mean_of(x, train, source, true, latent);
}

double scry_rate_base(const scry_index *x, size_t train, scry_condition source, uint32_t latent) {
    return rate_of(x, train, source, false, latent);
}

double scry_rate_shifted(const scry_index *x, size_t train, scry_condition source, uint32_t latent) {
    return rate_of(x, train, source, true, latent);
}

bool scry_decoder_row(const scry_index *x, uint32_t latent, float *out) {
    if (!x->decoder) return false;
    decoder_read(x->decoder, x->decoder_codec, (uint64_t)latent * x->info.d_model, x->info.d_model, out);
    return true;
}

const float *scry_decoder_bias(const scry_index *x) {
    return x->decoder_bias;
}
