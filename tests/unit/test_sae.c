/* test_sae.c: each SAE that make_saes.py wrote with its own library gives that library's latents; damaged and
 * contradictory ones are refused with file, key, found and expected; the choice of the k largest is that of a sort. */
#include "base/mem.h"
#include "base/random.h"
#include "check.h"
#include "io/tensor.h"
#include "sae/format.h"
#include "sae/sae.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER "tests/specimens/sae/"
enum { D = 8, F = 24, N = 32, FLIPS = 60 };

static float residuals[N * D];
static float *decoder; /* [F][D] that all specimens share up to the rows' norms */

static bool read_floats(const char *path, size_t count, float *out) {
    tensor_file file;
    scry_error err = {0};
    if (!tensor_file_open(&file, path, NULL, &err)) return check(false, "%s", err.text);
    uint64_t held = 1;
    for (int i = 0; i < file.tensors[0].dims; i++) held *= file.tensors[0].shape[i];
    bool ok = file.count == 1 && held == count;
    if (ok) tensor_floats(&file.tensors[0], 0, 1, count, out);
    tensor_file_close(&file);
    return ok || check(false, "%s holds %zu numbers", path, count);
}

/* ---- specimens -------------------------------------------------------------------------------- */

typedef struct sae_specimen {
    const char *path, *format, *kind;
    size_t notes;
} sae_specimen;

static const sae_specimen specimens[] = {
    {"saelens6_standard", "saelens", "SAELens standard (ReLU), 8 -> 24", 0},
    {"saelens6_no_b_dec", "saelens", "SAELens standard (ReLU), 8 -> 24", 0},
    {"saelens6_constant_norm", "saelens", "SAELens standard (ReLU), 8 -> 24", 0},
    {"saelens6_layer_norm", "saelens", "SAELens standard (ReLU), 8 -> 24", 0},
    {"saelens6_average_folded", "saelens", "SAELens standard (ReLU), 8 -> 24", 1},
    {"saelens6_average_checkpoint", "saelens", "SAELens standard (ReLU), 8 -> 24", 0},
    {"saelens6_bf16", "saelens", "SAELens standard (ReLU), 8 -> 24", 1},
    {"saelens6_topk", "saelens", "SAELens topk (TopK, k 5), 8 -> 24", 0},
    {"saelens6_topk_rescaled", "saelens", "SAELens topk (TopK, k 5), 8 -> 24", 0},
    {"saelens6_jumprelu", "saelens", "SAELens jumprelu (JumpReLU), 8 -> 24", 0},
    {"saelens6_gated", "saelens", "SAELens gated (gated), 8 -> 24", 0},
    {"saelens6_batchtopk", "saelens", "SAELens jumprelu (JumpReLU), 8 -> 24", 0},
    {"saelens6_batchtopk_checkpoint", "saelens", "SAELens batchtopk (JumpReLU), 8 -> 24", 0},
    {"saelens6_matryoshka_checkpoint", "saelens", "SAELens matryoshka_batchtopk (JumpReLU), 8 -> 24", 0},
    {"saelens5_standard", "saelens", "SAELens standard (ReLU), 8 -> 24", 0},
    {"saelens5_oldest", "saelens", "SAELens standard (ReLU), 8 -> 24", 1},
    {"saelens5_tanh_relu", "saelens", "SAELens standard (tanh ReLU), 8 -> 24", 0},
    {"saelens5_topk", "saelens", "SAELens topk (TopK, k 5), 8 -> 24", 0},
    {"saelens5_topk_as_standard", "saelens", "SAELens standard (TopK, k 5), 8 -> 24", 0},
    {"saelens5_jumprelu", "saelens", "SAELens jumprelu (JumpReLU), 8 -> 24", 0},
    {"saelens5_gated", "saelens", "SAELens gated (gated), 8 -> 24", 0},
    {"gemma_scope_npz", "gemma-scope", "Gemma Scope (JumpReLU), 8 -> 24", 0},
    {"gemma_scope_packed", "gemma-scope", "Gemma Scope (JumpReLU), 8 -> 24", 0},
    {"gemma_scope_2", "gemma-scope", "Gemma Scope (JumpReLU), 8 -> 24", 0},
    {"sparsify_topk", "sparsify", "sparsify (TopK, k 5), 8 -> 24", 1},
    {"sparsify_bf16", "sparsify", "sparsify (TopK, k 5), 8 -> 24", 0},
    {"dl_autoencoder", "dictionary-learning", "dictionary_learning AutoEncoder (ReLU), 8 -> 24", 1},
    {"dl_autoencoder_unit", "dictionary-learning", "dictionary_learning AutoEncoder (ReLU), 8 -> 24", 0},
    {"dl_autoencoder_new", "dictionary-learning", "dictionary_learning AutoEncoderNew (ReLU), 8 -> 24", 0},
    {"dl_gated", "dictionary-learning", "dictionary_learning GatedAutoEncoder (gated), 8 -> 24", 0},
    {"dl_jumprelu", "dictionary-learning", "dictionary_learning JumpReluAutoEncoder (JumpReLU), 8 -> 24", 0},
    {"dl_topk", "dictionary-learning", "dictionary_learning AutoEncoderTopK (TopK, k 5), 8 -> 24", 0},
    {"dl_batchtopk", "dictionary-learning", "dictionary_learning BatchTopKSAE (JumpReLU), 8 -> 24", 0},
    {"dl_matryoshka", "dictionary-learning", "dictionary_learning MatryoshkaBatchTopKSAE (JumpReLU), 8 -> 24", 0},
    {"dl_backup", "dictionary-learning", "dictionary_learning BatchTopKSAE (JumpReLU), 8 -> 24", 0},
    {"dl_checkpoint/checkpoints/ae_100.pt", "dictionary-learning",
     "dictionary_learning BatchTopKSAE (JumpReLU), 8 -> 24", 0},
    {"openmoss_jumprelu", "openmoss", "OpenMOSS (JumpReLU), 8 -> 24", 0},
    {"openmoss_topk", "openmoss", "OpenMOSS (TopK, k 5), 8 -> 24", 0},
    {"openmoss_topk_plain", "openmoss", "OpenMOSS (TopK, k 5), 8 -> 24", 0},
    {"openmoss_relu", "openmoss", "OpenMOSS (ReLU), 8 -> 24", 0},
    {"llama_scope_jumprelu", "openmoss", "OpenMOSS (Llama Scope) (JumpReLU), 8 -> 24", 0},
    {"llama_scope_topk", "openmoss", "OpenMOSS (Llama Scope) (TopK, k 5), 8 -> 24", 0},
    {"llama_scope_topk/checkpoints/final.safetensors", "openmoss", "OpenMOSS (Llama Scope) (TopK, k 5), 8 -> 24", 0},
    {"qwen_scope/layer1.sae.pt", "saelens", "SAELens topk (TopK, k 5), 8 -> 24", 0},
};
enum { SPECIMENS = sizeof specimens / sizeof *specimens };

