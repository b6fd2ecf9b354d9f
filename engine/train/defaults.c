/* train/defaults.c: the settings that a run was not given.
 *
 * Where they come from: AuxK and learning rate as in dictionary_learning's TopK trainers, but that runs of fewer than
 * 20,000 steps learn faster; L1 weight (at d 4096), its warm-up and the length of the first decoder rows as in
 * Anthropic's update of April 2024 and SAELens. */
#include "train/trainer.h"

#include <math.h>
#include <string.h>

const char *const scry_arch_names[] = {"relu", "topk", "batchtopk", "jumprelu"};
const char *const scry_penalty_names[] = {"l0", "tanh"};
const char *const scry_decay_names[] = {"constant", "linear", "cosine"};
const char *const scry_center_names[] = {"mean", "median", "zero"};
const char *const scry_revive_names[] = {"auxk", "resample", "none"};

const char *const setting_names[SETTINGS] = {
#define SETTING(name, least, most, whole, words) #name,
    SCRY_TRAIN_SETTINGS(SETTING)
#undef SETTING
};

_Static_assert(sizeof(scry_train_settings) == SETTINGS * sizeof(double), "settings are doubles, one after the other");

double setting_get(const scry_train_settings *s, int which) {
    double value;
    memcpy(&value, (const char *)s + (size_t)which * sizeof value, sizeof value);
    return value;
}

static void setting_set(scry_train_settings *s, int which, double value) {
    memcpy((char *)s + (size_t)which * sizeof value, &value, sizeof value);
}

void scry_train_undecided(scry_train_settings *settings) {
    for (int i = 0; i < SETTINGS; i++) setting_set(settings, i, SCRY_UNDECIDED);
}

static void decide(double *setting, double value) {
    if (*setting < 0) *setting = value;
}

static bool is(double setting, int value) {
    return setting > value - 0.5 && setting < value + 0.5;
}

/* A latent is worth its penalty when it explains enough of |x|^2, which is d once residuals are scaled: where L0 ends
 * does not depend on d when a penalty on sizes grows as sqrt(d) and one on numbers as d. relu's is the usual 5 at d
 * 4096; jumprelu's end with some 30 to 40 active latents a token where relu's does, and do not go below what thresholds
 * of 0.1 and their estimator need. */
static double default_sparsity(const scry_train_settings *s, double d) {
    if (is(s->arch, SCRY_RELU)) return 5 * sqrt(d / 4096);
    if (is(s->arch, SCRY_JUMPRELU)) return is(s->penalty, SCRY_PENALTY_L0) ? fmax(0.5, d / 400) : fmax(0.2, d / 1000);
    return 0;
}

/* tanh's rectangle is as wide as activations are large, 2 at d 4096. */
static double default_bandwidth(const scry_train_settings *s, double d) {
    bool wide = is(s->arch, SCRY_JUMPRELU) && is(s->penalty, SCRY_PENALTY_TANH);
    return wide ? 2 * sqrt(d / 4096) : 0.1;
}

static void decide_shape(scry_train_settings *s, uint32_t d) {
    bool counts = is(s->arch, SCRY_TOPK) || is(s->arch, SCRY_BATCHTOPK);
    s->d_in = d;
    decide(&s->width, fmin(16.0 * d, 1 << 26));
    decide(&s->k, counts ? fmin(32, s->width) : 1);
    decide(&s->penalty, SCRY_PENALTY_L0);
    decide(&s->sparsity, default_sparsity(s, d));
    decide(&s->bandwidth, default_bandwidth(s, d));
    decide(&s->first_threshold, 0.1);
    decide(&s->tanh_scale, 4);
    decide(&s->center, SCRY_MEDIAN);
    decide(&s->normalize, 1);
    decide(&s->revive, is(s->arch, SCRY_RELU) ? SCRY_RESAMPLE : SCRY_AUXK);
    decide(&s->auxk, fmax(1, d / 2));
    decide(&s->auxk_weight, 1.0 / 32);
    decide(&s->pre_act_weight, 0);
}

/* At least 20 million tokens, but not more than 50 passes. */
static double default_tokens(uint64_t rows) {
    return fmax((double)rows, fmin(20e6, 50 * (double)rows));
}

