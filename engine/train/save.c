/* train/save.c: a trained model as a SAELens 6 directory.
 *
 * With s the scale of the residuals and n_j = |W_dec_j|:
 *     x^ = (sum_j h_j W_dec_j + b_dec) / s,   h_j = act((s x - b_dec) . W_enc_j + b_enc_j)
 * is the same as, with h'_j = h_j n_j / s,
 *     W_dec'_j = W_dec_j / n_j   W_enc'_j = W_enc_j n_j   b_enc'_j = b_enc_j n_j / s   b_dec' = b_dec / s
 * and thresholds as b_enc. For topk all n_j are 1, so that the order of the pre-activations stays. */
#include "train/trainer.h"
#include "base/mem.h"
#include "io/formats/safetensors_write.h"
#include "base/atomic_file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void put_rows(safetensors_writer *w, const trainer *t, const double *norm) {
    const sae_parameters *m = &t->model;
    float *line = mem_new(m->F > m->d ? m->F : m->d, sizeof *line);
    for (uint32_t i = 0; i < m->d; i++) { /* W_enc [d][F] */
        for (uint32_t j = 0; j < m->F; j++) line[j] = (float)((double)m->W_enc[(size_t)j * m->d + i] * norm[j]);
        safetensors_put(w, line, m->F * sizeof *line);
    }
    for (uint32_t j = 0; j < m->F; j++) { /* W_dec [F][d] */
        for (uint32_t i = 0; i < m->d; i++) line[i] = (float)((double)m->W_dec[(size_t)j * m->d + i] / norm[j]);
        safetensors_put(w, line, m->d * sizeof *line);
    }
    free(line);
}

static void put_vectors(safetensors_writer *w, const trainer *t, const double *norm, bool thresholds) {
    const sae_parameters *m = &t->model;
    const double scale = (double)t->scale;
    float *line = mem_new(m->F > m->d ? m->F : m->d, sizeof *line);
    for (uint32_t j = 0; j < m->F; j++) line[j] = (float)((double)m->b_enc[j] * norm[j] / scale);
    safetensors_put(w, line, m->F * sizeof *line);
    for (uint32_t i = 0; i < m->d; i++) line[i] = (float)((double)m->b_dec[i] / scale);
    safetensors_put(w, line, m->d * sizeof *line);
    for (uint32_t j = 0; j < m->F && thresholds; j++) {
        double threshold = m->has_threshold ? exp((double)m->log_threshold[j]) : t->threshold;
        line[j] = (float)(threshold * norm[j] / scale);
    }
    if (thresholds) safetensors_put(w, line, m->F * sizeof *line);
    free(line);
}

static bool save_weights(const trainer *t, const char *folder, bool thresholds, scry_error *err) {
    const sae_parameters *m = &t->model;
    char *path = mem_format("%s/sae_weights.safetensors", folder);
    const safetensors_item items[] = {{"W_enc", TENSOR_F32, 2, {m->d, m->F}},
                                      {"W_dec", TENSOR_F32, 2, {m->F, m->d}},
                                      {"b_enc", TENSOR_F32, 1, {m->F}},
                                      {"b_dec", TENSOR_F32, 1, {m->d}},
                                      {"threshold", TENSOR_F32, 1, {m->F}}};
    double *norm = mem_new(m->F, sizeof *norm);
    for (uint32_t j = 0; j < m->F; j++) {
        double square = 0;
        for (uint32_t i = 0; i < m->d; i++)
            square += (double)m->W_dec[(size_t)j * m->d + i] * (double)m->W_dec[(size_t)j * m->d + i];
        norm[j] = square > 0 ? sqrt(square) : 1;
    }
    safetensors_writer w;
    bool ok = safetensors_create(&w, path, items, thresholds ? 5 : 4, err);
    if (ok) {
        put_rows(&w, t, norm);
        put_vectors(&w, t, norm, thresholds);
        ok = safetensors_finish(&w, err);
    }
    free(norm);
    free(path);
    return ok;
}