/* What sae_topk leaves of one token. */
static void keep_largest(const sae *s, float *H, uint32_t n, uint32_t t, const float *floors, uint32_t *ties) {
    for (uint32_t j = 0; j < s->d_sae; j++) {
        float *h = &H[(size_t)j * n + t];
        bool kept = *h > floors[t] || (*h == floors[t] && ties[t] > 0 && ties[t]--);
        *h = kept ? *h / (s->out_scale ? s->out_scale[j] : 1) : 0;
    }
}

/* H[F][n], made in two blocks of latents as the index makes it. */
static float *latents(const sae *s, const float *x, uint32_t n) {
    float *X = mem_new(n, s->d_in * sizeof *X), *H = mem_new(n, s->d_sae * sizeof *H),
          *floors = mem_new(n, sizeof *floors);
    uint32_t *ties = mem_new(n, sizeof *ties), half = s->d_sae / 3;
    memcpy(X, x, (size_t)n * s->d_in * sizeof *X);
    for (uint32_t t = 0; t < n; t++) sae_prepare(s, X + (size_t)t * s->d_in);
    sae_encode(s, X, n, 0, half, H);
    sae_encode(s, X, n, half, s->d_sae - half, H + (size_t)half * n);
    for (uint32_t t = 0; t < n && s->activation == SAE_TOPK; t++) {
        sae_topk(s, H, n, t, floors, ties);
        keep_largest(s, H, n, t, floors, ties);
    }
    free(X);
    free(floors);
    free(ties);
    return H;
}

static double worst_deviation(const float *H, const float *want) {
    double most = 0;
    for (size_t t = 0; t < N; t++)
        for (size_t j = 0; j < F; j++) {
            double off = fabs((double)H[j * N + t] - (double)want[t * F + j]);
            most = off > most ? off : most;
        }
    return most;
}

/* Rows of all decoders point the same way. */
static double worst_angle(const sae *s) {
    double most = 1;
    for (size_t j = 0; j < F; j++) {
        double ab = 0, aa = 0, bb = 0;
        for (size_t i = 0; i < D; i++) {
            double a = (double)s->W_dec[j * D + i], b = (double)decoder[j * D + i];
            ab += a * b, aa += a * a, bb += b * b;
        }
        double cosine = ab / sqrt(aa * bb);
        most = cosine < most ? cosine : most;
    }
    return most;
}

