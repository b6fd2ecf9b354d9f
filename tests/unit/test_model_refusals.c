/* test_model_refusals.c: what a model's folder or a request must not be is refused by name: file, what was found, what
 * was expected. */
#include "file_edits.h"
#include "model_specimen.h"

#define FOLDER "tests/specimens/models/"

/* ---- folders -------------------------------------------------------------------------------------------- */

#define CONFIG  "config.json"
#define WEIGHTS "model.safetensors"
#define INDEX   "model.safetensors.index.json"
#define Q0      "model.layers.0.self_attn.q_proj.weight"

static const struct refusal {
    const char *model, *file;
    file_edit edit;
    const char *key, *value;
    const char *says[5]; /* NULL at the end */
} refusals[] = {
    /* families */
    {"llama", CONFIG, SETTING, "model_type", "\"mamba\"", {CONFIG, "model_type", "\"mamba\"", "gemma3_text"}},
    {"llama", CONFIG, SETTING, "model_type", NULL, {CONFIG, "model_type", "nothing", "qwen3"}},
    {"llama", CONFIG, SETTING, "model_type", "3", {CONFIG, "model_type", "3"}},
    {"llama",
     CONFIG,
     SETTING,
     "quantization_config",
     "{\"quant_method\": \"bitsandbytes\"}",
     {CONFIG, "quantization_config", "bitsandbytes", "BF16"}},
    {"llama", CONFIG, SETTING, "quantization_config", "{}", {CONFIG, "quantization_config", "BF16"}},
    /* rotary positions */
    {"llama", CONFIG, SETTING, "rope_parameters.rope_type", "\"yarn\"", {CONFIG, "\"yarn\"", "llama3", "linear"}},
    {"llama", CONFIG, SETTING, "rope_parameters.rope_type", "\"dynamic\"", {CONFIG, "\"dynamic\"", "llama3"}},
    {"llama", CONFIG, SETTING, "rope_parameters.rope_type", "\"longrope\"", {CONFIG, "\"longrope\"", "llama3"}},
    {"llama", CONFIG, SETTING, "rope_parameters.rope_type", "\"new\"", {CONFIG, "\"new\"", "llama3"}},
    {"llama_oldest",
     CONFIG,
     SETTING,
     "rope_scaling",
     "{\"type\": \"yarn\", \"factor\": 2}",
     {CONFIG, "yarn", "llama3"}},
    {"llama_oldest",
     CONFIG,
     SETTING,
     "rope_scaling",
     "{\"rope_type\": \"dynamic\", \"factor\": 2}",
     {CONFIG, "dynamic", "llama3"}},
    {"llama_oldest", CONFIG, SETTING, "rope_scaling", "{\"type\": \"su\", \"factor\": 2}", {CONFIG, "su", "llama3"}},
    {"llama_linear_older", CONFIG, SETTING, "rope_scaling.factor", NULL, {CONFIG, "factor", "nothing"}},
    {"llama_linear_older", CONFIG, SETTING, "rope_scaling.factor", "0", {CONFIG, "factor", "found 0", "above 0"}},
    {"llama_linear_older", CONFIG, SETTING, "rope_scaling", "\"linear\"", {CONFIG, "rope_scaling", "linear"}},
    {"llama_llama3", CONFIG, SETTING, "rope_parameters.low_freq_factor", NULL, {CONFIG, "low_freq_factor", "nothing"}},
    {"llama_llama3",
     CONFIG,
     SETTING,
     "rope_parameters.high_freq_factor",
     "\"x\"",
     {CONFIG, "high_freq_factor", "\"x\""}},
    {"llama_llama3",
     CONFIG,
     SETTING,
     "rope_parameters.original_max_position_embeddings",
     "-1",
     {CONFIG, "original_max_position_embeddings", "-1"}},
    {"llama", CONFIG, SETTING, "rope_parameters.rope_theta", "-1", {CONFIG, "rope_theta", "-1", "above 0"}},
    {"gemma3", CONFIG, SETTING, "rope_parameters.full_attention.rope_type", "\"yarn\"", {CONFIG, "\"yarn\"", "linear"}},
    {"gemma3",
     CONFIG,
     SETTING,
     "rope_parameters.sliding_attention.rope_type",
     "\"longrope\"",
     {CONFIG, "\"longrope\"", "linear"}},
    {"gpt_neox", CONFIG, SETTING, "rope_parameters.rope_type", "\"dynamic\"", {CONFIG, "\"dynamic\"", "linear"}},
    /* kinds */
    {"llama", CONFIG, SETTING, "hidden_act", "\"quick_gelu\"", {CONFIG, "hidden_act", "\"quick_gelu\"", "silu"}},
    {"gemma2", CONFIG, SETTING, "hidden_activation", "\"mish\"", {CONFIG, "hidden_activation", "\"mish\"", "silu"}},
    {"gpt2", CONFIG, SETTING, "activation_function", "\"xielu\"", {CONFIG, "activation_function", "\"xielu\"", "silu"}},
    {"gemma2",
     CONFIG,
     SETTING,
     "layer_types",
     "[\"full_attention\", \"chunked_attention\", \"full_attention\"]",
     {CONFIG, "layer_types", "chunked_attention", "sliding_attention"}},
    {"gemma2", CONFIG, SETTING, "layer_types", "[\"full_attention\"]", {CONFIG, "layer_types", "a list", "3"}},
    {"gemma2",
     CONFIG,
     SETTING,
     "use_bidirectional_attention",
     "true",
     {CONFIG, "use_bidirectional_attention", "true", "false"}},
    {"gpt2", CONFIG, SETTING, "add_cross_attention", "true", {CONFIG, "add_cross_attention", "true", "false"}},
    {"gpt2", CONFIG, SETTING, "scale_attn_weights", "false", {CONFIG, "scale_attn_weights", "false", "true"}},
    /* sizes */
    {"llama", CONFIG, SETTING, "num_key_value_heads", "3", {CONFIG, "num_key_value_heads", "3", "divisor"}},
    {"llama", CONFIG, SETTING, "num_attention_heads", "0", {CONFIG, "num_attention_heads", "0", "1 or more"}},
    {"llama", CONFIG, SETTING, "hidden_size", NULL, {CONFIG, "hidden_size", "nothing", "1 or more"}},
    {"llama", CONFIG, SETTING, "hidden_size", "1e30", {CONFIG, "hidden_size", "1e+30"}},
    {"llama", CONFIG, SETTING, "num_hidden_layers", "2000000000", {CONFIG, "num_hidden_layers", "2e+09"}},
    {"llama", CONFIG, SETTING, "head_dim", "5", {CONFIG, "5 numbers of a head", "even"}},
    {"llama", CONFIG, SETTING, "rms_norm_eps", "-1", {CONFIG, "rms_norm_eps", "-1", "above 0"}},
    {"gpt2", CONFIG, SETTING, "n_head", "5", {CONFIG, "n_head", "5", "divisor"}},
    {"llama", CONFIG, TEXT, NULL, "[1]", {CONFIG, "no JSON object"}},
    {"llama", CONFIG, REMOVE, NULL, NULL, {CONFIG, "No such file"}},
    /* weights */
    {"llama", WEIGHTS, REMOVE, NULL, NULL, {"neither model.safetensors nor " INDEX, "save_pretrained"}},
    {"llama", WEIGHTS, CUT, NULL, NULL, {WEIGHTS}},
    {"llama", WEIGHTS, RENAME, Q0, "other.weight", {WEIGHTS, "no tensor " Q0, "[16, 12]"}},
    {"llama", WEIGHTS, RENAME, "model.norm.weight", "n.weight", {WEIGHTS, "no tensor model.norm.weight", "[12]"}},
    {"llama", WEIGHTS, RENAME, "model.embed_tokens.weight", "e.weight", {WEIGHTS, "embed_tokens.weight", "[29, 12]"}},
    {"llama",
     WEIGHTS,
     RENAME,
     "model.layers.1.input_layernorm.weight",
     "i.weight",
     {WEIGHTS, "no tensor model.layers.1.input_layernorm.weight", "[12]"}},
    {"llama", WEIGHTS, SHAPE, Q0, "[12, 16]", {WEIGHTS, Q0, "[12, 16]", "[16, 12]"}},
    {"llama", WEIGHTS, SHAPE, Q0, "[192]", {WEIGHTS, Q0, "[192]", "[16, 12]"}},
    {"llama", WEIGHTS, SHAPE, "model.norm.weight", "[3, 4]", {WEIGHTS, "model.norm.weight", "[3, 4]", "[12]"}},
    {"llama", WEIGHTS, DTYPE, Q0, "\"I32\"", {WEIGHTS, Q0, "I32", "BF16"}},
    {"gpt2", WEIGHTS, SHAPE, "transformer.h.0.attn.c_attn.weight", "[36, 12]", {"c_attn", "[36, 12]", "[12, 36]"}},
    {"gpt2", WEIGHTS, RENAME, "transformer.h.1.mlp.c_fc.bias", "x.bias", {"no tensor transformer.h.1.mlp.c_fc.bias"}},
    {"gpt2", WEIGHTS, RENAME, "transformer.wpe.weight", "x.weight", {"no tensor transformer.wpe.weight", "[40, 12]"}},
    {"gpt_neox",
     WEIGHTS,
     RENAME,
     "gpt_neox.layers.0.attention.query_key_value.weight",
     "x.weight",
     {"no tensor gpt_neox.layers.0.attention.query_key_value.weight", "[48, 16]"}},
    {"qwen3",
     WEIGHTS,
     RENAME,
     "model.layers.0.self_attn.k_norm.weight",
     "x.weight",
     {"no tensor model.layers.0.self_attn.k_norm.weight", "[4]"}},
    {"gemma2",
     WEIGHTS,
     RENAME,
     "model.layers.2.post_feedforward_layernorm.weight",
     "x.weight",
     {"no tensor model.layers.2.post_feedforward_layernorm.weight", "[12]"}},
    {"qwen2",
     WEIGHTS,
     RENAME,
     "model.layers.0.self_attn.v_proj.bias",
     "x.bias",
     {"no tensor model.layers.0.self_attn.v_proj.bias", "[8]"}},
    {"llama", CONFIG, SETTING, "attention_bias", "true", {"no tensor model.layers.0.self_attn.q_proj.bias"}},
    {"llama", CONFIG, SETTING, "mlp_bias", "true", {"no tensor model.layers.0.mlp.", ".bias"}},
    {"llama", CONFIG, SETTING, "num_hidden_layers", "3", {"no tensor model.layers.2."}},
    {"llama", CONFIG, SETTING, "vocab_size", "30", {"embed_tokens.weight", "[29, 12]", "[30, 12]"}},
    {"llama", CONFIG, SETTING, "intermediate_size", "20", {"[18, 12]", "[20, 12]"}},
    /* shards */
    {"llama_f16_shards",
     "model-00003-of-00005.safetensors",
     REMOVE,
     NULL,
     NULL,
     {"model-00003-of-00005.safetensors", "No such file"}},
    {"llama_f16_shards",
     INDEX,
     SETTING,
     "weight_map." Q0,
     "\"model-00005-of-00005.safetensors\"",
     {Q0, "model-00005-of-00005.safetensors"}},
    {"llama_f16_shards", INDEX, SETTING, "weight_map." Q0, "\"../../etc/passwd\"", {INDEX, Q0, "in the same folder"}},
    {"llama_f16_shards", INDEX, TEXT, NULL, "{}", {INDEX}},
};

