/* saelens.c: SAEs as SAELens writes them: cfg.json beside sae_weights.safetensors. Releases before 6
 * keep all settings flat and name the activation beside the architecture; from 6 on each architecture
 * has its own. Any tensor file with such a cfg.json beside it is read the same way. */
#include "sae/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weight_files[] = {"sae_weights.safetensors", NULL};

static bool looks(const char *path) {
    return path_has(path, "cfg.json");
}

/* What the two spellings come to. */
typedef struct settings {
    config cfg;
    const char *architecture, *activation;
    bool before_6;
    bool averaged; /* normalize_activations is expected_average_only_in */
    bool rescaled; /* pre-activations are multiplied by the decoder's norms */
} settings;

/* No version, or one below 6, as SAELens itself decides. */
static bool find_version(settings *set, scry_error *err) {
    const char *top, *inner;
    if (!config_text(&set->cfg, "sae_lens_version", &top, err)) return false;
    if (!config_text(&set->cfg, "metadata.sae_lens_version", &inner, err)) return false;
    const char *version = top && *top ? top : inner;
    set->before_6 = !version || strtol(version, NULL, 10) < 6;
    return true;
}

static bool find_activation(settings *set, scry_error *err) {
    if (!config_text(&set->cfg, "activation_fn_str", &set->activation, err)) return false;
    if (!set->activation && !config_text(&set->cfg, "activation_fn", &set->activation, err)) return false;
    return true;
}

static bool is(const char *text, const char *other) {
    return text && strcmp(text, other) == 0;
}

static bool refuse_architecture(const settings *set, scry_error *err) {
    const char *why = strstr(set->architecture, "transcoder")
                          ? "; a transcoder reads and writes different places, so it is no SAE of the residual stream"
                          : "";
    return scry_fail(
        err,
        "sae: %s: architecture: found \"%.40s\", expected standard, topk, batchtopk, matryoshka_batchtopk, "
        "jumprelu or gated%s",
        set->cfg.path, set->architecture, why);
}

static bool wrong_activation(const settings *set, const char *expected, scry_error *err) {
    return scry_fail(err, "sae: %s: activation_fn_str: found \"%.40s\", expected %s with architecture \"%s\"",
                     set->cfg.path, set->activation, expected, set->architecture);
}

/* A TopK SAE may call itself "standard" (SAELens issue 553), so both words are looked at. */
static bool decide_standard(sae *s, const settings *set, scry_error *err) {
    const char *a = set->activation;
    if (!a || is(a, "relu")) s->activation = SAE_RELU;
    else if (is(a, "tanh-relu")) s->activation = SAE_TANH_RELU;
    else if (is(a, "topk")) s->activation = SAE_TOPK;
    else return wrong_activation(set, "relu, tanh-relu or topk", err);
    return true;
}

static bool decide_activation(sae *s, const settings *set, scry_error *err) {
    const char *architecture = set->architecture;
    if (is(architecture, "standard")) return decide_standard(s, set, err);
    if (is(architecture, "topk")) s->activation = SAE_TOPK;
    else if (is(architecture, "jumprelu")) s->activation = SAE_JUMPRELU;
    else if (is(architecture, "batchtopk") || is(architecture, "matryoshka_batchtopk")) s->activation = SAE_JUMPRELU;
    else if (is(architecture, "gated")) s->activation = SAE_GATED;
    else return refuse_architecture(set, err);
    const char *expected = s->activation == SAE_TOPK ? "topk" : "relu";
    if (set->activation && !is(set->activation, expected)) return wrong_activation(set, expected, err);
    return true;
}

