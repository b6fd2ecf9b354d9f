/* dictionary_learning.c: saprmarks/dictionary_learning: ae.pt, and the config.json of its training in the same
 * directory or one further up. An interrupted run keeps the weights in a dict under "ae". */
#include "base/name_list.h"
#include "sae/families/families.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weight_files[] = {"ae.pt", NULL};

/* ae.pt, or a checkpoint: ae_1000.pt */
bool dictionary_learning_detect(const char *path) {
    if (path_is_directory(path)) return path_has(path, "ae.pt");
    const char *name = path_file_name(path);
    return strncmp(name, "ae", 2) == 0 && (name[2] == '.' || name[2] == '_') && path_ends_with(name, ".pt");
}

enum threshold { NO_THRESHOLD, EACH, ONE };

typedef struct kind {
    const char *dict_class;
    weight_names names;
    bool subtract_b_dec;
    sae_activation activation;
    enum threshold threshold;
    const char *unused; /* tensors of the class that its encoder does not use outside of training */
    bool normalises;    /* may have the buffers of science-of-finetuning's NormalizableMixin */
} kind;

#define LINEAR(b_enc, b_dec)                                                                                           \
    { "encoder.weight", b_enc, "decoder.weight", b_dec, true, true }
#define MATRICES                                                                                                       \
    { "W_enc", "b_enc", "W_dec", "b_dec", false, false }

