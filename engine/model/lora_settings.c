/* lora_settings.c: what adapter_config.json says. */
#include "model/lora_settings.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Settings that only steered training, or that say what the tensors show. */
static const char harmless[] =
    "auto_mapping base_model_name_or_path base_model_class parent_library peft_version revision task_type "
    "inference_mode lora_dropout target_modules exclude_modules layers_to_transform layers_pattern fan_in_fan_out "
    "megatron_core qalora_group_size eva_config corda_config loftq_config lora_ga_config velora_config "
    "ensure_weight_tying runtime_config";

/* What the adapter does when a setting is not off. */
static const struct {
    const char *key, *what;
} variants[] = {
    {"use_dora", "DoRA, which also scales the weights' columns"},
    {"modules_to_save", "whole modules in addition to the changes"},
    {"trainable_token_indices", "rows of the embedding"},
    {"layer_replication", "blocks that are run more than once"},
    {"target_parameters", "changes of bare parameters"},
    {"lora_bias", "biases in addition to the changes"},
    {"alora_invocation_tokens", "changes that begin at a token"},
    {"use_qalora", "QA-LoRA, for quantised weights"},
    {"use_bdlora", "BD-LoRA"},
    {"arrow_config", "Arrow, which chooses among adapters"},
    {"kasa_config", "KaSA, which also changes the weights themselves"},
    {"monteclora_config", "MonteCLoRA"},
    {"megatron_config", "Megatron's parallel layers"},
};

static bool is_off(const cJSON *item) {
    return !item || cJSON_IsNull(item) || cJSON_IsFalse(item) ||
           ((cJSON_IsArray(item) || cJSON_IsObject(item)) && !item->child) ||
           (cJSON_IsNumber(item) && fabs(item->valuedouble) <= 0) || (cJSON_IsString(item) && !*item->valuestring);
}

bool lora_check_kind(const config *c, scry_error *err) {
    const char *kind, *bias, *init;
    if (!config_text(c, "peft_type", &kind, err)) return false;
    if (!kind || strcmp(kind, "LORA") != 0) {
        char shown[80];
        return scry_fail(err, "adapter: %s: peft_type: found %s, expected \"LORA\"; %s", c->path,
                         config_shown(c, "peft_type", shown, sizeof shown), LORA_MERGE);
    }
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        if (is_off(config_find(c, variants[i].key))) continue;
        char shown[80];
        return scry_fail(err, "adapter: %s: %s: found %s, %s, expected none; %s", c->path, variants[i].key,
                         config_shown(c, variants[i].key, shown, sizeof shown), variants[i].what, LORA_MERGE);
    }
    if (!config_text(c, "bias", &bias, err)) return false;
    if (bias && strcmp(bias, "none") != 0)
        return scry_fail(err, "adapter: %s: bias: found \"%.60s\", trained biases, expected \"none\"; %s", c->path,
                         bias, LORA_MERGE);
    const cJSON *start = config_find(c, "init_lora_weights");
    if (!start || cJSON_IsBool(start)) return true;
    if (!config_text(c, "init_lora_weights", &init, err)) return false;
    if (!config_is_listed("gaussian eva orthogonal", init))
        return scry_fail(err,
                         "adapter: %s: init_lora_weights: found \"%.60s\", which changes the model's own weights or is "
                         "not known, expected true, false, \"gaussian\", \"orthogonal\" or \"eva\"; save it with "
                         "path_initial_model_for_weight_conversion, or %s",
                         c->path, init, LORA_MERGE);
    return true;
}

/* Keys that no one asked for: a note, or err where one is switched on. */
bool lora_check_rest(const config *c, scry_notes *notes, scry_error *err) {
    const cJSON *item;
    cJSON_ArrayForEach (item, c->json) {
        const char *key = item->string;
        if (is_off(item) || config_is_listed(harmless, key) || config_was_asked(c, key)) continue;
        char shown[80];
        config_shown(c, key, shown, sizeof shown);
        if (cJSON_IsTrue(item) || cJSON_IsArray(item) || cJSON_IsObject(item))
            return scry_fail(err,
                             "adapter: %s: %.100s: found %s, a setting that is not known here and may change what the "
                             "adapter does, expected none; %s",
                             c->path, key, shown, LORA_MERGE);
        scry_notes_add(notes, "adapter: %s: %.100s: found %s, which is not known here and taken as changing nothing",
                       c->path, key, shown);
    }
    return true;
}

/* ---- ranks and scales --------------------------------------------------------------------------- */

bool lora_name_ends(const char *text, const char *end) {
    size_t a = strlen(text), b = strlen(end);
    return a >= b && strcmp(text + a - b, end) == 0 && (a == b || text[a - b - 1] == '.');
}

/* The number that a pattern such as {"q_proj": 16} gives a module: PEFT takes the first key that is the module's name
 * or the end of it ("^" in front: the whole name). Other regular expressions are refused. */
static bool pattern_number(const config *c, const char *key, const char *module, double *out, scry_error *err) {
    const cJSON *patterns = config_find(c, key), *item;
    if (!patterns) return true;
    if (!cJSON_IsObject(patterns)) return config_unexpected(c, key, "an object of modules and numbers", err);
    cJSON_ArrayForEach (item, patterns) {
        const char *name = item->string;
        bool whole = *name == '^';
        name += whole;
        char plain[256];
        size_t used = 0;
        for (const char *at = name; *at && used + 1 < sizeof plain; at++) {
            if (at[0] == '\\' && at[1] == '.') at++;
            else if (at[0] == '$' && !at[1]) break;
            else if (strchr("\\*+?[](){}|^$", *at))
                return scry_fail(err, "adapter: %s: %s: found \"%.100s\", expected names of modules; %s", c->path, key,
                                 item->string, LORA_MERGE);
            plain[used++] = *at;
        }
        plain[used] = 0;
        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 1 << 30))
            return scry_fail(err, "adapter: %s: %s: \"%.100s\": found no number of 0 or more, expected one", c->path,
                             key, item->string);
        if (whole ? strcmp(module, plain) == 0 : lora_name_ends(module, plain)) {
            *out = item->valuedouble;
            return true;
        }
    }
    return true;
}

bool lora_scale(const config *c, const char *module, uint64_t rank, float *scale, scry_error *err) {
    double said, alpha;
    bool rooted;
    if (!config_positive(c, "r", 8, &said, err) || !config_positive(c, "lora_alpha", 8, &alpha, err) ||
        !config_flag(c, "use_rslora", false, &rooted, err) || !pattern_number(c, "rank_pattern", module, &said, err) ||
        !pattern_number(c, "alpha_pattern", module, &alpha, err))
        return false;
    if (fabs(said - (double)rank) > 0)
        return scry_fail(err, "adapter: %s: %.200s: found rank %.9g, expected %llu as in the weights", c->path, module,
                         said, (unsigned long long)rank);
    *scale = (float)(alpha / (rooted ? sqrt(said) : said));
    return true;
}