static void test_folders(void) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        const char *folder = copy_folder(text_of(FOLDER "%s", r->model), "model");
        edit_file(r->edit, text_of("%s/%s", folder, r->file), r->key, r->value);
        scry_error err = {0};
        scry_model *model = scry_model_open(folder, NULL, NULL, &err);
        const char *what = text_of("%s, %s: %s %s", r->model, r->file, r->key ? r->key : "", r->value ? r->value : "");
        if (check(!model && err.status, "refused: %s", what)) check_says(err.text, r->says, "%s", what);
        scry_model_close(model);
    }
    scry_error err = {0};
    check(!scry_model_open(FOLDER "nothing", NULL, NULL, &err), "no folder");
    check_says(err.text, SAYS(FOLDER "nothing", "config.json"), "no folder");
    check(!scry_model_open("tests/specimens/adapters/llama_all", NULL, NULL, &err), "an adapter is no model");
    check_says(err.text, SAYS("llama_all", "LoRA adapter", "trained on"), "an adapter is no model");
    check(!scry_model_open(FOLDER "llama/model.safetensors", NULL, NULL, &err), "a file is no folder");
    check_says(err.text, SAYS("model.safetensors", "folder"), "a file is no folder");
    check(!scry_model_open(FOLDER "llama", FOLDER "llama", NULL, &err), "a model is no adapter");
    check_says(err.text, SAYS("adapter_config.json"), "a model is no adapter");
}

