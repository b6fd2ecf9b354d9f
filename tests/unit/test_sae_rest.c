/* test_sae_rest.c: tensors and settings next to an SAE's known weights are understood or refused by name: normalisation
 * in the weights, transcoders and crosscoders, further tensors and keys in each family, and folders and files that are
 * no SAE. The files are made here; latents are compared with plain loops. */
#include "check.h"
#include "sae/sae.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { D = 6, F = 10, N = 40, MOST = 16 };

/* ---- an SAE in any family's names ---- */

static double W_enc[D * F], W_enc_turned[F * D], b_enc[F], W_dec[F * D], W_dec_turned[D * F], b_dec[D], threshold[F];
static double log_threshold[F], mean[D], std[D], x[N * D], one[1] = {0.3}, cube[2 * D * F];

static void make_numbers(void) {
    uint64_t seed = 17;
    for (int i = 0; i < D * F; i++) W_enc[i] = roll_unit(&seed) - 0.5, W_dec[i] = roll_unit(&seed) - 0.5;
    for (int i = 0; i < D; i++)
        for (int j = 0; j < F; j++) {
            W_enc_turned[j * D + i] = W_enc[i * F + j];
            W_dec_turned[i * F + j] = W_dec[j * D + i];
        }
    for (int j = 0; j < F; j++) b_enc[j] = roll_unit(&seed) - 0.5, threshold[j] = roll_unit(&seed) / 2;
    for (int j = 0; j < F; j++) log_threshold[j] = log(threshold[j]);
    for (int i = 0; i < D; i++)
        b_dec[i] = roll_unit(&seed) - 0.5, mean[i] = 3 * roll_unit(&seed), std[i] = 0.5 + roll_unit(&seed);
    for (int i = 0; i < N * D; i++) x[i] = 6 * roll_unit(&seed) - 2;
    for (int i = 0; i < 2 * D * F; i++) cube[i] = roll_unit(&seed);
}

typedef struct tensors {
    specimen t[MOST];
    size_t count;
} tensors;

static void add(tensors *all, const char *name, size_t rows, size_t cols, const double *values) {
    all->t[all->count++] = (specimen){name, F32, rows, cols, values};
}

typedef enum family { GEMMA, SPARSIFY, SAELENS, OPENMOSS, DICTIONARY, FAMILIES } family;

static const struct {
    const char *name, *weights, *settings, *json; /* json without the closing brace */
} files[FAMILIES] = {
    {"Gemma Scope", "params.safetensors", "config.json",
     "{\"architecture\": \"jump_relu\", \"width\": 10, \"hf_hook_point_in\": \"model.layers.3.output\", "
     "\"hf_hook_point_out\": \"model.layers.3.output\""},
    {"sparsify", "sae.safetensors", "cfg.json", "{\"k\": 3, \"d_in\": 6, \"num_latents\": 10"},
    {"SAELens", "sae_weights.safetensors", "cfg.json",
     "{\"architecture\": \"jumprelu\", \"d_in\": 6, \"d_sae\": 10, \"normalize_activations\": \"none\""},
    {"OpenMOSS", "sae_weights.safetensors", "config.json",
     "{\"sae_type\": \"sae\", \"d_model\": 6, \"act_fn\": \"jumprelu\", \"norm_activation\": \"inference\", "
     "\"hook_point_in\": \"a\", \"hook_point_out\": \"a\""},
    {"dictionary_learning", "ae.pt", "config.json",
     "{\"trainer\": {\"dict_class\": \"BatchTopKSAE\", \"activation_dim\": 6, \"dict_size\": 10, \"k\": 3}"},
};