static void add_settings(cJSON *to, const trainer *t) {
    static const char *const *const words[SETTINGS] = {
#define SETTING(name, least, most, whole, words) words,
        SCRY_TRAIN_SETTINGS(SETTING)
#undef SETTING
    };
    for (int i = 0; i < SETTINGS; i++) {
        double value = setting_get(&t->settings, i);
        if (words[i]) cJSON_AddStringToObject(to, setting_names[i], words[i][(int)value]);
        else cJSON_AddNumberToObject(to, setting_names[i], value);
    }
}

/* The layer in a name such as blocks.25.hook_resid_post or model.layers.25: its first part that is a number; -1. */
static int layer_of(const char *hook) {
    for (const char *part = hook; part; part = strchr(part, '.') ? strchr(part, '.') + 1 : NULL) {
        size_t digits = strspn(part, "0123456789");
        if (digits && digits < 7 && (part[digits] == '.' || !part[digits])) return atoi(part);
    }
    return -1;
}

static void add_names(cJSON *about, const trainer *t) {
    if (t->model_name) cJSON_AddStringToObject(about, "model_name", t->model_name);
    if (!t->hook_name) return;
    int layer = layer_of(t->hook_name);
    cJSON_AddStringToObject(about, "hook_name", t->hook_name);
    if (layer >= 0) cJSON_AddNumberToObject(about, "hook_layer", layer);
    cJSON_AddNullToObject(about, "hook_head_index");
}

static char *config_text(const trainer *t, const char *architecture) {
    cJSON *cfg = cJSON_CreateObject();
    cJSON_AddStringToObject(cfg, "architecture", architecture);
    cJSON_AddNumberToObject(cfg, "d_in", t->model.d);
    cJSON_AddNumberToObject(cfg, "d_sae", t->model.F);
    if (strcmp(architecture, "topk") == 0) {
        cJSON_AddNumberToObject(cfg, "k", t->settings.k);
        cJSON_AddBoolToObject(cfg, "rescale_acts_by_decoder_norm", false);
    }
    cJSON_AddStringToObject(cfg, "dtype", "float32");
    cJSON_AddStringToObject(cfg, "device", "cpu");
    cJSON_AddBoolToObject(cfg, "apply_b_dec_to_input", true);
    cJSON_AddStringToObject(cfg, "normalize_activations", "none");
    cJSON_AddStringToObject(cfg, "reshape_activations", "none");
    cJSON *about = cJSON_AddObjectToObject(cfg, "metadata");
    cJSON_AddStringToObject(about, "sae_lens_version", "6.0.0"); /* whose layout this is */
    add_names(about, t);
    if (t->data.difference) cJSON_AddBoolToObject(about, "residual_difference", true);
    cJSON_AddStringToObject(about, "trained_by", "scry");
    cJSON_AddStringToObject(about, "trained_by_version", scry_version());
    cJSON_AddNumberToObject(about, "trained_tokens", (double)t->done * t->settings.batch);
    add_settings(cJSON_AddObjectToObject(about, "training"), t);
    char *text = cJSON_Print(cfg);
    cJSON_Delete(cfg);
    return text;
}

bool save_sae(const trainer *t, const char *folder, scry_error *err) {
    scry_arch arch = (scry_arch)(int)t->settings.arch;
    const char *architecture = arch == SCRY_RELU ? "standard" : arch == SCRY_TOPK ? "topk" : "jumprelu";
    if (!save_weights(t, folder, arch == SCRY_BATCHTOPK || arch == SCRY_JUMPRELU, err)) return false;
    char *path = mem_format("%s/cfg.json", folder), *text = config_text(t, architecture);
    atomic_file w;
    bool ok = atomic_file_begin(&w, path, err);
    if (ok) fprintf(w.file, "%s\n", text);
    ok = ok && atomic_file_end(&w, true, err);
    cJSON_free(text);
    free(path);
    return ok;
}