static bool find_k(sae *s, const settings *set, scry_error *err) {
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

/* Bool in the oldest files: true was the average norm. */
static bool find_input(sae *s, settings *set, scry_error *err) {
    static const char key[] = "normalize_activations";
    const cJSON *item = config_find(&set->cfg, key);
    const char *kind = "none";
    if (cJSON_IsBool(item)) kind = cJSON_IsTrue(item) ? "expected_average_only_in" : "none";
    else if (item && !config_text(&set->cfg, key, &kind, err)) return false;
    if (is(kind, "constant_norm_rescale")) s->input = SAE_INPUT_CONSTANT_NORM;
    else if (is(kind, "layer_norm")) s->input = SAE_INPUT_LAYER_NORM;
    else if (is(kind, "expected_average_only_in")) set->averaged = true;
    else if (!is(kind, "none"))
        return scry_fail(
            err,
            "sae: %s: %s: found \"%.40s\", expected none, expected_average_only_in, constant_norm_rescale or "
            "layer_norm",
            set->cfg.path, key, kind);
    return true;
}

static bool check_shape_of_input(const settings *set, scry_error *err) {
    const char *reshape, *hook;
    if (!config_text(&set->cfg, "reshape_activations", &reshape, err)) return false;
    if (!config_text(&set->cfg, "hook_name", &hook, err)) return false;
    if (!hook && !config_text(&set->cfg, "hook_point", &hook, err)) return false;
    bool by_hook = !reshape && set->before_6 && hook && strstr(hook, "hook_z");
    if (by_hook)
        return scry_fail(
            err,
            "sae: %s: hook_name: found \"%.60s\", expected a residual stream: hook_z is kept by heads, which "
            "this reader does not join",
            set->cfg.path, hook);
    if (!reshape || is(reshape, "none")) return true;
    return scry_fail(
        err,
        "sae: %s: reshape_activations: found \"%.40s\", expected none: hook_z is kept by heads, which this "
        "reader does not join",
        set->cfg.path, reshape);
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
    return scry_fail(err, "sae: %s: dtype: found \"%.40s\", expected float32, float64, float16 or bfloat16",
                     set->cfg.path, dtype);
}

static bool read_settings(sae *s, settings *set, scry_notes *notes, scry_error *err) {
    if (!find_version(set, err) || !find_activation(set, err)) return false;
    if (!config_text(&set->cfg, "architecture", &set->architecture, err)) return false;
    if (!set->architecture) set->architecture = "standard";
    if (!decide_activation(s, set, err) || !find_k(s, set, err) || !find_input(s, set, err)) return false;
    if (!check_shape_of_input(set, err) || !check_dtype(set, notes, err)) return false;
    bool training = is(set->architecture, "batchtopk") || is(set->architecture, "matryoshka_batchtopk");
    if (!config_flag(&set->cfg, "rescale_acts_by_decoder_norm", training, &set->rescaled, err)) return false;
    set->rescaled = set->rescaled && (training || is(set->architecture, "topk"));
    return config_flag(&set->cfg, "apply_b_dec_to_input", true, &s->subtract_b_dec, err);
}

/* ---- weights */

static bool read_gate(sae *s, const weights *w, scry_error *err) {
    s->b_mag = weights_vector(w, "b_mag", s->d_sae, err);
    if (!s->b_mag) return false;
    s->exp_r_mag = weights_vector(w, "r_mag", s->d_sae, err);
    for (uint32_t j = 0; s->exp_r_mag && j < s->d_sae; j++) s->exp_r_mag[j] = expf(s->exp_r_mag[j]);
    return s->exp_r_mag != NULL;
}

/* A training checkpoint of BatchTopK keeps one threshold for all; the final save gives each latent its own. */
static bool read_threshold(sae *s, const settings *set, const weights *w, scry_error *err) {
    if (is(set->architecture, "jumprelu")) {
        s->threshold = weights_vector(w, "threshold", s->d_sae, err);
        return s->threshold != NULL;
    }
    double threshold;
    if (!weights_scalar(w, "topk_threshold", &threshold, err)) return false;
    s->threshold = weights_constant(s, (float)threshold);
    return true;
}

/* The oldest files carry a factor for each latent that acts when decoding; ones mean none. */
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

/* A file of other origin that has SAELens's names may keep its matrices the other way round (Qwen-Scope
 * does), and a square one does not show it. */
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
    if (gated && !read_gate(s, w, err)) return false;
    if (s->activation == SAE_JUMPRELU && !read_threshold(s, set, w, err)) return false;
    if (set->rescaled) weights_fold_decoder(s);
    return read_finetuning(s, set, w, err);
}

/* The average norm's factor belongs into the weights. SAELens folds it in when training ends; a
 * checkpoint has it beside the weights, or it is not known here. */
static bool read_average(sae *s, const settings *set, const char *path, scry_notes *notes, scry_error *err) {
    if (!set->averaged) return true;
    double factor = 0;
    if (path_has(path, "activation_scaler.json")) {
        char *beside = path_beside(path, "activation_scaler.json");
        config scaler;
        bool ok = config_open(&scaler, beside, err) && config_positive(&scaler, "scaling_factor", 0, &factor, err);
        config_close(&scaler);
        free(beside);
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

static bool load_all(sae *s, settings *set, const char *path, scry_notes *notes, scry_error *err) {
    if (!read_settings(s, set, notes, err)) return false;
    char *file = path_weights(path, weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        ok = read_weights(s, set, &w, err) && read_average(s, set, path, notes, err);
        weights_close(&w);
    }
    free(file);
    if (ok) snprintf(s->description, sizeof s->description, "SAELens %s", set->architecture);
    return ok;
}

static bool load(sae *s, const char *path, scry_notes *notes, scry_error *err) {
    char *file = path_beside(path, "cfg.json");
    settings set = {0};
    bool ok = config_open(&set.cfg, file, err) && load_all(s, &set, path, notes, err);
    config_close(&set.cfg);
    free(file);
    return ok;
}

const sae_family sae_saelens = {"saelens", looks, load};