/* Harmless differences: a note at most. */
static void test_accepted(void) {
    static const struct {
        const char *model, *file, *key, *value;
        size_t notes;
    } cases[] = {
        {"llama", CONFIG, "new_setting", "3", 1},
        {"llama", CONFIG, "torch_dtype", "\"bfloat16\"", 0},
        {"llama", CONFIG, "auto_map", "{}", 0},
        {"llama", CONFIG, "num_hidden_layers", "1", 1}, /* tensors of block 1 are left over */
        {"llama_linear_older", CONFIG, "rope_parameters", "null", 0},
        {"llama_oldest", CONFIG, "rope_scaling", "{\"type\": \"default\"}", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = copy_folder(text_of(FOLDER "%s", cases[i].model), "model");
        set_json_setting(text_of("%s/%s", folder, cases[i].file), cases[i].key, cases[i].value);
        scry_error err = {0};
        scry_notes notes = {0};
        scry_model *model = scry_model_open(folder, NULL, &notes, &err);
        check(model != NULL, "%s with %s %s opens %s", cases[i].model, cases[i].key, cases[i].value, err.text);
        check_is(notes.count, cases[i].notes, "notes for %s %s", cases[i].key, cases[i].value);
        scry_model_close(model);
        scry_notes_free(&notes);
    }
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static void test_hooks(void) {
    static const char *const wrong[] = {"",
                                        "blocks.0",
                                        "blocks.0.hook_resid_pos",
                                        "blocks.0.hook_resid_post.x",
                                        "blocks.x.hook_resid_post",
                                        "blocks.-1.hook_resid_post",
                                        "blocks.99999999999.hook_resid_post",
                                        "blocks.0.attn.hook_z",
                                        "model.layers.0",
                                        "hook_embed",
                                        "blocks..hook_resid_post",
                                        "blocks.1 .hook_resid_post",
                                        "Blocks.1.hook_resid_post"};
    scry_hook hook = {0};
    scry_error err = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        err = (scry_error){0};
        if (check(!scry_hook_parse(wrong[i], &hook, &err) && err.status, "no hook: %s", wrong[i]))
            check_says(err.text, SAYS("hook_resid_post", "hook_mlp_out", "blocks."), "no hook: %s", wrong[i]);
    }
    for (int p = 0; p < SCRY_HOOK_POINTS; p++) {
        char text[SCRY_HOOK_TEXT];
        scry_hook there = {(uint32_t)p * 1000, (scry_hook_point)p}, back = {7, 0};
        scry_hook_text(there, text);
        check(scry_hook_parse(text, &back, &err) && back.layer == there.layer && back.point == there.point, "%s", text);
    }
    check(scry_hook_parse("blocks.12.hook_mlp_out", &hook, &err) && hook.layer == 12 && hook.point == SCRY_MLP_OUT,
          "blocks.12.hook_mlp_out");

    static const struct {
        const char *model;
        scry_hook hook;
        const char *says[4];
    } beyond[] = {{"llama", {2, SCRY_RESID_POST}, {"blocks.2.hook_resid_post", "2 blocks"}},
                  {"gpt2", {4000000000U, SCRY_RESID_PRE}, {"blocks.4000000000.hook_resid_pre", "2 blocks"}},
                  {"gpt_neox", {0, SCRY_RESID_MID}, {"blocks.0.hook_resid_mid", "the same stream", "hook_resid_post"}}};
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        scry_model *model = scry_model_open(text_of(FOLDER "%s", beyond[i].model), NULL, NULL, &err);
        scry_run *run = model ? scry_run_new(model, &(scry_run_options){.threads = 1}, &err) : NULL;
        if (!check(run != NULL, "%s opens %s", beyond[i].model, err.text)) continue;
        uint32_t ids[] = {1, 2, 3};
        scry_sequence sequence = {NULL, ids, 3};
        float x[3 * 16] = {0};
        kept_logits kept = keep_logits(model, 3);
        for (int way = 0; way < 4; way++) {
            err = (scry_error){0};
            bool ok = way == 0   ? scry_model_has_hook(model, beyond[i].hook, &err)
                      : way == 1 ? scry_run_to_hook(run, beyond[i].hook, &sequence, 1, x, &err)
                      : way == 2 ? scry_prefix_new(run, NULL, ids, 3, &beyond[i].hook, &err) != NULL
                                 : scry_run_logits(run, &sequence, 1, &beyond[i].hook, x, NULL, keep_row, &kept, &err);
            if (check(!ok && err.status, "%s lacks the hook, way %d", beyond[i].model, way))
                check_says(err.text, beyond[i].says, "%s lacks the hook, way %d", beyond[i].model, way);
        }
        kept_free(&kept);
        scry_run_free(run);
        scry_model_close(model);
    }
}