static void test_specimen(const sae_specimen *spec) {
    char name[100], *path = mem_format(FOLDER "%s", spec->path);
    snprintf(name, sizeof name, "%.*s", (int)strcspn(spec->path, "/"), spec->path);
    char *expected = mem_format(FOLDER "%s.h.npz", name);
    float *want = mem_new(N * F, sizeof *want);
    scry_error err = {0};
    scry_notes notes = {0};
    sae s;
    if (check(sae_load(&s, path, NULL, &notes, &err), "%s loads %s", spec->path, err.text)) {
        if (!decoder) decoder = memcpy(mem_new(D * F, sizeof *decoder), s.W_dec, D * F * sizeof *decoder);
        check(strcmp(s.format, spec->format) == 0 && strcmp(s.description, spec->kind) == 0, "%s is %s: %s", spec->path,
              s.format, s.description);
        check(notes.count == spec->notes, "%s: %zu notes", spec->path, notes.count);
        if (read_floats(expected, N * F, want)) {
            float *H = latents(&s, residuals, N);
            double most = worst_deviation(H, want);
            check(most <= 1e-4, "%s: worst deviation %.2g", spec->path, most);
            free(H);
        }
        check(worst_angle(&s) > 0.9999, "%s: the decoder's rows are latents", spec->path);
        sae_free(&s);
    }
    scry_notes_free(&notes);
    free(want);
    free(expected);
    free(path);
}

/* ---- files that are changed before they are read ---------------------------------------------- */

static char *slurp(const char *path, size_t *size) {
    return (char *)read_bytes(path, size);
}

/* A command with up to two paths. */
static void shell(const char *command, const char *a, const char *b) {
    char *line = mem_format("%s '%s' '%s'", command, a, b ? b : a);
    if (system(line) != 0) abort();
    free(line);
}

/* The item that a key such as "trainer.k" is in, and the last part of the key. */
static cJSON *reach(cJSON *json, const char **key) {
    const char *dot;
    while ((dot = strchr(*key, '.'))) {
        char part[60];
        snprintf(part, sizeof part, "%.*s", (int)(dot - *key), *key);
        json = cJSON_GetObjectItemCaseSensitive(json, part);
        *key = dot + 1;
    }
    return json;
}

/* value is JSON; NULL takes the key away. */
static void set_key(cJSON *json, const char *key, const char *value) {
    cJSON *at = reach(json, &key);
    cJSON_DeleteItemFromObjectCaseSensitive(at, key);
    if (value) cJSON_AddItemToObject(at, key, cJSON_Parse(value));
}

static void set_setting(const char *path, const char *key, const char *value) {
    size_t size;
    char *text = slurp(path, &size);
    cJSON *json = cJSON_Parse(text);
    set_key(json, key, value);
    char *out = cJSON_PrintUnformatted(json);
    write_bytes(path, out, strlen(out));
    cJSON_Delete(json);
    free(out);
    free(text);
}

/* The header of a safetensors file: key "W_enc.shape", "W_enc.dtype", or "W_enc" to be renamed to the
 * value. The data stay. */
static void set_header(const char *path, const char *key, const char *value) {
    size_t size;
    char *bytes = slurp(path, &size);
    uint64_t length;
    memcpy(&length, bytes, 8);
    cJSON *json = cJSON_ParseWithLength(bytes + 8, length);
    if (strchr(key, '.') && strncmp(key, "encoder", 7) != 0) set_key(json, key, value);
    else {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(json, key);
        cJSON_AddItemToObject(json, value, item);
    }
    char *header = cJSON_PrintUnformatted(json), *out = mem_new(size + 1000, 1);
    uint64_t written = strlen(header);
    memcpy(out, &written, 8);
    memcpy(out + 8, header, written);
    memcpy(out + 8 + written, bytes + 8 + length, size - 8 - length);
    write_bytes(path, out, 8 + written + size - 8 - length);
    cJSON_Delete(json);
    free(header);
    free(out);
    free(bytes);
}

/* A copy of a specimen's directory; the caller frees the path. */
static char *copy_of(const char *name) {
    char *from = mem_format(FOLDER "%s", name), *to = mem_copy_string(scratch("sae"));
    shell("rm -rf", to, NULL);
    shell("cp -r", from, to);
    free(from);
    return to;
}

enum what { SETTING, HEADER, TEXT, TRUNCATE, INFINITE, REMOVE };

typedef struct damage {
    const char *specimen, *file;
    enum what what;
    const char *key, *value;
    const char *found, *expected; /* must be in the message, and the file and the key too */
} damage;