static void add_weights(tensors *all, family which) {
    switch (which) {
    case GEMMA:
        add(all, "w_enc", D, F, W_enc), add(all, "b_enc", F, 0, b_enc), add(all, "w_dec", F, D, W_dec);
        add(all, "b_dec", D, 0, b_dec), add(all, "threshold", F, 0, threshold);
        break;
    case SPARSIFY:
        add(all, "encoder.weight", F, D, W_enc_turned), add(all, "encoder.bias", F, 0, b_enc);
        add(all, "W_dec", F, D, W_dec), add(all, "b_dec", D, 0, b_dec);
        break;
    case SAELENS:
        add(all, "W_enc", D, F, W_enc), add(all, "b_enc", F, 0, b_enc), add(all, "W_dec", F, D, W_dec);
        add(all, "b_dec", D, 0, b_dec), add(all, "threshold", F, 0, threshold);
        break;
    case OPENMOSS:
        add(all, "W_E", D, F, W_enc), add(all, "b_E", F, 0, b_enc), add(all, "W_D", F, D, W_dec);
        add(all, "b_D", D, 0, b_dec), add(all, "activation_function.log_jumprelu_threshold", F, 0, log_threshold);
        break;
    case DICTIONARY:
    case FAMILIES:
        add(all, "encoder.weight", F, D, W_enc_turned), add(all, "encoder.bias", F, 0, b_enc);
        add(all, "decoder.weight", D, F, W_dec_turned), add(all, "b_dec", D, 0, b_dec);
        add(all, "threshold", 1, 0, one);
        break;
    }
}

/* Writes the SAE to a fresh folder; more: `, "key": value` at the end of the settings. */
static const char *write_sae(family which, const tensors *all, const char *more) {
    static int number;
    const char *folder = scratch_folder("sae%d", number++);
    write_safetensors(text_of("%s/%s", folder, files[which].weights), all->t, all->count);
    write_text(text_of("%s/%s", folder, files[which].settings), "%s%s}", files[which].json, more);
    return folder;
}

static void refused(const char *path, const char *const *words, const char *what) {
    scry_error err = {0};
    sae s;
    if (sae_load(&s, path, NULL, NULL, &err)) {
        check(false, "%s: was loaded", what);
        sae_free(&s);
        return;
    }
    check_says(err.text, words, "%s is refused", what);
}

/* Loads with so many notes, of which the last says this. */
static void loads(const char *path, size_t count, const char *says, const char *what) {
    scry_error err = {0};
    scry_notes notes = {0};
    sae s;
    if (check(sae_load(&s, path, NULL, &notes, &err), "%s loads %s", what, err.text)) {
        const char *last = notes.count ? notes.text[notes.count - 1] : "";
        check(notes.count == count && strstr(last, says), "%s: %zu notes %s", what, notes.count, last);
        sae_free(&s);
    }
    scry_notes_free(&notes);
}

/* ---- further tensors and keys ---- */

static void test_tensors(family which) {
    static const struct {
        const char *name;
        size_t rows, cols;
        const double *values;
        const char *shape;
    } more[] = {{"activation_mean_of_inputs", D, 0, mean, "[6]"},
                {"pre_encoder.weight", D, D, cube, "[6, 6]"},
                {"feature_act_scale", F, 0, threshold, "[10]"},
                {"b_enc_2", F, 0, b_enc, "[10]"}};
    const char *name = files[which].name;
    tensors plain = {0};
    add_weights(&plain, which);
    loads(write_sae(which, &plain, ""), 0, "", text_of("%s", name));
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        tensors all = plain;
        add(&all, more[i].name, more[i].rows, more[i].cols, more[i].values);
        refused(write_sae(which, &all, ""),
                SAYS(files[which].weights, more[i].name, more[i].shape, "may change the latents", "\"features\""),
                text_of("%s with the tensor %s", name, more[i].name));
    }
}

