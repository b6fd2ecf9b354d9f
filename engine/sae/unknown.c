/* unknown.c: what to say of a file or folder that no family of SAEs reads. */
#include "sae/format.h"
#include "base/mem.h"
#include "io/folder.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- files ---- */

#define CONVERT                                                                                                        \
    "save its weights as sae_weights.safetensors with W_enc [d, F], b_enc, W_dec [F, d] and b_dec, and a cfg.json "    \
    "next "                                                                                                            \
    "to it such as "

/* Layouts that are known and not read, by tensors that all files of theirs have. */
static const struct {
    const char *tensors[2], *what, *advice;
} layouts[] = {
    {{"pre_bias", "latent_bias"},
     "an SAE of OpenAI's sparse_autoencoder, which scry does not read",
     CONVERT
     "{\"architecture\": \"standard\", \"apply_b_dec_to_input\": true} (W_enc = encoder.weight.T, b_enc = "
     "latent_bias, W_dec = decoder.weight.T, b_dec = pre_bias; \"topk\" with \"k\" and \"normalize_activations\": "
     "\"layer_norm\" where its activation is TopK)"},
    {{"encoder_linear.weight", "decoder_linear.weight"},
     "an SAE of Goodfire's layout, which scry does not read",
     CONVERT
     "{\"architecture\": \"standard\", \"apply_b_dec_to_input\": false} (W_enc = encoder_linear.weight.T, ...)"},
    {{"locations", "activations"},
     "latents that delphi cached, not an SAE",
     "give them as \"features\" of a capture, and no \"sae\""},
    {{"sparsity", "sparsity"}, "SAELens's record of sparsity, not the weights", "name the folder that it lies in"},
    {{"model.embed_tokens.weight", "model.norm.weight"},
     "the weights of a language model, not of an SAE",
     "name the SAE's folder or file"},
    {{"transformer.wte.weight", "transformer.ln_f.weight"},
     "the weights of a language model, not of an SAE",
     "name the SAE's folder or file"},
};
enum { LAYOUTS = sizeof layouts / sizeof *layouts };

/* Weights without settings, or of no family. */
static bool refuse_weights(const weights *w, const char *titles, const char *formats, scry_error *err) {
    const char *path = w->file.map.path;
    for (int i = 0; i < LAYOUTS; i++)
        if (weights_find(w, layouts[i].tensors[0]) && weights_find(w, layouts[i].tensors[1]))
            return scry_fail(err, "sae: %s: found %s; %s", path, layouts[i].what, layouts[i].advice);
    static const weight_names names[] = {
        {"W_enc", "b_enc", "W_dec", "b_dec", false, false},
        {"encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias", true, true}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!weights_check_hook(w, &names[i], err)) return false;
    if (weights_find(w, "W_enc") && weights_find(w, "b_enc"))
        return scry_fail(
            err,
            "sae: %s: found W_enc and b_enc but no settings: the activation, its k, and whether b_dec is "
            "subtracted are missing; expected a cfg.json next to it, such as {\"architecture\": \"topk\", \"k\": 50, "
            "\"apply_b_dec_to_input\": false} (Qwen-Scope; k is the number after L0_ in its name)",
            path);
    return scry_fail(
        err,
        "sae: %s: found %zu tensors, the first named \"%.60s\", in an unknown layout; expected %s; if it is one "
        "of them under another name, set \"sae_format\" in the manifest to %s",
        path, w->file.count, w->file.count ? w->file.tensors[0].name : "", titles, formats);
}

bool refuse_layout(const char *path, const char *titles, const char *formats, scry_error *err) {
    weights w;
    if (!weights_open(&w, path, err)) return false;
    refuse_weights(&w, titles, formats, err);
    weights_close(&w);
    return false;
}

/* ---- folders ---- */

enum { DEPTH = 4, SHOWN = 8, VISITS = 20000 };

typedef struct search {
    bool (*detect)(const char *path);
    const char *root;
    char names[400];
    size_t used, found, shown, visits;
} search;

static int is_folder_name(const struct dirent *entry) {
    return entry->d_name[0] != '.';
}

static void add_found(search *s, const char *path) {
    const char *name = path + strlen(s->root);
    while (*name == '/') name++;
    s->found++;
    if (s->shown == SHOWN || s->used + strlen(name) + 3 > sizeof s->names) return;
    s->used += (size_t)snprintf(s->names + s->used, sizeof s->names - s->used, "%s%s", s->used ? ", " : "", name);
    s->shown++;
}

/* Finds the SAEs in the folders below. */
static void look_below(search *s, const char *folder, int depth) {
    struct dirent **entry;
    int n = scandir(folder, &entry, is_folder_name, alphasort);
    for (int i = 0; i < n; i++) {
        char *path = path_join(folder, entry[i]->d_name);
        free(entry[i]);
        if (s->visits++ < VISITS && path_is_directory(path)) {
            if (s->detect(path)) add_found(s, path);
            else if (depth < DEPTH) look_below(s, path, depth + 1);
        }
        free(path);
    }
    if (n >= 0) free(entry);
}

bool refuse_folder(const char *path, const char *files, bool (*detect)(const char *path), scry_error *err) {
    search s = {.detect = detect, .root = path};
    look_below(&s, path, 1);
    if (s.found)
        return scry_fail(err, "sae: %s: found a folder of %zu SAE%s, expected one SAE; name one of its folders: %s%s",
                         path, s.found, s.found == 1 ? "" : "s", s.names, s.found > s.shown ? ", ..." : "");
    char *what = folder_content(path, files, "it holds");
    scry_fail(err, "sae: %s: found %s", path, what);
    free(what);
    return false;
}
