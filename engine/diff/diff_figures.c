/* diff/diff_figures.c: what of a comparison is told: groups, places, the vocabulary. */
#include "analysis.h"
#include "base/mem.h"
#include "diff/diff_internal.h"
#include "stats/ratio_error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- groups --------------------------------------------------------------------------------- */

/* The mean over tokens of what `sum` has of each text. */
static double mean_of(const diff *d, size_t group, const double *sum, double *error) {
    const size_t first = d->texts.first[group], m = d->texts.first[group + 1] - first;
    double total = 0;
    for (size_t i = first; i < first + m; i++) total += sum[i];
    if (error) *error = ratio_error(sum + first, d->tokens + first, m);
    return total / (double)d->texts.group[group].tokens;
}

void diff_figures(diff *d) {
    for (size_t g = 0; g < d->texts.groups; g++) {
        scry_diff_group *out = &d->texts.group[g];
        out->kl = mean_of(d, g, d->kl, &out->kl_se);
        out->gain = mean_of(d, g, d->gain, &out->gain_se);
        out->differs = mean_of(d, g, d->differs, &out->differs_se);
        out->loss_base = mean_of(d, g, d->loss[0], NULL);
        out->loss_tuned = mean_of(d, g, d->loss[1], NULL);
    }
    d->out.group = d->texts.group;
    d->out.groups = d->texts.groups;
}

void scry_diff_result(scry_result *r, const scry_diff *out, scry_diff_by by, const scry_index *index,
                      const scry_scope *scope) {
    const scry_info *info = scry_index_info(index);
    double *value = mem_new(info->domains + 1, sizeof *value);
    for (size_t d = 0; d < info->domains; d++) {
        value[d] = NAN;
        for (size_t g = 0; g < out->groups; g++)
            if (!out->group[g].is_train && strcmp(out->group[g].name, info->domain[d].name) == 0)
                value[d] = by == SCRY_DIFF_KL ? out->group[g].kl : -out->group[g].gain;
    }
    scry_result_values(r, index, value, scope);
    scry_result_finish_values(r, index, scope);
    free(value);
}

/* ---- places --------------------------------------------------------------------------------- */

static double greatness(const scry_diff_place *p, bool by_kl) {
    return by_kl ? p->kl : fabs(p->gain);
}

void diff_take_place(diff *d, const logit_pairs *pairs, size_t row, size_t text, uint32_t at) {
    const pair_figures *f = &pairs->figures[row];
    const diff_text *t = &d->texts.texts[text];
    const double gain = f->log_probability[1] - f->log_probability[0];
    const bool by_kl = d->query->by == SCRY_DIFF_KL;
    scry_diff *out = &d->out;
    size_t most = d->query->places, i = out->place_count;
    if (!most) return;
    const double value = by_kl ? f->kl : fabs(gain);
    if (i == most && !(value > greatness(&out->place[i - 1], by_kl))) return;
    if (i < most) out->place_count++;
    else i--;
    for (; i > 0 && value > greatness(&out->place[i - 1], by_kl); i--) out->place[i] = out->place[i - 1];
    scry_diff_place *p = &out->place[i];
    *p = (scry_diff_place){
        .group = t->group, .sample = t->sample, .ids = t->ids, .count = t->to, .at = at, .kl = f->kl, .gain = gain};
    for (int m = 0; m < 2; m++) {
        uint32_t ids[SCRY_DIFF_NEXT] = {0};
        double probabilities[SCRY_DIFF_NEXT] = {0};
        pairs_top(pairs, m, row, SCRY_DIFF_NEXT, ids, probabilities);
        for (int k = 0; k < SCRY_DIFF_NEXT; k++) {
            p->next[m][k].id = ids[k];
            p->next[m][k].probability = probabilities[k];
        }
    }
}

/* ---- the vocabulary ------------------------------------------------------------------------- */

/* Those with the largest sign * probability, in falling order, ties by id. */
static size_t first_words(const scry_diff_word *words, uint32_t count, double sign, size_t most, scry_diff_word *out) {
    size_t kept = 0;
    for (uint32_t v = 0; v < count && most; v++) {
        const double value = sign * words[v].probability;
        if (kept == most && !(value > sign * out[most - 1].probability)) continue;
        size_t at = kept < most ? kept++ : most - 1;
        for (; at > 0 && value > sign * out[at - 1].probability; at--) out[at] = out[at - 1];
        out[at] = words[v];
    }
    return kept;
}

size_t scry_diff_vocabulary(const scry_diff *out, size_t group, size_t most, scry_diff_word *gained,
                            scry_diff_word *lost) {
    const diff *d = (const diff *)(const void *)out;
    const size_t first = group == SCRY_DIFF_ALL ? 0 : group, end = group == SCRY_DIFF_ALL ? d->texts.groups : group + 1;
    scry_diff_word *words = mem_new(d->vocabulary, sizeof *words);
    double tokens = 0;
    for (size_t g = first; g < end; g++) tokens += (double)d->texts.group[g].tokens;
    for (uint32_t v = 0; v < d->vocabulary; v++) {
        words[v].id = v;
        for (size_t g = first; g < end; g++) {
            words[v].probability += d->change[g * d->vocabulary + v] / tokens;
            words[v].pushed += d->pushed[g * d->vocabulary + v] / tokens;
        }
    }
    size_t kept = first_words(words, d->vocabulary, 1, most, gained);
    first_words(words, d->vocabulary, -1, most, lost);
    free(words);
    return kept;
}