static const damage damages[] = {
    {"saelens6_topk", "cfg.json", SETTING, "architecture", "\"transcoder\"", "\"transcoder\"",
     "standard, topk, batchtopk"},
    {"saelens6_topk", "cfg.json", SETTING, "architecture", "\"jumprelu_transcoder\"", "jumprelu_tr", "no SAE of"},
    {"saelens6_topk", "cfg.json", SETTING, "architecture", "\"temporal\"", "\"temporal\"", "jumprelu or gated"},
    {"saelens6_topk", "cfg.json", SETTING, "architecture", "\"matching_pursuit\"", "\"matching_p", "jumprelu or gated"},
    {"saelens6_topk", "cfg.json", SETTING, "architecture", "7", "7", "text"},
    {"saelens6_topk", "cfg.json", SETTING, "d_in", "9", "9", "8"},
    {"saelens6_topk", "cfg.json", SETTING, "d_sae", "23", "23", "24"},
    {"saelens6_topk", "cfg.json", SETTING, "d_sae", "-1", "-1", "a whole number"},
    {"saelens6_topk", "cfg.json", SETTING, "k", NULL, "nothing", "the number of latents that TopK keeps"},
    {"saelens6_topk", "cfg.json", SETTING, "k", "0", "0", "a whole number"},
    {"saelens6_topk", "cfg.json", SETTING, "k", "2.5", "2.5", "a whole number"},
    {"saelens6_topk", "cfg.json", SETTING, "k", "\"5\"", "\"5\"", "a whole number"},
    {"saelens6_topk", "", SETTING, "k", "25", "25", "1 to 24"},
    {"saelens6_topk", "cfg.json", SETTING, "normalize_activations", "\"rms\"", "\"rms\"", "layer_norm"},
    {"saelens6_topk", "cfg.json", SETTING, "normalize_activations", "3", "3", "text"},
    {"saelens6_topk", "cfg.json", SETTING, "apply_b_dec_to_input", "\"yes\"", "\"yes\"", "true or false"},
    {"saelens6_topk", "cfg.json", SETTING, "reshape_activations", "\"hook_z\"", "\"hook_z\"", "none"},
    {"saelens6_topk", "cfg.json", SETTING, "dtype", "\"int8\"", "\"int8\"", "float32"},
    {"saelens6_topk", "cfg.json", TEXT, "", "{\"d_in\": 8,", "no JSON object", "one such as"},
    {"saelens6_topk", "cfg.json", TEXT, "", "[1]", "no JSON object", "one such as"},
    {"saelens6_topk", "cfg.json", TEXT, "", "", "no JSON object", "one such as"},
    {"saelens6_topk", "sae_weights.safetensors", HEADER, "W_dec", "W_doc", "W_doc", "expected"},
    {"saelens6_topk", "sae_weights.safetensors", HEADER, "W_enc.shape", "[4, 48]", "[4, 48]", "[24, 8] or [8, 24]"},
    {"saelens6_topk", "sae_weights.safetensors", HEADER, "W_enc.shape", "[192]", "[192]", "[24, 8] or [8, 24]"},
    {"saelens6_topk", "sae_weights.safetensors", HEADER, "b_enc.shape", "[4, 6]", "[4, 6]", "one dimension"},
    {"saelens6_topk", "sae_weights.safetensors", HEADER, "b_dec.dtype", "\"I32\"", "I32", "F32"},
    {"saelens6_topk", "sae_weights.safetensors", INFINITE, "", NULL, "1 values that are NaN", "expected none"},
    {"saelens6_topk", "sae_weights.safetensors", TRUNCATE, "", NULL, "", "safetensors"},
    {"saelens6_topk", "sae_weights.safetensors", REMOVE, "", NULL, "No such file", "readable"},
    {"saelens6_jumprelu", "sae_weights.safetensors", HEADER, "threshold", "thr", "found none", "expected one"},
    {"saelens6_gated", "sae_weights.safetensors", HEADER, "b_gate", "b_enc", "found none", "expected one"},
    {"saelens6_gated", "sae_weights.safetensors", HEADER, "b_mag.shape", "[24, 1]", "[24, 1]", "[24]"},
    {"saelens6_batchtopk_checkpoint", "sae_weights.safetensors", HEADER, "topk_threshold", "t", "none", "expected one"},
    {"saelens6_average_checkpoint", "activation_scaler.json", SETTING, "scaling_factor", "-1", "-1", "above 0"},
    {"saelens5_standard", "cfg.json", SETTING, "activation_fn_str", "\"gelu\"", "\"gelu\"", "relu, tanh-relu or topk"},
    {"saelens5_standard", "cfg.json", SETTING, "hook_name", "\"blocks.0.attn.hook_z\"", "hook_z", "a residual stream"},
    {"saelens5_jumprelu", "cfg.json", SETTING, "activation_fn_str", "\"topk\"", "\"topk\"", "relu with"},
    {"saelens5_topk", "cfg.json", SETTING, "k", "6", "5", "6"},
    {"saelens5_oldest", "cfg.json", INFINITE, "finetuning_scaling_factor", "scaling_factor", "false", "true"},
    {"sparsify_topk", "cfg.json", SETTING, "activation", "\"groupmax\"", "\"groupmax\"", "topk"},
    {"sparsify_topk", "cfg.json", SETTING, "num_latents", "25", "25", "24"},
    {"sparsify_topk", "cfg.json", SETTING, "k", NULL, "nothing", "a whole number"},
    {"sparsify_topk", "cfg.json", SETTING, "signed", "true", "true", "false"},
    {"sparsify_topk", "cfg.json", SETTING, "d_in", "9", "9", "8"},
    {"sparsify_topk", "cfg.json", SETTING, "transcode", "true", "true", "transcoder"},
    {"sparsify_topk", "cfg.json", SETTING, "skip_connection", "true", "true", "transcoder"},
    {"openmoss_topk", "config.json", SETTING, "hook_point_out", "\"blocks.1.hook_mlp_out\"", "hook_mlp_out",
     "transcoder"},
    {"sparsify_bf16", "cfg.json", SETTING, "expansion_factor", "4", "4", "24 latents"},
    {"sparsify_topk", "sae.safetensors", HEADER, "encoder.bias", "bias", "found none", "expected one"},
    {"gemma_scope_2", "params.safetensors", HEADER, "threshold", "affine_skip_connection", "found one", "transcoder"},
    {"gemma_scope_2", "params.safetensors", HEADER, "threshold", "thresholds", "found none", "expected one"},
    {"gemma_scope_2", "params.safetensors", HEADER, "w_dec.shape", "[24, 2, 4]", "3 dimensions", "cross-layer"},
    {"gemma_scope_npz", "params.npz", TRUNCATE, "", NULL, "", ""},
    {"dl_topk", "config.json", SETTING, "trainer.dict_class", "\"CrossCoder\"", "\"CrossCoder\"", "AutoEncoderTopK"},
    {"dl_topk", "config.json", SETTING, "trainer.k", "6", "6", "5"},
    {"dl_topk", "config.json", SETTING, "trainer.dict_size", "32", "32", "24"},
    {"dl_topk", "ae.pt", REMOVE, "config", NULL, "TopK or a BatchTopK", "trainer.dict_class"},
    {"dl_topk", "config.json", SETTING, "trainer.dict_class", "[]", "a list", "text"},
    {"dl_gated", "ae.pt", TRUNCATE, "", NULL, "", ""},
    {"refused_dl_batchtopk", "ae.pt", SETTING, "threshold", NULL, "-1", "0 or more"},
    {"openmoss_jumprelu", "config.json", SETTING, "sae_type", "\"crosscoder\"", "\"crosscoder\"", "\"sae\""},
    {"openmoss_jumprelu", "config.json", SETTING, "act_fn", "\"batchtopk\"", "\"batchtopk\"", "jumprelu or topk"},
    {"openmoss_jumprelu", "config.json", SETTING, "act_fn", "\"gelu\"", "\"gelu\"", "jumprelu or topk"},
    {"openmoss_jumprelu", "config.json", SETTING, "use_glu_encoder", "true", "true", "false"},
    {"openmoss_jumprelu", "config.json", SETTING, "norm_activation", "\"batch-wise\"", "\"batch-wise\"",
     "dataset-wise"},
    {"openmoss_jumprelu", "config.json", SETTING, "expansion_factor", "4", "4", "24 latents"},
    {"openmoss_jumprelu", "config.json", SETTING, "d_model", "16", "16", "8"},
    {"openmoss_jumprelu", "config.json", INFINITE, "dataset_average_activation_norm", "hook_point_in", "none", "norm"},
    {"llama_scope_jumprelu", "hyperparams.json", SETTING, "jump_relu_threshold", "\"x\"", "\"x\"", "a number"},
    {"llama_scope_jumprelu", "hyperparams.json", SETTING, "dataset_average_activation_norm.in", "0", "0", "above 0"},
    {"llama_scope_jumprelu", "hyperparams.json", SETTING, "dataset_average_activation_norm.out", NULL, "none", "norm"},
};
enum { DAMAGES = sizeof damages / sizeof *damages };

