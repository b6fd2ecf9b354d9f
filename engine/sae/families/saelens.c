/* saelens.c: SAELens: cfg.json and sae_weights.safetensors. Releases before 6 keep all settings flat and name
 * the activation apart from the architecture; from 6 on each architecture has its own. Any tensor file next to
 * such a cfg.json is read the same way. */
#include "base/name_list.h"
#include "sae/families/families.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weight_files[] = {"sae_weights.safetensors", NULL};

bool saelens_detect(const char *path) {
    return path_has(path, "cfg.json");
}

/* How an architecture encodes, and the activation_fn_str that may go with it. NULL: it names the activation. */
static const struct architecture {
    const char *name;
    sae_activation activation;
    const char *activation_fn;
    bool training; /* only in checkpoints of training: one threshold for all latents */
} architectures[] = {
    {"standard", SAE_RELU, NULL, false},       {"topk", SAE_TOPK, "topk", false},
    {"batchtopk", SAE_JUMPRELU, "relu", true}, {"matryoshka_batchtopk", SAE_JUMPRELU, "relu", true},
    {"jumprelu", SAE_JUMPRELU, "relu", false}, {"gated", SAE_GATED, "relu", false},
};
enum { ARCHITECTURES = sizeof architectures / sizeof *architectures };

static const struct {
    const char *name;
    sae_activation activation;
} activation_fns[] = {{"relu", SAE_RELU}, {"tanh-relu", SAE_TANH_RELU}, {"topk", SAE_TOPK}};
enum { ACTIVATION_FNS = sizeof activation_fns / sizeof *activation_fns };

static const struct {
    const char *name;
    sae_input input;
    bool averaged;
} norms[] = {{"none", SAE_INPUT_AS_IS, false},
             {"expected_average_only_in", SAE_INPUT_AS_IS, true},
             {"constant_norm_rescale", SAE_INPUT_CONSTANT_NORM, false},
             {"layer_norm", SAE_INPUT_LAYER_NORM, false}};
enum { NORMS = sizeof norms / sizeof *norms };

/* The settings of either release. */
typedef struct settings {
    config cfg;
    const struct architecture *architecture;
    const char *activation_fn;
    bool before_6;
    bool averaged; /* normalize_activations is expected_average_only_in */
    bool rescaled; /* pre-activations are multiplied by the decoder's norms */
} settings;

/* Before 6: no version, or one below 6, as SAELens decides. */
static bool find_version(settings *set, scry_error *err) {
    const char *top, *inner;
    if (!config_text(&set->cfg, "sae_lens_version", &top, err)) return false;
    if (!config_text(&set->cfg, "metadata.sae_lens_version", &inner, err)) return false;
    const char *version = top && *top ? top : inner;
    set->before_6 = !version || strtol(version, NULL, 10) < 6;
    return true;
}

static bool is(const char *text, const char *other) {
    return text && strcmp(text, other) == 0;
}

static bool find_architecture(settings *set, scry_error *err) {
    const char *name;
    if (!config_text(&set->cfg, "architecture", &name, err)) return false;
    for (int i = 0; i < ARCHITECTURES; i++)
        if (is(name ? name : "standard", architectures[i].name)) set->architecture = &architectures[i];
    if (set->architecture) return true;
    char expected[200];
    const char *why = strstr(name, "transcoder")
                          ? "; a transcoder reads and writes different places, so it is no SAE of the residual stream"
                          : "";
    return scry_fail(
        err, "sae: %s: architecture: found \"%.40s\", expected %s%s", set->cfg.path, name,
        alternatives(expected, sizeof expected, &architectures[0].name, sizeof *architectures, ARCHITECTURES), why);
}

/* A TopK SAE may call itself "standard" (SAELens issue 553), so both names count. */
static bool find_activation(sae *s, settings *set, scry_error *err) {
    const char **fn = &set->activation_fn, *only = set->architecture->activation_fn;
    if (!config_text(&set->cfg, "activation_fn_str", fn, err)) return false;
    if (!*fn && !config_text(&set->cfg, "activation_fn", fn, err)) return false;
    s->activation = set->architecture->activation;
    if (!*fn || (only && is(*fn, only))) return true;
    for (int i = 0; i < ACTIVATION_FNS && !only; i++)
        if (is(*fn, activation_fns[i].name)) {
            s->activation = activation_fns[i].activation;
            return true;
        }
    char expected[100];
    if (!only)
        only = alternatives(expected, sizeof expected, &activation_fns[0].name, sizeof *activation_fns, ACTIVATION_FNS);
    return scry_fail(err, "sae: %s: activation_fn_str: found \"%.40s\", expected %s with architecture \"%s\"",
                     set->cfg.path, *fn, only, set->architecture->name);
}

