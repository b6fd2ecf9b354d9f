/* format.h: shared by the readers of SAE files: tensors in either orientation, files in the folder of a path. For
 * engine/sae only. */
#ifndef SCRY_SAE_FORMAT_H
#define SCRY_SAE_FORMAT_H

#include "base/path.h"
#include "io/config.h"
#include "io/tensor.h"
#include "sae/sae.h"

/* ---- paths, which the caller frees -------------------------------------------------------------- */

/* name in the directory path, or in the folder of the file path. */
char *path_sibling(const char *path, const char *name);
bool path_has(const char *path, const char *name);
/* The same, else one directory further up; NULL when name exists in neither. */
char *path_near(const char *path, const char *name);
/* path itself when it is a file that is not JSON; otherwise the sibling of the first of names (NULL at the end)
 * that exists, or of the first name when none does. */
char *path_weights(const char *path, const char *const *names);

/* config_open for the settings of an SAE. */
static inline bool sae_config_open(config *c, const char *path, scry_error *err) {
    return config_open(c, path, "sae", "{\"d_in\": 4096}", err);
}

/* ---- weights ------------------------------------------------------------------------------------ */

typedef struct weights {
    tensor_file file;
    const char *prefix; /* of every name: "ae." where the weights are in a nested dict */
    bool *read;         /* [file.count] tensors whose numbers were read: what weights_check_rest leaves alone */
} weights;

/* A family's names of the four tensors that all have. b_dec NULL: the family has none (zeros then); W_dec NULL:
 * the file has no decoder. */
typedef struct weight_names {
    const char *W_enc, *b_enc, *W_dec, *b_dec;
    bool W_enc_by_latent, W_dec_by_input; /* stored as [F, d] and [d, F]; used only when d = F */
} weight_names;

bool weights_open(weights *w, const char *path, scry_error *err);
void weights_close(weights *w);
/* By exact name, else ignoring case; NULL when there is none. Does not count as read. */
const tensor *weights_find(const weights *w, const char *name);
/* Reads a tensor of shape [length], which the caller frees; NULL and err when there is no such tensor, or it is
 * not finite. */
float *weights_vector(const weights *w, const char *name, uint32_t length, scry_error *err);
/* The same with NaN and infinity as they are. */
float *weights_raw_vector(const weights *w, const char *name, uint32_t length, scry_error *err);
/* Reads the number in a tensor of one element. */
bool weights_scalar(const weights *w, const char *name, double *out, scry_error *err);
/* Sets d_in and d_sae from the lengths of the biases, and loads the four tensors: W_enc and W_dec as [F][d],
 * whichever orientation the file has. */
bool weights_load(sae *s, const weights *w, const weight_names *names, scry_error *err);
/* Checks d_in and d_sae against the settings where they have the keys; a key may be NULL. */
bool weights_agree(const sae *s, const config *c, const char *d_key, const char *F_key, scry_error *err);
/* Loads the further weights of SAE_GATED: exp_r_mag from r_mag, and b_mag from the tensor of this name. */
bool weights_gate(sae *s, const weights *w, const char *b_mag, scry_error *err);
/* Computes |W_dec_j| for all j; the caller frees it. */
float *weights_decoder_norms(const sae *s);
/* Folds the decoder: rows of W_dec get norm 1, and scale multiplies pre-activations by their norms. */
void weights_fold_decoder(sae *s);
/* Makes [d_sae] of one value; the caller frees it. */
float *weights_constant(const sae *s, float value);

/* ---- one residual stream ------------------------------------------------------------------------
 * Transcoders and crosscoders come in the files of SAEs. Refused, with advice, is what reads one place and writes
 * another, or several. */

/* By the settings: keys that name the place in and the place out, flags of transcoders. */
bool config_check_hook(const config *c, scry_error *err);
/* By the weights: tensors with a dimension for layers or models, skip connections, W_enc and W_dec of different
 * widths. weights_load asks it. */
bool weights_check_hook(const weights *w, const weight_names *names, scry_error *err);

/* ---- the rest -----------------------------------------------------------------------------------
 * What a reader did not ask for may change the latents. Each family's row in families.def lists the tensors and keys
 * that do not, separated by blanks; a name that ends in * stands for all that begin so. */

typedef struct sae_harmless {
    const char *title; /* of the family, for messages */
    const char *tensors, *keys;
} sae_harmless;

/* Refuses, by name, the first tensor under w->prefix that was neither read nor is harmless. */
bool weights_check_rest(const weights *w, const sae_harmless *harmless, scry_error *err);
/* Counts these tensors as read: a variant's own, which its encoder does not use. names: separated by blanks. */
void weights_skip(const weights *w, const char *names);
/* Refuses, by name, the first key that was neither asked for nor is harmless and whose name says that it changes the
 * latents: a normalisation, a scale, an activation, ... (latent_words in rest.c). Keys of training and keys that switch
 * something off (false, 0, null, "none") pass; a note names the others. */
bool config_check_rest(const config *c, const sae_harmless *harmless, scry_notes *notes, scry_error *err);

/* ---- what no family reads ------------------------------------------------------------------------ */

/* Fails with what a file's tensors are, as far as they show it, and what to do. formats: the names that sae_format may
 * have. */
bool refuse_layout(const char *path, const char *titles, const char *formats, scry_error *err);
/* Fails with the SAEs in the folders below, or what else the folder is. detect: does some family know the path? */
bool refuse_folder(const char *path, const char *files, bool (*detect)(const char *path), scry_error *err);

#endif