/* The cases that are more than one change to one file. */
static void apply_other(const damage *d, const char *folder, const char *path) {
    size_t size;
    if (strcmp(d->key, "finetuning_scaling_factor") == 0) {
        /* threshold-like numbers under the name of the old factor */
        char *weights_path = mem_format("%s/sae_weights.safetensors", folder);
        char *bytes = slurp(weights_path, &size);
        uint64_t length;
        memcpy(&length, bytes, 8);
        cJSON *json = cJSON_ParseWithLength(bytes + 8, length);
        const cJSON *at = cJSON_GetObjectItem(cJSON_GetObjectItem(json, d->value), "data_offsets");
        float two = 2;
        memcpy(bytes + 8 + length + (size_t)cJSON_GetArrayItem(at, 0)->valuedouble, &two, sizeof two);
        write_bytes(weights_path, bytes, size);
        cJSON_Delete(json);
        free(bytes);
        free(weights_path);
    } else if (*d->key) {
        set_setting(path, "hook_point_in", "\"blocks.2.hook_resid_post\"");
        set_setting(path, "hook_point_out", "\"blocks.2.hook_resid_post\"");
    } else {
        char *bytes = slurp(path, &size);
        float infinite = INFINITY;
        memcpy(bytes + size - sizeof infinite, &infinite, sizeof infinite);
        write_bytes(path, bytes, size);
        free(bytes);
    }
}

