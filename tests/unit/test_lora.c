/* test_lora.c: LoRA adapters that PEFT wrote (make_adapters.py): the change of each layer is PEFT's, a model with an
 * adapter gives what transformers computes of the merged one, and what cannot be merged is refused by name. */
#include "file_edits.h"
#include "model/lora.h"
#include "model_specimen.h"

#define FOLDER "tests/specimens/adapters/"
#define MODELS "tests/specimens/models/"

/* ---- changes ---------------------------------------------------------------------------------------- */

/* Rows of a weight with the adapter, in parts of at most `step` rows and columns, against those without and PEFT's
 * change of the stored matrix. */
static void compare_weight(const weight_matrix *with, const weight_matrix *without, const tensor *change, uint32_t step,
                           worst *w) {
    float *a = mem_new((size_t)step * step, sizeof *a), *b = mem_new((size_t)step * step, sizeof *b);
    for (uint32_t r = 0; r < with->out; r += step)
        for (uint32_t k = 0; k < with->in; k += step) {
            uint32_t rows = with->out - r < step ? with->out - r : step, to = with->in - k < step ? with->in : k + step;
            weight_rows(with, r, rows, k, to, a);
            weight_rows(without, r, rows, k, to, b);
            for (uint32_t i = 0; i < rows; i++)
                for (uint32_t j = k; j < to; j++) {
                    float expected;
                    uint64_t stored = weight_stored_row(with, r + i);
                    tensor_floats(change, stored * change->shape[1] + j, 1, 1, &expected);
                    size_t at = (size_t)i * (to - k) + j - k;
                    worst_add(w, (double)a[at], (double)b[at] + (double)expected, 1, "%s [%llu, %u]", change->name,
                              (unsigned long long)stored, j);
                }
        }
    free(a);
    free(b);
}

static void test_changes(const char *name, const model_specimen *s, const scry_model *with, const scry_model *without) {
    static const model_part parts[] = {PART_Q, PART_K, PART_V, PART_O, PART_GATE, PART_UP, PART_DOWN, PART_HEAD};
    const block_weights *x = &with->block[1], *y = &without->block[1];
    const weight_matrix *pairs[][2] = {
        {&x->q, &y->q},       {&x->k, &y->k},   {&x->v, &y->v},       {&x->o, &y->o},
        {&x->gate, &y->gate}, {&x->up, &y->up}, {&x->down, &y->down}, {&with->head, &without->head}};
    worst w = {.tolerance = 1e-6};
    size_t changes = 0, expected = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char module[200];
        model_part part = i < 3 && with->family->qkv != QKV_APART ? PART_QKV : parts[i];
        model_tensor(with, part, 1, "", module);
        if (!pairs[i][0]->t) continue;
        for (size_t k = 0; k < s->file.count; k++) {
            const tensor *change = &s->file.tensors[k];
            size_t a = strlen(change->name), b = strlen(module); /* of "merged.MODULE"; the model may lack a prefix */
            if (strncmp(change->name, "merged.", 7) != 0 || a < b || strcmp(change->name + a - b, module) != 0)
                continue;
            compare_weight(pairs[i][0], pairs[i][1], change, 100, &w);
            compare_weight(pairs[i][0], pairs[i][1], change, 5, &w);
            changes++;
        }
    }
    for (size_t k = 0; k < s->file.count; k++) {
        const char *module = s->file.tensors[k].name;
        if (strncmp(module, "merged.", 7) == 0)
            expected += strstr(module, "c_attn") || strstr(module, "query_key_value") ? 3 : 1; /* q, k and v */
    }
    check_is(changes, expected, "%s: weights that change", name);
    worst_line(&w, "%s: changes are PEFT's, whole and in parts", name);
}

/* ---- models ----------------------------------------------------------------------------------------- */