static void test_keys(family which) {
    static const char *const harmful[] = {
        "\"input_scale\": 2.5",        "\"layer_norm_eps\": 1e-5",       "\"normalise_residuals\": true",
        "\"pre_bias\": [1, 2]",        "\"activationTemperature\": 0.5", "\"rotation\": \"hadamard\"",
        "\"embed_skip\": true",        "\"gram_lookup\": true",          "\"norm_scaling_factor\": 0.3",
        "\"jumprelu_shift\": 0.1",     "\"mean_center\": true",          "\"dataset_norm_scale\": 1.5",
        "\"extra\": {\"rescale\": 3}", "\"log_threshold_offset\": -1",   "\"target_rms\": 1.0"};
    static const char *const quiet =
        ", \"input_scale\": null, \"layer_norm\": false, \"normalise\": \"none\", \"pre_bias\": "
        "[], \"rotation\": \"\", \"offset\": 0, \"lr_scale_warm_up_steps\": 5, "
        "\"norm_loss_coefficient\": 2, \"decoder_init_norm\": 0.1, \"seed\": 3";
    const char *name = files[which].name;
    tensors plain = {0};
    add_weights(&plain, which);
    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++) {
        const char *key = text_of("%.*s", (int)strcspn(harmful[i] + 1, "\""), harmful[i] + 1);
        refused(write_sae(which, &plain, text_of(", %s", harmful[i])),
                SAYS(files[which].settings, key, "may change the latents"), text_of("%s with %s", name, harmful[i]));
    }
    loads(write_sae(which, &plain, quiet), 0, "", text_of("%s with keys that are off or of training", name));
    loads(write_sae(which, &plain, ", \"author\": \"a\", \"release\": {\"date\": 2026}"), 1, "author, release.date",
          text_of("%s with keys that say nothing of latents", name));
}

