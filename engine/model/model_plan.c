/* model_plan.c: config.json to a plan. */
#include "base/mem.h"
#include "base/path.h"
#include "io/config.h"
#include "model/family.h"
#include "model/rope.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Larger than any model, small enough that products of them fit 64 bits. */
enum { LAYERS_MAX = 4096, WIDTH_MAX = 1 << 24, HEAD_DIM_MAX = 1 << 16 };

/* Settings of transformers that are the same for all families and change no number here. */
static const char harmless[] =
    "architectures model_type text_config transformers_version torch_dtype dtype use_cache *_token_id bos_token_id "
    "eos_token_id pad_token_id unk_token_id sep_token_id cls_token_id decoder_start_token_id initializer_range "
    "attention_dropout pretraining_tp name_or_path _* id2label label2id problem_type return_dict torchscript "
    "chunk_size_feed_forward task_specific_params output_* finetuning_task max_window_layers sliding_window "
    "use_sliding_window layer_types rope_theta rope_scaling rope_parameters rope_local_base_freq rope_interleaved "
    "tokenizer_class prefix is_decoder tf_legacy_loss use_bfloat16 num_labels early_stopping do_sample "
    "max_length min_length temperature top_k top_p typical_p num_beams* length_penalty no_repeat_ngram_size "
    "encoder_no_repeat_ngram_size bad_words_ids num_return_sequences diversity_penalty repetition_penalty "
    "exponential_decay_length_penalty suppress_tokens begin_suppress_tokens forced_* remove_invalid_values "
    "pruned_heads tie_encoder_decoder attn_implementation unsloth* transformers.js_config";
static const char only[] = "is_encoder_decoder=false add_cross_attention=false";

static bool count_or(const config *c, const char *key, uint32_t absent, uint32_t most, uint32_t *out, scry_error *err) {
    char expected[80];
    if (!config_count(c, key, out, err)) return false;
    if (!*out) *out = absent;
    if (!*out) return config_unexpected(c, key, "a whole number of 1 or more", err);
    snprintf(expected, sizeof expected, "%u or less", most);
    return *out <= most || config_unexpected(c, key, expected, err);
}

static bool read_sizes(model_plan *p, const model_family *f, const config *c, scry_error *err) {
    uint32_t d_mlp = 0, kv_heads = f->kv_heads, head_dim = f->head_dim;
    if (!count_or(c, f->d_model_key, 0, WIDTH_MAX, &p->d_model, err) ||
        !count_or(c, f->layers_key, 0, LAYERS_MAX, &p->layers, err) ||
        !count_or(c, f->heads_key, f->heads, WIDTH_MAX, &p->heads, err) ||
        !count_or(c, "vocab_size", f->vocabulary, 1 << 30, &p->vocabulary, err))
        return false;
    d_mlp = f->d_mlp_factor * p->d_model;
    if (!kv_heads) kv_heads = p->heads;
    if (!count_or(c, f->d_mlp_key, d_mlp, WIDTH_MAX, &p->d_mlp, err)) return false;
    p->kv_heads = p->heads;
    if (f->qkv == QKV_APART && !count_or(c, "num_key_value_heads", kv_heads, WIDTH_MAX, &p->kv_heads, err))
        return false;
    if (!head_dim && p->d_model % p->heads == 0) head_dim = p->d_model / p->heads;
    if (f->qkv != QKV_APART && !head_dim)
        return config_unexpected(c, f->heads_key, "a divisor of the model's width", err);
    p->head_dim = head_dim;
    if (f->qkv == QKV_APART && !count_or(c, "head_dim", head_dim, HEAD_DIM_MAX, &p->head_dim, err)) return false;
    if (p->heads % p->kv_heads)
        return config_unexpected(c, "num_key_value_heads", "a divisor of the number of heads", err);
    if ((uint64_t)p->heads * p->head_dim > WIDTH_MAX) return config_unexpected(c, "head_dim", "a smaller number", err);
    if (!config_count(c, f->context_key, &p->context, err)) return false;
    if (!p->context) p->context = f->context;
    return !f->learned_positions || p->context ||
           config_unexpected(c, f->context_key, "a whole number of 1 or more", err);
}

static bool read_activation(model_plan *p, const model_family *f, const config *c, scry_error *err) {
    static const char *const names[] = {
#define ACTIVATION(id, spelled) spelled,
        ACTIVATION_TABLE(ACTIVATION)
#undef ACTIVATION
    };
    char known[300] = "one of: ";
    const char *name = NULL;
    if (!config_text(c, f->act_key, &name, err)) return false;
    if (!name) name = f->act;
    for (int i = 0; i < ACTIVATIONS; i++) {
        p->act = (activation)i;
        if (config_is_listed(names[i], name)) return true;
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i ? " " : "", names[i]);
    }
    return config_unexpected(c, f->act_key, known, err);
}