static bool find_k(sae *s, const settings *set, scry_error *err) {
    if (s->activation == SAE_JUMPRELU) config_find(&set->cfg, "k"); /* of training: the threshold has replaced it */
    if (s->activation != SAE_TOPK) return true;
    uint32_t inner;
    if (!config_count(&set->cfg, "k", &s->k, err)) return false;
    if (!config_count(&set->cfg, "activation_fn_kwargs.k", &inner, err)) return false;
    if (s->k && inner && s->k != inner)
        return scry_fail(err, "sae: %s: activation_fn_kwargs.k: found %u, expected %u as in k", set->cfg.path, inner,
                         s->k);
    s->k = inner ? inner : s->k;
    return s->k || scry_fail(err,
                             "sae: %s: k: found nothing, expected the number of latents that TopK keeps (k, or "
                             "activation_fn_kwargs.k before release 6)",
                             set->cfg.path);
}

/* A boolean in the oldest files: true was the average norm. */
static bool find_input(sae *s, settings *set, scry_error *err) {
    static const char key[] = "normalize_activations";
    const cJSON *item = config_find(&set->cfg, key);
    const char *kind = "none";
    if (cJSON_IsBool(item)) kind = cJSON_IsTrue(item) ? "expected_average_only_in" : "none";
    else if (item && !config_text(&set->cfg, key, &kind, err)) return false;
    for (int i = 0; i < NORMS; i++)
        if (is(kind, norms[i].name)) {
            s->input = norms[i].input;
            set->averaged = norms[i].averaged;
            return true;
        }
    char expected[100];
    return scry_fail(err, "sae: %s: %s: found \"%.40s\", expected %s", set->cfg.path, key, kind,
                     alternatives(expected, sizeof expected, &norms[0].name, sizeof *norms, NORMS));
}

static bool check_reshape(const settings *set, scry_error *err) {
    static const char why[] = "hook_z is split into heads, which are not joined here";
    const char *reshape, *hook;
    if (!config_text(&set->cfg, "reshape_activations", &reshape, err)) return false;
    if (!config_text(&set->cfg, "hook_name", &hook, err)) return false;
    if (!hook && !config_text(&set->cfg, "hook_point", &hook, err)) return false;
    bool by_hook = !reshape && set->before_6 && hook && strstr(hook, "hook_z");
    if (by_hook)
        return scry_fail(err, "sae: %s: hook_name: found \"%.60s\", expected a residual stream; %s", set->cfg.path,
                         hook, why);
    if (!reshape || is(reshape, "none")) return true;
    return scry_fail(err, "sae: %s: reshape_activations: found \"%.40s\", expected none; %s", set->cfg.path, reshape,
                     why);
}

static bool check_dtype(const settings *set, scry_notes *notes, scry_error *err) {
    static const char *const known[] = {"float32", "float64", "float16", "bfloat16"};
    const char *dtype;
    if (!config_text(&set->cfg, "dtype", &dtype, err)) return false;
    if (!dtype) return true;
    const char *bare = strncmp(dtype, "torch.", 6) == 0 ? dtype + 6 : dtype;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is(bare, known[i])) {
            if (i > 1)
                scry_notes_add(notes, "sae: %s: dtype is %s; the weights are used as stored, in single precision",
                               set->cfg.path, bare);
            return true;
        }
    char expected[60];
    return scry_fail(err, "sae: %s: dtype: found \"%.40s\", expected %s", set->cfg.path, dtype,
                     alternatives(expected, sizeof expected, known, sizeof *known, sizeof known / sizeof *known));
}

static bool read_settings(sae *s, settings *set, scry_notes *notes, scry_error *err) {
    if (!config_check_hook(&set->cfg, err)) return false;
    if (!find_version(set, err) || !find_architecture(set, err) || !find_activation(s, set, err)) return false;
    if (!find_k(s, set, err) || !find_input(s, set, err)) return false;
    if (!check_reshape(set, err) || !check_dtype(set, notes, err)) return false;
    const bool training = set->architecture->training;
    if (!config_flag(&set->cfg, "metadata.residual_difference", false, &s->difference, err)) return false;
    if (!config_flag(&set->cfg, "rescale_acts_by_decoder_norm", training, &set->rescaled, err)) return false;
    set->rescaled = set->rescaled && (training || set->architecture->activation == SAE_TOPK);
    return config_flag(&set->cfg, "apply_b_dec_to_input", true, &s->subtract_b_dec, err);
}