static void test_model(const char *name, const char *base) {
    const char *folder = text_of(FOLDER "%s", name), *model_folder = text_of(MODELS "%s", base);
    model_specimen s = specimen_open(folder);
    scry_error err = {0};
    scry_notes notes = {0};
    scry_model *plain = scry_model_open(model_folder, NULL, NULL, &err);
    scry_model *model = scry_model_open(model_folder, folder, &notes, &err);
    if (check(plain && model, "%s: %s with the adapter opens %s", name, base, err.text)) {
        const scry_model_info *info = scry_model_info_of(model);
        check(notes.count == 0, "%s: no notes%s%s", name, notes.count ? ": " : "", notes.count ? notes.text[0] : "");
        test_changes(name, &s, model, plain);
        check(info->adapter && strcmp(info->adapter, folder) == 0, "%s: is named", name);
        check(scry_model_fingerprint(model) != scry_model_fingerprint(plain), "%s: has a fingerprint of its own", name);
        worst w = {.tolerance = SPECIMEN_TOLERANCE};
        for (unsigned threads = 1; threads <= 2; threads++) {
            scry_run *run = scry_run_new(model, &(scry_run_options){.threads = threads}, &err);
            float *x = mem_new(s.tokens, info->d_model * sizeof *x);
            kept_logits kept = keep_logits(model, s.tokens);
            for (size_t k = 0; run && k < s.file.count; k++) {
                scry_hook hook;
                if (!scry_hook_parse(s.file.tensors[k].name, &hook, NULL)) continue;
                if (scry_run_to_hook(run, hook, s.sequences, s.count, x, &err))
                    specimen_compare(&s, s.file.tensors[k].name, x, 0, s.tokens, &w);
            }
            if (run && scry_run_logits(run, s.sequences, s.count, NULL, NULL, NULL, keep_row, &kept, &err))
                specimen_compare(&s, "logits", kept.rows, 0, s.tokens, &w);
            check(!err.status, "%s: runs %s", name, err.text);
            kept_free(&kept);
            free(x);
            scry_run_free(run);
        }
        worst_line(&w, "%s on %s: as transformers with the merged adapter", name, base);
    }
    scry_model_close(plain);
    scry_model_close(model);
    scry_notes_free(&notes);
    specimen_close(&s);
}

/* ---- refusals --------------------------------------------------------------------------------------- */

#define Q       "base_model.model.model.layers.0.self_attn.q_proj.lora_"
#define OTHER   "base_model.model.model.layers.7.self_attn.q_proj.lora_"
#define WEIGHTS "adapter_model.safetensors"
#define CONFIG  "adapter_config.json"

