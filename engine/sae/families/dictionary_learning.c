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
} kind;

#define LINEAR(b_enc, b_dec)                                                                                           \
    { "encoder.weight", b_enc, "decoder.weight", b_dec, true, true }
#define MATRICES                                                                                                       \
    { "W_enc", "b_enc", "W_dec", "b_dec", false, false }

static const kind kinds[] = {
    {"AutoEncoder", LINEAR("encoder.bias", "bias"), true, SAE_RELU, NO_THRESHOLD},
    {"AutoEncoderNew", LINEAR("encoder.bias", "decoder.bias"), false, SAE_RELU, NO_THRESHOLD},
    {"GatedAutoEncoder", LINEAR("gate_bias", "decoder_bias"), true, SAE_GATED, NO_THRESHOLD},
    {"JumpReluAutoEncoder", MATRICES, false, SAE_JUMPRELU, EACH},
    {"AutoEncoderTopK", LINEAR("encoder.bias", "b_dec"), true, SAE_TOPK, NO_THRESHOLD},
    {"BatchTopKSAE", LINEAR("encoder.bias", "b_dec"), true, SAE_JUMPRELU, ONE},
    {"MatryoshkaBatchTopKSAE", MATRICES, true, SAE_JUMPRELU, ONE},
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
    if (!found)
        scry_fail(err, "sae: %s: trainer.dict_class: found \"%.40s\", expected %s", cfg->path, dict_class,
                  class_names(expected, sizeof expected));
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
    if (k == &kinds[0]) fold_decoder(s, w->file.map.path, notes);
    snprintf(s->description, sizeof s->description, "dictionary_learning %s", k->dict_class);
    return true;
}

static bool load_with(sae *s, const config *cfg, const char *path, scry_notes *notes, scry_error *err) {
    char *file = path_weights(path, weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        if (weights_find(&w, "ae.encoder.weight") || weights_find(&w, "ae.W_enc")) w.prefix = "ae.";
        ok = read_weights(s, cfg, &w, notes, err);
        weights_close(&w);
    }
    free(file);
    return ok;
}

bool dictionary_learning_load(sae *s, const char *path, scry_notes *notes, scry_error *err) {
    char *file = path_near(path, "config.json");
    config cfg = {0};
    bool ok = (!file || config_open(&cfg, file, err)) && load_with(s, &cfg, path, notes, err);
    config_close(&cfg);
    free(file);
    return ok;
}
