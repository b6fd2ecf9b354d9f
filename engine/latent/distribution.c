/* latent/distribution.c: summary and histogram of a latent's activations, and its profile by domain. */
#include "base/mem.h"
#include "base/sort.h"
#include "index/read/index.h"
#include "latent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double scry_quantile_at[SCRY_QUANTILES] = {.05, .25, .5, .75, .95};

/* Between the two values that p falls between (R's type 7, numpy's default). */
static double quantile(const float *sorted, size_t n, double p) {
    double at = p * (double)(n - 1);
    size_t low = (size_t)at, high = low + 1 < n ? low + 1 : low;
    return (double)sorted[low] + (at - (double)low) * ((double)sorted[high] - (double)sorted[low]);
}

scry_distribution scry_distribution_of(const scry_index *x, const scry_latent_activations *f, const bool *use) {
    scry_distribution s = {.mean = NAN, .mean_firing = NAN, .least = NAN, .most = NAN};
    float *positive = mem_new(f->start[x->info.captures], sizeof *positive);
    double sum = 0, all = 0;
    for (size_t c = 0; c < x->info.captures; c++) {
        if (!use[c]) continue;
        s.tokens += x->info.capture[c].kept;
        for (size_t i = f->start[c]; i < f->start[c + 1]; i++) {
            all += (double)f->activation[i];
            if (!(f->activation[i] > 0)) continue;
            sum += (double)f->activation[i];
            positive[s.fires++] = f->activation[i];
        }
    }
    if (s.tokens) s.mean = all / (double)s.tokens;
    for (int q = 0; q < SCRY_QUANTILES; q++) s.quantile[q] = NAN;
    if (s.fires) {
        sort_positive(positive, s.fires);
        s.mean_firing = sum / (double)s.fires;
        s.least = (double)positive[0];
        s.most = (double)positive[s.fires - 1];
        for (int q = 0; q < SCRY_QUANTILES; q++) s.quantile[q] = quantile(positive, s.fires, scry_quantile_at[q]);
    }
    free(positive);
    return s;
}

double scry_bin_edge(const scry_bins *b, uint32_t i) {
    if (i == 0) return b->low;
    if (i >= b->count) return b->high;
    double share = (double)i / b->count;
    return b->logarithmic ? b->low * pow(b->high / b->low, share) : b->low + (b->high - b->low) * share;
}

void scry_histogram(const scry_index *x, const scry_latent_activations *f, const bool *use, const scry_bins *b,
                    uint64_t *counts) {
    double *edge = mem_new(b->count + 1, sizeof *edge);
    for (uint32_t i = 0; i <= b->count; i++) edge[i] = scry_bin_edge(b, i);
    memset(counts, 0, b->count * sizeof *counts);
    for (size_t c = 0; c < x->info.captures; c++)
        for (size_t k = f->start[c]; use[c] && k < f->start[c + 1]; k++) {
            double h = (double)f->activation[k];
            if (!(h > 0) || h < edge[0] || h > edge[b->count]) continue;
            uint32_t low = 0, high = b->count;
            while (high - low > 1) {
                uint32_t middle = low + (high - low) / 2;
                if (edge[middle] <= h) low = middle;
                else high = middle;
            }
            counts[low]++;
        }
    free(edge);
}

static void sums_of(const scry_index *x, const scry_latent_activations *f, size_t capture, double *mean, double *rate) {
    double sum = 0, kept = (double)x->info.capture[capture].kept;
    size_t fires = 0;
    for (size_t i = f->start[capture]; i < f->start[capture + 1]; i++) {
        sum += (double)f->activation[i];
        fires += f->activation[i] > 0;
    }
    *mean = sum / kept;
    *rate = (double)fires / kept;
}

/* E[h_icl - h_reference] over the pairs: what the latent adds up to on rows that have a partner. */
static double paired_difference(scry_token_pairing *pairs, const scry_latent_activations *f, size_t base, size_t icl) {
    uint64_t n = scry_paired_count(pairs, icl);
    double sum = 0;
    for (int side = 0; side < 2; side++) {
        size_t here = side ? icl : base, there = side ? base : icl;
        for (size_t i = f->start[here]; i < f->start[here + 1]; i++) {
            int64_t other = scry_paired_row(pairs, here, f->row[i], there);
            if (other >= 0 && scry_row_is_kept(pairs, here, f->row[i]) &&
                scry_row_is_kept(pairs, there, (uint64_t)other))
                sum += side ? (double)f->activation[i] : -(double)f->activation[i];
        }
    }
    return n ? sum / (double)n : (double)NAN;
}

void scry_profile_of(const scry_index *x, scry_token_pairing *pairs, const scry_latent_activations *f,
                     scry_profile *out) {
    for (size_t d = 0; d < x->D; d++) out[d] = (scry_profile){NAN, NAN, NAN, NAN, NAN};
    for (size_t c = 0; c < x->info.captures; c++) {
        const scry_capture_info *info = &x->info.capture[c];
        if (info->group < 0 || (size_t)info->group >= x->D) continue;
        scry_profile *p = &out[info->group];
        if (info->condition == SCRY_BASE) sums_of(x, f, c, &p->mean, &p->rate);
        if (info->condition != SCRY_ICL) continue;
        sums_of(x, f, c, &p->mean_icl, &p->rate_icl);
        int base = scry_find_capture(x, x->info.capture[c].group, scry_reference_condition(x->info.against));
        if (base >= 0) p->difference = paired_difference(pairs, f, (size_t)base, c);
    }
}