/* What is changed of llama_all, and what the message must say. */
static const struct refusal {
    const char *file;
    file_edit edit;
    const char *key, *value;
    const char *says[4]; /* NULL at the end */
} refusals[] = {
    {CONFIG, SETTING, "peft_type", "\"IA3\"", {"peft_type", "\"IA3\"", "\"LORA\""}},
    {CONFIG, SETTING, "peft_type", "\"PROMPT_TUNING\"", {"peft_type", "\"PROMPT_TUNING\"", "\"LORA\""}},
    {CONFIG, SETTING, "peft_type", NULL, {"peft_type", "nothing", "\"LORA\""}},
    {CONFIG, SETTING, "use_dora", "true", {"use_dora", "DoRA", "merge_and_unload"}},
    {CONFIG,
     SETTING,
     "modules_to_save",
     "[\"embed_tokens\"]",
     {"modules_to_save", "whole modules", "merge_and_unload"}},
    {CONFIG, SETTING, "trainable_token_indices", "[1, 2]", {"trainable_token_indices", "embedding", "merge"}},
    {CONFIG, SETTING, "layer_replication", "[[0, 2], [1, 2]]", {"layer_replication", "more than once", "merge"}},
    {CONFIG, SETTING, "target_parameters", "[\"experts.up\"]", {"target_parameters", "parameters", "merge"}},
    {CONFIG, SETTING, "lora_bias", "true", {"lora_bias", "biases", "merge"}},
    {CONFIG, SETTING, "alora_invocation_tokens", "[5]", {"alora_invocation_tokens", "token", "merge"}},
    {CONFIG, SETTING, "use_qalora", "true", {"use_qalora", "quantised", "merge"}},
    {CONFIG, SETTING, "use_bdlora", "{\"nblocks\": 2}", {"use_bdlora", "BD-LoRA", "merge"}},
    {CONFIG, SETTING, "arrow_config", "{\"top_k\": 2}", {"arrow_config", "Arrow", "merge"}},
    {CONFIG, SETTING, "kasa_config", "{\"beta\": 1}", {"kasa_config", "KaSA", "merge"}},
    {CONFIG, SETTING, "monteclora_config", "{\"x\": 1}", {"monteclora_config", "MonteCLoRA", "merge"}},
    {CONFIG, SETTING, "megatron_config", "{\"x\": 1}", {"megatron_config", "Megatron", "merge"}},
    {CONFIG, SETTING, "bias", "\"all\"", {"bias", "\"all\"", "\"none\""}},
    {CONFIG, SETTING, "bias", "\"lora_only\"", {"bias", "\"lora_only\"", "\"none\""}},
    {CONFIG, SETTING, "init_lora_weights", "\"pissa_niter_4\"", {"init_lora_weights", "pissa_niter_4", "gaussian"}},
    {CONFIG, SETTING, "init_lora_weights", "\"olora\"", {"init_lora_weights", "olora", "gaussian"}},
    {CONFIG, SETTING, "init_lora_weights", "7", {"init_lora_weights", "7", "text"}},
    {CONFIG, SETTING, "use_newlora", "true", {"use_newlora", "true", "not known"}},
    {CONFIG, SETTING, "new_config", "{\"a\": 1}", {"new_config", "an object", "not known"}},
    {CONFIG, SETTING, "r", "4", {"rank 4", "expected 3", "adapter_config.json"}},
    {CONFIG, SETTING, "r", "0", {": r:", "found 0", "above 0"}},
    {CONFIG, SETTING, "r", "\"3\"", {": r:", "\"3\"", "above 0"}},
    {CONFIG, SETTING, "lora_alpha", "-1", {"lora_alpha", "-1", "above 0"}},
    {CONFIG, SETTING, "use_rslora", "\"yes\"", {"use_rslora", "\"yes\"", "true or false"}},
    {CONFIG, SETTING, "rank_pattern", "{\"q_proj\": 2}", {"rank 2", "expected 3", "q_proj"}},
    {CONFIG, SETTING, "rank_pattern", "{\"layers.[0-3].q_proj\": 3}", {"rank_pattern", "[0-3]", "names of modules"}},
    {CONFIG, SETTING, "rank_pattern", "[3]", {"rank_pattern", "a list", "object"}},
    {CONFIG, SETTING, "alpha_pattern", "{\"q_proj\": \"x\"}", {"alpha_pattern", "q_proj", "no number"}},
    {CONFIG, TEXT, NULL, "{", {CONFIG, "no JSON object", "peft_type"}},
    {CONFIG, REMOVE, NULL, NULL, {CONFIG, "No such file", "readable"}},
    {WEIGHTS, REMOVE, NULL, NULL, {WEIGHTS, "No such file", "readable"}},
    {WEIGHTS, CUT, NULL, NULL, {WEIGHTS, "", ""}},
    {WEIGHTS, TEXT, NULL, "", {WEIGHTS, "", ""}},
    {WEIGHTS, SHAPE, Q "A.weight", "[4, 9]", {"q_proj", "[4, 9]", "[out, r]"}},
    {WEIGHTS, SHAPE, Q "A.weight", "[36]", {Q "A.weight", "[36]", "a matrix"}},
    {WEIGHTS, SHAPE, Q "B.weight", "[3, 16]", {"q_proj", "lora_B [3, 16]", "[out, r]"}},
    {WEIGHTS, DTYPE, Q "A.weight", "\"I32\"", {Q "A.weight", "I32", "floating-point"}},
    {WEIGHTS, RENAME, Q "B.weight", OTHER "B.weight", {"layers.0.self_attn.q_proj", "lora_A without lora_B", "both"}},
    {WEIGHTS, RENAME, Q "A.weight", OTHER "A.weight", {"layers.0.self_attn.q_proj", "lora_B without lora_A", "both"}},
    {WEIGHTS, RENAME, Q "A.weight", Q "A.default.weight", {""}}, /* as some programs save it: no refusal */
    {WEIGHTS, RENAME, Q "A.weight", "base_model.model.model.embed_tokens.lora_embedding_A", {"an embedding", "merge"}},
    {WEIGHTS, RENAME, Q "A.weight", "base_model.model.model.norm.bias", {"a whole tensor", "merge"}},
    {WEIGHTS, RENAME, Q "A.weight", Q "magnitude_vector", {"DoRA", "merge"}},
    {WEIGHTS, RENAME, Q "A.weight", Q "B.bias", {"another part", "merge"}},
    {WEIGHTS,
     RENAME,
     Q "A.weight",
     "base_model.model.model.layers.1.self_attn.q_proj.lora_A.default.weight",
     {"a second one", "layers.1"}},
    {WEIGHTS, NOT_FINITE, NULL, NULL, {"NaN or infinite", "expected none"}},
};