static const kind kinds[] = {
    {"AutoEncoder", LINEAR("encoder.bias", "bias"), true, SAE_RELU, NO_THRESHOLD, "", false},
    {"AutoEncoderNew", LINEAR("encoder.bias", "decoder.bias"), false, SAE_RELU, NO_THRESHOLD, "", false},
    {"GatedAutoEncoder", LINEAR("gate_bias", "decoder_bias"), true, SAE_GATED, NO_THRESHOLD, "", false},
    {"JumpReluAutoEncoder", MATRICES, false, SAE_JUMPRELU, EACH, "", false},
    {"AutoEncoderTopK", LINEAR("encoder.bias", "b_dec"), true, SAE_TOPK, NO_THRESHOLD, "threshold", false},
    {"BatchTopKSAE", LINEAR("encoder.bias", "b_dec"), true, SAE_JUMPRELU, ONE, "k", true},
    {"MatryoshkaBatchTopKSAE", MATRICES, true, SAE_JUMPRELU, ONE, "k group_sizes", false},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static const kind *kind_by_name(const char *dict_class) {
    for (int i = 0; i < KINDS; i++)
        if (strcmp(kinds[i].dict_class, dict_class) == 0) return &kinds[i];
    return NULL;
}

static const char *class_names(char *text, size_t size) {
    return alternatives(text, size, &kinds[0].dict_class, sizeof *kinds, KINDS);
}

/* Without a class in config.json, the tensors' names tell all classes but TopK and BatchTopK. */
static const kind *kind_by_tensors(const weights *w, scry_error *err) {
    const char *guess = NULL;
    bool linear = weights_find(w, "encoder.weight");
    if (linear && weights_find(w, "gate_bias")) guess = "GatedAutoEncoder";
    else if (weights_find(w, "W_enc") && weights_find(w, "group_sizes")) guess = "MatryoshkaBatchTopKSAE";
    else if (weights_find(w, "W_enc") && weights_find(w, "threshold")) guess = "JumpReluAutoEncoder";
    else if (linear && weights_find(w, "bias")) guess = "AutoEncoder";
    else if (linear && weights_find(w, "decoder.bias")) guess = "AutoEncoderNew";
    if (guess) return kind_by_name(guess);
    char expected[200];
    if (linear && weights_find(w, "b_dec"))
        scry_fail(
            err,
            "sae: %s: found a TopK or a BatchTopK SAE, which keep the same tensors; expected a config.json next to it "
            "with trainer.dict_class \"AutoEncoderTopK\" or \"BatchTopKSAE\"",
            w->file.map.path);
    else
        scry_fail(err, "sae: %s: found tensors of no class of dictionary_learning, expected those of %s",
                  w->file.map.path, class_names(expected, sizeof expected));
    return NULL;
}

static const kind *find_kind(const config *cfg, const weights *w, scry_error *err) {
    const char *dict_class = NULL;
    if (cfg->json && !config_text(cfg, "trainer.dict_class", &dict_class, err)) return NULL;
    if (!dict_class) return kind_by_tensors(w, err);
    const kind *found = kind_by_name(dict_class);
    char expected[200];
    bool several = strstr(dict_class, "CrossCoder") || strstr(dict_class, "Crosscoder");
    if (!found)
        scry_fail(err, "sae: %s: trainer.dict_class: found \"%.40s\", expected %s%s", cfg->path, dict_class,
                  class_names(expected, sizeof expected),
                  several ? "; a crosscoder reads several layers or models at once, so it is no SAE of one residual "
                            "stream: choose an SAE of one model and layer"
                          : "");
    return found;
}

static bool read_k(sae *s, const config *cfg, const weights *w, scry_error *err) {
    uint32_t said = 0;
    double held = 0;
    if (cfg->json && !config_count(cfg, "trainer.k", &said, err)) return false;
    if (weights_find(w, "k") && !weights_scalar(w, "k", &held, err)) return false;
    if (held > 0 && held <= s->d_sae) s->k = (uint32_t)held;
    else if (weights_find(w, "k"))
        return scry_fail(err, "sae: %s: tensor k: found %.9g, expected 1 to %u, the number of latents",
                         w->file.map.path, held, s->d_sae);
    else s->k = said;
    if (!s->k) return scry_fail(err, "sae: %s: tensor k: found none, and no trainer.k; expected one", w->file.map.path);
    if (said && said != s->k)
        return scry_fail(err, "sae: %s: trainer.k: found %u, expected %u as in the weights", cfg->path, said, s->k);
    return true;
}

/* BatchTopK learns its threshold late in training; before that it is -1 and a single token cannot be
 * encoded without its batch. */
static bool read_threshold(sae *s, enum threshold which, const weights *w, scry_error *err) {
    if (which == EACH) {
        s->threshold = weights_vector(w, "threshold", s->d_sae, err);
        return s->threshold != NULL;
    }
    double threshold;
    if (!weights_scalar(w, "threshold", &threshold, err)) return false;
    if (threshold < 0)
        return scry_fail(
            err,
            "sae: %s: tensor threshold: found %.9g, which means not yet learned, expected 0 or more: before "
            "that BatchTopK depends on the whole batch",
            w->file.map.path, threshold);
    s->threshold = weights_constant(s, (float)threshold);
    return true;
}

/* AutoEncoder.from_pretrained divides the decoder by its norms and multiplies the encoder by them. */
static void fold_decoder(sae *s, const char *path, scry_notes *notes) {
    float *norms = weights_decoder_norms(s);
    bool unit = true;
    for (uint32_t j = 0; j < s->d_sae; j++) unit = unit && fabsf(norms[j] - 1) <= 1e-5F;
    free(norms);
    if (unit) return;
    weights_fold_decoder(s);
    scry_notes_add(
        notes,
        "sae: %s: the decoder's norms are folded into the latents, as AutoEncoder.from_pretrained does by default",
        path);
}

/* A run on normalised residuals multiplies the biases by norm_factor when it saves, but not in its backups.
 * Those keep the factor as a number in the pickle, which is not read. */
static bool apply_norm_factor(sae *s, const config *cfg, const weights *w, scry_notes *notes, scry_error *err) {
    double factor = 1;
    if (!*w->prefix) return true;
    if (cfg->json && config_find(cfg, "trainer.norm_factor")) {
        if (!config_positive(cfg, "trainer.norm_factor", 1, &factor, err)) return false;
    } else {
        scry_notes_add(notes,
                       "sae: %s: a backup of an interrupted run: if it trained with normalize_activations, write the "
                       "backup's norm_factor into config.json as trainer.norm_factor, or the biases lack it",
                       w->file.map.path);
    }
    float by = (float)factor;
    for (uint32_t j = 0; j < s->d_sae; j++) {
        s->b_enc[j] *= by;
        if (s->b_mag) s->b_mag[j] *= by;
        if (s->threshold) s->threshold[j] *= by;
    }
    for (uint32_t i = 0; i < s->d_in; i++) s->b_dec[i] *= by;
    return true;
}

static bool has_nan(const float *v, uint32_t d) {
    for (uint32_t i = 0; i < d; i++)
        if (isnan(v[i])) return true;
    return false;
}

/* One factor for all dimensions: x' = (x - mean) g - b_dec = x g - (b_dec + g mean), and x^ = (h W_dec + b_dec) / g +
 * mean. */
static void scale_as_one(sae *s, const float *mean, double g) {
    s->input_scale *= (float)g;
    for (uint32_t i = 0; i < s->d_in; i++) s->b_dec[i] = (float)((double)s->b_dec[i] + g * (double)mean[i]);
}

/* One for each: folded into the weights, so that the SAE reads residuals as they are. x' W_enc = (x - b) W_enc / std
 * with b = mean + b_dec std. */
static void scale_each(sae *s, const float *mean, const float *std) {
    const uint32_t d = s->d_in;
    for (uint32_t i = 0; i < d; i++) {
        double by = (double)std[i] + 1e-8;
        for (uint32_t j = 0; j < s->d_sae; j++) {
            s->W_enc[(size_t)j * d + i] = (float)((double)s->W_enc[(size_t)j * d + i] / by);
            s->W_dec[(size_t)j * d + i] = (float)((double)s->W_dec[(size_t)j * d + i] * by);
        }
        s->b_dec[i] = (float)((double)mean[i] + (double)s->b_dec[i] * by);
    }
}

static bool apply_buffers(sae *s, const weights *w, const float *mean, const float *std, scry_error *err) {
    double g, target = 1, square = 0;
    if (!weights_scalar(w, "activation_global_scale", &g, err)) return false;
    if (weights_find(w, "target_rms") && !weights_scalar(w, "target_rms", &target, err)) return false;
    for (uint32_t i = 0; i < s->d_in; i++) square += (double)std[i] * (double)std[i];
    const double as_one = target / sqrt(square + 1e-8);
    if (fabs(g / as_one - 1) <= 1e-2) scale_as_one(s, mean, g);
    else if (fabs(g - 1) <= 1e-6) scale_each(s, mean, std);
    else
        return scry_fail(
            err,
            "sae: %s: tensor activation_global_scale: found %.9g, expected target_rms / |activation_std| = "
            "%.9g, or 1 where each dimension is divided by its own",
            w->file.map.path, g, as_one);
    return true;
}

/* The fork of science-of-finetuning keeps the normalisation of residuals next to the weights (dictionary.py,
 * NormalizableMixin); NaN means none. With keep_relative_variance, which is not in the file, all dimensions are
 * multiplied by activation_global_scale = target_rms / sqrt(sum std^2 + 1e-8); without, that is 1 and each is divided
 * by its std + 1e-8. */
static bool apply_normaliser(sae *s, const weights *w, scry_error *err) {
    if (!weights_find(w, "activation_mean") && !weights_find(w, "activation_std") &&
        !weights_find(w, "activation_global_scale"))
        return true;
    float *mean = weights_raw_vector(w, "activation_mean", s->d_in, err);
    float *std = mean ? weights_raw_vector(w, "activation_std", s->d_in, err) : NULL;
    bool ok = std != NULL;
    if (ok && (has_nan(mean, s->d_in) || has_nan(std, s->d_in))) {
        weights_skip(w, "activation_global_scale target_rms");
    } else if (ok) {
        free(mean);
        free(std);
        mean = weights_vector(w, "activation_mean", s->d_in, err);
        std = mean ? weights_vector(w, "activation_std", s->d_in, err) : NULL;
        ok = std && apply_buffers(s, w, mean, std, err);
    }
    free(mean);
    free(std);
    return ok;
}

static bool read_weights(sae *s, const config *cfg, const weights *w, scry_notes *notes, scry_error *err) {
    const kind *k = find_kind(cfg, w, err);
    if (!k || !weights_load(s, w, &k->names, err)) return false;
    if (cfg->json && !weights_agree(s, cfg, "trainer.activation_dim", "trainer.dict_size", err)) return false;
    s->activation = k->activation;
    s->subtract_b_dec = k->subtract_b_dec;
    if (k->activation == SAE_GATED && !weights_gate(s, w, "mag_bias", err)) return false;
    if (k->activation == SAE_TOPK && !read_k(s, cfg, w, err)) return false;
    if (k->threshold != NO_THRESHOLD && !read_threshold(s, k->threshold, w, err)) return false;
    if (!apply_norm_factor(s, cfg, w, notes, err)) return false;
    if (k->normalises && !apply_normaliser(s, w, err)) return false;
    weights_skip(w, k->unused);
    if (k == &kinds[0]) fold_decoder(s, w->file.map.path, notes);
    snprintf(s->description, sizeof s->description, "dictionary_learning %s", k->dict_class);
    return true;
}

static bool load_with(sae *s, const config *cfg, const char *path, const sae_harmless *harmless, scry_notes *notes,
                      scry_error *err) {
    if (cfg->json && !config_check_hook(cfg, err)) return false;
    char *file = path_weights(path, weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        if (weights_find(&w, "ae.encoder.weight") || weights_find(&w, "ae.W_enc")) w.prefix = "ae.";
        ok = read_weights(s, cfg, &w, notes, err) && weights_check_rest(&w, harmless, err) &&
             config_check_rest(cfg, harmless, notes, err);
        weights_close(&w);
    }
    free(file);
    return ok;
}

bool dictionary_learning_load(sae *s, const char *path, const sae_harmless *harmless, scry_notes *notes,
                              scry_error *err) {
    char *file = path_near(path, "config.json");
    config cfg = {0};
    bool ok = (!file || sae_config_open(&cfg, file, err)) && load_with(s, &cfg, path, harmless, notes, err);
    config_close(&cfg);
    free(file);
    return ok;
}
