/* rest.c: the tensors and settings that a family's reader did not ask for. A tensor next to the known weights, or a key
 * whose name speaks of the encoder, may change every latent: it is refused by name. */
#include "sae/format.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- tensors ---- */

void weights_skip(const weights *w, const char *names) {
    size_t prefix = strlen(w->prefix);
    for (size_t i = 0; i < w->file.count; i++) {
        const char *name = w->file.tensors[i].name;
        if (strncmp(name, w->prefix, prefix) == 0 && config_is_listed(names, name + prefix)) w->read[i] = true;
    }
}

static bool refuse_tensor(const weights *w, const char *name, const char *shape, const sae_harmless *harmless,
                          scry_error *err) {
    return scry_fail(
        err,
        "sae: %s: tensor %.100s: found one of shape %s, which the reader of %s does not know and which may "
        "change the latents; expected only tensors that it reads: if this one changes nothing, save the "
        "weights without it, else encode with the library that wrote it and give the latents as "
        "\"features\"",
        w->file.map.path, name, shape, harmless->title);
}

bool weights_check_rest(const weights *w, const sae_harmless *harmless, scry_error *err) {
    size_t prefix = strlen(w->prefix);
    char shape[160];
    for (size_t i = 0; i < w->file.count; i++) {
        const tensor *t = &w->file.tensors[i];
        if (w->read[i] || strncmp(t->name, w->prefix, prefix) != 0) continue;
        if (config_is_listed(harmless->tensors, t->name + prefix)) continue;
        return refuse_tensor(w, t->name, tensor_shape_text(t, shape, sizeof shape), harmless, err);
    }
    for (size_t i = 0; i < w->file.sparse_count; i++) {
        const char *name = w->file.sparse[i].name;
        if (strncmp(name, w->prefix, prefix) != 0 || config_is_listed(harmless->tensors, name + prefix)) continue;
        return refuse_tensor(w, name, "(sparse)", harmless, err);
    }
    return true;
}

/* ---- settings ---- */

/* Words of a key that say what happens to a residual or a pre-activation; with * all that begin so. */
static const char latent_words[] = "norm* unnorm* renorm* layernorm* rms* ln scal* rescal* multipl* factor* "
                                   "temperature center* centr* mean means std stds "
                                   "stdev variance whiten* zscore pca rotat* project* transform* shift* offset* bias* "
                                   "activation* act acts nonlinear* relu "
                                   "gelu silu tanh sigmoid softplus jumprelu jump topk top k groupmax threshold* skip "
                                   "affine gate gated gating glu lookup "
                                   "gram embed* reshape* encoder* preprocess* postprocess* clamp* clip* pre post "
                                   "transpose* absolute signed sign square* "
                                   "exp power mask* quantiz* noise dropout";
/* Words of a key that says how the SAE was trained. */
static const char training_words[] =
    "lr loss losses coef* coeff* lambda* penalty warm* decay* anneal* optim* adam* beta beta1 beta2 betas momentum "
    "gradient* grad reinit* wandb eval* dead resampl* ghost aux auxk alpha init* seed seeds step steps epoch* "
    "checkpoint* save "
    "saved train* finetun* lp bandwidth window version url hash mse metric* scheduler";

/* Is one of the name's words in the list? Words end at _ . - and where small letters turn to capitals. */
static bool has_word(const char *name, const char *list) {
    char word[64];
    size_t length = 0;
    for (const char *at = name;; at++) {
        bool capital = isupper((unsigned char)*at) && at > name && islower((unsigned char)at[-1]);
        bool end = !*at || !isalnum((unsigned char)*at);
        if ((end || capital) && length) {
            word[length] = 0;
            if (config_is_listed(list, word)) return true;
            length = 0;
        }
        if (!*at) return false;
        if (!end && length + 1 < sizeof word) word[length++] = (char)tolower((unsigned char)*at);
    }
}

/* Does the value switch off what the key names? */
static bool is_off(const cJSON *item) {
    if (cJSON_IsString(item))
        return config_is_listed("none null false no off identity", item->valuestring) || !*item->valuestring;
    if (cJSON_IsNumber(item)) return item->valuedouble == 0;
    return cJSON_IsNull(item) || cJSON_IsFalse(item) || (item->child == NULL && !cJSON_IsTrue(item));
}

typedef struct rest {
    const config *c;
    const sae_harmless *harmless;
    scry_error *err;
    char unknown[300]; /* keys that are taken as harmless, for the note */
    size_t used, more;
} rest;

static void add_unknown(rest *r, const char *key) {
    if (r->used + strlen(key) + 3 > sizeof r->unknown) r->more++;
    else
        r->used +=
            (size_t)snprintf(r->unknown + r->used, sizeof r->unknown - r->used, "%s%s", r->used ? ", " : "", key);
}

static bool check_key(rest *r, const cJSON *item, const char *key) {
    const char *last = strrchr(key, '.');
    if (is_off(item) || has_word(last ? last + 1 : key, training_words)) return true;
    if (!has_word(key, latent_words)) {
        add_unknown(r, key);
        return true;
    }
    char shown[80];
    return scry_fail(
        r->err,
        "sae: %s: %.100s: found %s, which the reader of %s does not know and which by its name may change "
        "the latents; expected only keys that it reads: if this one changes nothing, remove it, else encode "
        "with the library that wrote it and give the latents as \"features\"",
        r->c->path, key, config_shown(r->c, key, shown, sizeof shown), r->harmless->title);
}

/* The keys of an object, and of the objects in it. */
static bool check_object(rest *r, const cJSON *object, const char *place, int depth) {
    const cJSON *item;
    bool ok = true;
    cJSON_ArrayForEach (item, object) {
        char *key = mem_format("%s%s%s", place, *place ? "." : "", item->string);
        bool known = config_was_asked(r->c, key) || config_is_listed(r->harmless->keys, key);
        if (!known && cJSON_IsObject(item) && depth < 8) ok = check_object(r, item, key, depth + 1);
        else if (!known) ok = check_key(r, item, key);
        free(key);
        if (!ok) return false;
    }
    return true;
}

bool config_check_rest(const config *c, const sae_harmless *harmless, scry_notes *notes, scry_error *err) {
    if (!c->json) return true;
    rest r = {.c = c, .harmless = harmless, .err = err};
    if (!check_object(&r, c->json, "", 0)) return false;
    char more[40] = "";
    if (r.more) snprintf(more, sizeof more, " and %zu more", r.more);
    if (r.used)
        scry_notes_add(notes, "sae: %s: keys that are not known here and taken as not changing the latents: %s%s",
                       c->path, r.unknown, more);
    return true;
}