static void test_refusals(void) {
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        const struct refusal *r = &refusals[i];
        const char *folder = copy_folder(FOLDER "llama_all", "adapter");
        edit_file(r->edit, text_of("%s/%s", folder, r->file), r->key, r->value);
        scry_error err = {0};
        scry_notes notes = {0};
        lora *adapter = lora_open(folder, MODELS "llama", &notes, &err);
        const char *what = text_of("%s: %s %s", r->file, r->key ? r->key : "", r->value ? r->value : "");
        if (r->says[0] && !*r->says[0]) check(adapter != NULL, "accepted: %s %s", what, err.text);
        else if (check(!adapter && err.status == 1, "refused: %s", what)) check_says(err.text, r->says, "%s", what);
        lora_close(adapter);
        scry_notes_free(&notes);
    }
}

/* Adapters that are whole, but belong to another model. */
static void test_other_models(void) {
    static const struct {
        const char *base, *adapter;
        const char *says[5];
    } pairs[] = {
        {"llama_relu", "llama_all", {"q_proj", "[16, 12]", "[16, 16]", "trained on"}},
        {"qwen2", "llama_all", {"[16, 12]", "[16, 16]", "trained on"}},
        {"gpt2", "llama_all", {"layer that the model (gpt2, tied) does not have", "trained on"}},
        {"llama", "gpt2_conv", {"layer that the model (llama) does not have", "c_attn", "trained on"}},
        {"llama", "gpt_neox_qkv", {"does not have", "trained on"}},
        {"qwen3", "llama_head", {"lm_head", "(qwen3, tied)"}},    /* its head is the embedding */
        {"mistral", "llama_head", {"lm_head", "a whole tensor"}}, /* with a copy of llama's head */
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        scry_error err = {0};
        scry_model *model =
            scry_model_open(text_of(MODELS "%s", pairs[i].base), text_of(FOLDER "%s", pairs[i].adapter), NULL, &err);
        if (check(!model && err.status, "%s on %s is refused", pairs[i].adapter, pairs[i].base))
            check_says(err.text, pairs[i].says, "%s on %s", pairs[i].adapter, pairs[i].base);
        scry_model_close(model);
    }
    const char *missing = scratch("nothing");
    scry_error err = {0};
    check(!lora_open(missing, MODELS "llama", NULL, &err) && err.status == 2, "no folder: %s", err.text);
    check_says(err.text, SAYS(missing, "adapter_config.json"), "no folder");
}