static void apply(const damage *d, const char *folder) {
    char *path = mem_format("%s/%s", folder, *d->file ? d->file : "cfg.json");
    size_t size;
    char *bytes = slurp(path, &size);
    if (d->what == SETTING && (d->value || strcmp(d->file, "ae.pt") != 0)) set_setting(path, d->key, d->value);
    if (d->what == HEADER) set_header(path, d->key, d->value);
    if (d->what == TEXT) write_bytes(path, d->value, strlen(d->value));
    if (d->what == TRUNCATE) write_bytes(path, bytes, size / 2);
    if (d->what == INFINITE) apply_other(d, folder, path);
    if (d->what == REMOVE) {
        char *other = mem_format("%s/%s", folder, *d->key ? "config.json" : d->file);
        unlink(other);
        free(other);
    }
    free(bytes);
    free(path);
}

static bool contains(const char *text, const char *part) {
    return strstr(text, part) != NULL;
}

static void test_damage(const damage *d) {
    char *folder = copy_of(d->specimen);
    apply(d, folder);
    scry_error err = {0};
    scry_notes notes = {0};
    sae s;
    bool loaded = sae_load(&s, folder, NULL, &notes, &err);
    const char *key = strrchr(d->key, '.') && d->what == HEADER ? "" : d->key;
    bool told = contains(err.text, d->file) && contains(err.text, d->found) && contains(err.text, d->expected) &&
                (contains(err.text, key) || d->what == REMOVE || (d->what == HEADER && contains(err.text, d->value)));
    const char *shown = strstr(err.text, "/sae/");
    check(!loaded && told, "refused: %s", loaded ? d->specimen : shown ? shown + 5 : err.text);
    if (loaded) sae_free(&s);
    scry_notes_free(&notes);
    free(folder);
}

/* A byte changed anywhere is an error that says why, or other numbers; never a crash. */
static void test_flips(const char *name, const char *file, uint64_t *state) {
    char *folder = copy_of(name), *path = mem_format("%s/%s", folder, file);
    size_t size, refused = 0, silent = 0;
    char *bytes = slurp(path, &size);
    for (int i = 0; i < FLIPS; i++) {
        uint32_t at = random_below(state, (uint32_t)(i % 2 ? size : size < 600 ? size : 600));
        char was = bytes[at];
        bytes[at] = (char)random_below(state, 256);
        write_bytes(path, bytes, size);
        bytes[at] = was;
        scry_error err = {0};
        sae s;
        if (!sae_load(&s, folder, NULL, NULL, &err)) {
            refused++;
            silent += !*err.text;
        } else {
            float *H = s.d_in == D ? latents(&s, residuals, N) : NULL;
            free(H);
            sae_free(&s);
        }
    }
    check(refused && !silent, "%s/%s: %d bytes changed, refused %zu times, %zu of them without a reason", name, file,
          FLIPS, refused, silent);
    free(bytes);
    free(path);
    free(folder);
}

static void test_all_flips(void) {
    static const char *const files[][2] = {
        {"saelens6_jumprelu", "cfg.json"},
        {"saelens6_jumprelu", "sae_weights.safetensors"},
        {"sparsify_bf16", "cfg.json"},
        {"sparsify_bf16", "sae.safetensors"},
        {"gemma_scope_packed", "params.npz"},
        {"gemma_scope_npz", "params.npz"},
        {"dl_topk", "config.json"},
        {"dl_topk", "ae.pt"},
        {"dl_backup", "ae.pt"},
        {"openmoss_jumprelu", "config.json"},
        {"openmoss_topk", "sae_weights.pt"},
        {"llama_scope_jumprelu", "hyperparams.json"},
    };
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) test_flips(files[i][0], files[i][1], &state);
}

