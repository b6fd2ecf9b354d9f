/* gemma_scope.c: Gemma Scope's params.npz (Gemma 2) and params.safetensors (Gemma 3). All are JumpReLU
 * and subtract nothing; names differ in case. */
#include "sae/families/families.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const weight_files[] = {"params.npz", "params.safetensors", NULL};

bool gemma_scope_detect(const char *path) {
    const char *name = path_file_name(path);
    if (path_ends_with(name, ".npz")) return true;
    if (strcmp(name, "params.safetensors") == 0) return true;
    return path_is_directory(path) && (path_has(path, "params.npz") || path_has(path, "params.safetensors"));
}

/* Cross-layer and skip transcoders come in the same files. */
static bool check_kind(const weights *w, scry_error *err) {
    const tensor *W_dec = weights_find(w, "w_dec");
    const char *path = w->file.map.path;
    if (weights_find(w, "affine_skip_connection"))
        return scry_fail(
            err,
            "sae: %s: tensor affine_skip_connection: found one, expected none: this is a transcoder, no SAE "
            "of the residual stream",
            path);
    if (W_dec && W_dec->dims == 3)
        return scry_fail(
            err,
            "sae: %s: tensor %s: found 3 dimensions, expected 2: this is a cross-layer transcoder, no SAE of "
            "the residual stream",
            path, W_dec->name);
    return true;
}

bool gemma_scope_load(sae *s, const char *path, scry_notes *notes, scry_error *err) {
    char *file = path_weights(path, weight_files);
    weights w;
    bool ok = weights_open(&w, file, err);
    if (ok) {
        ok = check_kind(&w, err) &&
             weights_load(s, &w, &(weight_names){"W_enc", "b_enc", "W_dec", "b_dec", false, false}, err) &&
             (s->threshold = weights_vector(&w, "threshold", s->d_sae, err)) != NULL;
        weights_close(&w);
    }
    if (ok && strstr(file, "embedding"))
        scry_notes_add(
            notes,
            "sae: %s: Gemma Scope trained its SAEs of embeddings on inputs multiplied by 1/sqrt(d), which is "
            "not done here",
            file);
    free(file);
    s->activation = SAE_JUMPRELU;
    snprintf(s->description, sizeof s->description, "Gemma Scope");
    return ok;
}