/* Settings as they are released, but for the sizes: none is refused or named. */
static void test_released(void) {
    static const struct {
        family which;
        const char *what, *json;
    } cases[] = {
        {GEMMA, "Gemma Scope 2",
         "{\"architecture\": \"jump_relu\", \"model_name\": \"google/gemma-3-1b-pt\", \"hf_hook_point_in\": "
         "\"model.layers.10.output\", \"hf_hook_point_out\": \"model.layers.10.output\", \"width\": 10, \"l0\": 20, "
         "\"affine_connection\": false, \"type\": \"sae\"}"},
        {SPARSIFY, "sparsify 1.3",
         "{\"activation\": \"topk\", \"expansion_factor\": 32, \"normalize_decoder\": true, \"num_latents\": 10, "
         "\"k\": 3, "
         "\"multi_topk\": true, \"skip_connection\": false, \"embed_skip\": false, \"gram_lookup\": false, "
         "\"lookup_max_order\": 4, \"gram_table_hash\": null, \"transcode\": false, \"d_in\": 6}"},
        {SAELENS, "SAELens before release 5, with the settings of its run",
         "{\"model_name\": \"gpt2\", \"model_class_name\": \"HookedTransformer\", \"hook_name\": "
         "\"blocks.6.hook_resid_pre\", \"hook_eval\": \"NOT_IN_USE\", \"hook_layer\": 6, \"hook_head_index\": null, "
         "\"dataset_path\": \"x\", \"streaming\": true, \"is_dataset_tokenized\": false, \"context_size\": 128, "
         "\"use_cached_activations\": true, \"cached_activations_path\": \"a/b\", \"architecture\": \"jumprelu\", "
         "\"d_in\": "
         "6, \"d_sae\": 10, \"b_dec_init_method\": \"geometric_median\", \"expansion_factor\": 2, \"activation_fn\": "
         "\"relu\", \"activation_fn_kwargs\": {}, \"normalize_sae_decoder\": true, \"noise_scale\": 0.1, "
         "\"from_pretrained_path\": null, \"apply_b_dec_to_input\": true, \"decoder_orthogonal_init\": true, "
         "\"decoder_heuristic_init\": true, \"init_encoder_as_decoder_transpose\": true, \"n_batches_in_buffer\": 20, "
         "\"training_tokens\": 2000000, \"finetuning_tokens\": 10, \"store_batch_size_prompts\": 32, "
         "\"train_batch_size_tokens\": 4096, \"normalize_activations\": \"none\", \"seqpos_slice\": [null], "
         "\"device\": "
         "\"cuda\", \"act_store_device\": \"cuda\", \"seed\": 42, \"dtype\": \"torch.float32\", \"prepend_bos\": true, "
         "\"jumprelu_init_threshold\": 0.001, \"jumprelu_bandwidth\": 0.001, \"autocast_lm\": true, \"compile_sae\": "
         "true, "
         "\"adam_beta1\": 0.9, \"mse_loss_normalization\": \"dense_batch\", \"l1_coefficient\": 5, \"lp_norm\": 1.0, "
         "\"scale_sparsity_penalty_by_decoder_norm\": true, \"l1_warm_up_steps\": 10, \"lr\": 0.0004, "
         "\"lr_scheduler_name\": \"constant\", \"n_restart_cycles\": 1, \"finetuning_method\": \"scale\", "
         "\"use_ghost_grads\": true, \"feature_sampling_window\": 1000, \"dead_feature_window\": 5000, "
         "\"dead_feature_threshold\": 1e-6, \"feature_reinit_scale\": 0.2, \"n_eval_batches\": 10, \"log_to_wandb\": "
         "true, "
         "\"model_kwargs\": {\"a\": 1}, \"model_from_pretrained_kwargs\": {\"center_writing_weights\": true}, "
         "\"tokens_per_buffer\": 100, \"sae_lens_training_version\": \"3.1.0\"}"},
        {DICTIONARY, "dictionary_learning",
         "{\"trainer\": {\"trainer_class\": \"MatryoshkaBatchTopKTrainer\", \"dict_class\": \"BatchTopKSAE\", \"lr\": "
         "5e-5, "
         "\"steps\": 100, \"auxk_alpha\": 0.03125, \"warmup_steps\": 1000, \"decay_start\": 80, \"threshold_beta\": "
         "0.999, "
         "\"threshold_start_step\": 10, \"top_k_aux\": 3, \"seed\": 0, \"activation_dim\": 6, \"dict_size\": 10, "
         "\"group_fractions\": [0.5, 0.5], \"group_weights\": [1, 1], \"k\": 3, \"device\": \"cuda:0\", \"layer\": 8, "
         "\"lm_name\": \"x\", \"wandb_name\": \"y\", \"submodule_name\": \"resid_post_layer_8\", \"l1_penalty\": 0.1, "
         "\"sparsity_warmup_steps\": 5, \"resample_steps\": 3, \"bandwidth\": 0.001, \"target_l0\": 80}, \"buffer\": "
         "{\"d_submodule\": 6, \"io\": \"out\", \"n_ctxs\": 2, \"ctx_len\": 128, \"refresh_batch_size\": 32}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tensors all = {0};
        add_weights(&all, cases[i].which);
        const char *folder = write_sae(cases[i].which, &all, "");
        write_text(text_of("%s/%s", folder, files[cases[i].which].settings), "%s", cases[i].json);
        loads(folder, 0, "", cases[i].what);
    }
    tensors all = {0};
    add(&all, "encoder.weight", F, D, W_enc_turned), add(&all, "encoder.bias", F, 0, b_enc);
    add(&all, "decoder.weight", D, F, W_dec_turned), add(&all, "decoder.bias", D, 0, b_dec);
    scratch_folder("llama"), scratch_folder("llama/checkpoints");
    write_safetensors(scratch("llama/checkpoints/final.safetensors"), all.t, all.count);
    write_text(
        scratch("llama/hyperparams.json"), "%s",
        "{\"device\": \"cuda:0\", \"seed\": 42, \"dtype\": \"torch.bfloat16\", \"hook_point_in\": "
        "\"blocks.24.hook_resid_post\", \"hook_point_out\": \"blocks.24.hook_resid_post\", \"use_decoder_bias\": "
        "true, \"apply_decoder_bias_to_pre_encoder\": false, \"d_model\": 6, \"d_sae\": 10, \"bias_init_method\": "
        "\"all_zero\", \"act_fn\": \"jumprelu\", \"jump_relu_threshold\": 0.75390625, \"norm_activation\": "
        "\"dataset-wise\", \"dataset_average_activation_norm\": {\"in\": 29.125, \"out\": 29.125}, "
        "\"decoder_exactly_fixed_norm\": true, \"sparsity_include_decoder_norm\": true, \"use_glu_encoder\": false, "
        "\"init_decoder_norm\": 0.5, \"init_encoder_norm\": null, \"init_encoder_with_decoder_transpose\": true, "
        "\"lp\": 1, \"l1_coefficient\": 8e-05, \"l1_coefficient_warmup_steps\": 78125, \"top_k\": 50, "
        "\"k_warmup_steps\": 78125, \"use_batch_norm_mse\": true, \"use_ghost_grads\": false, \"tp_size\": 1, "
        "\"ddp_size\": 1}");
    loads(scratch("llama"), 0, "", "Llama Scope");
}

/* A setting that belongs to another architecture. */
static void test_foreign(void) {
    tensors all = {0};
    add_weights(&all, SAELENS);
    const char *folder = write_sae(SAELENS, &all, "");
    const char *cfg = text_of("%s/cfg.json", folder);
    write_text(cfg, "{\"architecture\": \"standard\", \"d_in\": 6, \"d_sae\": 10}");
    refused(folder, SAYS("tensor threshold", "[10]"), "a threshold next to a ReLU SAE");
    all.count--;
    folder = write_sae(SAELENS, &all, "");
    cfg = text_of("%s/cfg.json", folder);
    write_text(cfg, "{\"architecture\": \"standard\", \"k\": 64}");
    refused(folder, SAYS("cfg.json: k:", "found 64"), "k next to a ReLU SAE");
    write_text(cfg, "{\"activation_fn_str\": \"relu\", \"activation_fn_kwargs\": {\"k\": 64}}");
    refused(folder, SAYS("activation_fn_kwargs.k", "found 64"), "activation_fn_kwargs.k next to ReLU");
}

/* ---- normalisation of residuals in the weights ---- */

/* h[N][F] and x^[N][D] of BatchTopKSAE in double; scale NULL: each dimension is divided by std + 1e-8. */
static void plain_batchtopk(const double *scale, bool off, double *h, double *made) {
    for (int t = 0; t < N; t++) {
        double y[D];
        for (int i = 0; i < D; i++) {
            y[i] = x[t * D + i];
            if (!off) y[i] = scale ? (y[i] - mean[i]) * *scale : (y[i] - mean[i]) / (std[i] + 1e-8);
        }
        for (int j = 0; j < F; j++) {
            double pre = b_enc[j];
            for (int i = 0; i < D; i++) pre += (y[i] - b_dec[i]) * W_enc[i * F + j];
            h[t * F + j] = pre > one[0] ? pre : 0;
        }
        for (int i = 0; i < D; i++) {
            double sum = b_dec[i];
            for (int j = 0; j < F; j++) sum += h[t * F + j] * W_dec[j * D + i];
            if (!off) sum = (scale ? sum / *scale : sum * (std[i] + 1e-8)) + mean[i];
            made[t * D + i] = sum;
        }
    }
}

static void compare(const char *folder, const double *scale, bool off, const char *what) {
    double h[N * F], made[N * D];
    plain_batchtopk(scale, off, h, made);
    scry_error err = {0};
    sae s;
    if (!check(sae_load(&s, folder, NULL, NULL, &err), "%s loads %s", what, err.text)) return;
    float X[N * D], H[F * N];
    for (int i = 0; i < N * D; i++) X[i] = (float)x[i];
    for (int t = 0; t < N; t++) sae_prepare(&s, X + t * D);
    sae_encode(&s, X, N, 0, F, H);
    worst w = {.tolerance = 2e-5};
    size_t active = 0;
    for (int t = 0; t < N; t++) {
        for (int j = 0; j < F; j++) {
            worst_add(&w, (double)H[j * N + t], h[t * F + j], 1, "token %d latent %d", t, j);
            active += h[t * F + j] > 0;
        }
        for (int i = 0; i < D; i++) {
            double sum = (double)s.b_dec[i];
            for (int j = 0; j < F; j++) sum += (double)H[j * N + t] * (double)s.W_dec[j * D + i];
            worst_add(&w, sum / (double)s.input_scale, made[t * D + i], 1, "token %d dimension %d", t, i);
        }
    }
    worst_line(&w, "%s: latents and reconstructions, %zu active", what, active);
    check(active > N && active < N * F * 9 / 10, "%s: some are active: %zu", what, active);
    sae_free(&s);
}

static void add_buffers(tensors *all, const double *means, const double *stds, const double *scale,
                        const double *target) {
    if (means) add(all, "activation_mean", D, 0, means);
    if (stds) add(all, "activation_std", D, 0, stds);
    if (scale) add(all, "activation_global_scale", 1, 0, scale);
    if (target) add(all, "target_rms", 1, 0, target);
}

static void test_normaliser(void) {
    double square = 0, wrong = 0.75, unit = 1, target = 4, nan_mean[D], bad_std[D];
    for (int i = 0; i < D; i++) square += std[i] * std[i];
    const double scale = 1 / sqrt(square + 1e-8), larger = 4 * scale;
    memcpy(nan_mean, mean, sizeof mean);
    memcpy(bad_std, std, sizeof std);
    nan_mean[2] = NAN;
    bad_std[1] = INFINITY;
    tensors plain = {0}, all;
    add_weights(&plain, DICTIONARY);
    add(&plain, "k", 1, 0, &unit);
    compare(write_sae(DICTIONARY, &plain, ""), NULL, true, "BatchTopKSAE without buffers");
    add_buffers((all = plain, &all), mean, std, &scale, &unit);
    compare(write_sae(DICTIONARY, &all, ""), &scale, false, "one factor for all dimensions");
    add_buffers((all = plain, &all), mean, std, &larger, &target);
    compare(write_sae(DICTIONARY, &all, ""), &larger, false, "one factor with a target_rms of 4");
    add_buffers((all = plain, &all), mean, std, &unit, &unit);
    compare(write_sae(DICTIONARY, &all, ""), NULL, false, "a factor for each dimension");
    add_buffers((all = plain, &all), nan_mean, std, &unit, &unit);
    compare(write_sae(DICTIONARY, &all, ""), NULL, true, "NaN in the mean: no normalisation");
    tensors nested = {0};
    add_buffers((all = plain, &all), mean, std, &scale, &unit);
    for (size_t i = 0; i < all.count; i++) {
        nested.t[i] = all.t[i];
        nested.t[i].name = text_of("ae.%s", all.t[i].name);
    }
    nested.count = all.count;
    add(&nested, "optimizer.state.0.exp_avg", F, D, W_dec);
    compare(write_sae(DICTIONARY, &nested, ""), &scale, false, "the buffers in a backup of a run");
    add_buffers((all = plain, &all), mean, std, &wrong, &unit);
    refused(write_sae(DICTIONARY, &all, ""), SAYS("activation_global_scale", "found 0.75,", "or 1"),
            "a scale of neither");
    add_buffers((all = plain, &all), mean, std, NULL, &unit);
    refused(write_sae(DICTIONARY, &all, ""), SAYS("activation_global_scale", "found none"), "no scale");
    add_buffers((all = plain, &all), NULL, std, &scale, NULL);
    refused(write_sae(DICTIONARY, &all, ""), SAYS("activation_mean", "found none"), "no mean");
    add_buffers((all = plain, &all), mean, bad_std, &scale, NULL);
    refused(write_sae(DICTIONARY, &all, ""), SAYS("activation_std", "NaN or infinite"), "an infinite std");
    add_buffers((all = plain, &all), NULL, NULL, NULL, &unit);
    refused(write_sae(DICTIONARY, &all, ""), SAYS("tensor target_rms", "may change"), "target_rms alone");
    add_buffers((all = plain, &all), mean, std, &scale, &unit);
    const char *folder = write_sae(DICTIONARY, &all, "");
    write_text(text_of("%s/config.json", folder), "{\"trainer\": {\"dict_class\": \"AutoEncoderTopK\", \"k\": 1}}");
    refused(folder, SAYS("activation_mean", "may change the latents"), "the buffers in a class that has none");
}

/* ---- transcoders and crosscoders ---- */

static void test_places(void) {
    static const struct {
        family which;
        const char *json, *key, *kind;
    } cases[] = {
        {GEMMA, "{\"hf_hook_point_in\": \"a.pre\", \"hf_hook_point_out\": \"a.post\"}", "hf_hook_point_out",
         "transcoder"},
        {GEMMA, "{\"hf_hook_point_in\": [\"a\", \"b\"]}", "hf_hook_point_in", "crosscoder"},
        {GEMMA, "{\"hf_hook_point_in\": \"a\", \"hf_hook_point_out\": [\"a\", \"b\"]}", "hf_hook_point_out",
         "cross-layer"},
        {GEMMA, "{\"affine_connection\": true}", "affine_connection", "transcoder"},
        {GEMMA, "{\"type\": \"crosscoder\"}", "type", "resid_post"},
        {GEMMA, "{\"architecture\": \"batch_topk\"}", "architecture", "jump_relu"},
        {SPARSIFY, "{\"k\": 3, \"transcode\": true}", "transcode", "transcoder"},
        {SPARSIFY, "{\"k\": 3, \"skip_connection\": true}", "skip_connection", "transcoder"},
        {SAELENS, "{\"architecture\": \"jumprelu\", \"hook_name\": \"a\", \"hook_name_out\": \"b\"}", "hook_name_out",
         "transcoder"},
        {SAELENS, "{\"architecture\": \"jumprelu\", \"metadata\": {\"hook_name\": \"a\", \"hook_name_out\": \"b\"}}",
         "hook_name_out", "transcoder"},
        {SAELENS, "{\"architecture\": \"jumprelu\", \"layer_in\": 3, \"layer_out\": 4}", "layer_out", "transcoder"},
        {OPENMOSS, "{\"act_fn\": \"jumprelu\", \"hook_point_in\": \"a\", \"hook_point_out\": \"b\"}", "hook_point_out",
         "transcoder"},
        {OPENMOSS, "{\"sae_type\": \"clt\"}", "sae_type", "transcoder"},
        {DICTIONARY, "{\"trainer\": {\"dict_class\": \"BatchTopKCrossCoder\"}}", "dict_class",
         "a crosscoder reads several"},
        {DICTIONARY,
         "{\"trainer\": {\"dict_class\": \"BatchTopKSAE\", \"module_input\": \"a\", \"module_output\": \"b\"}}",
         "module_output", "transcoder"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tensors all = {0};
        add_weights(&all, cases[i].which);
        const char *folder = write_sae(cases[i].which, &all, "");
        write_text(text_of("%s/%s", folder, files[cases[i].which].settings), "%s", cases[i].json);
        refused(folder, SAYS(files[cases[i].which].settings, cases[i].key, cases[i].kind), cases[i].json);
    }
}

/* name's tensor of shape [2, 6, 10] or [10, 2, 6] in the header of a raw file. */
static void write_cube(const char *path, const char *enc, const char *enc_shape, const char *dec,
                       const char *dec_shape) {
    static const float data[2000];
    size_t e = enc_shape[1] == '2' ? 480 : 240, d = strchr(dec_shape, '2') ? 480 : 240;
    write_safetensors_raw(
        path,
        text_of(
            "{\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[0,%zu]},\"b_enc\":{\"dtype\":\"F32\",\"shape\":["
            "10],"
            "\"data_offsets\":[%zu,%zu]},\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]},\"b_dec\":{"
            "\"dtype\":\"F32\",\"shape\":[2,6],\"data_offsets\":[%zu,%zu]}}",
            enc, enc_shape, e, e, e + 40, dec, dec_shape, e + 40, e + 40 + d, e + 40 + d, e + 88 + d),
        data, e + 88 + d);
}

static void test_shapes(void) {
    const char *bare = scratch("0.safetensors");
    write_cube(bare, "W_enc", "[2,6,10]", "W_dec", "[10,2,6]");
    refused(bare, SAYS("W_enc", "3 dimensions", "crosscoder"), "a crosscoder of two models, without settings");
    const char *folder = scratch_folder("clt");
    write_cube(text_of("%s/params.safetensors", folder), "w_enc", "[6,10]", "w_dec", "[10,2,6]");
    refused(folder, SAYS("w_dec", "3 dimensions", "cross-layer"), "Gemma Scope's cross-layer transcoder");
    tensors all = {0};
    add_weights(&all, SAELENS);
    add(&all, "W_skip", D, D, cube);
    refused(write_sae(SAELENS, &all, ""), SAYS("W_skip", "transcoder"), "a skip connection");
    all = (tensors){0};
    add(&all, "W_enc", D, F, W_enc), add(&all, "b_enc", F, 0, b_enc), add(&all, "W_dec", F, D / 2, W_dec);
    add(&all, "b_dec", D / 2, 0, b_dec), add(&all, "threshold", F, 0, threshold);
    refused(write_sae(SAELENS, &all, ""), SAYS("W_dec", "[10, 3]", "width of 6", "transcoder"), "another width out");
}

/* ---- files and folders that are no SAE ---- */

static void test_others(void) {
    const char *path = scratch("x.safetensors");
    tensors all = {0};
    add(&all, "pre_bias", D, 0, b_dec), add(&all, "latent_bias", F, 0, b_enc);
    add(&all, "encoder.weight", F, D, W_dec), add(&all, "decoder.weight", D, F, W_enc);
    write_safetensors(path, all.t, all.count);
    refused(path, SAYS("OpenAI", "latent_bias", "cfg.json"), "OpenAI's layout");
    all = (tensors){0};
    add(&all, "encoder_linear.weight", F, D, W_dec), add(&all, "decoder_linear.weight", D, F, W_enc);
    write_safetensors(path, all.t, all.count);
    refused(path, SAYS("Goodfire", "cfg.json"), "Goodfire's layout");
    all = (tensors){0};
    add(&all, "model.embed_tokens.weight", F, D, W_dec), add(&all, "model.norm.weight", D, 0, b_dec);
    write_safetensors(path, all.t, all.count);
    refused(path, SAYS("language model"), "a language model");
    all = (tensors){0};
    add(&all, "alpha", F, D, W_dec);
    write_safetensors(path, all.t, all.count);
    refused(path, SAYS("1 tensors", "\"alpha\"", "\"sae_format\"", "\"gemma-scope\"", "\"dictionary-learning\""),
            "an unknown layout");

    const char *run = scratch_folder("run");
    all = (tensors){0};
    add_weights(&all, SPARSIFY);
    for (int i = 0; i < 10; i++) {
        const char *hook = scratch_folder("run/layers.%d.mlp", i);
        write_safetensors(text_of("%s/sae.safetensors", hook), all.t, all.count);
        write_text(text_of("%s/cfg.json", hook), "{\"k\": 3}");
    }
    write_text(text_of("%s/config.json", run), "{}");
    refused(run, SAYS("a folder of 10 SAEs", "layers.0.mlp, layers.1.mlp", ", ..."), "a folder of hookpoints");
    scratch_folder("deep"), scratch_folder("deep/a"), scratch_folder("deep/a/b");
    write_safetensors(scratch("deep/a/b/params.safetensors"), all.t, all.count);
    refused(scratch("deep"), SAYS("a folder of 1 SAE,", ": a/b"), "a folder with one SAE two levels down");
    const char *set = scratch_folder("set");
    write_text(text_of("%s/dataset_info.json", set), "{}");
    write_text(text_of("%s/data-00000-of-00001.arrow", set), "x");
    refused(set, SAYS("Hugging Face dataset", "numpy.save", "data-00000-of-00001.arrow"), "a folder of a dataset");
    const char *splits = scratch_folder("splits");
    write_text(text_of("%s/0_99.safetensors", splits), "x");
    write_text(text_of("%s/100_199.safetensors", splits), "x");
    refused(splits, SAYS("delphi's splits", "list of its files", "0_99.safetensors, 100_199.safetensors"),
            "a folder of delphi's splits");
    refused(scratch_folder("empty"), SAYS("an empty directory", "params.npz"), "an empty folder");
}

static const char pointer[] =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b"
    "1258daaa5e2ca24d17e2393\nsize 12345\n";

static void test_pointers(void) {
    for (int which = 0; which < FAMILIES; which++) {
        tensors all = {0};
        add_weights(&all, (family)which);
        for (int settings = 0; settings < 2; settings++) {
            const char *folder = write_sae((family)which, &all, "");
            const char *file = settings ? files[which].settings : files[which].weights;
            write_text(text_of("%s/%s", folder, file), "%s", pointer);
            refused(folder, SAYS(file, "Git LFS pointer", "git lfs pull"),
                    text_of("%s: a pointer for %s", files[which].name, file));
        }
    }
}

int main(void) {
    make_numbers();
    for (int which = 0; which < FAMILIES; which++) {
        test_tensors((family)which);
        test_keys((family)which);
    }
    test_released();
    test_foreign();
    test_normaliser();
    test_places();
    test_shapes();
    test_others();
    test_pointers();
    return check_end();
}