/* ---- paths and names --------------------------------------------------------------------------- */

static void refused(const char *path, const char *format, int status, const char *found, const char *expected) {
    scry_error err = {0};
    sae s;
    bool loaded = sae_load(&s, path, format, NULL, &err);
    check(!loaded && err.status == status && contains(err.text, found) && contains(err.text, expected), "refused: %s",
          loaded ? path : err.text);
    if (loaded) sae_free(&s);
}

static void test_paths(void) {
    refused("/nowhere/sae", NULL, 1, "/nowhere/sae", "expected an SAE");
    refused("tests/specimens/statistics", NULL, 1, "found a directory, expected params.npz", "; it holds: ");
    refused(FOLDER, NULL, 1, "found a folder of 43 SAEs", "dl_autoencoder_new");
    refused(FOLDER "x.npy", NULL, 1, "1 tensors", "expected Gemma Scope, sparsify, SAELens, OpenMOSS");
    refused(FOLDER "saelens6_topk", "saelenz", 2, "\"saelenz\"", "expected gemma-scope, sparsify, saelens");
    refused(FOLDER "saelens6_topk", "sparsify", 1, "sae.safetensors", "expected");
    char *bare = mem_copy_string(scratch("layer1.sae.pt"));
    shell("cp", FOLDER "qwen_scope/layer1.sae.pt", bare);
    refused(bare, NULL, 1, "no settings", "expected a cfg.json next to it");
    unlink(bare);
    free(bare);

    static const char *const files[][2] = {
        {"saelens6_topk/cfg.json", "saelens"},         {"saelens6_topk/sae_weights.safetensors", "saelens"},
        {"sparsify_topk/sae.safetensors", "sparsify"}, {"gemma_scope_npz/params.npz", "gemma-scope"},
        {"dl_topk/ae.pt", "dictionary-learning"},      {"openmoss_topk/sae_weights.pt", "openmoss"},
        {"openmoss_relu/config.json", "openmoss"},     {"llama_scope_topk/hyperparams.json", "openmoss"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        for (int named = 0; named < 2; named++) {
            char *path = mem_format(FOLDER "%s", files[i][0]);
            scry_error err = {0};
            sae s;
            bool ok = sae_load(&s, path, named ? files[i][1] : NULL, NULL, &err);
            if (check(ok, "%s is a path%s %s", files[i][0], named ? ", with its format" : "", err.text)) {
                check(strcmp(s.format, files[i][1]) == 0, "and is %s", s.format);
                sae_free(&s);
            }
            free(path);
        }
}

/* ---- d = F, where shapes do not tell ----------------------------------------------------------- */

static void append(char **at, const char *name, const char *shape, size_t *offset, size_t count) {
    *at += sprintf(*at, "%s\"%s\": {\"dtype\": \"F32\", \"shape\": %s, \"data_offsets\": [%zu, %zu]}",
                   *offset ? ", " : "{", name, shape, *offset, *offset + 4 * count);
    *offset += 4 * count;
}

/* Four tensors of 1, 2, 3, ... with d = F = 3. */
static void write_square(const char *path, const char *const names[4]) {
    char header[700], *at = header;
    size_t offset = 0;
    append(&at, names[0], "[3, 3]", &offset, 9);
    append(&at, names[1], "[3]", &offset, 3);
    append(&at, names[2], "[3, 3]", &offset, 9);
    append(&at, names[3], "[3]", &offset, 3);
    at += sprintf(at, "}");
    uint64_t length = (uint64_t)(at - header);
    float data[24];
    for (int i = 0; i < 24; i++) data[i] = (float)(i + 1);
    char bytes[1000];
    memcpy(bytes, &length, 8);
    memcpy(bytes + 8, header, length);
    memcpy(bytes + 8 + length, data, sizeof data);
    write_bytes(path, bytes, 8 + length + sizeof data);
}

static void test_square_of(const char *file, const char *const names[4], const char *cfg, bool W_enc_by_latent) {
    char *folder = mem_copy_string(scratch("square"));
    shell("mkdir -p", folder, NULL);
    char *weights_path = mem_format("%s/%s", folder, file), *settings = mem_format("%s/cfg.json", folder);
    write_square(weights_path, names);
    write_bytes(settings, cfg, strlen(cfg));
    scry_error err = {0};
    sae s;
    if (check(sae_load(&s, folder, NULL, NULL, &err), "%s with d = F loads %s", file, err.text)) {
        check(s.W_enc[1] == (W_enc_by_latent ? 2.0F : 4.0F) && s.W_dec[1] == 14, "%s: its own order is used", file);
        sae_free(&s);
    }
    shell("rm -rf", folder, NULL);
    free(folder);
    free(weights_path);
    free(settings);
}

static void test_square(void) {
    static const char *const saelens[] = {"W_enc", "b_enc", "W_dec", "b_dec"};
    static const char *const sparsify[] = {"encoder.weight", "encoder.bias", "W_dec", "b_dec"};
    test_square_of("sae_weights.safetensors", saelens, "{\"architecture\": \"standard\"}", false);
    test_square_of("sae.safetensors", sparsify, "{\"k\": 2}", true);
    char *folder = mem_copy_string(scratch("square")), *bare = mem_format("%s/bare.safetensors", folder);
    char *settings = mem_format("%s/cfg.json", folder);
    shell("mkdir -p", folder, NULL);
    write_square(bare, saelens);
    write_bytes(settings, "{}", 2);
    refused(bare, NULL, 1, "[3, 3]", "expected different numbers");
    shell("rm -rf", folder, NULL);
    free(settings);
    free(bare);
    free(folder);
}

/* ---- matrices larger than the file ------------------------------------------------------------- */

/* Rows that overlap and biases of one number fit a file of any size: such an SAE is refused, not allocated. */
static void test_overlapping(void) {
    enum { SIDE = 1 << 30, BYTES = 1 << 16 };
    static const uint8_t data[8];
    tensor tensors[] = {
        {.name = (char[]){"b_enc"}, .dims = 1, .shape = {SIDE}, .stride = {0}},
        {.name = (char[]){"b_dec"}, .dims = 1, .shape = {SIDE}, .stride = {0}},
        {.name = (char[]){"W_enc"}, .dims = 2, .shape = {SIDE, SIDE}, .stride = {1, 1}},
    };
    for (int i = 0; i < 3; i++) tensors[i].dtype = TENSOR_F32, tensors[i].data = data;
    weights w = {.file = {.map = {.path = (char[]){"memory"}, .size = BYTES}, .tensors = tensors, .count = 3}};
    w.prefix = "";
    const weight_names names = {"W_enc", "b_enc", NULL, "b_dec", false, false};
    scry_error err = {0};
    sae s = {0};
    check(!weights_load(&s, &w, &names, &err) && contains(err.text, "W_enc") && contains(err.text, "stored once"),
          "a matrix of 2^60 in a file of 2^16 bytes is refused: %s", err.text);
    sae_free(&s);
}

/* ---- the k largest ----------------------------------------------------------------------------- */

static bool one_topk(uint32_t latents_, uint32_t k, uint32_t distinct, uint64_t *state) {
    enum { TOKENS = 3 };
    sae s = {.d_sae = latents_, .k = k};
    float *H = mem_new(latents_, TOKENS * sizeof *H), floors[TOKENS] = {0};
    uint32_t ties[TOKENS] = {0}, t = random_below(state, TOKENS);
    for (size_t i = 0; i < (size_t)latents_ * TOKENS; i++)
        H[i] = (float)random_below(state, distinct) - (float)(distinct / 3);
    sae_topk(&s, H, TOKENS, t, floors, ties);
    bool ok = true;
    uint32_t left = ties[t];
    for (uint32_t j = 0; j < latents_; j++) {
        float v = H[(size_t)j * TOKENS + t];
        uint32_t before = 0; /* how many come before it: larger, or equal and lower */
        for (uint32_t i = 0; i < latents_; i++) {
            float other = H[(size_t)i * TOKENS + t];
            before += other > v || (other == v && i < j);
        }
        bool want = v > 0 && before < k;
        bool kept = v > floors[t] || (v == floors[t] && left > 0 && left--);
        ok = ok && want == kept;
    }
    free(H);
    return ok && left == 0;
}

static void test_topk(void) {
    uint64_t state = 5;
    int wrong = 0;
    for (int i = 0; i < 3000; i++) {
        uint32_t count = 1 + random_below(&state, 70), k = 1 + random_below(&state, count);
        wrong += !one_topk(count, k, 1 + random_below(&state, i % 2 ? 5 : 1000), &state);
    }
    check(wrong == 0, "the k largest of 3000 lists, %d wrong", wrong);
}

int main(void) {
    if (!check(read_floats(FOLDER "x.npy", N * D, residuals), "the residuals are there")) return check_end();
    for (int i = 0; i < SPECIMENS; i++) test_specimen(&specimens[i]);
    for (int i = 0; i < DAMAGES; i++) test_damage(&damages[i]);
    test_all_flips();
    test_paths();
    test_square();
    test_overlapping();
    test_topk();
    free(decoder);
    return check_end();
}
