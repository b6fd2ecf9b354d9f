/* evaluate/model_pair.c: the base and the tuned model of an evaluation. */
#include "evaluate/model_pair.h"
#include "base/mem.h"
#include "base/path.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool has_file(const char *folder, const char *name) {
    char *path = path_join(folder, name);
    bool there = access(path, R_OK) == 0;
    free(path);
    return there;
}

/* A tuned folder that holds an adapter is one. */
static void set_folders(model_pair *v, const char *base, const char *tuned, const char *adapter) {
    if (!adapter && tuned && has_file(tuned, "adapter_config.json")) adapter = tuned;
    *v = (model_pair){.folder = {mem_copy_string(base)}};
    if (adapter) v->adapter[1] = mem_copy_string(adapter);
    if (adapter || tuned) v->folder[1] = mem_copy_string(adapter ? base : tuned);
}

/* The folders, of the query or the study. */
static bool find_models(model_pair *v, const scry_evaluation_query *q, const scry_study *study, size_t train,
                        scry_error *err) {
    const char *base = q->model ? q->model : study ? study->model_path : NULL, *tuned = q->tuned;
    if (!base && study)
        return scry_misuse(err, "%s: has no \"model_path\", expected the model's folder there or with --model",
                           study->path);
    if (!base) return scry_misuse(err, "expected the model's folder with --model");
    if (q->tuned && q->adapter) return scry_misuse(err, "--tuned and --adapter: found both, expected one tuned model");
    if (!tuned && study && study->train_count) {
        char *const *paths = study->trains[train].tuned_path;
        tuned = paths[SCRY_SFT] ? paths[SCRY_SFT] : paths[SCRY_RL];
    }
    set_folders(v, base, tuned, q->adapter);
    return true;
}

/* The tuned model's tokenizer, where it has one, must give the base model's ids their meaning. */
static bool check_tokenizers(const model_pair *v, scry_error *err) {
    if (!v->folder[1] || v->adapter[1] || !has_file(v->folder[1], "tokenizer.json")) return true;
    scry_tokenizer *other = scry_tokenizer_open(v->folder[1], err);
    bool ok = other;
    for (uint32_t id = 0; ok && id < scry_tokenizer_size(v->tok); id++) {
        const char *a = scry_tokenizer_piece(v->tok, id), *b = scry_tokenizer_piece(other, id);
        if (a && (!b || strcmp(a, b) != 0))
            ok = scry_fail(
                err,
                "%s: token %u is \"%.40s\" there and \"%.40s\" in %s; expected the same tokens, without which "
                "losses cannot be compared",
                v->folder[1], id, b ? b : "(none)", a, v->folder[0]);
    }
    scry_tokenizer_close(other);
    return ok;
}

static bool open_folders(model_pair *v, scry_notes *notes, scry_error *err) {
    v->tok = scry_tokenizer_open(v->folder[0], err);
    if (!v->tok || !check_tokenizers(v, err)) return false;
    for (int m = 0; m < 2; m++)
        if (v->folder[m] && !(v->model[m] = scry_model_open(v->folder[m], v->adapter[m], notes, err))) return false;
    return true;
}

bool model_pair_open(model_pair *v, const scry_evaluation_query *query, const scry_study *study, size_t train,
                     scry_notes *notes, scry_error *err) {
    *v = (model_pair){0};
    return find_models(v, query, study, train, err) && open_folders(v, notes, err);
}

bool model_pair_open_folders(model_pair *v, const char *base, const char *tuned, scry_notes *notes, scry_error *err) {
    set_folders(v, base, tuned, NULL);
    return open_folders(v, notes, err);
}

bool model_pair_amplify(model_pair *v, const double *times, scry_error *err) {
    if (!times) return true;
    if (!v->model[1])
        return scry_misuse(err, "--amplify: found no tuned model, expected one; name it with --tuned DIR");
    return scry_model_amplify(v->model[1], v->model[0], *times, err);
}

size_t model_pair_context(const model_pair *v, uint32_t most_tokens) {
    size_t most = most_tokens ? most_tokens : SIZE_MAX;
    for (int m = 0; m < 2; m++) {
        uint32_t context = v->model[m] ? scry_model_info_of(v->model[m])->context : 0;
        if (context && context < most) most = context;
    }
    return most;
}

void model_pair_close(model_pair *v) {
    for (int m = 0; m < 2; m++) {
        scry_model_close(v->model[m]);
        free(v->folder[m]);
        free(v->adapter[m]);
    }
    scry_tokenizer_close(v->tok);
    *v = (model_pair){0};
}