static bool read_bias(bias_rule rule, const char *key, bool absent, const config *c, bool *out, scry_error *err) {
    *out = rule == BIAS_ALWAYS;
    return rule != BIAS_IF_SET || config_flag(c, key, absent, out, err);
}

/* A number of 0 or more, 0 where it is null; `absent` where the key is not there. */
static bool read_cap(const config *c, const char *key, double absent, double *out, scry_error *err) {
    double value = 0;
    bool null = cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(c->json, key));
    if (!config_positive(c, key, null ? 0 : absent, &value, err)) return false;
    *out = value;
    return true;
}

static bool read_kinds(model_plan *p, const model_family *f, const config *c, scry_error *err) {
    double scalar = p->head_dim;
    p->norm = f->norm;
    p->gated = f->gated;
    p->qk_norm = f->qk_norm;
    p->post_norm = f->post_norm;
    p->learned_positions = f->learned_positions;
    p->embedding_scale = f->scale_embedding ? sqrt((double)p->d_model) : 1;
    if (!config_positive(c, f->eps_key, f->eps, &p->norm_eps, err) || !read_activation(p, f, c, err) ||
        !config_flag(c, "tie_word_embeddings", f->tied, &p->tied, err) ||
        !read_bias(f->qkv_bias, "attention_bias", f->attention_bias, c, &p->qkv_bias, err) ||
        !read_bias(f->out_bias, "attention_bias", f->attention_bias, c, &p->out_bias, err) ||
        !read_bias(f->mlp_bias, "mlp_bias", false, c, &p->mlp_bias, err) ||
        (f->parallel_key && !config_flag(c, "use_parallel_residual", true, &p->parallel, err)) ||
        (f->query_scalar && !config_positive(c, "query_pre_attn_scalar", 256, &scalar, err)))
        return false;
    if (f->caps && (!read_cap(c, "attn_logit_softcapping", f->attention_cap, &p->attention_cap, err) ||
                    !read_cap(c, "final_logit_softcapping", f->logit_cap, &p->logit_cap, err)))
        return false;
    bool by_layer = false;
    if (f->scale_by_layer && !config_flag(c, "scale_attn_by_inverse_layer_idx", false, &by_layer, err)) return false;
    for (uint32_t l = 0; l < p->layers; l++) p->layer[l].attention_scale = 1 / sqrt(scalar) / (by_layer ? l + 1 : 1);
    return true;
}

/* layer_types: "sliding_attention" or "full_attention" for each layer. */
static bool read_layer_types(model_plan *p, const config *c, const cJSON *list, uint32_t window, scry_error *err) {
    char expected[120];
    snprintf(expected, sizeof expected, "a list of %u texts, \"full_attention\" or \"sliding_attention\"", p->layers);
    if (!cJSON_IsArray(list) || (uint32_t)cJSON_GetArraySize(list) != p->layers)
        return config_unexpected(c, "layer_types", expected, err);
    uint32_t l = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, list) {
        const char *type = cJSON_IsString(item) ? item->valuestring : "";
        bool sliding = strcmp(type, "sliding_attention") == 0;
        if (!sliding && strcmp(type, "full_attention") != 0)
            return scry_fail(err, "model: %s: layer_types: found \"%.40s\" for layer %u, expected %s", c->path, type, l,
                             expected);
        p->layer[l].window = sliding ? window : 0;
        p->layer[l++].rope = sliding;
    }
    return true;
}

static bool read_windows(model_plan *p, const model_family *f, const config *c, scry_error *err) {
    uint32_t window = f->sliding_window, from = 28, pattern = f->window_pattern;
    bool used = true;
    if (f->window == WINDOW_NONE) return true;
    if (!config_count(c, "sliding_window", &window, err)) return false;
    if (!window && !cJSON_GetObjectItemCaseSensitive(c->json, "sliding_window")) window = f->sliding_window;
    if (f->window == WINDOW_IF_USED && !config_flag(c, "use_sliding_window", false, &used, err)) return false;
    if (!used) window = 0;
    if (f->window == WINDOW_ALL) {
        for (uint32_t l = 0; l < p->layers; l++) p->layer[l].window = window;
        return true;
    }
    const cJSON *types = config_find(c, "layer_types");
    if (types) return read_layer_types(p, c, types, window, err);
    if (f->window == WINDOW_IF_USED) {
        const cJSON *most = config_find(c, "max_window_layers");
        if (most && !(cJSON_IsNumber(most) && most->valuedouble >= 0))
            return config_unexpected(c, "max_window_layers", "a whole number", err);
        if (most) from = most->valuedouble < LAYERS_MAX ? (uint32_t)most->valuedouble : LAYERS_MAX;
        for (uint32_t l = from; l < p->layers; l++) p->layer[l].window = window;
        return true;
    }
    if (f->window_pattern > 2 && !count_or(c, "sliding_window_pattern", pattern, LAYERS_MAX, &pattern, err))
        return false;
    for (uint32_t l = 0; l < p->layers; l++) {
        p->layer[l].rope = (l + 1) % pattern > 0;
        p->layer[l].window = p->layer[l].rope ? window : 0;
    }
    return true;
}