static void decide_schedule(scry_train_settings *s, uint64_t rows, uint64_t window) {
    decide(&s->batch, fmin(2048, (double)rows));
    decide(&s->steps, fmax(1, ceil(default_tokens(rows) / s->batch)));
    decide(&s->lr, 2e-4 / sqrt(s->width / 16384) * fmin(8, fmax(1, sqrt(20000 / s->steps))));
    decide(&s->beta1, 0.9);
    decide(&s->beta2, 0.999);
    decide(&s->weight_decay, 0);
    decide(&s->warmup, fmin(1000, floor(s->steps / 20)));
    decide(&s->sparsity_warmup, floor(s->steps / 20));
    decide(&s->decay, SCRY_LINEAR);
    decide(&s->clip, 1);
    decide(&s->dead_after, fmax(1, floor(fmin(10e6, s->steps * s->batch / 10))));
    decide(&s->window, (double)window);
    decide(&s->log_every, fmax(10, floor(s->steps / 200)));
    decide(&s->checkpoint_every, fmax(1, fmin(1000, floor(s->steps / 4))));
}

static bool check_ranges(const scry_train_settings *s, scry_error *err) {
    static const struct {
        double least, most;
        bool whole;
    } range[SETTINGS] = {
#define SETTING(name, least, most, whole, words) {least, most, whole},
        SCRY_TRAIN_SETTINGS(SETTING)
#undef SETTING
    };
    for (int i = 0; i < SETTINGS; i++) {
        double value = setting_get(s, i);
        bool fine = value >= range[i].least && value <= range[i].most && (!range[i].whole || !(floor(value) < value));
        if (!fine)
            return scry_misuse(err, "train: %s: found %g, expected %s of %g to %g", setting_names[i], value,
                               range[i].whole ? "a whole number" : "a number", range[i].least, range[i].most);
    }
    return true;
}

bool resolve_defaults(scry_train_settings *s, uint32_t d, uint64_t rows, uint64_t window, scry_error *err) {
    decide(&s->arch, SCRY_TOPK);
    decide(&s->held_out, 0.05);
    decide(&s->seed, SCRY_SEED);
    decide_shape(s, d);
    decide_schedule(s, rows, window);
    if (!check_ranges(s, err)) return false;
    if (s->k > s->width)
        return scry_misuse(err, "train: k: found %g, expected at most %g, the number of latents", s->k, s->width);
    if (s->batch > (double)rows)
        return scry_misuse(err, "train: batch: found %g, expected at most %llu, the rows to train on", s->batch,
                           (unsigned long long)rows);
    if (s->batch * s->width > 4e9)
        return scry_misuse(err, "train: batch: found %g with %g latents, expected a batch of at most %.0f", s->batch,
                           s->width, floor(4e9 / s->width));
    return true;
}

step_rules rules_of_settings(const scry_train_settings *s) {
    step_rules r = {.arch = (scry_arch)(int)s->arch,
                    .k = (uint32_t)s->k,
                    .auxk = (uint32_t)s->auxk,
                    .penalty = (scry_penalty)(int)s->penalty,
                    .bandwidth = (real)s->bandwidth,
                    .tanh_scale = (real)s->tanh_scale,
                    .auxk_weight = is(s->revive, SCRY_AUXK) ? (real)s->auxk_weight : 0,
                    .pre_act_weight = (real)s->pre_act_weight};
    r.unit_decoder = r.arch != SCRY_RELU && !(r.arch == SCRY_JUMPRELU && r.penalty == SCRY_PENALTY_TANH);
    return r;
}

/* Few latents are active from the start with TopK; where half of them are, rows are short, so that what they make
 * together is not far larger than a residual. */
void initial_norms(const scry_train_settings *s, real *encoder, real *decoder) {
    step_rules r = rules_of_settings(s);
    bool counts = r.arch == SCRY_TOPK || r.arch == SCRY_BATCHTOPK;
    *decoder = r.unit_decoder ? 1 : (real)0.1;
    *encoder = counts ? 1 : (real)0.1;
}