/* "a/b" below the scratch folder. */
static const char *make_folders(const char *path) {
    for (const char *at = path; (at = strchr(at, '/')); at++) scratch_folder("%.*s", (int)(at - path), path);
    return scratch_folder("%s", path);
}

/* The name of the base is compared, not its place. */
static void test_base_names(void) {
    static const struct {
        const char *named, *folder;
        size_t notes;
    } cases[] = {{"\"org/Llama\"", "llama", 0}, {"\"/home/somebody/models/llama/\"", "llama", 0},
                 {"\"org/other\"", "llama", 1}, {"\"org/Tiny-1B\"", "models--org--Tiny-1B/snapshots/0123", 0},
                 {"null", "llama", 0},          {"\"\"", "llama", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = copy_folder(FOLDER "llama_all", "adapter");
        const char *base = make_folders(cases[i].folder);
        set_json_setting(text_of("%s/" CONFIG, folder), "base_model_name_or_path", cases[i].named);
        scry_error err = {0};
        scry_notes notes = {0};
        lora *adapter = lora_open(folder, base, &notes, &err);
        check(adapter != NULL, "%s in %s opens %s", cases[i].named, cases[i].folder, err.text);
        check_is(notes.count, cases[i].notes, "notes for %s in %s", cases[i].named, cases[i].folder);
        if (notes.count) check_says(notes.text[0], SAYS("org/other", base), "the note");
        lora_close(adapter);
        scry_notes_free(&notes);
    }
    const char *folder = copy_folder(FOLDER "llama_all", "adapter");
    set_json_setting(text_of("%s/" CONFIG, folder), "temperature", "3");
    scry_notes notes = {0};
    lora *adapter = lora_open(folder, MODELS "llama", &notes, NULL);
    check(adapter && notes.count == 1, "an unknown number is a note");
    if (notes.count) check_says(notes.text[0], SAYS("temperature", "3", "not known"), "the note");
    lora_close(adapter);
    scry_notes_free(&notes);
}

/* A name without its block's number would fit every block; one without a prefix fits. */
static void test_names(void) {
    static const struct {
        const char *before; /* of "self_attn.q_proj", in the place of "base_model.model.model.layers.0." */
        bool fits;
    } cases[] = {{"base_model.model.layers.0.", true},
                 {"layers.0.", true},
                 {"base_model.model.language_model.model.layers.0.", true},
                 {"base_model.model.model.layers.2.", false},
                 {"base_model.model.model.layers.00.", false},
                 {"", false},
                 {"base_model.model.other0.layers.0.", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *folder = copy_folder(FOLDER "llama_all", "adapter"), *path = text_of("%s/" WEIGHTS, folder);
        for (const char *part = "AB"; *part; part++)
            set_tensor_entry(path, text_of(Q "%c.weight", *part), NULL,
                             text_of("%sself_attn.q_proj.lora_%c.weight", cases[i].before, *part));
        scry_error err = {0};
        scry_model *model = scry_model_open(MODELS "llama", folder, NULL, &err);
        check((model != NULL) == cases[i].fits, "\"%sself_attn.q_proj\" %s %s", cases[i].before,
              cases[i].fits ? "fits" : "does not fit", err.text);
        if (!model) check_says(err.text, SAYS("self_attn.q_proj", "does not have"), "the message");
        scry_model_close(model);
    }
}

int main(void) {
    size_t size;
    char *list = (char *)read_bytes(FOLDER "list.tsv", &size), *next = list;
    for (char *line; (line = strsep(&next, "\n")) && *line;) {
        const char *name = strsep(&line, "\t");
        test_model(name, line);
    }
    free(list);
    test_refusals();
    test_other_models();
    test_base_names();
    test_names();
    return check_end();
}