static bool read_ropes(model_plan *p, const model_family *f, const config *c, scry_error *err) {
    if (f->rotary && !rope_read(&p->rope[0], f, c, p->head_dim, false, err)) return false;
    if (f->rope_local_theta > 0) return rope_read(&p->rope[1], f, c, p->head_dim, true, err);
    for (uint32_t l = 0; l < p->layers; l++)
        p->layer[l].rope = 0; /* those with a window have no positions of their own */
    return true;
}

/* Refuses what a list of name=value says is not implemented otherwise. */
static bool check_only(const config *c, const char *list, scry_error *err) {
    char key[64], value[32], shown[80], expected[120];
    for (const char *at = list; at && sscanf(at, " %63[^=]=%31[^ ]", key, value) == 2;) {
        const cJSON *item = config_find(c, key);
        if (item && strcmp(config_shown(c, key, shown, sizeof shown), value) != 0) {
            snprintf(expected, sizeof expected, "%s, since nothing else is implemented", value);
            return config_unexpected(c, key, expected, err);
        }
        at += strspn(at, " ");
        at += strcspn(at, " ");
    }
    return true;
}

static bool is_off(const cJSON *item) {
    return cJSON_IsNull(item) || cJSON_IsFalse(item) || (cJSON_IsNumber(item) && item->valuedouble == 0) ||
           ((cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child);
}

static void note_rest(const config *c, const model_family *f, scry_notes *notes) {
    char unknown[300] = "";
    size_t used = 0, more = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, c->json) {
        if (config_was_asked(c, item->string) || config_is_listed(harmless, item->string) || is_off(item) ||
            (f->harmless && config_is_listed(f->harmless, item->string)))
            continue;
        if (used + strlen(item->string) + 3 > sizeof unknown) more++;
        else used += (size_t)snprintf(unknown + used, sizeof unknown - used, "%s%s", used ? ", " : "", item->string);
    }
    if (used && more)
        scry_notes_add(notes, "model: %s: keys that %s does not know and that are ignored: %s and %zu more", c->path,
                       f->name, unknown, more);
    else if (used)
        scry_notes_add(notes, "model: %s: keys that %s does not know and that are ignored: %s", c->path, f->name,
                       unknown);
}

static bool read_family(model_plan *p, config *c, const model_family **family, scry_error *err) {
    char known[SCRY_CHOICES], expected[SCRY_CHOICES + 40];
    const char *type = NULL, *method = NULL;
    if (config_find(c, "quantization_config")) {
        if (!config_text(c, "quantization_config.quant_method", &method, err)) return false;
        return scry_fail(err,
                         "model: %s: quantization_config: found quantised weights (%.40s), expected F32, F16 or BF16; "
                         "take the checkpoint that was quantised, or save it dequantised",
                         c->path, method ? method : "of unknown method");
    }
    if (!config_text(c, "model_type", &type, err)) return false;
    cJSON *text = cJSON_GetObjectItemCaseSensitive(c->json, "text_config");
    if (type && strcmp(type, "gemma3") == 0 && cJSON_IsObject(text)) { /* the text part of a multimodal folder */
        type = "gemma3_text";
        cJSON_DetachItemViaPointer(c->json, text);
        cJSON_Delete(c->json);
        c->json = text;
    }
    *family = type ? model_family_find(type) : NULL;
    if (*family) {
        p->family = (*family)->name;
        return true;
    }
    snprintf(expected, sizeof expected, "a known family: %s", scry_model_families(known, ""));
    return config_unexpected(c, "model_type", expected, err);
}

static bool read_config(model_plan *p, config *c, scry_notes *notes, scry_error *err) {
    const model_family *f = NULL;
    if (!read_family(p, c, &f, err) || !read_sizes(p, f, c, err)) return false;
    p->layer = mem_new(p->layers, sizeof *p->layer);
    if (!read_kinds(p, f, c, err) || !read_windows(p, f, c, err) || !read_ropes(p, f, c, err)) return false;
    if (!check_only(c, only, err) || !check_only(c, f->only, err)) return false;
    if (notes) note_rest(c, f, notes);
    return true;
}

bool model_plan_read(model_plan *plan, const char *folder, scry_notes *notes, scry_error *err) {
    *plan = (model_plan){0};
    config c;
    char *path = path_join(folder, "config.json");
    bool ok = config_open(&c, path, "model", "{\"model_type\": \"llama\", \"hidden_size\": 576}", err);
    free(path);
    if (!ok) return false;
    ok = read_config(plan, &c, notes, err);
    config_close(&c);
    return ok;
}

void model_plan_free(model_plan *plan) {
    for (int i = 0; i < MODEL_ROPES; i++) free(plan->rope[i].frequency);
    free(plan->layer);
    *plan = (model_plan){0};
}