/* A training checkpoint of BatchTopK keeps one threshold for all; the final save gives each latent its own. */
static bool read_threshold(sae *s, const settings *set, const weights *w, scry_error *err) {
    if (!set->architecture->training) {
        s->threshold = weights_vector(w, "threshold", s->d_sae, err);
        return s->threshold != NULL;
    }
    double threshold;
    if (!weights_scalar(w, "topk_threshold", &threshold, err)) return false;
    s->threshold = weights_constant(s, (float)threshold);
    return true;
}

/* The oldest files have a factor for each latent that applies when decoding; ones mean none. */
static bool read_finetuning(sae *s, const settings *set, const weights *w, scry_error *err) {
    const char *name = weights_find(w, "scaling_factor") ? "scaling_factor" : "finetuning_scaling_factor";
    if (!weights_find(w, name)) return true;
    bool used, ones = true;
    if (!config_flag(&set->cfg, "finetuning_scaling_factor", false, &used, err)) return false;
    float *factor = weights_vector(w, name, s->d_sae, err);
    if (!factor) return false;
    for (uint32_t j = 0; j < s->d_sae; j++) ones = ones && fabsf(factor[j] - 1) <= 1e-5F;
    for (size_t i = 0; !ones && i < (size_t)s->d_sae * s->d_in; i++) s->W_dec[i] *= factor[i / s->d_in];
    free(factor);
    return ones || used ||
           scry_fail(
               err, "sae: %s: finetuning_scaling_factor: found false, expected true, as %s in the weights is not all 1",
               set->cfg.path, name);
}

/* A file of other origin with SAELens's names may have transposed matrices (Qwen-Scope does), which a square
 * one does not show. */
static bool check_square(const sae *s, const weights *w, scry_error *err) {
    if (s->d_in != s->d_sae || strcmp(path_file_name(w->file.map.path), weight_files[0]) == 0) return true;
    return scry_fail(
        err,
        "sae: %s: tensor W_enc: found shape [%u, %u], expected different numbers or the name %s, which says "
        "that rows are inputs",
        w->file.map.path, s->d_in, s->d_sae, weight_files[0]);
}

static bool read_weights(sae *s, const settings *set, const weights *w, scry_error *err) {
    bool gated = s->activation == SAE_GATED;
    if (!weights_load(s, w, &(weight_names){"W_enc", gated ? "b_gate" : "b_enc", "W_dec", "b_dec", false, false}, err))
        return false;
    if (!weights_agree(s, &set->cfg, "d_in", "d_sae", err)) return false;
    if (!check_square(s, w, err)) return false;
    if (gated && !weights_gate(s, w, "b_mag", err)) return false;
    if (s->activation == SAE_JUMPRELU && !read_threshold(s, set, w, err)) return false;
    if (set->rescaled) weights_fold_decoder(s);
    return read_finetuning(s, set, w, err);
}

/* SAELens folds the factor of the average norm into the weights when training ends; a checkpoint has it in a
 * file of its own, or it is unknown. */
static bool read_average(sae *s, const settings *set, const char *path, scry_notes *notes, scry_error *err) {
    if (!set->averaged) return true;
    double factor = 0;
    if (path_has(path, "activation_scaler.json")) {
        char *file = path_sibling(path, "activation_scaler.json");
        config scaler;
        bool ok = sae_config_open(&scaler, file, err) && config_positive(&scaler, "scaling_factor", 0, &factor, err);
        config_close(&scaler);
        free(file);
        if (!ok) return false;
    }
    if (factor > 0) s->input_scale = (float)factor;
    else
        scry_notes_add(notes,
                       "sae: %s: normalize_activations is expected_average_only_in: its factor is taken as already in "
                       "the weights, as SAELens does; if it is not, every activation is off by that factor",
                       set->cfg.path);
    return true;
}

static bool load_all(sae *s, settings *set, const char *path, const sae_harmless *harmless, scry_notes *notes,
                     scry_error *err) {
    if (!read_settings(s, set, notes, err)) return false;
    char *file = path_weights(path, weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        ok = read_weights(s, set, &w, err) && read_average(s, set, path, notes, err) &&
             weights_check_rest(&w, harmless, err) && config_check_rest(&set->cfg, harmless, notes, err);
        weights_close(&w);
    }
    free(file);
    if (ok) snprintf(s->description, sizeof s->description, "SAELens %s", set->architecture->name);
    return ok;
}

bool saelens_load(sae *s, const char *path, const sae_harmless *harmless, scry_notes *notes, scry_error *err) {
    char *file = path_sibling(path, "cfg.json");
    settings set = {0};
    bool ok = sae_config_open(&set.cfg, file, err) && load_all(s, &set, path, harmless, notes, err);
    config_close(&set.cfg);
    free(file);
    return ok;
}