static bool never(void *context) {
    size_t *polls = context;
    return ++*polls > 0;
}

/* What sequences must not be; afterwards the run still works. */
static void test_sequences(const char *name) {
    scry_error err = {0};
    scry_model *model = scry_model_open(text_of(FOLDER "%s", name), NULL, NULL, &err);
    scry_run *run = model ? scry_run_new(model, &(scry_run_options){.threads = 2}, &err) : NULL;
    if (!check(run != NULL, "%s opens %s", name, err.text)) return;
    const scry_model_info *info = scry_model_info_of(model);
    uint32_t *ids = mem_new(info->context + 1, sizeof *ids);
    float *x = mem_new(info->context + 1, info->d_model * sizeof *x);
    scry_hook hook = {0, SCRY_RESID_POST};
    kept_logits kept = keep_logits(model, info->context + 1);
    scry_sequence outside[2] = {{NULL, ids, 3}, {NULL, ids + 4, 2}};
    ids[5] = info->vocabulary;
    check(!scry_run_to_hook(run, hook, outside, 2, x, &err), "%s: an id outside the vocabulary", name);
    check_says(err.text, SAYS(text_of("%u", info->vocabulary), "vocabulary"), "%s: to the hook", name);
    check(!scry_run_logits(run, outside, 2, NULL, NULL, NULL, keep_row, &kept, &err), "%s: an id outside", name);
    check_says(err.text, SAYS(text_of("%u", info->vocabulary), "vocabulary"), "%s: to the logits", name);
    check(!scry_prefix_new(run, NULL, ids, 6, NULL, &err), "%s: an id outside in a prefix", name);
    check_says(err.text, SAYS(text_of("%u", info->vocabulary), "vocabulary"), "%s: a prefix", name);
    ids[5] = UINT32_MAX;
    check(!scry_run_to_hook(run, hook, outside, 2, x, &err), "%s: an id far outside the vocabulary", name);
    ids[5] = 0;

    scry_sequence longer = {NULL, ids, info->context + 1}, longest = {NULL, ids, info->context};
    const char *limit = text_of("%u", info->context), *found = text_of("%u", info->context + 1);
    check(!scry_run_to_hook(run, hook, &longer, 1, x, &err), "%s: longer than the context", name);
    check_says(err.text, SAYS(limit, found), "%s: longer than the context", name);
    check(!scry_prefix_new(run, NULL, ids, info->context + 1, NULL, &err), "%s: a prefix longer than the context",
          name);
    check_says(err.text, SAYS(limit, found), "%s: a prefix longer than the context", name);
    scry_prefix *prefix = scry_prefix_new(run, NULL, ids, 5, NULL, &err), *to_hook = NULL;
    if (check(prefix != NULL, "%s: a prefix %s", name, err.text)) {
        longer = (scry_sequence){prefix, ids, info->context - 4};
        check(!scry_run_to_hook(run, hook, &longer, 1, x, &err), "%s: too long with its prefix", name);
        check_says(err.text, SAYS(limit, found), "%s: too long with its prefix", name);
        check(!scry_prefix_new(run, prefix, ids, info->context - 4, NULL, &err), "%s: two prefixes too long", name);
        check_says(err.text, SAYS(limit, found), "%s: two prefixes too long", name);
        longest = (scry_sequence){prefix, ids, info->context - 5};
        check(scry_run_to_hook(run, hook, &longest, 1, x, &err), "%s: as long as the context %s", name, err.text);
        scry_prefix_free(prefix);
    }
    longest = (scry_sequence){NULL, ids, info->context};
    check(scry_run_to_hook(run, hook, &longest, 1, x, &err), "%s: as long as the context %s", name, err.text);

    /* a prefix that ends at the hook does not serve what lies beyond it */
    to_hook = scry_prefix_new(run, NULL, ids, 5, &hook, &err);
    if (check(to_hook != NULL, "%s: a prefix to the hook %s", name, err.text)) {
        scry_sequence after = {to_hook, ids, 3};
        scry_hook last = {info->layers - 1, SCRY_RESID_POST};
        check(scry_run_to_hook(run, hook, &after, 1, x, &err), "%s: a prefix to the hook serves it %s", name, err.text);
        check(!scry_run_to_hook(run, last, &after, 1, x, &err), "%s: a prefix to an earlier hook", name);
        check_says(err.text, SAYS("prefix"), "%s: a prefix to an earlier hook", name);
        check(!scry_run_logits(run, &after, 1, NULL, NULL, NULL, keep_row, &kept, &err), "%s: the same, logits", name);
        check_says(err.text, SAYS("prefix"), "%s: the same, logits", name);
        check(!scry_run_logits(run, &after, 1, &hook, x, NULL, keep_row, &kept, &err), "%s: the same, on from it",
              name);
        check_says(err.text, SAYS("prefix"), "%s: the same, on from it", name);
        scry_prefix_free(to_hook);
    }
    /* what is no stream cannot be run on from */
    scry_sequence sequence = {NULL, ids, 3};
    for (int p = 0; p < 2; p++) {
        scry_hook part = {0, p ? SCRY_MLP_OUT : SCRY_ATTN_OUT};
        err = (scry_error){0};
        check(!scry_run_logits(run, &sequence, 1, &part, x, NULL, keep_row, &kept, &err) && err.status,
              "%s: on from %s is refused: %s", name, p ? "mlp_out" : "attn_out", err.text);
    }
    check(scry_run_to_hook(run, hook, &sequence, 0, x, &err), "%s: no sequences %s", name, err.text);
    scry_run_free(run);

    size_t polls = 0;
    run = scry_run_new(model, &(scry_run_options){.threads = 1, .cancelled = never, .context = &polls}, &err);
    err = (scry_error){0};
    check(run && !scry_run_to_hook(run, hook, &sequence, 1, x, &err) && polls, "%s: cancelled", name);
    check(err.status != 0 && *err.text, "%s: cancelled: %s", name, err.text);
    scry_run_free(run);
    check(!scry_run_new(model, &(scry_run_options){.threads = 2, .memory = 1 << 20}, &err), "%s: 1 MB of memory", name);
    check_says(err.text, SAYS("1 MiB", "at least", "threads"), "%s: 1 MB of memory", name);
    kept_free(&kept);
    free(ids);
    free(x);
    scry_model_close(model);
}

int main(void) {
    test_folders();
    test_accepted();
    test_hooks();
    test_sequences("llama");
    test_sequences("gpt2");
    test_sequences("gpt_neox");
    test_sequences("gemma3");
    return check_end();
}
